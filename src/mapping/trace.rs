//! Watching a run: which rule wrote what from where, which items it passed over and why, what was read.
//!
//! Promises: a run that nobody watches makes no event; watching changes no result. Never: holds a value, only
//! places in trees.

use crate::tree::NodeId;

/// A place among a run's trees: 0 is the message, then earlier messages, the last is the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Which tree.
    pub tree: u8,
    /// Which node of it.
    pub node: NodeId,
}

/// Why a rule passed over an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is not of the type that the source names.
    Type,
    /// The source's `where` is not true of it.
    Condition,
    /// The source's `check` is not true of it.
    Check,
    /// The source's list mode leaves it out.
    List,
    /// There is no such element below the item that the source starts from.
    Absent,
}

/// What a value was read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It reached the target, or a computed value.
    Output,
    /// A `where` or `check` asked about it.
    Condition,
}

/// Is told what a run does. Rules are places in [`Plan::rules`](super::Plan::rules).
#[allow(unused_variables, reason = "the names say what is told")]
pub trait Trace {
    /// A rule fires for an item; none when that is a value that a map made.
    fn fired(&mut self, rule: usize, item: Option<At>) {}

    /// A rule that fired is done with the item, and with all that it called.
    fn done(&mut self, rule: usize) {}

    /// A rule passes over an item; for [`Why::Absent`] it is the one that the source starts from.
    fn passed(&mut self, rule: usize, item: Option<At>, why: Why) {}

    /// A rule wrote a node of the target: a new one, or one that was there and is written again. `from` is where
    /// its value came from, or else the item that the rule fired for.
    fn wrote(&mut self, rule: usize, node: NodeId, from: Option<At>) {}

    /// A value was read by a rule; told again each time it is looked at.
    fn read(&mut self, rule: usize, node: At, what_for: Use) {}
}

/// What became of an element of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its value reached the target or a condition.
    Read,
    /// The map says that it drops it.
    Declared,
    /// Nothing read it.
    Dropped,
}

/// A rule of a map, as issues and tools name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePlace {
    /// `file:line`.
    pub place: std::sync::Arc<str>,
    /// Where it stands in its map, whatever the lines: `group.rule.rule`, a rule without a name by what it
    /// reads and writes. Ids grow from it.
    pub path: std::sync::Arc<str>,
    /// The canonical of the map that holds it.
    pub map: std::sync::Arc<str>,
    /// Its offset in the text of that map.
    pub at: u32,
}
