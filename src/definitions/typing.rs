//! Typing: after reading, every node learns which element it is and of which type.
//!
//! Promises: one pass, no allocation beyond the issues; an unknown name is reported once, at the top of what
//! is unknown, and everything below it stays untyped. Always run, whatever is validated later.
//! Never: checks cardinalities, formats or profiles.

use crate::message::{Issue, IssueKind, Place, Severity, kinds};
use crate::tree::types::{Child, ElementId, Primitive, Representation, Table, TypeId, TypeKind};
use crate::tree::{Facts, Kind, Marks, NameId, NodeId, State, Token, Tree};

mod reshape;

/// The namespace of schema instances.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

kinds! {
    UNKNOWN_TYPE "typing-unknown-type" Structure Error
        "there is no resource type of this name"
        "The resource type is none of FHIR R4's nor of a loaded package. Correct its name."
    MISSING_TYPE "typing-missing-type" Structure Error
        "a resource stands here, but its type is not said"
        "In JSON a resource says its type as the property resourceType. Add it to the object that \
         stands here."
    UNEXPECTED_TYPE "typing-unexpected-type" Structure Error
        "no resource may stand here"
        "The element holds a datatype, but a resourceType was written. Remove it."
    UNKNOWN_ROOT "typing-unknown-root" Structure Error
        "the root element is that of no loaded model"
        "Neither a FHIR resource nor the root of a loaded logical model. Check the name and the namespace."
    UNKNOWN_ELEMENT "typing-unknown-element" Structure Error
        "there is no such element here"
        "The type has no element of this name. Correct the name, or carry the content in an extension."
    WRONG_NAMESPACE "typing-wrong-namespace" Structure Error
        "the element is in another namespace than its model's"
        "The local name is known, the namespace is not the one the model says. Correct the namespace."
    OBJECT_FOR_PRIMITIVE "typing-object-for-primitive" Structure Error
        "a value must stand here, not an object"
        "The element is of a primitive type: write its value, and its id or extensions below _name."
    VALUE_FOR_COMPLEX "typing-value-for-complex" Structure Error
        "elements must stand here, not a value"
        "The element is of a complex type: write its parts, not a bare value."
    ARRAY_EXPECTED "typing-array-expected" Structure Error
        "the element may repeat, so JSON must write it as an array"
        "JSON writes an element that may repeat as an array, even when there is only one value. \
         Put square brackets around the value."
    ARRAY_UNEXPECTED "typing-array-unexpected" Structure Error
        "the element cannot repeat, so JSON must not write an array"
        "JSON writes an element that cannot repeat as the value itself. Remove the square \
         brackets around it."
    UNEXPECTED_TEXT "typing-unexpected-text" Structure Error
        "no character data may stand here"
        "The element has only elements below it. Remove the text between them."
}

/// Types a whole tree: a FHIR resource, or an XML document of a model.
pub fn type_tree(tree: &mut Tree, table: &Table, issues: &mut Vec<Issue>) {
    let Some(root) = tree.root() else { return };
    let type_id = match tree.resource_type(root) {
        Some(name) => resource_type(table, name),
        None => model_root(tree, table, root),
    };
    // a root without a name is JSON without resourceType, which its reader has reported
    if type_id == TypeId::NONE && tree.node(root).name != NameId::NONE {
        let resource = tree.node(root).marks.has(Marks::RESOURCE);
        let kind = if resource { &UNKNOWN_TYPE } else { &UNKNOWN_ROOT };
        issues.push(Issue::on(kind, root).severity(Severity::Fatal));
    }
    type_below(tree, table, root, type_id, issues);
}

/// Types a tree whose root is known to be of `type_id`, as when a model is chosen by configuration.
pub fn type_tree_as(tree: &mut Tree, table: &Table, type_id: TypeId, issues: &mut Vec<Issue>) {
    if let Some(root) = tree.root() {
        type_below(tree, table, root, type_id, issues);
    }
}

/// Types `top`, which is of `type_id`, and everything below it.
pub fn type_below(
    tree: &mut Tree,
    table: &Table,
    top: NodeId,
    type_id: TypeId,
    issues: &mut Vec<Issue>,
) {
    let mut pass = Pass { table, issues };
    let node = tree.node_mut(top);
    node.type_id = type_id;
    if tree.root() == Some(top) && pass.in_order_of_nodes(tree) {
        return;
    }
    let mut at = top;
    while let Some(next) = following(tree, top, at) {
        if !pass.plain(tree, next) {
            pass.node(tree, next);
        }
        at = next;
    }
}

/// The node after `at` in document order, below `top`.
fn following(tree: &Tree, top: NodeId, at: NodeId) -> Option<NodeId> {
    if let Some(child) = tree.first_child(at) {
        return Some(child);
    }
    let mut at = at;
    while at != top {
        if let Some(next) = tree.next_sibling(at) {
            return Some(next);
        }
        at = tree.parent(at)?;
    }
    None
}

