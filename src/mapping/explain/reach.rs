//! Which rule leads to which, and what each can write, by the plan alone.
//!
//! Promises: covers rules inside rules, groups that are called, and groups that a type chooses. Never: asks a run.

use crate::mapping::plan::{Place, Plan, Rule, Step};
use crate::tree::types::ElementId;
use std::collections::BTreeSet;

/// The rules of a plan, by their places in [`Plan::rules`].
pub struct Reach {
    /// The rules that a rule lies in or is called by.
    pub above: Vec<BTreeSet<usize>>,
    /// The steps that a rule writes below something.
    writes: Vec<Vec<Step>>,
}

impl Reach {
    pub fn of(plan: &Plan) -> Reach {
        let count = plan.code.rules.len();
        let mut reach =
            Reach { above: vec![BTreeSet::new(); count], writes: vec![Vec::new(); count] };
        for group in plan.reached_groups() {
            let group = &plan.code.groups[group as usize];
            group.rules.iter().for_each(|rule| reach.rule(plan, rule));
        }
        reach
    }

    fn rule(&mut self, plan: &Plan, rule: &Rule) {
        let own = rule.id.0 as usize;
        for inner in &rule.rules {
            self.above[inner.id.0 as usize].insert(own);
            self.rule(plan, inner);
        }
        let called = rule.calls.iter().map(|call| call.group);
        let typed = rule.targets.iter().flat_map(|target| target.transform.groups());
        for group in called.chain(typed) {
            for first in &plan.code.groups[group as usize].rules {
                self.above[first.id.0 as usize].insert(own);
            }
        }
        for target in &rule.targets {
            if let Place::Below(_, step) = &target.place
                && !self.writes[own].contains(step)
            {
                self.writes[own].push(step.clone());
            }
        }
    }

    /// The rules that can write an element: by the element, or by its name where that is all they know.
    pub fn writers(&self, element: Option<ElementId>, name: &str) -> Vec<usize> {
        let means = |step: &Step| match step {
            Step::Element(one) | Step::Choice(one, _) => Some(*one) == element,
            Step::Named(one) => **one == *name,
            Step::Value | Step::Any => false,
        };
        let rules = self.writes.iter().enumerate();
        rules.filter(|(_, steps)| steps.iter().any(means)).map(|(rule, _)| rule).collect()
    }

    /// Whether a rule is another, or can be reached from it.
    pub fn leads(&self, from: usize, to: usize) -> bool {
        let mut seen = BTreeSet::from([to]);
        let mut next = vec![to];
        while let Some(rule) = next.pop() {
            if rule == from {
                return true;
            }
            next.extend(self.above[rule].iter().filter(|above| seen.insert(**above)));
        }
        false
    }
}
