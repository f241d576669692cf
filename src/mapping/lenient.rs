//! Maps as they are published: models of other versions, variables of one name, groups that speak of their
//! children's variables, copies by the type an item turns out to have.

use super::bench::{World, plain, table};
use super::{Materials, Memory, Plans, parse};
use crate::definitions::typing::type_tree;
use crate::message::Diagnostic;
use crate::tree::Tree;
use std::sync::Arc;

fn plans(texts: &[&str]) -> (Plans, Vec<Diagnostic>) {
    let mut maps = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let (map, faults) = parse(&format!("{at}.fml"), text);
        assert_eq!(faults, [], "in {text}");
        maps.push(map);
    }
    Plans::build_lenient(&maps, &Materials { table: table(), concepts: &[] })
}

/// Runs the first map on a message, which is typed by its resource type if that is known.
pub(super) fn run(texts: &[&str], source: &str) -> (String, Vec<String>) {
    let (plans, said) = plans(texts);
    let errors: Vec<_> = said.iter().filter(|one| one.refuses()).map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut tree = Tree::new(Arc::clone(table().names()));
    let mut issues = Vec::new();
    assert!(crate::format::fhir_json::read(source.into(), &mut tree, &mut issues));
    type_tree(&mut tree, table(), &mut issues);
    issues.clear();
    let mut target = Tree::new(Arc::clone(table().names()));
    let (mut memory, world) = (Memory::new(), World::default());
    let ran = plans.all()[0].run(&plain(&[&tree]), &mut target, &world, &mut memory, &mut issues);
    ran.unwrap_or_else(|failure| panic!("{}", failure.issue.text()));
    let mut json = String::new();
    let root = target.root().expect("a root");
    crate::format::fhir_json::write(&target, table(), root, &mut json);
    let said = issues.iter().filter(|one| one.refuses()).map(|one| one.text()).collect();
    (json, said)
}

fn head(name: &str, from: &str, to: &str) -> String {
    format!(
        "/// url = \"urn:x/{name}4to5\"\n/// name = \"{name}4to5\"\n\
         uses \"http://hl7.org/fhir/{from}{name}\" alias {name}A as source\n\
         uses \"http://hl7.org/fhir/{to}{name}\" alias {name}B as target\nimports \"urn:x/*4to5\"\n"
    )
}

const R4: &str = "4.0/StructureDefinition/";
const R5: &str = "5.0/StructureDefinition/";

fn patient(from: &str, to: &str) -> Vec<String> {
    let patient = "group Patient(source src : PatientA, target tgt : PatientB) extends Element <<type+>> {\n\
        src.name -> tgt.name;\n src.active -> tgt.active;\n src.gender as v -> tgt.gender = v;\n\
        src.contact as s -> tgt.contact as t then Contact(s, t);\n\
        src.deceased : boolean as vs -> tgt.deceased = create('boolean') as vt then boolean(vs, vt) \"d-b\";\n\
        src.deceased : dateTime as vs -> tgt.deceased = create('dateTime') as vt then boolean(vs, vt);\n\
        src.contained : Resource -> tgt.contained \"c\";\n}\n\
        group Contact(source src, target tgt) { src.gender -> tgt.gender; src.name -> tgt.name; }";
    let name = "group HumanName(source src : HumanNameA, target tgt : HumanNameB) extends Element <<type+>> {\n\
        src.family as v -> tgt.family = append(v, '!'); src.given -> tgt.given; }";
    let element = "group Element(source src : ElementA, target tgt : ElementB) <<type+>> {\n\
        src.id -> tgt.id;\n src.extension -> tgt.extension; }";
    let boolean = "group boolean(source src : booleanA, target tgt : booleanB) extends Element <<type+>> {\n\
        src.value as v -> tgt.value = v \"b\"; }\n";
    let one = |kind: &str, rules: &str| format!("{}{rules}", head(kind, from, to));
    vec![
        one("Patient", patient),
        one("HumanName", name),
        one("Element", element),
        one("boolean", boolean),
    ]
}

