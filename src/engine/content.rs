//! The hash that says whether two messages have the same content (exchange.md, duplicates).
//!
//! BLAKE3 over the typed tree in definition order, so that JSON and XML of one message hash alike. What
//! belongs to the sending and not to the message is left out.

use crate::tree::types::{ElementId, Table};
use crate::tree::{Kind, Marks, NameId, NodeId, Tree};

/// The version of what is hashed; a unit that was hashed by another version is never compared.
pub const VERSION: u8 = 1;

/// The names that the hash looks for, found once.
#[derive(Clone, Debug)]
pub struct ContentHasher {
    bundle_only: [Option<NameId>; 2],
    full_url: Option<NameId>,
    last_updated: Option<NameId>,
    sent: [Option<NameId>; 2],
}

/// Memory that is kept between messages.
#[derive(Clone, Debug, Default)]
pub struct ContentMemory {
    children: Vec<(u32, NodeId)>,
    text: String,
}

impl ContentHasher {
    /// A hasher over a table's names.
    pub fn new(table: &Table) -> ContentHasher {
        let name = |text: &str| table.names().find(text);
        ContentHasher {
            bundle_only: [name("id"), name("timestamp")],
            full_url: name("fullUrl"),
            last_updated: name("lastUpdated"),
            sent: [name("occurredDateTime"), name("recorded")],
        }
    }

    /// The hash of a message. `newest` is the Provenance that tells of this sending, if there is one;
    /// `without` are nodes whose whole subtree belongs to the sending.
    pub fn hash(
        &self,
        tree: &Tree,
        table: &Table,
        newest: Option<NodeId>,
        without: &[NodeId],
        memory: &mut ContentMemory,
    ) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[VERSION]);
        memory.children.clear();
        if let Some(root) = tree.root() {
            let left_out = LeftOut { newest, without, root };
            self.node(tree, table, root, &left_out, &mut hasher, memory);
        }
        *hasher.finalize().as_bytes()
    }

    fn node(
        &self,
        tree: &Tree,
        table: &Table,
        id: NodeId,
        left_out: &LeftOut<'_>,
        hasher: &mut blake3::Hasher,
        memory: &mut ContentMemory,
    ) {
        let node = tree.node(id);
        let name = tree.name_text(node.name);
        word(hasher, b'<', name.as_bytes());
        match tree.resource_type(id) {
            Some(name) => word(hasher, b'R', name.as_bytes()),
            None => {
                if let Some(slice) = tree.value(id) {
                    memory.text.clear();
                    tree.decode_into(slice, &mut memory.text);
                    word(hasher, b'=', memory.text.as_bytes());
                }
            }
        }
        let start = memory.children.len();
        for child in tree.children(id) {
            if !self.skips(tree, id, child, left_out) {
                let element = tree.node(child).element;
                let order = match element {
                    ElementId::NONE => u32::MAX,
                    element => table.element(element).order,
                };
                memory.children.push((order, child));
            }
        }
        // Children of one element keep their order among themselves: the sort is stable by node id only
        // because ids grow in reading order.
        memory.children[start..].sort_unstable();
        let end = memory.children.len();
        for at in start..end {
            let (_, child) = memory.children[at];
            self.node(tree, table, child, left_out, hasher, memory);
        }
        memory.children.truncate(start);
        hasher.update(b">");
    }

    fn skips(&self, tree: &Tree, parent: NodeId, child: NodeId, left_out: &LeftOut<'_>) -> bool {
        let node = tree.node(child);
        let name = Some(node.name);
        let narrative = tree.node(parent).marks.has(Marks::RESOURCE)
            && tree.children(child).any(|c| tree.node(c).kind == Kind::Xhtml);
        let of_bundle = parent == left_out.root
            && tree.resource_type(parent).is_some()
            && self.bundle_only.contains(&name);
        let of_sending = Some(parent) == left_out.newest && self.sent.contains(&name);
        narrative
            || of_bundle
            || of_sending
            || name == self.full_url
            || name == self.last_updated
            || left_out.without.contains(&child)
    }
}

struct LeftOut<'a> {
    newest: Option<NodeId>,
    without: &'a [NodeId],
    root: NodeId,
}

/// Hashes a tagged text with its length, so that no two sequences run together.
fn word(hasher: &mut blake3::Hasher, tag: u8, text: &[u8]) {
    hasher.update(&[tag]);
    hasher.update(&(text.len() as u32).to_le_bytes());
    hasher.update(text);
}
