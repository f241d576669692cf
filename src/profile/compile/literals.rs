//! Fixed values and patterns as trees: all literals of all programs are read as one resource, once.

use crate::definitions::model::Literal;
use crate::message::{Diagnostic, Origin};
use crate::profile::program::{LiteralId, Programs};
use crate::tree::NodeId;
use crate::tree::types::Table;
use std::collections::HashMap;
use std::fmt::Write;

/// The literals met so far.
#[derive(Default)]
pub(super) struct Pool<'a> {
    all: Vec<&'a Literal>,
    known: HashMap<(&'a str, &'a str), LiteralId>,
}

impl<'a> Pool<'a> {
    /// The number of a literal.
    pub fn add(&mut self, literal: &'a Literal) -> LiteralId {
        let next = LiteralId(self.all.len() as u32);
        let id = *self.known.entry((&literal.type_name, &literal.json)).or_insert(next);
        if id == next {
            self.all.push(literal);
        }
        id
    }

    /// Reads them all: each is the value of an extension of one Basic resource, since an extension may
    /// hold a value of every type.
    pub fn read(self, table: &Table, programs: &mut Programs, diagnostics: &mut Vec<Diagnostic>) {
        let mut text = String::from("{\"resourceType\":\"Basic\",\"extension\":[");
        for (at, one) in self.all.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let mut letters = one.type_name.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
            let _ = write!(text, "{comma}{{\"value{first}{}\":{}}}", letters.as_str(), one.json);
        }
        text.push_str("]}");
        let tree = &mut programs.literal_tree;
        let mut issues = Vec::new();
        crate::format::fhir_json::read(text.into(), tree, &mut issues);
        crate::definitions::typing::type_tree(tree, table, &mut issues);
        let Some(root) = tree.root() else { return };
        programs.literals =
            tree.children(root).map(|e| tree.first_child(e)).take(self.all.len()).collect();
        let plain = |id: &NodeId| tree.first_child(*id).is_none();
        let text = |id: NodeId| tree.text(id).map(|text| text.into());
        let texts = programs.literals.iter().map(|id| id.filter(plain).and_then(text));
        programs.literal_texts = texts.collect();
        if programs.literals.len() < self.all.len() {
            let origin = Origin { file: "(literals of all profiles)".into(), line: 0, column: 0 };
            let text = "some fixed or pattern values could not be read: they are not checked";
            diagnostics.push(Diagnostic::warning(origin, "profile-literal", text));
        }
    }
}
