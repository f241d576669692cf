//! Deep copies between trees.
//!
//! Promises: text is shared, not copied, and stays escaped as it was; every node copied counts as read. Never:
//! copies what lies in a source's scratch buffer by reference, for that buffer is not shared.

use super::Machine;
use super::fresh::INSTANCE;
use super::value::Value;
use crate::tree::{BufferId, Kind, NameId, NodeId, Slice};

impl Machine<'_, '_> {
    /// Copies a node's value and all below it into a node of the target.
    pub(super) fn copy(&mut self, tree: u8, from: NodeId, into: NodeId) {
        let node = *self.tree(tree).node(from);
        let value = self.shared(tree, node.value);
        let copy = self.target.node_mut(into);
        copy.value = value;
        copy.state = node.state;
        copy.token = node.token;
        copy.marks.set(node.marks);
        self.mark_read(tree, from);
        let mut next = self.tree(tree).first_child(from);
        while let Some(child) = next {
            next = self.tree(tree).next_sibling(child);
            if self.says_type(tree, child) && self.target.first_child(into).is_some() {
                continue;
            }
            self.copy_below(tree, child, into);
        }
    }

    /// Whether a node is the attribute by which an element says its type, which a map's element has already.
    fn says_type(&self, tree: u8, node: NodeId) -> bool {
        let of = self.tree(tree);
        let one = of.node(node);
        one.kind == Kind::Attribute
            && of.name_text(one.name) == "type"
            && of.name_text(one.namespace) == INSTANCE
    }

    fn copy_below(&mut self, tree: u8, from: NodeId, parent: NodeId) {
        let node = *self.tree(tree).node(from);
        let name = self.shared_name(tree, node.name);
        let namespace = self.shared_name(tree, node.namespace);
        let into = self.target.add(Some(parent), node.kind, name, self.rule.0 + 1);
        let copy = self.target.node_mut(into);
        copy.namespace = namespace;
        copy.element = node.element;
        copy.type_id = node.type_id;
        self.tell_written(into, Value::Node(tree, from));
        self.copy(tree, from, into);
    }

    fn shared_name(&mut self, tree: u8, name: NameId) -> NameId {
        let known = self.target.names().len() as u32;
        if name == NameId::NONE || name.0 < known || self.is_target(tree) {
            return name;
        }
        let text = self.tree(tree).name_text(name).to_owned();
        self.target.name_id(&text)
    }

    /// A slice of a tree as a slice of the target.
    pub(super) fn shared(&mut self, tree: u8, slice: Slice) -> Slice {
        if slice.is_empty() {
            return Slice::EMPTY;
        }
        let Some(source) = self.sources.get(usize::from(tree)).copied() else { return slice };
        let buffer = slice.buffer();
        let Some(text) = source.shared_buffer(buffer) else {
            let start = self.target.scratch().len();
            let raw = source.raw_slice(slice);
            self.target.scratch().push_str(raw);
            return Slice::new(BufferId(0), start, raw.len(), slice.escape());
        };
        let known = &mut self.memory.buffers[usize::from(tree)];
        let place = usize::from(buffer.0);
        if known.len() <= place {
            known.resize(place + 1, None);
        }
        let own = *known[place].get_or_insert_with(|| self.target.add_buffer(text.clone()));
        slice.in_buffer(own)
    }
}
