//! Definitions of types -> the table of plain facts that typing, FHIRPath and the writers read.
//!
//! Promises: one type per definition and one more per element that is defined in place; a choice has one
//! wire name per type; a content reference has the type it points at. Never: looks at a profile, for what
//! an element may be called and what it may hold is its type's affair alone.

use super::model::{ElementDefinition, StructureDefinition, StructureKind};
use crate::tree::types::{
    Alternative, Element, ElementId, Representation, Table, Type, TypeId, TypeKind,
};
use crate::tree::{NameId, Names};
use std::collections::HashMap;
use std::sync::Arc;

/// A type as its definition outlines it: names only, nothing resolved yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// `Patient`, `Bundle.entry`, a model's canonical.
    pub name: Box<str>,
    /// Another name that elements may call it by: a model's `type`, where it is not its canonical.
    pub alias: Option<Box<str>>,
    /// What it is.
    pub kind: TypeKind,
    /// The type it specialises.
    pub base: Option<Box<str>>,
    /// Whether no instance is of just this type.
    pub is_abstract: bool,
    /// The XML namespace of its elements.
    pub namespace: Option<Box<str>>,
    /// Its root element's name in XML.
    pub root_name: Option<Box<str>>,
    /// Its elements.
    pub elements: Vec<ElementOutline>,
}

/// An element as its definition outlines it.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementOutline {
    /// `value`, without `[x]`.
    pub name: Box<str>,
    /// Whether it is a choice.
    pub choice: bool,
    /// Fewest occurrences.
    pub min: u32,
    /// Most occurrences.
    pub max: u32,
    /// The names of its types.
    pub types: Vec<Box<str>>,
    /// How it is written in XML.
    pub representation: Representation,
    /// Its own XML namespace.
    pub namespace: Option<Box<str>>,
}

/// Outlines the type that a definition defines, and those it defines in place. A profile defines none.
pub fn outline(structure: &StructureDefinition) -> Vec<Outline> {
    let elements = match structure.snapshot.is_empty() {
        true => &structure.differential,
        false => &structure.snapshot,
    };
    let Some((root, elements)) = elements.split_first() else { return Vec::new() };
    if structure.constrains {
        return Vec::new();
    }
    let model = structure.kind == StructureKind::Logical;
    let name = if model { &structure.url } else { &structure.type_name };
    let namespace = structure.xml_namespace.clone().or_else(|| root.xml_namespace.clone());
    let kind = match structure.kind {
        StructureKind::Primitive => TypeKind::Primitive,
        StructureKind::Complex => TypeKind::Complex,
        StructureKind::Resource => TypeKind::Resource,
        StructureKind::Logical => TypeKind::Logical,
    };
    let context = Context { name, root: &root.path, kind, namespace: namespace.as_deref() };
    let mut all = vec![Outline {
        name: name.clone(),
        alias: (model && structure.type_name != *name).then(|| structure.type_name.clone()),
        kind,
        base: structure.base.as_deref().map(|b| system_type(b).into()),
        is_abstract: structure.is_abstract,
        root_name: model.then(|| {
            let named = structure.xml_name.clone().or_else(|| root.xml_name.clone());
            named.unwrap_or_else(|| last(&root.path).into())
        }),
        namespace: namespace.clone(),
        elements: context.children(&root.path, elements),
    }];
    for (at, element) in elements.iter().enumerate() {
        let own = &elements[at + 1..];
        if own.first().is_some_and(|next| is_child(&element.path, &next.path)) {
            all.push(Outline {
                name: context.in_place(&element.path),
                alias: None,
                kind: TypeKind::Backbone,
                base: element.types.first().map(|t| last(&t.code).into()),
                is_abstract: false,
                namespace: namespace.clone(),
                root_name: None,
                elements: context.children(&element.path, own),
            });
        }
    }
    all
}

fn last(canonical: &str) -> &str {
    canonical.rsplit('/').next().unwrap_or(canonical)
}

fn is_child(parent: &str, path: &str) -> bool {
    path.strip_prefix(parent)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|rest| !rest.contains('.'))
}

