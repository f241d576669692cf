//! Styles of writing maps that public sets have: each was met in one, and is written anew here.

use super::bench::table;
use super::lenient::run;
use super::{Materials, Plans, parse, print};

const PATIENT: &str = "uses \"http://hl7.org/fhir/StructureDefinition/Patient\" as source\n\
    uses \"http://hl7.org/fhir/StructureDefinition/Patient\" as target\n";

fn map(head: &str, rules: &str) -> String {
    format!("/// url = 'urn:x/styles'\n{head}{rules}")
}

fn whole(text: &str) -> Vec<String> {
    let (map, faults) = parse("styles.fml", text);
    assert_eq!(faults, []);
    let materials = Materials { table: table(), concepts: &[] };
    let (_, said) = Plans::build_lenient(&[map], &materials);
    said.iter().filter(|one| one.refuses()).map(ToString::to_string).collect()
}

#[test]
fn several_elements_in_one_rule() {
    let rules = "group g(source a : Patient, target b : Patient) {\n\
        a -> b: id, active,\n   gender \"plain\";\n a -> b: name }\n";
    let text = map(PATIENT, rules);
    let source = r#"{"resourceType":"Patient","id":"p","active":true,"name":[{"family":"A"}],"gender":"male"}"#;
    let (json, issues) = run(&[&text], source);
    assert_eq!(issues, Vec::<String>::new());
    assert_eq!(json, source);
    let printed = print(&parse("a.fml", &text).0);
    assert!(printed.contains("a.active -> b.active \"plain\";"), "{printed}");
    assert_eq!(print(&parse("b.fml", &printed).0), printed);
}

