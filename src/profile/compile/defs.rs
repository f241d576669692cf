//! A snapshot as a tree: which elements stand below which, and which are slices of which.
//!
//! Promises: indices into the snapshot, in its order. Never: trusts element ids, which packages get wrong.

use crate::definitions::StructureRef;
use crate::definitions::model::ElementDefinition;
use std::collections::HashMap;

/// The tree of one snapshot.
pub(super) struct Defs<'a> {
    /// Whose snapshot it is.
    pub structure: StructureRef<'a>,
    /// The elements.
    pub elements: &'a [ElementDefinition],
    children: Vec<Vec<usize>>,
    slices: Vec<Vec<usize>>,
}

impl<'a> Defs<'a> {
    /// Builds the tree.
    pub fn new(structure: StructureRef<'a>) -> Defs<'a> {
        let elements = &structure.definition.snapshot[..];
        let mut defs = Defs {
            structure,
            elements,
            children: vec![Vec::new(); elements.len()],
            slices: vec![Vec::new(); elements.len()],
        };
        // the latest element of a path is the parent of what follows below that path
        let mut latest: HashMap<&str, usize> = HashMap::new();
        for (at, element) in elements.iter().enumerate() {
            let path = &*element.path;
            let parent = path.rsplit_once('.').and_then(|(up, _)| latest.get(up)).copied();
            latest.insert(path, at);
            let Some(parent) = parent else { continue };
            let head =
                defs.children[parent].iter().copied().find(|c| elements[*c].path == element.path);
            match (head, &element.slice_name) {
                (Some(head), Some(_)) => defs.slices[head].push(at),
                _ => defs.children[parent].push(at),
            }
        }
        defs
    }

    /// The elements directly below one, slices left out.
    pub fn children(&self, at: usize) -> &[usize] {
        &self.children[at]
    }

    /// The slices of an element, reslices among them.
    pub fn slices(&self, at: usize) -> &[usize] {
        &self.slices[at]
    }

    /// The child of that name, `value` finding `value[x]`.
    pub fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.children[at].iter().copied().find(|c| {
            let last = last(&self.elements[*c].path);
            last == name || last.strip_suffix("[x]") == Some(name)
        })
    }

    /// The element that a content reference names.
    pub fn referred(&self, reference: &str) -> Option<usize> {
        let id = reference.rsplit('#').next().unwrap_or(reference);
        self.elements
            .iter()
            .position(|e| *e.id == *id)
            .or_else(|| self.elements.iter().position(|e| *e.path == *id && e.slice_name.is_none()))
    }
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
