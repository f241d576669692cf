//! The chain of Provenances: the newest is this message's own.

use super::{Check, catalogue};
use crate::profile::index::Target;
use crate::tree::NodeId;
use jiff::Timestamp;

/// Checks the chain, where there is one.
pub(super) fn check(check: &mut Check<'_>) {
    let Some(header) = check.header else { return };
    if check.resources("Provenance").next().is_some() && newest(check).is_none() {
        check.tell(&catalogue::NEWEST, header);
    }
}

fn when(check: &Check<'_>, provenance: NodeId) -> Option<Timestamp> {
    let stamp = check.tree.child(provenance, "occurredDateTime");
    let stamp = stamp.or_else(|| check.tree.child(provenance, "recorded"))?;
    check.tree.text(stamp)?.parse().ok()
}

/// The Provenance of this message: it targets the header and none is later. Ties pass.
pub(super) fn newest(check: &Check<'_>) -> Option<NodeId> {
    let latest = check.resources("Provenance").filter_map(|p| when(check, p)).max();
    let targets = |p: &NodeId| {
        let mut targets = check.tree.children_named(*p, "target");
        targets.any(|t| match check.memory.index.target(check.tree, &check.rules.known, t) {
            Target::Bundled(found) => Some(found) == check.header,
            _ => false,
        })
    };
    let is_latest = |p: &NodeId| when(check, *p) == latest;
    check.resources("Provenance").filter(targets).find(is_latest)
}
