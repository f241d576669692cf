//! FHIR Mapping Language: text to a checked plan, a plan run over a source tree into a target tree.
//!
//! Promises: a map with an error never becomes a plan; a run is deterministic, bounded, and says what of the
//! source it read and what it dropped. Never: parses, hashes a name or looks at a file while a message waits.

pub mod ast;
mod parse;

pub use parse::parse;
