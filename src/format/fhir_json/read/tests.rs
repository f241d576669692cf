//! The JSON reader on small documents.

use crate::format::fhir_json::read;
use crate::message::Issue;
use crate::tree::{Kind, Marks, Names, NodeId, State, Tree};
use std::fmt::Write;
use std::sync::Arc;

fn parse(text: &str) -> (Tree, Vec<Issue>, bool) {
    let mut names = Names::default();
    for name in ["Patient", "given", "birthDate", "id", "extension", "name"] {
        names.intern(name);
    }
    let mut tree = Tree::new(Arc::new(names));
    let mut issues = Vec::new();
    let usable = read(text.into(), &mut tree, &mut issues);
    (tree, issues, usable)
}

/// A tree on one line: `name=value{children}`.
fn line(tree: &Tree, node: NodeId) -> String {
    let one = tree.node(node);
    let mut out = tree.name_text(one.name).to_owned();
    if let Some(kind) = tree.resource_type(node) {
        write!(out, ":{kind}").unwrap();
    }
    match one.state {
        State::Present => write!(out, "={}", tree.text(node).unwrap()).unwrap(),
        State::Null => out.push_str("=null"),
        State::Empty => out.push_str("=empty"),
        State::Absent => {}
    }
    let children: Vec<_> = tree.children(node).map(|n| line(tree, n)).collect();
    if !children.is_empty() {
        write!(out, "{{{}}}", children.join(" ")).unwrap();
    }
    out
}

fn good(text: &str) -> String {
    let (tree, issues, usable) = parse(text);
    let ids: Vec<_> = issues.iter().map(|i| i.kind.id).collect();
    assert!(usable && ids.is_empty(), "{text}: {ids:?}");
    line(&tree, NodeId(0))
}

fn bad(text: &str) -> Vec<(&'static str, u32)> {
    let (_, issues, _) = parse(text);
    issues.iter().map(|i| (i.kind.id, i.place.offset.unwrap())).collect()
}

fn refused(text: &str, id: &str, offset: u32) {
    let (_, _, usable) = parse(text);
    assert_eq!(bad(text), [(id, offset)], "{text}");
    assert!(!usable, "{text}");
}

fn reported(text: &str, id: &str) {
    let (_, _, usable) = parse(text);
    assert!(usable && bad(text).iter().any(|(found, _)| *found == id), "{text}: {:?}", bad(text));
}

