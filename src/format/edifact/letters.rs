//! The letters of an interchange: how many, of which kind, and one of them with the envelope.
//!
//! Promises: an interchange cut down to one letter is read by the same paths. Never: looks inside a letter.

use crate::tree::{NodeId, Tree};
use std::borrow::Cow;

/// The letters, in order.
pub fn letters(tree: &Tree) -> Vec<NodeId> {
    tree.root().map(|root| tree.children_named(root, "Brev").collect()).unwrap_or_default()
}

/// Leaves one letter, counted from 0, with the envelope around it. False: there is no such letter.
pub fn keep(tree: &mut Tree, letter: usize) -> bool {
    let all = letters(tree);
    let Some(kept) = all.get(letter).copied() else { return false };
    all.into_iter().filter(|one| *one != kept).for_each(|one| tree.detach(one));
    true
}

/// What the first letter is called: its common access reference (0068).
pub fn kind(tree: &Tree) -> Option<Cow<'_, str>> {
    let letter = tree.child(tree.root()?, "Brev")?;
    component(tree, tree.child(letter, "UNH")?, 2, 0)
}

/// A component of a segment's element, both counted from 0.
pub(super) fn component(
    tree: &Tree,
    segment: NodeId,
    element: usize,
    place: usize,
) -> Option<Cow<'_, str>> {
    let element = tree.children_named(segment, "Elm").nth(element)?;
    let component = tree.children_named(element, "SubElm").nth(place)?;
    tree.text(component)
}
