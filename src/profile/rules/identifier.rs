//! Identifiers: their system is an absolute address, and what RFC 3986 identifies is one, too.
//!
//! From R4 (Identifier.system: "the namespace", a uri; Identifier: a value that is itself a URI has the system
//! urn:ietf:rfc:3986), as the reference validator reads it.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::tree::NodeId;

/// Checks an Identifier.
pub(super) fn check(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(system) = child(tree, id, known.system).and_then(|s| tree.text(s)) else { return };
    if !system.is_empty() && !system.contains(':') {
        run.push(Issue::on(&catalogue::SYSTEM_RELATIVE, id).arg(Arg::Static("identifier")));
    }
    if system == "urn:ietf:rfc:3986"
        && let Some(value) = child(tree, id, known.value)
        && tree.text(value).is_some_and(|v| !v.contains(':'))
    {
        run.tell_base(&catalogue::IDENTIFIER_NO_URI, value, Arg::None);
    }
}
