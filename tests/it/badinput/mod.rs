//! Bad input in the formats beside FHIR, from bytes to what is answered: no panic, no half message, a place for every
//! fault, and the receipt that the exchange rules ask for.

mod heard;
mod told;
mod truncated;

use crate::support::{Needs, trial};
use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = told::trials();
    for (name, folder) in [
        ("HL7 v2", "data/hl7v2/messages"),
        ("MedCom's letters", "data/medcom-legacy"),
        ("KITH's messages", "data/kith/messages"),
    ] {
        let run = move || truncated::run(folder);
        trials.push(trial(
            &format!("bad input: {name}, cut off anywhere"),
            Needs::Data(folder),
            run,
        ));
    }
    trials
}
