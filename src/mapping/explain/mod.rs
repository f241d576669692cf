//! Why a value of a target is what it is, or why there is none.
//!
//! Promises: what was written is led back to its rule and to the places of the message that it came from; what is
//! absent is led to each rule that could have written it, and to what kept that rule from it. Never: guesses where
//! the run tells.

mod absent;
mod path;
mod reach;

use super::plan::Plan;
use super::story::Story;
use super::trace::{At, Why};
use crate::tree::{NodeId, State, Tree};

/// What is said about a path.
#[derive(Debug)]
pub enum Explanation {
    /// There is something: each node that the path means, with those below it that hold a value.
    Present(Vec<Found>),
    /// There is nothing.
    Absent(Absent),
}

/// A node that a rule wrote.
#[derive(Debug)]
pub struct Found {
    /// The node of the target.
    pub node: NodeId,
    /// The rule, a place in [`Plan::rules`]; none for the root, which the run makes.
    pub rule: Option<usize>,
    /// The values it came from.
    pub from: Vec<At>,
    /// The rules around it with the items they fired for, innermost first; its own comes first.
    pub through: Vec<(usize, Option<At>)>,
}

/// Nothing is there.
#[derive(Debug)]
pub struct Absent {
    /// The node below which the first step finds nothing.
    pub parent: NodeId,
    /// That step.
    pub name: String,
    /// Whether the model knows such an element there.
    pub known: bool,
    /// There are fewer than the index says: how many.
    pub only: Option<usize>,
    /// The rule that wrote the parent.
    pub made_by: Option<Found>,
    /// The rules that could have written it.
    pub candidates: Vec<Candidate>,
}

/// A rule that could have written what is absent.
#[derive(Debug)]
pub struct Candidate {
    /// The rule.
    pub rule: usize,
    /// What kept it from it; several where it had several chances.
    pub reasons: Vec<Reason>,
}

/// What kept a rule from writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It passed over an item.
    Passed(Option<At>, Why),
    /// It fired for an item, and what it would have written had no value.
    Empty(Option<At>),
    /// It fired for an item, and wrote it elsewhere: there.
    Elsewhere(Option<At>, NodeId),
    /// It was not reached: this rule around it passed over an item.
    Outer(usize, Option<At>, Why),
    /// Nothing that leads to it was reached.
    NotReached,
}

/// Explains what a run made at a path, or did not make. `Err`: the path is not one.
pub fn explain(plan: &Plan, story: &Story, target: &Tree, at: &str) -> Result<Explanation, String> {
    let steps = path::parse(at)?;
    let root = target.root().ok_or("nothing was made")?;
    match path::find(target, &plan.code.table, root, &steps)? {
        path::Met::Nodes(nodes) => {
            let mut found = Vec::new();
            for node in nodes {
                found.push(written(story, node));
                let below = target.descend(node).skip(1);
                let values = below.filter(|n| target.node(*n).state == State::Present);
                found.extend(values.map(|n| written(story, n)));
            }
            Ok(Explanation::Present(found))
        }
        path::Met::Nothing { parents, name, only } => {
            let absents = parents.iter().map(|p| absent::absent(plan, story, target, *p, &name));
            let best = absents.max_by_key(|one| one.candidates.len());
            let one = best.ok_or("the path leads nowhere")?;
            Ok(Explanation::Absent(Absent { only, ..one }))
        }
    }
}

/// Which rule wrote a node, from what.
fn written(story: &Story, node: NodeId) -> Found {
    let Some(write) = story.writes.iter().rev().find(|write| write.node == node) else {
        return Found { node, rule: None, from: Vec::new(), through: Vec::new() };
    };
    let from = match write.reads.is_empty() {
        true => write.from.into_iter().collect(),
        false => write.reads.clone(),
    };
    let around = story.around(write.inside);
    let through = around.map(|visit| (visit.rule, visit.item)).collect();
    Found { node, rule: Some(write.rule), from, through }
}

#[cfg(test)]
mod tests;
