//! A definition written as XML -> the same as JSON, by way of the tree, so that one decoder reads both.
//!
//! Promises: what the reader refuses is said with line and column. Never on a message's path.

use super::typing::type_tree;
use crate::format::{fhir_json, fhir_xml};
use crate::message::{Diagnostic, Issue, Origin};
use crate::tree::types::Table;
use crate::tree::{Lines, Tree};
use bytestring::ByteString;

/// The JSON of an XML resource.
pub(super) fn to_json(file: &str, text: &str, table: &Table) -> Result<String, Vec<Diagnostic>> {
    let mut tree = Tree::new(table.names().clone());
    let mut issues = Vec::new();
    let usable = fhir_xml::read(ByteString::from(text), &mut tree, &mut issues);
    if usable {
        type_tree(&mut tree, table, &mut issues);
    }
    let root = tree.root().filter(|_| usable && !issues.iter().any(Issue::refuses));
    let Some(root) = root else {
        let lines = Lines::new(text);
        let refusing = issues.iter().filter(|issue| issue.refuses());
        return Err(refusing.map(|issue| told(file, issue, &tree, &lines)).collect());
    };
    let mut json = String::with_capacity(text.len());
    fhir_json::write(&tree, table, root, &mut json);
    Ok(json)
}

fn told(file: &str, issue: &Issue, tree: &Tree, lines: &Lines<'_>) -> Diagnostic {
    let of_node = || issue.place.node.map(|node| tree.node(node).offset);
    let at = issue.place.offset.or_else(of_node).map(|offset| lines.at(offset));
    let origin = Origin {
        file: file.into(),
        line: at.map_or(0, |at| at.line),
        column: at.map_or(0, |at| at.column),
    };
    Diagnostic::error(origin, "definitions-unreadable", issue.text())
}
