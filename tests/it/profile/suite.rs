//! The official validator suite: the four scores, by hand (`--ignored`), since it builds 247 libraries.

use super::lab::now;
use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::definitions::{Library, LibraryBuilder, typing};
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::{Issue, Severity};
use stafett::profile::{Memory, Request, Settings, Validator, Wanted};
use stafett::tree::{Expression, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let suite = Needs::Data("data/fhir-test-cases/validation-cases.json");
    vec![trial("profile: the official suite's scores", suite, run).with_ignored_flag(true)]
}

/// What one run came to.
#[derive(Default)]
struct Scores {
    agree: u32,
    runs: u32,
    recall: Vec<f64>,
    precision: Vec<f64>,
    false_errors: u32,
    valid: u32,
}

fn run() -> Result<(), Failed> {
    let folder = shared().join("data/fhir-test-cases");
    let suite: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("validation-cases.json"))?)?;
    let (core, _) = LibraryBuilder::new().build();
    let core = Arc::new(core);
    let mut scores = Scores::default();
    let mut missed: BTreeMap<String, u32> = BTreeMap::new();
    let mut extra: BTreeMap<String, u32> = BTreeMap::new();
    for case in suite["cases"].as_array().ok_or("no cases")? {
        let expected = expected(case);
        let found = judge(&folder, case, &core)?;
        let valid = case["expected"]["valid"] == true;
        let good = found.is_empty() == valid;
        scores.runs += 1;
        scores.agree += u32::from(good);
        let names: BTreeSet<&String> = found.keys().collect();
        let wanted: BTreeSet<&String> = expected.keys().collect();
        let both = names.intersection(&wanted).count() as f64;
        if valid {
            scores.valid += 1;
            scores.false_errors += u32::from(!found.is_empty());
        } else {
            if !wanted.is_empty() {
                scores.recall.push(both / wanted.len() as f64);
            }
            if !names.is_empty() {
                scores.precision.push(both / names.len() as f64);
            }
        }
        println!("{} {} {}", if good { "agree" } else { "DIFFER" }, case["id"], valid);
        for (expression, id) in expected.iter().filter(|(e, _)| !found.contains_key(*e)) {
            println!("    missed {id} at {expression}");
            *missed.entry(id.clone()).or_default() += 1;
        }
        for (expression, id) in found.iter().filter(|(e, _)| !expected.contains_key(*e)) {
            println!("    extra {id} at {expression}");
            *extra.entry(id.split(' ').next().unwrap_or("").to_owned()).or_default() += 1;
        }
    }
    let mean = |all: &[f64]| 100.0 * all.iter().sum::<f64>() / all.len().max(1) as f64;
    println!("missed: {missed:?}\nextra: {extra:?}");
    println!("verdicts {} of {}", scores.agree, scores.runs);
    println!("recall {:.1}, precision {:.1}", mean(&scores.recall), mean(&scores.precision));
    println!("false errors on {} of {} valid runs", scores.false_errors, scores.valid);
    Ok(())
}

/// The errors that are expected: expression -> message id.
fn expected(case: &Value) -> BTreeMap<String, String> {
    let issues = case["expected"]["issues"].as_array().map_or(&[][..], |i| i);
    let errors = issues.iter().filter(|i| {
        matches!(i["severity"].as_str(), Some("error" | "fatal")) && i["externalTx"] != true
    });
    let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
    errors.map(|i| (text(&i["expression"]), text(&i["messageId"]))).collect()
}

/// The errors that we find: expression -> our id.
fn judge(folder: &Path, case: &Value, core: &Library) -> Result<BTreeMap<String, String>, Failed> {
    let mut builder = LibraryBuilder::new();
    let mut asked = Vec::new();
    let profile = case["profile"].as_str();
    let supporting = case["supporting"].as_array().map_or(&[][..], |s| s);
    for file in supporting.iter().filter_map(Value::as_str).chain(profile) {
        let Ok(json) = as_json(&folder.join(file), core) else { continue };
        builder.add_json(file, &json);
        if Some(file) == profile {
            let url = serde_json::from_str::<Value>(&json)?["url"].as_str().map(str::to_owned);
            asked.extend(url);
        }
    }
    let (library, _) = builder.build();
    let library = Arc::new(library);
    // a root that claims what nobody knows is only warned of in the suite
    let settings = Settings { unknown_profile: Severity::Warning, ..Settings::default() };
    let (validator, diagnostics) = Validator::build(&library, &Wanted::All, &settings);
    for one in diagnostics.iter().filter(|d| d.id == "profile-no-snapshot") {
        println!("    {one}");
    }
    let file = case["file"].as_str().ok_or("a case without a file")?;
    let bytes = std::fs::read(folder.join(file))?;
    let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned();
    let mut issues: Vec<Issue> = Vec::new();
    let mut tree = Tree::new(Arc::clone(library.names()));
    match case["format"].as_str() {
        Some("xml") => fhir_xml::read(text.into(), &mut tree, &mut issues),
        _ => fhir_json::read(text.into(), &mut tree, &mut issues),
    };
    typing::type_tree(&mut tree, library.table(), &mut issues);
    let profiles: Vec<&str> = asked.iter().map(|s| &**s).collect();
    let request = Request { profiles: &profiles, version: None };
    validator.validate(&tree, &request, now(), &mut Memory::new(), &mut issues);
    let mut found = BTreeMap::new();
    for issue in issues.iter().filter(|i| i.severity >= Severity::Error) {
        let node = issue.place.node;
        let place = node.map(|n| Expression::new(&tree, library.table(), n).to_string());
        found.insert(place.unwrap_or_default(), format!("{} {}", issue.kind.id, issue.text()));
    }
    Ok(found)
}

/// A supporting file as JSON, whatever its syntax.
fn as_json(file: &Path, core: &Library) -> Result<String, Failed> {
    let bytes = std::fs::read(file)?;
    let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned();
    if file.extension().is_some_and(|e| e == "json") {
        return Ok(text);
    }
    let mut tree = Tree::new(Arc::clone(core.names()));
    fhir_xml::read(text.into(), &mut tree, &mut Vec::new());
    typing::type_tree(&mut tree, core.table(), &mut Vec::new());
    let mut json = String::new();
    let root = tree.root().ok_or("an empty file")?;
    fhir_json::write(&tree, core.table(), root, &mut json);
    Ok(json)
}