const SOURCE: &str = r#"{"resourceType":"Patient","id":"p","active":true,"name":[{"family":"A","given":["b","c"]}],
    "gender":"male","deceasedBoolean":false,"contact":[{"name":{"family":"D"},"gender":"female"}],
    "contained":[{"resourceType":"Patient","id":"q","name":[{"family":"E"}]}]}"#;

#[test]
fn to_a_version_that_nobody_has_loaded() {
    let maps = patient(R4, R5);
    let texts: Vec<&str> = maps.iter().map(|m| &**m).collect();
    let (_, said) = plans(&texts);
    let models = said.iter().filter(|one| one.id == "map-unknown-model").count();
    assert_eq!(models, 3, "{said:#?}");
    let (json, issues) = run(&texts, SOURCE);
    assert_eq!(issues, Vec::<String>::new());
    for piece in [
        r#""resourceType":"Patient""#,
        r#""name":[{"family":"A!","given":["b","c"]}]"#,
        r#""active":true"#,
        r#""contact":[{"gender":"female","name":{"family":"D!"}}]"#,
        r#""contained":[{"resourceType":"Patient","id":"q","name":[{"family":"E!"}]}]"#,
        r#""deceasedBoolean":false"#,
    ] {
        assert!(json.contains(piece), "{piece} in {json}");
    }
}

