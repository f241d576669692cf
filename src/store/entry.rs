//! What one journal record holds: a unit, or steps of deliveries with their audit records.
//!
//! Postcard's encoding of [`Entry`] is the content that a record's hash is made over; variants and fields
//! are only ever added at the end, under a new format version.

use super::delivery::Change;
use crate::message::{AuditRecord, DeliveryId, Error, ErrorKind, Position, Unit};
use serde::{Deserialize, Serialize};

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
            Entry::Unit(_) => class::PAYLOAD,
            Entry::Steps(_) | Entry::Note { .. } | Entry::Jumped { .. } => class::METADATA,
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let room = match self {
            Entry::Unit(unit) => {
                512 + unit.original.len()
                    + unit.outputs.iter().map(|o| o.bytes.len()).sum::<usize>()
            }
            Entry::Steps(_) | Entry::Note { .. } | Entry::Jumped { .. } => 128,
        };
        postcard::to_extend(self, Vec::with_capacity(room))
            .map_err(|e| Error::new(ErrorKind::Internal, "an entry cannot be encoded").cause(e))
    }

    /// The entry that these bytes are.
    pub fn decode(bytes: &[u8]) -> Result<Entry, Error> {
        postcard::from_bytes(bytes)
            .map_err(|e| Error::new(ErrorKind::Storage, "a record cannot be decoded").cause(e))
    }
}
