//! Function calls: arguments, the types they see as `$this`, the types that come out.

use super::super::code::{Op, OpId};
use super::super::functions::{self, Argument, Entry, Function, Needs, Yields};
use super::super::patterns;
use super::super::scanner::Scanner;
use super::super::shape::{Kind, Shape};
use super::super::syntax::{self, Syntax};
use super::{Compiler, Fault, Scope};
use crate::message::near;
use crate::tree::types::System;

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        input: Option<&Syntax>,
        name: &str,
        arguments: &[Syntax],
        at: u32,
    ) -> (OpId, Shape) {
        let Some(entry) = functions::find(name) else {
            let meant = near::nearest(name, functions::FUNCTIONS.iter().map(|e| e.name));
            let text = format!("unknown function `{name}()`");
            return self.fault(Fault::new(at, "fhirpath-unknown-function", text).meant(meant));
        };
        if let Some(fault) = wrong_count(entry, arguments.len(), at) {
            return self.fault(fault);
        }
        let implicit = input.is_none();
        let (input, shape) = self.input(input, at);
        if implicit {
            self.looks_at_focus(entry.function);
        }
        if entry.needs == Needs::Order {
            self.check_order(&shape, name, at);
        }
        if entry.needs == Needs::Text && shape.never_text(self.table) {
            let types = shape.describe(self.table);
            let text = format!("`{name}()` needs a text, and its input is {types}");
            return self.fault(Fault::new(at, "fhirpath-wrong-type", text));
        }
        match entry.function {
            Function::Is | Function::As | Function::OfType => {
                match self.argument_type(&arguments[0]) {
                    Ok(name) => self.type_operation(input, shape, &name, entry.name, at),
                    Err(fault) => self.fault(fault),
                }
            }
            Function::Repeat => self.repeat(input, &shape, &arguments[0], at),
            Function::Iif => self.iif(input, &shape, arguments, at),
            Function::Aggregate => self.aggregate(input, &shape, arguments, at),
            _ => self.ordinary(entry, input, shape, arguments, at),
        }
    }

    /// Notes what a function without an input looks at.
    fn looks_at_focus(&mut self, function: Function) {
        if !self.scope().outer {
            return;
        }
        match function {
            Function::Iif | Function::Now | Function::Today | Function::TimeOfDay => {}
            Function::Extension => {
                if let Some(looked) = &mut self.looked
                    && !looked.iter().any(|known| **known == *"extension")
                {
                    looked.push("extension".into());
                }
            }
            _ => self.uses_focus(),
        }
    }

    fn ordinary(
        &mut self,
        entry: &Entry,
        input: OpId,
        shape: Shape,
        arguments: &[Syntax],
        at: u32,
    ) -> (OpId, Shape) {
        let mut compiled = Vec::new();
        let mut shapes = Vec::new();
        for (argument, how) in arguments.iter().zip(entry.arguments) {
            let sort = entry.function == Function::Sort;
            let (op, shape) = match how {
                Argument::Lambda if sort => self.lambda(&shape, None, |c| c.sort_key(argument)),
                Argument::Lambda => self.lambda(&shape, None, |c| c.expression(argument)),
                Argument::Value | Argument::Type => self.expression(argument),
            };
            compiled.push(op);
            shapes.push(shape);
        }
        let pattern = match self.pattern(entry.function, arguments) {
            Ok(pattern) => pattern,
            Err(fault) => return self.fault(fault),
        };
        let (start, count) = self.push_arguments(&compiled);
        let op = match pattern {
            Some(at) => Op::Pattern(entry.function, input, start, count, at),
            None => Op::Call(entry.function, input, start, count),
        };
        let yields = self.yields(entry, shape, shapes);
        (self.op(op, at), yields)
    }

    fn push_arguments(&mut self, compiled: &[OpId]) -> (u32, u8) {
        let start = self.code.arguments.len() as u32;
        self.code.arguments.extend_from_slice(compiled);
        (start, compiled.len() as u8)
    }

    fn yields(&self, entry: &Entry, input: Shape, mut arguments: Vec<Shape>) -> Shape {
        match entry.yields {
            Yields::System(system) => Shape { unordered: input.unordered, ..Shape::system(system) },
            Yields::Input => input,
            Yields::Special => match entry.function {
                Function::Select => {
                    let unordered = input.unordered;
                    Shape { unordered, ..arguments.pop().unwrap_or_default() }
                }
                Function::Union | Function::Combine => {
                    input.merge(arguments.pop().unwrap_or_default())
                }
                Function::Children | Function::Descendants => {
                    Shape { unordered: true, ..Shape::open() }
                }
                Function::Type => Shape { kinds: vec![Kind::Type], ..Shape::default() },
                Function::Extension => Shape::named(self.table, "Extension"),
                Function::Resolve => Shape::named(self.table, "Resource"),
                Function::GetValue | Function::LowBoundary | Function::HighBoundary => {
                    self.as_values(&input)
                }
                _ => Shape::open(),
            },
        }
    }

    fn as_values(&self, shape: &Shape) -> Shape {
        let systems = shape.kinds.iter().map(|kind| match kind {
            Kind::Fhir(id) => self.table.system(*id),
            Kind::System(system) => Some(*system),
            Kind::Type => None,
        });
        let systems: Option<Vec<_>> = systems.collect();
        match systems {
            Some(systems) if !shape.open && !systems.is_empty() => {
                let merge = |all: Shape, one| all.merge(Shape::system(one));
                systems.into_iter().fold(Shape::default(), merge)
            }
            _ => Shape::open(),
        }
    }

    fn lambda<T>(
        &mut self,
        this: &Shape,
        total: Option<Shape>,
        compile: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.scopes.push(Scope { this: this.clone(), total, outer: false });
        let result = compile(self);
        self.scopes.pop();
        result
    }

    /// `-key` sorts downwards, whatever the key's type.
    fn sort_key(&mut self, argument: &Syntax) -> (OpId, Shape) {
        match &argument.kind {
            syntax::Kind::Sign(true, key) => {
                let (key, shape) = self.expression(key);
                (self.op(Op::Descending(key), argument.offset), shape)
            }
            _ => self.expression(argument),
        }
    }

    fn repeat(&mut self, input: OpId, shape: &Shape, argument: &Syntax, at: u32) -> (OpId, Shape) {
        // what it yields is its input again; two rounds reach the types of every recursion in FHIR
        let mut this = shape.clone();
        let mut compiled = self.lambda(&this, None, |c| c.expression(argument));
        for _ in 0..2 {
            this = this.merge(compiled.1.clone());
            compiled = self.lambda(&this, None, |c| c.expression(argument));
        }
        let (start, count) = self.push_arguments(&[compiled.0]);
        let op = self.op(Op::Call(Function::Repeat, input, start, count), at);
        (op, compiled.1)
    }

    fn iif(&mut self, input: OpId, shape: &Shape, arguments: &[Syntax], at: u32) -> (OpId, Shape) {
        let outer = self.scope().outer && matches!(self.code.ops[input.0 as usize].0, Op::This);
        let scope = Scope { outer, this: shape.clone(), total: self.scope().total.clone() };
        self.scopes.push(scope);
        let (criterion, what) = self.expression(&arguments[0]);
        let branches: Vec<_> = arguments[1..].iter().map(|a| self.expression(a)).collect();
        self.scopes.pop();
        if what.never(System::Boolean) {
            let text = "the condition of `iif()` is not a Boolean";
            return self.fault(Fault::new(arguments[0].offset, "fhirpath-wrong-type", text));
        }
        let mut ops = vec![criterion];
        let mut result = Shape::default();
        for (op, shape) in branches {
            ops.push(op);
            result = result.merge(shape);
        }
        let (start, count) = self.push_arguments(&ops);
        (self.op(Op::Call(Function::Iif, input, start, count), at), result)
    }

    fn aggregate(
        &mut self,
        input: OpId,
        shape: &Shape,
        arguments: &[Syntax],
        at: u32,
    ) -> (OpId, Shape) {
        let initial = arguments.get(1).map(|a| self.expression(a));
        let body = self.lambda(shape, Some(Shape::open()), |c| c.expression(&arguments[0]));
        let mut ops = vec![body.0];
        ops.extend(initial.map(|(op, _)| op));
        let (start, count) = self.push_arguments(&ops);
        (self.op(Op::Call(Function::Aggregate, input, start, count), at), body.1)
    }

    /// The regular expression of a literal pattern, compiled now.
    fn pattern(&mut self, function: Function, arguments: &[Syntax]) -> Result<Option<u16>, Fault> {
        let matching = [Function::Matches, Function::MatchesFull, Function::ReplaceMatches];
        if !matching.contains(&function) {
            return Ok(None);
        }
        let syntax::Kind::Text(text) = &arguments[0].kind else { return Ok(None) };
        let full = format!("^(?:{text})$");
        let wanted = if function == Function::MatchesFull { &full } else { text };
        let Some(regex) = patterns::compile(wanted) else {
            let text = "a pattern that cannot be used: no look-behind, no back-references, \
                        look-ahead only over single characters, a megabyte compiled at most";
            return Err(Fault::new(arguments[0].offset, "fhirpath-pattern", text));
        };
        self.code.regexes.push(regex);
        self.code.scanners.push(Scanner::of(wanted));
        Ok(u16::try_from(self.code.regexes.len() - 1).ok())
    }
}

fn wrong_count(entry: &Entry, given: usize, at: u32) -> Option<Fault> {
    let most = entry.arguments.len();
    if (entry.required..=most).contains(&given) {
        return None;
    }
    let wanted = match entry.required == most {
        true => most.to_string(),
        false => format!("{} to {most}", entry.required),
    };
    let text = format!("`{}()` takes {wanted} arguments, not {given}", entry.name);
    Some(Fault::new(at, "fhirpath-arguments", text))
}
