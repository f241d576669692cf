//! What a resource says about itself: its security labels are a set.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::tree::NodeId;

/// More labels than this are not compared with each other.
const MOST: usize = 64;

/// Checks a Meta.
pub(super) fn check(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let labels = || tree.children(id).filter(|c| tree.node(*c).name == known.security).take(MOST);
    for (at, label) in labels().enumerate().skip(1) {
        let text = |of: NodeId, name| child(tree, of, name).and_then(|c| tree.text(c));
        let same = |other: NodeId| {
            text(other, known.code) == text(label, known.code)
                && text(other, known.system) == text(label, known.system)
        };
        if labels().take(at).any(same) {
            run.tell_base(&catalogue::SECURITY_TWICE, label, Arg::None);
        }
    }
}
