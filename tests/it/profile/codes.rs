//! Bindings to value sets of our own: what filters select, and the largest set of an extensible binding.

use super::slices::refused_with;
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::profile::Settings;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let one = |name: &'static str, run: fn() -> Result<(), Failed>| {
        trial(&format!("profile: codes, {name}"), Needs::Nothing, run)
    };
    vec![
        one("filters of value sets", filters),
        one("the largest set of a binding", largest),
        one("what is left out of a value set", excluded),
    ]
}

/// animal > (dog > puppy, cat), plant; of each how many legs it has.
fn system() -> Value {
    let legs = |count: &str| json!([{"code": "legs", "valueCode": count}]);
    json!({
        "resourceType": "CodeSystem", "url": "urn:kinds", "status": "active", "content": "complete",
        "hierarchyMeaning": "is-a", "property": [{"code": "legs", "type": "code"}],
        "concept": [
            {"code": "animal", "concept": [
                {"code": "dog", "property": legs("four"), "concept": [
                    {"code": "puppy", "property": legs("four")}]},
                {"code": "cat", "property": legs("four")},
                {"code": "duck", "property": legs("two")}]},
            {"code": "plant"}]
    })
}

fn set(url: &str, compose: Value) -> Value {
    json!({"resourceType": "ValueSet", "url": url, "status": "active", "compose": compose})
}

fn filtered(property: &str, op: &str, value: &str) -> Value {
    json!({"include": [{"system": "urn:kinds",
        "filter": [{"property": property, "op": op, "value": value}]}]})
}

fn coded(code: &str) -> Value {
    json!({"resourceType": "Patient", "maritalStatus":
        {"coding": [{"system": "urn:kinds", "code": code}]}})
}

/// Which of all codes a required binding to a compose lets through.
fn allowed(compose: &Value) -> Result<Vec<&'static str>, Failed> {
    let beside = [system(), set("urn:set", compose.clone())];
    let differential = json!([{"path": "Patient.maritalStatus",
        "binding": {"strength": "required", "valueSet": "urn:set"}}]);
    let mut good = Vec::new();
    for code in ["animal", "dog", "puppy", "cat", "duck", "plant", "stone"] {
        let settings = Settings::default();
        let told = refused_with("Patient", differential.clone(), &beside, &settings, &coded(code))?;
        if !told.iter().any(|t| t.starts_with("profile-binding-required")) {
            good.push(code);
        }
    }
    Ok(good)
}

fn expect(compose: &Value, wanted: &[&str]) -> Result<(), Failed> {
    let found = allowed(compose)?;
    match found == wanted {
        true => Ok(()),
        false => Err(format!("{compose}: {found:?}, not {wanted:?}").into()),
    }
}

fn filters() -> Result<(), Failed> {
    expect(&filtered("concept", "is-a", "dog"), &["dog", "puppy"])?;
    expect(&filtered("concept", "descendent-of", "animal"), &["dog", "puppy", "cat", "duck"])?;
    expect(&filtered("concept", "descendent-of", "cat"), &[])?;
    expect(&filtered("legs", "=", "four"), &["dog", "puppy", "cat"])?;
    expect(&filtered("code", "in", "cat,plant"), &["cat", "plant"])?;
    let both = json!({"include": [{"system": "urn:kinds", "filter": [
        {"property": "concept", "op": "descendent-of", "value": "animal"},
        {"property": "legs", "op": "=", "value": "two"}]}]});
    expect(&both, &["duck"])
}

fn excluded() -> Result<(), Failed> {
    let mut compose = filtered("concept", "is-a", "animal");
    compose["exclude"] = json!([{"system": "urn:kinds", "concept": [{"code": "dog"}]}]);
    expect(&compose, &["animal", "puppy", "cat", "duck"])
}

/// An extensible binding refuses nothing; what lies outside its largest set is refused all the same.
fn largest() -> Result<(), Failed> {
    let beside = [
        system(),
        set("urn:some", filtered("concept", "is-a", "dog")),
        set("urn:most", filtered("concept", "is-a", "animal")),
    ];
    let differential = json!([{"path": "Patient.maritalStatus", "binding": {
        "strength": "extensible", "valueSet": "urn:some", "extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet",
            "valueCanonical": "urn:most"}]}}]);
    for (code, told) in [
        ("puppy", &[][..]),
        ("cat", &[]),
        ("plant", &["profile-binding-max at Patient.maritalStatus"]),
    ] {
        let settings = Settings::default();
        let found =
            refused_with("Patient", differential.clone(), &beside, &settings, &coded(code))?;
        if found != told {
            return Err(format!("{code}: {found:?}, not {told:?}").into());
        }
    }
    Ok(())
}
