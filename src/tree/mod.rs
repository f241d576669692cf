//! THE in-memory form of every message: a flat arena of small, fixed-size nodes.
//!
//! Promises: one type for every syntax and for source and target trees alike; links, not extents, so that
//! a node can gain children long after its sibling was written; values point into buffers and are decoded
//! on use, decimals keep their text. A cleared tree keeps its memory: reading the next message into it
//! allocates nothing once warm.
//!
//! Never: knows a syntax's grammar, an element's meaning beyond the ids that typing put there, or a file.

mod below;
mod names;
mod node;
mod path;
mod position;
mod text;
pub mod types;
mod walk;
mod work;

pub use below::Facts;
pub use names::{NameId, Names};
pub use node::{Delimiters, Header, Kind, Marks, Node, State, Token};
pub use path::Expression;
pub use position::{LineColumn, Lines};
pub use text::{Decoded, Escape, Slice, entity};
pub use walk::{Children, Descend};
pub use work::Work;

use bytestring::ByteString;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The index of a node in its tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

/// The index of one of a tree's buffers. Buffer 0 is the scratch buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BufferId(pub u16);

const NONE: u32 = u32::MAX;

/// A message in memory.
#[derive(Clone, Debug)]
pub struct Tree {
    names: Arc<Names>,
    nodes: Vec<Node>,
    scratch: String,
    buffers: Vec<ByteString>,
    local_names: Vec<Slice>,
    // By a hash keyed at random: senders choose these names.
    local_ids: HashMap<u64, u32>,
    /// What the syntax needs to write itself back.
    pub header: Header,
    /// Memory of readers, kept from message to message.
    pub work: Work,
}

impl Tree {
    /// An empty tree over the names of an engine's snapshot.
    pub fn new(names: Arc<Names>) -> Tree {
        Tree {
            names,
            nodes: Vec::new(),
            scratch: String::new(),
            buffers: Vec::new(),
            local_names: Vec::new(),
            local_ids: HashMap::new(),
            header: Header::default(),
            work: Work::default(),
        }
    }

    /// Empties the tree and keeps its memory; `names` may be a newer snapshot's.
    pub fn reset(&mut self, names: &Arc<Names>) {
        if !Arc::ptr_eq(&self.names, names) {
            self.names = Arc::clone(names);
            self.work.spellings.clear();
        }
        self.nodes.clear();
        self.scratch.clear();
        self.buffers.clear();
        self.local_names.clear();
        self.local_ids.clear();
        self.header = Header::default();
    }

