//! FHIR Mapping Language: text to a checked plan, a plan run over a source tree into a target tree.
//!
//! Promises: a map with an error never becomes a plan; a run is deterministic, bounded, and says what of the
//! source it read and what it dropped. Never: parses, hashes a name or looks at a file while a message waits.

pub mod ast;
mod compile;
mod concepts;
mod coverage;
mod dates;
mod declared;
mod diff;
mod dispatch;
mod explain;
mod expression;
mod facts;
mod hoist;
mod hooks;
mod ids;
mod issues;
mod limits;
mod oids;
mod parse;
mod plan;
mod primitives;
mod print;
mod resource;
mod run;
mod story;
mod trace;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod growth;
#[cfg(test)]
mod lenient;
#[cfg(test)]
mod older;
#[cfg(test)]
mod styles;

pub use compile::{Materials, Plans, TRANSFORMS};
pub use concepts::{Concept, Concepts, Translation};
pub use coverage::{Became, Coverage, ElementCount, RuleCount, Watch, element_path};
pub use declared::{Ask, Asked, Earlier, Parameter};
pub use diff::{Difference, diff};
pub use explain::{Absent, Candidate, Explanation, Found, Reason, explain};
pub use hooks::{Hooks, Lookup, NoHooks};
pub use ids::IdSeed;
pub use issues::CATALOGUE;
pub use limits::Limits;
pub use parse::parse;
pub use plan::Plan;
pub use print::print;
pub use resource::{is_structure_map, read};
pub use run::{Engine, Failure, Inputs, Losses, MAX_SOURCES, Memory, value_slice};
pub use story::Story;
pub use trace::{At, Fate, RulePlace, Trace, Use, Why};
