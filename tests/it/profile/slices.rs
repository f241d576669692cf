//! Every kind of slicing, on small profiles of our own: which slice an item counts for, and what is told.

use super::lab::now;
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::definitions::{LibraryBuilder, typing};
use stafett::format::fhir_json;
use stafett::message::Severity;
use stafett::profile::{Memory, Request, Settings, Validator, Wanted};
use stafett::tree::{Expression, Tree};
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let one = |name: &'static str, run: fn() -> Result<(), Failed>| {
        trial(&format!("profile: slices {name}"), Needs::Nothing, run)
    };
    vec![
        one("by value, closed and ordered", by_value),
        one("open at the end, and by default", at_end),
        one("by pattern, existence and type", by_kind),
        one("of slices", of_slices),
        one("by the profile of what is referred to", by_profile),
    ]
}

/// What refuses a Patient under a profile with this differential: `id at expression`.
fn refused(differential: Value, message: &Value) -> Result<Vec<String>, Failed> {
    refused_by("Patient", differential, &Settings::default(), message)
}

/// What refuses a resource under a profile on that type or profile of R4, by these settings.
pub fn refused_by(
    base: &str,
    differential: Value,
    settings: &Settings,
    message: &Value,
) -> Result<Vec<String>, Failed> {
    refused_with(base, differential, &[], settings, message)
}

/// The same with more resources loaded beside the profile.
pub fn refused_with(
    base: &str,
    differential: Value,
    beside: &[Value],
    settings: &Settings,
    message: &Value,
) -> Result<Vec<String>, Failed> {
    let profile = json!({
        "resourceType": "StructureDefinition", "url": "urn:p", "name": "P", "status": "draft",
        "kind": "resource", "abstract": false, "type": message["resourceType"],
        "derivation": "constraint",
        "baseDefinition": format!("http://hl7.org/fhir/StructureDefinition/{base}"),
        "differential": {"element": differential}
    });
    let named = json!({
        "resourceType": "StructureDefinition", "url": "urn:named", "name": "N", "status": "draft",
        "kind": "resource", "abstract": false, "type": "Organization", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Organization",
        "differential": {"element": [{"path": "Organization.name", "min": 1}]}
    });
    let mut builder = LibraryBuilder::new();
    builder.add_json("p.json", &profile.to_string());
    builder.add_json("named.json", &named.to_string());
    for (at, one) in beside.iter().enumerate() {
        builder.add_json(&format!("{at}.json"), &one.to_string());
    }
    let library = Arc::new(builder.build().0);
    let (validator, found) = Validator::build(&library, &Wanted::All, settings);
    if let Some(one) = found.iter().find(|d| d.id == "profile-slice-undecidable") {
        return Err(one.to_string().into());
    }
    let mut tree = Tree::new(Arc::clone(library.names()));
    let mut issues = Vec::new();
    fhir_json::read(message.to_string().into(), &mut tree, &mut issues);
    typing::type_tree(&mut tree, library.table(), &mut issues);
    let request = Request { profiles: &["urn:p"], version: None };
    validator.validate(&tree, &request, now(), &mut Memory::new(), &mut issues);
    let told = issues.iter().filter(|i| i.severity >= Severity::Error);
    let place = |n| Expression::new(&tree, library.table(), n).to_string();
    let told =
        told.map(|i| format!("{} at {}", i.kind.id, i.place.node.map(place).unwrap_or_default()));
    Ok(told.collect())
}

fn expect(differential: &Value, message: Value, told: &[&str]) -> Result<(), Failed> {
    let found = refused(differential.clone(), &message)?;
    match found == told {
        true => Ok(()),
        false => Err(format!("{message}: {found:?}, not {told:?}").into()),
    }
}

fn identifiers(systems: &[&str]) -> Value {
    let all: Vec<Value> =
        systems.iter().map(|s| json!({"system": format!("urn:{s}"), "value": "1"})).collect();
    json!({"resourceType": "Patient", "identifier": all})
}

/// Identifiers sliced by system into a (at most one) and b (at least one).
fn by_system(rules: &str, ordered: bool) -> Value {
    json!([
        {"path": "Patient.identifier", "slicing": {"rules": rules, "ordered": ordered,
            "discriminator": [{"type": "value", "path": "system"}]}},
        {"path": "Patient.identifier", "sliceName": "a", "max": "1"},
        {"path": "Patient.identifier.system", "fixedUri": "urn:a"},
        {"path": "Patient.identifier", "sliceName": "b", "min": 1},
        {"path": "Patient.identifier.system", "fixedUri": "urn:b"}
    ])
}

fn by_value() -> Result<(), Failed> {
    let closed = by_system("closed", true);
    expect(&closed, identifiers(&["a", "b"]), &[])?;
    expect(&closed, identifiers(&["a"]), &["profile-slice-required at Patient"])?;
    expect(&closed, identifiers(&["a", "a", "b"]), &["profile-slice-too-many at Patient"])?;
    expect(&closed, identifiers(&["b", "a"]), &["profile-slice-order at Patient.identifier[1]"])?;
    let others = ["profile-slice-closed at Patient.identifier[1]"];
    expect(&closed, identifiers(&["b", "c"]), &others)?;
    expect(&by_system("open", false), identifiers(&["c", "b", "a"]), &[])
}

