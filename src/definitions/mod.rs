//! FHIR packages, canonical resolution, value sets, the embedded R4 core; fills `types::Table`.

pub mod archive;
pub mod core;
pub mod decode;
mod element;
pub mod generate;
pub mod model;
mod pack;
pub mod tables;
pub mod typing;
