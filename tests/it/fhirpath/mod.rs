//! FHIRPath on the official suite and on the expressions of real packages.

mod asked;
mod expressions;
mod input;
pub mod known;
pub mod suite;

use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = asked::trials();
    trials.extend([
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
    ]);
    trials
}

fn official() -> Result<(), Failed> {
    let folder = shared().join("data/fhir-test-cases/fhirpath");
    let score = suite::run(&folder)?;
    println!("fhirpath suite: {} of {} passed", score.passed, score.total);
    let mut wrong = Vec::new();
    for (name, came) in &score.missed {
        match known::reason(name) {
            Some(reason) => println!("  missed {name}: {came}: {reason}"),
            None => wrong.push(format!("{name}: {came}")),
        }
    }
    for (name, _) in known::KNOWN {
        if !score.missed.iter().any(|(missed, _)| missed == name) {
            wrong.push(format!("{name} is passed after all"));
        }
    }
    match score.total {
        935 if wrong.is_empty() => Ok(()),
        total => Err(Failed::from(format!("of {total} tests:\n{}", wrong.join("\n")))),
    }
}
