//! The published Bundles have no profile errors; what is not checked is counted; test scripts are reported.

use super::lab::{Seen, lab, messages};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::format::fhir_xml;
use stafett::message::Severity;
use stafett::profile::Memory;

const DATA: Needs = Needs::Data("data/medcom-messages");

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("profile: published Bundles have no errors", DATA, published),
        trial("profile: published Bundles are judged alike in our own XML", DATA, in_xml),
        trial("profile: test scripts get a verdict each", DATA, scripts),
        trial("profile: what was said at load", DATA, at_load),
    ]
}

/// Invariants that can never fail are named, once a profile.
fn at_load() -> Result<(), Failed> {
    let said: Vec<String> = lab().diagnostics.iter().map(ToString::to_string).collect();
    for one in &said {
        println!("{one}");
    }
    let notification = "medcom-hospitalNotification-message|3.0.2#Bundle";
    let wanted = [
        (notification, "medcom-hospitalNotification-1 can never fail"),
        (notification, "medcom-hospitalNotification-3 can never fail"),
        ("medcom-messaging-message|2.1.0#Bundle", "medcom-messaging-1 can never fail"),
        ("medcom-messaging-message|2.1.0#Bundle", "medcom-messaging-3 can never fail"),
        ("medcom-careCommunication-messageHeader|5.0.2#MessageHeader.definition", "not a whole"),
    ];
    for (place, what) in wanted {
        let times = said.iter().filter(|s| s.contains(place) && s.contains(what)).count();
        if times != 1 {
            return Err(Failed::from(format!("{place}: {what}: said {times} times")));
        }
    }
    Ok(())
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

/// Written as XML by ourselves and read again: the same findings at the same places.
fn in_xml() -> Result<(), Failed> {
    let mut memory = Memory::new();
    let mut wrong = Vec::new();
    for (name, text) in messages(true)? {
        let json = lab().judge(&text, &mut memory).1;
        let tree = lab().read(&text, &mut Vec::new());
        let mut xml = String::new();
        let root = tree.root().ok_or("an empty message")?;
        fhir_xml::write(&tree, lab().library.table(), root, &mut xml);
        let (summary, seen) = lab().judge_xml(&xml, &mut memory);
        let places = |seen: &[Seen]| {
            let mut all: Vec<_> = seen.iter().map(|s| (s.id, s.expression.clone())).collect();
            all.sort();
            all
        };
        if summary.errors > 0 || places(&seen) != places(&json) {
            wrong.push(format!("{name}: {:?}", errors(&seen).collect::<Vec<_>>()));
        }
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
