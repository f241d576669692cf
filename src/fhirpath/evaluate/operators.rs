//! The operators between two operands, and the signs.

use super::super::Decimal;
use super::super::code::OpId;
use super::super::item::{Cell, Text};
use super::super::moment::{Moment, MomentKind, Precision};
use super::super::quantity::{Measure, calendar, in_base};
use super::super::scene::NotEvaluable;
use super::super::syntax::Binary;
use super::{Done, Run, Span, TEXT};
use std::cmp::Ordering;

impl Run<'_> {
    pub(super) fn binary(&mut self, operator: Binary, a: OpId, b: OpId, start: usize) -> Done {
        let left = self.eval(a)?;
        if let Some(known) = self.decided(operator, left)? {
            return self.answer(start, Cell::Boolean(known));
        }
        let right = self.eval(b)?;
        match operator {
            Binary::And | Binary::Or | Binary::Xor | Binary::Implies => {
                let (x, y) = (self.truth(left)?, self.truth(right)?);
                self.answer_truth(start, logic(operator, x, y))
            }
            Binary::Union => self.distinct(Span { start, end: right.end }),
            Binary::Equal => {
                let same = self.equal(left, right)?;
                self.answer_truth(start, same)
            }
            Binary::NotEqual => {
                let same = self.equal(left, right)?;
                self.answer_truth(start, same.map(|s| !s))
            }
            Binary::Equivalent | Binary::NotEquivalent => {
                let alike = self.equivalent(left, right)?;
                self.answer(start, Cell::Boolean(alike == (operator == Binary::Equivalent)))
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                self.compared(operator, left, right, start)
            }
            Binary::In => self.within(left, right, start),
            Binary::Contains => self.within(right, left, start),
            Binary::Concatenate => self.concatenated(left, right, start),
            _ => self.arithmetic(operator, left, right, start),
        }
    }

    /// What the left operand alone decides.
    fn decided(&mut self, operator: Binary, left: Span) -> Result<Option<bool>, NotEvaluable> {
        if !matches!(operator, Binary::And | Binary::Or | Binary::Implies) {
            return Ok(None);
        }
        Ok(match (operator, self.truth(left)?) {
            (Binary::And, Some(false)) => Some(false),
            (Binary::Or, Some(true)) => Some(true),
            (Binary::Implies, Some(false)) => Some(true),
            _ => None,
        })
    }

    fn compared(&mut self, operator: Binary, a: Span, b: Span, start: usize) -> Done {
        let (Some(a), Some(b)) = (self.only(a)?, self.only(b)?) else {
            return self.answer_maybe(start, None);
        };
        let order = self.order(a, b)?;
        let truth = order.map(|order| match operator {
            Binary::Less => order == Ordering::Less,
            Binary::LessOrEqual => order != Ordering::Greater,
            Binary::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        });
        self.answer_truth(start, truth)
    }

    fn within(&mut self, one: Span, many: Span, start: usize) -> Done {
        let Some(wanted) = self.only(one)? else { return self.answer_maybe(start, None) };
        let mut found = false;
        for at in many.start..many.end {
            if self.same(wanted, self.cell(at))? == Some(true) {
                found = true;
                break;
            }
        }
        self.answer(start, Cell::Boolean(found))
    }

    fn concatenated(&mut self, a: Span, b: Span, start: usize) -> Done {
        let (a, b) = (self.only_text(a)?, self.only_text(b)?);
        let text = self.joined(a.into_iter().chain(b));
        self.answer(start, Cell::Text(text))
    }

    /// The texts, one after the other.
    pub(super) fn joined(&mut self, texts: impl Iterator<Item = Text>) -> Text {
        let from = self.memory.scratch.len();
        for text in texts {
            self.append(text);
        }
        self.memory.kept_since(from)
    }

    /// Appends a text to the scratch; not beyond [`TEXT`], which the operation is refused for when it ends.
    pub(super) fn append(&mut self, text: Text) {
        if self.memory.scratch.len() > TEXT {
            return;
        }
        match text {
            Text::Scratch(start, len) => {
                let (start, end) = (start as usize, (start + len) as usize);
                self.memory.scratch.extend_from_within(start..end);
            }
            Text::Node(tree, node) => {
                let tree = self.tree(tree);
                if let Some(slice) = tree.value(node) {
                    tree.decode_into(slice, &mut self.memory.scratch);
                }
            }
        }
    }

    fn arithmetic(&mut self, operator: Binary, a: Span, b: Span, start: usize) -> Done {
        let (Some(a), Some(b)) = (self.only(a)?, self.only(b)?) else {
            return self.answer_maybe(start, None);
        };
        let (Some(a), Some(b)) = (self.value(a), self.value(b)) else {
            return Err(NotEvaluable::error("arithmetic on what has no value"));
        };
        let result = match (operator, a, b) {
            (_, Cell::Integer(x), Cell::Integer(y)) => self.integers(operator, x, y),
            (Binary::Add, Cell::Text(x), Cell::Text(y)) => {
                Some(Cell::Text(self.joined([x, y].into_iter())))
            }
            (Binary::Add | Binary::Subtract, Cell::Moment(at), Cell::Quantity(by)) => {
                let moment = self.memory.moments[at as usize];
                let moved = self.moved(moment, by, operator == Binary::Subtract)?;
                moved.map(|moment| self.memory.moment(moment))
            }
            (_, Cell::Quantity(_), _) | (_, _, Cell::Quantity(_)) => {
                self.quantity_arithmetic(operator, a, b)?
            }
            _ => {
                let (Some(x), Some(y)) = (self.as_decimal(a), self.as_decimal(b)) else {
                    return Err(NotEvaluable::error("arithmetic on values of these types"));
                };
                self.decimals(operator, x, y)
            }
        };
        self.answer_maybe(start, result)
    }

    fn integers(&mut self, operator: Binary, x: i64, y: i64) -> Option<Cell> {
        let integer = match operator {
            Binary::Add => x.checked_add(y),
            Binary::Subtract => x.checked_sub(y),
            Binary::Multiply => x.checked_mul(y),
            Binary::WholeDivide => x.checked_div(y),
            Binary::Modulo => x.checked_rem(y),
            _ => return self.decimals(operator, Decimal::from(x), Decimal::from(y)),
        };
        integer.map(Cell::Integer)
    }

    fn decimals(&mut self, operator: Binary, x: Decimal, y: Decimal) -> Option<Cell> {
        let decimal = match operator {
            Binary::Add => x.checked_add(y),
            Binary::Subtract => x.checked_sub(y),
            Binary::Multiply => x.checked_mul(y),
            Binary::Divide => x.checked_div(y),
            Binary::WholeDivide => {
                return i64::try_from(x.whole_div(y)?).ok().map(Cell::Integer);
            }
            _ => x.checked_rem(y),
        };
        decimal.map(|value| self.memory.decimal(value))
    }

    /// A date or time moved by a quantity of time.
    fn moved(
        &mut self,
        moment: Moment,
        by: u32,
        back: bool,
    ) -> Result<Option<Moment>, NotEvaluable> {
        let (value, unit) = self.memory.quantities[by as usize];
        // a fraction of a unit is not added
        let amount = i64::try_from(value.truncate(0).mantissa()).unwrap_or(i64::MAX);
        let amount = if back { amount.saturating_neg() } else { amount };
        let unit = self.memory.text(unit, self.scene);
        let (precision, weeks) = match &*unit {
            "millisecond" | "milliseconds" | "ms" => return Ok(moment.moved_milliseconds(amount)),
            "s" => (Precision::Second, false),
            "min" => (Precision::Minute, false),
            "h" => (Precision::Hour, false),
            "d" => (Precision::Day, false),
            "wk" => (Precision::Day, true),
            word => calendar(word).ok_or_else(|| {
                NotEvaluable::error("a date or time plus what is no calendar unit")
            })?,
        };
        if moment.kind == MomentKind::Time && precision < Precision::Hour {
            return Err(NotEvaluable::error("a time of day plus days or more"));
        }
        Ok(moment.moved(amount, precision, weeks))
    }

    fn quantity_arithmetic(
        &mut self,
        operator: Binary,
        a: Cell,
        b: Cell,
    ) -> Result<Option<Cell>, NotEvaluable> {
        let wrong = NotEvaluable::error("arithmetic on values of these types");
        let part = |cell| match cell {
            Cell::Quantity(at) => Ok((self.memory.quantities[at as usize].0, Some(at))),
            other => self.as_decimal(other).map(|value| (value, None)).ok_or(wrong),
        };
        let ((x, u), (y, v)) = (part(a)?, part(b)?);
        let unit = |at: Option<u32>| at.map(|at| self.memory.quantities[at as usize].1);
        let (Some(u), Some(v)) = (unit(u), unit(v)) else {
            // a plain number scales the other's unit
            let unit = unit(u).or(unit(v)).ok_or(wrong)?;
            let value = match operator {
                Binary::Multiply => x.checked_mul(y),
                Binary::Divide if matches!(a, Cell::Quantity(_)) => x.checked_div(y),
                _ => return Err(wrong),
            };
            return Ok(value.map(|value| self.memory.quantity(value, unit)));
        };
        let (one, other) = (self.memory.text(u, self.scene), self.memory.text(v, self.scene));
        match operator {
            Binary::Add | Binary::Subtract => {
                // in the left one's unit
                let Some(measure) = Measure::of(&one) else { return Ok(None) };
                let same = one == other;
                let Some((p, q)) = in_base((x, &one), (y, &other)) else { return Ok(None) };
                let sum = if operator == Binary::Add { p.checked_add(q) } else { p.checked_sub(q) };
                let value =
                    if same { sum } else { sum.and_then(|s| s.checked_div(measure.factor)) };
                Ok(value.map(|value| self.memory.quantity(value, u)))
            }
            Binary::Multiply | Binary::Divide => {
                let divide = operator == Binary::Divide;
                let (Some(p), Some(q)) = (Measure::of(&one), Measure::of(&other)) else {
                    return Ok(None);
                };
                let Some(measure) = p.times(q, divide) else { return Ok(None) };
                let value = if divide { x.checked_div(y) } else { x.checked_mul(y) };
                let value = value.and_then(|value| value.checked_mul(measure.factor));
                let from = self.memory.scratch.len();
                measure.write_base(&mut self.memory.scratch);
                let unit = self.memory.kept_since(from);
                Ok(value.map(|value| self.memory.quantity(value, unit)))
            }
            _ => Err(wrong),
        }
    }

    /// `-x`, or `+x`, which must be a number too.
    pub(super) fn sign(&mut self, operand: OpId, negative: bool) -> Done {
        let span = self.eval(operand)?;
        let Some(cell) = self.only(span)? else { return Ok(()) };
        let result = match self.value(cell) {
            Some(Cell::Integer(value)) if negative => value.checked_neg().map(Cell::Integer),
            Some(Cell::Decimal(at)) if negative => {
                let value = -self.memory.decimals[at as usize];
                Some(self.memory.decimal(value))
            }
            Some(Cell::Quantity(at)) if negative => {
                let (value, unit) = self.memory.quantities[at as usize];
                Some(self.memory.quantity(-value, unit))
            }
            Some(cell @ (Cell::Integer(_) | Cell::Decimal(_) | Cell::Quantity(_))) => Some(cell),
            _ => return Err(NotEvaluable::error("a sign before what is no number")),
        };
        self.answer_maybe(span.start, result)
    }
}

pub(super) fn logic(operator: Binary, x: Option<bool>, y: Option<bool>) -> Option<bool> {
    match operator {
        Binary::And => match (x, y) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Binary::Or => match (x, y) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Binary::Xor => x.zip(y).map(|(x, y)| x != y),
        _ => match (x, y) {
            (Some(false), _) | (_, Some(true)) => Some(true),
            (Some(true), y) => y,
            (None, _) => None,
        },
    }
}
