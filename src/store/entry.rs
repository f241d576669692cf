//! What one journal record holds: a unit, or steps of deliveries with their audit records.
//!
//! Postcard's encoding of [`Entry`] is the content that a record's hash is made over; variants and fields
//! are only ever added at the end, under a new format version (`version`).

use super::delivery::Change;
use crate::message::{AuditRecord, DeliveryId, Error, ErrorKind, Position, Unit};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A record's content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Entry {
    /// A message and all that its commit makes true.
    Unit(Box<Unit>),
    /// Changes of deliveries, made together: settle one and claim the next is one entry.
    Steps(Vec<Step>),
    /// Something about a message that changes no state: its id came again with other content.
    Note {
        /// The message.
        unit: Position,
        /// What happened.
        audit: AuditRecord,
    },
    /// The clock jumped: everything that waits for a time in this partition waits for as long as before.
    Jumped {
        /// By how many nanoseconds; negative: it was set back.
        by: i64,
        /// What happened.
        audit: AuditRecord,
    },
    /// Messages of one transmission, true together or not at all. This record is the first of them; each further one
    /// has a record of its own that says so.
    Together(Vec<Unit>),
    /// A further message of such a record.
    Member {
        /// How many records before this one.
        back: u32,
        /// Which of its messages, from 1.
        index: u16,
    },
    /// The node was restored from a backup: whatever is open may have been delivered since.
    Restored {
        /// The newest record that was taken over.
        up_to: u64,
        /// What happened.
        audit: AuditRecord,
    },
}

/// One change of one delivery.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// What happens to it.
    pub change: Change,
    /// The record of it.
    pub audit: AuditRecord,
}

/// Retention classes, as a record's header names them.
pub mod class {
    /// A message with its bytes.
    pub const PAYLOAD: u8 = 1;
    /// States without bytes.
    pub const METADATA: u8 = 2;
    /// A message that was quarantined.
    pub const QUARANTINE: u8 = 3;
}

impl Entry {
    /// How long it is kept: its retention class.
    pub fn class(&self) -> u8 {
        match self {
            Entry::Unit(unit) if unit.quarantine.is_some() => class::QUARANTINE,
            Entry::Together(units) if units.iter().any(|unit| unit.quarantine.is_some()) => {
                class::QUARANTINE
            }
            Entry::Unit(_) | Entry::Together(_) | Entry::Member { .. } => class::PAYLOAD,
            Entry::Steps(_)
            | Entry::Note { .. }
            | Entry::Jumped { .. }
            | Entry::Restored { .. } => class::METADATA,
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let room = match self {
            Entry::Unit(unit) => room(unit),
            Entry::Together(units) => units.iter().map(room).sum(),
            _ => 128,
        };
        postcard::to_extend(self, Vec::with_capacity(room))
            .map_err(|e| Error::new(ErrorKind::Internal, "an entry cannot be encoded").cause(e))
    }

    /// The message that a record of several holds at a place.
    pub fn member(self, index: u16) -> Option<Entry> {
        match self {
            Entry::Together(mut units) if usize::from(index) < units.len() => {
                Some(Entry::Unit(Box::new(units.swap_remove(index.into()))))
            }
            _ => None,
        }
    }

    /// The entry that these bytes are.
    pub fn decode(bytes: &[u8]) -> Result<Entry, Error> {
        postcard::from_bytes(bytes)
            .map_err(|e| Error::new(ErrorKind::Storage, "a record cannot be decoded").cause(e))
    }
}

fn room(unit: &Unit) -> usize {
    512 + unit.original.len() + unit.outputs.iter().map(|o| o.bytes.len()).sum::<usize>()
}

/// Finds the messages of a transmission while a log is read in order.
#[derive(Default)]
pub struct Members {
    newest: Option<(Position, Vec<Unit>, Vec<bool>)>,
}

impl Members {
    /// Before an entry is resolved: where it is a message whose transmission was not read, because the reading began
    /// between the two, that is read now.
    pub fn find(
        &mut self,
        at: Position,
        entry: &Entry,
        read: impl FnOnce(u64) -> Result<Entry, Error>,
    ) {
        let Entry::Member { back, index } = entry else { return };
        let Some(first) = at.sequence.checked_sub(u64::from(*back)) else { return };
        if self.newest.as_ref().is_some_and(|(known, ..)| known.sequence == first) {
            return;
        }
        if let Ok(Entry::Together(units)) = read(first) {
            // Those before this one have their records, in order.
            let seen = (0..units.len()).map(|n| n < usize::from(*index)).collect();
            self.newest = Some((Position { sequence: first, ..at }, units, seen));
        }
    }

    /// What stands at a position: for a message of several, that message. None: its record is not to be had.
    pub fn resolve<'a>(&mut self, at: Position, entry: &'a Entry) -> Option<Cow<'a, Entry>> {
        let place = match entry {
            Entry::Together(units) => {
                self.newest = Some((at, units.clone(), vec![false; units.len()]));
                0
            }
            Entry::Member { back, index } => {
                let first = at.sequence.checked_sub(u64::from(*back))?;
                let (newest, ..) = self.newest.as_ref()?;
                (newest.sequence == first).then_some(usize::from(*index))?
            }
            _ => return Some(Cow::Borrowed(entry)),
        };
        let (_, units, seen) = self.newest.as_mut()?;
        *seen.get_mut(place)? = true;
        Some(Cow::Owned(Entry::Unit(Box::new(units.get(place)?.clone()))))
    }

    /// The messages of the newest transmission whose own records are missing: the power went between them.
    pub fn missing(self) -> Vec<(Position, u16, Unit)> {
        let Some((first, units, seen)) = self.newest else { return Vec::new() };
        let all = units.into_iter().zip(seen).zip(0..);
        all.filter(|((_, seen), _)| !seen).map(|((unit, _), at)| (first, at, unit)).collect()
    }
}
