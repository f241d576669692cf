//! How often an element may and must be there.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::program::{ChildRule, Spec};
use crate::profile::run::Run;
use crate::tree::NodeId;
use std::sync::Arc;

/// Checks the number of children of one element.
pub(in crate::profile) fn check(
    run: &mut Run<'_>,
    parent: NodeId,
    spec: &Spec,
    rule: &ChildRule,
    count: u32,
) {
    let (kind, bound) = match count {
        n if n < rule.min => (&catalogue::REQUIRED, rule.min),
        n if n > rule.max => (&catalogue::TOO_MANY, rule.max),
        _ => return,
    };
    let name = Arg::Shared(Arc::clone(&rule.name));
    let args = [name, Arg::Number(u64::from(bound)), Arg::Number(u64::from(count))];
    run.tell_of(kind, parent, spec.program, args);
}
