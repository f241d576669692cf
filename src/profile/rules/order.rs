//! FHIR XML writes elements in the order of their definition.
//!
//! From R4 (XML representation: "the order of elements is as defined"). Attributes have no order.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::run::Run;
use crate::tree::{Node, NodeId};

/// Tells of a child whose place is before that of an elder sibling; gives the furthest place so far.
pub(in crate::profile) fn check(
    run: &mut Run<'_>,
    parent: &Node,
    child: NodeId,
    (place, furthest): (usize, usize),
) -> usize {
    let known = &run.validator.known;
    let name = run.tree.node(child).name;
    let url = name == known.url && parent.type_id == known.extension_type;
    if name == known.id || url {
        return furthest;
    }
    if place < furthest {
        let name = run.validator.element_name(run.tree.node(child));
        run.tell_base(&catalogue::OUT_OF_ORDER, child, Arg::Shared(name));
    }
    furthest.max(place)
}
