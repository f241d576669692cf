//! What a map may ask the engine: the route's concept maps, the organisations, the persons, profiles and
//! value sets.
//!
//! Bounded and without surprises: a lookup is one search in a table that was read at load; a profile is
//! asked about one node and its answer is remembered for the message.

use super::Engine;
use super::read::{Read, day};
use super::sent::Sent;
use super::translate;
use crate::config::{Persons, Route, Said};
use crate::fhirpath::{self, Item, NotEvaluable, References};
use crate::mapping::{Concepts, Hooks, Lookup};
use crate::message::IdentifierKind;
use crate::profile::Asker;
use crate::route::Destination;
use crate::tree::NodeId;
use jiff::Timestamp;
use jiff::civil::Date;
use std::borrow::Cow;
use std::sync::Arc;

/// Where persons are looked up. The file of the configuration is one; a register behind a service would be
/// another. It must answer at once, for messages wait.
pub trait PersonBook: Send + Sync {
    /// What holds on a day: `to` of the person whose `from` is `value`.
    fn look_up(&self, from: &str, to: &str, value: &str, day: Date) -> Lookup<'_>;
}

impl PersonBook for Persons {
    fn look_up(&self, from: &str, to: &str, value: &str, day: Date) -> Lookup<'_> {
        match Persons::look_up(self, from, to, value, day) {
            Said::Known(text) => Lookup::Found(Cow::Borrowed(text)),
            Said::Unknown => Lookup::NotFound,
            Said::NoColumn => Lookup::Unavailable,
        }
    }
}

/// The world of one translation.
pub struct World<'e> {
    engine: &'e Engine,
    /// The concept maps that the route's map asks for.
    concepts: &'e [Option<Arc<Concepts>>],
    day: Date,
    asker: Option<Asker<'e>>,
    references: Option<&'e References>,
    sending: Option<(&'e Read, Destination<'e>)>,
    sent: Option<&'e Sent>,
}

impl<'e> World<'e> {
    /// The world as a route sees it at a moment.
    pub fn new(engine: &'e Engine, route: &'e Route, now: Timestamp) -> World<'e> {
        let concepts = engine.concepts_of(route);
        let day = day(now);
        World { engine, concepts, day, asker: None, references: None, sending: None, sent: None }
    }

    /// The world of a receipt.
    pub(super) fn of_receipt(
        engine: &'e Engine,
        concepts: &'e [Option<Arc<Concepts>>],
        now: Timestamp,
        sent: &'e Sent,
    ) -> World<'e> {
        let (day, sent) = (day(now), Some(sent));
        World { engine, concepts, day, asker: None, references: None, sending: None, sent }
    }

    /// The same, with somebody who knows whether the message meets a profile.
    pub fn asking(self, asker: Asker<'e>) -> World<'e> {
        World { asker: Some(asker), ..self }
    }

    /// The same, with where the message's references lead.
    pub fn resolving(self, references: &'e References) -> World<'e> {
        World { references: Some(references), ..self }
    }

    /// The same, knowing which ids the sender's messages have with the destination.
    pub(super) fn sending(self, read: &'e Read, to: Destination<'e>) -> World<'e> {
        World { sending: Some((read, to)), ..self }
    }

    /// The same, knowing what the message is a receipt for.
    pub(super) fn about(self, sent: Option<&'e Sent>) -> World<'e> {
        World { sent, ..self }
    }
}

impl fhirpath::Hooks for World<'_> {
    fn conforms_to(&self, tree: u8, node: NodeId, canonical: &str) -> Result<bool, NotEvaluable> {
        match &self.asker {
            Some(asker) if tree == 0 => asker.conforms_to(node, canonical),
            _ => Err(NotEvaluable::missing("conformsTo() is for the message alone")),
        }
    }

    fn member_of(&self, item: &Item<'_>, value_set: &str) -> Result<bool, NotEvaluable> {
        let missing = NotEvaluable::missing("memberOf() of a value set that is not loaded");
        let set = self.engine.value_sets.get(value_set).ok_or(missing)?;
        match &self.asker {
            Some(asker) => asker.member_of(item, set),
            None => Err(NotEvaluable::missing("memberOf() is for the message alone")),
        }
    }
}

impl Hooks for World<'_> {
    fn concept_map(&self, place: usize, _name: &str) -> Option<&Concepts> {
        self.concepts.get(place)?.as_deref()
    }

    fn references(&self) -> Option<&References> {
        self.references
    }

    fn look_up(&self, book: &str, from: &str, to: &str, value: &str) -> Lookup<'_> {
        match book {
            "directory" => self.organisation(from, to, value),
            "person" => match &self.engine.persons {
                Some(persons) => persons.look_up(from, to, value, self.day),
                None => Lookup::Unavailable,
            },
            "sent" => match (from, to, self.sending) {
                ("received", "sent", Some((read, destination))) => {
                    let id = translate::mint(read, &destination, value, "message");
                    Lookup::Found(Cow::Owned(id.into()))
                }
                ("sent", ..) => match self.sent.and_then(|sent| sent.fact(from, to, value)) {
                    Some(fact) => Lookup::Found(Cow::Borrowed(fact)),
                    None => Lookup::NotFound,
                },
                _ => Lookup::Unavailable,
            },
            _ => Lookup::Unavailable,
        }
    }
}

impl World<'_> {
    fn organisation(&self, from: &str, to: &str, value: &str) -> Lookup<'_> {
        let Some(kind) = kind_named(from) else { return Lookup::Unavailable };
        let Some(found) = self.engine.config.directory.find(kind, value, self.day) else {
            return Lookup::NotFound;
        };
        if to == "name" {
            return Lookup::Found(Cow::Borrowed(&found.name));
        }
        match kind_named(to).map(|kind| found.identifier(kind)) {
            Some(Some(value)) => Lookup::Found(Cow::Borrowed(value)),
            Some(None) => Lookup::NotFound,
            None => Lookup::Unavailable,
        }
    }
}

/// The kind of that name; `ean` is what GS1's location numbers were called.
fn kind_named(word: &str) -> Option<IdentifierKind> {
    IdentifierKind::named(if word == "ean" { "gln" } else { word })
}