fn at_end() -> Result<(), Failed> {
    let at_end = by_system("openAtEnd", false);
    expect(&at_end, identifiers(&["a", "b", "c"]), &[])?;
    let early = ["profile-slice-open-at-end at Patient.identifier[1]"];
    expect(&at_end, identifiers(&["c", "b"]), &early)?;
    let mut by_default = by_system("closed", false);
    if let Some(all) = by_default.as_array_mut() {
        all.push(json!({"path": "Patient.identifier", "sliceName": "@default"}));
        all.push(json!({"path": "Patient.identifier.use", "min": 1}));
    }
    expect(&by_default, identifiers(&["a", "b"]), &[])?;
    let lacking = ["profile-required at Patient.identifier[1]"];
    expect(&by_default, identifiers(&["b", "c"]), &lacking)
}

fn by_kind() -> Result<(), Failed> {
    let patient = |names: Value| json!({"resourceType": "Patient", "name": names});
    let by_pattern = json!([
        {"path": "Patient.maritalStatus.coding", "slicing": {"rules": "open",
            "discriminator": [{"type": "pattern", "path": "$this"}]}},
        {"path": "Patient.maritalStatus.coding", "sliceName": "own", "min": 1,
            "patternCoding": {"system": "urn:own"}}
    ]);
    let status = |system: &str| {
        json!({"resourceType": "Patient",
            "maritalStatus": {"coding": [{"system": system, "code": "x", "display": "X"}]}})
    };
    expect(&by_pattern, status("urn:own"), &[])?;
    let lacking = ["profile-slice-required at Patient.maritalStatus"];
    expect(&by_pattern, status("urn:other"), &lacking)?;
    let by_existence = json!([
        {"path": "Patient.name", "slicing": {"rules": "closed",
            "discriminator": [{"type": "exists", "path": "period"}]}},
        {"path": "Patient.name", "sliceName": "current", "max": "1"},
        {"path": "Patient.name.period", "max": "0"},
        {"path": "Patient.name", "sliceName": "earlier"},
        {"path": "Patient.name.period", "min": 1},
        {"path": "Patient.name.family", "min": 1}
    ]);
    let (now, then) = (json!({"text": "n"}), json!({"text": "t", "period": {"start": "2000"}}));
    expect(&by_existence, patient(json!([now])), &[])?;
    let two = ["profile-slice-too-many at Patient"];
    expect(&by_existence, patient(json!([now, now])), &two)?;
    expect(&by_existence, patient(json!([now, then])), &["profile-required at Patient.name[1]"])?;
    let by_type = json!([
        {"path": "Patient.deceased[x]", "slicing": {"rules": "closed",
            "discriminator": [{"type": "type", "path": "$this"}]}},
        {"path": "Patient.deceased[x]", "sliceName": "deceasedDateTime", "min": 1,
            "type": [{"code": "dateTime"}]}
    ]);
    expect(&by_type, json!({"resourceType": "Patient", "deceasedDateTime": "2020"}), &[])?;
    let wrong = refused(by_type, &json!({"resourceType": "Patient", "deceasedBoolean": true}))?;
    match wrong.iter().any(|told| told == "profile-slice-required at Patient") {
        true => Ok(()),
        false => Err(format!("{wrong:?}").into()),
    }
}

fn of_slices() -> Result<(), Failed> {
    let mut twice = by_system("open", false);
    if let Some(all) = twice.as_array_mut() {
        all[1]["slicing"] = json!({"rules": "closed",
            "discriminator": [{"type": "value", "path": "use"}]});
        all[1]["max"] = json!("*");
        all.insert(3, json!({"path": "Patient.identifier", "sliceName": "a/old", "max": "1"}));
        all.insert(4, json!({"path": "Patient.identifier.use", "fixedCode": "old", "min": 1}));
    }
    let patient = |uses: &[&str]| {
        let mut all = vec![json!({"system": "urn:b", "value": "1"})];
        all.extend(uses.iter().map(|u| json!({"system": "urn:a", "use": u, "value": "1"})));
        json!({"resourceType": "Patient", "identifier": all})
    };
    expect(&twice, patient(&["old"]), &[])?;
    expect(&twice, patient(&["old", "old"]), &["profile-slice-too-many at Patient"])?;
    // the slicing as a whole is open, that of the slice is not
    expect(&twice, patient(&["usual"]), &["profile-slice-closed at Patient.identifier[1]"])?;
    twice[1]["slicing"]["rules"] = json!("open");
    expect(&twice, patient(&["usual"]), &[])
}

fn by_profile() -> Result<(), Failed> {
    let by_profile = json!([
        {"path": "Patient.generalPractitioner", "slicing": {"rules": "open",
            "discriminator": [{"type": "profile", "path": "$this.resolve()"}]}},
        {"path": "Patient.generalPractitioner", "sliceName": "named", "min": 1,
            "type": [{"code": "Reference", "targetProfile": ["urn:named"]}]}
    ]);
    let patient = |organization: Value| {
        json!({"resourceType": "Patient", "contained": [organization],
            "generalPractitioner": [{"reference": "#o"}]})
    };
    let organization = |key: &str, value: Value| {
        let mut one = json!({"resourceType": "Organization", "id": "o"});
        one[key] = value;
        one
    };
    expect(&by_profile, patient(organization("name", json!("x"))), &[])?;
    let nameless = organization("identifier", json!([{"system": "urn:x", "value": "1"}]));
    expect(&by_profile, patient(nameless), &["profile-slice-required at Patient"])
}
