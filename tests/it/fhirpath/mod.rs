//! FHIRPath on the official suite and on the expressions of real packages.

mod expressions;
mod input;
pub mod suite;

use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};

/// How many of the suite's tests have passed; a lower number fails.
const REACHED: usize = 930;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "fhirpath: the official suite",
            Needs::Data("data/fhir-test-cases/fhirpath"),
            official,
        ),
        trial(
            "fhirpath: every invariant of core and MedCom compiles",
            Needs::Data("data/packages"),
            expressions::all,
        ),
    ]
}

fn official() -> Result<(), Failed> {
    let folder = shared().join("data/fhir-test-cases/fhirpath");
    let score = suite::run(&folder)?;
    println!("fhirpath suite: {} of {} passed", score.passed, score.total);
    for (name, reason) in &score.missed {
        println!("  missed {name}: {reason}");
    }
    if score.passed < REACHED {
        return Err(Failed::from(format!("{} passed, it was {REACHED} before", score.passed)));
    }
    Ok(())
}
