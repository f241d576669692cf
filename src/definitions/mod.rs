//! FHIR packages, canonical resolution, value sets, the embedded R4 core; fills `types::Table`.
//!
//! ```text
//! core.bin ─> core ─┐
//!                   ├─> builder ─> library ─> structure, value set, code system by canonical and scope
//! .tgz ─> archive ─> decode ─┘        └─> tree::types::Table ─> typing (every message)
//! ```
//!
//! Promises: everything is made at load; a message's path only reads. Never: fetches what is not at hand.

pub mod archive;
mod builder;
pub mod cache;
mod closure;
pub mod concepts;
pub mod core;
pub mod decode;
mod decode_maps;
mod decoded;
pub mod edifact;
mod element;
pub mod from_xsd;
pub mod generate;
pub mod hl7v2;
mod library;
mod missing;
pub mod model;
mod pack;
pub mod packages;
pub mod snapshot;
pub mod tables;
pub mod terminology;
pub mod typing;
pub mod version;
mod wire;
mod xml;

pub use builder::LibraryBuilder;
pub use decoded::Package;
pub use library::{DefinitionId, Library, Listed, PackageId, PackageInfo, Scope, StructureRef};
pub use wire::Wire;
