//! Fixed values (the whole, exactly) and patterns (at least what they say).

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::program::{LiteralId, Spec};
use crate::profile::run::Run;
use crate::tree::types::ElementId;
use crate::tree::{NodeId, Tree};

/// Checks a node against the fixed value and the pattern of a spec.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, spec: &Spec) {
    if spec.fixed.is_some_and(|literal| !matches(run, id, literal, true)) {
        run.tell(&catalogue::FIXED, id, spec, Default::default());
    }
    if spec.pattern.is_some_and(|literal| !matches(run, id, literal, false)) {
        run.tell(&catalogue::PATTERN, id, spec, Default::default());
    }
}

/// Whether a node is a literal (`exact`) or has all that a literal has.
pub(super) fn matches(run: &Run<'_>, id: NodeId, literal: LiteralId, exact: bool) -> bool {
    let (tree, programs) = (run.tree, &run.validator.programs);
    // what most are compared with
    if let Some(Some(text)) = programs.literal_texts.get(literal.0 as usize) {
        return tree.text_is(id, text) && (!exact || tree.first_child(id).is_none());
    }
    match programs.literals.get(literal.0 as usize).copied().flatten() {
        Some(wanted) => has(tree, id, &programs.literal_tree, wanted, exact),
        None => true,
    }
}

fn has(tree: &Tree, id: NodeId, literals: &Tree, wanted: NodeId, exact: bool) -> bool {
    let same_value = match (literals.value(wanted), tree.value(id)) {
        (None, found) => !exact || found.is_none(),
        (Some(_), None) => false,
        (Some(want), Some(found)) => tree.same_text(found, literals, want),
    };
    if !same_value {
        return false;
    }
    // most literals have no parts
    if literals.first_child(wanted).is_none() {
        return !exact || tree.first_child(id).is_none();
    }
    if exact && tree.children(id).count() != literals.children(wanted).count() {
        return false;
    }
    literals.children(wanted).all(|want| {
        let mut alike = tree.children(id).filter(|c| same_element(tree, *c, literals, want));
        alike.any(|found| has(tree, found, literals, want, exact))
    })
}

fn same_element(tree: &Tree, id: NodeId, literals: &Tree, wanted: NodeId) -> bool {
    let (found, want) = (tree.node(id), literals.node(wanted));
    match want.element {
        ElementId::NONE => tree.name_text(found.name) == literals.name_text(want.name),
        element => found.element == element && found.type_id == want.type_id,
    }
}

/// The canonical use of no argument.
pub(super) const NO_ARGS: [Arg; 2] = [Arg::None, Arg::None];
