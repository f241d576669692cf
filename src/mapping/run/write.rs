//! Writing into the target: which element, of which type, at which of its places.
//!
//! Promises: every node written has its element and type; what may stand once stands once, and an overwritten
//! value is said. Never: writes a value that its type does not allow.

use super::sources::suffix_type;
use super::value::{Value, text_into, value_slice};
use super::{Machine, issues};
use crate::mapping::facts::element_of;
use crate::mapping::plan::{List, Place, Step, Target};
use crate::mapping::primitives;
use crate::message::Arg;
use crate::tree::types::{Alternative, ElementId, Primitive, TypeId};
use crate::tree::{Kind, Marks, NameId, NodeId, Slice, Token};

/// An element with one of its types.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub element: ElementId,
    pub type_id: TypeId,
    pub name: NameId,
}

impl<'p> Machine<'p, '_> {
    /// Writes a value where a target says. Gives the node, or the value itself where nothing is written.
    pub(super) fn write(
        &mut self,
        target: &'p Target,
        frame: usize,
        value: Value,
        at: Value,
    ) -> Value {
        match &target.place {
            Place::Nowhere => value,
            Place::Whole(slot) => match self.slot(frame, *slot) {
                Value::Node(_, node) => self.assign(node, value, at),
                _ => Value::None,
            },
            Place::Below(slot, step) => match self.slot(frame, *slot) {
                Value::Node(_, parent) => self.write_below(parent, step, target.list, value, at),
                _ => Value::None,
            },
        }
    }

    pub(super) fn write_below(
        &mut self,
        parent: NodeId,
        step: &Step,
        list: List,
        value: Value,
        at: Value,
    ) -> Value {
        let own = *self.target.node(parent);
        let primitive = self.plan.code.table.primitive(own.type_id).is_some();
        if *step == Step::Value || (primitive && matches!(step, Step::Named(n) if &**n == "value"))
        {
            return self.assign(parent, value, at);
        }
        match value {
            Value::None => self.empty_place(parent, step, list, at),
            Value::Quantity(number, unit) => {
                self.write_quantity(parent, step, list, number, unit, at)
            }
            Value::Text(slice, _) if slice.is_empty() => self.empty_place(parent, step, list, at),
            _ => match self.spot_for(parent, step, value) {
                Some(spot) => {
                    let node = self.place(parent, spot, list, at);
                    let settled = self.settle(value, parent, node);
                    settled.unwrap_or_else(|| self.assign(node, value, at))
                }
                None => {
                    self.unwritable(parent, step, value, at);
                    Value::None
                }
            },
        }
    }

    /// Gives a node a value: a text, or the content of another node.
    pub(super) fn assign(&mut self, node: NodeId, value: Value, at: Value) -> Value {
        self.tell_written(node, value);
        let made = Value::Node(self.target_tree(), node);
        let to = self.target.node(node).type_id;
        let from = self.type_of(value);
        if let Value::Node(tree, source) = value
            && (from == to || self.plan.code.table.primitive(to).is_none())
        {
            self.copy(tree, source, node);
            return made;
        }
        let Some(primitive) = self.plan.code.table.primitive(to) else {
            // A model's element with character data, or one of no known type.
            return match self.slice_of(value) {
                Some(slice) => {
                    self.set_text(node, slice);
                    made
                }
                None => Value::None,
            };
        };
        match self.converted(value, primitive, false) {
            Some(slice) => {
                self.target.set_value(node, slice, token(primitive));
                made
            }
            None => {
                let name = self.type_arg(to);
                let place = if matches!(value, Value::Node(..)) { value } else { at };
                self.report(&issues::CONVERSION, place, name);
                self.target.detach(node);
                Value::None
            }
        }
    }

    /// Character data of an element of a model.
    fn set_text(&mut self, node: NodeId, slice: Slice) {
        let type_id = self.target.node(node).type_id;
        let text = match type_id {
            TypeId::NONE => None,
            id => self.plan.code.table.child(id, NameId::NONE),
        };
        match text {
            Some(child) => {
                let text = self.target.add(Some(node), Kind::Text, NameId::NONE, self.rule.0 + 1);
                self.target.set_value(text, slice, Token::Text);
                let one = self.target.node_mut(text);
                (one.element, one.type_id) = (child.element, child.type_id);
            }
            None => self.target.set_value(node, slice, Token::String),
        }
    }

    /// The text of a value as a slice of the target, unchanged.
    pub(super) fn slice_of(&mut self, value: Value) -> Option<Slice> {
        match value {
            Value::Node(tree, node) => {
                self.mark_read(tree, node);
                match value_slice(self.tree(tree), node) {
                    Some(slice) => Some(self.shared(tree, slice)),
                    None => {
                        let text = self.take_text(value)?;
                        let slice = self.target.keep(&text);
                        self.memory.text = text;
                        Some(slice)
                    }
                }
            }
            Value::Text(slice, _) | Value::Quantity(slice, _) => Some(slice),
            Value::None => None,
        }
    }

    /// The text of a value in the run's own buffer, to be given back to `memory.text`.
    pub(super) fn take_text(&mut self, value: Value) -> Option<String> {
        let mut buffer = std::mem::take(&mut self.memory.text);
        buffer.clear();
        let found = match value {
            Value::None => false,
            Value::Node(tree, node) => {
                self.mark_read(tree, node);
                text_into(self.tree(tree), node, &mut buffer)
            }
            Value::Text(slice, _) | Value::Quantity(slice, _) => {
                self.target.decode_into(slice, &mut buffer);
                true
            }
        };
        if found {
            return Some(buffer);
        }
        self.memory.text = buffer;
        None
    }

    /// The text of a value as one of a primitive type; none when it is not one.
    pub(super) fn converted(&mut self, value: Value, to: Primitive, cast: bool) -> Option<Slice> {
        if matches!(to, Primitive::String | Primitive::Markdown) {
            return self.slice_of(value).filter(|slice| !slice.is_empty());
        }
        let text = self.take_text(value)?;
        let slice = match primitives::convert(to, &text, cast) {
            Some(fits) if *fits == *text => self.slice_of(value),
            Some(fits) => Some(self.target.keep(&fits)),
            None => None,
        };
        self.memory.text = text;
        slice
    }

    /// The element that a step means below a node, with the type that a value has or becomes there.
    fn spot_for(&mut self, parent: NodeId, step: &Step, value: Value) -> Option<Spot> {
        let from = self.type_of(value);
        if let Some(spot) = self.spot(parent, step, Some(from)) {
            return Some(spot);
        }
        let (element, fixed) = self.element(parent, step)?;
        let table = &self.plan.code.table;
        let alternatives = &table.element(element).alternatives;
        let possible = |a: &&Alternative| fixed.is_none_or(|t| t == a.type_id);
        if alternatives.iter().filter(possible).count() == 1 {
            let only = alternatives.iter().find(possible)?;
            let takes = table.primitive(only.type_id).is_some()
                || table.child(only.type_id, NameId::NONE).is_some();
            return takes.then_some(Spot { element, type_id: only.type_id, name: only.wire_name });
        }
        // A text is best kept as one; anything else is the first it can be.
        let textual = |a: &&Alternative| table.primitive(a.type_id) == Some(Primitive::String);
        let text_first = table.primitive(from).is_none_or(|p| !p.is_number());
        let string = alternatives.iter().find(textual).filter(|_| text_first);
        let chosen = string.or_else(|| {
            let text = self.take_text(value)?;
            let fits = |a: &&Alternative| {
                let primitive = table.primitive(a.type_id);
                primitive.is_some_and(|p| primitives::convert(p, &text, false).is_some())
            };
            let found = alternatives.iter().filter(possible).find(fits);
            self.memory.text = text;
            found
        })?;
        Some(Spot { element, type_id: chosen.type_id, name: chosen.wire_name })
    }

    /// The element that a step means below a node: of a type, or of its only one. Below what is of no known type
    /// any name is an element.
    pub(super) fn spot(
        &mut self,
        parent: NodeId,
        step: &Step,
        wanted: Option<TypeId>,
    ) -> Option<Spot> {
        if let (Step::Named(name), TypeId::NONE) = (step, self.target.node(parent).type_id) {
            let name = self.target.name_id(name);
            let type_id = wanted.unwrap_or(TypeId::NONE);
            return Some(Spot { element: ElementId::NONE, type_id, name });
        }
        let (element, fixed) = self.element(parent, step)?;
        let table = &self.plan.code.table;
        let alternatives = &table.element(element).alternatives;
        let Some(wanted) = wanted.filter(|t| *t != TypeId::NONE) else {
            let mut possible = alternatives.iter().filter(|a| fixed.is_none_or(|t| t == a.type_id));
            let only = possible.next().filter(|_| possible.next().is_none())?;
            return Some(Spot { element, type_id: only.type_id, name: only.wire_name });
        };
        let exact = alternatives.iter().find(|a| a.type_id == wanted);
        let found =
            exact.or_else(|| alternatives.iter().find(|a| table.is_a(wanted, a.type_id)))?;
        let fits = fixed.is_none_or(|t| t == found.type_id);
        fits.then_some(Spot { element, type_id: wanted, name: found.wire_name })
    }

    fn element(&self, parent: NodeId, step: &Step) -> Option<(ElementId, Option<TypeId>)> {
        match step {
            Step::Element(element) => Some((*element, None)),
            Step::Choice(element, type_id) => Some((*element, Some(*type_id))),
            Step::Value | Step::Any => None,
            Step::Named(name) => {
                let table = &self.plan.code.table;
                let type_id = self.target.node(parent).type_id;
                let by_name = element_of(table, type_id, name).map(|element| (element, None));
                by_name.or_else(|| {
                    let child = table.child(type_id, table.names().find(name)?)?;
                    Some((child.element, Some(child.type_id)))
                })
            }
        }
    }

    /// A node of an element: a new one, or the one that the list mode or the element's maximum says.
    pub(super) fn place(&mut self, parent: NodeId, spot: Spot, list: List, at: Value) -> NodeId {
        let single = self.is_single(spot);
        if single && let Some(old) = self.existing(parent, spot.element) {
            let name = self.element_arg(spot.element);
            self.report(&issues::OVERWRITTEN, at, name);
            self.target.detach(old);
        }
        let spot = self.as_choice(spot, at);
        let node = self.fresh(parent, spot);
        if let (ElementId::NONE, Value::Node(tree, item)) = (spot.element, at) {
            // What came out of an array goes into one, if it is called the same.
            let of = self.tree(tree);
            let alike = of.name_text(of.node(item).name) == self.target.name_text(spot.name);
            if alike && of.node(item).marks.has(Marks::IN_ARRAY) {
                self.target.node_mut(node).marks.set(Marks::IN_ARRAY);
            }
        }
        if let List::Share(key) = list {
            self.memory.shares.entry((key, parent.0)).or_insert(node);
        }
        node
    }

    /// A node of an element that is there already, if the list mode or the maximum lets it be used.
    pub(super) fn reuse(&mut self, parent: NodeId, spot: Spot, list: List) -> Option<NodeId> {
        let single = self.is_single(spot);
        match list {
            List::Share(key) => self.memory.shares.get(&(key, parent.0)).copied(),
            // The reference implementation makes a new one whatever the list mode, and so do the
            // published results.
            _ if single => self.existing(parent, spot.element),
            _ if spot.element == ElementId::NONE && self.target.name_text(spot.name) == "id" => {
                self.target.children(parent).find(|n| self.target.node(*n).name == spot.name)
            }
            _ => None,
        }
    }

    /// Below what is of no known type, a choice is known by the item that it is made of: `valueCoding` becomes the
    /// `value` of that type, under the name that says so.
    fn as_choice(&mut self, spot: Spot, at: Value) -> Spot {
        let (ElementId::NONE, Value::Node(tree, item)) = (spot.element, at) else { return spot };
        let table = &self.plan.code.table;
        let called = self.tree(tree).name_text(self.tree(tree).node(item).name);
        let name = self.target.name_text(spot.name);
        let Some(rest) = called.strip_prefix(name).filter(|rest| !rest.is_empty()) else {
            return spot;
        };
        let Some(own) = suffix_type(table, rest) else { return spot };
        let name = match spot.type_id {
            TypeId::NONE => called.to_owned(),
            one if one == own => called.to_owned(),
            one => {
                let mut letters = table.type_of(one).name.chars();
                let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
                name.chars().chain(first).chain(letters).collect()
            }
        };
        Spot { name: self.target.name_id(&name), ..spot }
    }

    fn is_single(&self, spot: Spot) -> bool {
        spot.element != ElementId::NONE && self.plan.code.table.element(spot.element).max == 1
    }

    fn existing(&self, parent: NodeId, element: ElementId) -> Option<NodeId> {
        self.target.children(parent).find(|n| self.target.node(*n).element == element)
    }

    fn write_quantity(
        &mut self,
        parent: NodeId,
        step: &Step,
        list: List,
        number: Slice,
        unit: Slice,
        at: Value,
    ) -> Value {
        let datatypes = self.plan.code.facts.datatypes;
        let Some(spot) = self.spot(parent, step, Some(datatypes.quantity)) else {
            self.unwritable(parent, step, Value::Quantity(number, unit), at);
            return Value::None;
        };
        let node = self.place(parent, spot, list, at);
        let text = |slice| Value::Text(slice, self.plan.code.facts.primitives.string);
        let (number, unit) = (text(number), text(unit));
        self.write_below(node, &Step::Element(datatypes.quantity_value), List::New, number, at);
        self.write_below(node, &Step::Element(datatypes.quantity_unit), List::New, unit, at);
        Value::Node(self.target_tree(), node)
    }

    pub(super) fn element_arg(&self, element: ElementId) -> Arg {
        if element == ElementId::NONE {
            return Arg::Static("an element");
        }
        Arg::Shared(std::sync::Arc::from(&*self.plan.code.table.element(element).path))
    }

    /// Reports why a value cannot be written.
    pub(super) fn unwritable(&mut self, parent: NodeId, step: &Step, value: Value, at: Value) {
        let place = if matches!(value, Value::Node(0, _)) { value } else { at };
        match self.element(parent, step) {
            Some((element, _)) => {
                let name = self.element_arg(element);
                self.report(&issues::NOT_A_TYPE, place, name);
            }
            None => {
                let name = match step {
                    Step::Named(name) => Arg::Shared(std::sync::Arc::from(&**name)),
                    _ => Arg::None,
                };
                self.report(&issues::UNKNOWN_TARGET, place, name);
            }
        }
    }
}

/// How JSON writes a value of a type.
fn token(primitive: Primitive) -> Token {
    match primitive {
        Primitive::Boolean => Token::Boolean,
        one if one.is_number() => Token::Number,
        _ => Token::String,
    }
}
