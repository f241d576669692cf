//! Functions on numbers.

use super::super::Decimal;
use super::super::code::OpId;
use super::super::functions::Function;
use super::super::item::Cell;
use super::super::scene::NotEvaluable;
use super::{Done, Run, Span};

impl Run<'_> {
    /// A weighted sum of single digits of a text; empty when one of them is no digit, or not there.
    pub(super) fn digits(&mut self, input: OpId, first: usize, count: u8) -> Done {
        let input = self.eval(input)?;
        let sum = self.only_text(input)?.and_then(|text| {
            let text = self.memory.text(text, self.scene);
            let mut sum = 0;
            for (place, weight) in &self.code.weights[first..first + usize::from(count)] {
                let digit = match text.is_ascii() {
                    true => text.as_bytes().get(usize::from(*place)).map(|b| char::from(*b)),
                    false => text.chars().nth(usize::from(*place)),
                };
                sum += i64::from(digit?.to_digit(10)?) * i64::from(*weight);
            }
            Some(Cell::Integer(sum))
        });
        self.step(u64::from(count))?;
        self.answer_maybe(input.start, sum)
    }

    pub(super) fn number_function(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Option<Done> {
        Some(match function {
            Function::Abs => self.abs(input),
            Function::Ceiling | Function::Floor | Function::Truncate => self.whole(function, input),
            Function::Exp | Function::Ln | Function::Sqrt => self.float(function, input),
            Function::Log => self.log(input, arguments[0]),
            Function::Power => self.power(input, arguments[0]),
            Function::Round => self.round(input, arguments.first().copied()),
            _ => return None,
        })
    }

    fn number(&mut self, span: Span) -> Result<Option<Cell>, NotEvaluable> {
        let Some(cell) = self.only(span)? else { return Ok(None) };
        match self.value(cell) {
            Some(cell @ (Cell::Integer(_) | Cell::Decimal(_))) => Ok(Some(cell)),
            _ => Err(NotEvaluable::error("a number is wanted")),
        }
    }

    fn decimal_of(&mut self, span: Span) -> Result<Option<Decimal>, NotEvaluable> {
        Ok(self.number(span)?.and_then(|cell| self.as_decimal(cell)))
    }

    fn abs(&mut self, input: Span) -> Done {
        let Some(cell) = self.only(input)? else { return Ok(()) };
        let positive = |value: Decimal| if value.mantissa() < 0 { -value } else { value };
        let cell = match self.value(cell) {
            Some(Cell::Integer(value)) => value.checked_abs().map(Cell::Integer),
            Some(Cell::Decimal(at)) => {
                let value = positive(self.memory.decimals[at as usize]);
                Some(self.memory.decimal(value))
            }
            Some(Cell::Quantity(at)) => {
                let (value, unit) = self.memory.quantities[at as usize];
                Some(self.memory.quantity(positive(value), unit))
            }
            _ => return Err(NotEvaluable::error("a number is wanted")),
        };
        self.answer_maybe(input.start, cell)
    }

    fn whole(&mut self, function: Function, input: Span) -> Done {
        let value = self.decimal_of(input)?.map(|value| match function {
            Function::Ceiling => value.ceiling(0),
            Function::Floor => value.floor(0),
            _ => value.truncate(0),
        });
        self.answer_maybe(input.start, value.and_then(Decimal::to_integer).map(Cell::Integer))
    }

    fn float(&mut self, function: Function, input: Span) -> Done {
        let value = self.decimal_of(input)?.map(Decimal::to_float).map(|value| match function {
            Function::Exp => value.exp(),
            Function::Ln => value.ln(),
            _ => value.sqrt(),
        });
        self.answer_float(input, value)
    }

    fn answer_float(&mut self, input: Span, value: Option<f64>) -> Done {
        let value = value.and_then(Decimal::from_float);
        let cell = value.map(|value| self.memory.decimal(value));
        self.answer_maybe(input.start, cell)
    }

    fn log(&mut self, input: Span, argument: OpId) -> Done {
        let value = self.decimal_of(input)?;
        let span = self.eval(argument)?;
        let base = self.decimal_of(span)?;
        let log = value.zip(base).map(|(value, base)| value.to_float().ln() / base.to_float().ln());
        self.answer_float(input, log)
    }

    fn power(&mut self, input: Span, argument: OpId) -> Done {
        let value = self.number(input)?;
        let span = self.eval(argument)?;
        let exponent = self.number(span)?;
        let cell = match (value, exponent) {
            (Some(Cell::Integer(value)), Some(Cell::Integer(exponent))) if exponent >= 0 => {
                let exponent = u32::try_from(exponent).ok();
                exponent.and_then(|e| value.checked_pow(e)).map(Cell::Integer)
            }
            (Some(value), Some(exponent)) => {
                let (value, by) = (self.as_decimal(value), self.as_decimal(exponent));
                let power = value.zip(by).and_then(|(value, by)| power(value, by));
                power.map(|value| self.memory.decimal(value))
            }
            _ => None,
        };
        self.answer_maybe(input.start, cell)
    }

    fn round(&mut self, input: Span, argument: Option<OpId>) -> Done {
        let value = self.decimal_of(input)?;
        let places = match argument {
            Some(argument) => self.argument_integer(argument)?,
            None => Some(0),
        };
        let places = match places.map(u8::try_from) {
            Some(Err(_)) => return Err(NotEvaluable::error("a number of digits from 0 to 28")),
            Some(Ok(places)) => Some(places),
            None => None,
        };
        let rounded = value.zip(places).map(|(value, places)| value.round(places));
        let cell = rounded.map(|value| self.memory.decimal(value));
        self.answer_maybe(input.start, cell)
    }
}

/// Exact for a small whole exponent, else by the irrational way.
fn power(value: Decimal, exponent: Decimal) -> Option<Decimal> {
    match exponent.to_integer().filter(|e| (0..=256).contains(e)) {
        Some(times) => {
            (0..times).try_fold(Decimal::from(1), |product, _| product.checked_mul(value))
        }
        None => Decimal::from_float(value.to_float().powf(exponent.to_float())),
    }
}
