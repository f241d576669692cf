//! The plain facts about types and their elements that typing, FHIRPath and the writers need.
//!
//! `definitions` fills the table when a snapshot is made; after that it is only read. One table holds
//! FHIR's types and every logical model, so that all of them are typed by the same pass.

use super::below::{Below, Facts};
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

/// FHIR's primitive types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are FHIR's own")]
pub enum Primitive {
    Boolean,
    Integer,
    PositiveInt,
    UnsignedInt,
    Decimal,
    String,
    Markdown,
    Code,
    Id,
    Uri,
    Url,
    Canonical,
    Oid,
    Uuid,
    Base64Binary,
    Date,
    DateTime,
    Instant,
    Time,
    Xhtml,
}

impl Primitive {
    /// The primitive of that name.
    pub fn named(name: &str) -> Option<Primitive> {
        Some(match name {
            "boolean" => Primitive::Boolean,
            "integer" => Primitive::Integer,
            "positiveInt" => Primitive::PositiveInt,
            "unsignedInt" => Primitive::UnsignedInt,
            "decimal" => Primitive::Decimal,
            "string" => Primitive::String,
            "markdown" => Primitive::Markdown,
            "code" => Primitive::Code,
            "id" => Primitive::Id,
            "uri" => Primitive::Uri,
            "url" => Primitive::Url,
            "canonical" => Primitive::Canonical,
            "oid" => Primitive::Oid,
            "uuid" => Primitive::Uuid,
            "base64Binary" => Primitive::Base64Binary,
            "date" => Primitive::Date,
            "dateTime" => Primitive::DateTime,
            "instant" => Primitive::Instant,
            "time" => Primitive::Time,
            "xhtml" => Primitive::Xhtml,
            _ => return None,
        })
    }

    fn of(one: &Type) -> Option<Primitive> {
        (one.kind == TypeKind::Primitive).then(|| Primitive::named(&one.name)).flatten()
    }

    /// Whether JSON writes it as a number.
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Primitive::Integer
                | Primitive::PositiveInt
                | Primitive::UnsignedInt
                | Primitive::Decimal
        )
    }

    /// The FHIRPath system type that its values convert to.
    pub fn system(self) -> System {
        match self {
            Primitive::Boolean => System::Boolean,
            Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt => System::Integer,
            Primitive::Decimal => System::Decimal,
            Primitive::Date => System::Date,
            Primitive::DateTime | Primitive::Instant => System::DateTime,
            Primitive::Time => System::Time,
            _ => System::String,
        }
    }
}

/// The FHIRPath system type that a FHIR type's values convert to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are FHIRPath's own")]
pub enum System {
    Boolean,
    Integer,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
    Quantity,
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
    /// As an element that is one of a row of places: an empty one keeps those after it where they are.
    Place,
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// `Patient`, `Bundle.entry` (the element's path), or a model's canonical; shared with issues that say it.
    pub name: Arc<str>,
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
    /// `Observation.value[x]`, `HumanName.given`; shared with issues that say it.
    pub path: Arc<str>,
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
    by_name: HashMap<Box<str>, TypeId, foldhash::fast::FixedState>,
    primitives: Vec<Option<Primitive>>,
    roots: HashMap<(NameId, NameId), TypeId, foldhash::fast::FixedState>,
    below: Below,
    element_names: Vec<NameId>,
    systems: Vec<Option<System>>,
    /// What each type specialises, or [`TypeId::NONE`].
    bases: Vec<TypeId>,
    /// The first element of each type, and how many it has.
    spans: Vec<(u32, u32)>,
}

