//! Values in registers, and expressions evaluated on them.
//!
//! Promises: a value is small and copied freely; text that a run makes lies in the target's scratch buffer.
//! Never: holds a reference into a tree.

use super::{MAX_SOURCES, Machine, parameter};
use crate::fhirpath::{self, Collection, Item, MomentKind, NotEvaluable, Scene};
use crate::mapping::expression::{Compiled, Variable};
use crate::mapping::facts::Facts;
use crate::mapping::plan::{Operand, Slot};
use crate::mapping::trace::{At, Use};
use crate::tree::types::{Primitive, TypeId};
use crate::tree::{BufferId, Escape, Kind, Marks, NodeId, Slice, Tree};
use std::borrow::Cow;

/// What a register holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::mapping) enum Value {
    /// Nothing.
    #[default]
    None,
    /// A node of a source, or of the target, whose place is behind the sources.
    Node(u8, NodeId),
    /// A text of the target's buffers, with its type.
    Text(Slice, TypeId),
    /// A quantity: its value and its unit, texts of the target's buffers.
    Quantity(Slice, Slice),
}

/// Most variables that one expression may name.
pub(in crate::mapping) const MAX_VARIABLES: usize = 16;

impl<'p> Machine<'p, '_> {
    pub(super) fn slot(&self, frame: usize, slot: Slot) -> Value {
        self.memory.slots[frame + slot.0 as usize]
    }

    pub(super) fn set(&mut self, frame: usize, slot: Slot, value: Value) {
        self.memory.slots[frame + slot.0 as usize] = value;
    }

    pub(super) fn tree(&self, tree: u8) -> &Tree {
        self.sources.get(usize::from(tree)).copied().unwrap_or(self.target)
    }

    /// The place of the target among the trees.
    pub(super) fn target_tree(&self) -> u8 {
        self.sources.len() as u8
    }

    pub(super) fn is_target(&self, tree: u8) -> bool {
        tree == self.target_tree()
    }

    /// The type of a value.
    pub(super) fn type_of(&self, value: Value) -> TypeId {
        match value {
            Value::None => TypeId::NONE,
            Value::Node(tree, node) => self.tree(tree).node(node).type_id,
            Value::Text(_, type_id) => type_id,
            Value::Quantity(..) => self.plan.code.facts.datatypes.quantity,
        }
    }

    /// The decoded text of a value, which counts as read.
    pub(super) fn text(&mut self, value: Value) -> Option<Cow<'_, str>> {
        match value {
            Value::None => None,
            Value::Node(tree, node) => {
                self.mark_read(tree, node);
                text_of(self.tree(tree), node)
            }
            Value::Text(slice, _) | Value::Quantity(slice, _) => Some(self.target.decode(slice)),
        }
    }

    /// Keeps a text that the run made.
    pub(super) fn keep(&mut self, text: &str, type_id: TypeId) -> Value {
        Value::Text(self.target.keep(text), type_id)
    }

    /// The first value of an operand.
    pub(super) fn operand(&mut self, operand: &'p Operand, frame: usize, at: Value) -> Value {
        match operand {
            Operand::Slot(slot) => self.slot(frame, *slot),
            Operand::Constant(start, len, type_id) => {
                let (start, len) = (*start as usize, *len as usize);
                let buffer = self.constants;
                Value::Text(Slice::new(buffer, start, len, Escape::None), *type_id)
            }
            Operand::Expression(compiled) => {
                let base = self.memory.items.len();
                let focus = compiled.focus.map_or(Value::None, |slot| self.slot(frame, slot));
                self.evaluate(compiled, focus, frame, at);
                let value = self.memory.items.get(base).copied().unwrap_or_default();
                self.memory.items.truncate(base);
                value
            }
        }
    }

    /// Whether a condition holds for an item; an expression without a value is reported and does not.
    pub(super) fn holds(&mut self, compiled: &'p Compiled, item: Value, frame: usize) -> bool {
        let truth =
            self.with(compiled, item, frame, Use::Condition, |result, _, _| match result.len() {
                0 | 1 => result.truth().unwrap_or(false),
                _ => true,
            });
        match truth {
            Ok(truth) => truth,
            Err(reason) => {
                self.not_evaluable(reason, item);
                false
            }
        }
    }

    /// Evaluates an expression and pushes its items.
    pub(super) fn evaluate(
        &mut self,
        compiled: &'p Compiled,
        focus: Value,
        frame: usize,
        at: Value,
    ) {
        self.memory.spare.clear();
        let start = self.target.scratch().len();
        let result = self.with(compiled, focus, frame, Use::Output, |result, facts, out| {
            for item in result.iter() {
                let value = out.take(&item, facts, start);
                out.items.push(value);
            }
        });
        let (spare, scratch) = (&self.memory.spare, self.target.scratch());
        scratch.push_str(spare);
        match result {
            Ok(()) => self.defaults_used(compiled, at),
            Err(reason) => self.not_evaluable(reason, at),
        }
    }

    fn with<R>(
        &mut self,
        compiled: &'p Compiled,
        focus: Value,
        frame: usize,
        what_for: Use,
        take: impl FnOnce(&Collection<'_>, &Facts, &mut Taker<'_>) -> R,
    ) -> Result<R, NotEvaluable> {
        // Most expressions name few variables, and room for all that one may name is dear.
        match compiled.variables.len() {
            0 => self.with_up_to::<0, R>(compiled, focus, frame, what_for, take),
            1 | 2 => self.with_up_to::<2, R>(compiled, focus, frame, what_for, take),
            _ => self.with_up_to::<MAX_VARIABLES, R>(compiled, focus, frame, what_for, take),
        }
    }

    fn with_up_to<const N: usize, R>(
        &mut self,
        compiled: &'p Compiled,
        focus: Value,
        frame: usize,
        what_for: Use,
        take: impl FnOnce(&Collection<'_>, &Facts, &mut Taker<'_>) -> R,
    ) -> Result<R, NotEvaluable> {
        let mut led_to = [(0, 0); N];
        for (at, variable) in compiled.variables.iter().enumerate() {
            if let Variable::Path { path, of } = variable {
                led_to[at] = self.path(*path, self.slot(frame, *of))?;
            }
        }
        let memory = &mut *self.memory;
        let target: &Tree = self.target;
        let mut trees = [target; MAX_SOURCES + 1];
        trees[..self.sources.len()].copy_from_slice(self.sources);
        let scene = Scene {
            trees: &trees[..=self.sources.len()],
            table: &self.plan.code.table,
            now: self.inputs.now,
            references: self.hooks.references(),
            hooks: self.world,
        };
        let slots = &memory.slots;
        let item = |value: Value| item_of(value, target, &self.plan.code.table);
        let focus = item(focus);
        let held: [Option<Item<'_>>; N] =
            std::array::from_fn(|at| match compiled.variables.get(at)? {
                Variable::Slot(slot) => item(slots[frame + slot.0 as usize]),
                Variable::Parameter(at) => parameter(self.plan, self.inputs, *at).map(string),
                Variable::Path { .. } => None,
                Variable::Engine(at) => Some(string(match at {
                    0 => self.inputs.engine.message_id,
                    1 => self.inputs.engine.envelope_id,
                    _ => self.inputs.engine.now,
                })),
            });
        let variables: [&[Item<'_>]; N] = std::array::from_fn(|at| match (&held[at], led_to[at]) {
            (None, (start, end)) => &memory.led_to[start as usize..end as usize],
            (Some(item), _) => std::slice::from_ref(item),
        });
        let variables = &variables[..compiled.variables.len().min(N)];
        let result = compiled.expression.evaluate(
            &scene,
            focus.as_slice(),
            variables,
            &mut memory.fhirpath,
        )?;
        let mut taker = Taker { items: &mut memory.items, spare: &mut memory.spare };
        let taken = take(&result, &self.plan.code.facts, &mut taker);
        for (tree, node) in memory.fhirpath.reads() {
            if let (0, Some(message)) = (*tree, self.sources.first()) {
                memory.loss.read(message, *node);
            }
            if let Some(trace) = &mut self.trace {
                let read = At { tree: *tree, node: *node };
                trace.read(self.rule.0 as usize, read, what_for);
            }
        }
        Ok(taken)
    }
}