#[test]
fn the_shape_of_a_resource() {
    assert_eq!(
        good(
            r#"{"name":[{"given":["A","B"]},{"use":"old"}],"active":true,"n":1.10,"resourceType":"Patient"}"#
        ),
        "Patient:Patient{name{given=A given=B} name{use=old} active=true n=1.10}"
    );
    assert_eq!(
        good(r#"{"resourceType":"B","entry":[{"resource":{"id":"1","resourceType":"P"}}],"x":{}}"#),
        "B:B{entry{resource:P{id=1}} x=empty}"
    );
    let scenario = r#"{"resourceType":"E","instance":[{"resourceType":"Patient"}]}"#;
    assert_eq!(good(scenario), "E:E{instance{resourceType=Patient}}");
}

#[test]
fn the_underscore_is_merged_whatever_the_order() {
    let expected = "P:P{given=A given=null{id=b} x=1 given=C{id=c}}";
    let (shadow, value) = (r#""_given":[null,{"id":"b"}]"#, r#""given":["A",null,"C"]"#);
    assert_eq!(
        good(&format!(
            r#"{{"resourceType":"P",{value},"x":1,"_given":[null,{{"id":"b"}},{{"id":"c"}}]}}"#
        )),
        "P:P{given=A given=null{id=b} given=C{id=c} x=1}"
    );
    assert_eq!(
        good(&format!(r#"{{"resourceType":"P",{shadow},"x":1,{value}}}"#)),
        expected.replace("{id=c}}", "}")
    );
    assert_eq!(
        good(r#"{"resourceType":"P","_birthDate":{"extension":[{"url":"u"}]}}"#),
        "P:P{birthDate{extension{url=u}}}"
    );
    assert_eq!(
        good(r#"{"resourceType":"P","_given":[{"id":"a"}],"given":["A"],"_u":{"id":"x"},"u":"v"}"#),
        "P:P{given=A{id=a} u=v{id=x}}"
    );
}

#[test]
fn underscores_that_do_not_fit() {
    reported(r#"{"resourceType":"P","given":["A"],"_given":{"id":"a"}}"#, "json-underscore");
    reported(r#"{"resourceType":"P","_given":{"id":"a"},"given":["A"]}"#, "json-underscore");
    reported(r#"{"resourceType":"P","u":"A","_u":[{"id":"a"}]}"#, "json-underscore");
    reported(r#"{"resourceType":"P","u":"A","_u":"a"}"#, "json-underscore");
    reported(r#"{"resourceType":"P","u":{"v":1},"_u":{"id":"a"}}"#, "json-underscore");
    reported(r#"{"resourceType":"P","_u":{"id":"a"},"u":{"v":1}}"#, "json-underscore");
}

#[test]
fn escapes_and_raw_text() {
    let (tree, _, _) =
        parse(r#"{"resourceType":"P","gi\u0076en":["a\n\u00e6"],"text":{"div":"<div\/>"}}"#);
    assert_eq!(line(&tree, NodeId(0)), "P:P{given=a\næ text{div=<div/>}}");
    let div = tree.at(NodeId(0), &["text", "div"]).unwrap();
    assert_eq!(tree.node(div).kind, Kind::Xhtml);
    let given = tree.child(NodeId(0), "given").unwrap();
    assert!(tree.node(given).marks.has(Marks::IN_ARRAY));
}

#[test]
fn offsets_are_names_and_in_arrays_values() {
    let text = r#"{"resourceType":"P", "x":1, "y":[1, {"z":2}]}"#;
    let (tree, _, _) = parse(text);
    let at: Vec<_> = tree.descend(NodeId(0)).map(|n| tree.node(n).offset as usize).collect();
    let find = |what| text.find(what).unwrap();
    assert_eq!(at, [0, find("\"x\""), find("1, {"), find("{\"z"), find("\"z")]);
}

#[test]
fn duplicates_are_refused_even_when_escaped_or_many() {
    refused(r#"{"resourceType":"P","a":1,"b":2,"a":3}"#, "json-duplicate-key", 32);
    refused(r#"{"resourceType":"P","given":["A"],"gi\u0076en":["B"]}"#, "json-duplicate-key", 34);
    refused(r#"{"resourceType":"P","_a":{"id":"1"},"_a":{}}"#, "json-duplicate-key", 36);
    refused(r#"{"resourceType":"P","resourceType":"P"}"#, "json-duplicate-key", 20);
    let many: String = (0..500).map(|n| format!(r#""k{n}":{n},"#)).collect();
    let once = format!(r#"{{{many}"resourceType":"P"}}"#);
    assert!(good(&once).starts_with("P:P{k0=0 k1=1"));
    for again in ["k0", "k31", "k32", "k499"] {
        let text = format!(r#"{{{many}"resourceType":"P","{again}":0}}"#);
        assert_eq!(bad(&text)[0].0, "json-duplicate-key", "{again}");
    }
    let shadow = format!(r#"{{{many}"resourceType":"P","_k7":{{"id":"x"}}}}"#);
    assert!(good(&shadow).contains("k7=7{id=x}"));
}

#[test]
fn what_is_not_json_is_refused_where_it_is() {
    refused("", "empty", 0);
    refused(" \n", "empty", 0);
    refused("<a/>", "json-syntax", 0);
    refused("[]", "json-not-an-object", 0);
    refused(r#"{"resourceType":"P""#, "json-truncated", 19);
    refused(r#"{"resourceType":"P","a":tr"#, "json-truncated", 26);
    refused(r#"{"resourceType":"P","a":"#, "json-truncated", 24);
    refused(r#"{"resourceType":"P"} x"#, "json-trailing", 21);
    refused(r#"{"resourceType":"P",}"#, "json-comma", 20);
    refused(r#"{"resourceType":"P","a":[1,]}"#, "json-comma", 27);
    refused(r#"{"resourceType":"P" "a":1}"#, "json-comma", 20);
    refused("{\"resourceType\":\"P\", // x\n\"a\":1}", "json-comment", 21);
    refused(r#"{"resourceType":"P"} /* x */"#, "json-comment", 21);
    refused(r#"{"resourceType":"P", a:1}"#, "json-quotes", 21);
    refused(r#"{"resourceType":"P", "a":male}"#, "json-quotes", 25);
    refused(r#"{"resourceType":"P", / "a":1}"#, "json-syntax", 21);
    refused(r#"{"resourceType":"P","a" 1}"#, "json-syntax", 24);
    refused(r#"{"resourceType":"P","a":01}"#, "json-number", 24);
    refused(r#"{"resourceType":"P","a":"\ud800"}"#, "json-lone-surrogate", 25);
    refused("{\"resourceType\":\"P\",\"a\":\"\u{1}\"}", "json-control-character", 25);
    refused("{\"resourceType\":\"P\",\"a\":\"\u{FFFF}\"}", "json-control-character", 25);
    refused("{\"resourceType\":\"P\",\"a\":\"\0\"}", "json-nul", 25);
    assert!(good("\u{FEFF}{\"resourceType\":\"P\"}").contains("P:P"));
}

#[test]
fn what_is_not_fhir_json_is_reported() {
    reported(r#"{"id":"1"}"#, "resource-type-missing");
    reported(r#"{"resourceType":1}"#, "resource-type-missing");
    reported(r#"{"resourceType":"P","a":null}"#, "json-null");
    reported(r#"{"resourceType":"P","a":[null]}"#, "json-null");
    reported(r#"{"resourceType":"P","a":[null],"_a":[null]}"#, "json-null");
    reported(r#"{"resourceType":"P","a":[]}"#, "json-empty-array");
    reported(r#"{"resourceType":"P","a":[[1,{"b":"]"}],2]}"#, "json-nested-array");
}

#[test]
fn limits() {
    let deep = |n: usize| {
        format!(r#"{{"resourceType":"P"{}{}"#, r#","a":{"b":1"#.repeat(n), "}".repeat(n + 1))
    };
    assert!(parse(&deep(98)).2);
    assert_eq!(bad(&deep(99)).pop().unwrap().0, "too-deep");
    assert_eq!(bad(&format!(r#"{{"a":{}"#, "[".repeat(10_000))).pop().unwrap().0, "too-deep");
    let wide = format!(r#"{{"resourceType":"P","a":[{}1]}}"#, "1,".repeat(130_000));
    assert_eq!(bad(&wide)[0].0, "too-many-nodes");
    let faulty = format!(r#"{{"resourceType":"P","a":[{}1]}}"#, "01,".repeat(1000));
    let found = bad(&faulty);
    assert_eq!((found.len(), found[100].0), (101, "too-many-faults"));
}
