//! The one place that turns an outcome into what another party sees, and reads it back.
//!
//! Promises: one table, exhaustive and tested row by row, from an [`Ending`] to an HTTP status and a
//! FHIR response code (exchange.md, receipts); the same verdict renders to the same words every time,
//! under a new envelope id and time. Texts never carry an element's value.
//!
//! Never: decides an outcome, reads a clock, or knows a profile's canonical; those come from the
//! profile sets that the configuration names.

mod acknowledgement;
mod codes;
pub mod contrl;
pub mod er7;
mod msa;
mod outcome;
mod table;

pub use acknowledgement::{Acknowledging, Address, ProfileSet, acknowledge, header_id};
pub use codes::{Codes, Coding, CodingSystem};
pub use msa::{Condition, Meant, meant, msa};
pub use outcome::{answer, apart, in_receipt, operation_outcome, plain};
pub use table::{Ending, Row, row, verdict};

use crate::message::Syntax;

/// The content type of a syntax.
pub fn content_type(syntax: Syntax) -> &'static str {
    match syntax {
        Syntax::FhirJson => "application/fhir+json",
        Syntax::FhirXml => "application/fhir+xml",
        Syntax::Xml => "application/xml",
        Syntax::Hl7v2 => "x-application/hl7-v2+er7",
        Syntax::Edifact => "application/edifact",
    }
}
