//! Namespaced XML of logical models, and the well-formedness layer under every XML reader.
//!
//! Promises: what is accepted is well-formed and namespace-well-formed for any other parser too; elements and
//! attributes keep their namespaces; comments and processing instructions are left out, counted and reported.
//! Never: knows a model; where to find a schema is left out without a word.

mod read;
pub(super) mod text;
mod wellformed;
mod write;

pub use read::read;
pub(super) use wellformed::{Attribute, Document, Event, Name, Namespace, Text, is_name, is_space};
pub use write::{write, write_with};

/// Where the end tag of the root begins, in a text that was read; none where more than space follows it.
pub fn closing(text: &str) -> Option<usize> {
    let at = text.rfind("</")?;
    let (_, behind) = text[at..].split_once('>')?;
    behind.bytes().all(|b| b.is_ascii_whitespace()).then_some(at)
}
