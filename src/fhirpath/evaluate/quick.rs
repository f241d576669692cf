//! Conditions on one node that only count, compare and match what paths lead to, answered without a stack.
//!
//! Promises: an answer is the one that the evaluator gives; what it has no answer for (several items where one is
//! wanted, whatever could be an error) is left to the evaluator. Asks somebody else only if it is given somebody.
//! Never: allocates for values of ordinary length.

use super::super::code::{Code, How, Op, OpId, Test};
use super::super::functions::Function;
use super::super::item::{Cell, Item, Text};
use super::super::scene::Hooks;
use super::super::syntax::Binary;
use super::operators::logic;
use crate::tree::types::{ElementId, System, Table, TypeId};
use crate::tree::{NodeId, Tree};
use std::cell::Cell as Counter;

/// A single value, or none.
#[derive(Clone, Copy)]
enum Value {
    Empty,
    Truth(bool),
    Number(i64),
}

/// What is asked about: a node of a tree.
#[derive(Clone, Copy)]
struct Quick<'a> {
    code: &'a Code,
    table: &'a Table,
    tree: &'a Tree,
    focus: NodeId,
    /// What `$this` is.
    this: NodeId,
    hooks: Option<&'a dyn Hooks>,
    steps: &'a Counter<u64>,
}

/// Whether a condition is true of a node; none: ask the evaluator.
pub(in super::super) fn truth(
    code: &Code,
    table: &Table,
    tree: &Tree,
    focus: NodeId,
    hooks: Option<&dyn Hooks>,
    steps: &mut u64,
) -> Option<bool> {
    let counter = Counter::new(0);
    let quick = Quick { code, table, tree, focus, this: focus, hooks, steps: &counter };
    let found = quick.value(code.root);
    *steps += counter.get();
    match found? {
        Value::Truth(truth) => Some(truth),
        _ => None,
    }
}

/// Whether an expression has nothing that is never answered here, with or without somebody to ask.
pub(in super::super) fn takes(code: &Code, hooks: bool) -> bool {
    code.ops.iter().all(|(op, _)| match op {
        Op::Empty | Op::Cell(_) | Op::This | Op::Context | Op::Step(..) | Op::OfType(..) => true,
        Op::Digits(..) | Op::Binary(..) => true,
        // a regular expression wants a cache of its own
        Op::Pattern(Function::Matches, _, _, _, at) => code.scanners[usize::from(*at)].is_some(),
        Op::Call(function, ..) => match function {
            Function::Not | Function::Count | Function::Exists | Function::Empty => true,
            // what a sum of digits was made of
            Function::Extension | Function::Substring | Function::To(_) => true,
            Function::All => true,
            Function::ConformsTo | Function::MemberOf => hooks,
            _ => false,
        },
        _ => false,
    })
}

impl<'a> Quick<'a> {
    fn op(&self, id: OpId) -> Op {
        self.code.ops[id.0 as usize].0
    }

    fn value(&self, id: OpId) -> Option<Value> {
        Some(match self.op(id) {
            Op::Empty => Value::Empty,
            Op::Cell(Cell::Boolean(value)) => Value::Truth(value),
            Op::Cell(Cell::Integer(value)) => Value::Number(value),
            Op::Call(Function::Not, input, _, 0) => match self.value(input)? {
                Value::Truth(value) => Value::Truth(!value),
                Value::Empty => Value::Empty,
                Value::Number(_) => return None,
            },
            Op::Call(Function::Count, input, _, 0) => Value::Number(self.count(input)?.1),
            Op::Call(Function::Exists, input, _, 0) => Value::Truth(self.count(input)?.1 > 0),
            Op::Call(Function::Empty, input, _, 0) => Value::Truth(self.count(input)?.1 == 0),
            Op::Call(Function::Exists, input, first, 1) => self.holds(input, first, true)?,
            Op::Call(Function::All, input, first, 1) => self.holds(input, first, false)?,
            Op::Call(Function::ConformsTo, input, first, 1) => {
                self.asked(input, first, |hooks, node, url| hooks.conforms_to(0, node, url).ok())?
            }
            Op::Call(Function::MemberOf, input, first, 1) => {
                self.asked(input, first, |hooks, node, url| {
                    hooks.member_of(&Item::Node(0, node), url).ok()
                })?
            }
            Op::Binary(operator, a, b) => self.binary(operator, a, b)?,
            Op::Digits(input, first, count) => {
                let digits = |text: &str| self.digits(text, first as usize, usize::from(count));
                self.text(input, digits)?.map_or(Value::Empty, Value::Number)
            }
            Op::Pattern(Function::Matches, input, _, _, regex) => {
                let scanner = self.code.scanners[usize::from(regex)].as_ref()?;
                Value::Truth(self.text(input, |text| scanner.matches(text))?)
            }
            _ => return None,
        })
    }

