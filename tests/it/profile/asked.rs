//! What profiles, and R4 itself, ask of small resources, written down as data: `asked/*.json`.
//!
//! A file has `load` (definitions that all its cases share), `profiles` (a name, a type or profile of R4, and a
//! differential), and `cases`: what is meant, the profile (`against`, or none), the resource as `message`, as
//! `json` or as `xml` text, and all that refuses it, as `told`: `id at expression`. With `warned`, all warnings
//! too. A text may be cut into pieces.

use super::lab::{files, now};
use crate::support::{Needs, root, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::definitions::{Library, LibraryBuilder, typing};
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::{Checked, Issue, Severity};
use stafett::profile::{Memory, Request, Settings, Validator, Wanted};
use stafett::tree::{Expression, Tree};
use std::path::Path;
use std::sync::Arc;

/// The trials: one a file.
pub fn trials() -> Vec<Trial> {
    let all = files(&root().join("tests/it/profile/asked"), "json").unwrap_or_default();
    let one = |file: std::path::PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        trial(&format!("profile: asked, {name}"), Needs::Nothing, move || run(&file))
    };
    all.into_iter().map(one).collect()
}

fn run(file: &Path) -> Result<(), Failed> {
    let asked: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let (library, validator) = load(&asked)?;
    let mut wrong = Vec::new();
    let cases = list(&asked["cases"]);
    for case in cases {
        let told = told(case, &library, &validator);
        let wanted: Vec<&str> = list(&case["told"]).iter().filter_map(Value::as_str).collect();
        if told != wanted {
            wrong.push(format!(
                "{}\n    told   {told:?}\n    wanted {wanted:?}",
                text(&case["what"])
            ));
        }
    }
    match wrong.is_empty() && !cases.is_empty() {
        true => Ok(()),
        false => Err(format!("{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n")).into()),
    }
}

fn load(asked: &Value) -> Result<(Arc<Library>, Validator), Failed> {
    let mut builder = LibraryBuilder::new();
    for (at, one) in list(&asked["load"]).iter().enumerate() {
        builder.add_json(&format!("{at}.json"), &one.to_string());
    }
    for (name, one) in asked["profiles"].as_object().into_iter().flatten() {
        let base = text(&one["on"]);
        let profile = json!({
            "resourceType": "StructureDefinition", "url": format!("urn:p:{name}"), "name": name,
            "status": "draft", "kind": one.get("kind").unwrap_or(&json!("resource")), "abstract": false,
            "type": one.get("type").unwrap_or(&one["on"]),
            "derivation": "constraint", "baseDefinition": match base.contains(':') {
                true => base,
                false => format!("http://hl7.org/fhir/StructureDefinition/{base}"),
            },
            "context": one.get("context"), "contextInvariant": one.get("contextInvariant"),
            "differential": {"element": one["elements"]}
        });
        let mut profile = profile;
        if let Some(all) = profile.as_object_mut() {
            all.retain(|_, value| !value.is_null());
        }
        builder.add_json(&format!("{name}.json"), &profile.to_string());
    }
    let (library, said) = builder.build();
    let library = Arc::new(library);
    let (validator, more) = Validator::build(&library, &Wanted::All, &Settings::default());
    // what is said of R4's own definitions is of no case
    let own =
        said.iter().chain(&more).filter(|d| !d.to_string().starts_with("http://hl7.org/fhir/"));
    let own: Vec<_> = own.collect();
    let loaded: Vec<&str> = own.iter().map(|d| d.id).collect();
    let wanted: Vec<&str> = list(&asked["at_load"]).iter().filter_map(Value::as_str).collect();
    if loaded != wanted {
        let all: Vec<String> = own.iter().map(|d| d.to_string()).collect();
        return Err(format!("told at load: {all:#?}, not {wanted:?}").into());
    }
    Ok((library, validator))
}

fn told(case: &Value, library: &Arc<Library>, validator: &Validator) -> Vec<String> {
    let mut tree = Tree::new(Arc::clone(library.names()));
    let mut issues: Vec<Issue> = Vec::new();
    match (&case["xml"], &case["json"]) {
        (Value::Null, Value::Null) => {
            fhir_json::read(case["message"].to_string().into(), &mut tree, &mut issues)
        }
        (Value::Null, json) => fhir_json::read(text(json).into(), &mut tree, &mut issues),
        (xml, _) => fhir_xml::read(text(xml).into(), &mut tree, &mut issues),
    };
    typing::type_tree(&mut tree, library.table(), &mut issues);
    let against = case["against"].as_str().map(|name| format!("urn:p:{name}"));
    let profiles: Vec<&str> = against.iter().map(|s| &**s).collect();
    let request = Request { profiles: &profiles, version: None };
    validator.validate(&tree, &request, now(), &mut Memory::new(), &mut issues);
    let least = if case["warned"] == true { Severity::Warning } else { Severity::Error };
    let unchecked = |i: &&Issue| i.checked == Checked::NotChecked && case["unchecked"] == true;
    let told = issues.iter().filter(|i| i.severity >= least || unchecked(i));
    let one = |i: &Issue| {
        let node = i.place.node;
        let place = node.map(|n| Expression::new(&tree, library.table(), n).list(i.place.list));
        let place = place.map_or(String::new(), |p| p.to_string());
        let key = match i.kind.id {
            "profile-constraint" => format!(" {}", i.text().split(':').next().unwrap_or_default()),
            _ => String::new(),
        };
        format!("{}{key} at {place}", i.kind.id)
    };
    told.map(one).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], |all| all)
}

/// A text, or its pieces put together.
fn text(value: &Value) -> String {
    match value.as_array() {
        Some(pieces) => pieces.iter().filter_map(Value::as_str).collect(),
        None => value.as_str().unwrap_or_default().to_owned(),
    }
}