impl Table {
    /// A table of these types and elements, whose ids are their places in the two lists.
    ///
    /// Later types of a name do not replace the first one.
    pub fn new(names: Arc<Names>, types: Vec<Type>, elements: Vec<Element>) -> Table {
        let mut by_name: HashMap<Box<str>, TypeId, _> = HashMap::default();
        let mut roots = HashMap::default();
        let mut primitives = Vec::with_capacity(types.len());
        for (i, one) in types.iter().enumerate() {
            let type_id = TypeId(i as u32);
            by_name.entry(Box::from(&*one.name)).or_insert(type_id);
            primitives.push(Primitive::of(one));
            if let Some(name) = one.root_name {
                roots.entry((one.namespace, name)).or_insert(type_id);
            }
        }
        let below = Below::new(&types, &elements);
        let element_names = elements.iter().map(|one| one.name).collect();
        let systems = types.iter().map(|one| system_of(&types, one)).collect();
        let bases = types.iter().map(|one| one.base.unwrap_or(TypeId::NONE)).collect();
        let span =
            |one: &Type| (one.elements.first().map_or(0, |e| e.0), one.elements.len() as u32);
        let spans = types.iter().map(span).collect();
        Table {
            names,
            types,
            elements,
            by_name,
            primitives,
            roots,
            below,
            element_names,
            systems,
            bases,
            spans,
        }
    }

    /// Lets a type be found by another name too, unless that name is taken.
    pub fn add_alias(&mut self, name: Box<str>, id: TypeId) {
        self.by_name.entry(name).or_insert(id);
    }

    /// Which primitive a type is; none for what has no value and for [`TypeId::NONE`].
    pub fn primitive(&self, id: TypeId) -> Option<Primitive> {
        self.primitives.get(id.0 as usize).copied().flatten()
    }

    /// The model whose XML root element has that namespace and name.
    pub fn root(&self, namespace: NameId, name: NameId) -> Option<TypeId> {
        self.roots.get(&(namespace, name)).copied()
    }

    /// The namespace of a model's document that stands in an element of another model, a choice of models;
    /// none for any other element.
    pub fn document(&self, element: ElementId, type_id: TypeId) -> Option<NameId> {
        let choice = element != ElementId::NONE && self.element(element).choice;
        let one = self.types.get(type_id.0 as usize).filter(|_| choice)?;
        let model = one.kind == TypeKind::Logical && one.root_name.is_some();
        Some(one.namespace).filter(|namespace| model && *namespace != NameId::NONE)
    }

    /// The FHIRPath system type that a type's values convert to, if they do; none for [`TypeId::NONE`].
    pub fn system(&self, id: TypeId) -> Option<System> {
        self.systems.get(id.0 as usize).copied().flatten()
    }

    /// The names the table was made over.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// A type; never called with [`TypeId::NONE`].
    #[inline]
    pub fn type_of(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// An element; never called with [`ElementId::NONE`].
    #[inline]
    pub fn element(&self, id: ElementId) -> &Element {
        &self.elements[id.0 as usize]
    }

    /// The name of an element, without `[x]`; never called with [`ElementId::NONE`].
    #[inline]
    pub fn element_name(&self, id: ElementId) -> NameId {
        self.element_names[id.0 as usize]
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

    /// What `wire_name` means below a type; [`NameId::NONE`] is its character data.
    pub fn child(&self, parent: TypeId, wire_name: NameId) -> Option<Child> {
        self.below.find(parent, wire_name).map(|(child, _)| child)
    }

    /// The same with what typing must look at.
    #[inline]
    pub fn child_facts(&self, parent: TypeId, wire_name: NameId) -> Option<(Child, Facts)> {
        self.below.find(parent, wire_name)
    }

    /// Whether `id` is `ancestor` or a specialisation of it.
    #[inline]
    pub fn is_a(&self, id: TypeId, ancestor: TypeId) -> bool {
        let mut at = id;
        while at != TypeId::NONE {
            if at == ancestor {
                return true;
            }
            at = self.bases[at.0 as usize];
        }
        false
    }

    /// The first element of a type and how many it has: their ids follow each other. Never called with
    /// [`TypeId::NONE`].
    #[inline]
    pub fn span(&self, id: TypeId) -> (u32, usize) {
        let (first, count) = self.spans[id.0 as usize];
        (first, count as usize)
    }
}

fn system_of(types: &[Type], one: &Type) -> Option<System> {
    let mut at = Some(one);
    // a base that leads back to its type would be a fault of its package, not a reason to hang
    for _ in 0..32 {
        let one = at?;
        if let Some(primitive) = Primitive::of(one) {
            return Some(primitive.system());
        }
        if one.kind == TypeKind::Complex && *one.name == *"Quantity" {
            return Some(System::Quantity);
        }
        at = one.base.and_then(|base| types.get(base.0 as usize));
    }
    None
}
