//! Why there is nothing: the rules that could have written it, and what kept each from it.
//!
//! Promises: only what happened inside the rule that made the parent counts; where a rule was not reached, the
//! nearest rule around it that was asked says why. Never: more than a few reasons a rule.

use super::reach::Reach;
use super::{Absent, Candidate, Reason, written};
use crate::mapping::facts::element_of;
use crate::mapping::plan::Plan;
use crate::mapping::story::Story;
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{NodeId, Tree};
use std::collections::BTreeSet;

/// Most reasons that are told of one rule.
const MOST: usize = 3;

/// What is to be said about a step that finds nothing below a node.
pub fn absent(plan: &Plan, story: &Story, target: &Tree, parent: NodeId, name: &str) -> Absent {
    let type_id = target.node(parent).type_id;
    let element = element(plan, type_id, name);
    let made = written(story, parent);
    // The variable that holds the parent is known from the rule that wrote it first, and below.
    let first = story.writes.iter().find(|write| write.node == parent);
    let inside = first.and_then(|write| write.inside);
    let reach = Reach::of(plan);
    let look = Look { story, target, reach: &reach, element, name, inside };
    let mut candidates = Vec::new();
    for rule in reach.writers(element, name) {
        if first.is_some_and(|write| !reach.leads(write.rule, rule)) {
            continue;
        }
        candidates.push(Candidate { rule, reasons: look.reasons(rule) });
    }
    // What was nearest to be written comes first.
    candidates.sort_by_key(|one| one.reasons.contains(&Reason::NotReached));
    Absent {
        parent,
        name: name.to_owned(),
        known: type_id == TypeId::NONE || element.is_some(),
        only: None,
        made_by: made.rule.is_some().then_some(made),
        candidates,
    }
}

/// The element of a type by its name or its wire name.
fn element(plan: &Plan, type_id: TypeId, name: &str) -> Option<ElementId> {
    let table = &plan.code.table;
    let by_wire = || {
        let id = table.names().find(name).filter(|_| type_id != TypeId::NONE)?;
        table.child(type_id, id).map(|child| child.element)
    };
    element_of(table, type_id, name).or_else(by_wire)
}

struct Look<'a> {
    story: &'a Story,
    target: &'a Tree,
    reach: &'a Reach,
    element: Option<ElementId>,
    name: &'a str,
    /// The visit that made the parent.
    inside: Option<usize>,
}

impl Look<'_> {
    fn reasons(&self, rule: usize) -> Vec<Reason> {
        let mut reasons = self.fired(rule);
        reasons.extend(self.passed(rule).map(|(item, why)| Reason::Passed(item, why)));
        if reasons.is_empty() {
            reasons = self.outer(rule);
        }
        let mut seen: Vec<Reason> = Vec::new();
        for one in reasons {
            if seen.len() < MOST && !seen.contains(&one) {
                seen.push(one);
            }
        }
        seen
    }

    /// The times it fired where it could have written here.
    fn fired(&self, rule: usize) -> Vec<Reason> {
        let story = self.story;
        let visits = story.visits.iter().enumerate();
        let own =
            visits.filter(|(at, one)| one.rule == rule && story.within(Some(*at), self.inside));
        let tell = |(at, visit): (usize, &crate::mapping::story::Visit)| {
            let mut wrote = story.writes.iter().filter(|write| write.inside == Some(at));
            match wrote.find(|write| self.is_it(write.node)) {
                Some(write) => Reason::Elsewhere(visit.item, write.node),
                None => Reason::Empty(visit.item),
            }
        };
        own.map(tell).collect()
    }

    /// Whether a node is the element that is absent, elsewhere.
    fn is_it(&self, node: NodeId) -> bool {
        let one = self.target.node(node);
        match self.element {
            Some(element) => one.element == element,
            None => self.target.name_text(one.name) == self.name,
        }
    }

    fn passed(
        &self,
        rule: usize,
    ) -> impl Iterator<Item = (Option<crate::mapping::At>, crate::mapping::Why)> {
        let here = move |pass: &&crate::mapping::story::Pass| {
            pass.rule == rule && self.story.within(pass.inside, self.inside)
        };
        self.story.passes.iter().filter(here).map(|pass| (pass.item, pass.why))
    }

    /// The nearest rules around it that were asked, and passed over what they were asked about.
    fn outer(&self, rule: usize) -> Vec<Reason> {
        let mut seen = BTreeSet::from([rule]);
        let mut level: Vec<usize> = self.reach.above[rule].iter().copied().collect();
        while !level.is_empty() {
            let mut reasons = Vec::new();
            let mut next = Vec::new();
            for outer in level {
                if !seen.insert(outer) {
                    continue;
                }
                let passed = self.passed(outer).map(|(item, why)| Reason::Outer(outer, item, why));
                reasons.extend(passed);
                next.extend(self.reach.above[outer].iter().copied());
            }
            if !reasons.is_empty() {
                return reasons;
            }
            level = next;
        }
        vec![Reason::NotReached]
    }
}
