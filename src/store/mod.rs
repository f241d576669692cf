//! Journal, ledger, lanes, verdicts, audit.
//!
//! The journal is the truth: what is not in it has not happened, and what was acknowledged is in it. The
//! book holds in memory what must be known at once; the ledger is a database that follows the journal and
//! answers people's questions. Both are functions of the journal.
//!
//! ```text
//!  submit, sending, settle ..                claim_due, known_about          messages, show
//!        │ encode, hash (caller's thread)          │                              │
//!        ▼                                         ▼                              ▼
//!      keeper ── one lock: check, number ──> book (memory)                     ledger
//!        │                                         ▲ durable                      ▲
//!        ▼                                         │                              │ behind
//!      log: journal (one writer, one sync for all who wait) ── read ──────────────┘
//! ```
//!
//! Blocking nowhere but in `commit` and the queries: an async shell hands `submit` the sending half of a
//! oneshot channel. Never: answers before the sync, retries a failed one, or knows what a message means.

mod backup;
mod book;
mod check;
mod checkpoint;
mod delivery;
pub mod disk;
mod entry;
mod inflight;
pub mod journal;
mod keeper;
pub mod ledger;
mod lock;
mod log;
mod memory;
mod open;
mod print;
mod state;
mod version;
mod words;

pub use backup::{Backup, Restored, backup_offline, restore, restore_on};
pub use check::{LedgerState, Rebuilt, Report, rebuild, verify};
pub use delivery::{Change, Delivery, Refusal, Resent};
pub use inflight::{Crashes, InFlight, Stage};
pub use keeper::Keeper;
pub use ledger::{
    AuditRow, CounterRow, DeliveryFilter, IssueRow, LaneRow, MessageDetail, MessageFilter,
    MessageRow, OutputRow, QueueRow,
};
pub use memory::memory;
pub use open::{Options, open, open_on};
pub use state::DeliveryState;
pub use words::{
    Awaiting, Claim, Claims, Done, Follow, Lapsed, Late, Operation, Operator, Sendable, Settle,
    Settled, Status,
};

use crate::message::{
    AuditRecord, Committed, DeliveryId, EnvelopeId, Error, ErrorKind, KnownAbout, MessageId,
    PartyName, Position, Unit,
};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;

/// Where messages, verdicts and deliveries are kept.
///
/// Times are always the caller's; the store reads no clock.
pub trait Store: Send + Sync {
    /// Commits a unit, all or nothing; `done` hears about it when it is true. Two copies that race get one
    /// verdict: one hears `New`, the others `Existing`.
    ///
    /// `Stale`: the unit's envelope id has been seen since its `read_at`. Ask again and decide again.
    fn submit(&self, unit: Unit, done: Done<Committed>);

    /// Commits the units of one transmission as one: all of them, or none. They are of one party, may share their
    /// envelope's id, and have different message ids. `done` hears their positions.
    ///
    /// None, where one of them has a verdict already or its envelope id has been seen since its `read_at`: nothing was
    /// written. Ask again and decide again.
    fn submit_together(&self, units: Vec<Unit>, done: Done<Option<Vec<Position>>>);

    /// Commits units and waits for all of them. For tests and tools; an async shell uses `submit`.
    fn commit(&self, units: Vec<Unit>) -> Result<Vec<Committed>, Error> {
        let waiting: Vec<_> = units
            .into_iter()
            .map(|unit| {
                let (send, receive) = mpsc::channel();
                self.submit(unit, Box::new(move |result| drop(send.send(result))));
                receive
            })
            .collect();
        let lost = |_| Error::new(ErrorKind::Internal, "the store's writer is gone");
        waiting.into_iter().map(|result| result.recv().map_err(lost)?).collect()
    }

    /// What is known, durably, about a message before it is decided. Put its `read_at` into the unit.
    fn known_about(
        &self,
        party: &PartyName,
        message: &MessageId,
        envelope: &EnvelopeId,
    ) -> Result<KnownAbout, Error>;

