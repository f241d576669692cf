//! The keeper: the store over a log, whatever the log's home.
//!
//! One lock orders everything: under it conditions are checked, positions are given and the book changes;
//! encoding and hashing happen before it, waiting after it. What a caller hears comes after the sync that
//! makes it true.

mod projector;
mod read;
mod saving;
mod steps;
mod together;

use super::Store;
use super::backup::{self, Backup};
use super::book::{Book, Judgement};
use super::delivery::{Change, Delivery};
use super::disk::Disk;
use super::entry::{Entry, Step};
use super::inflight::InFlight;
use super::journal::{Bad, Copied, Damage};
use super::ledger::{
    CounterRow, DeliveryFilter, LaneRow, Ledger, MessageDetail, MessageFilter, MessageRow, QueueRow,
};
use super::lock::Lock;
use super::log::{Log, Synced, unreadable};
use super::state::DeliveryState;
use super::words::{
    Awaiting, Claims, Done, Lapsed, Late, Operation, Operator, Sendable, Settle, Settled, Status,
};
use crate::message::{
    AuditAction, AuditRecord, Committed, DeliveryId, EnvelopeId, Error, ErrorKind, KnownAbout,
    MessageId, PartyName, Position, Unit,
};
use jiff::{SignedDuration, Timestamp};
use projector::{Projector, Signal};
use read::{audit, known, unit_at};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

/// Who the store's own audit records name.
pub(super) const SELF: &str = "stafett";

/// What is called when something may have become due.
type Wake = Arc<dyn Fn() + Send + Sync>;

/// The store over a log.
pub struct Keeper {
    shared: Arc<Shared>,
    /// Ends before the log does.
    _projector: Option<Projector>,
    log: Arc<dyn Log>,
    ledger: Arc<Ledger>,
    /// What could not be read when the journal was opened.
    pub(super) bad: Vec<Bad>,
    /// Held for as long as the store lives.
    pub(super) lock: Option<Lock>,
    /// The newest record that the checkpoint has; held while one is written.
    pub(super) saved: Mutex<u64>,
    /// How many records were read when the store was opened.
    pub(super) read: u64,
    /// What is in a worker's hand; none in memory.
    pub(super) in_flight: Option<Arc<InFlight>>,
}

struct Shared {
    book: Mutex<Book>,
    wake: Mutex<Option<Wake>>,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(wake) = wake {
            wake();
        }
    }
}

impl Keeper {
    /// The store of a book over the log that `make` makes; the log calls what it is given when a sync is
    /// done. A ledger in a file is followed by a thread; one in memory when it is asked.
    pub(super) fn new(
        book: Book,
        ledger: Ledger,
        make: impl FnOnce(Synced) -> Result<Arc<dyn Log>, Error>,
    ) -> Result<Keeper, Error> {
        let shared = Arc::new(Shared { book: Mutex::new(book), wake: Mutex::new(None) });
        let (told, follow) = (Arc::clone(&shared), Arc::new(Signal::default()));
        let signal = Arc::clone(&follow);
        let log = make(Box::new(move |partition, sequence| {
            let came_up = told.book().synced(partition, sequence);
            signal.raise();
            if came_up {
                told.wake();
            }
        }))?;
        let ledger = Arc::new(ledger);
        let projector = match ledger.is_in_memory() {
            true => None,
            false => {
                let book = Arc::clone(&shared);
                let durable = move || book.book().durable();
                let (log, ledger) = (Arc::clone(&log), Arc::clone(&ledger));
                Some(Projector::start(log, ledger, follow, Box::new(durable))?)
            }
        };
        let (bad, saved) = (Vec::new(), Mutex::new(0));
        let (lock, read, in_flight) = (None, 0, None);
        Ok(Keeper { shared, _projector: projector, log, ledger, bad, lock, saved, read, in_flight })
    }

    /// What could not be read when the journal was opened.
    pub fn bad(&self) -> &[Bad] {
        &self.bad
    }

    /// The ledger, with all that is durable now.
    fn current(&self) -> Result<&Ledger, Error> {
        let durable = self.shared.book().durable();
        self.ledger.catch_up(&*self.log, &durable)?;
        Ok(&self.ledger)
    }

    /// A line for every row that the ledger has made of the journal so far.
    pub fn dump(&self) -> Result<Vec<String>, Error> {
        self.current()?.dump()
    }

