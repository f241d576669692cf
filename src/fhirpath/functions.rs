//! The functions: their names, their arguments, what they need and what they yield.

use crate::tree::types::System;

/// A function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Function {
    Empty,
    Exists,
    All,
    AllTrue,
    AnyTrue,
    AllFalse,
    AnyFalse,
    SubsetOf,
    SupersetOf,
    Count,
    Distinct,
    IsDistinct,
    Where,
    Select,
    Repeat,
    OfType,
    Single,
    First,
    Last,
    Tail,
    Skip,
    Take,
    Intersect,
    Exclude,
    Union,
    Combine,
    Iif,
    To(System),
    ConvertsTo(System),
    IndexOf,
    LastIndexOf,
    Substring,
    StartsWith,
    EndsWith,
    Contains,
    Upper,
    Lower,
    Replace,
    Matches,
    MatchesFull,
    ReplaceMatches,
    Length,
    ToChars,
    Trim,
    Split,
    Join,
    Encode,
    Decode,
    Escape,
    Unescape,
    Abs,
    Ceiling,
    Exp,
    Floor,
    Ln,
    Log,
    Power,
    Round,
    Sqrt,
    Truncate,
    Children,
    Descendants,
    Trace,
    Now,
    TimeOfDay,
    Today,
    Not,
    Aggregate,
    Type,
    Is,
    As,
    Sort,
    LowBoundary,
    HighBoundary,
    Precision,
    Comparable,
    Extension,
    HasValue,
    GetValue,
    Resolve,
    MemberOf,
    Subsumes,
    SubsumedBy,
    HtmlChecks,
    ConformsTo,
    /// Functions that need more than a message: always "could not be checked".
    Elsewhere,
}

/// How an argument is evaluated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Argument {
    /// Once, before the function.
    Value,
    /// For each item of the input, which is `$this` there.
    Lambda,
    /// Not at all: it names a type.
    Type,
}

/// What is known about a function's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Yields {
    /// Values of one system type.
    System(System),
    /// Items of the input.
    Input,
    /// Decided where it is compiled.
    Special,
}

/// What a function needs of its input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Needs {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// Items in an order that means something.
    Order,
}

/// A function's entry.
pub(super) struct Entry {
    pub name: &'static str,
    pub function: Function,
    pub arguments: &'static [Argument],
    pub required: usize,
    pub yields: Yields,
    pub needs: Needs,
}

const V: Argument = Argument::Value;
const L: Argument = Argument::Lambda;
const T: Argument = Argument::Type;
const BOOLEAN: Yields = Yields::System(System::Boolean);
const INTEGER: Yields = Yields::System(System::Integer);
const DECIMAL: Yields = Yields::System(System::Decimal);
const STRING: Yields = Yields::System(System::String);
const INPUT: Yields = Yields::Input;
const SPECIAL: Yields = Yields::Special;

const fn entry(
    name: &'static str,
    function: Function,
    arguments: &'static [Argument],
    required: usize,
    yields: Yields,
) -> Entry {
    Entry { name, function, arguments, required, yields, needs: Needs::Any }
}

const fn text(
    name: &'static str,
    function: Function,
    arguments: &'static [Argument],
    required: usize,
    yields: Yields,
) -> Entry {
    Entry { name, function, arguments, required, yields, needs: Needs::Text }
}

const fn ordered(
    name: &'static str,
    function: Function,
    arguments: &'static [Argument],
    yields: Yields,
) -> Entry {
    let required = arguments.len();
    Entry { name, function, arguments, required, yields, needs: Needs::Order }
}

const fn to(name: &'static str, system: System) -> Entry {
    entry(name, Function::To(system), &[], 0, Yields::System(system))
}

const fn converts(name: &'static str, system: System) -> Entry {
    entry(name, Function::ConvertsTo(system), &[], 0, BOOLEAN)
}

