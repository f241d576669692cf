//! Which bytes of a message became what.
//!
//! Promises: spans lie in the input, in order, and do not overlap. Never: a value that was transcoded apart.

use crate::mapping::{Became, Memory, Watch, element_path, value_slice};
use crate::tree::{BufferId, Tree};

/// Some bytes of a message.
pub struct Span {
    /// The first.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What became of them.
    pub became: Became,
    /// The element.
    pub path: String,
}

/// The decoded input of a message.
pub fn input(tree: &Tree) -> &str {
    if tree.has_input() { tree.buffer(BufferId(1)) } else { "" }
}

/// The spans of all values.
pub fn of(tree: &Tree, memory: &Memory, watch: &Watch) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for node in tree.root().into_iter().flat_map(|root| tree.descend(root)) {
        let Some(became) = watch.became(tree, memory, node) else { continue };
        let slice = tree.value(node).or_else(|| value_slice(tree, node));
        let Some(slice) = slice.filter(|slice| slice.buffer() == BufferId(1)) else { continue };
        let (start, end) = (slice.start(), slice.start() + slice.len());
        spans.push(Span { start, end, became, path: element_path(tree, node) });
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let mut end = 0;
    spans.retain(|span| {
        let apart = span.start >= end && span.end > span.start;
        end = end.max(if apart { span.end } else { 0 });
        apart
    });
    spans
}
