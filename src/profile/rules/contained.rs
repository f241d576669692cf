//! dom-3: every contained resource is referred to from its container, or refers to it.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::index::{Target, container};
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::tree::NodeId;

/// Checks the contained resources of a resource.
pub(super) fn check(run: &mut Run<'_>, resource: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let mut at = tree.first_child(resource);
    while let Some(one) = at {
        at = tree.next_sibling(one);
        if tree.node(one).name != known.contained || container(tree, known, one) != Some(resource) {
            continue;
        }
        // quadratic in the contained resources of one container alone; a reference ends the search
        let refers = tree.descend(resource).any(|node| {
            let types = &run.validator.known;
            let kind = tree.node(node).type_id;
            if kind == types.reference_type {
                let target = run.memory.index.target(tree, known, node);
                let up = target == Target::Contained(resource) && within(run, node, one);
                target == Target::Contained(one) || up
            } else {
                let points = kind == types.canonical_type || kind == types.uri_type;
                points && names(run, node, one)
            }
        });
        if !refers {
            run.tell_base(&catalogue::CONTAINED_UNUSED, one, Arg::None);
        }
    }
}

fn within(run: &Run<'_>, node: NodeId, ancestor: NodeId) -> bool {
    let mut at = Some(node);
    while let Some(one) = at {
        if one == ancestor {
            return true;
        }
        at = run.tree.parent(one);
    }
    false
}

/// Whether a canonical or uri is `#id` of the contained resource.
fn names(run: &Run<'_>, node: NodeId, contained: NodeId) -> bool {
    let Some(value) = run.tree.value(node) else { return false };
    let Some(own) = child(run.tree, contained, run.validator.known.id) else { return false };
    let Some(id) = run.tree.value(own) else { return false };
    let mut text = run.tree.chars(value);
    text.next() == Some('#') && text.eq(run.tree.chars(id))
}
