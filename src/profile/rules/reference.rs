//! References: their form, and what they may lead to: type, profile, and whether inside the message.

use crate::fhirpath::FoundBy;
use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::index::{Target, container};
use crate::profile::known::{child, child_is};
use crate::profile::program::{BUNDLED, CONTAINED, REFERENCED, Reference, Spec, SpecId};
use crate::profile::run::Run;
use crate::tree::types::TypeId;
use crate::tree::{Node, NodeId};
use std::sync::Arc;

/// The `reference` and the `type` of a Reference.
fn parts(run: &Run<'_>, id: NodeId) -> (Option<NodeId>, Option<NodeId>) {
    let (tree, known) = (run.tree, &run.validator.known);
    let (mut reference, mut kind) = (None, None);
    for child in tree.children(id) {
        match tree.node(child).name {
            name if name == known.reference => reference = reference.or(Some(child)),
            name if name == known.type_ => kind = kind.or(Some(child)),
            _ => {}
        }
    }
    (reference, kind)
}

/// ref-1, and that the text agrees with what it leads to.
pub(super) fn form(run: &mut Run<'_>, id: NodeId) {
    let (reference, kind) = parts(run, id);
    let bundle = run.tree.root().map(|r| run.tree.node(r).type_id);
    if let Some(reference) = reference
        && bundle == Some(run.validator.known.bundle)
        && run.tree.with_text(reference, |text| well_formed(run, text)) == Some(false)
    {
        run.tell_base(&catalogue::REFERENCE_FORM, id, Arg::None);
    }
    if kind.is_some() {
        type_known(run, id);
    }
    let target = run.memory.index.target(run.tree, &run.validator.known, id);
    match target {
        Target::Nothing => {}
        Target::Outside => among_uuids(run, id),
        Target::NoFragment => run.tell_base(&catalogue::REFERENCE_FRAGMENT, id, Arg::None),
        Target::Contained(found) | Target::Bundled(found) => {
            unsure(run, id);
            let named = |reference| names_type(run, reference, found);
            if kind.is_none() && reference.is_some_and(named) {
                return;
            }
            let said = said_type(run, id).filter(|t| *t != TypeId::NONE);
            let is = run.tree.node(found).type_id;
            if is != TypeId::NONE && said.is_some_and(|said| !run.is_a(is, said)) {
                mismatch(run, id, is);
            }
        }
    }
}

/// `type` names a type of resource, or by its canonical something of another model.
fn type_known(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(said) = child(tree, id, known.type_).and_then(|t| tree.text(t)) else { return };
    let found = || {
        let kind = run.validator.table.find(&said);
        kind.is_some_and(|kind| run.is_a(kind, known.resource_type))
    };
    if !said.contains(':') && !found() {
        run.tell_base(&catalogue::REFERENCE_TYPE_UNKNOWN, id, Arg::None);
    }
}

fn mismatch(run: &mut Run<'_>, id: NodeId, is: TypeId) {
    let name = Arg::Shared(run.validator.element_name(run.tree.node(id)));
    let kind = Arg::Shared(Arc::clone(&run.validator.table.type_of(is).name));
    let issue = Issue::on(&catalogue::REFERENCE_MISMATCH, id);
    run.push(issue.arg(name).arg(kind));
}

/// A reference without a version, to a fullUrl that several entries have (in different versions); one in a document
/// or a message that leads to an entry by its id alone, while its fullUrl is another.
fn unsure(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(found) = run.memory.index.found(tree, known, id) else { return };
    let is = |kind| tree.root().is_some_and(|r| child_is(tree, r, known.type_, kind));
    // the Bundle's own references (who signed it) have no fullUrl to be completed with
    let by_id = || container(tree, known, id) != tree.root() && (is("document") || is("message"));
    if found.by == FoundBy::TypeAndId && by_id() {
        let name = Arg::Shared(run.validator.element_name(tree.node(id)));
        return run.push(Issue::on(&catalogue::REFERENCE_BY_ID, id).arg(name));
    }
    let versioned = || {
        let text = child(tree, id, known.reference);
        text.and_then(|r| tree.with_text(r, |text| text.contains("/_history/"))) == Some(true)
    };
    if found.ambiguous && found.by == FoundBy::FullUrl && !versioned() && !is("history") {
        run.tell_base(&catalogue::REFERENCE_AMBIGUOUS, id, Arg::None);
    }
}

/// `Type/uuid` that leads nowhere, while an entry has that uuid as its fullUrl: then its type must agree.
fn among_uuids(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(text) = child(tree, id, known.reference).and_then(|r| tree.text(r)) else { return };
    let Some((kind, uuid)) = text.split_once('/').filter(|(_, id)| super::format::uuid(id)) else {
        return;
    };
    let mut url = std::mem::take(&mut run.memory.text);
    url.clear();
    url.push_str("urn:uuid:");
    url.push_str(uuid);
    let target = run.memory.index.resolve(tree, id, &url);
    run.memory.text = url;
    let Target::Bundled(found) = target else { return };
    let is = tree.node(found).type_id;
    let said = run.validator.table.find(kind);
    if is != TypeId::NONE && said.is_some_and(|said| !run.is_a(is, said)) {
        mismatch(run, id, is);
    }
}

/// Absolute, a fragment, or `Type/id` (`Type?search` in what a server is asked).
fn well_formed(run: &Run<'_>, text: &str) -> bool {
    if text.starts_with('#') || memchr::memchr2(b':', b'?', text.as_bytes()).is_some() {
        return true;
    }
    let cut = |text: &str| memchr::memchr2(b'/', b'#', text.as_bytes());
    let Some(end) = cut(text) else { return false };
    let kind = run.validator.table.find(&text[..end]);
    kind.is_some_and(|kind| run.is_a(kind, run.validator.known.resource_type))
        && !text[end + 1..].is_empty()
        && cut(&text[end + 1..]) != Some(0)
}

