//! What a map need not say of an interchange: its closing segments, counts, references, and where its segments
//! stand.
//!
//! Promises: what was completed and written is read again as the same tree. Never: changes an interchange that
//! was read.

use super::letters::component;
use super::triggers;
use crate::tree::types::Table;
use crate::tree::{Kind, Marks, NodeId, State, Token, Tree};

/// Completes an interchange that a map made: `UNT` and `UNZ` with what they count and refer to, each segment
/// where it is read, no empty positions at the end of a segment or an element.
pub fn complete(tree: &mut Tree, table: &Table) {
    let Some(root) = tree.root().filter(|_| tree.header.delimiters.is_none()) else { return };
    for node in 0..tree.len() as u32 {
        trim(tree, NodeId(node));
    }
    let mut maker = Maker { tree, table };
    let mut messages = 0;
    let letters: Vec<NodeId> = maker.tree.children(root).collect();
    for letter in letters {
        match maker.name(letter) {
            "Brev" => {
                messages += 1;
                maker.letter(letter);
            }
            "UNO" => messages += 1,
            _ => {}
        }
    }
    let reference = maker.tree.child(root, "UNB").and_then(|unb| maker.first(unb, 4));
    maker.close(root, "UNZ", messages, reference.as_deref());
    maker.sort(root, |name| match name {
        "UNA" => 0,
        "UNB" => 1,
        "UNZ" => 3,
        _ => 2,
    });
}

/// Takes away empty positions at the end of an element or a segment.
fn trim(tree: &mut Tree, node: NodeId) {
    let own = tree.name_text(tree.node(node).name);
    let inside = match own {
        "Elm" => "SubElm",
        one if one.len() == 3 => "Elm",
        _ => return,
    };
    // the elements inside are trimmed first
    if inside == "Elm" {
        let elements: Vec<NodeId> = tree.children_named(node, inside).collect();
        elements.into_iter().for_each(|element| trim(tree, element));
    }
    let all: Vec<NodeId> = tree.children_named(node, inside).collect();
    for one in all.into_iter().rev() {
        let empty = tree.first_child(one).is_none() && tree.node(one).state != State::Present;
        if !empty {
            return;
        }
        tree.detach(one);
    }
}

struct Maker<'a> {
    tree: &'a mut Tree,
    table: &'a Table,
}

impl Maker<'_> {
    fn name(&self, node: NodeId) -> &str {
        self.tree.name_text(self.tree.node(node).name)
    }

    fn letter(&mut self, letter: NodeId) {
        let header = self.tree.child(letter, "UNH");
        let reference = header.and_then(|unh| self.first(unh, 0));
        let content = self.tree.child(letter, "BrevIndhold");
        let inside = content.map_or(0, |content| {
            let segments = self.tree.descend(content).filter(|n| {
                let one = self.tree.node(*n);
                one.kind == Kind::Element && self.name(*n).len() == 3 && self.name(*n) != "Elm"
            });
            segments.count()
        });
        // its own header and trailer count too
        self.close(letter, "UNT", inside + 2, reference.as_deref());
        self.sort(letter, |name| match name {
            "UNH" => 0,
            "UNT" => 2,
            _ => 1,
        });
        if let Some(content) = content {
            self.sort(content, |name| u8::from(triggers(name)));
        }
    }

    /// The first component of a segment's element.
    fn first(&self, segment: NodeId, element: usize) -> Option<String> {
        component(self.tree, segment, element, 0).map(|text| text.into_owned())
    }

    /// Makes the segment that closes an envelope, in the place of one that a map may have made.
    fn close(&mut self, parent: NodeId, name: &str, count: usize, reference: Option<&str>) {
        if let Some(old) = self.tree.child(parent, name) {
            self.tree.detach(old);
        }
        let segment = self.add(parent, name);
        for value in [count.to_string().as_str(), reference.unwrap_or_default()] {
            let element = self.add(segment, "Elm");
            let component = self.add(element, "SubElm");
            let slice = self.tree.keep(value);
            self.tree.set_value(component, slice, Token::Text);
            self.tree.node_mut(component).marks.set(Marks::SYNTAX);
        }
    }

    fn add(&mut self, parent: NodeId, name: &str) -> NodeId {
        let name = self.tree.name_id(name);
        let of = self.tree.node(parent).type_id;
        let node = self.tree.add(Some(parent), Kind::Element, name, 0);
        if let Some(child) = self.table.child(of, name) {
            let one = self.tree.node_mut(node);
            (one.element, one.type_id) = (child.element, child.type_id);
        }
        node
    }

    /// Puts children where they are read, each kind in the order in which they were made.
    fn sort(&mut self, parent: NodeId, rank: fn(&str) -> u8) {
        let mut all: Vec<NodeId> = self.tree.children(parent).collect();
        all.sort_by_key(|node| rank(self.tree.name_text(self.tree.node(*node).name)));
        self.tree.reorder(parent, &all);
    }
}
