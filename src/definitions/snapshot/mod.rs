//! A snapshot for a definition that came with a differential only.
//!
//! Promises: what the differential says, over what its base says: choices narrowed, slices and reslices made,
//! datatypes, content references and profiled types walked into. Where it is unsure it makes nothing and says at
//! which element. Never: touches a snapshot that was published.

mod merge;
mod node;
#[cfg(test)]
mod tests;
mod walk;

use super::core::Kind;
use super::library::{Body, DefinitionId, Library, Scope};
use super::model::{ElementDefinition, StructureDefinition, StructureKind};
use crate::message::{Diagnostic, Origin};
use node::{Node, Step};
use walk::Walk;

/// Why no snapshot was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsure {
    /// The differential's element, by its id or path.
    pub element: Box<str>,
    /// Why.
    pub why: Box<str>,
    /// It builds on a definition that has no snapshot, perhaps not yet.
    pub waits: bool,
}

impl Unsure {
    fn new(why: impl Into<Box<str>>) -> Unsure {
        Unsure { element: "".into(), why: why.into(), waits: false }
    }

    fn waits_for(canonical: &str) -> Unsure {
        let why = format!("{canonical} has no snapshot").into();
        Unsure { element: "".into(), why, waits: true }
    }
}

/// Makes the snapshot of a definition from its differential.
pub fn generate(
    library: &Library,
    structure: &StructureDefinition,
    scope: Scope,
) -> Result<Vec<ElementDefinition>, Unsure> {
    let differential = &structure.differential;
    let root_path = match differential.first() {
        Some(first) => first.path.split('.').next().unwrap_or_default(),
        None => last(&structure.type_name),
    };
    let mut root = base(library, structure, scope, root_path)?;
    let walk = Walk::new(library, scope, structure);
    let mut before: Vec<Step> = Vec::new();
    for element in differential {
        let steps = node::steps(element, &before);
        walk.apply(&mut root, &steps[1..], element)
            .map_err(|unsure| Unsure { element: name(element), ..unsure })?;
        before = steps;
    }
    let mut out = Vec::new();
    root.flatten(&mut out);
    Ok(out)
}

fn name(element: &ElementDefinition) -> Box<str> {
    if element.id.is_empty() { element.path.clone() } else { element.id.clone() }
}

fn last(canonical: &str) -> &str {
    canonical.rsplit('/').next().unwrap_or(canonical)
}

/// The base's snapshot as a tree with this definition's root name; a bare root where there is no base.
fn base(
    library: &Library,
    structure: &StructureDefinition,
    scope: Scope,
    root_path: &str,
) -> Result<Node, Unsure> {
    let found = structure.base.as_deref().map(|url| (url, library.structure(url, scope)));
    match found {
        Some((url, Some(base))) => {
            let elements = &base.definition.snapshot;
            let mut root = node::tree(elements).ok_or_else(|| Unsure::waits_for(url))?;
            root.name = root_path.into();
            if !structure.constrains {
                root.def.types.clear();
            }
            Ok(root)
        }
        _ if structure.kind == StructureKind::Logical && !structure.constrains => {
            Ok(Node::bare(root_path))
        }
        Some((url, None)) => Err(Unsure::new(format!("its base {url} is not loaded"))),
        None => Err(Unsure::new("it has no base")),
    }
}

/// Gives every loaded definition without a snapshot one, bases before what builds on them.
pub(super) fn complete(library: &mut Library, diagnostics: &mut Vec<Diagnostic>) {
    let bare = |library: &Library, id: DefinitionId| {
        library.structure_of(id).is_some_and(|s| s.definition.snapshot.is_empty())
    };
    let loaded: Vec<DefinitionId> = library
        .list(Kind::Structure)
        .filter(|one| !one.file.is_empty())
        .map(|one| one.id)
        .collect();
    let mut pending: Vec<DefinitionId> =
        loaded.into_iter().filter(|id| bare(library, *id)).collect();
    loop {
        let before = pending.len();
        let mut left = Vec::new();
        for id in std::mem::take(&mut pending) {
            let Some(found) = library.structure_of(id) else { continue };
            match generate(library, found.definition, Scope::of(found.package)) {
                Ok(snapshot) => {
                    if let Body::Structure(one) = &mut library.stored[id.0 as usize].body {
                        one.snapshot = snapshot;
                    }
                }
                Err(unsure) => left.push((id, unsure)),
            }
        }
        if left.len() == before || left.iter().all(|(_, unsure)| !unsure.waits) {
            diagnostics.extend(left.iter().map(|(id, unsure)| tell(library, *id, unsure)));
            return;
        }
        pending = left.into_iter().map(|(id, _)| id).collect();
    }
}

fn tell(library: &Library, id: DefinitionId, unsure: &Unsure) -> Diagnostic {
    let origin = Origin { file: library.place(id), ..Origin::default() };
    let at = if unsure.element.is_empty() { "" } else { " at " };
    let text = format!("no snapshot could be made{at}{}: {}", unsure.element, unsure.why);
    Diagnostic::error(origin, "definitions-no-snapshot", text)
        .help("publish the definition with a snapshot")
}
