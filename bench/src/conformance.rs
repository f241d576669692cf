//! Published suites, run from their own files: one line a suite.

use crate::profile::{lab, mutants};
use serde_json::json;
use stafett::format::fhir_xml;

/// How a suite went.
struct Suite {
    name: &'static str,
    passed: usize,
    total: usize,
    missed: Vec<String>,
}

/// Runs all suites.
pub fn run(json: bool) -> Result<(), String> {
    for suite in [bundles(true), bundles(false), mutated()] {
        let suite = suite.map_err(|failed| format!("{failed:?}"))?;
        if json {
            let Suite { name, passed, total, missed } = suite;
            let one = json!({"suite": name, "passed": passed, "total": total, "missed": missed});
            println!("{one}");
        } else {
            println!("{}: {} of {}", suite.name, suite.passed, suite.total);
            suite.missed.iter().for_each(|name| println!("    missed: {name}"));
        }
    }
    Ok(())
}

/// The published Bundles, without one profile error.
fn bundles(in_json: bool) -> Result<Suite, libtest_mimic::Failed> {
    let name = if in_json { "medcom-bundles-json" } else { "medcom-bundles-xml" };
    let mut suite = Suite { name, passed: 0, total: 0, missed: Vec::new() };
    let mut memory = stafett::profile::Memory::new();
    for (name, text) in lab::messages(true)? {
        let (summary, _) = match in_json {
            true => lab::lab().judge(&text, &mut memory),
            false => lab::lab().judge_xml(&as_xml(&text), &mut memory),
        };
        suite.total += 1;
        match summary.errors {
            0 => suite.passed += 1,
            _ => suite.missed.push(name),
        }
    }
    Ok(suite)
}

/// A message in our own XML.
fn as_xml(json: &str) -> String {
    let tree = lab::lab().read(json, &mut Vec::new());
    let mut out = String::new();
    if let Some(root) = tree.root() {
        fhir_xml::write(&tree, lab::lab().library.table(), root, &mut out);
    }
    out
}

/// Mutants of them, each told at the right expression, line and column.
fn mutated() -> Result<Suite, libtest_mimic::Failed> {
    let (tally, missed) = mutants::score()?;
    let total = tally.values().map(|(made, _)| *made as usize).sum();
    let passed = tally.values().map(|(_, killed)| *killed as usize).sum();
    Ok(Suite { name: "medcom-mutants", passed, total, missed })
}
