//! The bodies of fuzz targets, as plain functions: a seeded loop runs them among the tests, a fuzzer can run
//! them for days.
//!
//! Promises: each panics when a codec breaks its word on some bytes, and on nothing else.

use super::charset::{self, Charset};
use super::{fhir_json, fhir_xml, xml};
use crate::message::{Issue, Severity};
use crate::tree::types::Table;
use crate::tree::{NodeId, Tree};
use bytes::Bytes;
use bytestring::ByteString;
use std::sync::Arc;

type Reader = fn(ByteString, &mut Tree, &mut Vec<Issue>) -> bool;
type Writer = fn(&Tree, &Table, NodeId, &mut String);

/// Reads, and gives the tree if nothing refuses the message; faults are places in the text, whatever it is.
fn accepted(read: Reader, text: ByteString, table: &Table) -> Option<Tree> {
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    let length = text.len();
    let usable = read(text, &mut tree, &mut issues);
    for issue in &issues {
        let offset = issue.place.offset.map_or(0, |offset| offset as usize);
        assert!(offset <= length, "{} is said to be outside the text", issue.kind.id);
    }
    assert!(usable || issues.iter().any(Issue::refuses), "refused without a reason");
    (usable && !issues.iter().any(Issue::refuses)).then_some(tree)
}

/// What a writer makes of a tree is read again, and written the same.
fn settles(read: Reader, write: Writer, tree: &Tree, table: &Table) -> String {
    let mut once = String::new();
    write(tree, table, NodeId(0), &mut once);
    let again = accepted(read, once.clone().into(), table);
    let again = again.expect("what a writer wrote is read");
    let mut twice = String::new();
    write(&again, table, NodeId(0), &mut twice);
    assert_eq!(once, twice, "a second writing differs");
    once
}

/// FHIR JSON: what is accepted is written as JSON that is accepted, and as XML that is accepted. Gives
/// whether it was accepted.
pub fn fhir_json(bytes: &[u8], table: &Table) -> bool {
    let Ok(text) = charset::decode_fhir(&Bytes::copy_from_slice(bytes), None, false) else {
        return false;
    };
    let Some(tree) = accepted(fhir_json::read, text, table) else { return false };
    settles(fhir_json::read, fhir_json::write, &tree, table);
    let mut document = String::new();
    fhir_xml::write(&tree, table, NodeId(0), &mut document);
    // A resource whose type is no XML name has no XML; typing refuses it.
    if tree.resource_type(NodeId(0)).is_some_and(xml::is_name) {
        well_formed(document.as_bytes(), table);
    }
    true
}

/// FHIR XML: what is accepted is written as XML that is accepted, and as JSON that is accepted.
pub fn fhir_xml(bytes: &[u8], table: &Table) -> bool {
    let Ok(text) = charset::decode_fhir(&Bytes::copy_from_slice(bytes), None, true) else {
        return false;
    };
    let Some(tree) = accepted(fhir_xml::read, text, table) else { return false };
    settles(fhir_xml::read, fhir_xml::write, &tree, table);
    true
}

/// Namespaced XML: what is accepted is written in every charset as XML that is accepted and written alike.
pub fn xml(bytes: &[u8], table: &Table) -> bool {
    let Ok(decoded) = charset::decode(&Bytes::copy_from_slice(bytes), None, true) else {
        return false;
    };
    let Some(tree) = accepted(xml::read, decoded.text, table) else { return false };
    for charset in [Charset::Utf8, Charset::Latin1, Charset::Latin9, Charset::Windows1252] {
        let mut once = Vec::new();
        if xml::write(&tree, table, NodeId(0), charset, &mut once).is_err() {
            continue;
        }
        let again = well_formed(&once, table);
        let mut twice = Vec::new();
        let written = xml::write(&again, table, NodeId(0), charset, &mut twice);
        assert!(written.is_ok() && once == twice, "a second writing differs in {charset:?}");
    }
    true
}

fn well_formed(bytes: &[u8], table: &Table) -> Tree {
    let decoded = charset::decode(&Bytes::copy_from_slice(bytes), None, true);
    let text = decoded.expect("what a writer wrote is in its charset").text;
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    let usable = xml::read(text, &mut tree, &mut issues);
    let fault = issues.iter().find(|i| i.severity >= Severity::Error);
    assert!(usable, "what a writer wrote is refused: {:?}", fault.map(|i| i.kind.id));
    tree
}
