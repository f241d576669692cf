//! What a faulty profile is told at load: the element, and why; and that what is not checked is said so.

use crate::definitions::{LibraryBuilder, typing};
use crate::format::fhir_json;
use crate::message::{Checked, Diagnostic};
use crate::profile::{Memory, Request, Settings, Validator, Wanted};
use crate::tree::Tree;
use serde_json::{Value, json};
use std::sync::Arc;

/// Loads a profile on Patient with these elements, as snapshot where it is whole already; what is told of it.
fn load(
    view: &str,
    elements: &Value,
) -> (Arc<crate::definitions::Library>, Validator, Vec<Diagnostic>) {
    let profile = json!({
        "resourceType": "StructureDefinition", "url": "urn:p", "name": "P", "status": "draft",
        "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        view: {"element": elements}
    });
    let mut builder = LibraryBuilder::new();
    builder.add_json("p.json", &profile.to_string());
    let (library, mut found) = builder.build();
    let library = Arc::new(library);
    let (validator, more) = Validator::build(&library, &Wanted::All, &Settings::default());
    found.extend(more.into_iter().filter(|one| one.origin.file.starts_with("urn:p")));
    (library, validator, found)
}

/// (view, elements, id, where, part of what is said)
fn cases() -> Vec<(&'static str, Value, &'static str, &'static str, &'static str)> {
    let root = json!({"id": "Patient", "path": "Patient", "min": 0, "max": "*"});
    let with = |constraint: &str| {
        json!([{"path": "Patient.name", "constraint": [
            {"key": "p-1", "severity": "error", "human": "h", "expression": constraint}]}])
    };
    vec![
        (
            "snapshot",
            json!([root, {"id": "Patient.nam", "path": "Patient.nam", "min": 1, "max": "1"}]),
            "profile-element",
            "urn:p#Patient.nam",
            "no element `nam`",
        ),
        (
            "differential",
            json!([{"path": "Patient.nam", "min": 1}]),
            "definitions-no-snapshot",
            "p.json",
            "at Patient.nam: there is no element `nam`",
        ),
        (
            "differential",
            json!([{"path": "Patient.identifier", "slicing": {"rules": "open",
                        "discriminator": [{"type": "value", "path": "system"}]}},
                    {"path": "Patient.identifier", "sliceName": "a", "min": 1}]),
            "profile-slice-undecidable",
            "urn:p#Patient.identifier:a",
            "nothing tells which items belong to the slice",
        ),
        ("differential", with("(text"), "profile-invariant", "urn:p#Patient.name", "p-1"),
        (
            "differential",
            with("sibling.exists()"),
            "profile-invariant",
            "urn:p#Patient.name",
            "sibling",
        ),
        (
            "differential",
            with("text.matches('^a|b$')"),
            "profile-loose-pattern",
            "urn:p#Patient.name",
            "p-1",
        ),
    ]
}

#[test]
fn a_faulty_profile_is_told_with_its_element_and_why() {
    for (view, elements, id, place, said) in cases() {
        let (_, _, found) = load(view, &elements);
        let one = found.iter().find(|one| one.id == id);
        let one = one.unwrap_or_else(|| panic!("no {id}: {found:?}"));
        assert!(one.origin.file.ends_with(place), "{id}: {one}");
        assert!(one.to_string().contains(said), "{id}: {one}");
    }
}

/// What cannot be made at all keeps a configuration from becoming active; the rest does not.
#[test]
fn only_a_profile_without_snapshot_refuses_to_load() {
    for (view, elements, id, ..) in cases() {
        let (_, _, found) = load(view, &elements);
        let refuses = found.iter().any(Diagnostic::refuses);
        assert_eq!(refuses, id == "definitions-no-snapshot", "{id}: {found:?}");
    }
}

#[test]
fn an_invariant_that_cannot_be_compiled_is_not_checked_and_says_so() {
    let (_, elements, ..) = cases().swap_remove(3);
    let (library, validator, _) = load("differential", &elements);
    let mut tree = Tree::new(Arc::clone(library.names()));
    let mut issues = Vec::new();
    let patient = json!({"resourceType": "Patient", "name": [{"text": "x"}]});
    fhir_json::read(patient.to_string().into(), &mut tree, &mut issues);
    typing::type_tree(&mut tree, library.table(), &mut issues);
    let request = Request { profiles: &["urn:p"], version: None };
    let now = "2026-11-25T12:00:00Z".parse().unwrap();
    validator.validate(&tree, &request, now, &mut Memory::new(), &mut issues);
    let told: Vec<_> = issues.iter().filter(|i| i.checked == Checked::NotChecked).collect();
    assert!(told.len() == 1 && told[0].text().contains("p-1"), "{issues:?}");
}