impl Machine<'_, '_> {
    /// Where a path leads from a value: its place in `led_to`. From a node of a source it is walked once.
    fn path(&mut self, path: u32, from: Value) -> Result<(u32, u32), NotEvaluable> {
        let Value::Node(tree, node) = from else { return Ok((0, 0)) };
        let key = (path, tree, node.0);
        if let Some(known) = self.memory.paths.get(&key) {
            return Ok(*known);
        }
        let target: &Tree = self.target;
        let mut trees = [target; MAX_SOURCES + 1];
        trees[..self.sources.len()].copy_from_slice(self.sources);
        let scene = Scene {
            trees: &trees[..=self.sources.len()],
            table: &self.plan.code.table,
            now: self.inputs.now,
            references: None,
            hooks: self.world,
        };
        let memory = &mut *self.memory;
        let item = [Item::Node(tree, node)];
        let expression = &self.plan.code.paths[path as usize];
        let start = memory.led_to.len() as u32;
        let result = expression.evaluate(&scene, &[], &[&item], &mut memory.fhirpath)?;
        for one in result.iter() {
            if let Item::Node(tree, node) = one {
                memory.led_to.push(Item::Node(tree, node));
            }
        }
        let found = (start, memory.led_to.len() as u32);
        if !self.is_target(tree) {
            self.memory.paths.insert(key, found);
        }
        Ok(found)
    }
}