    /// Copies everything that is durable now to an empty disk.
    pub fn copy(&self, to: &dyn Disk) -> Result<Copied, Error> {
        self.log.copy(to)
    }

    /// Records an entry of the only partition and waits until it is durable.
    pub(super) fn enter_and_wait(&self, entry: &Entry) -> Result<(), Error> {
        let (send, receive) = mpsc::channel();
        let mut book = self.shared.book();
        let after = Box::new(move |result| drop(send.send(result)));
        self.record_entry(&mut book, 0, entry, after);
        drop(book);
        self.log.kick();
        receive.recv().map_err(|_| Error::new(ErrorKind::Internal, "the writer is gone"))?
    }

    fn existing(log: &dyn Log, position: Position) -> Result<Committed, Error> {
        Ok(Committed::Existing(Box::new(known(log, position)?)))
    }
}

impl Store for Keeper {
    fn submit(&self, unit: Unit, done: Done<Committed>) {
        let outputs = unit.outputs.len();
        if unit.deliveries.iter().any(|delivery| usize::from(delivery.output) >= outputs) {
            let note = "a delivery names an output that its unit does not have";
            return done(Err(Error::new(ErrorKind::Internal, note)));
        }
        let entry = Entry::Unit(Box::new(unit));
        let prepared = match self.log.prepare(&entry) {
            Ok(prepared) => prepared,
            Err(error) => return done(Err(error)),
        };
        let Entry::Unit(unit) = entry else { return };
        let mut book = self.shared.book();
        let partition = book.partition_of(&unit.party);
        match book.judge(partition, &unit) {
            Judgement::New => {
                let position = book.next(partition);
                book.enter_unit(position, &unit);
                let after = move |result: Result<(), Error>| {
                    done(result.map(|()| Committed::New(position)));
                };
                self.log.append(position, prepared, Box::new(after));
            }
            Judgement::Existing(position) => {
                let log = Arc::clone(&self.log);
                let after = move |result: Result<(), Error>| {
                    done(result.and_then(|()| Keeper::existing(&*log, position)));
                };
                self.log.wait(partition, Box::new(after));
            }
            Judgement::Stale => {
                let after = move |result: Result<(), Error>| {
                    done(result.map(|()| Committed::Stale));
                };
                self.log.wait(partition, Box::new(after));
            }
        }
        drop(book);
        self.log.kick();
    }

    fn submit_together(&self, units: Vec<Unit>, done: Done<Option<Vec<Position>>>) {
        self.together(units, done);
    }

    fn known_about(
        &self,
        party: &PartyName,
        message: &MessageId,
        envelope: &EnvelopeId,
    ) -> Result<KnownAbout, Error> {
        let (by_message, by_envelope, read_at) = self.shared.book().known(party, message, envelope);
        let message = by_message.map(|at| known(&*self.log, at)).transpose()?;
        let envelope = match (by_envelope, &message) {
            (Some(at), Some(same)) if at == same.position => Some(same.clone()),
            (at, _) => at.map(|at| known(&*self.log, at)).transpose()?,
        };
        Ok(KnownAbout { message, envelope, read_at, ..KnownAbout::default() })
    }

