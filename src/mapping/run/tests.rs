//! What a run does, rule by rule.

use super::{Engine, IdSeed, Inputs, Limits, Memory};
use crate::mapping::bench::{World, compile, fml, letter_to, read, run, run_in, table};
use crate::tree::{NodeId, Tree};
use std::sync::Arc;

const HEAD: &str = r#"{"resourceType":"Letter","#;

/// The JSON that rules make of a letter as an Observation, without issues.
fn made(rules: &str, letter: &str) -> String {
    let ran = run(&letter_to("Observation", rules), &format!("{HEAD}{letter}}}"));
    assert_eq!(ran.ids(), Vec::<&str>::new(), "{:?}", ran.said);
    let body = ran.json.strip_prefix("{\"resourceType\":\"Observation\"").expect("a resource");
    body.trim_start_matches(',').to_owned()
}

#[test]
fn copies_are_deep_and_stay_escaped() {
    let map =
        fml("group g(source src : Patient, target tgt : PatientOut) { src.name -> tgt.name; \
         src.birthDate -> tgt.birthDate; src.deceased -> tgt.deceased; }");
    let source = r#"{"resourceType":"Patient","name":[{"family":"\u00c6\"x\n","given":["A",null],"_given":[null,{"extension":[{"url":"u","valueDecimal":1.10}]}]}],"birthDate":"1970-01","deceasedDateTime":"2020"}"#;
    assert_eq!(run(&map, source).json, source);
}

