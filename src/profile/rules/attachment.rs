//! Attachments: the size that is said is that of the data, and the hash has the length of a SHA-1.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::tree::NodeId;

/// Checks an Attachment that carries its data.
pub(super) fn check(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(data) = child(tree, id, known.data).and_then(|d| tree.value(d)) else { return };
    if let Some(hash) = child(tree, id, known.hash) {
        let letters = tree.value(hash).map_or(0, |h| tree.chars(h).filter(significant).count());
        if letters != 27 {
            run.push(Issue::on(&catalogue::ATTACHMENT, id).arg(Arg::Static("hash")));
        }
    }
    let Some(size) = child(tree, id, known.size).and_then(|s| tree.text(s)) else { return };
    let letters = tree.chars(data).filter(significant).count() as u64;
    let bytes = letters * 3 / 4;
    if size.parse() != Ok(bytes) {
        run.push(Issue::on(&catalogue::ATTACHMENT, id).arg(Arg::Static("size")));
    }
}

fn significant(c: &char) -> bool {
    !c.is_whitespace() && *c != '='
}
