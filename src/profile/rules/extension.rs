//! Extensions: known or not, modifier or not, where they may stand, and what their definition asks.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::index::container;
use crate::profile::known::child;
use crate::profile::paths;
use crate::profile::program::{Extension, Place, ProgramId};
use crate::profile::run::Run;
use crate::profile::settings::{Examples, is_example};
use crate::tree::NodeId;
use crate::tree::types::ElementId;
use std::sync::Arc;

/// Checks an extension and puts its definition's program on the stack.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, first: usize) {
    let (tree, known) = (run.tree, &run.validator.known);
    let modifier = tree.node(id).name == known.modifier_extension;
    let parent = tree.parent(id);
    let nested = parent.is_some_and(|p| tree.node(p).type_id == known.extension_type);
    // an extension without a url lacks a required element; which one it is, nobody can say
    let Some(url) = child(tree, id, known.url).and_then(|u| tree.text(u)) else { return };
    match run.validator.extension(&url, run.root_package) {
        Some(program) => {
            run.add_program(id, program, 0, first);
            placed(run, id, program, modifier);
        }
        None if nested && !url.contains(':') => part(run, id, &url),
        None if !url.contains(':') => run.tell_base(&catalogue::EXTENSION_URL, id, Arg::None),
        None if run.validator.settings.examples == Examples::Known && is_example(&url) => {}
        None if modifier => run.tell_base(&catalogue::EXTENSION_MODIFIER, id, Arg::None),
        None => {
            let severity = run.validator.settings.unknown_extension;
            run.push(Issue::on(&catalogue::EXTENSION_UNKNOWN, id).severity(severity));
        }
    }
}

/// A part of an extension, by its short name.
fn part(run: &mut Run<'_>, id: NodeId, name: &str) {
    let (tree, known) = (run.tree, &run.validator.known);
    let whole = tree.parent(id).and_then(|p| child(tree, p, known.url)).and_then(|u| tree.text(u));
    let program = whole.and_then(|url| run.validator.extension(&url, run.root_package));
    let Some(program) = program else { return };
    let compiled = run.program(program);
    let parts = compiled.extension.as_ref().and_then(|e| e.parts.as_ref());
    if parts.is_some_and(|parts| parts.iter().all(|part| **part != *name)) {
        let args = [Arg::Shared(Arc::clone(&compiled.canonical)), Arg::None, Arg::None];
        run.tell_of(&catalogue::EXTENSION_PART, id, program, args);
    }
}

fn placed(run: &mut Run<'_>, id: NodeId, program: ProgramId, modifier: bool) {
    let compiled = run.program(program);
    let Some(extension) = &compiled.extension else { return };
    let args = || [Arg::Shared(Arc::clone(&compiled.canonical)), Arg::None, Arg::None];
    if extension.modifier != modifier {
        run.tell_of(&catalogue::EXTENSION_NOT_MODIFIER, id, program, args());
    }
    if !allowed(run, id, extension) {
        // told on what holds it, which is what is wrong with the place
        let holder = run.tree.parent(id).unwrap_or(id);
        run.tell_of(&catalogue::EXTENSION_CONTEXT, holder, program, args());
    }
}

fn allowed(run: &mut Run<'_>, id: NodeId, extension: &Extension) -> bool {
    let tree = run.tree;
    let Some(parent) = tree.parent(id) else { return true };
    let holder = tree.node(parent);
    let known = &run.validator.known;
    let resource = container(tree, known, parent);
    let mut invariants = extension.invariants.iter();
    if !invariants.all(|one| paths::test(run, one, parent) != Ok(false)) {
        return false;
    }
    extension.contexts.is_empty()
        || extension.contexts.iter().any(|place| match place {
            Place::Anywhere | Place::Unchecked => true,
            Place::Type(type_id) => run.is_a(holder.type_id, *type_id),
            Place::Element(of, name) => {
                let above = tree.parent(parent).map(|p| tree.node(p).type_id);
                holder.element != ElementId::NONE
                    && run.validator.table.element(holder.element).name == *name
                    && above.is_some_and(|above| run.is_a(above, *of))
            }
            Place::Path(path) => resource
                .is_none_or(|resource| paths::finds(run, path, resource, parent).unwrap_or(true)),
            Place::Extension(url) => {
                child(tree, parent, known.url).is_some_and(|u| tree.text_is(u, url))
            }
        })
}
