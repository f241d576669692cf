//! Where a Bundle's references lead: one index of fullUrl and Type/id, made once a message.
//!
//! Promises: linear to make, logarithmic to ask, no allocation when warm. Never: leaves the message.

use super::known::{Known, child};
use crate::tree::{Marks, NodeId, Tree};
use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hasher};

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

/// The index.
#[derive(Default)]
pub struct Index {
    // (hash of a fullUrl or of Type/id, the entry's resource)
    urls: Vec<(u64, NodeId)>,
    ids: Vec<(u64, NodeId)>,
    /// Entries whose fullUrl (and version) an earlier entry has too.
    pub duplicates: Vec<NodeId>,
}

fn hash(parts: &[&str]) -> u64 {
    let mut hasher = FixedState::with_seed(7).build_hasher();
    for part in parts {
        hasher.write(part.as_bytes());
    }
    hasher.finish()
}

/// A value as it stands, when it is written without escapes; else decoded.
pub fn plain<'a>(tree: &'a Tree, node: NodeId) -> Option<std::borrow::Cow<'a, str>> {
    tree.text(node)
}

impl Index {
    /// Makes the index of a Bundle; of anything else it is empty.
    pub fn make(&mut self, tree: &Tree, known: &Known) {
        self.urls.clear();
        self.ids.clear();
        self.duplicates.clear();
        let Some(root) = tree.root().filter(|r| tree.node(*r).type_id == known.bundle) else {
            return;
        };
        for entry in tree.children(root).filter(|c| tree.node(*c).name == known.entry) {
            let Some(resource) = child(tree, entry, known.resource) else { continue };
            if let Some(url) = child(tree, entry, known.full_url).and_then(|u| plain(tree, u)) {
                self.urls.push((hash(&[&url]), resource));
            }
            let kind = tree.resource_type(resource).unwrap_or("");
            if let Some(id) = child(tree, resource, known.id).and_then(|i| plain(tree, i)) {
                self.ids.push((hash(&[kind, "/", &id]), resource));
            }
        }
        self.urls.sort_unstable();
        self.ids.sort_unstable();
        self.find_duplicates(tree, known);
    }

    fn find_duplicates(&mut self, tree: &Tree, known: &Known) {
        let version = |resource: NodeId| {
            let meta = child(tree, resource, known.meta)?;
            plain(tree, child(tree, meta, known.version_id)?)
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

    fn by_url(&self, tree: &Tree, known: &Known, parts: [&str; 2]) -> Option<NodeId> {
        let wanted = hash(&parts);
        let from = self.urls.partition_point(|(h, _)| *h < wanted);
        let alike = self.urls[from..].iter().take_while(|(h, _)| *h == wanted);
        alike.map(|(_, n)| *n).find(|resource| {
            full_url(tree, known, *resource)
                .is_some_and(|url| url.strip_prefix(parts[0]).is_some_and(|rest| rest == parts[1]))
        })
    }

    fn by_id(&self, tree: &Tree, known: &Known, reference: &str) -> Option<NodeId> {
        let (kind, id) = reference.split_once('/')?;
        let wanted = hash(&[kind, "/", id]);
        let from = self.ids.partition_point(|(h, _)| *h < wanted);
        let alike = self.ids[from..].iter().take_while(|(h, _)| *h == wanted);
        alike.map(|(_, n)| *n).find(|resource| {
            tree.resource_type(*resource) == Some(kind)
                && child(tree, *resource, known.id).is_some_and(|i| tree.text_is(i, id))
        })
    }

    /// Where a Reference element leads.
    pub fn target(&self, tree: &Tree, known: &Known, element: NodeId) -> Target {
        match child(tree, element, known.reference).and_then(|r| plain(tree, r)) {
            Some(text) => self.resolve(tree, known, element, &text),
            None => Target::Nothing,
        }
    }

    /// Where a reference's text leads, seen from `from`.
    pub fn resolve(&self, tree: &Tree, known: &Known, from: NodeId, text: &str) -> Target {
        if let Some(fragment) = text.strip_prefix('#') {
            return contained(tree, known, from, fragment);
        }
        let text = text.split("/_history/").next().unwrap_or(text);
        let text = text.split('#').next().unwrap_or(text);
        let absolute = text.contains(':');
        let found = if absolute {
            self.by_url(tree, known, ["", text])
        } else {
            let base = entry_url(tree, known, from);
            let base = base.as_deref().and_then(|url| server(url));
            base.and_then(|base| self.by_url(tree, known, [base, text]))
                .or_else(|| self.by_url(tree, known, ["", text]))
                .or_else(|| self.by_id(tree, known, text))
        };
        found.map_or(Target::Outside, Target::Bundled)
    }
}

fn full_url<'a>(
    tree: &'a Tree,
    known: &Known,
    resource: NodeId,
) -> Option<std::borrow::Cow<'a, str>> {
    plain(tree, child(tree, tree.parent(resource)?, known.full_url)?)
}

/// The fullUrl of the entry that a node is in.
fn entry_url<'a>(tree: &'a Tree, known: &Known, from: NodeId) -> Option<std::borrow::Cow<'a, str>> {
    let mut at = from;
    while tree.node(at).name != known.entry || tree.parent(at) != tree.root() {
        at = tree.parent(at)?;
    }
    plain(tree, child(tree, at, known.full_url)?)
}

/// `https://server/fhir/` of `https://server/fhir/Patient/1`.
pub fn server(url: &str) -> Option<&str> {
    let id = url.rfind('/')?;
    let kind = url[..id].rfind('/')?;
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

fn contained(tree: &Tree, known: &Known, from: NodeId, fragment: &str) -> Target {
    let Some(container) = container(tree, known, from) else { return Target::NoFragment };
    if fragment.is_empty() {
        return Target::Contained(container);
    }
    let mut inside = tree.children(container).filter(|c| tree.node(*c).name == known.contained);
    let found =
        inside.find(|c| child(tree, *c, known.id).is_some_and(|i| tree.text_is(i, fragment)));
    found.map_or(Target::NoFragment, Target::Contained)
}
