//! FHIRPath 2.0 and FHIR's additions, over trees: parsed and typed at load, evaluated without a parse.
//!
//! ```text
//! text ─ lexer ─ parser ─> syntax ─ compile (shape: what types come) ─> code ─ evaluate ─> Collection
//! ```
//!
//! Promises: a fault of an expression is found when it is compiled, with its offset; "could not be
//! evaluated" is said with a reason ([`NotEvaluable`]), never guessed; no expression hangs ([`STEPS`]); a
//! warm evaluation allocates nothing for paths, comparisons and texts of ordinary size.
//!
//! Never: reads a clock, prints (`trace()` yields its input), or puts a message's value into a reason.
//!
//! # Invariants
//! An invariant is met only if [`Expression::test`] says `Some(true)`. The reference validator treats false,
//! empty and an error alike, as not met, and the second reference implementation followed it; so an empty
//! result is not a pass. `test` still says which of the three it was, since mappings and routes may care.
//!
//! # Where FHIRPath leaves room
//! - A step matches by element (`value`), never by the name on the wire (`valueQuantity`), unless
//!   [`Context::wire_names`] is set.
//! - Integers are 64 bits wide; what overflows is empty. Decimals have at most 28 digits; what needs more
//!   is empty.
//! - `ofType` and `as` want exactly the named primitive (a `code` is no `string` there); `is` accepts
//!   specialisations. `as` on several items is an error.
//! - `1 year` and `1 'a'` cannot be compared; `1 day` and `1 'd'` can.
//! - A fraction of a calendar unit is not added to a date.

mod code;
mod compile;
mod decimal;
mod evaluate;
mod functions;
mod item;
mod lexer;
mod memory;
mod mix;
mod moment;
mod parser;
mod patterns;
mod quantity;
mod references;
mod scanner;
mod scene;
mod shape;
mod syntax;

pub use compile::{Context, Expression, Fault, Vacuity};
pub use decimal::Decimal;
pub use evaluate::STEPS;
pub use item::{Collection, Item, Value};
pub use memory::Memory;
pub use moment::{Moment, MomentKind, Precision};
pub use quantity::in_base;
pub(crate) use references::unversioned;
pub use references::{Found, FoundBy, References};
pub use scene::{Cause, Hooks, NoHooks, NotEvaluable, Scene};
