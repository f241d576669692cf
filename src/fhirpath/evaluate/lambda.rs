//! Functions whose argument is evaluated for each item, as `$this`.

use super::super::code::{Op, OpId};
use super::super::functions::Function;
use super::super::item::Cell;
use super::super::scene::NotEvaluable;
use super::{Done, Frame, Run, Span};
use std::cmp::Ordering;

impl Run<'_> {
    pub(super) fn with_lambda(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Option<Done> {
        let outer = self.frame;
        let done = match function {
            Function::Exists => self.any(input, arguments[0]),
            Function::All => self.all(input, arguments[0]),
            Function::Where => self.filter(input, arguments[0]),
            Function::Select => self.select(input, arguments[0]),
            Function::Repeat => self.repeat(input, arguments[0]),
            Function::Iif => self.iif(input, arguments),
            Function::Aggregate => self.aggregate(input, arguments),
            Function::Sort => self.sort(input, arguments),
            // nothing is printed: a trace would be a message's value in a log
            Function::Trace => Ok(()),
            _ => return None,
        };
        self.frame = outer;
        Some(done)
    }

    fn on(&mut self, at: usize, first: usize) {
        let this = Span { start: at, end: at + 1 };
        self.frame = Frame { this, index: (at - first) as i64, ..self.frame };
    }

    /// The criterion's truth for the item at `at`.
    fn holds(
        &mut self,
        at: usize,
        first: usize,
        criterion: OpId,
    ) -> Result<Option<bool>, NotEvaluable> {
        self.on(at, first);
        let result = self.eval(criterion)?;
        let truth = self.truth(result)?;
        self.memory.stack.truncate(result.start);
        Ok(truth)
    }

    fn any(&mut self, input: Span, criterion: OpId) -> Done {
        let mut found = false;
        for at in input.start..input.end {
            if self.holds(at, input.start, criterion)? == Some(true) {
                found = true;
                break;
            }
        }
        self.answer(input.start, Cell::Boolean(found))
    }

    fn all(&mut self, input: Span, criterion: OpId) -> Done {
        let mut all = true;
        for at in input.start..input.end {
            if self.holds(at, input.start, criterion)? != Some(true) {
                all = false;
                break;
            }
        }
        self.answer(input.start, Cell::Boolean(all))
    }

    fn filter(&mut self, input: Span, criterion: OpId) -> Done {
        let mut kept = input.start;
        for at in input.start..input.end {
            if self.holds(at, input.start, criterion)? == Some(true) {
                self.memory.stack[kept] = self.memory.stack[at];
                kept += 1;
            }
        }
        self.memory.stack.truncate(kept);
        Ok(())
    }

    fn select(&mut self, input: Span, projection: OpId) -> Done {
        for at in input.start..input.end {
            self.on(at, input.start);
            self.eval(projection)?;
        }
        self.close(input)
    }

    /// Applies the projection to what it yields until nothing new comes.
    fn repeat(&mut self, input: Span, projection: OpId) -> Done {
        // [input][found ...][new of this item]: what is found is worked through in turn
        let found = self.top();
        let mut next = input.start;
        let mut set = self.set(64);
        let mut held = 0;
        while next < self.top() {
            self.on(next, input.start);
            let new = self.eval(projection)?;
            let mut kept = new.start;
            for at in new.start..new.end {
                let cell = self.cell(at);
                let all = Span { start: found, end: kept };
                if self.find(&mut set, cell, all)?.is_none() {
                    self.memory.stack[kept] = cell;
                    self.insert(&mut set, cell, kept);
                    kept += 1;
                    held += 1;
                    set = self.grown(set, held, Span { start: found, end: kept });
                }
            }
            self.memory.stack.truncate(kept);
            next += 1;
        }
        self.give_back(set);
        self.close(input)
    }

    fn grown(&mut self, set: Option<Vec<u32>>, held: usize, all: Span) -> Option<Vec<u32>> {
        let full = set.as_ref().is_some_and(|slots| held * 2 >= slots.len());
        if !full {
            return set;
        }
        self.give_back(set);
        let mut larger = self.set(held * 2);
        for at in all.start..all.end {
            let cell = self.cell(at);
            self.insert(&mut larger, cell, at);
        }
        larger
    }

    fn iif(&mut self, input: Span, arguments: &[OpId]) -> Done {
        if input.len() > 1 {
            return Err(NotEvaluable::error("`iif()` on several items"));
        }
        self.frame.this = input;
        let criterion = self.eval(arguments[0])?;
        let truth = match criterion.len() {
            0 => None,
            1 => match self.value(self.memory.stack[criterion.start]) {
                Some(Cell::Boolean(value)) => Some(value),
                _ => return Err(NotEvaluable::error("the condition of `iif()` is not a Boolean")),
            },
            _ => return Err(NotEvaluable::error("the condition of `iif()` is not a Boolean")),
        };
        self.memory.stack.truncate(criterion.start);
        let branch = if truth == Some(true) { arguments.get(1) } else { arguments.get(2) };
        if let Some(branch) = branch {
            self.eval(*branch)?;
        }
        self.close(input)
    }

    fn aggregate(&mut self, input: Span, arguments: &[OpId]) -> Done {
        let mut total = match arguments.get(1) {
            Some(initial) => self.eval(*initial)?,
            None => Span { start: self.top(), end: self.top() },
        };
        for at in input.start..input.end {
            self.on(at, input.start);
            self.frame.total = total;
            let next = self.eval(arguments[0])?;
            self.close(total)?;
            total = Span { start: total.start, end: total.start + next.len() };
        }
        self.close(input)
    }

    /// Sorts by keys, or by the items themselves; what has no key comes first, upwards and downwards.
    fn sort(&mut self, input: Span, keys: &[OpId]) -> Done {
        let width = keys.len().max(1);
        let mut downwards = [false; 8];
        // one cell a key; this one stands for a key that is absent
        let none = Cell::FhirType(crate::tree::types::TypeId::NONE);
        for at in input.start..input.end {
            self.on(at, input.start);
            if keys.is_empty() {
                let cell = self.cell(at);
                self.push(cell);
            }
            for (i, key) in keys.iter().enumerate() {
                downwards[i] = matches!(self.code.ops[key.0 as usize].0, Op::Descending(_));
                let result = self.eval(*key)?;
                let key = self.only(result)?.unwrap_or(none);
                self.answer(result.start, key)?;
            }
        }
        let items = input.len();
        self.step((items * (usize::BITS - items.leading_zeros()) as usize) as u64)?;
        let mut order: Vec<usize> = (0..items).collect();
        let mut merged = Vec::with_capacity(items);
        let mut run = 1;
        // by merging, since a comparison can fail or be open, which the library's sort does not allow
        while run < items {
            merged.clear();
            for left in (0..items).step_by(run * 2) {
                let (middle, end) = ((left + run).min(items), (left + run * 2).min(items));
                let (mut a, mut b) = (left, middle);
                while a < middle && b < end {
                    let keys = Keys { start: input.end, width, none, downwards: &downwards };
                    let turned = self.by_keys(keys, order[a], order[b])? == Ordering::Greater;
                    let next = if turned { &mut b } else { &mut a };
                    merged.push(order[*next]);
                    *next += 1;
                }
                merged.extend_from_slice(&order[a..middle]);
                merged.extend_from_slice(&order[b..end]);
            }
            std::mem::swap(&mut order, &mut merged);
            run *= 2;
        }
        self.memory.stack.truncate(input.end);
        for item in order {
            let cell = self.cell(input.start + item);
            self.push(cell);
        }
        self.close(input)
    }
    fn by_keys(&mut self, keys: Keys<'_>, a: usize, b: usize) -> Result<Ordering, NotEvaluable> {
        for i in 0..keys.width {
            let key = |item: usize| self.cell(keys.start + item * keys.width + i);
            let (x, y) = (key(a), key(b));
            let order = match (x == keys.none, y == keys.none) {
                (true, true) => continue,
                (true, false) => return Ok(Ordering::Less),
                (false, true) => return Ok(Ordering::Greater),
                _ => self.order(x, y)?.unwrap_or(Ordering::Equal),
            };
            if order != Ordering::Equal {
                return Ok(if keys.downwards[i] { order.reverse() } else { order });
            }
        }
        Ok(Ordering::Equal)
    }
}

/// Where the keys of a sort lie on the stack.
#[derive(Clone, Copy)]
struct Keys<'a> {
    start: usize,
    width: usize,
    none: Cell,
    downwards: &'a [bool],
}
