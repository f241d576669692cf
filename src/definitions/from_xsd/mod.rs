//! XML schemas -> a logical model: what a wire format's elements are called, hold and how often they occur.
//!
//! Promises: elements, attributes, simple content, mixed content, anonymous types in place, choices as
//! optional children with an invariant that counts them, includes and imports as the caller reads them; the
//! same schemas give the same bytes. Names, types, lengths and cardinalities only, never prose. A type inside
//! itself becomes a content reference; a place for any element holds documents of the models that are named for it. Never: reads a file (the caller follows `schemaLocation`), or checks
//! a message against a schema.

mod derive;
mod model;
mod schema;
mod types;

pub use model::Model;
pub use schema::Schemas;

use crate::message::Diagnostic;

/// What to derive.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The name of the global element that is a message's root.
    pub root: &'a str,
    /// The model's canonical.
    pub url: &'a str,
    /// Names of elements that stay in the model without what is below them: letters that no map reads.
    pub leave_out: &'a [String],
    /// Models whose documents may stand where a schema allows any element: the name of the element that
    /// holds them, and the model's canonical.
    pub payloads: &'a [(String, String)],
}

/// Derives the model of a root element.
///
/// # Errors
/// The root or something it needs is not in the schemas, or a construct is beyond this generator.
pub fn derive(schemas: &Schemas, wanted: &Wanted<'_>) -> Result<Model, Diagnostic> {
    derive::model(schemas, wanted)
}

#[cfg(test)]
mod tests;
