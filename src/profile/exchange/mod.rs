//! The exchange rules: what a message must be to be exchanged, whatever its profiles say.
//!
//! Profiles judge content; several published invariants that were to say this are vacuous, so it is said
//! natively here, as a rule set of its own (ids `exchange-*`), reported apart. Promises: linear in the message
//! but for its hierarchies; no allocation when warm. Never: needs the profiles, or another message.

mod catalogue;
mod chain;
mod content;
mod data;
mod envelope;
mod reach;

pub use catalogue::CATALOGUE;
pub use data::Data;

use super::index::Index;
use super::known::Known;
use crate::message::{Arg, Issue, IssueKind};
use crate::tree::types::Table;
use crate::tree::{NodeId, Tree};
use jiff::Timestamp;

/// The rules, ready to be used on messages.
pub struct Rules {
    data: Data,
    known: Known,
}

/// What the rules need beside a message: reused from one to the next.
#[derive(Default)]
pub struct Memory {
    index: Index,
    /// (the entry's node, its resource), in order.
    entries: Vec<(NodeId, NodeId)>,
    /// The resources with their places in `entries`, by node.
    order: Vec<(NodeId, u32)>,
    /// References between resources of entries.
    links: Vec<(u32, u32)>,
    reached: Vec<bool>,
    next: Vec<u32>,
}

/// One check under way.
struct Check<'a> {
    rules: &'a Rules,
    tree: &'a Tree,
    now: Timestamp,
    memory: &'a mut Memory,
    issues: &'a mut Vec<Issue>,
    root: NodeId,
    header: Option<NodeId>,
}

impl Rules {
    /// The rules over a snapshot's types.
    pub fn new(table: &Table, data: Data) -> Rules {
        Rules { data, known: Known::new(table) }
    }

    /// Checks a typed message; issues are added to `issues`.
    pub fn check(&self, tree: &Tree, now: Timestamp, memory: &mut Memory, issues: &mut Vec<Issue>) {
        let Some(root) = tree.root() else { return };
        let mut check = Check { rules: self, tree, now, memory, issues, root, header: None };
        if !envelope::check(&mut check) {
            return;
        }
        reach::check(&mut check);
        chain::check(&mut check);
        content::check(&mut check);
    }
}

impl<'a> Check<'a> {
    fn tell(&mut self, kind: &'static IssueKind, node: NodeId) {
        self.issues.push(Issue::on(kind, node));
    }

    fn tell_of(&mut self, kind: &'static IssueKind, node: NodeId, what: &'static str) {
        self.issues.push(Issue::on(kind, node).arg(Arg::Static(what)));
    }

    /// The resources of one type among the entries.
    fn resources<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = NodeId> + 's {
        let of_kind = move |r: &NodeId| self.tree.resource_type(*r) == Some(kind);
        self.memory.entries.iter().map(|(_, r)| *r).filter(of_kind)
    }

    /// The event's code.
    fn event(&self) -> Option<std::borrow::Cow<'a, str>> {
        let tree: &'a Tree = self.tree;
        tree.text(tree.at(self.header?, &["eventCoding", "code"])?)
    }
}
