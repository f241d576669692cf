//! Issues: every id has a paragraph of its own, and the page of them is fresh.

use crate::support::{self, Needs, golden, trial};
use libtest_mimic::{Failed, Trial};
use stafett::cli::issues::{AT_LOAD, page, rooms};
use stafett::definitions::{LibraryBuilder, typing};
use stafett::engine;
use stafett::format::fhir_json;
use stafett::profile::{Memory, Request, Settings, Validator, Wanted};
use stafett::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("issues: the page is fresh", Needs::Nothing, || {
            golden(&support::root().join("docs/issues.md"), &page())
        }),
        trial("issues: every id has a paragraph of its own", Needs::Nothing, paragraphs),
        trial("issues: what is misspelled is told what was meant", Needs::Nothing, suggestions),
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

/// What is misspelled is told what was meant; what is of a wrong type, which types are allowed.
fn suggestions() -> Result<(), Failed> {
    let cases = [
        (r#"{"resourceType":"Patient","birthdate":"1970-01-01"}"#, "did you mean `birthDate`?"),
        (r#"{"resourceType":"Patinet"}"#, "did you mean `Patient`?"),
        (
            r#"{"resourceType":"Patient","deceased":true}"#,
            "did you mean `deceasedBoolean` or `deceasedDateTime`?",
        ),
        (
            r#"{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/BodyWeight"]},"status":"final","code":{"text":"x"}}"#,
            "did you mean `http://hl7.org/fhir/StructureDefinition/bodyweight`?",
        ),
        (
            r#"{"resourceType":"Patient","managingOrganization":{"reference":"Location/1"}}"#,
            "allowed are http://hl7.org/fhir/StructureDefinition/Organization",
        ),
        (r#"{"resourceType":"Patient","zzzzzzzz":true}"#, "there is no such element here"),
    ];
    let (library, _) = LibraryBuilder::new().build();
    let library = Arc::new(library);
    let (validator, _) = Validator::build(&library, &Wanted::All, &Settings::default());
    let mut wrong = Vec::new();
    for (text, wanted) in cases {
        let mut tree = Tree::new(Arc::clone(library.names()));
        let mut issues = Vec::new();
        fhir_json::read(text.into(), &mut tree, &mut issues);
        typing::type_tree(&mut tree, library.table(), &mut issues);
        let now = "2026-11-25T12:00:00Z".parse()?;
        let request = Request::default();
        validator.validate(&tree, &request, now, &mut Memory::new(), &mut issues);
        let told = engine::tell_all(&tree, library.table(), &issues);
        if !told.iter().any(|one| one.text.ends_with(wanted)) {
            let texts: Vec<_> = told.iter().map(|one| one.text.clone()).collect();
            wrong.push(format!("{text}: {texts:?}"));
        }
    }
    told(wrong)
}
