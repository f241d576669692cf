//! Coverage: what of the messages a map reads, and which of its rules fire, over a set of messages.
//!
//! Promises: each value of a message is counted once; sums over messages do not depend on their order. Never: keeps
//! a value.

use super::plan::Plan;
use super::run::Memory;
use super::trace::{At, Fate, Trace, Use, Why};
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{Kind, NodeId, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Became {
    /// It reached what was made.
    Read,
    /// Only conditions asked about it.
    Tested,
    /// The map drops it on purpose.
    Declared,
    /// Nothing read it.
    Dropped,
}

/// What became of the values of an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementCount {
    /// How many reached what was made.
    pub read: u32,
    /// How many were only asked about by conditions.
    pub tested: u32,
    /// How many the map drops on purpose.
    pub declared: u32,
    /// How many nothing read.
    pub dropped: u32,
    /// The rules that read or tested them, places in [`Plan::rules`].
    pub rules: BTreeSet<usize>,
}

impl ElementCount {
    /// All values.
    pub fn values(&self) -> u32 {
        self.read + self.tested + self.declared + self.dropped
    }
}

/// How often a rule fired, and how often it passed over an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// Fired.
    pub fired: u32,
    /// Passed over, but for elements that are not there.
    pub passed: u32,
    /// Asked for elements that were not there.
    pub absent: u32,
}

/// Watches one run.
#[derive(Debug, Default)]
pub struct Watch {
    rules: Vec<RuleCount>,
    used: BTreeMap<NodeId, BTreeSet<usize>>,
    asked: BTreeMap<NodeId, BTreeSet<usize>>,
}

/// Sums over the runs of one plan.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By the rules' places in [`Plan::rules`].
    pub rules: Vec<RuleCount>,
    /// By the elements' paths, without indexes.
    pub elements: BTreeMap<String, ElementCount>,
    /// The messages that were run.
    pub messages: u32,
}

impl Watch {
    /// For a run of a plan.
    pub fn new(plan: &Plan) -> Watch {
        Watch { rules: vec![RuleCount::default(); plan.rules().len()], ..Watch::default() }
    }

    /// What became of a node; none for one that says nothing of its own.
    pub fn became(&self, tree: &Tree, memory: &Memory, node: NodeId) -> Option<Became> {
        Some(match memory.fate(tree, node)? {
            Fate::Read if self.used.contains_key(&holder(tree, node)) => Became::Read,
            Fate::Read => Became::Tested,
            Fate::Declared => Became::Declared,
            Fate::Dropped => Became::Dropped,
        })
    }

    fn count(&mut self, rule: usize, count: impl FnOnce(&mut RuleCount)) {
        if let Some(one) = self.rules.get_mut(rule) {
            count(one);
        }
    }
}

impl Trace for Watch {
    fn fired(&mut self, rule: usize, _item: Option<At>) {
        self.count(rule, |one| one.fired += 1);
    }

    fn passed(&mut self, rule: usize, _item: Option<At>, why: Why) {
        self.count(rule, |one| match why {
            Why::Absent => one.absent += 1,
            _ => one.passed += 1,
        });
    }

    fn read(&mut self, rule: usize, node: At, what_for: Use) {
        if node.tree == 0 {
            let nodes = if what_for == Use::Output { &mut self.used } else { &mut self.asked };
            nodes.entry(node.node).or_default().insert(rule);
        }
    }
}

impl Coverage {
    /// For a plan.
    pub fn new(plan: &Plan) -> Coverage {
        Coverage { rules: vec![RuleCount::default(); plan.rules().len()], ..Coverage::default() }
    }

    /// Adds the rules of a run, whether or not the message was refused.
    pub fn add_rules(&mut self, watch: &Watch) {
        self.messages += 1;
        for (sum, one) in self.rules.iter_mut().zip(&watch.rules) {
            sum.fired += one.fired;
            sum.passed += one.passed;
            sum.absent += one.absent;
        }
    }

