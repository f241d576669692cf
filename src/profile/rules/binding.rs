//! Bindings: codes and the value sets they must, should or may come from.

use crate::definitions::model::Strength;
use crate::definitions::terminology::{Membership, Reason};
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::program::{Binding, Spec, ValueSetKey};
use crate::profile::run::Run;
use crate::tree::{Node, NodeId};
use std::sync::Arc;

/// What the codes of an element come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    In,
    NotIn,
    Unknown,
    NoCode,
}

/// Checks a coded element against its binding.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, node: &Node, spec: &Spec, of: &Binding) {
    let found = match &of.set {
        Some(set) => look(run, id, node, set),
        None => Some(Found::Unknown),
    };
    let Some(found) = found else { return };
    if found == Found::NoCode && of.strength != Strength::Required {
        return;
    }
    let name = Arg::Shared(Arc::clone(&of.canonical));
    match (of.strength, found) {
        (Strength::Required, Found::NotIn) => {
            run.tell(&catalogue::BINDING_REQUIRED, id, spec, [name, Arg::None]);
        }
        (Strength::Required, Found::NoCode) => {
            run.tell(&catalogue::BINDING_NO_CODE, id, spec, [name, Arg::None]);
        }
        (Strength::Extensible, Found::NotIn) if run.validator.settings.extensible_warnings => {
            run.tell(&catalogue::BINDING_EXTENSIBLE, id, spec, [name, Arg::None]);
        }
        (Strength::Required | Strength::Extensible, Found::Unknown) => unknown(run, id, spec, name),
        _ => {}
    }
    if let Some((set, canonical)) = &of.max {
        let name = Arg::Shared(Arc::clone(canonical));
        match set.as_ref().and_then(|set| look(run, id, node, set)) {
            Some(Found::NotIn) => run.tell(&catalogue::BINDING_MAX, id, spec, [name, Arg::None]),
            Some(Found::In | Found::NoCode) => {}
            Some(Found::Unknown) | None => unknown(run, id, spec, name),
        }
    }
}

fn unknown(run: &mut Run<'_>, id: NodeId, spec: &Spec, canonical: Arg) {
    let args = [Arg::Shared(Arc::clone(&spec.name)), canonical, Arg::None];
    run.not_checked(&catalogue::BINDING_UNKNOWN, id, spec.program, args);
}

/// None: the element is of a type without codes.
fn look(run: &Run<'_>, id: NodeId, node: &Node, set: &ValueSetKey) -> Option<Found> {
    let (tree, known) = (run.tree, &run.validator.known);
    if node.type_id == known.concept_type {
        let codings = tree.children(id).filter(|c| tree.node(*c).name == known.coding);
        let mut all = Found::NoCode;
        for one in codings.map(|c| coding(run, c, set)) {
            match (one, all) {
                (Found::In, _) => return Some(Found::In),
                (Found::Unknown, _) | (Found::NotIn, Found::NoCode) => all = one,
                _ => {}
            }
        }
        return Some(all);
    }
    if node.type_id == known.coding_type || run.is_a(node.type_id, known.quantity_type) {
        return Some(coding(run, id, set));
    }
    tree.with_text(id, |text| of(set.contains(None, text)))
}

fn coding(run: &Run<'_>, id: NodeId, set: &ValueSetKey) -> Found {
    let (tree, known) = (run.tree, &run.validator.known);
    let system = child(tree, id, known.system).and_then(|s| tree.text(s));
    // a code without a system is in no set
    let system = Some(system.as_deref().unwrap_or(""));
    let code = child(tree, id, known.code);
    let found = code.and_then(|c| tree.with_text(c, |code| of(set.contains(system, code))));
    found.unwrap_or(Found::NoCode)
}

/// Whether a coded node is in a set, as `memberOf()` asks.
pub(in crate::profile) fn member(run: &Run<'_>, id: NodeId, set: &ValueSetKey) -> Membership {
    let node = *run.tree.node(id);
    match look(run, id, &node, set) {
        Some(Found::In) => Membership::In,
        Some(Found::Unknown) => Membership::Unknown(set.open().unwrap_or(Reason::NoContent)),
        _ => Membership::NotIn,
    }
}

fn of(membership: Membership) -> Found {
    match membership {
        Membership::In => Found::In,
        Membership::NotIn => Found::NotIn,
        Membership::Unknown(_) => Found::Unknown,
    }
}
