//! What a resource claims to meet in `meta.profile`, and what its validation was asked for.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::tree::{Node, NodeId};
use std::sync::Arc;

/// Puts the programs that a resource claims on the stack.
pub(in crate::profile) fn add(run: &mut Run<'_>, id: NodeId, node: &Node, first: usize) {
    let (tree, known) = (run.tree, &run.validator.known);
    if node.type_id == known.observation {
        super::vital_signs::add(run, id, first);
    }
    let Some(meta) = child(tree, id, known.meta) else { return };
    for claim in tree.children(meta).filter(|c| tree.node(*c).name == known.profile) {
        let Some(canonical) = tree.text(claim) else { continue };
        match run.validator.claimed(&canonical, run.root_package) {
            Some(program) => {
                let compiled = run.program(program);
                if run.is_a(node.type_id, compiled.type_id) {
                    let origin = run.claim(id, program);
                    run.add_program(id, program, origin, first);
                } else {
                    let name = Arg::Shared(Arc::clone(&compiled.canonical));
                    run.tell_of(
                        &catalogue::PROFILE_WRONG_TYPE,
                        id,
                        program,
                        [name, Arg::None, Arg::None],
                    );
                }
            }
            None if let Some(own) = run.validator.is_base(&canonical, node.type_id) => {
                if !own {
                    let name = Arg::Static("that is claimed");
                    run.tell_base(&catalogue::PROFILE_WRONG_TYPE, id, name);
                }
            }
            // where the reference validator says it: on an entry's resource, on the root's claim itself
            None if tree.parent(id).is_some() => unknown(run, id, &canonical),
            None => unknown(run, claim, &canonical),
        }
    }
}

/// Beyond so many issues of a message, nobody looks for what a claim may have meant.
const SUGGESTED: usize = 10;

/// A claimed canonical is no patient's data, but the sender's text all the same: it is not repeated.
fn unknown(run: &mut Run<'_>, claim: NodeId, canonical: &str) {
    let without = canonical.split('|').next().unwrap_or(canonical);
    let versions =
        without != canonical && run.validator.claimed(without, run.root_package).is_some();
    let (kind, name) = match versions {
        true => (&catalogue::PROFILE_UNKNOWN_VERSION, "that is claimed"),
        false => (&catalogue::PROFILE_UNKNOWN, "that is claimed"),
    };
    let severity = run.validator.settings.unknown_profile;
    let issue = Issue::on(kind, claim).severity(severity).arg(Arg::Static(name));
    let meant = match versions || run.issues.len() - run.before >= SUGGESTED {
        true => None,
        false => run.validator.suggestions.meant(canonical),
    };
    let meant = meant.map_or(Arg::None, |meant| Arg::Shared(format!("; {meant}").into()));
    run.push(issue.arg(meant));
}
