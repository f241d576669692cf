//! What a map may ask of the world: the route's concept maps, directories of organisations and persons, and
//! what FHIRPath asks.
//!
//! Promises: every question has a defined failure, so that a map never waits and never guesses.

use super::concepts::Concepts;
use crate::fhirpath::{self, References};
use std::borrow::Cow;

/// The answer of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// It knows.
    Found(Cow<'a, str>),
    /// It does not know the value, or not what was asked about it.
    NotFound,
    /// There is no such directory here.
    Unavailable,
}

/// The world.
pub trait Hooks: fhirpath::Hooks {
    /// The concept map that the route names, by its place in the plan's `wanted_concepts` and by that name:
    /// `profiles`.
    fn concept_map(&self, place: usize, name: &str) -> Option<&Concepts> {
        let _ = (place, name);
        None
    }

    /// Where references within the message lead, for `resolve()`.
    fn references(&self) -> Option<&References> {
        None
    }

    /// What a book (`directory`, `person`) says: from `gln` to `sor` for a value.
    fn look_up(&self, book: &str, from: &str, to: &str, value: &str) -> Lookup<'_> {
        let _ = (book, from, to, value);
        Lookup::Unavailable
    }
}

/// A world that knows nothing.
pub struct NoHooks;

impl fhirpath::Hooks for NoHooks {}

impl Hooks for NoHooks {}
