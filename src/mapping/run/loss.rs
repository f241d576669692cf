//! What a run read of the message, and what it dropped.
//!
//! Promises: every element with a value is counted once: read, declared dropped, or dropped; a subtree that is
//! dropped whole is one issue. Never: marks a child because its parent was read.

use super::value::Value;
use super::{Machine, issues};
use crate::mapping::trace::{Fate, Use};
use crate::message::sabotage::broken;
use crate::message::{Arg, Issue};
use crate::tree::{Kind, Marks as NodeMarks, NodeId, State, Tree};

/// How many values a run read and dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Their value reached the target or a condition.
    pub read: u32,
    /// The map says that it drops them.
    pub declared: u32,
    /// Nothing read them.
    pub dropped: u32,
}

impl Losses {
    /// Counts another run's too.
    pub fn add(&mut self, other: Losses) {
        self.read += other.read;
        self.declared += other.declared;
        self.dropped += other.dropped;
    }
}

/// Dropped subtrees that are listed one by one.
const LISTED: usize = 100;

const READ: u8 = 1;
const DECLARED: u8 = 2;
/// Something below was read or declared, so the node is not dropped whole.
const TOUCHED: u8 = 4;

/// Marks on the nodes of the message.
#[derive(Default)]
pub(super) struct Marks {
    marks: Vec<u8>,
    counts: Vec<u32>,
}

impl Marks {
    pub fn prepare(&mut self, nodes: usize) {
        self.marks.clear();
        self.marks.resize(nodes, 0);
        self.counts.clear();
        self.counts.resize(nodes, 0);
    }

    /// The value of a node of the message was used.
    pub fn read(&mut self, message: &Tree, node: NodeId) {
        self.set(node, READ);
        // Character data below an element is its value.
        for child in message.children(node) {
            if message.node(child).kind == Kind::Text {
                self.set(child, READ);
            }
        }
        if broken("parents-mark-children")
            && let Some(parent) = message.parent(node)
        {
            message.descend(parent).for_each(|one| self.set(one, READ));
        }
    }

    pub fn fate(&self, message: &Tree, node: NodeId) -> Option<Fate> {
        let mark = *self.marks.get(node.0 as usize)?;
        has_value(message, node).then_some(match mark {
            m if m & READ != 0 => Fate::Read,
            m if m & DECLARED != 0 => Fate::Declared,
            _ => Fate::Dropped,
        })
    }

    fn set(&mut self, node: NodeId, mark: u8) {
        if let Some(marks) = self.marks.get_mut(node.0 as usize) {
            *marks |= mark;
        }
    }
}

impl Machine<'_, '_> {
    pub(super) fn mark_read(&mut self, tree: u8, node: NodeId) {
        self.tell_read(tree, node, Use::Output);
        if tree != 0 || self.sources.is_empty() {
            return;
        }
        self.memory.loss.read(self.sources[0], node);
    }

    pub(super) fn mark_all_read(&mut self, tree: u8, top: NodeId) {
        if tree == 0 && !self.sources.is_empty() {
            for node in self.sources[0].descend(top) {
                self.memory.loss.set(node, READ);
                self.tell_read(tree, node, Use::Output);
            }
        }
    }

    pub(super) fn mark_declared(&mut self, item: Value) {
        if let Value::Node(0, node) = item {
            self.memory.loss.set(node, DECLARED);
        }
    }

    /// Counts what was read and dropped, and reports what was dropped undeclared.
    pub(super) fn losses(&mut self) -> Losses {
        let mut losses = Losses::default();
        let Some(tree) = self.sources.first().copied() else { return losses };
        let Marks { marks, counts } = &mut self.memory.loss;
        // Parents come before their children in the arena.
        for at in 0..tree.len() {
            let node = NodeId(at as u32);
            let parent = tree.parent(node);
            if let Some(parent) = parent {
                marks[at] |= marks[parent.0 as usize] & DECLARED;
            }
            // What reading took away again is no part of the message.
            let away = parent.is_none() && tree.root() != Some(node);
            if away || !has_value(tree, node) {
                continue;
            }
            match marks[at] {
                m if m & READ != 0 => losses.read += 1,
                m if m & DECLARED != 0 => losses.declared += 1,
                _ => {
                    losses.dropped += 1;
                    counts[at] = 1;
                }
            }
        }
        for at in (0..tree.len()).rev() {
            let value = has_value(tree, NodeId(at as u32)) && counts[at] == 0;
            if value || marks[at] & (READ | DECLARED) != 0 {
                marks[at] |= TOUCHED;
            }
            if let Some(parent) = tree.parent(NodeId(at as u32)) {
                counts[parent.0 as usize] += counts[at];
                marks[parent.0 as usize] |= marks[at] & TOUCHED;
            }
        }
        self.report_dropped(tree);
        losses
    }

    fn report_dropped(&mut self, tree: &Tree) {
        let mut listed = 0;
        let mut more = 0;
        for at in 0..tree.len() {
            let Marks { marks, counts } = &self.memory.loss;
            let whole = |at: usize| marks[at] & TOUCHED == 0;
            let parent = tree.parent(NodeId(at as u32)).map(|p| p.0 as usize);
            // An attribute or value beside read ones is dropped by itself.
            let own = counts[at] > 0 && (whole(at) || is_leaf(tree, NodeId(at as u32)));
            if !own || parent.is_some_and(whole) {
                continue;
            }
            if listed == LISTED {
                more += 1;
                continue;
            }
            listed += 1;
            let issue = Issue::on(&issues::DROPPED, NodeId(at as u32))
                .profile(&self.plan.url)
                .arg(Arg::Shared(std::sync::Arc::clone(&self.plan.url)))
                .arg(Arg::Number(u64::from(counts[at])));
            self.issues.push(issue);
        }
        if more > 0 {
            let issue = Issue::new(&issues::MORE_DROPPED, crate::message::Place::default())
                .profile(&self.plan.url)
                .arg(Arg::Shared(std::sync::Arc::clone(&self.plan.url)))
                .arg(Arg::Number(more));
            self.issues.push(issue);
        }
    }
}

fn is_leaf(tree: &Tree, node: NodeId) -> bool {
    tree.first_child(node).is_none()
}

/// Whether a node says something of its own.
fn has_value(tree: &Tree, node: NodeId) -> bool {
    let one = tree.node(node);
    let blank = || tree.raw_slice(one.value).trim().is_empty();
    let own = |mark| one.marks.has(mark);
    let counts =
        one.state == State::Present && !own(NodeMarks::RESOURCE) && !own(NodeMarks::SYNTAX);
    counts && (one.kind != Kind::Text || !blank())
}
