//! What the mapping room asks of the type table again and again, answered once when plans are made.
//!
//! Promises: a missing type (a table without FHIR's datatypes) makes a transform unavailable, never a panic.
//! Never: changes after that.

use crate::tree::types::{ElementId, Table, TypeId, TypeKind};

/// How a primitive's text must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexical {
    /// It is no primitive.
    None,
    /// `true`, `false`.
    Boolean,
    /// A whole number, from a least one.
    Integer(i64),
    /// A decimal number.
    Decimal,
    /// `2024`, `2024-07`, `2024-07-01`.
    Date,
    /// A date, or a date and a time with a zone.
    DateTime,
    /// A date and a time to the second, with a zone.
    Instant,
    /// `12:10:00`.
    Time,
    /// No white space at the ends, none doubled inside.
    Code,
    /// Up to 64 letters, digits, `-` and `.`.
    Id,
    /// No white space.
    Uri,
    /// Base 64.
    Base64,
    /// A narrative.
    Xhtml,
    /// Any text.
    Text,
}

impl Lexical {
    fn of(name: &str) -> Option<Lexical> {
        Some(match name.rsplit('/').next().unwrap_or(name) {
            "boolean" => Lexical::Boolean,
            "integer" | "integer64" => Lexical::Integer(i64::MIN),
            "unsignedInt" => Lexical::Integer(0),
            "positiveInt" => Lexical::Integer(1),
            "decimal" => Lexical::Decimal,
            "date" => Lexical::Date,
            "dateTime" => Lexical::DateTime,
            "instant" => Lexical::Instant,
            "time" => Lexical::Time,
            "code" => Lexical::Code,
            "id" => Lexical::Id,
            "uri" | "url" | "canonical" | "oid" | "uuid" => Lexical::Uri,
            "base64Binary" => Lexical::Base64,
            "xhtml" => Lexical::Xhtml,
            "string" | "markdown" => Lexical::Text,
            _ => return None,
        })
    }

    /// Whether a value of this form is a text to begin with.
    pub fn is_text(self) -> bool {
        matches!(self, Lexical::Text | Lexical::Code | Lexical::Id | Lexical::Uri)
    }
}

/// The primitives that values made by a map have.
#[derive(Clone, Copy, Debug)]
pub struct Primitives {
    /// `string`.
    pub string: TypeId,
    /// `boolean`.
    pub boolean: TypeId,
    /// `integer`.
    pub integer: TypeId,
    /// `decimal`.
    pub decimal: TypeId,
    /// `date`.
    pub date: TypeId,
    /// `dateTime`.
    pub date_time: TypeId,
    /// `time`.
    pub time: TypeId,
    /// `code`.
    pub code: TypeId,
    /// `uri`.
    pub uri: TypeId,
    /// `id`.
    pub id: TypeId,
}

/// Elements of the datatypes that transforms make and read; [`ElementId::NONE`] where the table lacks one.
#[derive(Clone, Copy, Debug)]
pub struct Datatypes {
    /// `Coding`.
    pub coding: TypeId,
    /// `Coding.system`.
    pub coding_system: ElementId,
    /// `Coding.code`.
    pub coding_code: ElementId,
    /// `Coding.display`.
    pub coding_display: ElementId,
    /// `CodeableConcept`.
    pub concept: TypeId,
    /// `CodeableConcept.coding`.
    pub concept_coding: ElementId,
    /// `Quantity`.
    pub quantity: TypeId,
    /// `Quantity.value`.
    pub quantity_value: ElementId,
    /// `Quantity.unit`.
    pub quantity_unit: ElementId,
    /// `Quantity.system`.
    pub quantity_system: ElementId,
    /// `Quantity.code`.
    pub quantity_code: ElementId,
}

/// The facts.
#[derive(Clone, Debug)]
pub struct Facts {
    lexical: Vec<Lexical>,
    /// The primitives.
    pub primitives: Primitives,
    /// The datatypes.
    pub datatypes: Datatypes,
}

impl Facts {
    /// Asks a table.
    pub fn new(table: &Table) -> Facts {
        let lexical = (0..table.types().len()).map(|i| lexical(table, TypeId(i as u32))).collect();
        let find = |name: &str| table.find(name).unwrap_or(TypeId::NONE);
        let primitives = Primitives {
            string: find("string"),
            boolean: find("boolean"),
            integer: find("integer"),
            decimal: find("decimal"),
            date: find("date"),
            date_time: find("dateTime"),
            time: find("time"),
            code: find("code"),
            uri: find("uri"),
            id: find("id"),
        };
        let element = |type_name: &str, name: &str| {
            element_of(table, find(type_name), name).unwrap_or(ElementId::NONE)
        };
        let datatypes = Datatypes {
            coding: find("Coding"),
            coding_system: element("Coding", "system"),
            coding_code: element("Coding", "code"),
            coding_display: element("Coding", "display"),
            concept: find("CodeableConcept"),
            concept_coding: element("CodeableConcept", "coding"),
            quantity: find("Quantity"),
            quantity_value: element("Quantity", "value"),
            quantity_unit: element("Quantity", "unit"),
            quantity_system: element("Quantity", "system"),
            quantity_code: element("Quantity", "code"),
        };
        Facts { lexical, primitives, datatypes }
    }

    /// How a type's text must look.
    pub fn lexical(&self, id: TypeId) -> Lexical {
        self.lexical.get(id.0 as usize).copied().unwrap_or(Lexical::None)
    }

    /// Whether a type has a value.
    pub fn is_primitive(&self, id: TypeId) -> bool {
        self.lexical(id) != Lexical::None
    }
}

fn lexical(table: &Table, id: TypeId) -> Lexical {
    let mut at = Some(id);
    let mut primitive = false;
    while let Some(one) = at.filter(|t| *t != TypeId::NONE) {
        let facts = table.type_of(one);
        primitive |= facts.kind == TypeKind::Primitive;
        if !primitive {
            return Lexical::None;
        }
        if let Some(found) = Lexical::of(&facts.name) {
            return found;
        }
        at = facts.base;
    }
    if primitive { Lexical::Text } else { Lexical::None }
}

/// The element of a type by its name, without `[x]`.
pub fn element_of(table: &Table, id: TypeId, name: &str) -> Option<ElementId> {
    if id == TypeId::NONE {
        return None;
    }
    let names = table.names();
    let elements = &table.type_of(id).elements;
    elements.iter().copied().find(|e| names.text(table.element(*e).name) == name)
}
