//! Items: what an expression is given and what it yields, seen from outside; and cells, the small copies
//! of them that an evaluation moves about.

use super::memory::Memory;
use super::{Decimal, Moment, Scene};
use crate::tree::NodeId;
use crate::tree::types::{System, TypeId};
use std::borrow::Cow;

/// One item of a collection.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// A node of one of the scene's trees.
    Node(u8, NodeId),
    /// A value of a system type.
    Value(Value<'a>),
}

/// A value of a system type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `true`.
    Boolean(bool),
    /// `12`.
    Integer(i64),
    /// `1.20`.
    Decimal(Decimal),
    /// `'text'`.
    String(Cow<'a, str>),
    /// A date, a dateTime or a time: its kind says which.
    Moment(Moment),
    /// `4 'mg'`: the unit is a UCUM code, or a calendar word like `day`.
    Quantity(Decimal, Cow<'a, str>),
    /// What `type()` yields.
    Type {
        /// `System` or `FHIR`.
        namespace: &'static str,
        /// `Integer`, `Patient`.
        name: Cow<'a, str>,
    },
}

/// The result of an evaluation; lives until the memory is used again.
#[derive(Clone, Copy)]
pub struct Collection<'a> {
    pub(super) memory: &'a Memory,
    pub(super) scene: &'a Scene<'a>,
}

impl<'a> Collection<'a> {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.memory.stack.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.memory.stack.is_empty()
    }

    /// The items, in order.
    pub fn iter(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let (memory, scene) = (self.memory, self.scene);
        memory.stack.iter().map(move |cell| memory.item(*cell, scene))
    }

    /// The only item, if there is just one.
    pub fn single(&self) -> Option<Item<'a>> {
        match self.memory.stack[..] {
            [cell] => Some(self.memory.item(cell, self.scene)),
            _ => None,
        }
    }

    /// The nodes among the items.
    pub fn nodes(&self) -> impl Iterator<Item = (u8, NodeId)> + use<'a> {
        let cells = self.memory.stack.iter();
        cells.filter_map(|cell| match cell {
            Cell::Node(tree, node) => Some((*tree, *node)),
            _ => None,
        })
    }

    /// An item as text, as `toString()` and the map dialect want it: a node's value, a number's text.
    pub fn text(&self, item: &Item<'a>) -> Option<Cow<'a, str>> {
        match item {
            Item::Node(tree, node) => self.scene.trees.get(usize::from(*tree))?.text(*node),
            Item::Value(value) => value.text(),
        }
    }

    /// What a condition says: the single Boolean it is; a single item of another kind counts as true;
    /// none when it is empty or holds several items.
    pub fn truth(&self) -> Option<bool> {
        match self.memory.stack[..] {
            [Cell::Boolean(value)] => Some(value),
            [Cell::Node(tree, node)] => {
                let tree = self.scene.trees.get(usize::from(tree))?;
                let boolean =
                    self.scene.table.system(tree.node(node).type_id) == Some(System::Boolean);
                Some(!boolean || tree.text_is(node, "true"))
            }
            [_] => Some(true),
            _ => None,
        }
    }
}

impl<'a> Value<'a> {
    /// As `toString()` writes it.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        Some(match self {
            Value::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Value::Integer(value) => Cow::Owned(value.to_string()),
            Value::Decimal(value) => Cow::Owned(value.to_string()),
            Value::String(value) => value.clone(),
            Value::Moment(value) => Cow::Owned(value.to_string()),
            Value::Quantity(value, unit) => Cow::Owned(match super::quantity::is_calendar(unit) {
                true => format!("{value} {unit}"),
                false => format!("{value} '{unit}'"),
            }),
            Value::Type { .. } => return None,
        })
    }
}

/// A text: a node's value, or a part of the memory's scratch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Text {
    Node(u8, NodeId),
    Scratch(u32, u32),
}

/// An item as it is moved about: 16 bytes, with what is larger kept in the memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cell {
    Node(u8, NodeId),
    Boolean(bool),
    Integer(i64),
    /// An index into the memory's decimals.
    Decimal(u32),
    Text(Text),
    /// An index into the memory's moments.
    Moment(u32),
    /// An index into the memory's quantities.
    Quantity(u32),
    FhirType(TypeId),
    SystemType(System),
}

/// The name of a system type.
pub(super) fn system_name(system: System) -> &'static str {
    match system {
        System::Boolean => "Boolean",
        System::Integer => "Integer",
        System::Decimal => "Decimal",
        System::String => "String",
        System::Date => "Date",
        System::DateTime => "DateTime",
        System::Time => "Time",
        System::Quantity => "Quantity",
    }
}
