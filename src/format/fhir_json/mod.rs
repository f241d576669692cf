//! FHIR JSON.
//!
//! Promises: our own scanner straight into the tree, numbers kept as text, duplicate properties refused,
//! `_x` merged with `x` whatever their order; no heap allocation once the tree is warm.

mod properties;
mod read;
mod scan;
mod write;

pub(super) use read::RESOURCE_PLACES;
pub use read::{read, read_with};
pub use write::write;
