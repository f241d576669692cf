//! Codecs on real messages: round trips, independent comparisons, real peers.

use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use stafett::format::fhir_json;
use stafett::tree::{Names, Tree};
use std::path::PathBuf;
use std::sync::Arc;

const MESSAGES: &str = "data/medcom-messages";

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial("format: every MedCom message reads as JSON", Needs::Data(MESSAGES), messages_read)]
}

/// The files with that ending below a folder, sorted.
fn files(folder: PathBuf, ending: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(Failed::from("no files found")),
        false => Ok(found),
    }
}

fn messages_read() -> Result<(), Failed> {
    let mut tree = Tree::new(Arc::new(Names::default()));
    for path in files(shared().join(MESSAGES), "json")? {
        let names = Arc::clone(tree.names());
        tree.reset(&names);
        let mut issues = Vec::new();
        let text = std::fs::read_to_string(&path)?;
        let usable = fhir_json::read(text.into(), &mut tree, &mut issues);
        if !usable || !issues.is_empty() {
            let told: Vec<_> = issues.iter().map(|i| (i.text(), i.place.offset)).collect();
            return Err(Failed::from(format!("{}: {told:?}", path.display())));
        }
    }
    Ok(())
}
