//! Existence, subsetting and combining.

use super::super::code::{Op, OpId};
use super::super::functions::Function;
use super::super::item::Cell;
use super::super::scene::NotEvaluable;
use super::{Done, Run, Span};

impl Run<'_> {
    pub(super) fn existence(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Option<Done> {
        let start = input.start;
        Some(match function {
            Function::Empty => self.answer(start, Cell::Boolean(input.len() == 0)),
            Function::Exists if arguments.is_empty() => {
                self.answer(start, Cell::Boolean(input.len() > 0))
            }
            Function::Count => self.answer(start, Cell::Integer(input.len() as i64)),
            Function::AllTrue => self.booleans(input, true, true),
            Function::AllFalse => self.booleans(input, true, false),
            Function::AnyTrue => self.booleans(input, false, true),
            Function::AnyFalse => self.booleans(input, false, false),
            Function::Not => {
                self.truth(input).and_then(|truth| self.answer_truth(start, truth.map(|t| !t)))
            }
            Function::SubsetOf => self.contained_in(input, arguments[0], false),
            Function::SupersetOf => self.contained_in(input, arguments[0], true),
            Function::Distinct => self.distinct(input),
            Function::IsDistinct => {
                let before = input.len();
                self.distinct(input).and_then(|()| {
                    let all = self.top() - start == before;
                    self.answer(start, Cell::Boolean(all))
                })
            }
            _ => return None,
        })
    }

    fn booleans(&mut self, input: Span, all: bool, wanted: bool) -> Done {
        let mut result = all;
        for at in input.start..input.end {
            let cell = self.cell(at);
            let Some(Cell::Boolean(value)) = self.value(cell) else {
                return Err(NotEvaluable::error("a collection of Booleans is wanted"));
            };
            if (value == wanted) != all {
                result = !all;
            }
        }
        self.answer(input.start, Cell::Boolean(result))
    }

    /// Whether the input is within the argument, or the argument within the input.
    fn contained_in(&mut self, input: Span, argument: OpId, turned: bool) -> Done {
        let other = self.eval(argument)?;
        let (small, large) = if turned { (other, input) } else { (input, other) };
        let mut set = self.set(large.len());
        for at in large.start..large.end {
            let cell = self.cell(at);
            self.insert(&mut set, cell, at);
        }
        let mut all = true;
        for at in small.start..small.end {
            let cell = self.cell(at);
            all = all && self.find(&mut set, cell, large)?.is_some();
        }
        self.give_back(set);
        self.answer(input.start, Cell::Boolean(all))
    }

    pub(super) fn subset(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Option<Done> {
        Some(match function {
            Function::First => {
                self.memory.stack.truncate(input.end.min(input.start + 1));
                Ok(())
            }
            Function::Last => self.cut(input, input.len().saturating_sub(1), usize::MAX),
            Function::Tail => self.cut(input, 1, usize::MAX),
            Function::Single => self.only(input).map(|_| ()),
            Function::Skip => self.skip(input, arguments[0]),
            Function::Take => self.take(input, arguments[0]),
            Function::Intersect | Function::Exclude => self.eval(arguments[0]).and_then(|others| {
                let inside = function == Function::Intersect;
                self.keep_those(input, others, inside)?;
                let rest = Span { end: self.top(), ..input };
                if inside { self.distinct(rest) } else { Ok(()) }
            }),
            Function::Combine => self.eval(arguments[0]).map(|_| ()),
            Function::Union => self
                .eval(arguments[0])
                .and_then(|other| self.distinct(Span { end: other.end, ..input })),
            _ => return None,
        })
    }

    fn cut(&mut self, input: Span, skip: usize, take: usize) -> Done {
        let skip = skip.min(input.len());
        let end = input.start + input.len().min(skip.saturating_add(take));
        self.memory.stack.truncate(end);
        self.memory.stack.drain(input.start..input.start + skip);
        Ok(())
    }

    fn skip(&mut self, input: Span, argument: OpId) -> Done {
        let count = self.argument_integer(argument)?;
        match count {
            None => self.cut(input, usize::MAX, 0),
            Some(count) => self.cut(input, usize::try_from(count).unwrap_or(0), usize::MAX),
        }
    }

    fn take(&mut self, input: Span, argument: OpId) -> Done {
        let count = self.argument_integer(argument)?;
        self.cut(input, 0, count.and_then(|c| usize::try_from(c).ok()).unwrap_or(0))
    }

    /// An argument's integer; the argument is taken off the stack again.
    pub(super) fn argument_integer(&mut self, argument: OpId) -> Result<Option<i64>, NotEvaluable> {
        if let Op::Cell(Cell::Integer(value)) = self.code.ops[argument.0 as usize].0 {
            return Ok(Some(value));
        }
        let span = self.eval(argument)?;
        let value = self.only_integer(span)?;
        self.memory.stack.truncate(span.start);
        Ok(value)
    }
}