/// What the elements of one definition have in common.
struct Context<'a> {
    name: &'a str,
    root: &'a str,
    kind: TypeKind,
    namespace: Option<&'a str>,
}

impl Context<'_> {
    /// The name of the type that an element defines in place: its path, where the root's is the type's.
    fn in_place(&self, path: &str) -> Box<str> {
        let rest = path.strip_prefix(self.root).unwrap_or(path);
        format!("{}{rest}", self.name).into()
    }

    /// The direct children of `parent` among the elements that follow it.
    fn children(&self, parent: &str, following: &[ElementDefinition]) -> Vec<ElementOutline> {
        let mut children: Vec<ElementOutline> = Vec::new();
        let below = |path: &str| path.strip_prefix(parent).is_some_and(|r| r.starts_with('.'));
        for (at, one) in following.iter().enumerate().take_while(|(_, e)| below(&e.path)) {
            // a primitive's value is the node's own, not a child
            let value = self.kind == TypeKind::Primitive && one.path.ends_with(".value");
            if !is_child(parent, &one.path) || one.slice_name.is_some() || value {
                continue;
            }
            let in_place = following.get(at + 1).is_some_and(|n| is_child(&one.path, &n.path));
            let name = one.path.rsplit('.').next().unwrap_or_default();
            children.push(ElementOutline {
                name: one.xml_name.as_deref().unwrap_or(name.trim_end_matches("[x]")).into(),
                choice: name.ends_with("[x]"),
                min: one.min.unwrap_or(0),
                max: one.max.unwrap_or(u32::MAX),
                types: self.types(one, in_place),
                representation: representation(one),
                namespace: one.xml_namespace.clone().filter(|n| Some(&**n) != self.namespace),
            });
        }
        children
    }

    fn types(&self, one: &ElementDefinition, in_place: bool) -> Vec<Box<str>> {
        if let Some(reference) = &one.content_reference {
            let path = reference.rsplit('#').next().unwrap_or_default();
            return vec![self.in_place(path)];
        }
        if in_place {
            return vec![self.in_place(&one.path)];
        }
        // published as string, but a resource's id has the format of an id
        if self.kind == TypeKind::Resource && one.path.strip_prefix(self.root) == Some(".id") {
            return vec!["id".into()];
        }
        one.types.iter().map(|t| system_type(&t.code).into()).collect()
    }
}

/// FHIRPath's own types stand for FHIR's primitives.
fn system_type(code: &str) -> &str {
    match code.strip_prefix("http://hl7.org/fhirpath/System.") {
        Some("Boolean") => "boolean",
        Some("Integer") => "integer",
        Some("Decimal") => "decimal",
        Some("Date") => "date",
        Some("DateTime") => "dateTime",
        Some("Time") => "time",
        Some(_) => "string",
        None => code.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(code),
    }
}

fn representation(one: &ElementDefinition) -> Representation {
    match one.representation.first().map(|r| &**r) {
        Some("xmlAttr") => Representation::Attribute,
        Some("xmlText") => Representation::Text,
        Some("xhtml" | "cdaText") => Representation::Xhtml,
        Some("typeAttr") => Representation::TypeAttribute,
        Some(super::edifact::PLACE) => Representation::Place,
        _ => Representation::Element,
    }
}

/// The element, a choice of models, that holds a document of one of them: called as that model's root.
const ANY: &str = "any";

/// Gathers outlines and makes the table of them.
pub struct TableBuilder {
    names: Names,
    outlines: Vec<Outline>,
    by_name: HashMap<Box<str>, TypeId, foldhash::fast::FixedState>,
    /// What the roots of models are called.
    roots: HashMap<TypeId, String, foldhash::fast::FixedState>,
}

impl Default for TableBuilder {
    fn default() -> TableBuilder {
        TableBuilder::new()
    }
}

impl TableBuilder {
    /// An empty one.
    pub fn new() -> TableBuilder {
        TableBuilder {
            names: Names::default(),
            outlines: Vec::new(),
            by_name: HashMap::default(),
            roots: HashMap::default(),
        }
    }

