//! What a Composition or a MessageHeader refers to is in the same Bundle, and a document has no orphans.
//!
//! Promises: one pass over a document, next to none over a message. Never: looks at what a Bundle is that is
//! neither.
//!
//! From R4 (documents, "document content": what the Composition refers to, directly or over other resources;
//! messaging: MessageHeader.focus; Bundle, "resolving references").

use crate::fhirpath::FoundBy;
use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::index::Target;
use crate::profile::known::{child, child_is};
use crate::profile::run::Run;
use crate::tree::types::ElementId;
use crate::tree::{NameId, NodeId};

/// Checks a Bundle that is a document or a message.
pub(super) fn check(run: &mut Run<'_>, bundle: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    if tree.root() != Some(bundle) {
        return;
    }
    let first = child(tree, bundle, known.entry).and_then(|e| child(tree, e, known.resource));
    let Some(first) = first else { return };
    let kind = tree.node(first).type_id;
    if child_is(tree, bundle, known.type_, "document") {
        if kind == known.composition {
            composition(run, first);
        }
        orphans(run, bundle);
    } else if kind == known.message_header && child_is(tree, bundle, known.type_, "message") {
        for focus in tree.children(first).filter(|c| tree.node(*c).name == known.focus) {
            reference(run, focus, "message");
        }
    }
}

fn composition(run: &mut Run<'_>, id: NodeId) {
    let known = &run.validator.known;
    let (direct, below) = (
        [known.subject, known.author, known.encounter, known.custodian],
        [(known.attester, known.party), (known.event, known.detail)],
    );
    for part in run.tree.children(id) {
        let name = run.tree.node(part).name;
        if direct.contains(&name) {
            reference(run, part, "document");
        } else if let Some((_, inner)) = below.iter().find(|(outer, _)| *outer == name) {
            each(run, part, *inner);
        } else if name == known.section {
            section(run, part);
        }
    }
}

fn section(run: &mut Run<'_>, id: NodeId) {
    let known = &run.validator.known;
    for part in run.tree.children(id) {
        let name = run.tree.node(part).name;
        if [known.author, known.focus, known.entry].contains(&name) {
            reference(run, part, "document");
        } else if name == known.section {
            section(run, part);
        }
    }
}

fn each(run: &mut Run<'_>, id: NodeId, name: NameId) {
    let tree = run.tree;
    for one in tree.children(id).filter(|c| tree.node(*c).name == name) {
        reference(run, one, "document");
    }
}

/// Checks that a Reference leads to an entry, by the rules of R4.
fn reference(run: &mut Run<'_>, id: NodeId, inside: &'static str) {
    let (tree, known) = (run.tree, &run.validator.known);
    let empty = child(tree, id, known.reference).is_some_and(|r| tree.text_is(r, ""));
    // more than one, or by its id alone, is told by the rule on references
    if !empty && run.memory.index.target(tree, known, id) == Target::Outside {
        let name = Arg::Shared(run.validator.element_name(tree.node(id)));
        let issue = Issue::on(&catalogue::REFERENCE_NOT_INSIDE, id);
        run.push(issue.arg(name).arg(Arg::Static(inside)));
    }
}

/// Tells the entries that nothing connects with the first one.
fn orphans(run: &mut Run<'_>, bundle: NodeId) {
    let mut groups = std::mem::take(&mut run.memory.groups);
    groups.clear();
    let (tree, known) = (run.tree, &run.validator.known);
    for entry in tree.children(bundle).filter(|c| tree.node(*c).name == known.entry) {
        if let Some(resource) = child(tree, entry, known.resource) {
            groups.push((resource, groups.len() as u32));
        }
    }
    for at in 0..groups.len() {
        for node in tree.descend(groups[at].0) {
            run.memory.steps += 1;
            if let Some(other) = leads_to(run, node)
                && let Ok(other) = groups.binary_search_by_key(&other, |(r, _)| *r)
            {
                let (one, other) = (group(&mut groups, at), group(&mut groups, other));
                groups[one.max(other)].1 = one.min(other) as u32;
            }
        }
    }
    for link in tree.children(bundle).filter(|c| tree.node(*c).name == known.link) {
        if let Some(url) = child(tree, link, known.url)
            .filter(|_| child_is(tree, link, known.relation, "stylesheet"))
            && let Some(text) = tree.text(url)
            && let Some(found) = run.memory.index.references().resolve(tree, url, &text)
            && let Ok(sheet) = groups.binary_search_by_key(&found.node, |(r, _)| *r)
        {
            let sheet = group(&mut groups, sheet);
            groups[sheet].1 = 0;
        }
    }
    for at in 0..groups.len() {
        if group(&mut groups, at) != 0 {
            let entry = tree.parent(groups[at].0).unwrap_or(groups[at].0);
            run.tell_base(&catalogue::DOCUMENT_ORPHAN, entry, Arg::None);
        }
    }
    run.memory.groups = groups;
}

/// The first of the entries that are connected with the one at `at`; shortens the way there.
fn group(groups: &mut [(NodeId, u32)], mut at: usize) -> usize {
    loop {
        let up = groups[at].1 as usize;
        if up == at {
            return at;
        }
        groups[at].1 = groups[up].1;
        at = up;
    }
}

/// The entry's resource that a Reference, or an address that is no mere name, leads to.
fn leads_to(run: &Run<'_>, node: NodeId) -> Option<NodeId> {
    let (tree, known) = (run.tree, &run.validator.known);
    let one = tree.node(node);
    let found = if one.type_id == known.reference_type {
        run.memory.index.found(tree, known, node)?
    } else if one.type_id == known.uri_type || one.type_id == known.url_type {
        let named = one.element == ElementId::NONE
            || [known.system, known.full_url, known.profile].contains(&one.name)
            || (one.name == known.url
                && tree.parent(node).is_some_and(|p| tree.node(p).type_id == known.extension_type));
        let text = tree.text(node).filter(|_| !named)?;
        run.memory.index.references().resolve(tree, node, &text)?
    } else {
        return None;
    };
    (found.by == FoundBy::FullUrl && !found.ambiguous).then_some(found.node)
}
