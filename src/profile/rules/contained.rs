//! dom-3: every contained resource is referred to from its container, or refers to it.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::index::Target;
use crate::profile::run::Run;
use crate::tree::{Kind, NodeId};

/// Checks the contained resources of a resource, in one pass over it.
pub(super) fn check(run: &mut Run<'_>, resource: NodeId) {
    let (tree, name) = (run.tree, run.validator.known.contained);
    let mut inside = std::mem::take(&mut run.memory.contained);
    inside.clear();
    let children = tree.children(resource).filter(|c| tree.node(*c).name == name);
    inside.extend(children.map(|c| (c, false)));
    if !inside.is_empty() {
        inside.sort_unstable();
        for node in tree.descend(resource) {
            run.memory.steps += 1;
            if tree.node(node).kind == Kind::Xhtml {
                linked(run, node, &mut inside);
                continue;
            }
            let Some(used) = points_at(run, node, resource) else { continue };
            if let Ok(at) = inside.binary_search_by_key(&used, |(c, _)| *c) {
                inside[at].1 = true;
            }
        }
        for (one, _) in inside.iter().filter(|(_, used)| !used) {
            run.tell_base(&catalogue::CONTAINED_UNUSED, *one, Arg::None);
        }
    }
    run.memory.contained = inside;
}

/// The contained resources that a narrative's links and images name.
fn linked(run: &mut Run<'_>, narrative: NodeId, inside: &mut [(NodeId, bool)]) {
    let (tree, index) = (run.tree, &run.memory.index);
    let Some(markup) = tree.text(narrative) else { return };
    for (at, _) in markup.match_indices("\"#") {
        let end = markup[at + 1..].find('"').unwrap_or(0);
        let found = index.resolve(tree, narrative, &markup[at + 1..at + 1 + end]);
        if let Target::Contained(found) = found
            && let Ok(at) = inside.binary_search_by_key(&found, |(c, _)| *c)
        {
            inside[at].1 = true;
        }
    }
}

/// The contained resource that a node makes used: the one it names, or the one it stands in when it names
/// the container.
fn points_at(run: &Run<'_>, node: NodeId, container: NodeId) -> Option<NodeId> {
    let (tree, known) = (run.tree, &run.validator.known);
    let kind = tree.node(node).type_id;
    let target = if kind == known.reference_type {
        run.memory.index.target(tree, known, node)
    } else if kind == known.canonical_type || kind == known.uri_type || kind == known.url_type {
        let text = tree.text(node).filter(|t| t.starts_with('#'))?;
        run.memory.index.resolve(tree, node, &text)
    } else {
        return None;
    };
    match target {
        Target::Contained(found) if found == container => {
            let ups = std::iter::successors(Some(node), |n| tree.parent(*n));
            let mut ups = ups.take_while(|n| *n != container);
            ups.find(|n| tree.parent(*n) == Some(container))
        }
        Target::Contained(found) => Some(found),
        _ => None,
    }
}