    /// Adds the values of a message: its tree, the memory of its run, and what was seen. Of a message that was
    /// refused nothing arrives, so that nothing of it is lost: it is not to be added.
    pub fn add_values(&mut self, tree: &Tree, memory: &Memory, watch: &Watch) {
        let nodes = tree.root().into_iter().flat_map(|root| tree.descend(root));
        for node in nodes {
            let Some(became) = watch.became(tree, memory, node) else { continue };
            let holder = holder(tree, node);
            let sum = self.elements.entry(element_path(tree, holder)).or_default();
            match became {
                Became::Read => sum.read += 1,
                Became::Tested => sum.tested += 1,
                Became::Declared => sum.declared += 1,
                Became::Dropped => sum.dropped += 1,
            }
            for seen in [&watch.used, &watch.asked] {
                sum.rules.extend(seen.get(&holder).into_iter().flatten());
            }
        }
    }
}

/// Character data belongs to its element.
fn holder(tree: &Tree, node: NodeId) -> NodeId {
    match tree.node(node).kind {
        Kind::Text => tree.parent(node).unwrap_or(node),
        _ => node,
    }
}

/// The path of an element without indexes; a resource inside another says its type.
pub fn element_path(tree: &Tree, node: NodeId) -> String {
    let one = tree.node(node);
    let Some(parent) = tree.parent(node) else {
        return tree.resource_type(node).unwrap_or(tree.name_text(one.name)).to_owned();
    };
    let mut path = element_path(tree, parent);
    path.push('.');
    path.push_str(tree.name_text(one.name));
    let inner = tree.resource_type(node).filter(|_| one.type_id != TypeId::NONE);
    if let Some(inner) = inner.filter(|_| one.element != ElementId::NONE) {
        path.push_str(&format!(".ofType({inner})"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::bench::{World, compile, letter_to, plain, read, table};
    use std::sync::Arc;

    #[test]
    fn every_value_is_counted_once_and_every_rule_as_often_as_it_fires() {
        let map = letter_to(
            "Patient",
            "src.title as t -> tgt.id = t;\nsrc where status = 'x' -> tgt.gender = 'other';\n\
             src.part as part then {\npart.key as k where k = 'a' -> tgt.language = k;\n};\n\
             src.part as part then {\npart.text log('dropped: why');\n};\nsrc.count as c -> tgt.id = c;",
        );
        let (plan, found) = compile(&map);
        let plan = plan.unwrap_or_else(|| panic!("{found:#?}"));
        let letter = r#"{"resourceType":"Letter","id":"1","title":"t","status":"s",
            "part":[{"key":"a","text":"x"},{"key":"b"}]}"#;
        let source = read(letter, plan.sources()[0]);
        let sources = [&source];
        let mut coverage = Coverage::new(&plan);
        let mut memory = Memory::new();
        for _ in 0..2 {
            let mut target = Tree::new(Arc::clone(table().names()));
            let mut watch = Watch::new(&plan);
            let (world, mut issues) = (World::default(), Vec::new());
            let memory = &mut memory;
            let inputs = plain(&sources);
            plan.run_traced(&inputs, &mut target, &world, memory, &mut issues, &mut watch)
                .expect("it runs");
            coverage.add_rules(&watch);
            coverage.add_values(&source, memory, &watch);
        }
        let counts = |path: &str| {
            let one = &coverage.elements[path];
            (one.read, one.tested, one.declared, one.dropped)
        };
        assert_eq!(counts("Letter.title"), (2, 0, 0, 0));
        assert_eq!(counts("Letter.status"), (0, 2, 0, 0));
        assert_eq!(counts("Letter.part.key"), (2, 2, 0, 0));
        assert_eq!(counts("Letter.part.text"), (0, 0, 2, 0));
        assert_eq!(counts("Letter.id"), (0, 0, 0, 2));
        let rules = coverage.rules.iter();
        let rules: Vec<_> = rules.map(|one| (one.fired, one.passed, one.absent)).collect();
        assert_eq!(
            rules,
            [(2, 0, 0), (0, 2, 0), (4, 0, 0), (2, 2, 0), (4, 0, 0), (2, 0, 2), (0, 0, 2)]
        );
        assert_eq!(coverage.messages, 2);
    }
}
