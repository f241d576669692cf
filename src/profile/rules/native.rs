//! Invariants that are code of our own: those of FHIR's base definitions that nearly every node carries, and
//! those of Bundle that an expression would make quadratic.

use super::super::known::{Known, child, child_is};
use crate::profile::run::Run;
use crate::tree::{Marks, NodeId, Tree};
use std::cmp::Ordering;

/// Which.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Native {
    /// An extension has either a value or extensions.
    Ext1,
    /// Contained resources contain none.
    Dom2,
    /// Contained resources have no versionId and no lastUpdated.
    Dom4,
    /// Contained resources have no security labels.
    Dom5,
    /// A resource has a narrative.
    Dom6,
    /// A period starts before it ends.
    Per1,
    /// `total` only in a search or a history.
    Bdl1,
    /// `search` only in a search.
    Bdl2,
    /// `request` just where it belongs.
    Bdl3,
    /// `response` just where it belongs.
    Bdl4,
    /// An entry has a resource, a request or a response.
    Bdl5,
    /// fullUrls with their versions are distinct.
    Bdl7,
    /// A fullUrl names no version.
    Bdl8,
    /// A document has an identifier.
    Bdl9,
    /// A document has a date.
    Bdl10,
    /// A document's first resource is a Composition.
    Bdl11,
    /// A message's first resource is a MessageHeader.
    Bdl12,
}

impl Native {
    /// The code for a key of the base definitions.
    pub fn of(key: &str) -> Option<Native> {
        Some(match key {
            "ext-1" => Native::Ext1,
            "dom-2" => Native::Dom2,
            "dom-4" => Native::Dom4,
            "dom-5" => Native::Dom5,
            "dom-6" => Native::Dom6,
            "per-1" => Native::Per1,
            "bdl-1" => Native::Bdl1,
            "bdl-2" => Native::Bdl2,
            "bdl-3" => Native::Bdl3,
            "bdl-4" => Native::Bdl4,
            "bdl-5" => Native::Bdl5,
            "bdl-7" => Native::Bdl7,
            "bdl-8" => Native::Bdl8,
            "bdl-9" => Native::Bdl9,
            "bdl-10" => Native::Bdl10,
            "bdl-11" => Native::Bdl11,
            "bdl-12" => Native::Bdl12,
            _ => return None,
        })
    }

    /// The child without which it holds.
    pub fn looks_at(self) -> Option<&'static str> {
        match self {
            Native::Dom2 | Native::Dom4 | Native::Dom5 => Some("contained"),
            Native::Per1 => Some("start"),
            Native::Bdl1 => Some("total"),
            Native::Bdl8 => Some("fullUrl"),
            _ => None,
        }
    }

    /// Whether it holds at a node.
    pub fn holds(self, run: &Run<'_>, id: NodeId) -> Option<bool> {
        let (tree, known) = (run.tree, &run.validator.known);
        let has = |name| child(tree, id, name).is_some();
        Some(match self {
            Native::Ext1 => has(known.extension) != has_value(run, id),
            Native::Dom2 | Native::Dom4 | Native::Dom5 => self.contained(tree, known, id),
            Native::Dom6 => has(known.text),
            Native::Per1 => period(tree, known, id),
            Native::Bdl5 => has(known.resource) || has(known.request) || has(known.response),
            Native::Bdl8 => !child(tree, id, known.full_url)
                .and_then(|u| tree.text(u))
                .is_some_and(|u| u.contains("/_history/")),
            _ => self.bundle(run, id),
        })
    }

    fn contained(self, tree: &Tree, known: &Known, id: NodeId) -> bool {
        let mut inside = tree.children(id).filter(|c| tree.node(*c).name == known.contained);
        inside.all(|resource| {
            let meta = child(tree, resource, known.meta);
            let lacks = |name| meta.is_none_or(|m| child(tree, m, name).is_none());
            match self {
                Native::Dom2 => child(tree, resource, known.contained).is_none(),
                Native::Dom4 => lacks(known.version_id) && lacks(known.last_updated),
                _ => lacks(known.security),
            }
        })
    }

    fn bundle(self, run: &Run<'_>, id: NodeId) -> bool {
        let (tree, known) = (run.tree, &run.validator.known);
        let is = |kinds: &[&str]| kinds.iter().any(|k| child_is(tree, id, known.type_, k));
        let mut entries = tree.children(id).filter(|c| tree.node(*c).name == known.entry);
        let first = entries.clone().next().and_then(|e| child(tree, e, known.resource));
        let begins_with = |kind| first.is_some_and(|r| tree.node(r).type_id == kind);
        match self {
            Native::Bdl1 => child(tree, id, known.total).is_none() || is(&["searchset", "history"]),
            Native::Bdl2 => {
                is(&["searchset"]) || entries.all(|e| child(tree, e, known.search).is_none())
            }
            Native::Bdl3 => {
                let wanted = is(&["batch", "transaction", "history"]);
                entries.all(|e| child(tree, e, known.request).is_some() == wanted)
            }
            Native::Bdl4 => {
                let wanted = is(&["batch-response", "transaction-response", "history"]);
                entries.all(|e| child(tree, e, known.response).is_some() == wanted)
            }
            Native::Bdl7 => {
                tree.root() != Some(id)
                    || is(&["history"])
                    || run.memory.index.duplicates.is_empty()
            }
            Native::Bdl9 => {
                let identifier = child(tree, id, known.identifier);
                let has = |name| identifier.is_some_and(|i| child(tree, i, name).is_some());
                !is(&["document"]) || (has(known.system) && has(known.value))
            }
            Native::Bdl10 => {
                !is(&["document"])
                    || child(tree, id, known.timestamp).and_then(|t| tree.value(t)).is_some()
            }
            Native::Bdl11 => !is(&["document"]) || begins_with(known.composition),
            Native::Bdl12 => !is(&["message"]) || begins_with(known.message_header),
            _ => true,
        }
    }
}

fn has_value(run: &Run<'_>, id: NodeId) -> bool {
    let tree = run.tree;
    tree.children(id).any(|c| {
        let node = tree.node(c);
        let known = &run.validator.known;
        node.element != crate::tree::types::ElementId::NONE
            && !node.marks.has(Marks::RESOURCE)
            && run.validator.table.element(node.element).name == known.value
    })
}

fn period(tree: &Tree, known: &Known, id: NodeId) -> bool {
    let text = |name| child(tree, id, name).and_then(|n| tree.text(n));
    match (text(known.start), text(known.end)) {
        (Some(start), Some(end)) => {
            matches!(compare(&start, &end), Some(Ordering::Less | Ordering::Equal))
        }
        _ => true,
    }
}

/// Compares two dates or moments; none when their precisions leave it open.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
    if let (Some(a), Some(b)) = (moment(a), moment(b)) {
        return Some(a.cmp(&b));
    }
    let day = |text: &str| text.split('T').next().map_or(0, str::len);
    let common = day(a).min(day(b));
    match a.get(..common)?.cmp(b.get(..common)?) {
        Ordering::Equal if a.len() == b.len() => Some(Ordering::Equal),
        Ordering::Equal => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_compare_as_far_as_they_go() {
        assert_eq!(compare("2024", "2025-01"), Some(Ordering::Less));
        assert_eq!(compare("2024-01-02", "2024-01"), None);
        let (a, b) = ("2024-01-01T10:00:00+02:00", "2024-01-01T09:00:00+01:00");
        assert_eq!(compare(a, b), Some(Ordering::Equal));
    }
}
