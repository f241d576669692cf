//! ele-1: what has parts has at least one of them (an id alone is not enough), and no value of its own.

use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::run::Run;
use crate::tree::types::TypeId;
use crate::tree::{Marks, NameId, Node, NodeId, State, Token};

/// Checks an element that is no primitive.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, node: &Node) {
    if node.type_id == TypeId::NONE || node.marks.has(Marks::RESOURCE) {
        return;
    }
    // Only FHIR forbids empty elements: a letter's `<Break/>` says something by being there, and so does an empty
    // place between delimiters.
    if node.namespace != NameId::NONE || run.tree.header.delimiters.is_some() {
        return;
    }
    // nothing but a null is told by the reader
    if node.state == State::Null && run.tree.first_child(id).is_none() {
        return;
    }
    let written = matches!(node.state, State::Present) && node.token != Token::Object;
    if written {
        let name = Arg::Shared(run.validator.element_name(node));
        run.tell_base(&catalogue::TOKEN, id, name);
        return;
    }
    let own = run.validator.known.id;
    if run.tree.children(id).all(|c| run.tree.node(c).name == own) {
        let name = Arg::Shared(run.validator.element_name(node));
        run.tell_base(&catalogue::EMPTY, id, name);
    }
}
