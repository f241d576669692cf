//! Which party an identifier means, and whether whoever hands a message in may do so.
//!
//! Promises: an authenticated party owns the sender that the message names, or is its listed carrier; else
//! it is nobody. Never: takes one identifier's word when another one contradicts it.

use crate::config::Config;
use crate::message::{Identifier, PartyName};
use jiff::civil::Date;
use std::collections::HashMap;
use std::sync::Arc;

/// What a message's identifiers say together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Identified<'a> {
    /// One party.
    Party(&'a PartyName),
    /// There are none.
    Missing,
    /// Nobody has any of them.
    Unknown,
    /// They belong to different parties.
    Contradiction,
}

/// Whether an authenticated party may hand in a message of a sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// It is the sender.
    Own,
    /// It is the sender's listed carrier.
    Carrier {
        /// The sender.
        sender: PartyName,
    },
    /// It is neither: 403, and no receipt.
    Impostor,
    /// The message names no sender that anybody here has: 403, and no receipt.
    Nobody,
}

/// All parties, found by their identifiers.
#[derive(Debug)]
pub struct Parties {
    config: Arc<Config>,
    names: Vec<PartyName>,
    by_identifier: HashMap<Identifier, usize>,
}

impl Parties {
    /// The parties of a configuration.
    pub fn new(config: &Arc<Config>) -> Parties {
        let mut names = Vec::new();
        let mut by_identifier = HashMap::new();
        for (place, party) in config.parties.iter().enumerate() {
            names.push(PartyName((*party.name).into()));
            for identifier in &party.identifiers {
                by_identifier.insert(identifier.value.clone(), place);
            }
        }
        Parties { config: Arc::clone(config), names, by_identifier }
    }

    /// The party that identifiers mean on a day: their owner, or the one that their organisation belongs to
    /// by the directory. Identifiers that nobody has say nothing beside one that somebody has.
    pub fn identify(&self, identifiers: &[Identifier], day: Date) -> Identified<'_> {
        let mut found: Option<&PartyName> = None;
        for identifier in identifiers {
            let Some(party) = self.owner(identifier, day) else { continue };
            if found.is_some_and(|other| other != party) {
                return Identified::Contradiction;
            }
            found = Some(party);
        }
        match found {
            Some(party) => Identified::Party(party),
            None if identifiers.is_empty() => Identified::Missing,
            None => Identified::Unknown,
        }
    }

    fn owner(&self, identifier: &Identifier, day: Date) -> Option<&PartyName> {
        if let Some(place) = self.by_identifier.get(identifier) {
            return Some(&self.names[*place]);
        }
        let organisation = self.config.directory.lookup(identifier, day)?;
        organisation.party.as_ref()
    }

    /// Whether the authenticated party may hand in a message whose sender has these identifiers.
    pub fn admits(&self, party: &PartyName, senders: &[Identifier], day: Date) -> Identity {
        match self.identify(senders, day) {
            Identified::Party(sender) if sender == party => Identity::Own,
            Identified::Party(sender) => {
                let carries = self.config.party(party).is_some_and(|carrier| {
                    carrier.carries.iter().any(|carried| carried.value == *sender)
                });
                match carries {
                    true => Identity::Carrier { sender: sender.clone() },
                    false => Identity::Impostor,
                }
            }
            Identified::Contradiction => Identity::Impostor,
            Identified::Missing | Identified::Unknown => Identity::Nobody,
        }
    }
}