#[test]
fn a_choice_takes_its_values_type() {
    assert_eq!(
        made(
            "src.count as n -> tgt.value = create('Quantity') as q, q.value = n, q.unit = 'mg';",
            "\"count\":5"
        ),
        r#""valueQuantity":{"value":5,"unit":"mg"}}"#
    );
    assert_eq!(made("src.count as n -> tgt.value = n;", "\"count\":5"), r#""valueInteger":5}"#);
    assert_eq!(
        made("src.title as n -> tgt.value = n;", "\"title\":\"5\""),
        r#""valueString":"5"}"#
    );
    assert_eq!(
        made("src.count as n -> tgt.value = (n > 4);", "\"count\":5"),
        r#""valueBoolean":true}"#
    );
    assert_eq!(
        made(
            "src.sent as s -> tgt.value = create('dateTime') as v, v.value = dateOp(s, 'Europe/Copenhagen');",
            "\"sent\":\"2024-07-01T12:10\""
        ),
        r#""valueDateTime":"2024-07-01T12:10:00+02:00"}"#
    );
}

#[test]
fn list_modes_and_conditions() {
    let lines = r#""line":["a","b","c"]"#;
    let all =
        |mode: &str| made(&format!("src.line {mode} as l -> tgt.note as n, n.text = l;"), lines);
    let notes = |texts: &[&str]| {
        let notes: Vec<_> = texts.iter().map(|t| format!("{{\"text\":\"{t}\"}}")).collect();
        format!("\"note\":[{}]}}", notes.join(","))
    };
    assert_eq!(all(""), notes(&["a", "b", "c"]));
    assert_eq!(all("first"), notes(&["a"]));
    assert_eq!(all("last"), notes(&["c"]));
    assert_eq!(all("not_first"), notes(&["b", "c"]));
    assert_eq!(all("not_last"), notes(&["a", "b"]));
    let rules = "src.line first as l where l != 'a' -> tgt.note as n, n.text = l;";
    assert_eq!(made(rules, lines), notes(&["b"]));
    let rules = "src.title default ('none') as t -> tgt.note as n, n.text = t;";
    assert_eq!(made(rules, lines), notes(&["none"]));
    let rules = "src where line = \"a\" or line.count() = 3 -> tgt.note as n, n.text = 'x';";
    assert_eq!(made(rules, lines), notes(&["x"]));
}

#[test]
fn faults_of_the_message_are_located_issues() {
    let issue = |rules: &str, letter: &str, id: &str, text: &str| {
        let ran = run(&letter_to("Observation", rules), &format!("{HEAD}{letter}}}"));
        assert_eq!(ran.ids(), [id], "{rules}: {:?}", ran.said);
        assert!(ran.said[0].starts_with(text), "{:?}", ran.said);
        assert!(ran.said[0].contains("a.fml:10"), "{:?}", ran.said);
    };
    let lines = r#""line":["a","b"]"#;
    issue("src.line only_one as l;", lines, "map-only-one", "Letter.line[1]: ");
    issue("src.line check $this = 'a';", lines, "map-check-failed", "Letter.line[1]: ");
    issue("src.line 0..1 as l;", lines, "map-source-cardinality", "Letter: ");
    let title = r#""title":"x y""#;
    issue("src.title as t -> tgt.issued = t;", title, "map-conversion", "Letter.title: ");
    issue(
        "src.title as t -> tgt.value = cast(t, 'integer');",
        title,
        "map-conversion",
        "Letter.title: ",
    );
    issue("src.line as l -> tgt.status = l;", lines, "map-overwritten", "Letter.line[1]: ");
    let cut = "src.title as t -> tgt.id = truncate(t, 1);";
    issue(cut, title, "map-truncated", "Letter.title: ");
    issue("src.title log('look') -> tgt.status = 'final';", title, "map-log", "Letter.title: ");
    issue(
        "src.title as t -> tgt.status = translate(t, 'urn:stafett:directory/gln-to-sor', 'code');",
        title,
        "map-not-in-directory",
        "Letter.title: ",
    );
    issue(
        "src.title as t -> tgt.status = translate(t, 'urn:stafett:route/profiles', 'code');",
        title,
        "map-no-concept-map",
        "Letter.title: ",
    );
}

#[test]
fn no_issue_shows_a_value() {
    let rules = "src.title as t log(t) -> tgt.issued = t, tgt.value = cast(t, 'integer'), \
                 tgt.status = translate(t, 'urn:stafett:directory/gln-to-sor', 'code');\n\
                 src.title check (false);";
    let ran = run(&letter_to("Observation", rules), &format!("{HEAD}\"title\":\"zecret\"}}"));
    assert_eq!(ran.issues.len(), 4, "{:?}", ran.said);
    assert!(!ran.said.join(" ").contains("zecret"));
}

#[test]
fn codes_are_translated() {
    let head = "conceptmap \"c\" { prefix s = 'a' prefix t = 'b'  s:one == t:final }\n";
    let map = |output: &str| {
        fml(&format!(
            "{head}group g(source src : Letter, target tgt : Observation) {{ src.status as s -> {output}; }}"
        ))
    };
    let json = |output: &str, code: &str| {
        let ran = run(&map(output), &format!("{HEAD}\"status\":\"{code}\"}}"));
        (ran.json.replace("{\"resourceType\":\"Observation\"", ""), ran.ids())
    };
    let (made, ids) = json("tgt.status = translate(s, '#c', 'code')", "one");
    assert_eq!((made.as_str(), ids.len()), (r#","status":"final"}"#, 0));
    let (made, _) = json("tgt.code = translate(s, '#c', 'CodeableConcept')", "one");
    assert_eq!(made, r#","code":{"coding":[{"system":"b","code":"final"}]}}"#);
    let (made, _) = json("tgt.code = translate(s, '#c')", "one");
    assert_eq!(made, r#","code":{"coding":[{"system":"b","code":"final"}]}}"#);
    let (made, ids) = json("tgt.status = translate(s, '#c', 'code')", "two");
    assert_eq!((made.as_str(), ids), ("}", vec!["map-no-translation"]));
    let (made, ids) = json("tgt.status = translate(s, '#c', 'code', 'optional')", "two");
    assert_eq!((made.as_str(), ids.len()), ("}", 0));
    let (made, _) = json(
        "translate('5790000120400', 'urn:stafett:directory/gln-to-sor', 'code') as x, tgt.id = x",
        "one",
    );
    assert_eq!(made, r#","id":"441"}"#);
}

#[test]
fn datatypes_are_made_of_parts() {
    let title = r#""title":"T""#;
    let part = |rules: &str| made(&format!("src.title as t -> {rules};"), title);
    assert_eq!(part("tgt.code = cc(t)"), r#""code":{"text":"T"}}"#);
    assert_eq!(
        part("tgt.code = cc('s', t, 'd')"),
        r#""code":{"coding":[{"system":"s","code":"T","display":"d"}]}}"#
    );
    assert_eq!(part("tgt.value = qty('5 mg')"), r#""valueQuantity":{"value":5,"unit":"mg"}}"#);
    assert_eq!(
        part("tgt.identifier = id('s', t)"),
        r#""identifier":[{"system":"s","value":"T"}]}"#
    );
    assert_eq!(part("tgt.value = (1.5 'mg')"), r#""valueQuantity":{"value":1.5,"unit":"mg"}}"#);
    assert_eq!(
        part("tgt.note as n, n.text = append('a-', t, (1 + 1))"),
        r#""note":[{"text":"a-T2"}]}"#
    );
}

#[test]
fn ids_are_the_same_again_and_other_elsewhere() {
    let rules = "src.line as l -> tgt.note as n, n.text = uuid();\nsrc -> tgt.id = uuid('k', src.title);\n\
                 src -> tgt.identifier as i, i.value = uuid('k', src.title);";
    let letter = format!("{HEAD}\"title\":\"x\",\"line\":[\"a\",\"b\"]}}");
    let at = |destination: &str| {
        run_in(
            &letter_to("Observation", rules),
            &letter,
            &World::default(),
            Limits::default(),
            destination,
        )
        .json
    };
    assert_eq!(at("here"), at("here"));
    assert_ne!(at("here"), at("there"));
    let json = at("here");
    let ids: Vec<_> = json.split('"').filter(|part| part.len() == 36).collect();
    assert_eq!(ids.len(), 4, "{json}");
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[2], ids[3]);
}

#[test]
fn groups_share_extend_and_are_chosen_by_type() {
    let map = fml("group g(source src : Letter, target tgt : Observation) extends base {\n\
         src.part as p where key = 'a' -> tgt.component as c share one then fill(p, c);\n\
         src.part as p where key = 'b' -> tgt.component as c share one, c.id = 'shared';\n}\n\
         group base(source src : Letter, target tgt : Observation) { src.title as t -> tgt.id = t; }\n\
         group fill(source p, target c) { p.text as t -> c.code as code then { p -> code.text = t; }; }");
    let letter = format!(
        "{HEAD}\"title\":\"x\",\"part\":[{{\"key\":\"a\",\"text\":\"T\"}},{{\"key\":\"b\"}}]}}"
    );
    let ran = run(&map, &letter);
    assert_eq!(
        ran.json,
        r#"{"resourceType":"Observation","id":"x","component":[{"id":"shared","code":{"text":"T"}}]}"#
    );
    let map =
        fml("group g(source src : Letter, target tgt : Observation) { src.title -> tgt.code; }\n\
         group text(source s : string, target t : CodeableConcept) <<types>> { s -> t.text = s; }");
    assert_eq!(run(&map, &letter).json, r#"{"resourceType":"Observation","code":{"text":"x"}}"#);
}

#[test]
fn references_name_their_resource_and_give_it_an_id() {
    let map =
        fml("uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias Bundle as target\n\
         group g(source src : Letter, target tgt : Bundle) {\n\
         src -> tgt.entry as e, e.resource = create('Patient') as p, p.id = 'p1' then {\n\
         src -> tgt.entry as f, f.resource = create('Observation') as o, o.subject as s, \
         s.reference = reference(p), f.fullUrl = pointer(o); }; }");
    let json = run(&map, &format!("{HEAD}\"title\":\"x\"}}")).json;
    assert!(json.contains(r#""subject":{"reference":"Patient/p1"}"#), "{json}");
    let id = json.split("urn:uuid:").nth(1).and_then(|rest| rest.get(..36)).expect("a pointer");
    assert!(json.contains(&format!("\"resourceType\":\"Observation\",\"id\":\"{id}\"")), "{json}");
}

#[test]
fn a_routes_default_is_said_each_time() {
    let rules = "src.line as l -> tgt.note as n, n.text = (%route.topic);";
    let ran = run(&letter_to("Observation", rules), &format!("{HEAD}\"line\":[\"a\",\"b\"]}}"));
    assert_eq!(ran.ids(), ["map-default-used", "map-default-used"]);
    assert!(ran.json.contains("weather"));
    let map = letter_to("Observation", rules).replace("topic", "other");
    let ran = run(&map, &format!("{HEAD}\"line\":[\"a\"]}}"));
    assert_eq!(ran.ids(), ["map-no-parameter"]);
}

#[test]
fn what_is_not_read_is_said_unless_declared() {
    let rules = "src.title as t -> tgt.id = 'x';\nsrc.status log('dropped: no place') \"s\";\n\
                 src.part first as p -> tgt.code as c, c.text = (p.key);";
    let letter = format!(
        "{HEAD}\"title\":\"t\",\"status\":\"s\",\"count\":1,\"part\":[{{\"key\":\"k\",\"text\":\"t\"}},{{\"key\":\"l\",\"text\":\"u\"}}]}}"
    );
    let ran = run(&letter_to("Observation", rules), &letter);
    let dropped: Vec<_> =
        ran.said.iter().map(|s| s.split(": ").next().unwrap_or_default()).collect();
    let losses = ran.losses.expect("it ran");
    assert_eq!(losses.declared, 1);
    assert!(
        dropped.contains(&"Letter.title") && dropped.contains(&"Letter.count"),
        "{:?}",
        ran.said
    );
    assert!(dropped.contains(&"Letter.part[1]"), "{:?}", ran.said);
    assert!(!dropped.contains(&"Letter.status"), "{:?}", ran.said);
    assert_eq!(losses.read + losses.declared + losses.dropped, 7);
}

#[test]
fn every_limit_ends_in_its_own_failure() {
    let recursive = fml("group g(source src : Letter, target tgt : Observation) {\n\
                         src where (true) then g(src, tgt);\n}");
    let wide = letter_to(
        "Observation",
        "src.line as a then { src.line as b -> tgt.note as n, n.text = append(a, b); };",
    );
    let line = format!("\"{}\"", "x".repeat(50));
    let letter = format!("{HEAD}\"line\":[{}]}}", vec![line; 40].join(","));
    let fails = |map: &str, limits: Limits, what: &str| {
        let ran = run_in(map, &letter, &World::default(), limits, "here");
        let failure = ran.losses.expect_err("it should have stopped");
        assert_eq!(failure.issue.kind.id, "map-too-costly");
        assert!(failure.issue.text().contains(what), "{}", failure.issue.text());
    };
    let limits = Limits::default();
    fails(&recursive, limits, "200 levels");
    fails(&wide, Limits { steps: 1000, ..limits }, "1000 steps");
    fails(&wide, Limits { nodes: 500, ..limits }, "500 elements");
    fails(&wide, Limits { bytes: 5000, ..limits }, "5000 bytes");
    assert!(run(&wide, &letter).losses.is_ok());
}

#[test]
fn ids_of_many_items_differ_and_stay() {
    let map = letter_to("Observation", "src.line as a -> tgt.note as n, n.text = uuid();");
    let lines: Vec<String> = (0..300).map(|n| format!("\"{n}\"")).collect();
    let letter = format!("{HEAD}\"line\":[{}]}}", lines.join(","));
    let (first, second) = (run(&map, &letter), run(&map, &letter));
    assert_eq!(first.json, second.json);
    let mut ids: Vec<&str> = first.json.split("\"text\":\"").skip(1).map(|t| &t[..36]).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 300);
}

/// Writes down what it is told.
#[derive(Default)]
struct Notes(Vec<String>);

impl crate::mapping::Trace for Notes {
    fn fired(&mut self, rule: usize, item: Option<crate::mapping::At>) {
        self.0.push(format!("{rule} fires for {:?}", item.map(|at| at.node.0)));
    }

    fn passed(&mut self, rule: usize, item: Option<crate::mapping::At>, why: crate::mapping::Why) {
        self.0.push(format!("{rule} passes {:?}: {why:?}", item.map(|at| at.node.0)));
    }

    fn wrote(&mut self, rule: usize, node: NodeId, from: Option<crate::mapping::At>) {
        self.0.push(format!("{rule} writes {} from {:?}", node.0, from.map(|at| at.node.0)));
    }

    fn read(&mut self, rule: usize, node: crate::mapping::At, what_for: crate::mapping::Use) {
        self.0.push(format!("{rule} reads {}: {what_for:?}", node.node.0));
    }
}

#[test]
fn whoever_watches_is_told_what_was_written_from_where_and_what_was_passed_over() {
    let map = letter_to(
        "Patient",
        "src.title as t where t = 'x' -> tgt.gender = t;\n src.id as i -> tgt.id = i;\n \
         src.status -> tgt.language;",
    );
    let mut notes = Notes::default();
    let (plan, _) = compile(&map);
    let plan = plan.unwrap();
    let source = read(r#"{"resourceType":"Letter","title":"y","id":"a"}"#, plan.sources()[0]);
    let mut target = Tree::new(Arc::clone(table().names()));
    let inputs = Inputs {
        sources: &[&source],
        now: jiff::Timestamp::UNIX_EPOCH,
        engine: Engine::default(),
        parameters: &[],
        ids: IdSeed::default(),
        limits: Limits::default(),
    };
    let (mut memory, mut issues) = (Memory::new(), Vec::new());
    let ran = plan.run_traced(
        &inputs,
        &mut target,
        &World::default(),
        &mut memory,
        &mut issues,
        &mut notes,
    );
    assert!(ran.is_ok());
    assert_eq!(
        notes.0,
        [
            "0 reads 1: Condition",
            "0 passes Some(1): Condition",
            "1 fires for Some(2)",
            "1 writes 1 from Some(2)",
            "1 writes 1 from Some(2)",
            "1 reads 2: Output",
            "1 reads 2: Output",
            "2 passes Some(0): Absent",
        ]
    );
    assert_eq!(&*plan.rules()[1].path, "g/src.id -> .tgt.id");
    assert_eq!(memory.fate(&source, NodeId(2)), Some(crate::mapping::Fate::Read));
}

#[test]
fn a_message_of_another_model_is_an_issue_that_names_the_map() {
    let (plan, _) = compile(&letter_to("Basic", "src.id -> tgt.id;"));
    let source = read(r#"{"resourceType":"Basic","id":"p"}"#, table().find("Basic").unwrap());
    let mut target = Tree::new(Arc::clone(table().names()));
    let (mut memory, mut issues) = (Memory::new(), Vec::new());
    let sources = [&source];
    let (inputs, world) = (super::super::bench::plain(&sources), World::default());
    let ran = plan.unwrap().run(&inputs, &mut target, &world, &mut memory, &mut issues);
    assert!(ran.is_ok() && issues[0].refuses() && target.root().is_none());
    let text = "the message is no urn:letter, and the map urn:map translates nothing else";
    assert_eq!((issues[0].text(), issues[0].place.node), (text.to_owned(), Some(NodeId(0))));
}
