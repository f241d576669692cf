//! What is known at load about the items of a collection: their types, or that anything may come.

use super::code::Test;
use crate::message::near;
use crate::tree::types::{ElementId, System, Table, TypeId, TypeKind};

/// The type of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Fhir(TypeId),
    System(System),
    /// What `type()` yields.
    Type,
}

/// What a collection may hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shape {
    /// The types that its items may have.
    pub kinds: Vec<Kind>,
    /// Whether other types may come too.
    pub open: bool,
    /// Whether the order of the items means nothing.
    pub unordered: bool,
}

/// What a name means below a shape.
#[derive(Default, Debug)]
pub(super) struct Found {
    pub shape: Shape,
    pub elements: Vec<ElementId>,
    pub choice: bool,
    /// Whether some kind has it, or may have it.
    pub known: bool,
}

impl Shape {
    pub fn open() -> Shape {
        Shape { open: true, ..Shape::default() }
    }

    pub fn system(system: System) -> Shape {
        Shape { kinds: vec![Kind::System(system)], ..Shape::default() }
    }

    pub fn types(types: &[TypeId]) -> Shape {
        let known = types.iter().filter(|t| **t != TypeId::NONE);
        let kinds: Vec<_> = known.map(|t| Kind::Fhir(*t)).collect();
        Shape { open: kinds.len() < types.len() || types.is_empty(), kinds, unordered: false }
    }

    /// Items of a type, or of anything when the table does not know it.
    pub fn named(table: &Table, name: &str) -> Shape {
        table.find(name).map_or_else(Shape::open, |id| Shape::types(&[id]))
    }

    /// What is left when only items of a type are kept: nothing, if no item can be of it.
    pub fn narrowed(&self, test: &Test, table: &Table) -> Shape {
        let mut kinds = Vec::new();
        let mut keep = |kind| {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        };
        if self.open {
            test.fhir.map(Kind::Fhir).into_iter().for_each(&mut keep);
            test.system.map(Kind::System).into_iter().for_each(&mut keep);
        }
        for kind in &self.kinds {
            match (kind, test.fhir) {
                (Kind::Fhir(own), Some(wanted)) if table.is_a(*own, wanted) => keep(*kind),
                (Kind::Fhir(own), Some(wanted)) if table.is_a(wanted, *own) => {
                    keep(Kind::Fhir(wanted));
                }
                (Kind::System(own), _) if Some(*own) == test.system => keep(*kind),
                _ => {}
            }
        }
        Shape { kinds, open: false, unordered: self.unordered }
    }

    /// Whether no item can come.
    pub fn is_nothing(&self) -> bool {
        self.kinds.is_empty() && !self.open
    }

    /// The FHIR types among the kinds.
    pub fn fhir(&self) -> impl Iterator<Item = TypeId> + '_ {
        self.kinds.iter().filter_map(|kind| match kind {
            Kind::Fhir(id) => Some(*id),
            _ => None,
        })
    }

    pub fn merge(mut self, other: Shape) -> Shape {
        for kind in other.kinds {
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
        self.open |= other.open;
        self.unordered |= other.unordered;
        self
    }

    /// Whether every item is known to be a system value of another type than `system`.
    pub fn never(&self, system: System) -> bool {
        let other = |kind: &Kind| matches!(kind, Kind::System(s) if *s != system);
        !self.open && !self.kinds.is_empty() && self.kinds.iter().all(other)
    }

    /// Whether no item can be a text: all are complex.
    pub fn never_text(&self, table: &Table) -> bool {
        let complex = |kind: &Kind| match kind {
            Kind::Fhir(id) => {
                let one = table.type_of(*id);
                matches!(one.kind, TypeKind::Complex | TypeKind::Resource | TypeKind::Backbone)
                    && !one.is_abstract
            }
            Kind::System(system) => *system == System::Quantity,
            Kind::Type => true,
        };
        !self.open && !self.kinds.is_empty() && self.kinds.iter().all(complex)
    }

    /// What the element `name` is below these types.
    pub fn child(&self, table: &Table, name: &str) -> Found {
        let mut found = Found { known: self.open, ..Found::default() };
        found.shape.open = self.open;
        for kind in &self.kinds {
            let Kind::Fhir(id) = kind else { continue };
            found.add(table, *id, name);
        }
        found
    }

    /// The names that a misspelled one may have meant.
    pub fn suggestion<'t>(&self, table: &'t Table, name: &str) -> Option<&'t str> {
        let ids = self.kinds.iter().filter_map(|kind| match kind {
            Kind::Fhir(id) => Some(*id),
            _ => None,
        });
        let names = ids.flat_map(|id| &table.type_of(id).elements);
        let names = names.map(|e| table.names().text(table.element(*e).name));
        near::nearest(name, names)
    }

    /// The types' names, for people.
    pub fn describe(&self, table: &Table) -> String {
        let mut out = Vec::new();
        for kind in &self.kinds {
            out.push(match kind {
                Kind::Fhir(id) => table.type_of(*id).name.to_string(),
                Kind::System(system) => format!("System.{}", super::item::system_name(*system)),
                Kind::Type => "a type".to_owned(),
            });
        }
        if out.len() > 4 {
            out.truncate(4);
            out.push("...".to_owned());
        }
        out.join(" or ")
    }
}

impl Found {
    fn add(&mut self, table: &Table, id: TypeId, name: &str) {
        let one = table.type_of(id);
        for element in &one.elements {
            let definition = table.element(*element);
            if table.names().text(definition.name) != name {
                continue;
            }
            self.known = true;
            self.choice |= definition.choice;
            self.elements.push(*element);
            let types: Vec<_> = definition.alternatives.iter().map(|a| a.type_id).collect();
            self.shape = std::mem::take(&mut self.shape).merge(Shape::types(&types));
            return;
        }
        // an instance of an abstract type is of one of its specialisations
        let specialised = |(at, other): (usize, &crate::tree::types::Type)| {
            other.elements.iter().any(|e| table.names().text(table.element(*e).name) == name)
                && table.is_a(TypeId(at as u32), id)
        };
        if one.is_abstract && table.types().iter().enumerate().any(specialised) {
            self.known = true;
            self.choice = true;
            self.shape.open = true;
        }
    }
}
