//! What stands below a node, counted once before its rules are run, and checked when its children were.
//!
//! Promises: a node without parts costs nothing unless something must be there; a rule that only bounds how
//! often an element may come is not looked at where none comes twice.

use super::program::{ChildRule, Spec};
use super::rules;
use super::run::Run;
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{Node, NodeId};
use std::ops::Range;

/// What stands below a node, counted before its rules are run.
#[derive(Clone, Copy)]
pub(super) struct Census {
    /// The first element of the node's type.
    pub from: u32,
    /// How many elements the type has.
    pub len: usize,
    /// Where the counts begin.
    pub frame: usize,
    /// Which elements are there, by their places; those beyond are taken to be.
    pub present: u128,
    /// Whether one is there more than once.
    pub repeated: bool,
}

impl Run<'_> {
    /// How many counters the specs need for their slicings; whether any asks something of single children;
    /// whether any asks for something that may not be there.
    pub fn needs(&self, specs: Range<usize>) -> (usize, bool, bool) {
        let (mut counters, mut descends, mut closes) = (0, false, false);
        for (spec, _) in &self.memory.specs[specs] {
            let spec = self.spec(*spec);
            counters += spec.counters as usize;
            descends |= spec.descends;
            closes |= !spec.always.is_empty();
        }
        (counters, descends, closes)
    }

    /// Counts a node's children by element; of a node without parts only if somebody wants to know.
    pub fn census(
        &mut self,
        id: NodeId,
        node: &Node,
        (parts, closes, base): (bool, bool, bool),
    ) -> Census {
        let frame = self.memory.counts.len();
        let mut census = Census { from: 0, len: 0, frame, present: 0, repeated: false };
        if !parts && !closes {
            return census;
        }
        let table = &*self.validator.table;
        if node.type_id == TypeId::NONE {
            census.present = u128::MAX;
            return census;
        }
        let elements = &table.type_of(node.type_id).elements;
        census.from = elements.first().map_or(0, |e| e.0);
        census.len = elements.len();
        if census.len > 128 {
            census.present = u128::MAX << 127;
        }
        self.memory.counts.resize(frame + census.len, 0);
        let tree = self.tree;
        let ordered = base && tree.header.ordered;
        let mut furthest = 0;
        for child in tree.children(id) {
            let element = tree.node(child).element;
            let place = element.0.wrapping_sub(census.from) as usize;
            if element == ElementId::NONE || place >= census.len {
                // what has no element may have the name that an expression looks for
                census.present = u128::MAX;
            } else {
                let count = &mut self.memory.counts[frame + place];
                *count += 1;
                census.repeated |= *count > 1;
                census.present |= 1 << place.min(127);
                if ordered {
                    furthest = rules::order::check(self, node, child, (place, furthest));
                }
            }
        }
        census
    }

    /// Checks how often each element and each slice was there.
    pub fn close(&mut self, id: NodeId, specs: Range<usize>, census: &Census) {
        let mut counter = census.frame + census.len;
        for at in specs {
            let (spec, origin) = self.memory.specs[at];
            let spec = self.spec(spec);
            self.origin = origin;
            if census.repeated {
                spec.children.iter().for_each(|rule| self.check(id, spec, rule, counter, census));
            } else {
                let always = spec.always.iter().map(|at| &spec.children[usize::from(*at)]);
                always.for_each(|rule| self.check(id, spec, rule, counter, census));
            }
            counter += spec.counters as usize;
        }
    }

    fn check(
        &mut self,
        id: NodeId,
        spec: &Spec,
        rule: &ChildRule,
        counter: usize,
        census: &Census,
    ) {
        let place = rule.element.0.wrapping_sub(census.from) as usize;
        if place < census.len {
            let count = self.memory.counts[census.frame + place];
            rules::cardinality::check(self, id, spec, rule, count);
            rules::slicing::close(self, id, spec, rule, counter);
        }
    }
}
