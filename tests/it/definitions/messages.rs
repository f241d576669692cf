//! Every real message types whole: no element of it is unknown.

use super::{check, library};
use crate::support::{Needs, shared, trial};
use bytestring::ByteString;
use libtest_mimic::{Failed, Trial};
use stafett::definitions::typing::type_tree;
use stafett::format::fhir_json;
use stafett::tree::Tree;
use stafett::tree::types::TypeId;
use std::path::{Path, PathBuf};

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "definitions: every MedCom message types whole",
        Needs::Data("data/medcom-messages"),
        every_message,
    )]
}

/// Test scripts whose fault typing sees, with what it says of them.
const FAULTY: &[(&str, &str)] = &[];

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failed> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files(&path, found)?,
            false if path.extension().is_some_and(|e| e == "json") => found.push(path),
            false => {}
        }
    }
    Ok(())
}

fn every_message() -> Result<(), Failed> {
    let (library, _) = library(&[])?;
    let mut paths = Vec::new();
    files(&shared().join("data/medcom-messages"), &mut paths)?;
    let mut tree = Tree::new(library.names().clone());
    let mut wrong = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path)?;
        let text = ByteString::from(text.trim_start_matches('\u{feff}'));
        tree.reset(library.names());
        let mut issues = Vec::new();
        fhir_json::read(text, &mut tree, &mut issues);
        type_tree(&mut tree, library.table(), &mut issues);
        let untyped = (0..tree.len() as u32)
            .filter(|n| tree.node(stafett::tree::NodeId(*n)).type_id == TypeId::NONE)
            .count();
        let mut said: Vec<&str> = issues.iter().map(|i| i.kind.id).collect();
        said.dedup();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let expected = FAULTY.iter().find(|(file, _)| *file == name).map(|(_, id)| *id);
        if said.first().copied() != expected || (untyped > 0) != expected.is_some() {
            wrong.push(format!("{name}: {untyped} nodes untyped: {said:?}"));
        }
    }
    check(paths.len() >= 60 && wrong.is_empty(), wrong.join("\n"))
}
