//! The evaluator: a walk over the operations, with one stack.
//!
//! An operation pushes its result; its inputs lie below it until they are taken out. Spans of the stack
//! stay where they are while anything above them is at work.

mod boundary;
mod codec;
mod collections;
mod compare;
mod convert;
mod fhir;
mod lambda;
mod math;
mod operators;
mod path;
mod quick;
mod regexes;
mod set;
mod strings;
mod values;

pub(super) use quick::{takes as quick_takes, truth as quick_truth};
pub(super) use values::moment_system;

use super::code::{Code, Op, OpId};
use super::functions::Function;
use super::item::{Cell, Item, Text};
use super::memory::Memory;
use super::scene::{Cause, NotEvaluable, Scene};
use crate::tree::{NodeId, Tree};

/// How many steps an evaluation may take: an operation, a child looked at, a pair compared is one.
///
/// Beyond it the expression is [`Cause::Limit`]: about a tenth of a second, and enough to walk any message
/// of the size that the codecs let in.
pub const STEPS: u64 = 4_000_000;

/// How many bytes of text an evaluation may make: what doubles a text forty times is stopped early.
const TEXT: usize = 16 << 20;

/// A piece of the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    const NONE: Span = Span { start: 0, end: 0 };

    fn len(self) -> usize {
        self.end - self.start
    }
}

/// What `$this`, `$index` and `$total` are.
#[derive(Clone, Copy)]
struct Frame {
    this: Span,
    index: i64,
    total: Span,
}

/// An evaluation.
pub(super) struct Run<'a> {
    pub(super) code: &'a Code,
    scene: &'a Scene<'a>,
    memory: &'a mut Memory,
    frame: Frame,
    focus: Span,
    steps: u64,
}

type Done = Result<(), NotEvaluable>;

