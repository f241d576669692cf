//! What stands below a node, counted once before its rules are run, and checked when its children were.
//!
//! Promises: a node without parts costs nothing unless something must be there; a rule that only bounds how
//! often an element may come is not looked at where none comes twice.

use super::memory::Asked;
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
    /// Which are there more than once.
    pub twice: u128,
    /// Whether one is there more than once.
    pub repeated: bool,
}

impl Census {
    /// Of a node without parts.
    #[inline]
    pub fn of_none(frame: usize) -> Census {
        Census {
            from: 0,
            len: 0,
            frame,
            counted: 0,
            present: 0,
            seen: 0,
            twice: 0,
            repeated: false,
        }
    }
}

impl Run<'_> {
    /// What the specs on the stack from `first` on need together, [`Needs::flags`].
    #[inline]
    pub fn needs(&self, first: usize) -> u8 {
        self.memory.specs[first..].iter().fold(0, |all, asked| all | asked.flags)
    }

    /// How many counters the specs on the stack from `first` on need together.
    pub fn counters(&self, first: usize) -> usize {
        let asked = self.memory.specs[first..].iter().filter(|a| a.flags & Needs::COUNTS != 0);
        asked.map(|a| self.spec(a.spec).counters as usize).sum()
    }

    /// Looks which elements a node's children are; of a node without parts only if somebody wants to know.
    pub fn census(&mut self, node: &Node, wanted: bool, base: bool) -> Census {
        let frame = self.memory.counts.len();
        let mut census = Census::of_none(frame);
        if !wanted {
            return census;
        }
        let table = &*self.validator.table;
        if node.type_id == TypeId::NONE {
            census.present = u128::MAX;
            return census;
        }
        (census.from, census.len) = table.span(node.type_id);
        let tree = self.tree;
        let ordered = base && tree.header.ordered;
        let mut foreign = false;
        if census.len <= 64 && !ordered {
            let (mut present, mut twice) = (0u64, 0u64);
            for child in tree.children_of(node) {
                let place = tree.node(child).element.0.wrapping_sub(census.from) as usize;
                if place < census.len {
                    let bit = 1 << place;
                    twice |= present & bit;
                    present |= bit;
                } else {
                    // what has no element may have the name that an expression looks for
                    foreign = true;
                }
            }
            (census.present, census.twice) = (present.into(), twice.into());
        } else {
            foreign = self.look(node, ordered, &mut census);
        }
        census.repeated = census.twice != 0;
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

    /// The same of a type of many elements, or where their order counts; whether there are others.
    fn look(&mut self, node: &Node, ordered: bool, census: &mut Census) -> bool {
        let tree = self.tree;
        let (mut furthest, mut foreign) = (0, false);
        for child in tree.children_of(node) {
            let place = tree.node(child).element.0.wrapping_sub(census.from) as usize;
            if place >= census.len {
                foreign = true;
                continue;
            }
            let bit = 1 << place.min(127);
            census.twice |= census.present & bit;
            census.present |= bit;
            if ordered {
                furthest = rules::order::check(self, node, child, (place, furthest));
            }
        }
        foreign
    }

    /// Counts a node's children by element.
    fn count(&mut self, node: &Node, census: &mut Census) {
        census.counted = census.len;
        self.memory.counts.resize(census.frame + census.len, 0);
        for child in self.tree.children_of(node) {
            let element = self.tree.node(child).element;
            let place = element.0.wrapping_sub(census.from) as usize;
            if place < census.len {
                self.memory.counts[census.frame + place] += 1;
            }
        }
    }

    /// Checks how often each element and each slice was there.
    pub fn close(&mut self, id: NodeId, specs: Range<usize>, census: &Census) {
        let mut counter = census.frame + census.counted;
        for at in specs {
            let Asked { spec, origin, flags } = self.memory.specs[at];
            if census.counted == 0 && flags & (Needs::CLOSES | Needs::COUNTS) == 0 {
                continue;
            }
            let spec = self.spec(spec);
            self.origin = origin;
            if census.len > 127 || !spec.is_met(census.seen, census.from) {
                spec.children.iter().for_each(|rule| self.check(id, spec, rule, counter, census));
            } else {
                let always = spec.always.iter().map(|at| &spec.children[usize::from(*at)]);
                always.for_each(|rule| self.check(id, spec, rule, counter, census));
                self.close_twice(id, spec, counter, census);
            }
            counter += spec.counters as usize;
        }
    }

    /// Checks the rules of what is there more than once, but for those that are checked in any case.
    #[inline]
    fn close_twice(&mut self, id: NodeId, spec: &Spec, counter: usize, census: &Census) {
        let mut twice = census.twice;
        while twice != 0 {
            let place = twice.trailing_zeros();
            twice &= twice - 1;
            if let Some(at) = spec.place(ElementId(census.from + place))
                && !spec.always.iter().any(|one| usize::from(*one) == at)
            {
                self.check(id, spec, &spec.children[at], counter, census);
            }
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
