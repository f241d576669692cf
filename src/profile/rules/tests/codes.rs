//! Codes, systems, canonicals and extensions, on minimal messages.

use super::*;

fn coded(system: &str, code: &str, display: &str) -> Value {
    json!({"system": system, "code": code, "display": display})
}

#[test]
fn a_display_is_what_its_system_says() {
    const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
    let patient =
        |coding: Value| json!({"resourceType": "Patient", "maritalStatus": {"coding": [coding]}});
    let told = |code: &str, display: &str| refused(&patient(coded(MARITAL, code, display)));
    assert!(told("M", "Married").is_empty());
    assert!(told("M", "mARRied").is_empty());
    let wanted = ["profile-display at Patient.maritalStatus.coding[0].display"];
    for other in ["Divorced", "Married ", "Wed"] {
        assert_eq!(told("M", other), wanted, "{other}");
    }
    // what nobody knows has no words either
    assert!(refused(&patient(coded("http://a.b/CodeSystem/c", "M", "Wed"))).is_empty());
}

#[test]
fn a_value_set_is_no_system() {
    let set = "http://hl7.org/fhir/ValueSet/marital-status";
    let patient = json!({"resourceType": "Patient",
        "maritalStatus": {"coding": [coded(set, "M", "Married")]}});
    let wanted = ["profile-system-value-set at Patient.maritalStatus.coding[0].system"];
    assert_eq!(refused(&patient), wanted);
}

#[test]
fn uris_of_oids_and_uuids_begin_with_urn() {
    for (system, good) in [
        ("urn:oid:1.2.3", true),
        ("oid:1.2.3", false),
        ("uuid:c757873d-ec9a-4326-a141-556f43239520", false),
    ] {
        let patient = json!({"resourceType": "Patient", "identifier": [{"system": system}]});
        assert_eq!(refused(&patient).is_empty(), good, "{system}");
    }
}

#[test]
fn security_labels_are_a_set() {
    let label = |code: &str| json!({"system": "http://a.b/labels", "code": code});
    let patient = |second: &str| json!({"resourceType": "Patient", "meta": {"security": [label("a"), label(second)]}});
    assert!(refused(&patient("b")).is_empty());
    assert_eq!(refused(&patient("a")), ["profile-security-twice at Patient.meta.security[1]"]);
}

#[test]
fn parts_of_extensions_are_those_defined() {
    let patient = |part: &str| {
        json!({"resourceType": "Patient", "extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/patient-nationality",
            "extension": [{"url": part, "valueCodeableConcept": {"text": "x"}}]}]})
    };
    assert!(refused(&patient("code")).is_empty());
    let wanted = ["profile-extension-part at Patient.extension[0].extension[0]"];
    assert_eq!(refused(&patient("cod")), wanted);
}

#[test]
fn definitions_name_what_their_elements_ask_for() {
    let set = |include: Value| {
        json!({"resourceType": "ValueSet", "status": "draft", "url": "http://a.b/v",
            "compose": {"include": [include]}})
    };
    let gender = "http://hl7.org/fhir/administrative-gender";
    let good =
        json!({"system": gender, "valueSet": ["http://hl7.org/fhir/ValueSet/marital-status"]});
    assert!(refused(&set(good)).is_empty());
    let wanted = ["profile-canonical-kind at ValueSet.compose.include[0].valueSet[0]"];
    assert_eq!(refused(&set(json!({"valueSet": [gender]}))), wanted);
    let wanted = ["profile-canonical-relative at ValueSet.compose.include[0].system"];
    assert_eq!(refused(&set(json!({"system": "gender"}))), wanted);
    let mut relative = set(json!({"system": gender}));
    relative["url"] = "v".into();
    assert_eq!(refused(&relative), ["profile-canonical-relative at ValueSet.url"]);
}

#[test]
fn concept_maps_map_codes_of_their_systems() {
    let map = |code: &str, target: &str| {
        json!({"resourceType": "ConceptMap", "status": "draft", "group": [{
            "source": "http://hl7.org/fhir/administrative-gender",
            "target": "http://hl7.org/fhir/observation-status",
            "element": [{"code": code, "target": [{"code": target, "equivalence": "equal"}]}]}]})
    };
    assert!(refused(&map("male", "final")).is_empty());
    let wanted = [
        "profile-code-unknown at ConceptMap.group[0].element[0].code",
        "profile-code-unknown at ConceptMap.group[0].element[0].target[0].code",
    ];
    assert_eq!(refused(&map("man", "over")), wanted);
}

#[test]
fn a_type_s_own_definition_may_be_claimed() {
    let patient = |name: &str| {
        let claim = format!("http://hl7.org/fhir/StructureDefinition/{name}");
        refused(&json!({"resourceType": "Patient", "meta": {"profile": [claim]}}))
    };
    for good in ["Patient", "Patient|4.0.1", "DomainResource"] {
        assert!(patient(good).is_empty(), "{good}");
    }
    assert_eq!(patient("Observation"), ["profile-wrong-type at Patient"]);
    assert_eq!(patient("Patient|3.0.1"), ["profile-unknown at Patient.meta.profile[0]"]);
}

#[test]
fn a_narrative_in_json_says_its_namespace() {
    let patient =
        |div: &str| json!({"resourceType": "Patient", "text": {"status": "generated", "div": div}});
    assert!(refused(&patient("<div xmlns='http://www.w3.org/1999/xhtml'>x</div>")).is_empty());
    let wanted = ["profile-narrative-element at Patient.text.div"];
    assert_eq!(refused(&patient("<div>x</div>")), wanted);
}