/// Evaluates `code`; its result is the whole stack.
pub(super) fn run(
    code: &Code,
    scene: &Scene<'_>,
    focus: &[Item<'_>],
    variables: &[&[Item<'_>]],
    memory: &mut Memory,
) -> Done {
    memory.clear();
    memory.scratch.push_str(&code.texts);
    memory.decimals.extend_from_slice(&code.decimals);
    memory.moments.extend_from_slice(&code.moments);
    memory.quantities.extend_from_slice(&code.quantities);
    for item in focus {
        let cell = memory.cell(item);
        memory.stack.push(cell);
    }
    let focus = Span { start: 0, end: memory.stack.len() };
    for variable in variables {
        let start = memory.stack.len() as u32;
        for item in *variable {
            let cell = memory.cell(item);
            memory.stack.push(cell);
        }
        memory.variables.push((start, memory.stack.len() as u32));
    }
    let frame = Frame { this: focus, index: 0, total: Span::NONE };
    let mut run = Run { code, scene, memory, frame, focus, steps: 0 };
    let result = run.eval(code.root);
    run.memory.steps = run.steps;
    match result {
        Ok(span) => {
            memory.stack.drain(..span.start);
            Ok(())
        }
        Err(reason) => {
            memory.stack.clear();
            Err(reason)
        }
    }
}

impl<'a> Run<'a> {
    /// Evaluates an operation; its result is what was pushed.
    fn eval(&mut self, id: OpId) -> Result<Span, NotEvaluable> {
        let (op, offset) = self.code.ops[id.0 as usize];
        let start = self.top();
        let done = self.step(1).and_then(|()| self.operation(op, start));
        let done = done.and_then(|()| self.within_text());
        match done {
            Ok(()) => Ok(Span { start, end: self.top() }),
            Err(reason) if reason.offset == 0 => Err(NotEvaluable { offset, ..reason }),
            Err(reason) => Err(reason),
        }
    }

    fn operation(&mut self, op: Op, start: usize) -> Done {
        match op {
            Op::Empty => Ok(()),
            Op::Cell(cell) => {
                self.push(cell);
                Ok(())
            }
            Op::This => self.copy(self.frame.this),
            Op::Total => self.copy(self.frame.total),
            Op::Index => {
                self.push(Cell::Integer(self.frame.index));
                Ok(())
            }
            Op::Variable(slot) => {
                let span = self.memory.variables.get(usize::from(slot)).copied();
                let (start, end) = span.unwrap_or((0, 0));
                self.copy(Span { start: start as usize, end: end as usize })
            }
            Op::Context => self.copy(self.focus),
            Op::Resource => self.resource(false),
            Op::Holder => self.holder(),
            Op::RootResource => self.resource(true),
            Op::Step(input, name, how) => {
                let input = self.eval(input)?;
                self.children_named(input, name, how)
            }
            Op::Part(input, part) => {
                let input = self.eval(input)?;
                self.parts(input, part)
            }
            Op::Filter(input, test) => {
                let input = self.eval(input)?;
                self.retain(input, |run, cell| Ok(run.is(cell, test)))
            }
            Op::OfType(input, test) => {
                let input = self.eval(input)?;
                self.retain(input, |run, cell| Ok(run.is_exactly(cell, test)))
            }
            Op::As(input, test) => {
                let input = self.eval(input)?;
                if input.len() > 1 {
                    return Err(NotEvaluable::error("`as` on several items"));
                }
                self.retain(input, |run, cell| Ok(run.is_exactly(cell, test)))
            }
            Op::Is(input, test) => {
                let input = self.eval(input)?;
                let Some(cell) = self.only(input)? else { return Ok(()) };
                let is = self.is(cell, test);
                self.answer(start, Cell::Boolean(is))
            }
            Op::At(input, index) => {
                let input = self.eval(input)?;
                let index = self.eval(index)?;
                let wanted = self.only_integer(index)?;
                let place = wanted.and_then(|i| usize::try_from(i).ok());
                let place = place.filter(|i| *i < input.len());
                let cell = place.map(|i| self.memory.stack[input.start + i]);
                self.answer_maybe(start, cell)
            }
            Op::Negative(operand) => self.sign(operand, true),
            Op::Positive(operand) => self.sign(operand, false),
            Op::Descending(key) => self.eval(key).map(|_| ()),
            Op::Digits(input, first, count) => self.digits(input, first as usize, count),
            Op::Binary(operator, a, b) => self.binary(operator, a, b, start),
            Op::Call(function, input, first, count) => {
                let input = self.eval(input)?;
                let first = first as usize;
                let code: &'a Code = self.code;
                let arguments = &code.arguments[first..first + usize::from(count)];
                self.call(function, input, arguments)
            }
            Op::Pattern(function, input, first, count, regex) => {
                let input = self.eval(input)?;
                let first = first as usize;
                let code: &'a Code = self.code;
                let arguments = &code.arguments[first..first + usize::from(count)];
                let at = usize::from(regex);
                let pattern = (&code.regexes[at], code.scanners[at].as_ref());
                self.pattern(function, input, arguments, pattern)
            }
        }
    }

    /// Calls a function whose input lies on top of the stack.
    fn call(&mut self, function: Function, input: Span, arguments: &[OpId]) -> Done {
        if let Some(done) = self.existence(function, input, arguments) {
            return done;
        }
        if let Some(done) = self.subset(function, input, arguments) {
            return done;
        }
        if let Some(done) = self.with_lambda(function, input, arguments) {
            return done;
        }
        if let Some(done) = self.text_function(function, input, arguments) {
            return done;
        }
        if let Some(done) = self.number_function(function, input, arguments) {
            return done;
        }
        if let Some(done) = self.fhir_function(function, input, arguments) {
            return done;
        }
        self.conversion(function, input, arguments)
    }

    fn top(&self) -> usize {
        self.memory.stack.len()
    }

    fn push(&mut self, cell: Cell) {
        self.memory.stack.push(cell);
    }

    fn step(&mut self, count: u64) -> Done {
        self.steps += count;
        match self.steps > STEPS {
            true => Err(NotEvaluable {
                cause: Cause::Limit,
                reason: "the expression takes too many steps on this input",
                offset: 0,
            }),
            false => Ok(()),
        }
    }

    fn within_text(&self) -> Done {
        match self.memory.scratch.len() > TEXT {
            true => Err(NotEvaluable {
                cause: Cause::Limit,
                reason: "the expression makes too much text of this input",
                offset: 0,
            }),
            false => Ok(()),
        }
    }

    fn copy(&mut self, span: Span) -> Done {
        self.step(span.len() as u64)?;
        self.memory.stack.extend_from_within(span.start..span.end);
        Ok(())
    }

    fn tree(&self, tree: u8) -> &'a Tree {
        self.scene.trees[usize::from(tree)]
    }

    /// Takes the span out from under what was pushed after it.
    fn close(&mut self, span: Span) -> Done {
        let length = self.top();
        self.memory.stack.copy_within(span.end..length, span.start);
        self.memory.stack.truncate(length - span.len());
        Ok(())
    }

    /// Puts one cell in the place of all that was pushed from `start` on.
    fn answer(&mut self, start: usize, cell: Cell) -> Done {
        self.memory.stack.truncate(start);
        self.push(cell);
        Ok(())
    }

    fn answer_maybe(&mut self, start: usize, cell: Option<Cell>) -> Done {
        self.memory.stack.truncate(start);
        self.memory.stack.extend(cell);
        Ok(())
    }

    fn answer_truth(&mut self, start: usize, truth: Option<bool>) -> Done {
        self.answer_maybe(start, truth.map(Cell::Boolean))
    }

    fn cell(&self, at: usize) -> Cell {
        self.memory.stack[at]
    }

    /// The only item of a span; several are an error.
    fn only(&self, span: Span) -> Result<Option<Cell>, NotEvaluable> {
        match span.len() {
            0 => Ok(None),
            1 => Ok(Some(self.cell(span.start))),
            _ => Err(NotEvaluable::error("several items where one is wanted")),
        }
    }

    /// Keeps the items of the topmost span that `keep` wants.
    fn retain(
        &mut self,
        span: Span,
        mut keep: impl FnMut(&mut Self, Cell) -> Result<bool, NotEvaluable>,
    ) -> Done {
        let mut kept = span.start;
        for at in span.start..span.end {
            let cell = self.cell(at);
            if keep(self, cell)? {
                self.memory.stack[kept] = cell;
                kept += 1;
            }
        }
        self.memory.stack.truncate(kept);
        self.step(span.len() as u64)
    }

    fn node_of(cell: Cell) -> Option<(u8, NodeId)> {
        match cell {
            Cell::Node(tree, node) => Some((tree, node)),
            Cell::Text(Text::Node(tree, node)) => Some((tree, node)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
