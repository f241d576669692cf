//! The rules: one small file each, most with a single function that looks at one node.
//!
//! Promises: a rule tells what is wrong where it is wrong, and never that something is right. Never: one
//! rule relies on another having run.

pub(super) mod attachment;
pub(super) mod binding;
pub(super) mod bounds;
pub(super) mod bundle;
pub(super) mod bundle_links;
pub(super) mod canonicals;
pub(super) mod cardinality;
pub(super) mod claims;
pub(super) mod coding;
pub(super) mod constraint;
pub(super) mod contained;
pub(super) mod empty;
pub(super) mod extension;
pub(super) mod fixed;
pub(super) mod format;
pub(super) mod identifier;
pub(super) mod inside;
pub(super) mod links;
pub(super) mod meta;
pub(super) mod narrative;
pub(super) mod native;
pub(super) mod order;
pub(super) mod primitive;
pub(super) mod reference;
pub(super) mod searchset;
pub(super) mod slicing;
pub(super) mod types;
pub(super) mod vital_signs;

#[cfg(test)]
mod tests;

use super::census::Census;
use super::program::{Guard, SpecId};
use super::run::Run;
use crate::tree::{Kind, Marks, Node, NodeId};

/// The rules of the base definitions that are code of our own.
pub(super) fn base(run: &mut Run<'_>, id: NodeId, node: &Node, first: usize) {
    let known = &run.validator.known;
    if node.kind == Kind::Xhtml {
        primitive::narrative(run, id);
        return;
    }
    if let Some(format) = run.validator.format(node.type_id) {
        primitive::check(run, id, node, format);
        return;
    }
    empty::check(run, id, node);
    match node.type_id {
        t if t == known.extension_type => extension::check(run, id, first),
        t if t == known.reference_type => reference::form(run, id),
        t if t == known.coding_type => coding::check(run, id),
        t if t == known.identifier_type => identifier::check(run, id),
        t if t == known.meta_type => meta::check(run, id),
        t if t == known.concept_map_group => coding::group(run, id),
        t if t == known.attachment => attachment::check(run, id),
        t if t == known.bundle => {
            bundle::check(run, id);
            bundle_links::check(run, id);
            inside::check(run, id);
            if crate::profile::known::child_is(run.tree, id, known.type_, "searchset") {
                searchset::check(run, id);
            }
        }
        _ if node.marks.has(Marks::RESOURCE) => contained::check(run, id),
        _ => {}
    }
}

/// What a spec asks of a node itself.
pub(super) fn value(run: &mut Run<'_>, id: NodeId, node: &Node, asks: SpecId, census: &Census) {
    let spec = run.spec(asks);
    if !types::check(run, id, node, spec) {
        return;
    }
    if spec.fixed.is_some() || spec.pattern.is_some() {
        fixed::check(run, id, spec);
    }
    if let Some(bounds) = &spec.bounds {
        bounds::check(run, id, spec, bounds);
    }
    if let Some(of) = &spec.binding {
        binding::check(run, id, node, spec, of);
    }
    if let Some(of) = &spec.reference {
        reference::check(run, id, node, asks, of);
    }
    for one in &spec.constraints {
        let guard = &run.validator.programs.constraints[one.0 as usize].guard;
        let vacuous = |g: &Guard| g.type_id == node.type_id && g.mask & census.present == 0;
        if !guard.as_ref().is_some_and(vacuous) {
            constraint::check(run, id, *one, spec.program);
        }
    }
}
