//! The FHIR XML reader on small documents.

use crate::format::fhir_xml::read;
use crate::format::{Class, class};
use crate::message::Issue;
use crate::tree::{Kind, Names, NodeId, State, Tree};
use std::fmt::Write;
use std::sync::Arc;

fn parse(text: &str) -> (Tree, Vec<Issue>, bool) {
    let mut tree = Tree::new(Arc::new(Names::default()));
    let mut issues = Vec::new();
    let usable = read(text.into(), &mut tree, &mut issues);
    (tree, issues, usable)
}

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

fn reported(text: &str, id: &str) {
    let (_, issues, usable) = parse(text);
    let ids: Vec<_> = issues.iter().map(|i| i.kind.id).collect();
    assert_eq!(ids, [id], "{text}");
    assert!(usable, "{text} {:?}", class(issues[0].kind));
    assert_eq!(class(issues[0].kind), Class::Content);
}

fn refused(text: &str, id: &str) {
    let (_, issues, usable) = parse(text);
    assert_eq!(issues.last().map(|i| i.kind.id), Some(id), "{text}");
    assert!(!usable);
}

fn patient(inside: &str) -> String {
    format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>")
}

#[test]
fn the_shape_is_that_of_json() {
    assert_eq!(
        good(&patient(
            "<id value='1'/>\n<name id='n'><given value='A&amp;B'/><given value='\u{e6}' id='g'>\
             <extension url='u'><valueString value=''/></extension></given></name>"
        )),
        "Patient:Patient{id=1 name{id=n given=A&B given=æ{id=g extension{url=u valueString=empty}}}}"
    );
    assert_eq!(
        good(
            "<f:Bundle xmlns:f='http://hl7.org/fhir'><f:entry><f:resource><f:Patient><f:id value='1'/>\
             </f:Patient></f:resource></f:entry><f:link><f:url value='x'/></f:link></f:Bundle>"
        ),
        "Bundle:Bundle{entry{resource:Patient{id=1}} link{url=x}}"
    );
}

#[test]
fn a_narrative_is_its_markup() {
    let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b<br/></p><!-- c --></div>";
    let (tree, _, _) = parse(&patient(&format!("<text>{div}</text>")));
    let node = tree.at(NodeId(0), &["text", "div"]).unwrap();
    assert_eq!(tree.node(node).kind, Kind::Xhtml);
    assert_eq!(tree.text(node).unwrap(), div);
}

#[test]
fn a_narrative_takes_the_namespaces_it_uses_along() {
    let text = "<f:Patient xmlns:f='http://hl7.org/fhir' xmlns:unused='v' \
                xmlns='http://www.w3.org/1999/xhtml' xmlns:x='u'>\
                <f:text><div>a\r\nb\rc<x:b xmlns:y='w' y:z=''/></div></f:text></f:Patient>";
    assert_eq!(
        good(text),
        "Patient:Patient{text{div=<div xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:x=\"u\">\
         a\nb\nc<x:b xmlns:y='w' y:z=''/></div>}}"
    );
}

#[test]
fn what_is_not_fhir_is_reported() {
    reported("<Patient><id value='1'/></Patient>", "fhir-xml-namespace");
    reported("<Patient xmlns='urn:hl7-org:v3'><id value='1'/></Patient>", "fhir-xml-namespace");
    reported(&patient("<text><div xmlns='x'><p/></div></text>"), "fhir-xml-namespace");
    reported(&patient("<name use='x'/>"), "fhir-xml-attribute");
    reported("<Patient xmlns='http://hl7.org/fhir' id='1'/>", "fhir-xml-attribute");
    reported(&patient("<link url='x'/>"), "fhir-xml-attribute");
    reported(&patient("<contained id='x'><Q/></contained>"), "fhir-xml-attribute");
    reported(&patient("<contained value='x'><Q/></contained>"), "fhir-xml-attribute");
    reported(&patient("<name><id value='x'/></name>"), "fhir-xml-form");
    reported(&patient("<extension><url value='x'/></extension>"), "fhir-xml-form");
    reported(&patient("text"), "fhir-xml-text");
    reported(&patient("<![CDATA[text]]>"), "fhir-xml-text");
}

#[test]
fn what_is_harmless_is_left_out() {
    let text = "<!-- a --><?b c?><Patient xmlns='http://hl7.org/fhir' \
                xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'>\
                <!-- d --><active value='true'/></Patient>";
    assert_eq!(good(text), "Patient:Patient{active=true}");
    assert_eq!(parse(text).0.header.dropped, 3);
}

#[test]
fn what_is_hostile_is_refused() {
    refused("<?xml-stylesheet href='x'?><Patient xmlns='http://hl7.org/fhir'/>", "xml-stylesheet");
    refused(&patient("<a value='&x;'/>"), "xml-entity");
    refused("<!DOCTYPE a><a/>", "xml-doctype");
    refused("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "charset-unsupported");
    refused(&patient("<a>"), "xml-mismatched-tag");
    refused(&patient(&"<a>".repeat(120)), "too-deep");
    let many = "<a/>".repeat(180_000);
    refused(&patient(&many), "too-many-nodes");
}

#[test]
fn as_deep_as_json() {
    let bundle = "<resource><Bundle><entry>".repeat(33);
    let ends = "</entry></Bundle></resource>".repeat(33);
    let text =
        format!("<Bundle xmlns='http://hl7.org/fhir'><entry>{bundle}{ends}</entry></Bundle>");
    assert!(parse(&text).2);
}
