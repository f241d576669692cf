//! What comes with the engine: how messages of the common formats are read, and the envelopes of networks.
//!
//! Promises: what a site describes under the same name comes instead. Never: fails at a start.

use super::read::{Field, Reader};
use super::{Document, Envelope, Gathered, Intake, intake};

impl Gathered {
    /// Adds the intake descriptions that come with the engine, after those of the site; one that the site
    /// describes under the same name is left to it.
    pub(super) fn built_in(&mut self) {
        for (name, text) in intake::BUILT_IN {
            let mut reader = Reader::new(name, text);
            let document: Document = reader.document(text).expect("what is built in can be read");
            assert!(reader.diagnostics.is_empty(), "and is right: {:?}", reader.diagnostics);
            let own = |intake: &Intake| self.intakes.iter().any(|other| other.name == intake.name);
            let mut further: Vec<Intake> =
                document.intake.into_iter().filter(|intake| !own(intake)).collect();
            self.intakes.append(&mut further);
            let own = |one: &Envelope| self.envelopes.iter().any(|other| other.name == one.name);
            let mut further: Vec<Envelope> =
                document.envelope.into_iter().filter(|one| !own(one)).collect();
            self.envelopes.append(&mut further);
        }
    }
}

/// A section that no file has, with its defaults.
pub(super) fn stand_in<T: Field>(text: &'static str) -> T {
    Reader::new("", text).document(text).expect("a stand-in has every required key")
}
