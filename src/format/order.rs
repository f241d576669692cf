//! The order in which writers meet a node's children: the definition's, repeats together.
//!
//! Promises: children of one name stay in the tree's order; names that no definition knows come after the
//! known ones, in the order in which they first occur. Never: changes the tree.

use crate::tree::types::{ElementId, Table};
use crate::tree::{NodeId, Tree};

/// A stack of sorted children, shared by a whole writing so that it is allocated once.
#[derive(Default)]
pub struct Ordered {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The element's place in its type; the last for what is unknown.
    order: u32,
    /// What tells names of one place apart: the name's id, or where the name first occurs.
    group: u32,
    /// The place in the tree.
    index: u32,
    node: NodeId,
}

/// A node's children on the stack.
#[derive(Clone, Copy)]
pub struct Range {
    /// The first one's place.
    pub start: usize,
    /// Behind the last one's place.
    pub end: usize,
}

impl Ordered {
    /// Puts a node's children on the stack, in order. Give them back with [`Ordered::pop`].
    pub fn push(&mut self, tree: &Tree, table: &Table, parent: NodeId) -> Range {
        let start = self.entries.len();
        let mut unknown = false;
        for (index, node) in tree.children(parent).enumerate() {
            let one = tree.node(node);
            let order = match one.element {
                ElementId::NONE => u32::MAX,
                element => table.element(element).order,
            };
            unknown |= order == u32::MAX;
            self.entries.push(Entry { order, group: one.name.0, index: index as u32, node });
        }
        let entries = &mut self.entries[start..];
        let key = |e: &Entry| (e.order, e.group, e.index);
        if !entries.is_sorted_by_key(key) {
            entries.sort_unstable_by_key(key);
        }
        if unknown {
            by_first_occurrence(entries);
        }
        Range { start, end: self.entries.len() }
    }

    /// Puts a node's children on the stack as they stand in the tree.
    pub fn push_as_they_stand(&mut self, tree: &Tree, parent: NodeId) -> Range {
        let start = self.entries.len();
        let entry = |node| Entry { order: 0, group: 0, index: 0, node };
        self.entries.extend(tree.children(parent).map(entry));
        Range { start, end: self.entries.len() }
    }

    /// The node at a place.
    pub fn node(&self, place: usize) -> NodeId {
        self.entries[place].node
    }

    /// Behind the last of the children that share the name of the one at `place`.
    pub fn group_end(&self, place: usize, range: Range) -> usize {
        let first = self.entries[place];
        let rest = &self.entries[place..range.end];
        place + rest.partition_point(|e| (e.order, e.group) == (first.order, first.group))
    }

    /// Takes everything off, its memory kept.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Gives back what [`Ordered::push`] made, and everything after it.
    pub fn pop(&mut self, range: Range) {
        self.entries.truncate(range.start);
    }
}

/// Orders the unknown, which are sorted by name, by where each name first occurs.
fn by_first_occurrence(entries: &mut [Entry]) {
    let start = entries.partition_point(|e| e.order < u32::MAX);
    let unknown = &mut entries[start..];
    let mut group = (u32::MAX, 0);
    for entry in unknown.iter_mut() {
        if entry.group != group.0 {
            group = (entry.group, entry.index);
        }
        entry.group = group.1;
    }
    unknown.sort_unstable_by_key(|e| (e.group, e.index));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Kind, Names};
    use std::sync::Arc;

    #[test]
    fn unknown_names_keep_together_in_the_order_of_their_first() {
        let names = Arc::new(Names::default());
        let table = Table::new(Arc::clone(&names), Vec::new(), Vec::new());
        let mut tree = Tree::new(names);
        let root = tree.add(None, Kind::Element, crate::tree::NameId::NONE, 0);
        for name in ["b", "a", "b", "c", "a"] {
            let name = tree.name_id(name);
            tree.add(Some(root), Kind::Element, name, 0);
        }
        let mut ordered = Ordered::default();
        let range = ordered.push(&tree, &table, root);
        let found: Vec<_> = (range.start..range.end).map(|p| ordered.node(p).0).collect();
        assert_eq!(found, [1, 3, 2, 5, 4]);
        assert_eq!(ordered.group_end(range.start, range), 2);
        ordered.pop(range);
    }
}
