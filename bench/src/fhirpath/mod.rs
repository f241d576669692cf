//! What the project's tests share about FHIRPath: the official suite's runner.

#[path = "../../../tests/it/fhirpath/input.rs"]
mod input;
#[path = "../../../tests/it/fhirpath/known.rs"]
pub mod known;
#[path = "../../../tests/it/fhirpath/suite.rs"]
pub mod suite;