#[test]
fn from_a_version_that_nobody_has_loaded() {
    for (from, to) in [(R5, R4), ("3.0/StructureDefinition/", R5)] {
        let maps = patient(from, to);
        let texts: Vec<&str> = maps.iter().map(|m| &**m).collect();
        let (json, issues) = run(&texts, SOURCE);
        assert_eq!(issues, Vec::<String>::new(), "{from}");
        for piece in
            [r#""family":"A!""#, r#""family":"D!""#, r#""family":"E!""#, r#""gender":"male""#]
        {
            assert!(json.contains(piece), "{from}: {piece} in {json}");
        }
    }
}

#[test]
fn a_node_wants_all_models() {
    let maps = patient(R4, R5);
    let maps: Vec<_> = maps.iter().map(|text| parse("a.fml", text).0).collect();
    let (plans, said) = Plans::build(&maps, &Materials { table: table(), concepts: &[] });
    assert!(said.iter().any(|one| one.refuses() && one.id == "map-unknown-model"));
    assert!(plans.find("urn:x/Patient4to5").is_none());
}

const BASIC: &str = "map 'u' = 'n'\nuses \"http://hl7.org/fhir/StructureDefinition/Patient\" alias Patient as source\n\
    uses \"http://hl7.org/fhir/StructureDefinition/Basic\" alias Basic as target\n";

#[test]
fn one_name_for_a_source_and_a_target() {
    let map = format!(
        "{BASIC}group g(source src : Patient, target tgt : Basic) {{\n\
         src.identifier as identifier -> tgt.identifier as identifier, identifier.use = 'old' then {{\n\
           identifier.value as value -> identifier.value = value;\n\
           identifier.system as s then h(identifier, identifier);\n }};\n}}\n\
         group h(source s, target t) {{ s.system as x -> t.system = x; }}"
    );
    let source = r#"{"resourceType":"Patient","identifier":[{"system":"urn:a","value":"1"}]}"#;
    let (json, issues) = run(&[&map], source);
    assert_eq!(issues, Vec::<String>::new());
    let wanted = r#""identifier":[{"use":"old","system":"urn:a","value":"1"}]"#;
    assert!(json.contains(wanted), "{json}");
}

#[test]
fn a_parent_without_parameters_speaks_of_its_childs_variables() {
    let map = format!(
        "{BASIC}group g(source source : Patient, target target : Basic) extends Any {{\n\
         source.gender as g -> target.code as c, c.text = g;\n}}\n\
         group Any() {{ source.id as i -> target.id = i; }}"
    );
    let source = r#"{"resourceType":"Patient","id":"p","gender":"male"}"#;
    let (json, _) = run(&[&map], source);
    assert_eq!(json, r#"{"resourceType":"Basic","id":"p","code":{"text":"male"}}"#);
}

#[test]
fn constants_paths_and_dashes() {
    let map = format!(
        "{BASIC}let sys = 'urn:a';\nlet both = %sys & ':b';\n\
         group g(source src : Patient, target tgt : Basic) {{\n\
         src.gender as g-1 -> tgt.code.text = g-1, tgt.identifier as i, i.system = sys, i.value = (both + 'x') rule-1;\n\
         src.active as a -> tgt.language = evaluate(iif($this, 'x', 'y'));\n}}"
    );
    let source = r#"{"resourceType":"Patient","gender":"male","active":true}"#;
    let (json, issues) = run(&[&map], source);
    assert_eq!(issues, Vec::<String>::new());
    for piece in [
        r#""code":{"text":"male"}"#,
        r#"[{"system":"urn:a","value":"urn:a:bx"}]"#,
        r#""language":"x""#,
    ] {
        assert!(json.contains(piece), "{piece} in {json}");
    }
}

#[test]
fn doubts_are_warnings_and_endless_recursion_is_an_error() {
    let map = format!(
        "{BASIC}group g(source src : Patient, target tgt : Basic) {{\n\
         src.name as n -> tgt.language = 'da';\n src.name as m -> tgt.code as c, c.text = 'x';\n\
         src where (false) -> tgt.id = 'x';\n src then r(src, tgt);\n}}\n\
         group lonely(source s, target t) {{ s -> t.id = 'x'; }}\n\
         group r(source s, target t) {{ s as same then r(same, t); }}\n\
         group fine(source s, target t) {{ s.part as p then fine(p, t); s where x then fine(s, t); }}"
    );
    let (_, said) = plans(&[&map]);
    let mut ids: Vec<_> = said.iter().map(|one| (one.id, one.origin.line)).collect();
    ids.dedup();
    assert_eq!(
        ids,
        [
            ("map-unused-variable", 5),
            ("map-past-maximum", 5),
            ("map-unused-variable", 6),
            ("map-unreachable", 7),
            ("map-unreachable", 10),
            ("map-recursion", 11),
        ],
        "{said:#?}"
    );
}

#[test]
fn two_groups_for_what_an_item_turns_out_to_be_are_an_issue() {
    let maps = [
        format!(
            "{BASIC}imports 'urn:a'\nimports 'urn:b'\ngroup g(source src : Patient, target tgt : Basic) {{\n\
             src.contained as c -> tgt.contained = c;\n}}"
        ),
        BASIC.replace("'u'", "'urn:a'")
            + "group a(source s : Patient, target t : Basic) <<types>> { s.id -> t.id; }",
        BASIC.replace("'u'", "'urn:b'")
            + "group b(source s : Patient, target t : Basic) <<types>> { s.id -> t.id; }",
    ];
    let texts: Vec<&str> = maps.iter().map(|m| &**m).collect();
    let source = r#"{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"q"}]}"#;
    let (json, issues) = run(&texts, source);
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert!(issues[0].contains("several groups are the rule for this Patient"), "{issues:?}");
    assert!(issues[0].contains("0.fml:7"), "{issues:?}");
    assert!(!json.contains("contained"), "{json}");
    let (json, issues) = run(&texts[..2], source);
    assert_eq!(issues, Vec::<String>::new());
    assert!(json.contains(r#"[{"resourceType":"Basic","id":"q"}]"#), "{json}");
}

#[test]
fn oids_become_canonicals() {
    let map = format!(
        "{BASIC}group g(source src : Patient, target tgt : Basic) {{\n\
         src.identifier as i -> tgt.identifier as o then {{\n\
         i.value as v -> o.system = translate(v, 'http://hl7.org/fhir/ConceptMap/special-oid2uri', 'uri'); }};\n}}"
    );
    let source = r#"{"resourceType":"Patient","identifier":[{"value":"2.16.840.1.113883.6.96"},{"value":"1.2"}]}"#;
    let (json, issues) = run(&[&map], source);
    assert_eq!(issues, Vec::<String>::new());
    let wanted = r#"[{"system":"http://snomed.info/sct"},{"system":"urn:oid:1.2"}]"#;
    assert!(json.contains(wanted), "{json}");
}
