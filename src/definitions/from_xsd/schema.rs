//! Schemas as trees with an index of their global components.

use crate::definitions::from_xsd::types;
use crate::format;
use crate::message::{Diagnostic, Origin};
use crate::tree::{Kind, Lines, Names, NodeId, Tree};
use bytes::Bytes;
use bytestring::ByteString;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The namespace of schemas themselves.
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// A node of one of the schemas.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct At {
    pub file: usize,
    pub node: NodeId,
}

/// A global component: its kind, namespace and name.
type Global = (Box<str>, Box<str>, Box<str>);

/// One schema document.
#[derive(Debug)]
struct File {
    name: Box<str>,
    text: ByteString,
    tree: Tree,
    root: NodeId,
    target: Box<str>,
    prefixes: BTreeMap<Box<str>, Box<str>>,
}

/// The schemas that a model is derived from.
#[derive(Debug, Default)]
pub struct Schemas {
    files: Vec<File>,
    globals: BTreeMap<Global, At>,
}

impl Schemas {
    /// No schemas yet.
    pub fn new() -> Schemas {
        Schemas::default()
    }

    /// Reads a schema, and says which others it includes or imports, as it locates them.
    ///
    /// # Errors
    /// It is no schema.
    pub fn add(&mut self, file: &str, bytes: &Bytes) -> Result<Vec<Box<str>>, Diagnostic> {
        let fault = |text: &str| Diagnostic::error(origin(file, 0, 0), "model-no-schema", text);
        let decoded = format::charset::decode(bytes, None, true);
        let text = decoded.map_err(|_| fault("this is in no charset that is read"))?.text;
        let mut tree = Tree::new(Arc::new(Names::default()));
        let mut issues = Vec::new();
        if !format::xml::read(text.clone(), &mut tree, &mut issues) {
            return Err(fault("this is not well-formed XML"));
        }
        let root = tree.root().ok_or_else(|| fault("there is no root element"))?;
        if tree.name_text(tree.node(root).name) != "schema" {
            return Err(fault("the root element is not a schema"));
        }
        let target = attribute(&tree, root, "targetNamespace").unwrap_or_default().into();
        let prefixes = prefixes(&text);
        let at = self.files.len();
        self.files.push(File { name: file.into(), text, tree, root, target, prefixes });
        self.index(at);
        Ok(self.locations(at))
    }

    fn index(&mut self, file: usize) {
        let top = At { file, node: self.files[file].root };
        for at in self.parts(top) {
            let Some(name) = self.attribute(at, "name") else { continue };
            let target = self.files[file].target.clone();
            self.globals.entry((self.kind(at).into(), target, name.into())).or_insert(at);
        }
    }

    fn locations(&self, file: usize) -> Vec<Box<str>> {
        let top = At { file, node: self.files[file].root };
        let others = self.parts(top).into_iter();
        others
            .filter(|at| matches!(self.kind(*at), "include" | "import" | "redefine"))
            .filter_map(|at| self.attribute(at, "schemaLocation").map(Into::into))
            .collect()
    }

    /// The global component of that kind and name: in the namespace, else in a schema without one.
    pub(super) fn global(&self, kind: &str, namespace: &str, name: &str) -> Option<At> {
        let key = |namespace: &str| (kind.into(), namespace.into(), name.into());
        self.globals.get(&key(namespace)).or_else(|| self.globals.get(&key(""))).copied()
    }

    /// The global component of that kind and local name, in whatever namespace.
    pub(super) fn anywhere(&self, kind: &str, name: &str) -> Option<At> {
        let mut all = self.globals.iter();
        all.find(|((k, _, n), _)| **k == *kind && **n == *name).map(|(_, at)| *at)
    }

    /// What a name used at a node means: its namespace and local name.
    pub(super) fn resolve<'a>(&'a self, at: At, name: &'a str) -> (&'a str, &'a str) {
        let file = &self.files[at.file];
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        match file.prefixes.get(prefix) {
            Some(namespace) => (namespace, local),
            None => (if prefix.is_empty() { "" } else { types::UNBOUND }, local),
        }
    }

    /// The schema word that a node is: `element`, `choice`.
    pub(super) fn kind(&self, at: At) -> &str {
        let tree = &self.files[at.file].tree;
        tree.name_text(tree.node(at.node).name)
    }

    /// An attribute's value.
    pub(super) fn attribute(&self, at: At, name: &str) -> Option<Cow<'_, str>> {
        attribute(&self.files[at.file].tree, at.node, name)
    }

    /// The elements below a node, without annotations.
    pub(super) fn parts(&self, at: At) -> Vec<At> {
        let tree = &self.files[at.file].tree;
        tree.children(at.node)
            .filter(|node| tree.node(*node).kind == Kind::Element)
            .map(|node| At { file: at.file, node })
            .filter(|part| self.kind(*part) != "annotation")
            .collect()
    }

    /// The first element below a node that is one of these words.
    pub(super) fn part(&self, at: At, kinds: &[&str]) -> Option<At> {
        self.parts(at).into_iter().find(|part| kinds.contains(&self.kind(*part)))
    }

    /// The namespace of a declaration: its schema's if it is global or qualified, else none.
    pub(super) fn namespace(&self, at: At) -> &str {
        let file = &self.files[at.file];
        if file.tree.parent(at.node) == Some(file.root) {
            return &file.target;
        }
        let (form, default) = match self.kind(at) {
            "attribute" => ("form", "attributeFormDefault"),
            _ => ("form", "elementFormDefault"),
        };
        let form = self.attribute(at, form).or_else(|| attribute(&file.tree, file.root, default));
        if form.as_deref() == Some("qualified") { &file.target } else { "" }
    }

    /// A finding at a node.
    pub(super) fn fault(&self, at: At, id: &'static str, text: String) -> Diagnostic {
        let file = &self.files[at.file];
        let place = Lines::new(&file.text).at(file.tree.node(at.node).offset);
        Diagnostic::error(origin(&file.name, place.line, place.column), id, text)
    }
}

fn origin(file: &str, line: u32, column: u32) -> Origin {
    Origin { file: file.into(), line, column }
}

fn attribute<'a>(tree: &'a Tree, node: NodeId, name: &str) -> Option<Cow<'a, str>> {
    let found = tree.children(node).find(|child| {
        let child = tree.node(*child);
        child.kind == Kind::Attribute && tree.name_text(child.name) == name
    });
    tree.text(found?)
}

/// The namespace declarations of a document. Schemas bind a prefix once, at their root, so the first counts.
fn prefixes(text: &str) -> BTreeMap<Box<str>, Box<str>> {
    let mut found = BTreeMap::new();
    for (start, _) in text.match_indices("xmlns") {
        let rest = &text[start + "xmlns".len()..];
        let Some((prefix, value)) = rest.split_once('=') else { continue };
        let prefix = prefix.trim();
        let named = prefix.is_empty() || prefix.starts_with(':');
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            continue;
        };
        let Some((value, _)) = value[1..].split_once(quote) else { continue };
        if named && !prefix.contains(char::is_whitespace) {
            let prefix = prefix.trim_start_matches(':');
            found.entry(prefix.into()).or_insert_with(|| value.into());
        }
    }
    found
}
