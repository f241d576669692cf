//! What a map says that it needs of the world: the route's defaults, earlier messages, profiles and value sets.
//!
//! Never: where any of it comes from.

use crate::message::Origin;
use std::sync::Arc;

/// A default that the route declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without `route.`.
    pub name: Arc<str>,
    /// What the map's head says it is for.
    pub about: Box<str>,
}

/// An earlier message that a map reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The parameter it is given to.
    pub name: Box<str>,
    /// Its place among the sources, 1 or more.
    pub source: usize,
    /// What it says happened, any of these.
    pub events: Vec<Box<str>>,
    /// Whether the map can do without it.
    pub optional: bool,
}

/// What a map asks about by its canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `conformsTo('...')`.
    Profile,
    /// `memberOf('...')`.
    ValueSet,
}

/// A question of a map to the world, written in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What about.
    pub about: Asked,
    /// Its canonical.
    pub canonical: Box<str>,
    /// Where the expression begins.
    pub origin: Origin,
}
