//! The compiled form: operations in one list, names resolved, constants kept apart.

use super::functions::Function;
use super::item::{Cell, Text};
use super::scanner::Scanner;
use super::syntax::Binary;
use super::{Decimal, Moment};
use crate::tree::NameId;
use crate::tree::types::{System, TypeId};
use regex::Regex;

/// An operation's place in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OpId(pub u32);

/// How a step finds its children.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum How {
    /// By the name on the wire: it is the element's too, or the dialect wants it.
    Wire,
    /// By the name of the element that typing found; by the wire's where it found none.
    Element,
    /// By a text, which no definition knows: (start, length) in the constants.
    Text(u32, u32),
}

/// Which items are of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Test {
    pub fhir: Option<TypeId>,
    pub system: Option<System>,
    /// Whether the FHIR type is primitive: `ofType(string)` does not mean a `code`, though it is one.
    pub exact: bool,
}

/// An operation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Op {
    Empty,
    Cell(Cell),
    This,
    Index,
    Total,
    Variable(u16),
    Context,
    Resource,
    /// The resource that holds the one that the focus is.
    Holder,
    RootResource,
    Step(OpId, NameId, How),
    /// The value of a primitive, of a quantity or of a type: a child that is no node.
    Part(OpId, Part),
    Filter(OpId, Test),
    Is(OpId, Test),
    As(OpId, Test),
    OfType(OpId, Test),
    /// A function, its input, where its arguments begin in the list of arguments, how many there are.
    Call(Function, OpId, u32, u8),
    /// `matches` and its like with a pattern that was compiled at load.
    Pattern(Function, OpId, u32, u8, u16),
    At(OpId, OpId),
    Negative(OpId),
    Positive(OpId),
    Binary(Binary, OpId, OpId),
    Descending(OpId),
    /// A weighted sum of single digits of a text, where their weights begin, how many there are.
    Digits(OpId, u32, u8),
}

/// A child that is no node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Value,
    Unit,
    Namespace,
    Name,
}

/// Names that functions need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub extension: NameId,
    pub url: NameId,
    pub reference: NameId,
    pub contained: NameId,
    pub value: NameId,
    pub unit: NameId,
    pub code: NameId,
    pub comparator: NameId,
}

/// The operations and constants of an expression.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub ops: Vec<(Op, u32)>,
    pub arguments: Vec<OpId>,
    /// (place, weight) of digits.
    pub weights: Vec<(u16, i16)>,
    pub root: OpId,
    pub texts: String,
    pub decimals: Vec<Decimal>,
    pub moments: Vec<Moment>,
    pub quantities: Vec<(Decimal, Text)>,
    pub regexes: Vec<Regex>,
    /// The same as tables, where they are of that kind.
    pub scanners: Vec<Option<Scanner>>,
    pub known: Known,
}