#[test]
fn aliases_in_any_quotes() {
    let head = "uses 'http://hl7.org/fhir/StructureDefinition/Patient' alias 'anybody' as source\n\
        uses \"http://hl7.org/fhir/StructureDefinition/Basic\" alias 'A Thing' as target\n";
    let text = map(head, "group g(source a : anybody, target b : 'A Thing') { a.id -> b.id 'q'; }");
    assert_eq!(whole(&text), Vec::<String>::new());
    let (json, _) = run(&[&text], r#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(json, r#"{"resourceType":"Basic","id":"p"}"#);
}

#[test]
fn a_resource_made_apart_and_put_in_later() {
    let head = "uses \"http://hl7.org/fhir/StructureDefinition/Patient\" as source\n\
        uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" as target\n\
        uses \"http://hl7.org/fhir/StructureDefinition/Basic\" as produced\n";
    let rules = "group g(source a : Patient, target b : Bundle) {\n\
        a -> create('Basic') as made, b.entry as entry then {\n\
          a -> entry.resource = made 'in';\n\
          a.id as id -> made.id = id, made.language = 'da' 'later';\n\
        } 'all';\n}";
    let (json, issues) = run(&[&map(head, rules)], r#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(issues, Vec::<String>::new());
    let wanted = r#"[{"resource":{"resourceType":"Basic","id":"p","language":"da"}}]"#;
    assert!(json.contains(wanted), "{json}");
}

#[test]
fn dates_in_their_own_order() {
    let rules = "group g(source a : Patient, target b : Patient) {\n\
        a.id as v -> b.birthDate = toDate(v, 'yyyyMMdd'), b.deceased = toDateTime(v, 'yyyyMMdd');\n\
        a.language as l -> b.extension as e, e.url = 'urn:t', e.value = toTime(l, 'HHmm');\n\
        a.implicitRules as u -> b.meta as m, m.lastUpdated = unixToDateTime(u);\n\
        a.birthDate as d -> b.contact as c, c.period as p, p.start = dateOp(d), p.end = dateOp(d, 'yyyy-MM-dd');\n}";
    let source = r#"{"resourceType":"Patient","id":"20240229","implicitRules":"1719828300","language":"1205","birthDate":"1970-01-02"}"#;
    let (json, issues) = run(&[&map(PATIENT, rules)], source);
    assert_eq!(issues, Vec::<String>::new());
    for piece in [
        r#""birthDate":"2024-02-29""#,
        r#""deceasedDateTime":"2024-02-29""#,
        r#""valueTime":"12:05:00""#,
        r#""lastUpdated":"2024-07-01T10:05:00Z""#,
        r#""period":{"start":"1970-01-02","end":"1970-01-02"}"#,
    ] {
        assert!(json.contains(piece), "{piece} in {json}");
    }
    let (_, issues) = run(&[&map(PATIENT, rules)], r#"{"resourceType":"Patient","id":"x1"}"#);
    assert_eq!(issues.len(), 2, "{issues:#?}");
    let wrong = "group g(source a : Patient, target b : Patient) { a.id as v -> b.birthDate = toDate(v, 'yy'); }";
    assert!(whole(&map(PATIENT, wrong))[0].contains("[map-wrong-type]"));
}

#[test]
fn a_version_with_the_same_types() {
    let head = "uses \"http://hl7.org/fhir/4.3/StructureDefinition/Patient\" alias P as source\n\
        uses \"http://hl7.org/fhir/4.3/StructureDefinition/Bundle\" alias B as target\n";
    let rules = "group g(source a : P, target b : B) {\n\
        a -> b.id = 'x', b.id as own, b.entry as e, e.fullUrl = append('urn:', own), \
          e.resource = create('P') as made, made.id = 'y';\n}";
    let head = format!(
        "{head}uses \"http://hl7.org/fhir/4.3/StructureDefinition/Patient\" alias P as produced\n"
    );
    let (json, issues) = run(&[&map(&head, rules)], r#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(issues, Vec::<String>::new());
    let wanted = r#"{"resourceType":"Bundle","id":"x","entry":[{"fullUrl":"urn:x","resource":{"resourceType":"Patient","id":"y"}}]}"#;
    assert_eq!(json, wanted);
}

#[test]
fn resources_of_a_version_that_nobody_has_loaded() {
    let head = "uses \"http://hl7.org/fhir/5.0/StructureDefinition/Patient\" alias P as source\n\
        uses \"http://hl7.org/fhir/5.0/StructureDefinition/Bundle\" alias B as target\n\
        uses \"http://hl7.org/fhir/5.0/StructureDefinition/NutritionIntake\" alias N as produced\n";
    let rules = "group g(source a : P, target b : B) {\n\
        a -> b.entry as e, e.resource = create('N') as made, made.id = uuid(), made.id as own, \
          e.fullUrl = append('urn:uuid:', own);\n}";
    let (json, issues) = run(&[&map(head, rules)], r#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(issues, Vec::<String>::new());
    assert!(json.contains(r#""resourceType":"NutritionIntake""#), "{json}");
    assert!(!json.contains(r#""id":["#), "{json}");
}

/// A name that FHIR has too is no FHIR type where it stands among models of which not all are at hand.
#[test]
fn names_on_the_side_of_other_models() {
    let head = "uses \"http://example.org/cda/StructureDefinition/Document\" alias Document as source\n\
        uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias Bundle as target\n\
        uses \"http://hl7.org/fhir/StructureDefinition/Observation\" alias Observation as produced\n";
    let rules = "group g(source a : Document, target b : Bundle) {\n\
        a.entry as x -> b.entry as e, e.resource = create('Observation') as o then obs(x, o);\n}\n\
        group obs(source x : Observation, target o : Observation) {\n\
        x.statusCode as s where (code = 'completed') -> o.status = 'final';\n}";
    assert_eq!(whole(&map(head, rules)), Vec::<String>::new());
}

#[test]
fn one_alias_on_both_sides() {
    let head = "uses \"http://example.org/cda/StructureDefinition/Observation\" alias Observation as source\n\
        uses \"http://hl7.org/fhir/StructureDefinition/Observation\" alias Observation as target\n";
    let rules = "group g(source x : Observation, target o : Observation) {\n\
        x.statusCode -> o.status = 'final';\n}";
    assert_eq!(whole(&map(head, rules)), Vec::<String>::new());
    let wrong =
        "group g(source x : Observation, target o : Observation) { x -> o.statusCode = 'final'; }";
    assert!(whole(&map(head, wrong))[0].contains("[map-unknown-element]"));
}