    /// Whether a criterion holds for one of the nodes that a path leads to (`wanted`), or for all of them.
    fn holds(&self, path: OpId, criterion: u32, wanted: bool) -> Option<Value> {
        let criterion = self.code.arguments[criterion as usize];
        let mut found = Some(!wanted);
        self.each(path, &mut |this| {
            if found == Some(!wanted) {
                let one = Quick { this, ..*self };
                found = one.optional_truth(criterion).map(|truth| truth == Some(true));
            }
        })?;
        Some(Value::Truth(found?))
    }

    /// What somebody says of the one node that a path leads to.
    fn asked(
        &self,
        path: OpId,
        argument: u32,
        ask: impl FnOnce(&dyn Hooks, NodeId, &str) -> Option<bool>,
    ) -> Option<Value> {
        let name = self.constant(self.code.arguments[argument as usize])?;
        match self.count(path)? {
            (None, _) => Some(Value::Empty),
            (Some(node), 1) => Some(Value::Truth(ask(self.hooks?, node, name)?)),
            _ => None,
        }
    }

    fn binary(&self, operator: Binary, a: OpId, b: OpId) -> Option<Value> {
        match operator {
            Binary::And | Binary::Or | Binary::Xor | Binary::Implies => {
                let left = self.optional_truth(a)?;
                let decided = match (operator, left) {
                    (Binary::And, Some(false)) => Some(false),
                    (Binary::Or, Some(true)) | (Binary::Implies, Some(false)) => Some(true),
                    _ => None,
                };
                if let Some(decided) = decided {
                    return Some(Value::Truth(decided));
                }
                let right = self.optional_truth(b)?;
                Some(logic(operator, left, right).map_or(Value::Empty, Value::Truth))
            }
            Binary::Equal if self.constant(a).is_some() => self.same(self.constant(a)?, b),
            Binary::Equal if self.constant(b).is_some() => self.same(self.constant(b)?, a),
            _ => {
                let (Value::Number(x), Value::Number(y)) = (self.value(a)?, self.value(b)?) else {
                    return None;
                };
                numbers(operator, x, y)
            }
        }
    }

    fn optional_truth(&self, id: OpId) -> Option<Option<bool>> {
        match self.value(id)? {
            Value::Truth(value) => Some(Some(value)),
            Value::Empty => Some(None),
            Value::Number(_) => None,
        }
    }