    /// Adds a type. The first of a name stays; whether it was added.
    pub fn add(&mut self, outline: Outline) -> bool {
        if self.by_name.contains_key(&outline.name) {
            return false;
        }
        let id = TypeId(self.outlines.len() as u32);
        self.by_name.insert(outline.name.clone(), id);
        if let Some(alias) = &outline.alias {
            self.by_name.entry(alias.clone()).or_insert(id);
        }
        if let Some(root) = &outline.root_name {
            self.roots.insert(id, root.to_string());
        }
        self.outlines.push(outline);
        true
    }

    /// Lets elements call a type by another name, as a model's elements do that name a constrained type.
    pub fn alias(&mut self, name: &str, type_name: &str) {
        if let Some(id) = self.by_name.get(type_name).copied() {
            self.by_name.entry(name.into()).or_insert(id);
        }
    }

    /// Whether there is a type of that name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Makes the table, and lists what elements name as their type and nobody defines.
    ///
    /// `more` are names that a snapshot wants interned beside those of elements.
    pub fn build(mut self, more: &[&str]) -> (Table, Vec<Box<str>>) {
        let mut missing = Vec::new();
        let (mut types, mut elements) = (Vec::new(), Vec::new());
        for outline in std::mem::take(&mut self.outlines) {
            let base = outline.base.as_ref().and_then(|b| self.by_name.get(b)).copied();
            let namespace = self.name(outline.namespace.as_deref());
            let root_name = outline.root_name.as_ref().map(|n| self.names.intern(n));
            let first = elements.len() as u32;
            for (order, one) in outline.elements.into_iter().enumerate() {
                elements.push(self.element(&outline.name, one, order as u32, &mut missing));
            }
            types.push(Type {
                name: outline.name.into(),
                kind: outline.kind,
                base,
                is_abstract: outline.is_abstract,
                elements: (first..elements.len() as u32).map(ElementId).collect(),
                namespace,
                root_name,
            });
        }
        for name in more {
            self.names.intern(name);
        }
        let aliases: Vec<_> =
            self.by_name.into_iter().filter(|(n, id)| *types[id.0 as usize].name != **n).collect();
        let mut table = Table::new(Arc::new(self.names), types, elements);
        for (name, id) in aliases {
            table.add_alias(name, id);
        }
        missing.sort();
        missing.dedup();
        (table, missing)
    }

    fn name(&mut self, text: Option<&str>) -> NameId {
        text.map_or(NameId::NONE, |t| self.names.intern(t))
    }

    fn element(
        &mut self,
        parent: &str,
        one: ElementOutline,
        order: u32,
        missing: &mut Vec<Box<str>>,
    ) -> Element {
        let mut alternatives = Vec::with_capacity(one.types.len());
        let mut wire = String::new();
        for name in one.types {
            let type_id = match self.by_name.get(&name) {
                Some(id) => *id,
                None => {
                    missing.push(name);
                    continue;
                }
            };
            wire.clear();
            wire.push_str(&one.name);
            let root = self.roots.get(&type_id).filter(|_| one.choice && *one.name == *ANY);
            if let Some(root) = root {
                wire.clone_from(root);
            } else if one.choice {
                let mut letters = last(&name).chars();
                wire.extend(letters.next().map(|c| c.to_ascii_uppercase()));
                wire.push_str(letters.as_str());
            }
            let wire_name = match one.representation {
                Representation::Text => NameId::NONE,
                _ => self.names.intern(&wire),
            };
            alternatives.push(Alternative { type_id, wire_name });
        }
        let suffix = if one.choice { "[x]" } else { "" };
        Element {
            path: format!("{parent}.{}{suffix}", one.name).into(),
            name: self.names.intern(&one.name),
            choice: one.choice,
            min: one.min,
            max: one.max,
            alternatives,
            representation: one.representation,
            namespace: one.namespace.map(|n| self.names.intern(&n)),
            order,
        }
    }
}
