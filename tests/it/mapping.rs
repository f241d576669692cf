//! The mapping language on the public suites.

use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

const SUITE: &str = "data/fhir-test-cases/structure-mapping";
const TUTORIAL: &str = "data/fml-tutorial";

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("mapping: every map of the suite parses", Needs::Data(SUITE), || all_parse(SUITE)),
        trial("mapping: every map of the tutorial parses", Needs::Data(TUTORIAL), || {
            all_parse(TUTORIAL)
        }),
    ]
}

fn maps_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            maps_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "map" || e == "fml") {
            found.push(path);
        }
    }
}

fn all_parse(folder: &str) -> Result<(), Failed> {
    let mut maps = Vec::new();
    maps_below(&shared().join(folder), &mut maps);
    let mut faults = Vec::new();
    for path in &maps {
        let text = std::fs::read_to_string(path)?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let (map, found) = stafett::mapping::parse(&name, &text);
        faults.extend(found.iter().map(ToString::to_string));
        if map.groups.is_empty() {
            faults.push(format!("{name}: no group"));
        }
    }
    if maps.len() < 10 || !faults.is_empty() {
        return Err(format!("{} maps, faults: {faults:#?}", maps.len()).into());
    }
    Ok(())
}
