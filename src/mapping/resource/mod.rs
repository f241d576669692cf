//! StructureMap resources, JSON or XML, R4 or R5, to the same map that text becomes.
//!
//! Promises: what text can say is read from either shape, each piece with its place in the resource; what is
//! missing is a diagnostic. Never: needs definitions; a resource is read by its names alone.

mod concepts;
mod rules;

use super::ast::{Comment, Constant, Fragment, Group, Map, Name, Parameter, TypeMode, Use, Uses};
use crate::format::{fhir_json, fhir_xml};
use crate::message::{Diagnostic, Issue};
use crate::tree::{Names, NodeId, Tree};
use bytestring::ByteString;
use std::sync::Arc;

/// Reads a map, whichever form it has: a StructureMap as JSON or XML, or text.
pub fn read(file: &str, text: &str) -> (Map, Vec<Diagnostic>) {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match start.starts_with(['{', '<']) {
        true => resource(file, text, start.starts_with('<')),
        false => super::parse(file, text),
    }
}

/// Whether a JSON or XML text is a StructureMap; read from its beginning alone.
pub fn is_structure_map(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if start.starts_with('<') {
        let root = start.split('<').find(|tag| tag.starts_with(|c: char| c.is_alphabetic()));
        return root.is_some_and(|tag| {
            let name = tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next();
            name.unwrap_or_default().rsplit(':').next() == Some("StructureMap")
        });
    }
    let Some((_, rest)) = start.split_once("\"resourceType\"") else { return false };
    let value = rest.trim_start().strip_prefix(':').map(str::trim_start);
    start.starts_with('{') && value.is_some_and(|v| v.starts_with("\"StructureMap\""))
}

fn resource(file: &str, text: &str, is_xml: bool) -> (Map, Vec<Diagnostic>) {
    let mut tree = Tree::new(Arc::new(Names::default()));
    let mut issues = Vec::new();
    let input = ByteString::from(text);
    let usable = match is_xml {
        true => fhir_xml::read(input, &mut tree, &mut issues),
        false => fhir_json::read(input, &mut tree, &mut issues),
    };
    let map = Map { file: file.into(), text: text.into(), is_resource: true, ..Map::default() };
    let mut reader = Reader { tree: &tree, map, diagnostics: Vec::new() };
    for issue in issues.iter().filter(|issue| issue.refuses()) {
        reader.issue(issue);
    }
    match tree.root().filter(|_| usable) {
        Some(root) if tree.resource_type(root) == Some("StructureMap") => reader.map(root),
        Some(root) => reader.fault(root, "this is no StructureMap"),
        None if reader.diagnostics.is_empty() => {
            let origin = reader.map.origin(0);
            let one = Diagnostic::error(origin, "map-syntax", "this resource cannot be read");
            reader.diagnostics.push(one);
        }
        None => {}
    }
    (reader.map, reader.diagnostics)
}

