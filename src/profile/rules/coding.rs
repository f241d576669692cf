//! Codes that their own code system does not have.

use crate::definitions::terminology::Membership;
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::tree::NodeId;

/// Checks a Coding against its code system, where that is loaded.
pub(super) fn check(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(system) = child(tree, id, known.system).and_then(|s| tree.text(s)) else { return };
    if !system.is_empty() && !system.contains(':') {
        let issue = crate::message::Issue::on(&catalogue::SYSTEM_RELATIVE, id);
        return run.push(issue.arg(Arg::Static("code")));
    }
    let Some(code) = child(tree, id, known.code) else { return };
    let Some(known) = run.validator.code_system(&system, run.root_package) else { return };
    if tree.with_text(code, |code| known.index.has(code)) == Some(Membership::NotIn) {
        let kind = match known.whole {
            true => &catalogue::CODE_UNKNOWN,
            false => &catalogue::CODE_UNKNOWN_HERE,
        };
        let issue = crate::message::Issue::on(kind, code);
        run.push(issue.arg(Arg::Shared(std::sync::Arc::clone(&known.canonical))));
    }
}
