//! New nodes of the target: their kind, namespace and type.
//!
//! Promises: a node says its type where its model wants that; below what is of no known type every name is an
//! element. Never: decides where a node goes.

use super::Machine;
use super::value::Value;
use super::write::Spot;
use crate::tree::types::{ElementId, Representation, TypeId, TypeKind};
use crate::tree::{Kind, Marks, NameId, NodeId, Token};

/// The namespace of `xsi:type`.
pub(super) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

impl Machine<'_, '_> {
    /// A new node of an element.
    pub(super) fn fresh(&mut self, parent: NodeId, spot: Spot) -> NodeId {
        if spot.element == ElementId::NONE {
            return self.fresh_untyped(parent, spot);
        }
        let table = &self.plan.code.table;
        let element = table.element(spot.element);
        let parent_type = self.target.node(parent).type_id;
        // What FHIR writes as an attribute in XML is an element of the tree, whatever the syntax.
        let of_model =
            parent_type != TypeId::NONE && table.type_of(parent_type).namespace != NameId::NONE;
        let kind = match element.representation {
            Representation::Attribute if of_model => Kind::Attribute,
            Representation::Attribute => Kind::Element,
            Representation::Text => Kind::Text,
            Representation::Xhtml => Kind::Xhtml,
            Representation::Element | Representation::TypeAttribute | Representation::Place => {
                Kind::Element
            }
        };
        let inherited = match parent_type {
            TypeId::NONE => NameId::NONE,
            _ if kind != Kind::Element => NameId::NONE,
            id => table.type_of(id).namespace,
        };
        let node = self.target.add(Some(parent), kind, spot.name, self.rule.0 + 1);
        let one = self.target.node_mut(node);
        one.element = spot.element;
        one.type_id = spot.type_id;
        let document = table.document(spot.element, spot.type_id);
        one.namespace = document.or(element.namespace).unwrap_or(inherited);
        let says_type = element.representation == Representation::TypeAttribute;
        self.name_resource(node, spot.type_id);
        self.tell_written(node, Value::None);
        if says_type {
            self.write_type(node, spot.type_id);
        }
        node
    }

    /// A new node below one of no known type.
    fn fresh_untyped(&mut self, parent: NodeId, spot: Spot) -> NodeId {
        let namespace = self.target.node(parent).namespace;
        let node = self.target.add(Some(parent), Kind::Element, spot.name, self.rule.0 + 1);
        let one = self.target.node_mut(node);
        (one.type_id, one.namespace) = (spot.type_id, namespace);
        self.name_resource(node, spot.type_id);
        self.tell_written(node, Value::None);
        node
    }

    /// Whether a node of no known type is where FHIR has a whole resource.
    pub(super) fn holds_resource(&self, node: NodeId) -> bool {
        let one = self.target.node(node);
        one.element == ElementId::NONE
            && matches!(self.target.name_text(one.name), "resource" | "contained")
    }

    /// A node that stands nowhere yet: whoever writes it somewhere puts it there.
    pub(super) fn make_apart(&mut self, type_id: TypeId) -> Value {
        let name = self.plan.code.table.type_of(type_id).name.clone();
        let name = self.target.name_id(&name);
        let node = self.target.add(None, Kind::Element, name, self.rule.0 + 1);
        self.target.node_mut(node).type_id = type_id;
        self.name_resource(node, type_id);
        self.tell_written(node, Value::None);
        Value::Node(self.target_tree(), node)
    }

    /// Puts a node that stands nowhere into a place that was just made; none if it stands somewhere.
    pub(super) fn settle(&mut self, value: Value, parent: NodeId, place: NodeId) -> Option<Value> {
        let Value::Node(tree, node) = value else { return None };
        let apart = self.is_target(tree)
            && self.target.parent(node).is_none()
            && self.target.root() != Some(node)
            && !self.target.node(node).marks.has(Marks::DETACHED);
        if !apart {
            return None;
        }
        let made = *self.target.node(place);
        self.target.detach(place);
        let one = self.target.node_mut(node);
        (one.name, one.element, one.namespace) = (made.name, made.element, made.namespace);
        self.target.attach(parent, node);
        Some(value)
    }

    fn name_resource(&mut self, node: NodeId, type_id: TypeId) {
        if type_id != TypeId::NONE
            && self.plan.code.table.type_of(type_id).kind == TypeKind::Resource
        {
            let name = self.target.keep(&self.plan.code.table.type_of(type_id).name);
            self.target.set_resource_type(node, name);
        }
    }

    /// The attribute by which an element of a model says its type.
    fn write_type(&mut self, node: NodeId, type_id: TypeId) {
        if type_id == TypeId::NONE {
            return;
        }
        let name = &self.plan.code.table.type_of(type_id).name;
        let value = self.target.keep(name.rsplit('/').next().unwrap_or_default());
        let (called, namespace) = (self.target.name_id("type"), self.target.name_id(INSTANCE));
        let attribute = self.target.add(Some(node), Kind::Attribute, called, self.rule.0 + 1);
        self.target.node_mut(attribute).namespace = namespace;
        self.target.set_value(attribute, value, Token::Text);
    }
}
