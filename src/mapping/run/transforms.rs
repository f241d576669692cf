//! Transforms: what a target is made of.
//!
//! Promises: a transform that cannot be made says why at the item of its rule, writes nothing and binds nothing.

use super::value::Value;
use super::{Machine, Stop, issues};
use crate::mapping::facts::element_of;
use crate::mapping::ids;
use crate::mapping::plan::{Build, Chosen, List, Operand, Piece, Place, Step, Target, Transform};
use crate::message::Arg;
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{NodeId, Token};

impl<'p> Machine<'p, '_> {
    /// Makes a target of a rule for an item; gives what its variable is bound to.
    pub(super) fn target(
        &mut self,
        target: &'p Target,
        frame: usize,
        at: Value,
    ) -> Result<Value, Stop> {
        let value = match &target.transform {
            Transform::Make => return Ok(self.make(target, frame, None, at)),
            Transform::Create(type_id) => return Ok(self.make(target, frame, Some(*type_id), at)),
            Transform::CreateCalled(name) => {
                let made = self.make(target, frame, None, at);
                if let Value::Node(_, node) = made
                    && (self.plan.code.is_resource(name) || self.holds_resource(node))
                {
                    let name = self.target.keep(name);
                    self.target.set_resource_type(node, name);
                }
                return Ok(made);
            }
            Transform::Typed(operand, group, type_id) => {
                let source = self.operand(operand, frame, at);
                return self.typed(target, frame, source, (*group, *type_id), at);
            }
            Transform::Dispatch(operand, table) => {
                let source = self.operand(operand, frame, at);
                match table.find(self.type_of(source)) {
                    Chosen::Group(group, made) => {
                        return self.typed(target, frame, source, (group, made), at);
                    }
                    Chosen::Several => {
                        let name = self.type_arg(self.type_of(source));
                        self.report(&issues::AMBIGUOUS_GROUP, source, name);
                        return Ok(Value::None);
                    }
                    Chosen::Copy => source,
                }
            }
            Transform::Evaluate(compiled) => {
                let focus = compiled.focus.map_or(Value::None, |slot| self.slot(frame, slot));
                return self.evaluated(target, compiled, focus, frame, at);
            }
            Transform::Build(build) => {
                let made = self.make(target, frame, Some(build.type_id), at);
                if let Value::Node(_, node) = made {
                    self.build(node, build, frame, at);
                }
                return Ok(made);
            }
            Transform::Translate(translate) => {
                return Ok(self.translate(target, translate, frame, at));
            }
            Transform::Unflatten(operand, elements) => {
                let value = self.operand(operand, frame, at);
                return Ok(self.unflatten(target, elements, value, frame, at));
            }
            Transform::Copy(operand) => self.operand(operand, frame, at),
            Transform::Append(parts) => self.append(parts, frame, at),
            Transform::Cast(operand, type_id) => self.cast(operand, *type_id, frame, at),
            Transform::Truncate(operand, length) => self.truncate(operand, length, frame, at),
            Transform::Uuid(parts) => self.uuid(parts, frame, at),
            Transform::Reference(slot) => {
                let of = self.slot(frame, *slot);
                self.reference(of, false, at)
            }
            Transform::Pointer(slot) => {
                let of = self.slot(frame, *slot);
                self.reference(of, true, at)
            }
            Transform::DateOp(op) => {
                let value = self.operand(&op.operand, frame, at);
                self.date_op(op, value, at)
            }
            Transform::Moment(moment) => {
                let value = self.operand(&moment.operand, frame, at);
                self.moment(moment, value, at)
            }
            Transform::Flatten(operand, names) => {
                let value = self.operand(operand, frame, at);
                self.flatten(value, names)
            }
            Transform::ToFree(operand, first) => {
                let value = self.operand(operand, frame, at);
                return Ok(self.free_segments(target, first, value, frame, at));
            }
            Transform::FromFree(operand, qualifier) => {
                let value = self.operand(operand, frame, at);
                self.free_text(value, qualifier.as_deref())
            }
            Transform::ToHtml(operand) => {
                let value = self.operand(operand, frame, at);
                self.narrative(value)
            }
        };
        Ok(self.write(target, frame, value, at))
    }

    /// An element of a type, filled by the group that maps to it.
    fn typed(
        &mut self,
        target: &'p Target,
        frame: usize,
        source: Value,
        (group, type_id): (u32, TypeId),
        at: Value,
    ) -> Result<Value, Stop> {
        let made = self.make(target, frame, Some(type_id), at);
        if made != Value::None && source != Value::None {
            self.name_made(source, made, group);
            let callee = self.memory.slots.len();
            self.memory.slots.extend([source, made]);
            self.enter(group, callee)?;
        }
        Ok(made)
    }

    /// A resource of no known type is called what its group says that it makes.
    fn name_made(&mut self, source: Value, made: Value, group: u32) {
        let (Value::Node(tree, from), Value::Node(_, node)) = (source, made) else { return };
        let called = &self.plan.code.groups[group as usize].makes;
        let unknown = self.target.node(node).type_id == TypeId::NONE;
        if unknown && !called.is_empty() && self.tree(tree).resource_type(from).is_some() {
            let name = self.target.keep(called);
            self.target.set_resource_type(node, name);
        }
    }

    fn evaluated(
        &mut self,
        target: &'p Target,
        compiled: &'p crate::mapping::expression::Compiled,
        focus: Value,
        frame: usize,
        at: Value,
    ) -> Result<Value, Stop> {
        let base = self.memory.items.len();
        self.evaluate(compiled, focus, frame, at);
        let mut first = Value::None;
        for place in base..self.memory.items.len() {
            self.step()?;
            let item = self.memory.items[place];
            let made = self.write(target, frame, item, at);
            if first == Value::None {
                first = made;
            }
        }
        if let (true, Place::Below(slot, step)) = (self.memory.items.len() == base, &target.place)
            && let Value::Node(_, parent) = self.slot(frame, *slot)
        {
            first = self.empty_place(parent, step, target.list, at);
        }
        self.memory.items.truncate(base);
        Ok(first)
    }

    /// An element of a type, or of its only one.
    pub(super) fn make(
        &mut self,
        target: &Target,
        frame: usize,
        type_id: Option<TypeId>,
        at: Value,
    ) -> Value {
        let (slot, step) = match &target.place {
            Place::Nowhere => return type_id.map_or(Value::None, |id| self.make_apart(id)),
            Place::Whole(slot) => return self.slot(frame, *slot),
            Place::Below(slot, step) => (*slot, step),
        };
        let Value::Node(tree, parent) = self.slot(frame, slot) else { return Value::None };
        if *step == Step::Value {
            return Value::Node(tree, parent);
        }
        let Some(spot) = self.spot(parent, step, type_id) else {
            self.unwritable(parent, step, Value::None, at);
            return Value::None;
        };
        let reuse = type_id.is_none() || matches!(target.list, List::Share(_));
        let old = if reuse { self.reuse(parent, spot, target.list) } else { None };
        let node = old.unwrap_or_else(|| self.place(parent, spot, target.list, at));
        Value::Node(self.target_tree(), node)
    }

    /// Fills a datatype with its parts; one without any is taken away again.
    fn build(&mut self, node: NodeId, build: &'p Build, frame: usize, at: Value) {
        for (element, piece) in &build.parts {
            let step = Step::Element(*element);
            match piece {
                Piece::Operand(operand) => {
                    let value = self.operand(operand, frame, at);
                    self.write_below(node, &step, List::New, value, at);
                }
                Piece::Build(inner) => {
                    if let Some(spot) = self.spot(node, &step, Some(inner.type_id)) {
                        let below = self.fresh(node, spot);
                        self.build(below, inner, frame, at);
                    }
                }
            }
        }
        if self.target.first_child(node).is_none() {
            self.target.detach(node);
        }
    }

    fn append(&mut self, parts: &'p [Operand], frame: usize, at: Value) -> Value {
        let mut all = std::mem::take(&mut self.memory.name);
        all.clear();
        for part in parts {
            let value = self.operand(part, frame, at);
            if let Some(text) = self.text(value) {
                all.push_str(&text);
            }
        }
        let made = self.keep(&all, self.plan.code.facts.primitives.string);
        self.memory.name = all;
        made
    }

    fn cast(&mut self, operand: &'p Operand, type_id: TypeId, frame: usize, at: Value) -> Value {
        let value = self.operand(operand, frame, at);
        if value == Value::None {
            return Value::None;
        }
        let primitive = self.plan.code.table.primitive(type_id);
        match primitive.and_then(|to| self.converted(value, to, true)) {
            Some(slice) => Value::Text(slice, type_id),
            None => {
                let place = if matches!(value, Value::Node(..)) { value } else { at };
                let name = self.type_arg(type_id);
                self.report(&issues::CONVERSION, place, name);
                Value::None
            }
        }
    }

    fn truncate(
        &mut self,
        operand: &'p Operand,
        length: &'p Operand,
        frame: usize,
        at: Value,
    ) -> Value {
        let length = self.operand(length, frame, at);
        let length = self.text(length).and_then(|t| t.parse::<usize>().ok()).unwrap_or(usize::MAX);
        let value = self.operand(operand, frame, at);
        let Some(text) = self.take_text(value) else { return Value::None };
        let end = text.char_indices().nth(length).map_or(text.len(), |(at, _)| at);
        let made = match end == text.len() {
            true => value,
            false => self.keep(&text[..end], self.plan.code.facts.primitives.string),
        };
        if end < text.len() {
            let place = if matches!(value, Value::Node(0, _)) { value } else { at };
            self.report(&issues::TRUNCATED, place, Arg::Number(length as u64));
        }
        self.memory.text = text;
        made
    }

    /// An id: of the key that is given, or of the rule, the item and how often it was asked for there.
    pub(super) fn uuid(&mut self, parts: &'p [Operand], frame: usize, at: Value) -> Value {
        let mut name = std::mem::take(&mut self.memory.name);
        self.inputs.ids.begin(&self.plan.url, &mut name);
        for part in parts {
            let value = self.operand(part, frame, at);
            if let Some(text) = self.text(value) {
                ids::add(&text, &mut name);
            }
        }
        if parts.is_empty() {
            self.name_by_place(at, &mut name);
        }
        let made = self.keep_id(&name);
        self.memory.name = name;
        made
    }

    fn keep_id(&mut self, name: &str) -> Value {
        let mut letters = [0u8; uuid::fmt::Hyphenated::LENGTH];
        let text: &str = ids::id(name).hyphenated().encode_lower(&mut letters);
        self.keep(text, self.plan.code.facts.primitives.string)
    }

    /// `Type/id` or `urn:uuid:id` of a resource, which gets an id if it has none.
    fn reference(&mut self, of: Value, pointer: bool, at: Value) -> Value {
        let Value::Node(tree, node) = of else { return Value::None };
        let type_id = self.tree(tree).node(node).type_id;
        let element = element_of(&self.plan.code.table, type_id, "id");
        let id = element.and_then(|e| super::sources::child_of(self.tree(tree), node, e));
        let value = match (id, element) {
            (Some(id), _) => Value::Node(tree, id),
            (None, Some(element)) if self.is_target(tree) => {
                let made = self.uuid(&[], 0, at);
                self.write_id(node, element, made);
                made
            }
            _ => self.uuid(&[], 0, at),
        };
        let Some(text) = self.take_text(value) else { return Value::None };
        let start = self.target.scratch().len();
        let resource = self.resource_name(tree, node);
        let scratch = self.target.scratch();
        match pointer {
            true => scratch.push_str("urn:uuid:"),
            false => {
                scratch.push_str(&resource);
                scratch.push('/');
            }
        }
        scratch.push_str(&text);
        self.memory.text = text;
        Value::Text(self.target.kept_since(start), self.plan.code.facts.primitives.string)
    }

    fn resource_name(&self, tree: u8, node: NodeId) -> Box<str> {
        let of = self.tree(tree);
        let typed = || match of.node(node).type_id {
            TypeId::NONE => "",
            id => &self.plan.code.table.type_of(id).name,
        };
        of.resource_type(node).unwrap_or_else(typed).into()
    }

    fn write_id(&mut self, node: NodeId, element: ElementId, id: Value) {
        let step = Step::Element(element);
        let Some(spot) = self.spot(node, &step, None) else { return };
        let child = self.fresh(node, spot);
        if let Value::Text(slice, _) = id {
            self.target.set_value(child, slice, Token::String);
        }
    }
}
