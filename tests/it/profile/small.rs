//! What small profiles of our own ask beside slices, and what the settings make of it.

use super::slices::refused_by;
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::message::Severity;
use stafett::profile::{Examples, Settings};

/// The trials.
pub fn trials() -> Vec<Trial> {
    let one = |name: &'static str, run: fn() -> Result<(), Failed>| {
        trial(&format!("profile: small profiles, {name}"), Needs::Nothing, run)
    };
    vec![
        one("bounds in other units", units),
        one("bounds from now", moments),
        one("a faulty binding of R4 only where it is R4's", relaxed),
        one("ways of references outside Bundles", ways),
        one("profiles that are not loaded", missing),
        one("addresses of examples", examples),
    ]
}

/// Whether a message is told of just this under a profile.
fn expect(
    base: &str,
    differential: &Value,
    settings: &Settings,
    message: &Value,
    told: &[&str],
) -> Result<(), Failed> {
    let found = refused_by(base, differential.clone(), settings, message)?;
    match found == told {
        true => Ok(()),
        false => Err(format!("{message}: {found:?}, not {told:?}").into()),
    }
}

fn quantity(value: f64, code: &str) -> Value {
    json!({"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code})
}

fn observation(value: Value) -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "valueQuantity": value})
}

fn units() -> Result<(), Failed> {
    let bound = quantity(2.0, "m");
    let most = json!([{"path": "Observation.value[x]", "type": [{"code": "Quantity"}],
        "maxValueQuantity": bound, "minValueQuantity": quantity(1.0, "m")}]);
    let settings = Settings::default();
    let above = ["profile-max-value at Observation.value.ofType(Quantity)"];
    let below = ["profile-min-value at Observation.value.ofType(Quantity)"];
    for (value, code, told) in [
        (1.5, "m", &[][..]),
        (3.0, "m", &above[..]),
        (150.0, "cm", &[]),
        (201.0, "cm", &above),
        (99.0, "cm", &below),
        // what cannot be compared is not refused
        (900.0, "kg", &[]),
    ] {
        expect("Observation", &most, &settings, &observation(quantity(value, code)), told)?;
    }
    Ok(())
}

/// The date of the tests is some day of 2026.
fn moments() -> Result<(), Failed> {
    let living = json!([{"path": "Patient.birthDate", "minValueQuantity": quantity(150.0, "a"),
        "maxValueQuantity": quantity(1.0, "a")}]);
    let settings = Settings::default();
    let born = |date: &str| json!({"resourceType": "Patient", "birthDate": date});
    let told = |kind: &str| format!("profile-{kind}-value at Patient.birthDate");
    expect("Patient", &living, &settings, &born("1950-01-01"), &[])?;
    expect("Patient", &living, &settings, &born("1850-01-01"), &[&told("min")])?;
    expect("Patient", &living, &settings, &born("2100-01-01"), &[&told("max")])
}

fn relaxed() -> Result<(), Failed> {
    let of_sign = |code: &str| {
        json!({"resourceType": "Observation", "status": "final",
            "category": [{"coding": [{"code": "vital-signs",
                "system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
            "code": {"text": "x"}, "subject": {"display": "x"}, "effectiveDateTime": "2026-01-01",
            "component": [{"code": {"text": "flow"}, "valueQuantity": quantity(1.0, code)}]})
    };
    let settings = Settings::default();
    let nothing = json!([{"path": "Observation.subject", "min": 1}]);
    expect("vitalsigns", &nothing, &settings, &of_sign("L/min"), &[])?;
    let own = json!([{"path": "Observation.component.value[x]", "binding": {"strength": "required",
        "valueSet": "http://hl7.org/fhir/ValueSet/ucum-vitals-common"}}]);
    let place = "Observation.component[0].value.ofType(Quantity)";
    let told = format!("profile-binding-required at {place}");
    expect("Observation", &own, &settings, &of_sign("L/min"), &[&told])?;
    expect("Observation", &own, &settings, &of_sign("kg"), &[])
}

fn ways() -> Result<(), Failed> {
    let contained = json!([{"path": "Patient.managingOrganization", "type": [{"code": "Reference",
        "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Organization"],
        "aggregation": ["contained"]}]}]);
    let patient = json!({"resourceType": "Patient",
        "managingOrganization": {"reference": "http://a.b/Organization/1"}});
    let told = ["profile-reference-leaves at Patient.managingOrganization"];
    let settings = Settings::default();
    expect("Patient", &contained, &settings, &patient, &told)?;
    let settings = Settings { ways_outside_bundles: false, ..settings };
    expect("Patient", &contained, &settings, &patient, &[])
}

fn missing() -> Result<(), Failed> {
    let other = json!([{"path": "Patient.name", "type": [{"code": "HumanName",
        "profile": ["http://a.b/StructureDefinition/nobody-has-it"]}]}]);
    let patient = json!({"resourceType": "Patient", "name": [{"text": "x"}]});
    let settings = Settings::default();
    expect("Patient", &other, &settings, &patient, &[])?;
    let settings = Settings { missing_profile: Severity::Error, ..settings };
    expect("Patient", &other, &settings, &patient, &["profile-not-loaded at Patient.name[0]"])
}

fn examples() -> Result<(), Failed> {
    let nothing = json!([{"path": "Patient.identifier", "max": "5"}]);
    let with = |url: &str| {
        json!({"resourceType": "Patient", "identifier": [{"system": url, "value": "1"}],
            "extension": [{"url": format!("{url}/x"), "valueString": "x"}]})
    };
    let unknown = "profile-extension-unknown at Patient.extension[0]";
    let refused = "profile-example-url at Patient.identifier[0].system";
    let (example, other) = (with("http://example.org"), with("http://a.b"));
    let by = |examples| Settings { examples, ..Settings::default() };
    expect("Patient", &nothing, &by(Examples::AsOthers), &example, &[unknown])?;
    expect("Patient", &nothing, &by(Examples::Known), &example, &[])?;
    expect("Patient", &nothing, &by(Examples::Known), &other, &[unknown])?;
    let found = refused_by("Patient", nothing.clone(), &by(Examples::Refused), &example)?;
    if !found.iter().any(|told| told == refused) {
        return Err(format!("{found:?} without {refused}").into());
    }
    expect("Patient", &nothing, &by(Examples::Refused), &other, &[unknown])
}