    /// A text that stands in the expression.
    fn constant(&self, id: OpId) -> Option<&'a str> {
        match self.op(id) {
            Op::Cell(Cell::Text(Text::Scratch(start, len))) => {
                self.code.texts.get(start as usize..(start + len) as usize)
            }
            _ => None,
        }
    }

    /// Whether what a path leads to is one text.
    fn same(&self, text: &str, path: OpId) -> Option<Value> {
        let (first, count) = self.count(path)?;
        match (first, count) {
            (None, _) => Some(Value::Empty),
            (Some(node), 1) => {
                let string = self.table.system(self.tree.node(node).type_id);
                self.tree.value(node).filter(|_| string == Some(System::String))?;
                Some(Value::Truth(self.tree.text_is(node, text)))
            }
            _ => Some(Value::Truth(false)),
        }
    }

    /// Looks at the text of the one node that a path leads to.
    fn text<T>(&self, path: OpId, look: impl FnOnce(&str) -> T) -> Option<T> {
        match self.count(path)? {
            (Some(node), 1) => {
                let length = self.tree.node(node).value.len() as u64;
                self.steps.set(self.steps.get() + length / 64);
                self.tree.with_text(node, look)
            }
            _ => None,
        }
    }

    fn digits(&self, text: &str, first: usize, count: usize) -> Option<i64> {
        let (mut sum, ascii) = (0, text.is_ascii());
        for (place, weight) in &self.code.weights[first..first + count] {
            let digit = match ascii {
                true => text.as_bytes().get(usize::from(*place)).map(|b| char::from(*b)),
                false => text.chars().nth(usize::from(*place)),
            };
            sum += i64::from(digit?.to_digit(10)?) * i64::from(*weight);
        }
        Some(sum)
    }

    /// The first of the nodes that a path leads to, and how many there are.
    fn count(&self, path: OpId) -> Option<(Option<NodeId>, i64)> {
        let (mut first, mut count) = (None, 0);
        self.each(path, &mut |node| {
            first = first.or(Some(node));
            count += 1;
        })?;
        Some((first, count))
    }

    /// Meets the nodes that a path leads to, in order.
    fn each(&self, path: OpId, meet: &mut dyn FnMut(NodeId)) -> Option<()> {
        let tree = self.tree;
        match self.op(path) {
            Op::This => {
                meet(self.this);
                Some(())
            }
            Op::Context => {
                meet(self.focus);
                Some(())
            }
            Op::Step(input, name, how @ (How::Wire | How::Element)) => {
                self.each(input, &mut |node| {
                    for child in tree.children(node) {
                        self.steps.set(self.steps.get() + 1);
                        let one = tree.node(child);
                        let named = match how {
                            How::Element if one.element != ElementId::NONE => {
                                self.table.element_name(one.element)
                            }
                            _ => one.name,
                        };
                        if named == name {
                            meet(child);
                        }
                    }
                })
            }
            Op::OfType(input, test) => self.each(input, &mut |node| {
                if self.is_exactly(node, test) {
                    meet(node);
                }
            }),
            Op::Call(Function::Extension, input, first, 1) => {
                let url = self.constant(self.code.arguments[first as usize])?;
                let known = &self.code.known;
                self.each(input, &mut |node| {
                    let named = |id: NodeId, name| tree.node(id).name == name;
                    for child in tree.children(node).filter(|c| named(*c, known.extension)) {
                        let own = tree.children(child).find(|c| named(*c, known.url));
                        if own.is_some_and(|own| tree.text_is(own, url)) {
                            meet(child);
                        }
                    }
                })
            }
            _ => None,
        }
    }

    fn is_exactly(&self, node: NodeId, test: Test) -> bool {
        let own = self.tree.node(node).type_id;
        match test.fhir {
            Some(wanted) if own != TypeId::NONE => {
                own == wanted || (!test.exact && self.table.is_a(own, wanted))
            }
            _ => false,
        }
    }
}

fn numbers(operator: Binary, x: i64, y: i64) -> Option<Value> {
    Some(match operator {
        Binary::Less => Value::Truth(x < y),
        Binary::LessOrEqual => Value::Truth(x <= y),
        Binary::Greater => Value::Truth(x > y),
        Binary::GreaterOrEqual => Value::Truth(x >= y),
        Binary::Equal => Value::Truth(x == y),
        Binary::NotEqual => Value::Truth(x != y),
        Binary::Add => Value::Number(x.checked_add(y)?),
        Binary::Subtract => Value::Number(x.checked_sub(y)?),
        Binary::Multiply => Value::Number(x.checked_mul(y)?),
        Binary::Modulo if x >= 0 && y > 0 => Value::Number(x % y),
        _ => return None,
    })
}
