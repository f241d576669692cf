//! The letters of an interchange: how many, of which kind, and one of them with the envelope.
//!
//! Promises: an interchange cut down to one letter is read by the same paths. Never: looks inside a letter.

use crate::tree::{NodeId, Tree};
use std::borrow::Cow;
use std::ops::Range;

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

/// Where the segment begins that closes an interchange that was read.
pub fn closing(tree: &Tree) -> Option<usize> {
    tree.child(tree.root()?, "UNZ").map(|close| tree.node(close).offset as usize)
}

/// The text of an interchange with one of its letters, which stand at these places; what counts them says so.
pub fn alone(tree: &Tree, text: &str, ranges: &[Range<usize>], at: usize) -> Option<String> {
    let kept = ranges.get(at)?;
    let close = tree.child(tree.root()?, "UNZ")?;
    let count = tree.value(node(tree, close, 0, 0)?)?;
    let inside = |offset: u32| kept.contains(&(offset as usize));
    let packages = tree.children_named(tree.root()?, "UNO");
    let packages = packages.filter(|one| inside(tree.node(*one).offset)).count();
    let mut out = String::with_capacity(text.len());
    out.push_str(text.get(..ranges.first()?.start)?);
    out.push_str(text.get(kept.clone())?);
    out.push_str(text.get(closing(tree)?..count.start())?);
    out.push_str(&(1 + packages).to_string());
    out.push_str(text.get(count.start() + count.len()..)?);
    Some(out)
}

/// Where an interchange that was read has its reference: in the segment that opens it, and in the one that closes it.
pub fn references(tree: &Tree) -> Option<[NodeId; 2]> {
    let root = tree.root()?;
    let (open, close) = (tree.child(root, "UNB")?, tree.child(root, "UNZ")?);
    Some([node(tree, open, 4, 0)?, node(tree, close, 1, 0)?])
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
    tree.text(node(tree, segment, element, place)?)
}

fn node(tree: &Tree, segment: NodeId, element: usize, place: usize) -> Option<NodeId> {
    let element = tree.children_named(segment, "Elm").nth(element)?;
    tree.children_named(element, "SubElm").nth(place)
}
