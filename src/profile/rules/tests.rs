//! The rules on minimal messages: what each tells, and where; and what they leave alone.

mod codes;

use crate::definitions::{Library, LibraryBuilder, typing};
use crate::format::{fhir_json, fhir_xml};
use crate::message::Severity;
use crate::profile::{Memory, Request, Settings, Validator, Wanted};
use crate::tree::{Expression, Tree};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

fn made() -> &'static (Arc<Library>, Validator) {
    static MADE: OnceLock<(Arc<Library>, Validator)> = OnceLock::new();
    MADE.get_or_init(|| {
        let library = Arc::new(LibraryBuilder::new().build().0);
        let wanted = Wanted::Profiles(Vec::new());
        let validator = Validator::build(&library, &wanted, &Settings::default()).0;
        (library, validator)
    })
}

/// What refuses a message: `id at expression`, without what is told of every message that is not whole.
fn refused(message: &Value) -> Vec<String> {
    refused_text(message.to_string())
}

fn refused_text(text: String) -> Vec<String> {
    let (library, validator) = made();
    let mut issues = Vec::new();
    let mut tree = Tree::new(Arc::clone(library.names()));
    match text.starts_with('<') {
        true => fhir_xml::read(text.into(), &mut tree, &mut issues),
        false => fhir_json::read(text.into(), &mut tree, &mut issues),
    };
    typing::type_tree(&mut tree, library.table(), &mut issues);
    let now = "2026-11-25T12:00:00Z".parse().unwrap();
    validator.validate(&tree, &Request::default(), now, &mut Memory::new(), &mut issues);
    let told = issues.iter().filter(|i| i.severity >= Severity::Error);
    let told = told.filter(|i| !matches!(i.kind.id, "profile-required" | "profile-constraint"));
    let told = told.map(|i| {
        let place = i.place.node.map(|n| Expression::new(&tree, library.table(), n));
        let place = place.map(|p| p.list(i.place.list).to_string());
        format!("{} at {}", i.kind.id, place.unwrap_or_default())
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

fn bundle(kind: &str, entries: Value, links: Value) -> Value {
    let mut bundle = json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    if links.as_array().is_some_and(|l| !l.is_empty()) {
        bundle["link"] = links;
    }
    bundle
}

fn entry(url: &str, resource: Value) -> Value {
    json!({"fullUrl": url, "resource": resource})
}

fn narrative(inner: &str) -> Value {
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
    json!({"status": "generated", "div": div})
}

const UUIDS: [&str; 3] = [
    "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "urn:uuid:d757873d-ec9a-4326-a141-556f43239520",
    "urn:uuid:e757873d-ec9a-4326-a141-556f43239520",
];

#[test]
fn a_link_is_of_a_page_once() {
    let link = |relation: &str| json!({"relation": relation, "url": "http://a.b/c"});
    let patient = entry("http://a.b/Patient/1", json!({"resourceType": "Patient", "id": "1"}));
    let links = json!([link("self"), link("first"), link("first"), link("other"), link("other")]);
    let message = bundle("searchset", json!([patient]), links.clone());
    assert_eq!(refused(&message), ["profile-bundle-link-twice at Bundle.link[2]"]);
    let message = bundle("collection", json!([patient]), links);
    let wanted =
        ["1", "2"].map(|n| format!("profile-bundle-link-page at Bundle.link[{n}].relation"));
    assert_eq!(refused(&message), wanted);
}

#[test]
fn a_search_holds_what_its_modes_say() {
    let patient = json!({"resourceType": "Patient", "id": "1"});
    let with = |resource: &Value, mode: &str| json!({"fullUrl": "http://a.b/Patient/1", "resource": resource, "search": {"mode": mode}});
    let own = json!([{"relation": "self", "url": "http://a.b/Patient?name=x"}]);
    let good = bundle("searchset", json!([with(&patient, "match")]), own);
    assert!(refused(&good).is_empty());
    let own = json!([{"relation": "self", "url": "http://a.b/Device?name=x"}]);
    let entries = json!([with(&patient, "match"), {"fullUrl": "http://a.b/Patient/2",
        "search": {"mode": "match"}}]);
    let wanted = [
        "profile-search-no-resource at Bundle.entry[1]",
        "profile-search-type at Bundle.entry[0].resource",
    ];
    assert_eq!(refused(&bundle("searchset", entries, own)), wanted);
    let bad = bundle("searchset", json!([with(&patient, "outcome")]), json!([]));
    assert!(refused(&bad).contains(&"profile-search-type at Bundle.entry[0].resource".into()));
    let nameless = json!({"resourceType": "Patient", "active": true});
    for (mode, told) in [("match", true), ("include", true), ("outcome", false)] {
        let found = refused(&bundle("searchset", json!([with(&nameless, mode)]), json!([])));
        let missing = "profile-search-no-id at Bundle.entry[0].resource";
        assert_eq!(found.contains(&missing.into()), told, "{mode}: {found:?}");
    }
}

#[test]
fn a_document_holds_what_it_refers_to_and_nothing_else() {
    let patient = |id: &str| json!({"resourceType": "Patient", "id": id});
    let composition = |subject: &str| {
        json!({"resourceType": "Composition", "subject": {"reference": subject},
            "section": [{"title": "x", "entry": [{"reference": UUIDS[1]}]}]})
    };
    let document = |subject: &str| {
        let entries = json!([
            entry(UUIDS[0], composition(subject)),
            entry(UUIDS[1], patient("1")),
            entry(UUIDS[2], patient("2"))
        ]);
        bundle("document", entries, json!([]))
    };
    assert!(refused(&document(UUIDS[2])).is_empty());
    let orphan = "profile-document-orphan at Bundle.entry[2]";
    let subject = "Bundle.entry[0].resource.subject";
    assert_eq!(
        refused(&document("Patient/2")),
        [orphan.to_owned(), format!("profile-reference-by-id at {subject}")]
    );
    assert_eq!(
        refused(&document("http://a.b/Patient/2")),
        [orphan.to_owned(), format!("profile-reference-not-inside at {subject}")]
    );
}

#[test]
fn a_document_s_references_go_by_its_full_urls() {
    let patient = json!({"resourceType": "Patient", "id": "1"});
    let condition = json!({"resourceType": "Device", "patient": {"reference": "Patient/1"}});
    let composition = json!({"resourceType": "Composition", "subject": {"reference": UUIDS[1]},
        "section": [{"title": "x", "entry": [{"reference": UUIDS[2]}]}]});
    let entries =
        json!([entry(UUIDS[0], composition), entry(UUIDS[1], patient), entry(UUIDS[2], condition)]);
    let mut document = bundle("document", entries.clone(), json!([]));
    let wanted = ["profile-reference-by-id at Bundle.entry[2].resource.patient"];
    assert_eq!(refused(&document), wanted);
    document["type"] = "collection".into();
    assert!(refused(&document).is_empty());
}

#[test]
fn a_message_s_references_go_by_its_full_urls() {
    let header = json!({"resourceType": "MessageHeader", "focus": [{"reference": UUIDS[2]}]});
    let patient = json!({"resourceType": "Patient", "id": "1"});
    let device = json!({"resourceType": "Device", "patient": {"reference": "Patient/1"}});
    let entries =
        json!([entry(UUIDS[0], header), entry(UUIDS[1], patient), entry(UUIDS[2], device)]);
    let mut message = bundle("message", entries, json!([]));
    let wanted = ["profile-reference-by-id at Bundle.entry[2].resource.patient"];
    assert_eq!(refused(&message), wanted);
    message["entry"][2]["resource"]["patient"]["reference"] = UUIDS[1].into();
    assert!(refused(&message).is_empty());
    // the Bundle itself has no fullUrl by which its own references could be completed
    message["signature"] = json!({"who": {"reference": "Patient/1"}});
    assert!(refused(&message).is_empty());
}

#[test]
fn a_document_has_its_style_sheet() {
    let composition = json!({"resourceType": "Composition", "title": "x"});
    let sheet = json!({"resourceType": "Binary", "id": "s", "contentType": "text/css"});
    let base = "http://a.b/Composition/c";
    let mut composition = entry(base, composition);
    composition["resource"]["id"] = "c".into();
    let link = |to: &str| json!([{"relation": "stylesheet", "url": to}]);
    let entries = json!([composition, entry("http://a.b/Binary/s", sheet)]);
    assert!(refused(&bundle("document", entries.clone(), link("Binary/s"))).is_empty());
    let alone = json!([composition]);
    assert!(refused(&bundle("document", alone.clone(), link("http://a.b/s.css"))).is_empty());
    let wanted = ["profile-bundle-style-sheet at Bundle.link[0].url"];
    assert_eq!(refused(&bundle("document", alone.clone(), link("Binary/s"))), wanted);
    assert!(refused(&bundle("collection", alone, link("Binary/s"))).is_empty());
}

#[test]
fn what_leads_to_the_document_is_no_orphan() {
    let back = json!({"resourceType": "Provenance", "target": [{"reference": UUIDS[0]}]});
    let composition = json!({"resourceType": "Composition", "title": "x"});
    let entries = json!([entry(UUIDS[0], composition), entry(UUIDS[1], back)]);
    assert!(refused(&bundle("document", entries, json!([]))).is_empty());
}

#[test]
fn a_message_header_refers_to_what_is_there() {
    let header = |focus: &str| {
        let header = json!({"resourceType": "MessageHeader", "focus": [{"reference": focus}]});
        let patient = json!({"resourceType": "Patient", "id": "1"});
        let entries = json!([entry(UUIDS[0], header), entry(UUIDS[1], patient)]);
        bundle("message", entries, json!([]))
    };
    assert!(refused(&header(UUIDS[1])).is_empty());
    let wanted = ["profile-reference-not-inside at Bundle.entry[0].resource.focus[0]"];
    assert_eq!(refused(&header(UUIDS[2])), wanted);
}

#[test]
fn references_lead_to_one_entry_of_their_type() {
    let link = |to: &str| json!([{"type": "seealso", "other": {"reference": to}}]);
    let version = |n: &str| json!({"resourceType": "Patient", "id": "2", "meta": {"versionId": n}});
    let message = |to: &str| {
        let first = json!({"resourceType": "Patient", "id": "1", "link": link(to)});
        let same = "http://a.b/Patient/2";
        let entries = json!([
            entry("http://a.b/Patient/1", first),
            entry(same, version("1")),
            entry(same, version("2")),
            entry(UUIDS[0], json!({"resourceType": "Device", "id": "3"}))
        ]);
        bundle("collection", entries, json!([]))
    };
    let place = "Bundle.entry[0].resource.link[0].other";
    assert_eq!(refused(&message("Patient/2")), [format!("profile-reference-ambiguous at {place}")]);
    assert!(refused(&message("Patient/2/_history/2")).is_empty());
    let of_uuid = UUIDS[0].replace("urn:uuid:", "Patient/");
    assert_eq!(refused(&message(&of_uuid)), [format!("profile-reference-mismatch at {place}")]);
}

#[test]
fn a_server_s_address_names_a_resource_with_an_id() {
    let patient = entry("http://a.b/Patient/1", json!({"resourceType": "Patient", "active": true}));
    let message = bundle("collection", json!([patient]), json!([]));
    assert_eq!(refused(&message), ["profile-full-url-no-id at Bundle.entry[0]"]);
}

#[test]
fn a_reference_s_type_is_one() {
    let with = |kind: &str| {
        let other = json!({"reference": "http://a.b/Patient/1", "type": kind});
        json!({"resourceType": "Patient", "link": [{"type": "seealso", "other": other}]})
    };
    assert!(refused(&with("Patient")).is_empty());
    let wanted = ["profile-reference-type-unknown at Patient.link[0].other"];
    assert_eq!(refused(&with("patient")), wanted);
}

#[test]
fn a_fault_of_all_full_urls_is_told_once() {
    let patient = |id: &str| entry(id, json!({"resourceType": "Patient", "id": id}));
    let message = bundle("collection", json!([patient("a"), patient("b")]), json!([]));
    assert_eq!(refused(&message), ["profile-full-url-form at Bundle.entry[0]"]);
}

#[test]
fn a_narrative_links_to_what_is_there() {
    let patient = |inner: &str| {
        json!({"resourceType": "Patient", "id": "p", "text": narrative(inner),
            "name": [{"id": "n", "family": "x"}]})
    };
    for good in
        ["<a href=\"#n\">x</a>", "<a name=\"y\">x</a><a href='#y'>z</a>", "<a href=\"#p\">x</a>"]
    {
        assert!(refused(&patient(good)).is_empty(), "{good}");
    }
    for bad in [
        "<a href=\"#m\">x</a>",
        "<img src=\"#q\" alt=\"\"/>",
        "<a href=\"#n\">x</a><a href=\"#r\">x</a>",
    ] {
        assert_eq!(refused(&patient(bad)), ["profile-narrative-link at Patient.text.div"], "{bad}");
    }
    let other = json!({"resourceType": "Patient", "id": "m", "active": true});
    let entries = json!([
        entry("http://a.b/Patient/p", patient("<a href=\"#m\">x</a>")),
        entry("http://a.b/Patient/m", other)
    ]);
    assert!(refused(&bundle("collection", entries, json!([]))).is_empty());
}

#[test]
fn systems_and_canonicals_are_absolute() {
    let patient =
        |identifier: Value| json!({"resourceType": "Patient", "identifier": [identifier]});
    let good = json!({"system": "urn:ietf:rfc:3986", "value": UUIDS[0]});
    assert!(refused(&patient(good)).is_empty());
    let bad =
        json!({"system": "urn:ietf:rfc:3986", "value": "c757873d-ec9a-4326-a141-556f43239520"});
    let wanted = ["profile-identifier-no-uri at Patient.identifier[0].value"];
    assert_eq!(refused(&patient(bad)), wanted);
    let bad = json!({"system": "local", "value": "1", "type": {"coding": [{"system": "a/b", "code": "c"}]}});
    let wanted = [
        "profile-system-relative at Patient.identifier[0]",
        "profile-system-relative at Patient.identifier[0].type.coding[0]",
    ];
    assert_eq!(refused(&patient(bad)), wanted);
    let claims = json!({"resourceType": "Questionnaire", "status": "draft", "derivedFrom": ["Questionnaire/1"]});
    assert_eq!(refused(&claims), ["profile-canonical-relative at Questionnaire.derivedFrom[0]"]);
}

#[test]
fn xml_has_an_order() {
    let patient = |inner: &str| {
        refused_text(format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>"))
    };
    let extension = "<extension url=\"http://hl7.org/fhir/StructureDefinition/patient-religion\" id=\"a\">\
         <valueCodeableConcept><text value=\"x\"/></valueCodeableConcept></extension>";
    assert!(
        patient(&format!("{extension}<active value=\"true\"/><gender value=\"male\"/>")).is_empty()
    );
    let wanted = ["profile-out-of-order at Patient.active"];
    assert_eq!(patient("<gender value=\"male\"/><active value=\"true\"/>"), wanted);
}

#[test]
fn a_list_s_fault_is_told_of_the_list() {
    let told = |inner: &str| refused_text(format!("{{\"resourceType\":\"Patient\",{inner}}}"));
    assert_eq!(told(r#""name":[{"given":["a",]}]"#), ["json-comma at Patient.name[0].given"]);
    assert_eq!(told(r#""name":[{"given":["a", null]}]"#), ["json-null at Patient.name[0].given"]);
    assert_eq!(told(r#""name":[{"given":[]}]"#), ["json-empty-array at Patient.name[0].given"]);
    assert_eq!(told(r#""name":[{"family":"a",}]"#), ["json-comma at Patient.name[0]"]);
    assert_eq!(told(r#""none":1"#), ["typing-unknown-element at Patient"]);
}
