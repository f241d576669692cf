//! Who sent it, who is it for, where does it go, and why.
//!
//! ```text
//! tree ─ extract ─> ids, sender, receiver, event ─ identify ─> party ─ decide ─> destinations | why not
//! ```
//!
//! Promises: default deny: what no route takes is refused, and the trace says which routes were looked at;
//! expressions are compiled when the configuration is loaded. Never: looks at an element that an intake
//! description or a condition did not name, puts a value of the message into a trace.

pub mod agreement;
mod catalogue;
mod decide;
mod envelope;
mod expression;
mod extract;
mod identify;
mod reasons;

pub use catalogue::CATALOGUE;
pub use decide::{Considered, Decision, Destination, Query, Routed, Routes, Skipped};
pub use envelope::{Envelopes, Holds, Opened, Said, Value};
pub use extract::{Ends, Extracted, Intakes, Patient, Stamped};
pub use identify::{Identified, Identity, Parties};
pub use reasons::Reason;

#[cfg(test)]
mod tests;
