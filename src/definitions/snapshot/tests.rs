//! Snapshots of small definitions of our own, over the embedded core.

use super::super::{Library, LibraryBuilder, PackageId, Scope};
use crate::message::Diagnostic;

fn profile(url: &str, base: &str, type_name: &str, differential: &str) -> String {
    let base = match base.contains(':') {
        true => base.to_owned(),
        false => format!("http://hl7.org/fhir/StructureDefinition/{base}"),
    };
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"{url}","name":"P","kind":"resource","abstract":false,
        "type":"{type_name}","baseDefinition":"{base}","derivation":"constraint",
        "differential":{{"element":[{differential}]}}}}"#
    )
}

fn build(files: &[String]) -> (Library, Vec<Diagnostic>) {
    let mut builder = LibraryBuilder::new();
    for (at, file) in files.iter().enumerate() {
        builder.add_json(&format!("{at}.json"), file);
    }
    builder.build()
}

/// The ids of a snapshot's elements that begin so, each with min..max and its types.
fn shown(library: &Library, url: &str, under: &str) -> Vec<String> {
    let found = library.structure(url, Scope::of(PackageId::SUPPORT)).unwrap();
    let elements = found.definition.snapshot.iter().filter(|e| e.id.starts_with(under));
    elements
        .map(|e| {
            let max = e.max.unwrap();
            let max = if max == u32::MAX { "*".to_owned() } else { max.to_string() };
            let types: Vec<&str> = e.types.iter().map(|t| &*t.code).collect();
            format!("{} {}..{max} {}", e.id, e.min.unwrap(), types.join("|"))
        })
        .collect()
}

