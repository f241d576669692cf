//! What is refused at load, where, and with which suggestion.

use crate::mapping::bench::{compile, fml, letter_to};

fn said(map: &str) -> Vec<String> {
    let (plan, said) = compile(map);
    assert_eq!(plan.is_none(), said.iter().any(|d| d.refuses()));
    said.iter().map(ToString::to_string).collect()
}

/// Rules that are refused with one error: its id, and a part of what follows.
fn refused(rules: &str, id: &str, text: &str) {
    let mut said = said(&letter_to("Observation", rules));
    said.retain(|one| one.contains("error["));
    assert!(!said.is_empty(), "accepted: {rules}");
    assert_eq!(said.len(), 1, "{rules}: {said:#?}");
    assert!(said[0].contains(&format!("error[{id}]")), "{rules}: {}", said[0]);
    assert!(said[0].contains(text), "{rules}: {}", said[0]);
}

#[test]
fn a_good_map_says_nothing() {
    let rules = "src.title as t where (t.length() > 2) -> tgt.code as c, c.text = t;\n\
                 src.count as n -> tgt.value = create('Quantity') as q, q.value = n;\n\
                 src.line as l -> tgt.note as note, note.text = (l & %route.topic);";
    assert_eq!(said(&letter_to("Observation", rules)), Vec::<String>::new());
}

#[test]
fn a_finding_has_file_line_column_and_a_suggestion() {
    let said = said(&letter_to("Observation", "src.titel -> tgt.status;"));
    assert_eq!(
        said,
        ["a.fml:10:5: error[map-unknown-element]: unknown element `titel` of urn:letter; \
          did you mean `title`?"]
    );
}

#[test]
fn names_nobody_knows() {
    refused("scr.title as t;", "map-unknown-variable", "did you mean `src`?");
    refused("src.title as t -> tgt.cod as c;", "map-unknown-element", "did you mean `code`?");
    refused("src.part as p then { p.txt as t; };", "map-unknown-element", "`txt`");
    refused("src.part as p then h(p, tgt);", "map-unknown-group", "`h`");
    refused("src : Lettre as l;", "map-unknown-type", "did you mean `Letter`?");
    refused("src.title as t -> tgt.code = kc(t);", "map-unknown-transform", "`kc`");
    refused(
        "src.title as t -> tgt.status = translate(t, '#x', 'code');",
        "map-unknown-concept-map",
        "",
    );
    refused("src -> tgt.status = (%route.topik);", "map-unknown-parameter", "");
    refused("src.sent as s -> tgt.issued = dateOp(s, 'Europe/Atlantis');", "map-unknown-zone", "");
}

#[test]
fn types_that_do_not_fit() {
    refused(
        "src.title as t -> tgt.value = create('Patient');",
        "map-wrong-type",
        "cannot be Patient",
    );
    refused("src.part as p -> tgt.status = p;", "map-wrong-type", "cannot become code");
    refused("src.title -> tgt.code;", "map-wrong-type", "cannot become CodeableConcept");
    refused("src -> tgt.issued = 'soon';", "map-wrong-type", "`soon` is no instant");
    refused("src.title as t -> tgt.value as v;", "map-wrong-type", "create");
    refused("src.title : Quantity as t;", "map-wrong-type", "never Quantity");
    refused("src.title as t where t.foo() -> tgt.status = t;", "map-expression", "foo");
    refused("src where title.titel = 'x' -> tgt.status = 'final';", "map-expression", "titel");
}

#[test]
fn calls_with_the_wrong_shape() {
    let map = |call: &str, head: &str| {
        fml(&format!(
            "group g(source src : Letter, target tgt : Observation) {{\n src.part as p {call};\n}}\n\
             group h{head} {{ }}"
        ))
    };
    let one = |call: &str, head: &str, id: &str| {
        let said = said(&map(call, head));
        assert!(said.iter().any(|s| s.contains(id) && s.starts_with("a.fml:10:")), "{said:#?}");
    };
    one("then h(p)", "(source a, target b)", "map-arity");
    one("then h(p, p)", "(source a, target b)", "map-wrong-mode");
    one("then h(p, tgt)", "(source a, target b : Patient)", "map-wrong-type");
    one("-> p.key = 'x'", "(source a)", "map-wrong-mode");
    assert_eq!(said(&map("then h(p, tgt)", "(source a, target b)")), Vec::<String>::new());
}

#[test]
fn parameter_types_come_from_the_call() {
    let map = |element: &str| {
        fml(&format!(
            "group g(source src : Letter, target tgt : Observation) {{\n\
             src.part as p -> tgt.component as c then h(p, c); src.title as t then k(t, tgt);\n}}\n\
             group h(source a, target b) {{ a.{element} as k -> b.code as c, c.text = k; }}\n\
             group k(source a, target b) {{ a -> b.status = 'final'; }}"
        ))
    };
    assert_eq!(said(&map("key")), Vec::<String>::new());
    let said = said(&map("kee"));
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(
        said[0].contains("`kee` of urn:letter.part") && said[0].contains("`key`"),
        "{}",
        said[0]
    );
}

#[test]
fn literal_codes_are_looked_up_at_load() {
    let head = "conceptmap \"c\" { prefix s = 'a' prefix t = 'b' s:one == t:final }\n";
    let body = "group g(source src : Letter, target tgt : Observation) {\n\
                src -> tgt.status = translate('on', '#c', 'code');\n}";
    let said = said(&fml(&format!("{head}{body}")));
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("map-unknown-code") && said[0].contains("did you mean `one`?"));
}

#[test]
fn what_is_imported_is_found_and_ambiguity_is_refused() {
    use crate::mapping::bench::table;
    use crate::mapping::{Materials, Plans, parse};
    let head = "/// url = 'urn:a/main'\n/// name = 'm'\nuses 'urn:letter' alias Letter as source\n\
                uses 'http://hl7.org/fhir/StructureDefinition/Basic' alias Basic as target\n\
                imports 'urn:a/*'\n";
    let main = format!("{head}group g(source s : Letter, target t : Basic) {{ s then h(s, t); }}");
    let other = |url: &str| {
        format!(
            "/// url = '{url}'\n/// name = 'o'\nuses 'urn:letter' alias L as source\n\
             uses 'http://hl7.org/fhir/StructureDefinition/Basic' alias B as target\n\
             group h(source s : L, target t : B) {{ s.title as x -> t.id = x; }}"
        )
    };
    let maps = |texts: &[&str]| -> Vec<_> { texts.iter().map(|t| parse("a.fml", t).0).collect() };
    let materials = Materials { table: table(), concepts: &[] };
    let (plans, said) = Plans::build(&maps(&[&main, &other("urn:a/one")]), &materials);
    assert_eq!((plans.all().len(), said.len()), (2, 0), "{said:#?}");
    let two = maps(&[&main, &other("urn:a/one"), &other("urn:a/two")]);
    let (plans, said) = Plans::build(&two, &materials);
    assert!(plans.find("urn:a/main").is_none());
    assert_eq!(said[0].id, "map-ambiguous-group");
}
