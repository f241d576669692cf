//! What a map may ask the engine: the route's concept maps and the organisation directory.
//!
//! Bounded and without surprises: a lookup is one search in a table that was read at load.

use super::Engine;
use crate::config::Route;
use crate::fhirpath;
use crate::mapping::{Concepts, Hooks, Lookup};
use crate::message::{Identifier, IdentifierKind};
use jiff::civil::Date;
use std::borrow::Cow;

/// The world of one translation.
pub(super) struct World<'e> {
    pub engine: &'e Engine,
    pub route: &'e Route,
    pub day: Date,
}

impl fhirpath::Hooks for World<'_> {}

impl Hooks for World<'_> {
    fn concept_map(&self, name: &str) -> Option<&Concepts> {
        let url = match name {
            "profiles" => &*self.route.profiles.as_ref()?.value,
            other => other,
        };
        self.engine.concepts.iter().find(|map| *map.url == *url).map(|map| &**map)
    }

    fn look_up(&self, book: &str, from: &str, to: &str, value: &str) -> Lookup<'_> {
        if book != "directory" {
            return Lookup::Unavailable;
        }
        let Some(kind) = IdentifierKind::named(from) else { return Lookup::Unavailable };
        let identifier = Identifier { kind, value: value.into() };
        let Some(found) = self.engine.config.directory.lookup(&identifier, self.day) else {
            return Lookup::NotFound;
        };
        if to == "name" {
            return Lookup::Found(Cow::Borrowed(&found.name));
        }
        match IdentifierKind::named(to).map(|kind| found.identifier(kind)) {
            Some(Some(value)) => Lookup::Found(Cow::Borrowed(value)),
            Some(None) => Lookup::NotFound,
            None => Lookup::Unavailable,
        }
    }
}
