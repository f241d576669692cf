//! Bundle: fullUrls are there, absolute, distinct, and agree with the ids of their resources.

use super::format;
use crate::message::{Arg, IssueKind};
use crate::profile::catalogue;
use crate::profile::index::server;
use crate::profile::known::{child, child_is};
use crate::profile::run::Run;
use crate::tree::NodeId;
use crate::tree::types::TypeId;

/// Checks the entries of a Bundle.
pub(super) fn check(run: &mut Run<'_>, bundle: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let needs = ["transaction", "batch", "transaction-response", "batch-response"]
        .iter()
        .all(|kind| !child_is(tree, bundle, known.type_, kind));
    let history = child_is(tree, bundle, known.type_, "history");
    // a fault of all entries is one fault: it is told of the first, with how many more there are
    let mut relative = Alike { kind: &catalogue::FULL_URL_FORM, first: None, more: 0 };
    let mut nameless = Alike { kind: &catalogue::FULL_URL_NO_ID, first: None, more: 0 };
    let mut at = tree.first_child(bundle);
    while let Some(entry) = at {
        at = tree.next_sibling(entry);
        if tree.node(entry).name != known.entry {
            continue;
        }
        match child(tree, entry, known.full_url) {
            Some(url) => full_url(run, entry, url, &mut relative, &mut nameless),
            None if needs && child(tree, entry, known.resource).is_some() => {
                run.tell_base(&catalogue::FULL_URL_MISSING, entry, Arg::None);
            }
            None => {}
        }
    }
    relative.tell(run);
    nameless.tell(run);
    if tree.root() == Some(bundle) && !history {
        for at in 0..run.memory.index.duplicates.len() {
            let entry = run.memory.index.duplicates[at];
            run.tell_base(&catalogue::FULL_URL_DUPLICATE, entry, Arg::None);
        }
    }
}

/// The entries that have one fault.
struct Alike {
    kind: &'static IssueKind,
    first: Option<NodeId>,
    more: u64,
}

impl Alike {
    fn add(&mut self, entry: NodeId) {
        match self.first {
            None => self.first = Some(entry),
            Some(_) => self.more += 1,
        }
    }

    fn tell(self, run: &mut Run<'_>) {
        if let Some(first) = self.first {
            run.tell_base(self.kind, first, Arg::Number(self.more));
        }
    }
}

fn full_url(
    run: &mut Run<'_>,
    entry: NodeId,
    url: NodeId,
    relative: &mut Alike,
    nameless: &mut Alike,
) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(text) = tree.text(url) else { return };
    let uuid = text.strip_prefix("urn:uuid:").map(format::uuid);
    if memchr::memchr(b':', text.as_bytes()).is_none() || uuid == Some(false) {
        // a urn:uuid that is none is told by the rule on its format
        if uuid.is_none() {
            relative.add(entry);
        }
        return;
    }
    let Some(resource) = child(tree, entry, known.resource) else { return };
    let Some(base) = server(&text) else { return };
    let kind = tree.resource_type(resource).unwrap_or("");
    // a url of the resource's own type needs no looking up
    let rest = text[base.len()..].strip_prefix(kind).and_then(|r| r.strip_prefix('/'));
    let known_type = |rest: &str| {
        let kind = rest.split('/').next();
        kind.is_some_and(|k| run.validator.table.find(k).is_some())
    };
    let typed = tree.node(resource).type_id != TypeId::NONE;
    let own = typed && rest.is_some();
    if !own && !known_type(&text[base.len()..]) {
        return;
    }
    let Some(id) = child(tree, resource, known.id).and_then(|i| tree.text(i)) else {
        return nameless.add(entry);
    };
    if rest != Some(&id) {
        run.tell_base(&catalogue::FULL_URL_MISMATCH, entry, Arg::None);
    }
}
