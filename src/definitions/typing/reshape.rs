//! What typing changes in a tree, so that an element of a model looks as FHIR's do.
//!
//! Promises: nothing of a tree is lost; done again, it changes nothing. Never: touches an element of FHIR itself in
//! JSON or in FHIR's own XML.

use super::{Pass, resource_type};
use crate::tree::types::{TypeId, TypeKind};
use crate::tree::{Kind, Marks, NameId, NodeId, Token, Tree};

impl Pass<'_> {
    /// A resource in an element of a model, whose name says to no reader that a resource stands there: JSON's
    /// `resourceType`, or XML's one element called like the type.
    pub(super) fn lift(&self, tree: &mut Tree, id: NodeId, parent: TypeId) {
        let name = tree.node(id).name;
        if self.table.type_of(parent).kind != TypeKind::Logical {
            return;
        }
        let Some(child) = self.table.child(parent, name) else { return };
        let holds = self.table.type_of(child.type_id).kind == TypeKind::Resource;
        if !holds || tree.node(id).marks.has(Marks::RESOURCE) {
            return;
        }
        let Some(first) = tree.first_child(id) else { return };
        let said = tree.child(id, "resourceType").filter(|one| tree.value(*one).is_some());
        if let Some(said) = said {
            let value = tree.node(said).value;
            tree.detach(said);
            tree.set_resource_type(id, value);
            return;
        }
        let called = tree.name_text(tree.node(first).name).to_owned();
        if tree.next_sibling(first).is_some() || resource_type(self.table, &called) == TypeId::NONE
        {
            return;
        }
        let children: Vec<NodeId> = tree.children(first).collect();
        tree.detach(first);
        for child in children {
            tree.detach(child);
            tree.attach(id, child);
        }
        let value = tree.keep(&called);
        tree.set_resource_type(id, value);
    }

    /// A model's document may be written as FHIR's are: a value as the attribute of that name.
    pub(super) fn fold(&self, tree: &mut Tree, id: NodeId, type_id: TypeId) {
        if self.table.primitive(type_id).is_none() || tree.value(id).is_some() {
            return;
        }
        let is_value = |one: &NodeId| {
            let node = tree.node(*one);
            node.kind == Kind::Attribute
                && node.namespace == NameId::NONE
                && tree.name_text(node.name) == "value"
        };
        let Some(attribute) = tree.children(id).find(is_value) else { return };
        let value = tree.node(attribute).value;
        tree.detach(attribute);
        tree.set_value(id, value, Token::Text);
    }
}
