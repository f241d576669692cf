//! The official suite's supporting files load, those with a differential only among them.

use super::{check, read};
use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::LibraryBuilder;
use std::collections::{BTreeMap, BTreeSet};

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "definitions: the official suite's supporting files load",
        Needs::Data("data/fhir-test-cases/validation-cases.json"),
        supporting,
    )]
}

fn supporting() -> Result<(), Failed> {
    let folder = shared().join("data/fhir-test-cases");
    let cases: serde_json::Value =
        serde_json::from_slice(&read(folder.join("validation-cases.json"))?)?;
    let mut sets = BTreeSet::new();
    for case in cases["cases"].as_array().into_iter().flatten() {
        let named = case["supporting"].as_array().into_iter().flatten().chain([&case["profile"]]);
        sets.insert(named.filter_map(|f| f.as_str().map(str::to_owned)).collect::<Vec<_>>());
    }
    let mut refused = BTreeMap::new();
    for set in &sets {
        let mut builder = LibraryBuilder::new();
        for file in set {
            builder.add_resource(file, &read(folder.join(file))?);
        }
        let (_, diagnostics) = builder.build();
        for one in diagnostics.iter().filter(|d| d.refuses()) {
            refused.insert(one.origin.file.to_string(), one.to_string());
        }
    }
    let told: Vec<_> = refused.values().cloned().collect();
    check(refused.is_empty(), format!("{} sets\n{}", sets.len(), told.join("\n")))
}