fn resource_type(table: &Table, name: &str) -> TypeId {
    let found = table.find(name).filter(|id| {
        let one = table.type_of(*id);
        one.kind == TypeKind::Resource && !one.is_abstract
    });
    found.unwrap_or(TypeId::NONE)
}

fn model_root(tree: &Tree, table: &Table, root: NodeId) -> TypeId {
    let node = tree.node(root);
    let model = table.root(node.namespace, node.name);
    model.or_else(|| table.root(NameId::NONE, node.name)).unwrap_or(TypeId::NONE)
}

struct Pass<'a> {
    table: &'a Table,
    issues: &'a mut Vec<Issue>,
}

impl Pass<'_> {
    fn report(&mut self, kind: &'static IssueKind, node: NodeId) {
        self.issues.push(Issue::on(kind, node));
    }

    /// Types all nodes in the order in which they were added, parents before children. False: there is something to
    /// tell, or a part of a model, which take the document's order; whatever was typed is typed again, alike.
    fn in_order_of_nodes(&mut self, tree: &mut Tree) -> bool {
        let before = self.issues.len();
        for at in 1..tree.len() {
            let id = NodeId(at as u32);
            let Some(parent) = tree.parent(id).filter(|parent| *parent < id) else { return false };
            if self.plain(tree, id) {
                continue;
            }
            let parent = tree.node(parent).type_id;
            if parent == TypeId::NONE || self.table.type_of(parent).kind == TypeKind::Logical {
                return false;
            }
            self.node(tree, id);
            if self.issues.len() > before {
                self.issues.truncate(before);
                return false;
            }
        }
        true
    }

    /// Takes an element of JSON for what its name says, where nothing else counts and it is written as it
    /// must be.
    #[inline]
    fn plain(&self, tree: &mut Tree, id: NodeId) -> bool {
        let node = tree.node(id);
        let parent = tree.parent(id).map_or(TypeId::NONE, |p| tree.node(p).type_id);
        let Some((child, facts)) = self.table.child_facts(parent, node.name) else { return false };
        let primitive = match node.token {
            Token::Text => return false,
            Token::Object => false,
            _ => true,
        };
        let good = node.kind == Kind::Element
            && !facts.has(Facts::SPECIAL)
            && facts.has(Facts::PRIMITIVE) == primitive
            && facts.has(Facts::REPEATS) == node.marks.has(Marks::IN_ARRAY)
            && !node.marks.has(Marks::RESOURCE);
        if good {
            let node = tree.node_mut(id);
            (node.element, node.type_id) = (child.element, child.type_id);
        }
        good
    }

    fn node(&mut self, tree: &mut Tree, id: NodeId) {
        let parent = tree.parent(id).map_or(TypeId::NONE, |p| tree.node(p).type_id);
        let (element, type_id) = match parent {
            TypeId::NONE => (ElementId::NONE, TypeId::NONE),
            parent => {
                self.lift(tree, id, parent);
                let typed = self.child(tree, id, parent);
                if tree.node(id).kind == Kind::Element {
                    self.fold(tree, id, typed.1);
                }
                typed
            }
        };
        let node = tree.node_mut(id);
        node.element = element;
        node.type_id = type_id;
    }

    /// The type that an element of a model says of itself by `xsi:type`.
    fn said_type(&self, tree: &Tree, id: NodeId, child: Child) -> TypeId {
        if self.table.element(child.element).representation != Representation::TypeAttribute {
            return child.type_id;
        }
        let says = |one: &NodeId| {
            let node = tree.node(*one);
            node.kind == Kind::Attribute
                && tree.name_text(node.namespace) == INSTANCE
                && tree.name_text(node.name) == "type"
        };
        let Some(said) = tree.children(id).find(says).and_then(|one| tree.text(one)) else {
            return child.type_id;
        };
        let local = said.rsplit(':').next().unwrap_or_default().trim();
        let alternatives = &self.table.element(child.element).alternatives;
        let named = |type_id: TypeId| {
            self.table.type_of(type_id).name.rsplit('/').next().is_some_and(|last| last == local)
        };
        let listed = alternatives.iter().map(|a| a.type_id).find(|one| named(*one));
        let beside = || {
            let (folder, _) = self.table.type_of(child.type_id).name.rsplit_once('/')?;
            self.table.find(&format!("{folder}/{local}"))
        };
        listed.or_else(beside).unwrap_or(child.type_id)
    }

    /// Of models whose roots are called alike, the one of the element's namespace.
    fn of_namespace(&self, child: Child, name: NameId, namespace: NameId) -> Child {
        let Some(first) = self.table.document(child.element, child.type_id) else { return child };
        if first == namespace {
            return child;
        }
        let others = self.table.element(child.element).alternatives.iter();
        let named = others.filter(|one| one.wire_name == name);
        let found = named.map(|one| one.type_id).find(|one| {
            self.table.document(child.element, *one).is_some_and(|own| own == namespace)
        });
        Child { type_id: found.unwrap_or(child.type_id), ..child }
    }

    fn child(&mut self, tree: &Tree, id: NodeId, parent: TypeId) -> (ElementId, TypeId) {
        let node = tree.node(id);
        // an array without values stands in the tree, and is no element
        if node.kind == Kind::Raw && tree.header.delimiters.is_none() {
            return (ElementId::NONE, TypeId::NONE);
        }
        let name = if node.kind == Kind::Text { NameId::NONE } else { node.name };
        let Some(child) = self.table.child(parent, name) else {
            return self.unknown(tree, id, parent);
        };
        let child = self.of_namespace(child, name, node.namespace);
        if !self.namespace_fits(tree, id, parent, child) {
            self.report(&WRONG_NAMESPACE, id);
            return (ElementId::NONE, TypeId::NONE);
        }
        let child = Child { type_id: self.said_type(tree, id, child), ..child };
        self.array(tree, id, child);
        if self.table.type_of(child.type_id).kind == TypeKind::Resource {
            return (child.element, self.resource(tree, id));
        }
        if node.marks.has(Marks::RESOURCE) {
            self.report(&UNEXPECTED_TYPE, id);
        }
        self.value(tree, id, child.type_id);
        (child.element, child.type_id)
    }

    fn unknown(&mut self, tree: &Tree, id: NodeId, parent: TypeId) -> (ElementId, TypeId) {
        let node = tree.node(id);
        match node.kind {
            // what XML Schema says about a document is about its syntax
            Kind::Attribute if tree.name_text(node.namespace) == INSTANCE => {}
            // the character data of a simple element is its value
            Kind::Text if self.table.primitive(parent).is_some() => {
                return (ElementId::NONE, parent);
            }
            Kind::Text => self.report(&UNEXPECTED_TEXT, id),
            // kept for the writer, and no element
            Kind::Raw => {}
            _ if tree.header.extensible => {
                self.issues.push(Issue::on(&UNKNOWN_ELEMENT, id).severity(Severity::Warning));
            }
            // what is no element has no expression of its own: it is what holds it that holds too much
            _ if self.table.type_of(parent).namespace == NameId::NONE => {
                let place = Place { node: tree.parent(id), offset: Some(node.offset), list: false };
                self.issues.push(Issue::new(&UNKNOWN_ELEMENT, place));
            }
            _ => self.report(&UNKNOWN_ELEMENT, id),
        }
        (ElementId::NONE, TypeId::NONE)
    }

    /// A model's elements are in its namespace, attributes and FHIR's in none.
    fn namespace_fits(&self, tree: &Tree, id: NodeId, parent: TypeId, child: Child) -> bool {
        let node = tree.node(id);
        let element = self.table.element(child.element);
        let expected = match self.table.document(child.element, child.type_id).or(element.namespace)
        {
            Some(own) => own,
            None if element.representation == Representation::Element => {
                self.table.type_of(parent).namespace
            }
            None => NameId::NONE,
        };
        // JSON has no namespaces.
        let json = node.token != Token::Text;
        expected == NameId::NONE || expected == node.namespace || node.kind == Kind::Text || json
    }

    /// JSON writes what may repeat as an array, and nothing else. Other syntaxes have no tokens.
    fn array(&mut self, tree: &Tree, id: NodeId, child: Child) {
        let node = tree.node(id);
        let null = node.state == State::Null && tree.header.delimiters.is_none();
        let json = node.token != Token::Text || null;
        let repeats = self.table.element(child.element).max > 1;
        if json && repeats && !node.marks.has(Marks::IN_ARRAY) {
            self.report(&ARRAY_EXPECTED, id);
        }
        if json && !repeats && node.marks.has(Marks::IN_ARRAY) {
            self.report(&ARRAY_UNEXPECTED, id);
        }
    }

    fn resource(&mut self, tree: &Tree, id: NodeId) -> TypeId {
        let Some(name) = tree.resource_type(id) else {
            self.report(&MISSING_TYPE, id);
            return TypeId::NONE;
        };
        let type_id = resource_type(self.table, name);
        if type_id == TypeId::NONE {
            self.report(&UNKNOWN_TYPE, id);
        }
        type_id
    }

    fn value(&mut self, tree: &Tree, id: NodeId, type_id: TypeId) {
        let node = tree.node(id);
        let valued = matches!(node.token, Token::String | Token::Number | Token::Boolean)
            || node.state == State::Present;
        match self.table.primitive(type_id) {
            Some(Primitive::Xhtml) => {}
            Some(_) if node.token == Token::Object => self.report(&OBJECT_FOR_PRIMITIVE, id),
            Some(_) => {}
            None => {
                let kind = self.table.type_of(type_id).kind;
                let plain = matches!(kind, TypeKind::Complex | TypeKind::Backbone);
                if valued && plain && !self.has_text(type_id) {
                    self.report(&VALUE_FOR_COMPLEX, id);
                }
            }
        }
    }

    /// Whether a type of a model has character data.
    fn has_text(&self, type_id: TypeId) -> bool {
        self.table.child(type_id, NameId::NONE).is_some()
    }
}

#[cfg(test)]
mod tests;