fn string(text: &str) -> Item<'_> {
    Item::Value(fhirpath::Value::String(Cow::Borrowed(text)))
}

/// A register's value as FHIRPath takes it.
fn item_of<'a>(
    value: Value,
    target: &'a Tree,
    table: &crate::tree::types::Table,
) -> Option<Item<'a>> {
    use fhirpath::Value as System;
    let (slice, type_id) = match value {
        Value::None => return None,
        Value::Node(tree, node) => return Some(Item::Node(tree, node)),
        Value::Text(slice, type_id) => (slice, type_id),
        Value::Quantity(number, unit) => {
            let number = fhirpath::Decimal::parse(target.raw_slice(number))?;
            let unit = Cow::Borrowed(target.raw_slice(unit));
            return Some(Item::Value(System::Quantity(number, unit)));
        }
    };
    let text = target.raw_slice(slice);
    let moment = |kind| fhirpath::Moment::parse(kind, text).map(System::Moment);
    let made = match table.primitive(type_id) {
        Some(Primitive::Boolean) => Some(System::Boolean(text == "true")),
        Some(Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt) => {
            text.parse().ok().map(System::Integer)
        }
        Some(Primitive::Decimal) => fhirpath::Decimal::parse(text).map(System::Decimal),
        Some(Primitive::Date) => moment(MomentKind::Date),
        Some(Primitive::DateTime | Primitive::Instant) => moment(MomentKind::DateTime),
        Some(Primitive::Time) => moment(MomentKind::Time),
        _ => None,
    };
    Some(Item::Value(made.unwrap_or(System::String(Cow::Borrowed(text)))))
}

/// Takes results out of FHIRPath's memory before it is used again.
pub(super) struct Taker<'m> {
    items: &'m mut Vec<Value>,
    spare: &'m mut String,
}

impl Taker<'_> {
    /// An item as a register's value; its text goes to the spare buffer, which will follow `start`.
    fn take(&mut self, item: &Item<'_>, facts: &Facts, start: usize) -> Value {
        use fhirpath::Value as System;
        let value = match item {
            Item::Node(tree, node) => return Value::Node(*tree, *node),
            Item::Value(value) => value,
        };
        let primitives = &facts.primitives;
        let type_id = match value {
            System::Boolean(_) => primitives.boolean,
            System::Integer(_) => primitives.integer,
            System::Decimal(_) => primitives.decimal,
            System::String(_) => primitives.string,
            System::Moment(moment) => match moment.kind {
                MomentKind::Date => primitives.date,
                MomentKind::DateTime => primitives.date_time,
                MomentKind::Time => primitives.time,
            },
            System::Quantity(number, unit) => {
                let number = self.keep(&number.to_string(), start);
                return Value::Quantity(number, self.keep(unit, start));
            }
            System::Type { .. } => return Value::None,
        };
        match value.text() {
            Some(text) => Value::Text(self.keep(&text, start), type_id),
            None => Value::None,
        }
    }

    fn keep(&mut self, text: &str, start: usize) -> Slice {
        let at = start + self.spare.len();
        self.spare.push_str(text);
        Slice::new(BufferId(0), at, text.len(), Escape::None)
    }
}

/// Appends the text of a node; whether it has one.
pub(in crate::mapping) fn text_into(tree: &Tree, node: NodeId, out: &mut String) -> bool {
    match value_slice(tree, node) {
        Some(slice) => tree.decode_into(slice, out),
        None => match text_of(tree, node) {
            Some(text) => out.push_str(&text),
            None => return false,
        },
    }
    true
}

/// The text of a node: its value, or the character data below it.
pub(in crate::mapping) fn text_of(tree: &Tree, node: NodeId) -> Option<Cow<'_, str>> {
    match value_slice(tree, node) {
        Some(slice) => Some(tree.decode(slice)),
        None => {
            let mut texts = tree.descend(node).filter(|n| tree.node(*n).kind == Kind::Text);
            let first = texts.next()?;
            let mut all = String::new();
            for text in std::iter::once(first).chain(texts) {
                tree.decode_into(tree.node(text).value, &mut all);
            }
            Some(Cow::Owned(all))
        }
    }
}

/// The one slice that holds all of a node's text.
pub fn value_slice(tree: &Tree, node: NodeId) -> Option<Slice> {
    if tree.node(node).marks.has(Marks::RESOURCE) {
        return None;
    }
    tree.value(node).or_else(|| {
        let mut children = tree.children(node);
        let only = children.next().filter(|c| tree.node(*c).kind == Kind::Text)?;
        let more = children.any(|c| tree.node(c).kind != Kind::Attribute);
        tree.value(only).filter(|_| !more)
    })
}
