//! The types that a profile allows where its base allows more.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::program::Spec;
use crate::profile::run::Run;
use crate::tree::types::TypeId;
use crate::tree::{Node, NodeId};
use std::sync::Arc;

/// Checks the type; what a profile says of another type is not checked then.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, node: &Node, spec: &Spec) -> bool {
    if spec.types.is_empty() || node.type_id == TypeId::NONE {
        return true;
    }
    let good = spec.types.iter().any(|t| run.takes(node.type_id, *t));
    if !good {
        let name = Arg::Shared(Arc::clone(&run.validator.table.type_of(node.type_id).name));
        // an extension's value has no name of its own: it is the extension that has the wrong type; and where
        // the profile leaves a choice, the one that was taken is no element that it knows
        let holder = run.tree.parent(id);
        let extension = run.validator.known.extension_type;
        let several = spec.types.len() > 1;
        let on_holder = |h: &NodeId| several || run.tree.node(*h).type_id == extension;
        let place = holder.filter(on_holder).unwrap_or(id);
        let allowed = spec.allowed.as_ref().map_or(Arg::None, |a| Arg::Shared(Arc::clone(a)));
        run.tell(&catalogue::TYPE, place, spec, [name, allowed]);
    }
    good
}