struct Reader<'t> {
    tree: &'t Tree,
    map: Map,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn map(&mut self, root: NodeId) {
        for key in ["url", "name", "title", "status", "description"] {
            if let Some(value) = self.text(root, key) {
                let at = self.map.metadata.len() as u32;
                self.map.metadata.push((Name { text: key.into(), at }, value));
            }
        }
        self.map.url = self.text(root, "url").unwrap_or_default();
        self.map.name = self.text(root, "name").unwrap_or_default();
        if self.map.url.is_empty() {
            self.fault(root, "the StructureMap has no url");
        }
        for one in self.children(root, "structure") {
            self.structure(one);
        }
        for one in self.children(root, "import") {
            let url = self.name_of(one);
            self.map.imports.push(url);
        }
        for one in self.children(root, "const") {
            let Some(name) = self.required(one, "name") else { continue };
            let Some(value) = self.fragment(one, "value") else { continue };
            self.map.constants.push(Constant { name, value });
        }
        for one in self.children(root, "contained") {
            if self.tree.resource_type(one) == Some("ConceptMap") {
                self.concept_map(one);
            }
        }
        for one in self.children(root, "group") {
            self.group(one);
        }
    }

    fn structure(&mut self, node: NodeId) {
        self.documentation(node);
        let Some(url) = self.required(node, "url") else { return };
        let mode = match self.tree.child_text(node, "mode").as_deref() {
            Some("source") => Use::Source,
            Some("queried") => Use::Queried,
            Some("target") => Use::Target,
            Some("produced") => Use::Produced,
            _ => {
                return self
                    .fault(node, "a structure's mode is source, queried, target or produced");
            }
        };
        let alias = self.text(node, "alias");
        self.map.uses.push(Uses { url, alias, mode });
    }

    fn group(&mut self, node: NodeId) {
        self.documentation(node);
        let Some(name) = self.required(node, "name") else { return };
        let mut parameters = Vec::new();
        for input in self.children(node, "input") {
            let Some(name) = self.required(input, "name") else { continue };
            let is_target = match self.tree.child_text(input, "mode").as_deref() {
                Some("source") => false,
                Some("target") => true,
                _ => {
                    self.fault(input, "an input's mode is source or target");
                    continue;
                }
            };
            parameters.push(Parameter { is_target, name, type_name: self.text(input, "type") });
        }
        let type_mode = match self.tree.child_text(node, "typeMode").as_deref() {
            Some("types") => TypeMode::Types,
            Some("type-and-types") => TypeMode::TypePlus,
            _ => TypeMode::None,
        };
        let extends = self.text(node, "extends");
        let rules: Vec<_> = self.children(node, "rule").into_iter().map(|r| self.rule(r)).collect();
        let end = rules.last().map_or(name.at, |rule| rule.braces.1);
        let braces = (0, end);
        self.map.groups.push(Group { name, parameters, extends, type_mode, rules, braces });
    }

    // What a node says.

    fn children(&self, node: NodeId, name: &str) -> Vec<NodeId> {
        let named = |child: &NodeId| self.tree.name_text(self.tree.node(*child).name) == name;
        self.tree.children(node).filter(named).collect()
    }

    /// A value and where it stands.
    fn name_of(&self, node: NodeId) -> Name {
        let text = self.tree.text(node).unwrap_or_default();
        Name { text: text.trim().into(), at: self.at(node) }
    }

    fn at(&self, node: NodeId) -> u32 {
        match self.tree.value(node) {
            Some(slice) => slice.start() as u32,
            None => self.tree.node(node).offset,
        }
    }

    fn text(&self, node: NodeId, name: &str) -> Option<Name> {
        let child = self.tree.child(node, name)?;
        Some(self.name_of(child)).filter(|name| !name.is_empty())
    }

    fn fragment(&self, node: NodeId, name: &str) -> Option<Fragment> {
        self.text(node, name).map(|Name { text, at }| Fragment { text, at })
    }

    fn required(&mut self, node: NodeId, name: &str) -> Option<Name> {
        let found = self.text(node, name);
        if found.is_none() {
            let what = self.tree.name_text(self.tree.node(node).name).to_owned();
            self.fault(node, &format!("this {what} has no {name}"));
        }
        found
    }

    /// Keeps a node's documentation as comments before it.
    fn documentation(&mut self, node: NodeId) {
        let Some(text) = self.tree.child_text(node, "documentation") else { return };
        let at = self.tree.node(node).offset.saturating_sub(1);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let text = format!("// {}", line.trim().trim_start_matches('/').trim_start());
            self.map.comments.push(Comment { text: text.into(), at });
        }
    }

    fn fault(&mut self, node: NodeId, text: &str) {
        let origin = self.map.origin(self.tree.node(node).offset);
        self.diagnostics.push(Diagnostic::error(origin, "map-syntax", text));
    }

    fn issue(&mut self, issue: &Issue) {
        let node = issue.place.node.map(|node| self.tree.node(node).offset);
        let at = issue.place.offset.or(node).unwrap_or(0);
        let origin = self.map.origin(at);
        self.diagnostics.push(Diagnostic::error(origin, "map-syntax", issue.text()));
    }
}

#[cfg(test)]
mod tests;