    /// Claims up to `limit` deliveries that are due, at one endpoint or in turn at each. One lane gives at
    /// most one. The claims are recorded behind the caller's back: a claim that is lost in a crash was
    /// provably not sent.
    fn claim_due(
        &self,
        endpoint: Option<&str>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Claims, Error>;

    /// When something is due next, at one endpoint or at any; none: not before `on_due` calls.
    fn next_due(&self, endpoint: Option<&str>) -> Option<Timestamp>;

    /// Registers what is called when something may have become due: a commit brought deliveries, a lane
    /// advanced, an operator asked. Wakes a shell that sleeps until `next_due`; must return at once.
    fn on_due(&self, wake: Arc<dyn Fn() + Send + Sync>);

    /// Registers what is called once when nothing can be written any more, at once if that is so already. Whoever runs
    /// the store ends then, to start again through recovery. Must return at once.
    fn on_failed(&self, tell: Box<dyn FnOnce() + Send>) {
        drop(tell);
    }

    /// Says that an attempt begins. Nothing may be sent before `done` says that this is on disk.
    fn sending(&self, delivery: DeliveryId, token: u64, at: Timestamp, done: Done<()>);

    /// Says how an attempt ended; what follows in the lane may be claimed and begun in the same record.
    fn settle(&self, settle: Settle, done: Done<Settled>);

    /// Asks what becomes of up to `limit` deliveries whose receipt is overdue, or that have failed and whose
    /// time has run out; makes it so, and names them.
    fn late(
        &self,
        now: Timestamp,
        limit: usize,
        decide: &dyn Fn(&Delivery) -> Late,
    ) -> Result<Vec<(Lapsed, Late)>, Error>;

    /// Marks up to `limit` deliveries whose receipt is overdue, and names them.
    fn mark_overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Lapsed>, Error> {
        let late = self.late(now, limit, &|delivery| match delivery.state {
            DeliveryState::Sent => Late::Overdue,
            _ => Late::Leave,
        })?;
        Ok(late.into_iter().map(|(lapsed, _)| lapsed).collect())
    }

    /// When the next receipt will be overdue.
    fn next_overdue(&self) -> Option<Timestamp>;

    /// The delivery that a receipt from `party` about `message` (the id it saw) is for. A unit with
    /// `receipt_for` settles it when it is committed.
    fn awaiting(&self, party: &PartyName, message: &MessageId) -> Option<Awaiting>;

    /// The clock jumped by so much: everything that waits for a time waits for as long as before. `at` is the time
    /// after the jump.
    fn jumped(&self, by: SignedDuration, at: Timestamp) -> Result<(), Error>;

    /// Adds an audit record to a message whose states do not change: its id came again with other content.
    fn note(&self, unit: Position, audit: AuditRecord, done: Done<()>);

    /// What an operator does to a delivery.
    fn operate_as(
        &self,
        delivery: DeliveryId,
        operation: Operation,
        by: &Operator<'_>,
        at: Timestamp,
        done: Done<DeliveryState>,
    );

    /// The same, without a reason.
    fn operate(
        &self,
        delivery: DeliveryId,
        operation: Operation,
        actor: &str,
        at: Timestamp,
        done: Done<DeliveryState>,
    ) {
        self.operate_as(delivery, operation, &Operator { actor, reason: None }, at, done);
    }

    /// A delivery that is not over.
    fn delivery(&self, id: DeliveryId) -> Option<Delivery>;

    /// What is to be sent for a delivery, checked against its hash: bytes that have rotted are an error.
    fn sendable(&self, delivery: DeliveryId) -> Result<Sendable, Error>;

    /// The unit at a position, checked against its hash.
    fn unit(&self, position: Position) -> Result<Unit, Error>;

    /// The messages that a filter lets through, the newest first. This and the questions below know all
    /// that was durable when they were asked.
    fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageRow>, Error>;

    /// All that is known about one message.
    fn message(&self, position: Position) -> Result<Option<MessageDetail>, Error>;

    /// The deliveries that a filter lets through, the oldest first: dead letters, overdue receipts, a lane.
    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, Error>;

    /// How many deliveries wait on each route, and since when the oldest of them.
    fn queues(&self) -> Result<Vec<QueueRow>, Error>;

    /// Lanes in which something waits, those that have waited longest first, and what each waits for.
    fn lanes(&self, limit: usize) -> Result<Vec<LaneRow>, Error>;

    /// Totals by route and event since the journal began.
    fn counters(&self) -> Result<Vec<CounterRow>, Error>;

    /// Copies everything that is durable now, and checks the copy, into a folder that is not there or empty; the store
    /// goes on meanwhile.
    fn backup(&self, folder: &Path, now: Timestamp) -> Result<Backup, Error> {
        let note = format!("nothing can be backed up to {} at {now}", folder.display());
        Err(Error::new(ErrorKind::Storage, note))
    }

    /// Makes the next start quick: it will read what comes after this.
    fn save(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The same, if so much has come since the last time that a start would take long; says whether it did.
    fn save_if_due(&self) -> Result<bool, Error> {
        Ok(false)
    }

    /// Where workers say what they have in hand, for the case that their process ends by it.
    fn in_flight(&self) -> Option<Arc<InFlight>> {
        None
    }

    /// How the store fares.
    fn status(&self) -> Status;
}
