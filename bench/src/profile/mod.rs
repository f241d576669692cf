//! What the project's tests share about profiles: the runners of suites.

#[path = "../../../tests/it/profile/lab.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
pub mod lab;
#[path = "../../../tests/it/profile/mutants/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
pub mod mutants;
#[path = "../../../tests/it/profile/steps.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
pub mod steps;
#[path = "../../../tests/it/profile/suite.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
pub mod suite;
