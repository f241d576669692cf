//! What the mapping room asks of the type table again and again, answered once when plans are made.
//!
//! Promises: a missing type (a table without FHIR's datatypes) makes a transform unavailable, never a panic.
//! Never: changes after that.

use crate::tree::types::{ElementId, Table, TypeId};

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
}

/// The facts.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The primitives.
    pub primitives: Primitives,
    /// The datatypes.
    pub datatypes: Datatypes,
}

impl Facts {
    /// Asks a table.
    pub fn new(table: &Table) -> Facts {
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
        };
        Facts { primitives, datatypes }
    }
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
