//! Nodes as values: what a FHIR primitive or quantity is as a system value.

use super::super::Decimal;
use super::super::code::Known;
use super::super::item::{Cell, Text};
use super::super::moment::{Moment, MomentKind};
use super::super::scene::NotEvaluable;
use super::{Run, Span};
use crate::tree::types::{System, TypeId};
use crate::tree::{NodeId, State};

/// The system type of a moment.
pub(in super::super) fn moment_system(moment: &Moment) -> System {
    match moment.kind {
        MomentKind::Date => System::Date,
        MomentKind::DateTime => System::DateTime,
        MomentKind::Time => System::Time,
    }
}

impl Run<'_> {
    /// An item as a system value: a primitive's value, a quantity, the value it is already; none for
    /// what has no value.
    ///
    /// A primitive whose text is not of its type is the text itself: the format is another rule's to
    /// report.
    pub(super) fn value(&mut self, cell: Cell) -> Option<Cell> {
        let Cell::Node(tree, node) = cell else { return Some(cell) };
        let one = self.tree(tree).node(node);
        let system = self.scene.table.system(one.type_id);
        if system == Some(System::Quantity) {
            return self.fhir_quantity(tree, node);
        }
        if one.state != State::Present && one.state != State::Empty {
            return None;
        }
        self.tree(tree).value(node)?;
        self.memory.read(tree, node);
        let text = Cell::Text(Text::Node(tree, node));
        let Some(system) = system.filter(|s| *s != System::String) else { return Some(text) };
        Some(self.parsed(tree, node, system).unwrap_or(text))
    }

    fn parsed(&mut self, tree: u8, node: NodeId, system: System) -> Option<Cell> {
        let text = self.tree(tree).text(node)?;
        match system {
            System::Boolean => match &*text {
                "true" => Some(Cell::Boolean(true)),
                "false" => Some(Cell::Boolean(false)),
                _ => None,
            },
            System::Integer => text.parse().ok().map(Cell::Integer),
            System::Decimal => {
                let value = Decimal::parse(&text)?;
                Some(self.memory.decimal(value))
            }
            System::Date | System::DateTime | System::Time => {
                let kind = match system {
                    System::Date => MomentKind::Date,
                    System::DateTime => MomentKind::DateTime,
                    _ => MomentKind::Time,
                };
                let value = Moment::parse(kind, &text)?;
                Some(self.memory.moment(value))
            }
            System::String | System::Quantity => None,
        }
    }

    /// A FHIR Quantity as a system quantity: not one with a comparator, and its unit is its code.
    fn fhir_quantity(&mut self, tree: u8, node: NodeId) -> Option<Cell> {
        let Known { value, unit, code, comparator, .. } = self.code.known;
        let here = self.tree(tree);
        let child = |name| here.children(node).find(|c| here.node(*c).name == name);
        if child(comparator).is_some() {
            return None;
        }
        let number = Decimal::parse(&here.text(child(value)?)?)?;
        let unit = child(code).or_else(|| child(unit));
        let unit = match unit {
            Some(unit) => Text::Node(tree, unit),
            None => self.memory.keep("1"),
        };
        Some(self.memory.quantity(number, unit))
    }

    /// The system type of a value.
    pub(super) fn system_of(&self, cell: Cell) -> Option<System> {
        Some(match cell {
            Cell::Boolean(_) => System::Boolean,
            Cell::Integer(_) => System::Integer,
            Cell::Decimal(_) => System::Decimal,
            Cell::Text(_) => System::String,
            Cell::Moment(at) => moment_system(&self.memory.moments[at as usize]),
            Cell::Quantity(_) => System::Quantity,
            Cell::Node(..) | Cell::FhirType(_) | Cell::SystemType(_) => return None,
        })
    }

    /// A span as a Boolean: its only item's value; an item that is no Boolean counts as true.
    pub(super) fn truth(&mut self, span: Span) -> Result<Option<bool>, NotEvaluable> {
        let Some(cell) = self.only(span)? else { return Ok(None) };
        Ok(Some(match self.value(cell) {
            Some(Cell::Boolean(value)) => value,
            _ => true,
        }))
    }

    /// A span as an integer.
    pub(super) fn only_integer(&mut self, span: Span) -> Result<Option<i64>, NotEvaluable> {
        let Some(cell) = self.only(span)? else { return Ok(None) };
        match self.value(cell) {
            Some(Cell::Integer(value)) => Ok(Some(value)),
            _ => Err(NotEvaluable::error("an integer is wanted")),
        }
    }

    /// A span as a text; a FHIR primitive of any type is taken by its text.
    pub(super) fn only_text(&mut self, span: Span) -> Result<Option<Text>, NotEvaluable> {
        let Some(cell) = self.only(span)? else { return Ok(None) };
        self.as_text(cell)
    }

    pub(super) fn as_text(&mut self, cell: Cell) -> Result<Option<Text>, NotEvaluable> {
        match cell {
            Cell::Text(text) => Ok(Some(text)),
            Cell::Node(tree, node) => {
                if self.tree(tree).value(node).is_some() {
                    self.memory.read(tree, node);
                    return Ok(Some(Text::Node(tree, node)));
                }
                match self.tree(tree).node(node).type_id {
                    TypeId::NONE => Ok(None),
                    id if self.scene.table.system(id).is_some() => Ok(None),
                    _ => Err(NotEvaluable::error("a text is wanted")),
                }
            }
            _ => Err(NotEvaluable::error("a text is wanted")),
        }
    }

    /// A value as a decimal, if it is a number.
    pub(super) fn as_decimal(&self, cell: Cell) -> Option<Decimal> {
        match cell {
            Cell::Integer(value) => Some(Decimal::from(value)),
            Cell::Decimal(at) => Some(self.memory.decimals[at as usize]),
            _ => None,
        }
    }
}
