//! The plain facts about types and their elements that typing, FHIRPath and the writers need.
//!
//! `definitions` fills the table when a snapshot is made; after that it is only read. One table holds
//! FHIR's types and every logical model, so that all of them are typed by the same pass.

use super::{NameId, Names};
use std::collections::HashMap;
use std::sync::Arc;

/// A type: a primitive, a datatype, a resource, a backbone element, a logical model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypeId(pub u32);

impl TypeId {
    /// Not typed yet, or of a type nobody knows.
    pub const NONE: TypeId = TypeId(u32::MAX);
}

/// An element of a type: `Observation.value[x]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ElementId(pub u32);

impl ElementId {
    /// Not typed yet, a root, or an element nobody knows.
    pub const NONE: ElementId = ElementId(u32::MAX);
}

/// What kind of type it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeKind {
    /// `string`, `date`: has a value.
    Primitive,
    /// `HumanName`: a datatype.
    Complex,
    /// `Patient`: has a `resourceType`.
    Resource,
    /// `Bundle.entry`: defined in place by its children.
    Backbone,
    /// A type of a logical model that is not FHIR's.
    Logical,
}

/// How an element is written in XML.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Representation {
    /// As an element.
    #[default]
    Element,
    /// As an attribute of its parent.
    Attribute,
    /// As its parent's character data.
    Text,
    /// As inline XHTML.
    Xhtml,
    /// As an element whose `xsi:type` says its type.
    TypeAttribute,
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// `Patient`, `Bundle.entry` (the element's path), or a model's canonical.
    pub name: Box<str>,
    /// Its kind.
    pub kind: TypeKind,
    /// The type it specialises.
    pub base: Option<TypeId>,
    /// Whether no instance can be of just this type.
    pub is_abstract: bool,
    /// Its elements with the inherited ones, in definition order; the ids are those of `Table::elements`.
    pub elements: Vec<ElementId>,
    /// The XML namespace of its elements, or [`NameId::NONE`] for FHIR's.
    pub namespace: NameId,
    /// The name of its root element in XML, where a model says one.
    pub root_name: Option<NameId>,
}

/// One type that an element may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alternative {
    /// The type.
    pub type_id: TypeId,
    /// How the element is called on the wire when it has this type: `valueQuantity`, `birthDate`.
    pub wire_name: NameId,
}

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    /// `Observation.value[x]`, `HumanName.given`.
    pub path: Box<str>,
    /// `value`, `given`: without `[x]`.
    pub name: NameId,
    /// Whether it is a choice: its wire name then ends in its type's name.
    pub choice: bool,
    /// Fewest occurrences in the base definition.
    pub min: u32,
    /// Most occurrences in the base definition, `u32::MAX` for `*`.
    pub max: u32,
    /// The types it may have, with their wire names.
    pub alternatives: Vec<Alternative>,
    /// How it is written in XML.
    pub representation: Representation,
    /// Its XML namespace where a model says one of its own.
    pub namespace: Option<NameId>,
    /// Its place among its type's elements.
    pub order: u32,
}

/// What a child's wire name means below a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Child {
    /// The element.
    pub element: ElementId,
    /// Its type under that wire name. For an element that holds any resource: `Resource`.
    pub type_id: TypeId,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Table {
    names: Arc<Names>,
    types: Vec<Type>,
    elements: Vec<Element>,
    by_name: HashMap<Box<str>, TypeId>,
    children: HashMap<(TypeId, NameId), Child, foldhash::fast::FixedState>,
}

impl Table {
    /// A table of these types and elements, whose ids are their places in the two lists.
    ///
    /// Later types of a name do not replace the first one.
    pub fn new(names: Arc<Names>, types: Vec<Type>, elements: Vec<Element>) -> Table {
        let mut by_name = HashMap::new();
        let mut children = HashMap::default();
        for (i, one) in types.iter().enumerate() {
            let type_id = TypeId(i as u32);
            by_name.entry(one.name.clone()).or_insert(type_id);
            for element in &one.elements {
                for alternative in &elements[element.0 as usize].alternatives {
                    children
                        .entry((type_id, alternative.wire_name))
                        .or_insert(Child { element: *element, type_id: alternative.type_id });
                }
            }
        }
        Table { names, types, elements, by_name, children }
    }

    /// The names the table was made over.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// A type; never called with [`TypeId::NONE`].
    pub fn type_of(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// An element; never called with [`ElementId::NONE`].
    pub fn element(&self, id: ElementId) -> &Element {
        &self.elements[id.0 as usize]
    }

    /// All types, in the order of their ids.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// All elements, in the order of their ids.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The type of that name (`Patient`, `Bundle.entry`, a model's canonical).
    pub fn find(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// What `wire_name` means below a type.
    pub fn child(&self, parent: TypeId, wire_name: NameId) -> Option<Child> {
        self.children.get(&(parent, wire_name)).copied()
    }

    /// Whether `id` is `ancestor` or a specialisation of it.
    pub fn is_a(&self, id: TypeId, ancestor: TypeId) -> bool {
        let mut at = Some(id);
        while let Some(one) = at.filter(|t| *t != TypeId::NONE) {
            if one == ancestor {
                return true;
            }
            at = self.type_of(one).base;
        }
        false
    }
}