    fn claim_due(
        &self,
        endpoint: Option<&str>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Claims, Error> {
        self.claim(endpoint, now, limit)
    }

    fn next_due(&self, endpoint: Option<&str>) -> Option<Timestamp> {
        self.shared.book().board.next_due(endpoint)
    }

    fn on_due(&self, wake: Wake) {
        *self.shared.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    fn on_failed(&self, tell: Box<dyn FnOnce() + Send>) {
        self.log.on_failed(tell);
    }

    fn sending(&self, delivery: DeliveryId, token: u64, at: Timestamp, done: Done<()>) {
        self.step(steps::beginning(delivery, token, at), |_| (), done);
    }

    fn settle(&self, settle: Settle, done: Done<Settled>) {
        self.settled(settle, done);
    }

    fn late(
        &self,
        now: Timestamp,
        limit: usize,
        decide: &dyn Fn(&Delivery) -> Late,
    ) -> Result<Vec<(Lapsed, Late)>, Error> {
        self.overdue(now, limit, decide)
    }

    fn next_overdue(&self) -> Option<Timestamp> {
        self.shared.book().board.next_overdue()
    }

    fn awaiting(&self, party: &PartyName, message: &MessageId) -> Option<Awaiting> {
        let book = self.shared.book();
        let delivery = book.awaiting(party, message)?;
        Some(Awaiting {
            delivery: delivery.id,
            route: delivery.route.clone(),
            event: crate::message::Event(delivery.event.clone()),
            state: delivery.state,
            receipt: delivery.receipt,
        })
    }

    fn jumped(&self, by: SignedDuration, at: Timestamp) -> Result<(), Error> {
        self.shift(by, at)
    }

    fn note(&self, unit: Position, audit: AuditRecord, done: Done<()>) {
        let mut book = self.shared.book();
        self.record_entry(&mut book, unit.partition, &Entry::Note { unit, audit }, done);
        drop(book);
        self.log.kick();
    }

    fn operate_as(
        &self,
        delivery: DeliveryId,
        operation: Operation,
        by: &Operator<'_>,
        at: Timestamp,
        done: Done<DeliveryState>,
    ) {
        let (change, action) = match operation {
            Operation::Retry { expires } => (Change::Retry { expires }, AuditAction::OperatorRetry),
            Operation::Hold => (Change::Hold, AuditAction::Held),
            Operation::Release => (Change::Release, AuditAction::Released),
            Operation::GiveUp => (Change::GiveUp, AuditAction::DeadLettered),
            Operation::Resend { envelope } => (Change::Resend { envelope }, AuditAction::Resent),
        };
        let audit = audit(at, action, by.actor, delivery, by.reason.map(Into::into));
        let shared = Arc::clone(&self.shared);
        let then: Done<DeliveryState> = Box::new(move |result| {
            shared.wake();
            done(result);
        });
        self.step(Step { delivery, change, audit }, |state| state, then);
    }

    fn delivery(&self, id: DeliveryId) -> Option<Delivery> {
        self.shared.book().board.delivery(id).cloned()
    }

    fn sendable(&self, delivery: DeliveryId) -> Result<Sendable, Error> {
        let unit = unit_at(&*self.log, delivery.unit)?;
        let index = unit.deliveries.get(usize::from(delivery.index)).map(|d| d.output);
        let output = index.and_then(|index| unit.outputs.into_iter().nth(usize::from(index)));
        let Some(output) = output else {
            return Err(unreadable(delivery.unit, "it has no such output"));
        };
        let untouched = output.bytes.is_empty();
        Ok(Sendable {
            syntax: output.syntax,
            bytes: if untouched { unit.original } else { output.bytes },
            message: output.message,
            envelope: output.envelope,
            party: unit.party,
            resent: self.delivery(delivery).and_then(|known| known.resent),
        })
    }

    fn unit(&self, position: Position) -> Result<Unit, Error> {
        unit_at(&*self.log, position)
    }

    fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageRow>, Error> {
        self.current()?.messages(filter)
    }

    fn message(&self, position: Position) -> Result<Option<MessageDetail>, Error> {
        self.current()?.message(position)
    }

    fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, Error> {
        self.current()?.deliveries(filter)
    }

    fn queues(&self) -> Result<Vec<QueueRow>, Error> {
        self.current()?.queues()
    }

    fn lanes(&self, limit: usize) -> Result<Vec<LaneRow>, Error> {
        self.current()?.lanes(limit)
    }

    fn counters(&self) -> Result<Vec<CounterRow>, Error> {
        self.current()?.counters()
    }

    fn backup(&self, folder: &Path, now: Timestamp) -> Result<Backup, Error> {
        backup::write(folder, now, |to| self.log.copy(to))
    }

    fn save(&self) -> Result<(), Error> {
        self.checkpoint()
    }

    fn save_if_due(&self) -> Result<bool, Error> {
        self.checkpoint_if_due()
    }

    fn in_flight(&self) -> Option<Arc<InFlight>> {
        self.in_flight.clone()
    }

    fn status(&self) -> Status {
        let book = self.shared.book();
        let rotten = self.bad.iter().filter(|bad| bad.damage != Damage::Torn);
        Status {
            failed: self.log.failed(),
            sync_micros: self.log.sync_micros(),
            bad_records: rotten.map(|bad| bad.last + 1 - bad.first).sum(),
            durable: book.durable(),
            open_deliveries: book.board.count() as u64,
            syncs: self.log.syncs(),
            read_at_start: self.read,
            restored: book.restored.clone(),
        }
    }
}
