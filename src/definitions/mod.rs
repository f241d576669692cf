//! FHIR packages, canonical resolution, value sets, the embedded R4 core; fills `types::Table`.
pub mod model;
