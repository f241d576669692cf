//! Which model a document is read as: the one that a map names, where its root leaves that open.
//!
//! Promises: a document of another model is never taken for the wanted one. Never: reads bytes.

use crate::definitions::{Wire, typing};
use crate::message::{Issue, Syntax};
use crate::tree::Tree;
use crate::tree::types::{Table, TypeId, TypeKind};

/// Types a tree that a map reads, or has made, as the type that the map says.
pub(super) fn type_for(
    wire: &Wire,
    syntax: Syntax,
    tree: &mut Tree,
    wanted: TypeId,
    issues: &mut Vec<Issue>,
) {
    let before = issues.len();
    wire.type_tree(syntax, tree, issues);
    let own = tree.root().map(|root| tree.node(root).type_id);
    if own == Some(wanted) || tree.header.delimiters.is_some() {
        return;
    }
    if let Some(id) = model_for(tree, wire.table(), wanted) {
        issues.truncate(before);
        typing::type_tree_as(tree, wire.table(), id, issues);
    }
}

/// The model that a document is read as, where its root leaves that open: it is of no type, or other models have a
/// root of this name too.
pub fn model_for(tree: &Tree, table: &Table, wanted: TypeId) -> Option<TypeId> {
    let root = tree.root()?;
    if wanted == TypeId::NONE || table.type_of(wanted).kind != TypeKind::Logical {
        return None;
    }
    let node = tree.node(root);
    let said = match tree.resource_type(root) {
        Some(name) => table.find(name),
        None => table.root(node.namespace, node.name),
    };
    let alike = |other: TypeId| {
        let (one, own) = (table.type_of(other), table.type_of(wanted));
        (one.root_name, one.namespace) == (own.root_name, own.namespace)
    };
    said.is_none_or(|other| other == wanted || alike(other)).then_some(wanted)
}
