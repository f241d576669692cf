//! Issues: every id has a paragraph of its own, and the page of them is fresh.

use crate::support::{self, Needs, golden, trial};
use libtest_mimic::{Failed, Trial};
use stafett::cli::issues::{AT_LOAD, page, rooms};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("issues: the page is fresh", Needs::Nothing, || {
            golden(&support::root().join("docs/issues.md"), &page())
        }),
        trial("issues: every id has a paragraph of its own", Needs::Nothing, paragraphs),
        trial("issues: every id in the sources is explained", Needs::Nothing, sources),
    ]
}

/// Ids are unique over all rooms; no paragraph is a stub, or another's.
fn paragraphs() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let mut helps: BTreeMap<&str, &str> = BTreeMap::new();
    let kinds = rooms().into_iter().flat_map(|(_, kinds)| kinds.iter().map(|k| (k.id, k.help)));
    // two findings at load may mean the same to a person
    let pairs = kinds.map(|(id, help)| (id, help, false));
    for (id, help, at_load) in pairs.chain(AT_LOAD.iter().map(|(id, help)| (*id, *help, true))) {
        if !ids.insert(id) {
            wrong.push(format!("{id} is declared twice"));
        }
        if help.chars().count() < 60 {
            wrong.push(format!("{id}: `{help}` says too little"));
        }
        if help.contains('\n') || help.contains("  ") || !help.ends_with(['.', '`', ')']) {
            wrong.push(format!("{id}: not a paragraph: `{help}`"));
        }
        if let Some(other) = helps.insert(help, id).filter(|_| !at_load) {
            wrong.push(format!("{id} says the same as {other}"));
        }
    }
    told(wrong)
}

/// What looks like an id of a finding in a source file is in a catalogue.
fn sources() -> Result<(), Failed> {
    let mut known: BTreeSet<&str> = AT_LOAD.iter().map(|(id, _)| *id).collect();
    known.extend(rooms().into_iter().flat_map(|(_, kinds)| kinds.iter().map(|k| k.id)));
    let mut wrong = Vec::new();
    below(&support::root().join("src"), &known, &mut wrong)?;
    told(wrong)
}

/// A room's word, then words with hyphens.
const ROOMS: &[&str] = &[
    "config",
    "directory",
    "definitions",
    "profile",
    "map",
    "model",
    "route",
    "receipt",
    "exchange",
    "fhirpath",
    "typing",
    "package",
];

/// Begin like ids, and are none: parts of urls and names of other things.
const OTHERS: &[&str] = &["profile-min", "profile-only"];

fn below(folder: &Path, known: &BTreeSet<&str>, wrong: &mut Vec<String>) -> Result<(), Failed> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, known, wrong)?;
            continue;
        }
        let name = path.to_string_lossy().into_owned();
        if !name.ends_with(".rs") || name.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for piece in text.split('"').skip(1).step_by(2) {
            let mut words = piece.split('-');
            let room = words.next().unwrap_or_default();
            let rest: Vec<&str> = words.collect();
            let small = |w: &&str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase());
            let id = ROOMS.contains(&room) && !rest.is_empty() && rest.iter().all(small);
            if id && !known.contains(piece) && !OTHERS.contains(&piece) {
                wrong.push(format!(
                    "{name}: `{piece}`: add a paragraph to src/cli/issues/at_load.rs"
                ));
            }
        }
    }
    Ok(())
}

fn told(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}
