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
use super::known::Known;
use super::program::{Guard, SpecId};
use super::run::Run;
use crate::tree::types::TypeId;
use crate::tree::{Kind, Marks, Node, NodeId};
use format::Format;

/// Which rule of our own looks at the nodes of a type.
#[derive(Clone, Copy)]
pub(super) enum Own {
    Primitive(Format),
    Extension,
    Reference,
    Coding,
    Identifier,
    Meta,
    ConceptMapGroup,
    Attachment,
    Bundle,
    /// None, unless it is a resource.
    Other,
}

impl Own {
    /// That of a type.
    pub fn of(id: TypeId, format: Option<Format>, known: &Known) -> Own {
        match (format, id) {
            (Some(format), _) => Own::Primitive(format),
            (_, t) if t == known.extension_type => Own::Extension,
            (_, t) if t == known.reference_type => Own::Reference,
            (_, t) if t == known.coding_type => Own::Coding,
            (_, t) if t == known.identifier_type => Own::Identifier,
            (_, t) if t == known.meta_type => Own::Meta,
            (_, t) if t == known.concept_map_group => Own::ConceptMapGroup,
            (_, t) if t == known.attachment => Own::Attachment,
            (_, t) if t == known.bundle => Own::Bundle,
            _ => Own::Other,
        }
    }
}

/// The rules of the base definitions that are code of our own.
pub(super) fn base(run: &mut Run<'_>, id: NodeId, node: &Node, first: usize) {
    if node.kind == Kind::Xhtml {
        primitive::narrative(run, id);
        return;
    }
    let own = run.validator.own.get(node.type_id.0 as usize).copied().unwrap_or(Own::Other);
    if let Own::Primitive(format) = own {
        primitive::check(run, id, node, format);
        return;
    }
    empty::check(run, id, node);
    match own {
        Own::Extension => extension::check(run, id, first),
        Own::Reference => reference::form(run, id),
        Own::Coding => coding::check(run, id),
        Own::Identifier => identifier::check(run, id),
        Own::Meta => meta::check(run, id),
        Own::ConceptMapGroup => coding::group(run, id),
        Own::Attachment => attachment::check(run, id),
        Own::Bundle => {
            bundle::check(run, id);
            bundle_links::check(run, id);
            inside::check(run, id);
            if crate::profile::known::child_is(run.tree, id, run.validator.known.type_, "searchset")
            {
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
    let idle = |guard: &Guard| guard.holds(node.type_id, census.present);
    if spec.idle.as_ref().is_some_and(idle) {
        return;
    }
    for one in &spec.constraints {
        if !run.validator.programs.constraints[one.0 as usize].guard.as_ref().is_some_and(idle) {
            constraint::check(run, id, *one, spec.program);
        }
    }
}
