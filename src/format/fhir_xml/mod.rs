//! FHIR XML.
//!
//! Promises: the same tree as from JSON; a narrative is one node that holds its markup, with the namespaces
//! that it used from around it; comments and processing instructions are counted and left out, a style sheet
//! is refused.

mod read;
mod write;

pub use read::read;
pub use write::write;

/// FHIR's namespace.
const FHIR: &str = "http://hl7.org/fhir";

/// Whether elements of that name are extensions, whose url XML writes as an attribute.
fn is_extension(name: &str) -> bool {
    matches!(name, "extension" | "modifierExtension")
}
