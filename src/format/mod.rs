//! Bytes to trees and back, one folder a syntax.
//!
//! Promises: readers are purely syntactic, go on after recoverable faults, and stop at the limits that
//! every codec shares; what they accept an independent parser accepts. Writers are handed a types::Table
//! and write definition order. Never: knows a profile, a socket or a file; keeps anything between two
//! messages but memory.

mod catalogue;
pub mod charset;
pub mod edifact;
pub mod fhir_json;
pub mod fhir_xml;
pub mod fuzz;
pub mod hl7v2;
mod limits;
pub mod mllp;
mod order;
mod recognise;
mod scratch;
mod seen;
mod unwritable;
pub mod xhtml;
pub mod xml;

pub use catalogue::{CATALOGUE, Class, class};
pub use recognise::recognise;
pub use scratch::Scratch;
pub use unwritable::Unwritable;