fn made(base: &str, differential: &str, under: &str) -> Vec<String> {
    let (library, diagnostics) = build(&[profile("urn:p", base, base, differential)]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    shown(&library, "urn:p", under)
}

#[test]
fn a_choice_is_narrowed_by_its_short_name() {
    let of = |path: &str| {
        let one =
            format!(r#"{{"path":"Observation.{path}","min":1,"type":[{{"code":"Quantity"}}]}}"#);
        made("Observation", &one, "Observation.value[x]")
    };
    let expected =
        ["Observation.value[x] 0..1 Quantity", "Observation.value[x]:valueQuantity 1..1 Quantity"];
    assert_eq!(of("valueQuantity"), expected);
}

#[test]
fn a_slice_is_sliced_again_after_its_kin() {
    let differential = r#"
        {"path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
        {"path":"Patient.identifier","sliceName":"a","max":"2","min":1,
         "slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"open"}},
        {"path":"Patient.identifier.value","min":1},
        {"path":"Patient.identifier","sliceName":"b"},
        {"path":"Patient.identifier","sliceName":"a/old","max":"1"}"#;
    let all = made("Patient", differential, "Patient.identifier");
    let slices: Vec<&str> =
        all.iter().filter(|s| s.contains("Identifier")).map(String::as_str).collect();
    let expected = [
        "Patient.identifier 0..* Identifier",
        "Patient.identifier:a 1..2 Identifier",
        "Patient.identifier:a/old 0..1 Identifier",
        "Patient.identifier:b 0..* Identifier",
    ];
    assert_eq!(slices, expected);
    assert!(all.contains(&"Patient.identifier:a.value 1..1 string".to_owned()), "{all:?}");
    assert!(all.contains(&"Patient.identifier:a/old.value 1..1 string".to_owned()), "{all:?}");
}

#[test]
fn datatypes_and_content_references_are_walked_into() {
    let name = made("Patient", r#"{"path":"Patient.name.family","min":1}"#, "Patient.name.f");
    assert_eq!(name, ["Patient.name.family 1..1 string"]);
    let link =
        made("Bundle", r#"{"path":"Bundle.entry.link.url","max":"0"}"#, "Bundle.entry.link.");
    assert!(link.contains(&"Bundle.entry.link.url 1..0 uri".to_owned()), "{link:?}");
}

#[test]
fn a_profiled_type_brings_its_own_elements() {
    let extension = profile(
        "urn:e",
        "Extension",
        "Extension",
        r#"{"path":"Extension.value[x]","min":1,"type":[{"code":"string"}]}"#,
    );
    let patient = profile(
        "urn:p",
        "Patient",
        "Patient",
        r#"{"path":"Patient.extension","sliceName":"e","type":[{"code":"Extension","profile":["urn:e"]}]},
           {"path":"Patient.extension.value[x]","fixedString":"x"}"#,
    );
    // whichever is added first
    for files in [[extension.clone(), patient.clone()], [patient, extension]] {
        let (library, diagnostics) = build(&files);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let value = shown(&library, "urn:p", "Patient.extension:e.value[x]");
        assert_eq!(value, ["Patient.extension:e.value[x] 1..1 string"]);
    }
}

#[test]
fn a_constraint_is_added_and_says_where_it_is_from() {
    let rule = r#"{"path":"Patient","constraint":[{"key":"p-1","severity":"error","human":"h"}]}"#;
    let (library, _) = build(&[profile("urn:p", "Patient", "Patient", rule)]);
    let found = library.structure("urn:p", Scope::of(PackageId::SUPPORT)).unwrap();
    let root = &found.definition.snapshot[0].constraints;
    let own = root.iter().find(|c| &*c.key == "p-1").unwrap();
    assert_eq!(own.source.as_deref(), Some("urn:p"));
    assert!(root.iter().any(|c| &*c.key == "dom-2"));
}

#[test]
fn a_model_adds_elements_of_its_own() {
    let model = r#"{"resourceType":"StructureDefinition","url":"urn:m","name":"M","kind":"logical","abstract":false,
        "type":"urn:m","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Base",
        "derivation":"specialization","differential":{"element":[{"path":"M"},
        {"path":"M.a","min":1,"max":"1","type":[{"code":"string"}]},{"path":"M.b.c","type":[{"code":"date"}]}]}}"#;
    let (library, diagnostics) = build(&[model.to_owned()]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(shown(&library, "urn:m", "M."), ["M.a 1..1 string", "M.b 0..* ", "M.b.c 0..* date"]);
    let table = library.table();
    let model = table.find("urn:m").unwrap();
    let b = table.child(model, table.names().find("b").unwrap()).unwrap();
    assert_eq!(&*table.type_of(b.type_id).name, "urn:m.b");
}

#[test]
fn where_it_is_unsure_it_makes_none_and_says_where() {
    let cases = [
        ("Patient", r#"{"path":"Patient.nam","min":1}"#, "Patient.nam: there is no element `nam`"),
        ("Patient", r#"{"path":"Patient.name","sliceName":"a"}"#, "says no slicing"),
        ("urn:absent", r#"{"path":"Patient.name"}"#, "its base urn:absent is not loaded"),
        ("urn:p", r#"{"path":"Patient.name"}"#, "urn:p has no snapshot"),
    ];
    for (base, differential, told) in cases {
        let (library, diagnostics) = build(&[profile("urn:p", base, "Patient", differential)]);
        let refused: Vec<String> =
            diagnostics.iter().filter(|d| d.refuses()).map(|d| d.to_string()).collect();
        assert!(refused.len() == 1 && refused[0].contains(told), "{told}: {refused:?}");
        assert_eq!(shown(&library, "urn:p", "").len(), 0);
    }
}

#[test]
fn an_element_of_another_definition_is_taken_over() {
    let slicing = r#"{"path":"Composition.section","slicing":{"rules":"open",
        "discriminator":[{"type":"pattern","path":"code"}]}}"#;
    let library = format!(
        r#"{slicing},{{"path":"Composition.section","sliceName":"a"}},
        {{"path":"Composition.section.code","min":1}},{{"path":"Composition.section.focus","min":1}}"#
    );
    let user = format!(
        r#"{slicing},{{"path":"Composition.section","sliceName":"mine","min":1,
        "type":[{{"code":"BackboneElement","profile":["urn:library"],"_profile":[{{"extension":[{{
        "url":"http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element",
        "valueString":"Composition.section:a"}}]}}]}}]}}"#
    );
    let files = [
        profile("urn:user", "Composition", "Composition", &user),
        profile("urn:library", "Composition", "Composition", &library),
    ];
    let (library, diagnostics) = build(&files);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let focus = shown(&library, "urn:user", "Composition.section:mine.focus");
    assert_eq!(focus, ["Composition.section:mine.focus 1..1 Reference"]);
}

#[test]
fn a_value_that_is_wanted_is_an_invariant() {
    let of = |extensions: &str| {
        let one = format!(r#"{{"path":"Patient.active","extension":[{extensions}]}}"#);
        let (library, _) = build(&[profile("urn:p", "Patient", "Patient", &one)]);
        let found = library.structure("urn:p", Scope::of(PackageId::SUPPORT)).unwrap();
        let active = found.definition.snapshot.iter().find(|e| &*e.path == "Patient.active");
        let all = active.unwrap().constraints.iter().filter(|c| c.key.contains("value"));
        all.filter_map(|c| c.expression.as_deref().map(str::to_owned)).collect::<Vec<_>>()
    };
    let url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition";
    let must = format!(r#"{{"url":"{url}.mustHaveValue","valueBoolean":true}}"#);
    assert_eq!(of(&must), ["hasValue()"]);
    let other = format!(r#"{{"url":"{url}.valueAlternatives","valueCanonical":"urn:x"}}"#);
    assert_eq!(of(&other), ["hasValue() or extension('urn:x').exists()"]);
}