    /// The names this tree was made over.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// The first node, if any was added: the root.
    #[inline]
    pub fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(NodeId(0))
    }

    /// How many nodes were added, detached ones included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no node was added.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds a buffer that values may point into. Cheap: the text is shared, not copied.
    ///
    /// A tree holds at most 65,535 buffers; beyond that the text is copied into the scratch buffer's
    /// keeping by the caller. Panics when that limit is passed, since it would be our own fault.
    pub fn add_buffer(&mut self, text: ByteString) -> BufferId {
        let id = u16::try_from(self.buffers.len() + 1).expect("at most 65,535 buffers a tree");
        self.buffers.push(text);
        BufferId(id)
    }

    /// Whether the tree was read from an input, which is then its first buffer.
    pub fn has_input(&self) -> bool {
        !self.buffers.is_empty()
    }

    /// The text of a buffer.
    #[inline]
    pub fn buffer(&self, id: BufferId) -> &str {
        match id.0 {
            0 => &self.scratch,
            n => &self.buffers[usize::from(n) - 1],
        }
    }

    /// The shared text of a buffer other than scratch, to be added to another tree without a copy.
    pub fn shared_buffer(&self, id: BufferId) -> Option<&ByteString> {
        self.buffers.get(usize::from(id.0).checked_sub(1)?)
    }

    /// Copies `text` into the scratch buffer, where it needs no decoding.
    pub fn keep(&mut self, text: &str) -> Slice {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        Slice::new(BufferId(0), start, text.len(), Escape::None)
    }

    /// Opens the scratch buffer for a text that is made piece by piece; see [`Tree::kept_since`].
    pub fn scratch(&mut self) -> &mut String {
        &mut self.scratch
    }

    /// What was pushed to the scratch buffer since it was `start` bytes long.
    pub fn kept_since(&self, start: usize) -> Slice {
        Slice::new(BufferId(0), start, self.scratch.len() - start, Escape::None)
    }

    /// The id of a name: the snapshot's if it knows it, else one of this tree's own. Two names of a tree
    /// that are spelled alike have one id. The slice is taken as it is written, escapes undecoded.
    pub fn name_of(&mut self, slice: Slice) -> NameId {
        match self.names.find(self.raw_slice(slice)) {
            Some(id) => id,
            None => self.local_name(slice),
        }
    }

    fn local_name(&mut self, slice: Slice) -> NameId {
        let known = self.names.len() as u32;
        let text = self.raw_slice(slice);
        let mut hash = self.local_ids.hasher().hash_one(text);
        while let Some(place) = self.local_ids.get(&hash) {
            if self.raw_slice(self.local_names[*place as usize]) == text {
                return NameId(known + place);
            }
            hash = hash.wrapping_add(1);
        }
        let place = self.local_names.len() as u32;
        self.local_names.push(slice);
        self.local_ids.insert(hash, place);
        NameId(known + place)
    }

    /// The id of a name given as text, which is copied when the snapshot does not know it.
    pub fn name_id(&mut self, text: &str) -> NameId {
        match self.names.find(text) {
            Some(id) => id,
            None => {
                let slice = self.keep(text);
                self.name_of(slice)
            }
        }
    }

    /// The text of a name; empty for [`NameId::NONE`].
    pub fn name_text(&self, id: NameId) -> &str {
        let known = self.names.len() as u32;
        match id {
            NameId::NONE => "",
            NameId(n) if n < known => self.names.text(id),
            NameId(n) => self.raw_slice(self.local_names[(n - known) as usize]),
        }
    }

    /// Adds a node as the last child of `parent` (the first node has none and is the root).
    pub fn add(&mut self, parent: Option<NodeId>, kind: Kind, name: NameId, offset: u32) -> NodeId {
        let id = self.nodes.len() as u32;
        self.nodes.push(Node {
            parent: NONE,
            first_child: NONE,
            last_child: NONE,
            next_sibling: NONE,
            namespace: NameId::NONE,
            name,
            value: Slice::EMPTY,
            offset,
            element: types::ElementId::NONE,
            type_id: types::TypeId::NONE,
            kind,
            state: State::Absent,
            token: Token::Text,
            marks: Marks::default(),
        });
        if let Some(parent) = parent {
            self.attach(parent, NodeId(id));
        }
        NodeId(id)
    }

    /// Adds a named element below `parent` with a value already kept in this tree.
    pub fn add_value(&mut self, parent: NodeId, name: NameId, value: Slice) -> NodeId {
        let id = self.add(Some(parent), Kind::Element, name, 0);
        self.set_value(id, value, Token::Text);
        id
    }

    /// Makes `child`, which has no parent, the last child of `parent`.
    pub fn attach(&mut self, parent: NodeId, child: NodeId) {
        let last = self.nodes[parent.0 as usize].last_child;
        match last {
            NONE => self.nodes[parent.0 as usize].first_child = child.0,
            last => self.nodes[last as usize].next_sibling = child.0,
        }
        self.nodes[parent.0 as usize].last_child = child.0;
        let node = &mut self.nodes[child.0 as usize];
        node.parent = parent.0;
        node.next_sibling = NONE;
        node.marks.0 &= !Marks::DETACHED.0;
    }

    /// Takes a node out of its parent's children. Costs a walk over its elder siblings.
    pub fn detach(&mut self, id: NodeId) {
        let Some(parent) = self.parent(id) else { return };
        let next = self.nodes[id.0 as usize].next_sibling;
        let mut before = NONE;
        let mut at = self.nodes[parent.0 as usize].first_child;
        while at != id.0 {
            before = at;
            at = self.nodes[at as usize].next_sibling;
        }
        match before {
            NONE => self.nodes[parent.0 as usize].first_child = next,
            before => self.nodes[before as usize].next_sibling = next,
        }
        if next == NONE {
            self.nodes[parent.0 as usize].last_child = before;
        }
        let node = &mut self.nodes[id.0 as usize];
        node.parent = NONE;
        node.next_sibling = NONE;
        node.marks.set(Marks::DETACHED);
    }

    /// Puts the children of `parent` into the order of `children`, which must be the same nodes.
    pub fn reorder(&mut self, parent: NodeId, children: &[NodeId]) {
        let node = &mut self.nodes[parent.0 as usize];
        node.first_child = children.first().map_or(NONE, |c| c.0);
        node.last_child = children.last().map_or(NONE, |c| c.0);
        for (i, child) in children.iter().enumerate() {
            self.nodes[child.0 as usize].next_sibling = children.get(i + 1).map_or(NONE, |c| c.0);
        }
    }

    /// Sets a node's value and derives its state (empty or present).
    pub fn set_value(&mut self, id: NodeId, value: Slice, token: Token) {
        let node = &mut self.nodes[id.0 as usize];
        node.value = value;
        node.token = token;
        node.state = if value.is_empty() { State::Empty } else { State::Present };
    }

    /// Marks a node as a resource and keeps the name of its type.
    pub fn set_resource_type(&mut self, id: NodeId, name: Slice) {
        let node = &mut self.nodes[id.0 as usize];
        node.value = name;
        node.state = State::Absent;
        node.marks.set(Marks::RESOURCE);
    }

    /// The name of a resource's type as it was written.
    pub fn resource_type(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        node.marks.has(Marks::RESOURCE).then(|| self.raw_slice(node.value))
    }

    /// A node.
    #[inline]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// A node, to change what is public in it.
    #[inline]
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        let mut names = Names::default();
        for name in ["Patient", "name", "given"] {
            names.intern(name);
        }
        let mut tree = Tree::new(Arc::new(names));
        let patient = tree.name_id("Patient");
        let root = tree.add(None, Kind::Element, patient, 0);
        for given in ["Ada", "Bo"] {
            let name = tree.name_id("name");
            let parent = tree.add(Some(root), Kind::Element, name, 1);
            let name = tree.name_id("given");
            let value = tree.keep(given);
            tree.add_value(parent, name, value);
        }
        tree
    }

    #[test]
    fn descends_parents_first_and_in_order() {
        let tree = sample();
        let texts: Vec<_> = tree.descend(NodeId(0)).filter_map(|n| tree.text(n)).collect();
        assert_eq!(texts, ["Ada", "Bo"]);
        assert_eq!(tree.descend(NodeId(1)).count(), 2);
    }

    #[test]
    fn a_node_gains_children_after_its_sibling() {
        let mut tree = sample();
        let name = tree.name_id("unknown");
        tree.add(Some(NodeId(1)), Kind::Element, name, 0);
        assert_eq!(tree.children(NodeId(1)).count(), 2);
        assert_eq!(tree.name_text(name), "unknown");
    }

    #[test]
    fn detaching_keeps_the_other_children_linked() {
        let mut tree = sample();
        tree.detach(NodeId(1));
        assert_eq!(tree.children(NodeId(0)).collect::<Vec<_>>(), [NodeId(3)]);
        tree.attach(NodeId(0), NodeId(1));
        assert_eq!(tree.children(NodeId(0)).collect::<Vec<_>>(), [NodeId(3), NodeId(1)]);
    }
}
