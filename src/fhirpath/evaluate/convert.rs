//! Conversions between system types: `toX()` and `convertsToX()`.

use super::super::code::OpId;
use super::super::functions::Function;
use super::super::item::{Cell, Text};
use super::super::moment::{Moment, MomentKind};
use super::super::quantity::{in_base, is_calendar};
use super::super::scene::NotEvaluable;
use super::super::{Decimal, Precision};
use super::{Done, Run, Span};
use crate::tree::types::System;
use std::fmt::Write;

impl Run<'_> {
    pub(super) fn conversion(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Done {
        let (system, asked) = match function {
            Function::To(system) => (system, false),
            Function::ConvertsTo(system) => (system, true),
            _ => return Err(NotEvaluable::missing("a function that is not at hand here")),
        };
        let Some(cell) = self.only(input)? else {
            return self.answer_maybe(input.start, None);
        };
        let unit = match arguments.first() {
            Some(argument) => {
                let span = self.eval(*argument)?;
                self.only_text(span)?
            }
            None => None,
        };
        let value = self.value(cell);
        let mut made = value.and_then(|value| self.converted(value, system));
        if let (Some(Cell::Quantity(at)), Some(unit)) = (made, unit) {
            made = self.in_unit(at, unit);
        }
        match asked {
            true => self.answer(input.start, Cell::Boolean(made.is_some())),
            false => self.answer_maybe(input.start, made),
        }
    }

    fn converted(&mut self, value: Cell, to: System) -> Option<Cell> {
        if self.system_of(value) == Some(to) {
            return Some(value);
        }
        match to {
            System::Boolean => self.as_boolean(value),
            System::Integer => match value {
                Cell::Boolean(value) => Some(Cell::Integer(i64::from(value))),
                Cell::Text(text) => self.read(text, |t| t.parse().ok()).map(Cell::Integer),
                _ => None,
            },
            System::Decimal => {
                let value = match value {
                    Cell::Boolean(value) => Some(Decimal::from(i64::from(value))),
                    Cell::Integer(value) => Some(Decimal::from(value)),
                    Cell::Text(text) => self.read(text, Decimal::parse),
                    _ => None,
                };
                value.map(|value| self.memory.decimal(value))
            }
            System::String => Some(Cell::Text(self.written(value)?)),
            System::Date | System::DateTime | System::Time => self.as_moment(value, to),
            System::Quantity => self.as_quantity(value),
        }
    }

    fn read<T>(&self, text: Text, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        parse(&self.memory.text(text, self.scene))
    }

    fn as_boolean(&self, value: Cell) -> Option<Cell> {
        let value = match value {
            Cell::Text(text) => self.read(text, |text| {
                let yes = ["true", "t", "yes", "y", "1", "1.0"];
                let no = ["false", "f", "no", "n", "0", "0.0"];
                let among = |words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(text));
                if among(&yes) { Some(true) } else { among(&no).then_some(false) }
            })?,
            number => match self.as_decimal(number)?.to_integer()? {
                1 => true,
                0 => false,
                _ => return None,
            },
        };
        Some(Cell::Boolean(value))
    }

    fn as_moment(&mut self, value: Cell, to: System) -> Option<Cell> {
        let kind = match to {
            System::Date => MomentKind::Date,
            System::DateTime => MomentKind::DateTime,
            _ => MomentKind::Time,
        };
        let moment = match value {
            Cell::Text(text) => self.read(text, |text| {
                let dated = || Some(Moment::parse(MomentKind::DateTime, text)?.to_date());
                match kind {
                    MomentKind::Date => Moment::parse(kind, text).or_else(dated),
                    _ => Moment::parse(kind, text),
                }
            })?,
            Cell::Moment(at) => {
                let moment = self.memory.moments[at as usize];
                match (moment.kind, kind) {
                    (MomentKind::Date, MomentKind::DateTime) => Moment { kind, ..moment },
                    (MomentKind::DateTime, MomentKind::Date) => moment.to_date(),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(self.memory.moment(moment))
    }

    fn as_quantity(&mut self, value: Cell) -> Option<Cell> {
        let number = match value {
            Cell::Boolean(value) => Some(Decimal::from(i64::from(value))),
            Cell::Text(text) => {
                let (start, end) = self.memory.settled(text, self.scene);
                let (number, unit) = quantity_text(&self.memory.scratch[start..end])?;
                let unit = unit.to_owned();
                let unit = self.memory.keep(&unit);
                return Some(self.memory.quantity(number, unit));
            }
            number => self.as_decimal(number),
        };
        let unit = self.memory.keep("1");
        number.map(|number| self.memory.quantity(number, unit))
    }

    fn in_unit(&mut self, at: u32, unit: Text) -> Option<Cell> {
        let (value, own) = self.memory.quantities[at as usize];
        let one = Decimal::from(1);
        let (from, to) = (self.memory.text(own, self.scene), self.memory.text(unit, self.scene));
        let (value, factor) = in_base((value, &from), (one, &to))?;
        let value = value.checked_div(factor)?;
        Some(self.memory.quantity(value, unit))
    }

    /// A value as text.
    pub(super) fn written(&mut self, value: Cell) -> Option<Text> {
        let from = self.memory.scratch.len();
        match value {
            Cell::Text(text) => return Some(text),
            Cell::Boolean(value) => {
                self.memory.scratch.push_str(if value { "true" } else { "false" });
            }
            Cell::Integer(value) => {
                let _ = write!(self.memory.scratch, "{value}");
            }
            Cell::Decimal(at) => {
                let value = self.memory.decimals[at as usize];
                let _ = write!(self.memory.scratch, "{value}");
            }
            Cell::Moment(at) => {
                let value = self.memory.moments[at as usize];
                let _ = write!(self.memory.scratch, "{value}");
            }
            Cell::Quantity(at) => {
                let (value, unit) = self.memory.quantities[at as usize];
                let _ = write!(self.memory.scratch, "{value} ");
                let word = is_calendar(&self.memory.text(unit, self.scene));
                let quote = if word { "" } else { "'" };
                self.memory.scratch.push_str(quote);
                self.append(unit);
                self.memory.scratch.push_str(quote);
            }
            _ => return None,
        }
        Some(self.memory.kept_since(from))
    }

    /// How precise a value is: digits after the point, or digits of a date or time.
    pub(super) fn precision_of(&self, value: Cell) -> Option<i64> {
        Some(match value {
            Cell::Integer(_) => 0,
            Cell::Decimal(at) => i64::from(self.memory.decimals[at as usize].scale()),
            Cell::Moment(at) => {
                let moment = &self.memory.moments[at as usize];
                let digits = match moment.precision {
                    Precision::Year => 4,
                    Precision::Month => 6,
                    Precision::Day => 8,
                    Precision::Hour => 10,
                    Precision::Minute => 12,
                    Precision::Second => 14 + i64::from(moment.fraction),
                };
                if moment.kind == MomentKind::Time { digits - 8 } else { digits }
            }
            _ => return None,
        })
    }
}

/// `1`, `1 day`, `1.5 'mg'`.
fn quantity_text(text: &str) -> Option<(Decimal, &str)> {
    let (number, unit) = match text.split_once(' ') {
        Some((number, unit)) => (number, unit.trim_start()),
        None => (text, "'1'"),
    };
    let quoted = unit.strip_prefix('\'').and_then(|u| u.strip_suffix('\''));
    let unit = quoted.or_else(|| is_calendar(unit).then_some(unit))?;
    Some((Decimal::parse(number)?, unit))
}