/// Whether a reference's text names the very type of what it leads to: what nearly all do.
fn names_type(run: &Run<'_>, reference: NodeId, found: NodeId) -> bool {
    let named = |text: &str| {
        let kind = run.tree.resource_type(found)?;
        let end = memchr::memrchr(b'/', text.as_bytes())?;
        let before = text[..end].strip_suffix(kind)?;
        Some(before.is_empty() || before.ends_with('/'))
    };
    run.tree.with_text(reference, |text| named(text) == Some(true)).unwrap_or(false)
}

/// The type that a reference's `type` or its text says; not asked of what we do not know.
fn said_type(run: &Run<'_>, id: NodeId) -> Option<TypeId> {
    let (tree, known) = (run.tree, &run.validator.known);
    if let Some(said) = child(tree, id, known.type_).and_then(|t| tree.text(t)) {
        let name = said.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(&said);
        return run.validator.table.find(name);
    }
    let text = tree.text(child(tree, id, known.reference)?)?;
    let (text, _) = crate::fhirpath::unversioned(&text);
    let slash = |text: &str| memchr::memrchr(b'/', text.as_bytes());
    let rest = &text[..slash(text)?];
    let kind = &rest[slash(rest).map_or(0, |at| at + 1)..];
    let resource = run.validator.table.find(kind)?;
    run.is_a(resource, known.resource_type).then_some(resource)
}

/// Checks a reference against what a spec allows.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, node: &Node, asks: SpecId, of: &Reference) {
    let spec = run.spec(asks);
    if node.type_id != run.validator.known.reference_type {
        return;
    }
    let target = run.memory.index.target(run.tree, &run.validator.known, id);
    let (way, found) = match target {
        Target::Nothing | Target::NoFragment => return,
        Target::Contained(found) => (CONTAINED, Some(found)),
        Target::Bundled(found) => (BUNDLED, Some(found)),
        Target::Outside => (REFERENCED, None),
    };
    aggregation(run, id, spec, of, way);
    if of.targets.is_empty() {
        return;
    }
    let Some(found) = found else {
        if let Some(said) = said_type(run, id).filter(|t| *t != TypeId::NONE)
            && !of.targets.iter().any(|t| fits(run, said, t.type_id))
        {
            wrong_type(run, id, spec, of, said);
        }
        return;
    };
    let is = run.tree.node(found).type_id;
    if is == TypeId::NONE {
        return;
    }
    if !of.targets.iter().any(|t| fits(run, is, t.type_id)) {
        return wrong_type(run, id, spec, of, is);
    }
    if of.targets.iter().any(|t| !t.missing && t.program.is_none() && fits(run, is, t.type_id)) {
        return;
    }
    match run.asking {
        0 => run.hold(id, asks, found),
        _ => {
            let _ = leads_to(run, id, asks, found);
        }
    }
}

/// Whether what a reference leads to meets one of the programs that a spec asks for; tells when it does
/// not. `Ok` says whether it was told that it could not be checked.
pub(in crate::profile) fn leads_to(
    run: &mut Run<'_>,
    id: NodeId,
    asks: SpecId,
    found: NodeId,
) -> Result<bool, ()> {
    let spec = run.spec(asks);
    let Some(of) = &spec.reference else { return Ok(false) };
    let is = run.tree.node(found).type_id;
    let mut known = of.targets.iter().filter(|t| !t.missing);
    if known.any(|t| fits(run, is, t.type_id) && t.program.is_none_or(|p| run.meets(found, p))) {
        return Ok(false);
    }
    let names = Arg::Shared(Arc::clone(&of.names));
    if of.targets.iter().any(|t| t.missing) {
        let args = [Arg::Shared(Arc::clone(&spec.name)), names, Arg::None];
        run.not_checked(&catalogue::PROFILE_NOT_LOADED, id, spec.program, args);
        return Ok(true);
    }
    run.tell(&catalogue::REFERENCE_PROFILE, id, spec, [names, Arg::None]);
    Err(())
}

fn fits(run: &Run<'_>, is: TypeId, wanted: TypeId) -> bool {
    wanted == TypeId::NONE || run.is_a(is, wanted)
}

fn wrong_type(run: &mut Run<'_>, id: NodeId, spec: &Spec, of: &Reference, is: TypeId) {
    let name = Arc::clone(&run.validator.table.type_of(is).name);
    let allowed = Arg::Shared(Arc::clone(&of.names));
    run.tell(&catalogue::REFERENCE_TYPE, id, spec, [Arg::Shared(name), allowed]);
}

fn aggregation(run: &mut Run<'_>, id: NodeId, spec: &Spec, of: &Reference, way: u8) {
    if of.ways == 0 || of.ways & way != 0 {
        return;
    }
    if way == REFERENCED {
        let root = run.tree.root().map(|r| run.tree.node(r).type_id);
        let outside = root != Some(run.validator.known.bundle);
        if outside && !run.validator.settings.ways_outside_bundles {
            return;
        }
        run.tell(&catalogue::REFERENCE_LEAVES, id, spec, super::fixed::NO_ARGS);
        return;
    }
    let word = if way == CONTAINED { "contained" } else { "in the same Bundle" };
    run.tell(&catalogue::REFERENCE_AGGREGATION, id, spec, [Arg::Static(word), Arg::None]);
}
