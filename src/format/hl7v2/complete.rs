//! What a map need not say of a message: its delimiters.
//!
//! Promises: what was completed and written is read again as the same tree. Never: changes a message that was
//! read.

use super::USUAL;
use crate::tree::types::Table;
use crate::tree::{Kind, Marks, NodeId, State, Token, Tree};

/// Completes a message that a map made: `MSH.1` and `MSH.2`, and no element without a value.
pub fn complete(tree: &mut Tree, table: &Table) {
    let Some(root) = tree.root().filter(|_| tree.header.delimiters.is_none()) else { return };
    // backwards: children come after their parents, which may be without any then
    for at in (1..tree.len() as u32).rev() {
        let node = NodeId(at);
        let one = tree.node(node);
        let valued = one.state == State::Present || one.state == State::Null;
        let hollow = one.kind == Kind::Element && !valued && tree.first_child(node).is_none();
        if hollow && tree.parent(node).is_some() {
            tree.detach(node);
        }
    }
    let Some(header) = tree.child(root, "MSH") else { return };
    let marks = [USUAL.component, USUAL.repetition, USUAL.escape, USUAL.subcomponent];
    let marks: String = marks.map(char::from).iter().collect();
    let field = char::from(USUAL.field).to_string();
    for (name, value) in [("MSH.1", field), ("MSH.2", marks)] {
        if let Some(old) = tree.child(header, name) {
            tree.detach(old);
        }
        let name = tree.name_id(name);
        let node = tree.add(Some(header), Kind::Element, name, 0);
        if let Some(child) = table.child(tree.node(header).type_id, name) {
            let one = tree.node_mut(node);
            (one.element, one.type_id) = (child.element, child.type_id);
        }
        let slice = tree.keep(&value);
        tree.set_value(node, slice, Token::Text);
        tree.node_mut(node).marks.set(Marks::SYNTAX);
    }
}
