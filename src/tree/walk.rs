//! Walking a tree along its links.

use super::{Marks, NONE, Node, NodeId, Tree};
use std::borrow::Cow;

impl Tree {
    /// A node's parent.
    #[inline]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        link(self.nodes[id.0 as usize].parent)
    }

    /// A node's first child.
    #[inline]
    pub fn first_child(&self, id: NodeId) -> Option<NodeId> {
        link(self.nodes[id.0 as usize].first_child)
    }

    /// A node's last child.
    #[inline]
    pub fn last_child(&self, id: NodeId) -> Option<NodeId> {
        link(self.nodes[id.0 as usize].last_child)
    }

    /// A node's next sibling.
    #[inline]
    pub fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        link(self.nodes[id.0 as usize].next_sibling)
    }

    /// A node's children, in order.
    #[inline]
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, next: self.first_child(id) }
    }

    /// The children of a node that is at hand already.
    #[inline]
    pub fn children_of(&self, node: &Node) -> Children<'_> {
        Children { tree: self, next: link(node.first_child) }
    }

    /// Whether a node that is at hand already has children.
    #[inline]
    pub fn has_children(&self, node: &Node) -> bool {
        node.first_child != NONE
    }

    /// The children of that local name, whatever their namespace.
    pub fn children_named<'a>(
        &'a self,
        id: NodeId,
        name: &'a str,
    ) -> impl Iterator<Item = NodeId> + 'a {
        // a name that the snapshot knows has its number, whoever wrote it
        let known = self.names().find(name);
        self.children(id).filter(move |c| match known {
            Some(known) => self.node(*c).name == known,
            None => self.name_text(self.node(*c).name) == name,
        })
    }

    /// The first child of that local name.
    pub fn child(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.children_named(id, name).next()
    }

    /// Follows local names down from a node, taking the first child at each step.
    pub fn at(&self, id: NodeId, names: &[&str]) -> Option<NodeId> {
        names.iter().try_fold(id, |node, name| self.child(node, name))
    }

    /// The decoded value of the first child of that name: for load-time work, not for a message's path.
    pub fn child_text(&self, id: NodeId, name: &str) -> Option<Cow<'_, str>> {
        self.text(self.child(id, name)?)
    }

    /// The nodes of the tree that have some mark, in the order in which they were added; what was taken out
    /// is not met.
    pub fn marked(&self, marks: Marks) -> impl Iterator<Item = NodeId> + '_ {
        let all = self.nodes.iter().enumerate().filter(move |(_, node)| node.marks.has(marks));
        let id = |(at, _): (usize, &Node)| NodeId(at as u32);
        all.map(id).filter(|id| {
            let top = std::iter::successors(Some(*id), |at| self.parent(*at)).last();
            top == self.root()
        })
    }

    /// A node and everything below it, depth first, parents before children.
    #[inline]
    pub fn descend(&self, id: NodeId) -> Descend<'_> {
        Descend { tree: self, top: id, next: Some(id) }
    }
}

#[inline]
fn link(raw: u32) -> Option<NodeId> {
    (raw != NONE).then_some(NodeId(raw))
}

/// Iterates over a node's children.
#[derive(Clone)]
pub struct Children<'a> {
    tree: &'a Tree,
    next: Option<NodeId>,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        let id = self.next?;
        self.next = self.tree.next_sibling(id);
        Some(id)
    }
}

/// Iterates over a subtree; needs no stack, because the links lead back up.
pub struct Descend<'a> {
    tree: &'a Tree,
    top: NodeId,
    next: Option<NodeId>,
}

impl Iterator for Descend<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        let id = self.next?;
        self.next = self.tree.first_child(id).or_else(|| {
            let mut at = id;
            loop {
                if at == self.top {
                    return None;
                }
                if let Some(next) = self.tree.next_sibling(at) {
                    return Some(next);
                }
                at = self.tree.parent(at)?;
            }
        });
        Some(id)
    }
}
