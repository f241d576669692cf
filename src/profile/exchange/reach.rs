//! What hangs together: every entry is reached from the MessageHeader, forward or backward; references lead
//! somewhere; hierarchies have a top.

use super::{Check, catalogue};
use crate::message::{Arg, Issue};
use crate::profile::index::{Target, container};
use crate::tree::{NodeId, Tree};

/// Checks the references of all entries.
pub(super) fn check(check: &mut Check<'_>) {
    links(check);
    reach(check);
    let provenance = |check: &Check<'_>, r| check.tree.resource_type(r) == Some("Provenance");
    for at in 0..check.memory.entries.len() {
        let (entry, resource) = check.memory.entries[at];
        if !check.memory.reached[at] && !provenance(check, resource) {
            check.tell(&catalogue::UNREACHABLE, entry);
        }
    }
    hierarchies(check);
}

/// Provenance's target and entities may name messages that are elsewhere.
fn may_leave(tree: &Tree, reference: NodeId) -> bool {
    let Some(parent) = tree.parent(reference) else { return false };
    let name = |n: NodeId| tree.name_text(tree.node(n).name);
    let of = |n: NodeId| tree.resource_type(n) == Some("Provenance");
    match (name(reference), name(parent)) {
        ("target", _) => of(parent),
        ("what", "entity") => tree.parent(parent).is_some_and(of),
        _ => false,
    }
}

fn links(check: &mut Check<'_>) {
    let (tree, known) = (check.tree, &check.rules.known);
    check.memory.links.clear();
    check.memory.order.clear();
    for (at, (_, resource)) in check.memory.entries.iter().enumerate() {
        check.memory.order.push((*resource, at as u32));
    }
    check.memory.order.sort_unstable();
    for at in 0..check.memory.entries.len() {
        let resource = check.memory.entries[at].1;
        for node in tree.descend(resource) {
            if tree.node(node).type_id != known.reference_type {
                continue;
            }
            match check.memory.index.target(tree, known, node) {
                Target::Bundled(found) => {
                    let order = &check.memory.order;
                    if let Ok(place) = order.binary_search_by_key(&found, |(r, _)| *r) {
                        let to = order[place].1;
                        check.memory.links.push((at as u32, to));
                    }
                }
                Target::Outside if !may_leave(tree, node) && !elsewhere(check, node) => {
                    check.tell(&catalogue::UNRESOLVED, node);
                }
                _ => {}
            }
        }
    }
    check.memory.links.sort_unstable();
}

/// Whether a reference names a server, which is somewhere else by intent.
fn elsewhere(check: &Check<'_>, reference: NodeId) -> bool {
    let text = check.tree.child_text(reference, "reference").unwrap_or_default();
    text.starts_with("http")
}

/// Forward along links from the header; then backward: whoever refers to what is reached is reached, and
/// so on until nothing changes.
fn reach(check: &mut Check<'_>) {
    let memory = &mut *check.memory;
    memory.reached.clear();
    memory.reached.resize(memory.entries.len(), false);
    memory.next.clear();
    let header = memory.entries.iter().position(|(_, r)| Some(*r) == check.header);
    if let Some(at) = header {
        memory.reached[at] = true;
        memory.next.push(at as u32);
    }
    let forward = memory.links.len();
    for at in 0..forward {
        let (from, to) = memory.links[at];
        memory.links.push((to, from));
    }
    memory.links.sort_unstable();
    while let Some(at) = memory.next.pop() {
        let start = memory.links.partition_point(|(from, _)| *from < at);
        for (from, to) in &memory.links[start..] {
            if *from != at {
                break;
            }
            if !memory.reached[*to as usize] {
                memory.reached[*to as usize] = true;
                memory.next.push(*to);
            }
        }
    }
}

/// Follows each hierarchy upwards; more steps than entries is a circle.
fn hierarchies(check: &mut Check<'_>) {
    let (tree, known) = (check.tree, &check.rules.known);
    for at in 0..check.memory.entries.len() {
        let start = check.memory.entries[at].1;
        for name in &check.rules.data.hierarchies {
            let Some(first) = tree.child(start, name) else { continue };
            let mut reference = Some(first);
            // no hierarchy of a message is deeper than this, and a circle is told on its members anyway
            for _ in 0..64 {
                let Some(one) = reference else { break };
                let Target::Bundled(up) = check.memory.index.target(tree, known, one) else {
                    break;
                };
                if container(tree, known, up) == Some(start) {
                    let name = Arg::Shared(name.as_ref().into());
                    check.issues.push(Issue::on(&catalogue::CYCLE, first).arg(name));
                    break;
                }
                reference = tree.child(up, name);
            }
        }
    }
}
