//! What stands below a node, counted once before its rules are run, and checked when its children were.
//!
//! Promises: a node without parts costs nothing unless something must be there; a rule that only bounds how
//! often an element may come is not looked at where none comes twice.

use super::needs::Needs;
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
    /// How many there are: none while `present` says it all.
    pub counted: usize,
    /// Which elements are there, by their places; those beyond are taken to be.
    pub present: u128,
    /// The same without those that are taken to be.
    pub seen: u128,
    /// Whether one is there more than once.
    pub repeated: bool,
}

impl Run<'_> {
    /// What the specs on the stack from `first` on need together.
    #[inline]
    pub fn needs(&self, first: usize) -> Needs {
        let mut all = Needs::default();
        for (spec, _) in &self.memory.specs[first..] {
            let one = self.validator.programs.needs[spec.0 as usize];
            all.flags |= one.flags;
            all.counters += one.counters;
        }
        all
    }

    /// Looks which elements a node's children are; of a node without parts only if somebody wants to know.
    pub fn census(&mut self, node: &Node, wanted: bool, base: bool) -> Census {
        let frame = self.memory.counts.len();
        let mut census =
            Census { from: 0, len: 0, frame, counted: 0, present: 0, seen: 0, repeated: false };
        if !wanted {
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
        let tree = self.tree;
        let ordered = base && tree.header.ordered;
        let (mut furthest, mut foreign) = (0, false);
        for child in tree.children_of(node) {
            let element = tree.node(child).element;
            let place = element.0.wrapping_sub(census.from) as usize;
            if place >= census.len || element == ElementId::NONE {
                // what has no element may have the name that an expression looks for
                foreign = true;
                continue;
            }
            let bit = 1 << place.min(127);
            census.repeated |= census.present & bit != 0;
            census.present |= bit;
            if ordered {
                furthest = rules::order::check(self, node, child, (place, furthest));
            }
        }
        // elements beyond the last bit share it
        let beyond = census.len > 127;
        if census.repeated || beyond {
            self.count(node, &mut census);
        }
        census.seen = census.present;
        if foreign {
            census.present = u128::MAX;
        } else if beyond {
            census.present |= 1 << 127;
        }
        census
    }

    /// Counts a node's children by element.
    fn count(&mut self, node: &Node, census: &mut Census) {
        census.counted = census.len;
        self.memory.counts.resize(census.frame + census.len, 0);
        for child in self.tree.children_of(node) {
            let element = self.tree.node(child).element;
            let place = element.0.wrapping_sub(census.from) as usize;
            if place < census.len && element != ElementId::NONE {
                self.memory.counts[census.frame + place] += 1;
            }
        }
    }

    /// Checks how often each element and each slice was there.
    pub fn close(&mut self, id: NodeId, specs: Range<usize>, census: &Census) {
        let mut counter = census.frame + census.counted;
        for at in specs {
            let (asks, origin) = self.memory.specs[at];
            let needs = self.validator.programs.needs[asks.0 as usize];
            if census.counted > 0
                || (needs.any(Needs::CLOSES) && !self.spec(asks).is_met(census.seen, census.from))
            {
                self.origin = origin;
                let spec = self.spec(asks);
                spec.children.iter().for_each(|rule| self.check(id, spec, rule, counter, census));
            } else if needs.any(Needs::CLOSES) {
                self.origin = origin;
                let spec = self.spec(asks);
                let always = spec.always.iter().map(|at| &spec.children[usize::from(*at)]);
                always.for_each(|rule| self.check(id, spec, rule, counter, census));
            }
            counter += needs.counters as usize;
        }
    }

    #[inline]
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
            let count = match census.counted {
                0 => (census.seen >> place) as u32 & 1,
                _ => self.memory.counts[census.frame + place],
            };
            rules::cardinality::check(self, id, spec, rule, count);
            rules::slicing::close(self, id, spec, rule, counter);
        }
    }
}
