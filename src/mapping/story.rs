//! What a run did, kept whole: which rule fired for what inside which other, what it wrote from what, what it
//! passed over.
//!
//! Promises: events in their order; each belongs to the visit that was open when it was told. Never: a value.

use super::trace::{At, Trace, Use, Why};
use crate::tree::NodeId;

/// A rule that fired for an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub rule: usize,
    pub item: Option<At>,
    /// The visit inside which it fired; none for a rule of the entry group.
    pub inside: Option<usize>,
}

/// An item that a rule passed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    pub rule: usize,
    pub item: Option<At>,
    pub why: Why,
    pub inside: Option<usize>,
}

/// A node that a rule wrote.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub rule: usize,
    pub node: NodeId,
    /// Where its value came from, or else the item that the rule fired for.
    pub from: Option<At>,
    /// The values that were read for it.
    pub reads: Vec<At>,
    pub inside: Option<usize>,
}

/// A run, as it was told.
#[derive(Debug, Default)]
pub struct Story {
    pub(super) visits: Vec<Visit>,
    pub(super) passes: Vec<Pass>,
    pub(super) writes: Vec<Write>,
    open: Vec<usize>,
    read: Vec<At>,
}

impl Story {
    /// An empty one.
    pub fn new() -> Story {
        Story::default()
    }

    /// Whether a visit is another, or lies inside it; everything lies inside none.
    pub(super) fn within(&self, visit: Option<usize>, outer: Option<usize>) -> bool {
        let Some(outer) = outer else { return true };
        let mut at = visit;
        while let Some(one) = at {
            if one == outer {
                return true;
            }
            at = self.visits[one].inside;
        }
        false
    }

    /// The visit, and those around it, innermost first.
    pub(super) fn around(&self, visit: Option<usize>) -> impl Iterator<Item = &Visit> {
        std::iter::successors(visit, |at| self.visits[*at].inside).map(|at| &self.visits[at])
    }
}

impl Trace for Story {
    fn fired(&mut self, rule: usize, item: Option<At>) {
        let inside = self.open.last().copied();
        self.open.push(self.visits.len());
        self.visits.push(Visit { rule, item, inside });
        self.read.clear();
    }

    fn done(&mut self, _rule: usize) {
        self.open.pop();
    }

    fn passed(&mut self, rule: usize, item: Option<At>, why: Why) {
        let inside = self.open.last().copied();
        self.passes.push(Pass { rule, item, why, inside });
    }

    fn wrote(&mut self, rule: usize, node: NodeId, from: Option<At>) {
        let inside = self.open.last().copied();
        let reads = std::mem::take(&mut self.read);
        match self.writes.last_mut().filter(|last| last.node == node && last.inside == inside) {
            // Made first, given its value then.
            Some(last) => {
                last.from = from;
                last.reads.extend(reads);
            }
            None => self.writes.push(Write { rule, node, from, reads, inside }),
        }
    }

    fn read(&mut self, _rule: usize, node: At, what_for: Use) {
        if what_for == Use::Condition {
            return;
        }
        let reads = match self.writes.last_mut() {
            // A copy is told before its value is read.
            Some(last) if last.from == Some(node) => &mut last.reads,
            _ => &mut self.read,
        };
        if !reads.contains(&node) {
            reads.push(node);
        }
    }
}
