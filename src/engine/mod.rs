//! The spine: read, decide, process.
mod content;

pub use content::{ContentHasher, ContentMemory};
