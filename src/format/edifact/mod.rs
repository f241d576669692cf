//! EDIFACT, the syntax of MedCom's letters: interchanges of messages of segments.
//!
//! ```text
//! UNB+UNOC:3+...'                <Edifact> <UNB> <Elm> <SubElm>UNOC <SubElm>3
//! UNH+1+MEDDIS:D:93A:UN'           <Brev> <UNH> ... <BrevIndhold> <S01> <Elm>.. <NAD> ...
//! S01+01' NAD+SOR' UNT+4+1'                 <UNT> ...
//! UNZ+1+...'                       <UNZ>
//! ```
//!
//! Promises: names are those of MedCom's own XML form; a trigger segment (`S01`) holds the segments after it;
//! every element and component has its place, empty or not, so that a message is written byte for byte as it
//! came; references and counts of the envelopes agree, or the interchange is refused. Rules: ISO 9735
//! version 3, in MedCom's subset. Never: knows a segment's meaning, or takes half an interchange.

mod charset;
mod complete;
mod letters;
mod parts;
mod read;
pub mod text;
mod write;

pub use charset::{charset, declared};
pub use complete::complete;
pub use letters::{alone, closing, keep, kind, letters, references};
pub use read::read;
pub use write::{write, write_with};

use crate::tree::Delimiters;

/// The delimiters of an interchange without UNA, and of everything that is written anew.
pub const USUAL: Delimiters = Delimiters {
    field: b'+',
    component: b':',
    subcomponent: 0,
    repetition: 0,
    escape: b'?',
    end: "'",
};

/// Whether a name is a trigger segment's: `S01`.
fn triggers(name: &str) -> bool {
    let digits = name.strip_prefix('S');
    digits.is_some_and(|d| d.len() == 2 && d.bytes().all(|b| b.is_ascii_digit()))
}
