//! What is known of a variable when a map is compiled: its types, and whether it may be written.
//!
//! Promises: "unknown" is a shape too, so that checking goes as far as it can. Never: guesses.

use super::Compiler;
use crate::mapping::ast::Name;
use crate::mapping::facts::element_of;
use crate::mapping::plan::Step;
pub(super) use crate::message::near::meant as nearest;
use crate::tree::types::{ElementId, TypeId, TypeKind};

/// The types a variable may have, none meaning unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub types: Vec<TypeId>,
    pub is_target: bool,
}

impl Shape {
    pub fn source(types: Vec<TypeId>) -> Shape {
        Shape { types, is_target: false }.tidy()
    }

    pub fn target(types: Vec<TypeId>) -> Shape {
        Shape { types, is_target: true }.tidy()
    }

    pub fn of(type_id: TypeId, is_target: bool) -> Shape {
        Shape { types: vec![type_id], is_target }.tidy()
    }

    fn tidy(mut self) -> Shape {
        self.types.sort_unstable();
        self.types.dedup();
        if self.types.contains(&TypeId::NONE) {
            self.types.clear();
        }
        self
    }

    /// The only type, if it is known.
    pub fn only(&self) -> Option<TypeId> {
        match self.types[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

impl Compiler<'_> {
    /// One element down from a shape. An unknown element is reported, and then unknown in shape too.
    pub(super) fn step(&mut self, from: &Shape, name: &Name) -> (Step, Shape) {
        let named = || Step::Named(name.text.clone());
        let unknown = Shape { types: Vec::new(), is_target: from.is_target };
        if &**name == "*" {
            return (Step::Any, unknown);
        }
        if from.types.is_empty() || from.types.iter().any(|t| self.is_open(*t)) {
            return (named(), unknown);
        }
        let found: Vec<_> = from.types.iter().filter_map(|t| self.below(*t, name)).collect();
        let Some((first, _)) = found.first() else {
            self.unknown_element(from, name);
            return (named(), unknown);
        };
        let alike = found.len() == from.types.len() && found.iter().all(|(step, _)| step == first);
        let step = if alike { first.clone() } else { named() };
        let types = found.into_iter().flat_map(|(_, types)| types).collect();
        (step, Shape { types, is_target: from.is_target }.tidy())
    }

    /// Whether what is below a type is known only at run time.
    fn is_open(&self, type_id: TypeId) -> bool {
        let one = self.table.type_of(type_id);
        one.is_abstract && one.kind == TypeKind::Resource
    }

    fn below(&self, type_id: TypeId, name: &str) -> Option<(Step, Vec<TypeId>)> {
        if name == "value" && self.table.primitive(type_id).is_some() {
            return Some((Step::Value, vec![type_id]));
        }
        if let Some(element) = element_of(self.table, type_id, name) {
            return Some((Step::Element(element), self.types_of(element)));
        }
        let wire = self.table.names().find(name)?;
        let child = self.table.child(type_id, wire)?;
        Some((Step::Choice(child.element, child.type_id), vec![child.type_id]))
    }

    /// The types that an element may have.
    pub(super) fn types_of(&self, element: ElementId) -> Vec<TypeId> {
        self.table.element(element).alternatives.iter().map(|a| a.type_id).collect()
    }

    fn unknown_element(&mut self, from: &Shape, name: &Name) {
        let names = self.table.names();
        let mut known: Vec<&str> = Vec::new();
        for type_id in &from.types {
            let elements = &self.table.type_of(*type_id).elements;
            known.extend(elements.iter().map(|e| names.text(self.table.element(*e).name)));
        }
        let meant = nearest(name, known);
        let types = self.type_names(&from.types);
        let text = format!("unknown element `{}` of {types}", &**name);
        self.error(name.at, "map-unknown-element", text, meant);
    }

    /// Types, as a person calls them.
    pub(super) fn type_names(&self, types: &[TypeId]) -> String {
        let names = types.iter().map(|t| &*self.table.type_of(*t).name);
        names.collect::<Vec<_>>().join(" or ")
    }
}
