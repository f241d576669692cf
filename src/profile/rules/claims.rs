//! What a resource claims to meet in `meta.profile`, and what its validation was asked for.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::known::{child, child_is};
use crate::profile::program::ProgramId;
use crate::profile::run::Run;
use crate::tree::{Node, NodeId};
use std::sync::Arc;

/// Puts the programs that a resource claims on the stack.
pub(in crate::profile) fn add(run: &mut Run<'_>, id: NodeId, node: &Node, first: usize) {
    let (tree, known) = (run.tree, &run.validator.known);
    if node.type_id == known.observation {
        vital_sign(run, id, first);
    }
    let Some(meta) = child(tree, id, known.meta) else { return };
    for claim in tree.children(meta).filter(|c| tree.node(*c).name == known.profile) {
        let Some(canonical) = tree.text(claim) else { continue };
        match run.validator.claimed(&canonical, run.root_package) {
            Some(program) => {
                let compiled = run.program(program);
                if run.is_a(node.type_id, compiled.type_id) {
                    run.add_program(id, program, first);
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
            // where the reference validator says it: on an entry's resource, on the root's claim itself
            None if tree.parent(id).is_some() => unknown(run, id, &canonical),
            None => unknown(run, claim, &canonical),
        }
    }
}

/// The profiles that FHIR says apply to every vital sign, by its LOINC code.
const VITAL_SIGNS: &[(&str, &str)] = &[
    ("85353-1", "vitalspanel"),
    ("9279-1", "resprate"),
    ("8867-4", "heartrate"),
    ("2708-6", "oxygensat"),
    ("59408-5", "oxygensat"),
    ("8310-5", "bodytemp"),
    ("8302-2", "bodyheight"),
    ("9843-4", "headcircum"),
    ("29463-7", "bodyweight"),
    ("39156-5", "bmi"),
    ("85354-9", "bp"),
];

/// The programs of all of them.
pub(in crate::profile) fn vital_signs(
    mut find: impl FnMut(&str) -> Option<ProgramId>,
) -> Vec<(&'static str, ProgramId)> {
    let mut all = Vec::new();
    for (_, name) in VITAL_SIGNS {
        let program = find(&format!("http://hl7.org/fhir/StructureDefinition/{name}"));
        all.extend(program.map(|p| (*name, p)));
    }
    all
}

/// Puts the program of a vital sign on the stack of an Observation that is one.
fn vital_sign(run: &mut Run<'_>, id: NodeId, first: usize) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(code) = child(tree, id, known.code) else { return };
    for coding in tree.children(code).filter(|c| tree.node(*c).name == known.coding) {
        if !child_is(tree, coding, known.system, "http://loinc.org") {
            continue;
        }
        let is = |sign: &&(&str, &str)| child_is(tree, coding, known.code, sign.0);
        let Some((_, name)) = VITAL_SIGNS.iter().find(is) else { continue };
        if let Some(program) = run.validator.vital_sign(name) {
            run.add_program(id, program, first);
        }
    }
}

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
    run.push(Issue::on(kind, claim).severity(severity).arg(Arg::Static(name)));
}
