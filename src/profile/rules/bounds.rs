//! minValue, maxValue, maxLength.

use super::primitive::with_text;
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::program::{Bounds, LiteralId, Spec};
use crate::profile::run::Run;
use crate::tree::{NodeId, Tree};
use std::cmp::Ordering;
use std::sync::Arc;

/// Checks a value against its bounds.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, spec: &Spec, bounds: &Bounds) {
    if let Some(most) = bounds.max_length.filter(|_| run.tree.value(id).is_some()) {
        let length = run.tree.chars(run.tree.node(id).value).take(most as usize + 1).count();
        if length > most as usize {
            let name = Arg::Shared(Arc::clone(&spec.name));
            let args = [name, Arg::Number(u64::from(most)), Arg::None];
            run.tell_of(&catalogue::TOO_LONG, id, spec.program, args);
        }
    }
    let beyond = |run: &mut Run<'_>, literal: Option<LiteralId>, side| {
        literal.is_some_and(|literal| compare(run, id, literal) == Some(side))
    };
    if beyond(run, bounds.min, Ordering::Less) {
        run.tell(&catalogue::MIN_VALUE, id, spec, super::fixed::NO_ARGS);
    }
    if beyond(run, bounds.max, Ordering::Greater) {
        run.tell(&catalogue::MAX_VALUE, id, spec, super::fixed::NO_ARGS);
    }
}

/// Numbers by value; dates and times as text of the same precision, which orders them within a zone.
fn compare(run: &mut Run<'_>, id: NodeId, literal: LiteralId) -> Option<Ordering> {
    let programs = &run.validator.programs;
    let (literals, known) = (&programs.literal_tree, &run.validator.known);
    let node = programs.literals.get(literal.0 as usize).copied().flatten()?;
    if run.is_a(run.tree.node(id).type_id, known.quantity_type) {
        let unit = |tree: &Tree, id| {
            child(tree, id, known.code).and_then(|c| tree.text(c)).map(|c| c.into_owned())
        };
        let number = |tree: &Tree, id| {
            child(tree, id, known.value).and_then(|v| tree.text(v)?.parse::<f64>().ok())
        };
        let same = unit(run.tree, id) == unit(literals, node);
        return number(run.tree, id).filter(|_| same)?.partial_cmp(&number(literals, node)?);
    }
    run.tree.value(id)?;
    let bound = literals.text(node)?;
    with_text(run, id, |text| match (text.parse::<f64>(), bound.parse::<f64>()) {
        (Ok(value), Ok(bound)) if bound.fract() != 0.0 || !text.contains('-') || value < 0.0 => {
            value.partial_cmp(&bound)
        }
        (Ok(value), Ok(bound)) => value.partial_cmp(&bound),
        _ => {
            let common = text.len().min(bound.len());
            Some(text.get(..common)?.cmp(bound.get(..common)?))
        }
    })
}
