//! Links and images of narratives that name a fragment (`#x`) lead to something of the same resource.
//!
//! Promises: one pass over the message at its end, and only if a narrative has such a link. Never: follows
//! any other address.
//!
//! From R4 (narrative, "references"): a fragment is an id of an element or of the markup of the resource,
//! contained ones included; the id of a resource of the same Bundle is taken too, as the reference
//! validator does.

use super::primitive::with_text;
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::index::container;
use crate::profile::run::Run;
use crate::tree::{Kind, Marks, NodeId};
use std::hash::BuildHasher;

/// A link into a resource, met in a narrative. Ordered so that equal ids are together, then equal resources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::profile) struct Fragment {
    /// The hash of the id.
    hash: u64,
    /// What it must be found in.
    container: NodeId,
    /// The narrative.
    narrative: NodeId,
    /// Found in its resource; said on the first of equals only.
    here: bool,
    /// Found as the id of an entry's resource; said on the first of that id only.
    entry: bool,
}

/// Remembers the fragments that a narrative links to.
pub(super) fn note(markup: &str, narrative: NodeId, met: &mut Vec<Fragment>) {
    for attribute in ["href", "src"] {
        each(markup, attribute, |value| {
            if let Some(id) = value.strip_prefix('#').filter(|id| !id.is_empty()) {
                let container = NodeId(0);
                let hash = hash(id);
                met.push(Fragment { hash, container, narrative, here: false, entry: false });
            }
        });
    }
}

/// Tells which of the fragments are nowhere.
pub(in crate::profile) fn check(run: &mut Run<'_>) {
    if run.memory.fragments.is_empty() {
        return;
    }
    let mut all = std::mem::take(&mut run.memory.fragments);
    let (tree, known) = (run.tree, &run.validator.known);
    for one in &mut all {
        one.container = container(tree, known, one.narrative).unwrap_or(NodeId(0));
    }
    all.sort_unstable();
    let bundle = tree.root().filter(|r| tree.node(*r).type_id == known.bundle);
    let mut inside = None;
    for node in tree.root().into_iter().flat_map(|root| tree.descend(root)) {
        let one = tree.node(node);
        run.memory.steps += 1;
        if one.marks.has(Marks::RESOURCE) && one.name != known.contained {
            inside = Some(node);
        }
        let Some(of) = inside else { continue };
        if one.kind == Kind::Xhtml {
            with_text(run, node, |markup| {
                for attribute in ["id", "name"] {
                    each(markup, attribute, |value| here(&mut all, hash(value), of));
                }
            });
        } else if one.name == known.id
            && let Some(id) = tree.with_text(node, hash)
        {
            here(&mut all, id, of);
            if bundle.is_some_and(|b| b != of) && tree.parent(node) == Some(of) {
                entry(&mut all, id);
            }
        }
    }
    tell(run, &mut all);
    all.clear();
    run.memory.fragments = all;
}

fn here(all: &mut [Fragment], hash: u64, container: NodeId) {
    let first = all.partition_point(|f| (f.hash, f.container) < (hash, container));
    if let Some(one) = all.get_mut(first).filter(|f| (f.hash, f.container) == (hash, container)) {
        one.here = true;
    }
}

fn entry(all: &mut [Fragment], hash: u64) {
    let first = all.partition_point(|f| f.hash < hash);
    if let Some(one) = all.get_mut(first).filter(|f| f.hash == hash) {
        one.entry = true;
    }
}

/// Tells those that were not found; many dead links of one narrative are one fault.
fn tell(run: &mut Run<'_>, all: &mut Vec<Fragment>) {
    let mut group = None;
    all.retain(|one| {
        let (mut hash, mut container) =
            group.unwrap_or(((one.hash, one.entry), (one.container, one.here)));
        if hash.0 != one.hash {
            (hash, container) = ((one.hash, one.entry), (one.container, one.here));
        } else if container.0 != one.container {
            container = (one.container, one.here);
        }
        group = Some((hash, container));
        !hash.1 && !container.1
    });
    all.sort_unstable_by_key(|f| f.narrative);
    all.dedup_by_key(|f| f.narrative);
    for one in &*all {
        run.tell_base(&catalogue::NARRATIVE_LINK, one.narrative, Arg::None);
    }
}

fn hash(text: &str) -> u64 {
    foldhash::fast::FixedState::with_seed(11).hash_one(text)
}

/// Calls `f` with each value that an attribute has in markup.
fn each(markup: &str, attribute: &str, mut f: impl FnMut(&str)) {
    for (at, _) in markup.match_indices(attribute) {
        if !markup[..at].ends_with(|c: char| c.is_ascii_whitespace()) {
            continue;
        }
        let rest = markup[at + attribute.len()..].trim_start();
        let Some(rest) = rest.strip_prefix('=').map(str::trim_start) else { continue };
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        if let Some(value) = rest[1..].split(quote).next() {
            f(value);
        }
    }
}
