//! What callers say to the store and hear from it, beyond the units of `message`.
//!
//! Plain data; nothing here touches a disk.

use super::backup::Restored;
use super::delivery::Resent;
use super::state::DeliveryState;
use crate::message::{
    AttemptOutcome, DeliveryId, EnvelopeId, Error, Event, MessageId, PartyName, ReceiptCode, Syntax,
};
use bytes::Bytes;
use jiff::Timestamp;

/// Called once, when what was asked for is on disk (or cannot be). Runs on the store's writer thread: it
/// hands the answer on (a oneshot channel's `send`) and does nothing else.
pub type Done<T> = Box<dyn FnOnce(Result<T, Error>) + Send>;

/// A delivery in somebody's hand. Whoever lets go of it settles it; the token fences off whoever had it
/// before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The fencing token that `sending` and `settle` must show.
    pub token: u64,
    /// The number of the attempt that this will be, from 1.
    pub attempt: u32,
    /// How many attempts have failed since the last that did not.
    pub failures: u32,
    /// The route that asked for it.
    pub route: Box<str>,
    /// The party it is for.
    pub receiver: PartyName,
    /// The endpoint's name in the configuration.
    pub endpoint: Box<str>,
    /// Its lane.
    pub lane: Option<Box<str>>,
    /// The message id that its receiver sees.
    pub message: MessageId,
    /// What the message says happened.
    pub event: Event,
    /// When the message came in.
    pub since: Timestamp,
    /// When it stops being worth sending.
    pub expires: Timestamp,
    /// Whether its receiver may have it already: to be flagged.
    pub possible_duplicate: bool,
    /// Whether it goes outside its lane's order: to be flagged.
    pub outside_lane: bool,
    /// Whether its attempt has begun already, on disk.
    pub begun: bool,
}

/// What [`Store::claim_due`](super::Store::claim_due) found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claims {
    /// To be sent now.
    pub claims: Vec<Claim>,
    /// Their time had run out: they are Expired now, and their lanes are free.
    pub expired: Vec<Lapsed>,
}

/// A delivery that ran out of time: its own, or its receipt's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lapsed {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The route that asked for it.
    pub route: Box<str>,
    /// The party it is for.
    pub receiver: PartyName,
    /// What the message says happened.
    pub event: Event,
}

/// How an attempt ended, and what is to follow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settle {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The claim's token.
    pub token: u64,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
    /// When to try again after a failure; none makes it a dead letter.
    pub next: Option<Timestamp>,
    /// Whether the receiver may have it all the same (a timeout after the first byte, no answer).
    pub unknown: bool,
    /// What becomes of what follows in the lane, if that is due, in the same record.
    pub follow: Follow,
}

/// What a settlement does with what follows in the lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    /// Nothing: whoever looks for what is due finds it.
    Leave,
    /// It is claimed.
    Claim,
    /// It is claimed, and its attempt begins: nobody has to say [`Store::sending`](super::Store::sending), and one
    /// sync less is waited for. If the engine ends before the attempt does, it may have been sent, as far as is known.
    Begin,
}

/// What [`Store::settle`](super::Store::settle) made of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settled {
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// What follows in its lane, claimed.
    pub next: Option<Claim>,
}

/// What an operator may do to a delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Try a dead letter again, outside its lane's order, with the same bytes and ids.
    Retry {
        /// Until when; none keeps its time.
        expires: Option<Timestamp>,
    },
    /// Hold one back that waits; its lane waits with it.
    Hold,
    /// Let a held one go on.
    Release,
    /// Give one up that waits, is held or whose receipt is due or overdue; its lane goes on. One that was sent
    /// is overdue by it, and its receipt may still come.
    GiveUp,
    /// Send one again that was sent or has failed, in an envelope of this id or byte for byte as before.
    Resend {
        /// The envelope's id.
        envelope: Option<EnvelopeId>,
    },
}

/// Who asks for an operation, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator<'a> {
    /// A person's name, or whatever acts for one.
    pub actor: &'a str,
    /// Why, for the audit record; never an element's value.
    pub reason: Option<&'a str>,
}

/// What is to be sent for a delivery, checked against its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sendable {
    /// Its syntax.
    pub syntax: Syntax,
    /// The bytes.
    pub bytes: Bytes,
    /// The message id that its receiver sees.
    pub message: MessageId,
    /// The envelope id that its receiver sees.
    pub envelope: EnvelopeId,
    /// The party that handed the message in.
    pub party: PartyName,
    /// The envelope and time that it is to be sent again in; the bytes still have their first.
    pub resent: Option<Resent>,
}

/// What becomes of a delivery whose receipt has not come in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Late {
    /// It is overdue: somebody is called, and a receipt may still come.
    Overdue,
    /// It is sent again, in an envelope of this id, or byte for byte as before.
    Resend(Option<EnvelopeId>),
    /// Nothing: it has failed already, and stays as it is.
    Leave,
    /// It has failed for good, and its sender is told so; no receipt changes that any more.
    Unanswered,
}

/// A delivery that a receipt can be told to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Awaiting {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The route that asked for it.
    pub route: Box<str>,
    /// What the message says happened.
    pub event: Event,
    /// Where it stands.
    pub state: DeliveryState,
    /// What the receiver said so far.
    pub receipt: Option<ReceiptCode>,
}

/// How the store fares, for health and metrics.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Status {
    /// Why it is read-only, if it is: a write or a sync failed, and only a restart goes on.
    pub failed: Option<String>,
    /// How long the disk took to sync one block when the store was opened, in microseconds; 0 in memory.
    pub sync_micros: u64,
    /// Records in the journal that could not be read when it was opened.
    pub bad_records: u64,
    /// The newest record that is on disk, by partition.
    pub durable: Vec<u64>,
    /// Deliveries that are not over.
    pub open_deliveries: u64,
    /// Syncs since the store was opened: many units share one.
    pub syncs: u64,
    /// How many records were read when it was opened.
    pub read_at_start: u64,
    /// Whether this node was restored from a backup, the last time that it was.
    pub restored: Option<Restored>,
}
