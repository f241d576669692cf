//! What an evaluation is given from outside: trees, types, the time, and hooks to what FHIRPath itself does
//! not know.

use super::item::Item;
use super::references::References;
use crate::tree::types::Table;
use crate::tree::{NodeId, Tree};
use jiff::Timestamp;
use std::fmt;

/// The scene of an evaluation.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The trees in play; an item names one by its place here.
    pub trees: &'a [&'a Tree],
    /// The types.
    pub table: &'a Table,
    /// What `now()` and `today()` say, in UTC.
    pub now: Timestamp,
    /// Where `resolve()` looks in the first tree; see [`References::build`].
    pub references: Option<&'a References>,
    /// What FHIRPath does not know.
    pub hooks: &'a dyn Hooks,
}

/// What FHIRPath does not know: profiles, terminology, other messages. Each says "could not be checked"
/// unless it is implemented.
pub trait Hooks {
    /// Whether a node meets a profile.
    fn conforms_to(&self, tree: u8, node: NodeId, canonical: &str) -> Result<bool, NotEvaluable> {
        let _ = (tree, node, canonical);
        Err(NotEvaluable::missing("no profiles at hand for conformsTo()"))
    }

    /// Whether a code (a text, a Coding or a CodeableConcept) is in a value set.
    fn member_of(&self, item: &Item<'_>, value_set: &str) -> Result<bool, NotEvaluable> {
        let _ = (item, value_set);
        Err(NotEvaluable::missing("no terminology at hand for memberOf()"))
    }

    /// Whether the first code subsumes the second.
    fn subsumes(&self, first: &Item<'_>, second: &Item<'_>) -> Result<bool, NotEvaluable> {
        let _ = (first, second);
        Err(NotEvaluable::missing("no terminology at hand for subsumes()"))
    }

    /// Whether a narrative keeps to the markup that FHIR allows.
    fn html_checks(&self, tree: u8, node: NodeId) -> Result<bool, NotEvaluable> {
        let _ = (tree, node);
        Err(NotEvaluable::missing("narratives are checked elsewhere"))
    }

    /// The node that a reference leads to outside its own message, if it is known.
    fn resolve(&self, reference: &str) -> Option<(u8, NodeId)> {
        let _ = reference;
        None
    }
}

/// Hooks that know nothing.
pub struct NoHooks;

impl Hooks for NoHooks {}

/// Why an expression has no value for an input. Never holds a value of the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotEvaluable {
    /// What kind of reason it is.
    pub cause: Cause,
    /// Why, in words.
    pub reason: &'static str,
    /// Where in the expression.
    pub offset: u32,
}

/// The kinds of reasons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The expression cannot be applied to this input: FHIRPath calls it an error.
    Error,
    /// Something that is needed is not at hand.
    Missing,
    /// It took too many steps.
    Limit,
}

impl NotEvaluable {
    /// An error of the expression on this input.
    pub fn error(reason: &'static str) -> NotEvaluable {
        NotEvaluable { cause: Cause::Error, reason, offset: 0 }
    }

    /// Something is not at hand.
    pub fn missing(reason: &'static str) -> NotEvaluable {
        NotEvaluable { cause: Cause::Missing, reason, offset: 0 }
    }
}

impl fmt::Display for NotEvaluable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} (at {})", self.reason, self.offset)
    }
}

impl std::error::Error for NotEvaluable {}
