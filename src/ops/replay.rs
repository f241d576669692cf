//! What an operator asks to be sent again, and what is answered: words of the engine's socket.
//!
//! Never: an element's value; issues carry paths, codes and ids.

use crate::message::{Position, ToldIssue};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Which messages are to be replayed. Every field narrows; at least one must.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// This one.
    pub position: Option<Position>,
    /// The message's id, its own or one that a receiver saw.
    pub message: Option<String>,
    /// The party that handed it in.
    pub party: Option<String>,
    /// The event.
    pub event: Option<String>,
    /// An issue that its receipt told.
    pub issue: Option<String>,
    /// `quarantined`, or the state of a delivery.
    pub state: Option<String>,
    /// Came in at this time or later.
    pub from: Option<Timestamp>,
    /// Came in before this time.
    pub until: Option<Timestamp>,
    /// Only say what would be sent to whom.
    pub dry_run: bool,
}

/// What was replayed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// How many messages.
    pub count: u64,
    /// How many of them come out as they did before, byte for byte: they keep their ids.
    pub same: u64,
    /// How many deliveries to each receiver.
    pub receivers: BTreeMap<String, u64>,
    /// Those that are not sent, and why.
    pub skipped: Vec<Skipped>,
    /// Whether there are more than one replay takes.
    pub more: bool,
    /// Whether it was done; else it was a dry run.
    pub sent: bool,
}

/// A message that is not replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Where it stands.
    pub position: Position,
    /// A code that says why.
    pub why: &'static str,
}

/// What became of bytes that an operator put in the place of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// Where the new generation stands; none: nothing was sent.
    pub position: Option<Position>,
    /// A code that says why not.
    pub why: Option<&'static str>,
    /// What is wrong with the bytes.
    pub issues: Vec<ToldIssue>,
}
