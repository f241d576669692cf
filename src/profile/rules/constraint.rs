//! Invariants: by code of our own where there is some, else by their expression.

use crate::message::{Arg, Severity};
use crate::profile::catalogue;
use crate::profile::program::{Check, ConstraintId, ProgramId};
use crate::profile::run::Run;
use crate::tree::NodeId;
use std::sync::Arc;

/// Checks one invariant at a node, unless it was checked there before; what asks for conformance is asked
/// when every claim was walked.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, which: ConstraintId, program: ProgramId) {
    let constraint = &run.validator.programs.constraints[which.0 as usize];
    match &constraint.check {
        Check::Native(native) if native.holds(run, id) != Some(false) => {}
        Check::Native(_) => {
            run.constraint(id, which, program, |_| Some(false));
        }
        Check::Expression(expression)
            if expression.surely_holds(run.tree, id, &mut run.memory.steps) => {}
        _ if constraint.asks && run.asking == 0 => run.postpone(id, which, program),
        _ => {
            evaluate(run, id, which, program);
        }
    }
}

/// Checks a postponed invariant; whether it refuses nothing.
pub(in crate::profile) fn settle(
    run: &mut Run<'_>,
    id: NodeId,
    which: ConstraintId,
    program: ProgramId,
) -> bool {
    let severity = run.validator.programs.constraints[which.0 as usize].severity;
    evaluate(run, id, which, program) || severity < Severity::Error
}

fn evaluate(run: &mut Run<'_>, id: NodeId, which: ConstraintId, program: ProgramId) -> bool {
    run.constraint(id, which, program, |run| {
        let constraint = &run.validator.programs.constraints[which.0 as usize];
        let reason = match &constraint.check {
            Check::Native(native) => return native.holds(run, id),
            Check::Expression(expression) => match super::super::paths::test(run, expression, id) {
                Ok(holds) => return Some(holds),
                Err(reason) => Arg::Static(reason.reason),
            },
            Check::Never(reason) => Arg::Shared(Arc::clone(reason)),
        };
        let args = [Arg::Shared(Arc::clone(&constraint.key)), reason, Arg::None];
        run.not_checked(&catalogue::CONSTRAINT_NOT_CHECKED, id, program, args);
        None
    })
}
