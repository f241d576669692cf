//! The published Bundles have no profile errors; what is not checked is counted; test scripts are reported.

use super::lab::{Seen, lab, messages};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::Severity;
use stafett::profile::Memory;

const DATA: Needs = Needs::Data("data/medcom-messages");

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("profile: published Bundles have no errors", DATA, published),
        trial("profile: test scripts get a verdict each", DATA, scripts),
        trial("profile: what was said at load", DATA, || {
            for one in &lab().diagnostics {
                println!("{one}");
            }
            Ok(())
        }),
    ]
}

fn errors(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter().filter(|s| s.severity >= Severity::Error)
}

fn published() -> Result<(), Failed> {
    let mut memory = Memory::new();
    let mut wrong = Vec::new();
    for (name, text) in messages(true)? {
        let (summary, seen) = lab().judge(&text, &mut memory);
        println!("{name}: {} warnings, {} not checked", summary.warnings, summary.not_checked);
        for one in &seen {
            println!("    {} {} {} {}", one.id, one.expression, one.text, one.profile);
        }
        wrong.extend(errors(&seen).map(|one| format!("{name}: {one:?}")));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(wrong.join("\n"))),
    }
}

fn scripts() -> Result<(), Failed> {
    let mut memory = Memory::new();
    for (name, text) in messages(false)?.into_iter().filter(|m| m.0.starts_with("testscripts")) {
        let (summary, seen) = lab().judge(&text, &mut memory);
        println!("{name}: {} errors, {} not checked", summary.errors, summary.not_checked);
        for one in errors(&seen) {
            println!("    {} {} {} {}", one.id, one.expression, one.text, one.profile);
        }
    }
    Ok(())
}
