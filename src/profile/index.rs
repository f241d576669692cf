//! Where a Bundle's references lead: one index of fullUrl and Type/id, made once a message.
//!
//! Promises: linear to make, logarithmic to ask, no allocation when warm. Never: leaves the message.

use super::known::{Known, child};
use crate::fhirpath::{Found, References};
use crate::tree::{Marks, NodeId, Tree};
use foldhash::fast::FixedState;
use std::cell::Cell;
use std::hash::BuildHasher;
use std::sync::Arc;

/// What a reference leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// There is no reference text.
    Nothing,
    /// A contained resource, or the container itself.
    Contained(NodeId),
    /// `#x`, and there is no such contained resource.
    NoFragment,
    /// A resource of another (or the same) entry.
    Bundled(NodeId),
    /// Elsewhere.
    Outside,
}

/// Where a reference leads, and how that was found if it leads to something of the message.
type Answer = (Target, Option<Found>);

/// The index: where references lead, and which fullUrls are there twice.
#[derive(Default)]
pub struct Index {
    /// Shared with the expressions that are being evaluated.
    references: Arc<References>,
    urls: Vec<(u64, NodeId)>,
    /// Where the Reference of that node leads, once asked.
    targets: Vec<Cell<Option<Answer>>>,
    /// Entries whose fullUrl (and version) an earlier entry has too.
    pub duplicates: Vec<NodeId>,
}

fn hash(text: &str) -> u64 {
    FixedState::with_seed(7).hash_one(text)
}

impl Index {
    /// Makes the index of a message.
    pub fn make(&mut self, tree: &Tree, known: &Known) {
        match Arc::get_mut(&mut self.references) {
            Some(references) => references.build(tree),
            None => debug_assert!(false, "no expression outlives its validation"),
        }
        self.urls.clear();
        self.targets.clear();
        self.targets.resize(tree.len(), Cell::new(None));
        self.duplicates.clear();
        let Some(root) = tree.root().filter(|r| tree.node(*r).type_id == known.bundle) else {
            return;
        };
        for entry in tree.children(root).filter(|c| tree.node(*c).name == known.entry) {
            let Some(resource) = child(tree, entry, known.resource) else { continue };
            if let Some(url) = child(tree, entry, known.full_url).and_then(|u| tree.text(u)) {
                self.urls.push((hash(&url), resource));
            }
        }
        self.urls.sort_unstable();
        self.find_duplicates(tree, known);
    }

    fn find_duplicates(&mut self, tree: &Tree, known: &Known) {
        let version = |resource: NodeId| {
            let meta = child(tree, resource, known.meta)?;
            tree.text(child(tree, meta, known.version_id)?)
        };
        for group in self.urls.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1) {
            for (at, (_, later)) in group.iter().enumerate().skip(1) {
                // groups of one hash are of one url but for a collision, and short but for an attack:
                // the first and the one before are enough to tell on everybody
                let earlier = [group[0].1, group[at - 1].1];
                let same = |other: &NodeId| {
                    full_url(tree, known, *other) == full_url(tree, known, *later)
                        && version(*other) == version(*later)
                };
                if earlier.iter().any(same) {
                    self.duplicates.extend(tree.parent(*later));
                }
            }
        }
        self.duplicates.sort_unstable();
    }

    /// The same as expressions want it.
    pub fn references(&self) -> &Arc<References> {
        &self.references
    }

    /// Where a Reference element leads.
    pub fn target(&self, tree: &Tree, known: &Known, element: NodeId) -> Target {
        self.look(tree, known, element).0
    }

    /// How it is found what a Reference element leads to, if it leads to something of the message.
    pub fn found(&self, tree: &Tree, known: &Known, element: NodeId) -> Option<Found> {
        self.look(tree, known, element).1
    }

    fn look(&self, tree: &Tree, known: &Known, element: NodeId) -> Answer {
        let cell = self.targets.get(element.0 as usize);
        if let Some(known) = cell.and_then(Cell::get) {
            return known;
        }
        let reference = child(tree, element, known.reference);
        let found = reference
            .and_then(|r| tree.with_text(r, |text| self.seek(tree, element, text)))
            .unwrap_or((Target::Nothing, None));
        if let Some(cell) = cell {
            cell.set(Some(found));
        }
        found
    }

    /// Where a reference's text leads, seen from `from`.
    pub fn resolve(&self, tree: &Tree, from: NodeId, text: &str) -> Target {
        self.seek(tree, from, text).0
    }

    fn seek(&self, tree: &Tree, from: NodeId, text: &str) -> Answer {
        let found = self.references.resolve(tree, from, text);
        let target = match (text.starts_with('#'), found) {
            (true, Some(found)) => Target::Contained(found.node),
            (true, None) => Target::NoFragment,
            (false, Some(found)) => Target::Bundled(found.node),
            (false, None) => Target::Outside,
        };
        (target, found)
    }
}

fn full_url<'a>(
    tree: &'a Tree,
    known: &Known,
    resource: NodeId,
) -> Option<std::borrow::Cow<'a, str>> {
    tree.text(child(tree, tree.parent(resource)?, known.full_url)?)
}

/// `https://server/fhir/` of `https://server/fhir/Patient/1`.
pub fn server(url: &str) -> Option<&str> {
    let slash = |text: &str| memchr::memrchr(b'/', text.as_bytes());
    let id = slash(url)?;
    let kind = slash(&url[..id])?;
    let named = url[kind + 1..id].chars().next().is_some_and(char::is_uppercase);
    (named && url.starts_with("http")).then(|| &url[..=kind])
}

/// The resource that a node is part of, contained ones not counted.
pub fn container(tree: &Tree, known: &Known, from: NodeId) -> Option<NodeId> {
    let mut at = from;
    loop {
        let node = tree.node(at);
        if node.marks.has(Marks::RESOURCE) && node.name != known.contained {
            return Some(at);
        }
        at = tree.parent(at)?;
    }
}
