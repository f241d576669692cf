//! Check digits: `substring(0,1).toInteger()*1 + substring(1,1).toInteger()*3 + ...` as one operation.
//!
//! Promises: the same result as the operations it stands for. Packages write the check digits of
//! identifiers so, and each costs a dozen operations a digit otherwise.

use super::super::code::{Code, Op, OpId};
use super::super::functions::Function;
use super::super::item::Cell;
use super::super::syntax::Binary;
use crate::tree::types::System;

/// The fewest digits that are worth it.
const FEWEST: usize = 3;

/// The operation that stands for the sum `op`, if it is one over the digits of a single text.
pub(super) fn sum(code: &mut Code, op: OpId) -> Option<Op> {
    let mut terms = Vec::new();
    let input = terms_of(code, op, &mut terms)?;
    let count = u8::try_from(terms.len()).ok()?;
    if terms.len() < FEWEST {
        return None;
    }
    let first = code.weights.len() as u32;
    code.weights.extend(terms);
    Some(Op::Digits(input, first, count))
}

/// The (place, weight) of each digit of a sum; gives the text they are of.
fn terms_of(code: &Code, op: OpId, terms: &mut Vec<(u16, i16)>) -> Option<OpId> {
    match code.ops[op.0 as usize].0 {
        Op::Binary(Binary::Add, a, b) => {
            let one = terms_of(code, a, terms)?;
            let other = terms_of(code, b, terms)?;
            same(code, one, other).then_some(one)
        }
        Op::Digits(input, first, count) => {
            let start = first as usize;
            terms.extend(&code.weights[start..start + usize::from(count)]);
            Some(input)
        }
        Op::Binary(Binary::Multiply, digit, weight) => {
            let weight = i16::try_from(integer(code, weight)?).ok()?;
            digit_of(code, digit, weight, terms)
        }
        _ => digit_of(code, op, 1, terms),
    }
}

/// `substring(place, 1).toInteger()`.
fn digit_of(code: &Code, op: OpId, weight: i16, terms: &mut Vec<(u16, i16)>) -> Option<OpId> {
    let Op::Call(Function::To(System::Integer), part, _, 0) = code.ops[op.0 as usize].0 else {
        return None;
    };
    let Op::Call(Function::Substring, input, first, 2) = code.ops[part.0 as usize].0 else {
        return None;
    };
    let arguments = &code.arguments[first as usize..first as usize + 2];
    let place = u16::try_from(integer(code, arguments[0])?).ok()?;
    if integer(code, arguments[1])? != 1 {
        return None;
    }
    terms.push((place, weight));
    Some(input)
}

fn integer(code: &Code, op: OpId) -> Option<i64> {
    match code.ops[op.0 as usize].0 {
        Op::Cell(Cell::Integer(value)) => Some(value),
        _ => None,
    }
}

/// Whether two operations are the same path.
fn same(code: &Code, a: OpId, b: OpId) -> bool {
    match (code.ops[a.0 as usize].0, code.ops[b.0 as usize].0) {
        (Op::This, Op::This) => true,
        (Op::Step(a, name, how), Op::Step(b, other, also)) => {
            name == other && how == also && same(code, a, b)
        }
        _ => false,
    }
}
