//! The syntax tree: what was written, with offsets.

use super::{Decimal, Moment};

/// An expression and where it begins (for an operator or an invocation: where its name stands).
#[derive(Clone, Debug)]
pub(super) struct Syntax {
    pub offset: u32,
    pub kind: Kind,
    /// The longest way down to a leaf, so that nothing later can overflow the stack.
    pub depth: u16,
}

/// What kind of expression.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// `{}`.
    Empty,
    Boolean(bool),
    Text(String),
    Integer(i64),
    Decimal(Decimal),
    Moment(Moment),
    /// `4 days`, `10 'mg'`.
    Quantity(Decimal, String),
    /// `name`, after an input or on its own; `delimited` was written with back-ticks.
    Member {
        input: Option<Box<Syntax>>,
        name: String,
    },
    /// `name(arguments)`, after an input or on its own.
    Call {
        input: Option<Box<Syntax>>,
        name: String,
        arguments: Vec<Syntax>,
    },
    /// `$this`, `$index`, `$total`.
    Dollar(String),
    /// `%name`.
    External(String),
    /// `input[index]`.
    Index(Box<Syntax>, Box<Syntax>),
    /// `-x`, `+x`.
    Sign(bool, Box<Syntax>),
    /// `a + b`.
    Binary(Binary, Box<Syntax>, Box<Syntax>),
    /// `a is T`, `a as T`.
    Type(bool, Box<Syntax>, TypeName),
}

/// A type's name, with its namespace if it has one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TypeName {
    pub namespace: Option<String>,
    pub name: String,
    pub offset: u32,
}

/// The operators between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Binary {
    Multiply,
    Divide,
    WholeDivide,
    Modulo,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}
