//! What the parser makes of the language, its leniencies and its faults.

use super::*;
use crate::mapping::ast::{Argument, SourceList, TargetList, Transform};

fn read(text: &str) -> Map {
    let (map, faults) = parse("a.fml", text);
    assert_eq!(faults, [], "in {text}");
    map
}

fn rules(text: &str) -> Vec<crate::mapping::ast::Rule> {
    let text = format!("map 'u' = 'n'\ngroup g(source src : A, target tgt) {{\n{text}\n}}");
    read(&text).groups.remove(0).rules
}

#[test]
fn a_header_in_either_form() {
    let text = "\u{feff}/// url = 'http://x'\n// why\n/// name = \"n\"\n/// description = \"\"\"a\nb\"\"\"\n\
                uses \"http://a\" alias A as source // doc\nimports 'http://x/*'\n";
    let map = read(text);
    assert_eq!((&*map.url, &*map.name), ("http://x", "n"));
    assert_eq!(&*map.metadata[2].1, "a\nb");
    assert_eq!(map.uses[0].mode, Use::Source);
    assert_eq!(&*map.imports[0], "http://x/*");
    let comments: Vec<_> = map.comments.iter().map(|c| &*c.text).collect();
    assert_eq!(comments, ["// why", "// doc"]);
    assert_eq!(&*read("map \"u\" = n").url, "u");
}

#[test]
fn concept_maps_before_and_after_uses() {
    let map = read(
        "map 'u' = 'n'\nconceptmap \"#c\" { prefix s = 'a' prefix t = \"b\"\n s:x == t:\"y-z\"\n \
         s:1 - t:'2'\n s:gone --\n unmapped for s = provided }\nuses 'a' as target",
    );
    let concepts = &map.concept_maps[0];
    assert_eq!(&*concepts.id, "c");
    assert_eq!(&*concepts.lines[0].target.as_ref().unwrap().1, "y-z");
    assert!(concepts.lines[2].target.is_none());
    assert_eq!(concepts.provided.len(), 1);
}

#[test]
fn clauses_with_and_without_parentheses() {
    let rules = rules(
        "src.a : B 0..1 first as x where x.where(url = \"q\").exists() and (y) check z \
         log \"said\" -> tgt.b;\n src.c where d = \"e\" \"named\";\n src log 'x' then { src.f; };",
    );
    let source = &rules[0].sources[0];
    assert_eq!(&*source.condition.as_ref().unwrap().text, "x.where(url = \"q\").exists() and (y)");
    assert_eq!(&*source.check.as_ref().unwrap().text, "z");
    assert_eq!(&*source.log.as_ref().unwrap().text, "\"said\"");
    assert_eq!(source.list, Some(SourceList::First));
    assert_eq!(source.cardinality, Some((0, 1)));
    assert_eq!(rules[1].name.as_deref(), Some("named"));
    assert_eq!(&*rules[1].sources[0].condition.as_ref().unwrap().text, "d = \"e\"");
    assert_eq!(rules[2].rules.len(), 1);
}

#[test]
fn targets_of_every_kind() {
    let rules = rules(
        "src -> tgt.a = create('B') as b share k, b.c = (x.y), b.d = evaluate(x, iif(a, 1, 2)), \
         b.e = true, b.f = a & 'z', append(a, (b), 'c') as g, (h) as i, b.j first then k(b), l(b) { src.m; } r1;",
    );
    let targets = &rules[0].targets;
    assert!(matches!(targets[0].list, Some(TargetList::Share(_))));
    let Some(Transform::Value(Argument::Expression(e))) = &targets[1].transform else { panic!() };
    assert_eq!(&*e.text, "(x.y)");
    let Some(Transform::Evaluate(_, e)) = &targets[2].transform else { panic!() };
    assert_eq!(&*e.text, "iif(a, 1, 2)");
    let Some(Transform::Value(Argument::Expression(e))) = &targets[4].transform else { panic!() };
    assert_eq!(&*e.text, "a & 'z'");
    let Some(Transform::Call(call)) = &targets[5].transform else { panic!() };
    assert_eq!(call.arguments.len(), 3);
    assert_eq!(targets[6].alias.as_deref(), Some("i"));
    assert_eq!(rules[0].calls.len(), 2);
    assert_eq!(rules[0].name.as_deref(), Some("r1"));
}

#[test]
fn faults_are_located_and_the_next_rule_is_read() {
    let text = "map 'u' = 'n'\ngroup g(source src, target tgt) {\n  src.a -> -> tgt.b;\n  src.c;\n \
                src.d 0..1 1..1;\n}\ngrup h() {}\ngroup i(source s) { }";
    let (map, faults) = parse("a.fml", text);
    let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    assert_eq!(said[0], "a.fml:3:12: error[map-syntax]: expected a target variable, found `->`");
    assert!(said[1].starts_with("a.fml:5:"), "{}", said[1]);
    assert!(said[2].starts_with("a.fml:7:1:"), "{}", said[2]);
    assert_eq!(map.groups.len(), 2);
    assert_eq!(map.groups[0].rules.len(), 2);
}

#[test]
fn nothing_panics_on_a_text_cut_anywhere() {
    let text = "/// url = 'u'\nconceptmap 'c' { prefix s = 'a' s:x == t:y }\nuses 'a' alias A as source\n\
                group g(source s : A, target t) extends h <<type+>> { s.a as æ where (b = \"c\") -> \
                t.d = create('E') as f share k, f.g = evaluate(s, x) then h(s) { s.i; } \"n\"; }";
    for (at, _) in text.char_indices() {
        let _ = parse("a.fml", &text[..at]);
        let _ = parse("a.fml", &text[at..]);
    }
}
