//! HL7 v2, the delimited syntax ("ER7"): segments, fields, components, sub-components.
//!
//! ```text
//! PID|1||12^^^A~13        <PID> <PID.1>1  <PID.3> <CX.1>12 <CX.4> <HD.1>A   <PID.3> <CX.1>13
//! ```
//!
//! Promises: names are those of the standard's XML encoding, groups included; what is empty between
//! delimiters costs nothing, what trails behind the last value is kept, so that an untouched message is
//! written byte for byte as it came. Rules: HL7 v2.8.2 chapter 2 (2.5 delimiters, 2.7 escapes), and its XML
//! encoding. Never: checks a cardinality or a table; takes a batch.

mod charset;
mod complete;
mod escape;
mod fields;
mod grammar;
mod read;
mod structure;
mod write;

pub use charset::{charset, charset_name, declared};
pub use complete::complete;
pub use escape::encode;
pub use grammar::Grammar;
pub use read::{delimiters_of, read};
pub use write::{write, write_with};

use crate::tree::Delimiters;

/// The delimiters that nearly everybody uses, and those of a message that does not say.
pub const USUAL: Delimiters = Delimiters {
    field: b'|',
    component: b'^',
    subcomponent: b'&',
    repetition: b'~',
    escape: b'\\',
    end: "\r",
};

/// Whether two messages' values look alike: their delimiters are the same, whatever ends a segment.
fn alike(one: &Delimiters, other: &Delimiters) -> bool {
    Delimiters { end: "", ..*one } == Delimiters { end: "", ..*other }
}