/// All functions.
pub(super) const FUNCTIONS: &[Entry] = &[
    entry("empty", Function::Empty, &[], 0, BOOLEAN),
    entry("exists", Function::Exists, &[L], 0, BOOLEAN),
    entry("all", Function::All, &[L], 1, BOOLEAN),
    entry("allTrue", Function::AllTrue, &[], 0, BOOLEAN),
    entry("anyTrue", Function::AnyTrue, &[], 0, BOOLEAN),
    entry("allFalse", Function::AllFalse, &[], 0, BOOLEAN),
    entry("anyFalse", Function::AnyFalse, &[], 0, BOOLEAN),
    entry("subsetOf", Function::SubsetOf, &[V], 1, BOOLEAN),
    entry("supersetOf", Function::SupersetOf, &[V], 1, BOOLEAN),
    entry("count", Function::Count, &[], 0, INTEGER),
    entry("distinct", Function::Distinct, &[], 0, INPUT),
    entry("isDistinct", Function::IsDistinct, &[], 0, BOOLEAN),
    entry("where", Function::Where, &[L], 1, INPUT),
    entry("select", Function::Select, &[L], 1, SPECIAL),
    entry("repeat", Function::Repeat, &[L], 1, SPECIAL),
    entry("ofType", Function::OfType, &[T], 1, SPECIAL),
    entry("single", Function::Single, &[], 0, INPUT),
    ordered("first", Function::First, &[], INPUT),
    ordered("last", Function::Last, &[], INPUT),
    ordered("tail", Function::Tail, &[], INPUT),
    ordered("skip", Function::Skip, &[V], INPUT),
    ordered("take", Function::Take, &[V], INPUT),
    entry("intersect", Function::Intersect, &[V], 1, INPUT),
    entry("exclude", Function::Exclude, &[V], 1, INPUT),
    entry("union", Function::Union, &[V], 1, SPECIAL),
    entry("combine", Function::Combine, &[V], 1, SPECIAL),
    entry("iif", Function::Iif, &[L, L, L], 2, SPECIAL),
    to("toBoolean", System::Boolean),
    to("toInteger", System::Integer),
    to("toDecimal", System::Decimal),
    to("toString", System::String),
    to("toDate", System::Date),
    to("toDateTime", System::DateTime),
    to("toTime", System::Time),
    entry("toQuantity", Function::To(System::Quantity), &[V], 0, Yields::System(System::Quantity)),
    converts("convertsToBoolean", System::Boolean),
    converts("convertsToInteger", System::Integer),
    converts("convertsToDecimal", System::Decimal),
    converts("convertsToString", System::String),
    converts("convertsToDate", System::Date),
    converts("convertsToDateTime", System::DateTime),
    converts("convertsToTime", System::Time),
    entry("convertsToQuantity", Function::ConvertsTo(System::Quantity), &[V], 0, BOOLEAN),
    text("indexOf", Function::IndexOf, &[V], 1, INTEGER),
    text("lastIndexOf", Function::LastIndexOf, &[V], 1, INTEGER),
    text("substring", Function::Substring, &[V, V], 1, STRING),
    text("startsWith", Function::StartsWith, &[V], 1, BOOLEAN),
    text("endsWith", Function::EndsWith, &[V], 1, BOOLEAN),
    text("contains", Function::Contains, &[V], 1, BOOLEAN),
    text("upper", Function::Upper, &[], 0, STRING),
    text("lower", Function::Lower, &[], 0, STRING),
    text("replace", Function::Replace, &[V, V], 2, STRING),
    text("matches", Function::Matches, &[V], 1, BOOLEAN),
    text("matchesFull", Function::MatchesFull, &[V], 1, BOOLEAN),
    text("replaceMatches", Function::ReplaceMatches, &[V, V], 2, STRING),
    text("length", Function::Length, &[], 0, INTEGER),
    text("toChars", Function::ToChars, &[], 0, STRING),
    text("trim", Function::Trim, &[], 0, STRING),
    text("split", Function::Split, &[V], 1, STRING),
    text("join", Function::Join, &[V], 0, STRING),
    text("encode", Function::Encode, &[V], 1, STRING),
    text("decode", Function::Decode, &[V], 1, STRING),
    text("escape", Function::Escape, &[V], 1, STRING),
    text("unescape", Function::Unescape, &[V], 1, STRING),
    entry("abs", Function::Abs, &[], 0, INPUT),
    entry("ceiling", Function::Ceiling, &[], 0, INTEGER),
    entry("exp", Function::Exp, &[], 0, DECIMAL),
    entry("floor", Function::Floor, &[], 0, INTEGER),
    entry("ln", Function::Ln, &[], 0, DECIMAL),
    entry("log", Function::Log, &[V], 1, DECIMAL),
    entry("power", Function::Power, &[V], 1, SPECIAL),
    entry("round", Function::Round, &[V], 0, DECIMAL),
    entry("sqrt", Function::Sqrt, &[], 0, DECIMAL),
    entry("truncate", Function::Truncate, &[], 0, INTEGER),
    entry("children", Function::Children, &[], 0, SPECIAL),
    entry("descendants", Function::Descendants, &[], 0, SPECIAL),
    entry("trace", Function::Trace, &[V, L], 1, INPUT),
    entry("now", Function::Now, &[], 0, Yields::System(System::DateTime)),
    entry("timeOfDay", Function::TimeOfDay, &[], 0, Yields::System(System::Time)),
    entry("today", Function::Today, &[], 0, Yields::System(System::Date)),
    entry("not", Function::Not, &[], 0, BOOLEAN),
    entry("aggregate", Function::Aggregate, &[L, V], 1, SPECIAL),
    entry("type", Function::Type, &[], 0, SPECIAL),
    entry("is", Function::Is, &[T], 1, BOOLEAN),
    entry("as", Function::As, &[T], 1, SPECIAL),
    entry("sort", Function::Sort, &[L, L, L, L], 0, INPUT),
    entry("lowBoundary", Function::LowBoundary, &[V], 0, SPECIAL),
    entry("highBoundary", Function::HighBoundary, &[V], 0, SPECIAL),
    entry("precision", Function::Precision, &[], 0, INTEGER),
    entry("comparable", Function::Comparable, &[V], 1, BOOLEAN),
    entry("extension", Function::Extension, &[V], 1, SPECIAL),
    entry("hasValue", Function::HasValue, &[], 0, BOOLEAN),
    entry("getValue", Function::GetValue, &[], 0, SPECIAL),
    entry("resolve", Function::Resolve, &[], 0, SPECIAL),
    entry("memberOf", Function::MemberOf, &[V], 1, BOOLEAN),
    entry("subsumes", Function::Subsumes, &[V], 1, BOOLEAN),
    entry("subsumedBy", Function::SubsumedBy, &[V], 1, BOOLEAN),
    entry("htmlChecks", Function::HtmlChecks, &[], 0, BOOLEAN),
    entry("conformsTo", Function::ConformsTo, &[V], 1, BOOLEAN),
    entry("elementDefinition", Function::Elsewhere, &[], 0, SPECIAL),
    entry("slice", Function::Elsewhere, &[V, V], 2, SPECIAL),
    entry("checkModifiers", Function::Elsewhere, &[V, V, V, V], 0, SPECIAL),
];

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    FUNCTIONS.iter().find(|entry| entry.name == name)
}
