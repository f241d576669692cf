//! Workers: each takes a message from the queue, reads it, asks what is known, decides, hands the unit on.
//!
//! A worker never waits for a disk: while a commit is on its way, it works on the next message.

use super::Pipeline;
use super::poison::{Hand, Held};
use super::several::Several;
use crate::engine::{Arena, Decided, Engine, Incoming, Outcome, Read, Stages};
use crate::message::{
    Answer, Committed, DeliveryId, Earlier, Error, KnownAbout, SentBefore, Submission, ToldIssue,
    Unit, Verdict,
};
use crate::ops::Metrics;
use crate::receipt::{self, Ending};
use crate::store::{MessageFilter, Stage};
use jiff::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;
use uuid::Uuid;

/// How many messages of a conversation are looked at for an earlier one.
const MOST_EARLIER: usize = 10;

/// A message in the queue.
pub(super) struct Job {
    pub submission: Arc<Submission>,
    pub reply: oneshot::Sender<Step>,
}

/// What a worker made of it.
pub(super) enum Step {
    /// There is nothing to commit.
    Answer(Answer),
    /// It came again: the answer, and what it waits for.
    Again(Answer, Vec<Noting>),
    /// It is answered when it is on disk.
    Waiting(Box<Waiting>),
    /// It is several messages: each is answered when they are all on disk.
    Several(Box<Several>),
}

/// An audit record that is on its way to the disk.
pub(super) type Noting = oneshot::Receiver<Result<(), Error>>;

/// A decision whose commit is on its way.
pub(super) struct Waiting {
    pub engine: Arc<Engine>,
    pub read: Read,
    pub kept: Kept,
    pub committed: oneshot::Receiver<Result<Committed, Error>>,
    pub since: Instant,
    /// Whether its receipts are to travel as messages of their own.
    pub apart: bool,
}

/// What is still needed of a decision when its unit has gone to the store.
pub(super) struct Kept {
    pub ending: Ending,
    /// Whether the receipt travels as a message of its own.
    pub apart: bool,
    pub route: Option<Box<str>>,
    pub not_checked: u32,
    pub dropped: u32,
    pub verdict: Verdict,
    pub quarantine: Option<Box<str>>,
    pub issues: Vec<ToldIssue>,
}

impl Kept {
    pub(super) fn of(decided: Decided, apart: bool) -> (Kept, Unit) {
        let Decided { unit, ending, route, not_checked, dropped, .. } = decided;
        let (verdict, quarantine, issues) =
            (unit.verdict, unit.quarantine.clone(), unit.issues.clone());
        (Kept { ending, apart, route, not_checked, dropped, verdict, quarantine, issues }, unit)
    }
}

/// Takes the time of each stage.
struct Laps<'a> {
    metrics: &'a Metrics,
    since: Instant,
}

impl Stages for Laps<'_> {
    fn ended(&mut self, stage: &'static str) {
        self.metrics.stage(stage, self.since.elapsed());
        self.since = Instant::now();
    }
}

/// Starts the workers; they end when the pipeline is gone.
pub(super) fn start(pipeline: &Arc<Pipeline>, workers: usize, jobs: Receiver<Job>) {
    let jobs = Arc::new(Mutex::new(jobs));
    for number in 0..workers {
        let hand = Hand::new(pipeline.store.in_flight(), number);
        let (pipeline, jobs) = (Arc::downgrade(pipeline), Arc::clone(&jobs));
        let work = move || {
            let mut arena: Option<Arena> = None;
            loop {
                let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let (Ok(job), Some(pipeline)) = (job, pipeline.upgrade()) else { return };
                let engine = pipeline.engine();
                // What is kept from message to message was made over the names of one engine.
                let names = engine.library.names();
                let kept = arena.take().filter(|arena| Arc::ptr_eq(arena.tree.names(), names));
                let arena = arena.insert(kept.unwrap_or_else(|| Arena::new(&engine)));
                let step = pipeline.take_in_hand(&engine, &job.submission, arena, &hand);
                // A client that went away is not told; what was committed stays true.
                let _ = job.reply.send(step);
            }
        };
        let name = format!("worker-{number}");
        let _ = std::thread::Builder::new().name(name).spawn(work);
    }
}

impl Pipeline {
    pub(super) fn work(
        &self,
        engine: &Arc<Engine>,
        submission: &Submission,
        arena: &mut Arena,
        held: &Held<'_>,
    ) -> Step {
        let incoming = || Incoming {
            party: submission.party.clone(),
            syntax: submission.syntax,
            charset: submission.charset.clone(),
            bytes: submission.body.clone(),
            received: submission.received,
            place: None,
        };
        let now = self.clock.now();
        let begin = Instant::now();
        let read = catch_unwind(AssertUnwindSafe(|| engine.read(incoming(), arena, now)));
        self.metrics.stage("read", begin.elapsed());
        let read = match read {
            Ok(Ok(read)) => read,
            Ok(Err(unread)) => {
                let (incoming, begin) = (incoming(), Instant::now());
                let split = catch_unwind(AssertUnwindSafe(|| {
                    engine.split(&incoming, &unread, &arena.tree)
                }));
                if let Ok(Some(letters)) = split {
                    self.metrics.stage("read", begin.elapsed());
                    return self.several(engine, letters, arena, submission);
                }
                self.metrics.unverdicted();
                let issue = unread.issues.first().map_or("", |issue| &issue.id);
                tracing::info!(party = &*submission.party.0, ending = ?unread.ending, issue, "no verdict");
                let (syntax, id) = (submission.answer_in, Uuid::new_v4());
                return Step::Answer(engine.answer_unread(&unread, &incoming, syntax, now, id));
            }
            Err(_) => {
                *arena = Arena::new(engine);
                tracing::error!(party = &*submission.party.0, "ALARM: reading a message panicked");
                return Step::Answer(receipt::plain(Ending::Broken, submission.answer_in));
            }
        };
        let known = match self.known(engine, &read) {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(%error, "the store does not say what is known");
                return Step::Answer(receipt::plain(Ending::Overloaded, submission.answer_in));
            }
        };
        held.says(Stage::Deciding);
        self.decide(engine, read, arena, &known, submission)
    }

    /// What is known of a message, and the earlier ones that its maps ask for.
    pub(super) fn known(&self, engine: &Engine, read: &Read) -> Result<KnownAbout, Error> {
        let party = &read.incoming.party;
        let known = self.store.known_about(party, &read.message, &read.envelope)?;
        let sent = match engine.asks_what_was_sent(read) {
            true => self.sent(read)?,
            false => None,
        };
        self.with_earlier(engine, read, KnownAbout { sent, ..known }, None)
    }

    /// The delivery that a message is a receipt for: only of what was sent to whoever says so.
    fn sent(&self, read: &Read) -> Result<Option<Box<SentBefore>>, Error> {
        let Some(receipt) = &read.says.receipt_for else { return Ok(None) };
        let by = &read.sender;
        let mut found = Vec::new();
        match self.store.awaiting(by, &receipt.message) {
            Some(awaiting) => found.push(awaiting.delivery.unit),
            // one that is over is asked of the ledger
            None => {
                let message = Some(receipt.message.0.to_string());
                let filter = MessageFilter { message, limit: MOST_EARLIER, ..Default::default() };
                found.extend(self.store.messages(&filter)?.iter().map(|row| row.position));
            }
        }
        for position in found {
            let unit = self.store.unit(position)?;
            let of = |output: u16| unit.outputs.get(usize::from(output));
            let own = unit.deliveries.iter().position(|one| {
                one.receiver == *by && of(one.output).is_some_and(|o| o.message == receipt.message)
            });
            if let Some(index) = own.and_then(|own| u16::try_from(own).ok()) {
                let delivery = DeliveryId { unit: position, index };
                return Ok(Some(Box::new(SentBefore { unit, delivery })));
            }
        }
        Ok(None)
    }

    /// Adds the earlier messages that the maps of the message's routes ask for; with `until`, those that had
    /// come by then.
    pub(super) fn with_earlier(
        &self,
        engine: &Engine,
        read: &Read,
        known: KnownAbout,
        until: Option<Timestamp>,
    ) -> Result<KnownAbout, Error> {
        let mut earlier = Vec::new();
        for wanted in engine.earlier(read) {
            // The newest first; a refused one never happened, and the message itself may stand there.
            let filter = MessageFilter {
                party: Some(read.incoming.party.0.to_string()),
                conversation: Some(wanted.conversation.to_owned()),
                event: Some(wanted.event.to_owned()),
                state: Some("accepted".to_owned()),
                until,
                limit: MOST_EARLIER,
                ..MessageFilter::default()
            };
            let rows = self.store.messages(&filter)?;
            if let Some(row) = rows.iter().find(|row| *row.message != *read.message.0) {
                let unit = self.store.unit(row.position)?;
                let (event, syntax, bytes) = (unit.event, unit.syntax, unit.original);
                earlier.push(Earlier { event, syntax, bytes, received: unit.received });
            }
        }
        Ok(KnownAbout { earlier, ..known })
    }

    fn decide(
        &self,
        engine: &Arc<Engine>,
        read: Read,
        arena: &mut Arena,
        known: &KnownAbout,
        submission: &Submission,
    ) -> Step {
        let mut decided = match self.decided(engine, &read, arena, known) {
            Outcome::Again(again) => {
                let (answer, noting) =
                    self.again(engine, &read, &again, (submission.apart, submission.answer_in));
                return Step::Again(answer, noting);
            }
            Outcome::Commit(decided) => *decided,
        };
        let wanted = submission.apart || read.wrapped.is_some();
        let apart =
            wanted && engine.send_apart(&read, &mut decided, self.clock.now(), Uuid::new_v4());
        self.hand_on_before(&read, decided.handed.take());
        let (kept, unit) = Kept::of(decided, apart);
        self.commit(engine, read, kept, unit, wanted)
    }

    /// Hands a decision's unit to the store; it is answered when that is on disk.
    pub(super) fn commit(
        &self,
        engine: &Arc<Engine>,
        read: Read,
        kept: Kept,
        unit: Unit,
        apart: bool,
    ) -> Step {
        let (done, committed) = oneshot::channel();
        let since = Instant::now();
        self.store.submit(unit, Box::new(move |result| drop(done.send(result))));
        let engine = Arc::clone(engine);
        Step::Waiting(Box::new(Waiting { engine, read, kept, committed, since, apart }))
    }

    /// Commits what a receipt says to whoever sent the message, before the receipt itself: one that is answered has
    /// been handed on. One that was handed on already is there, and nothing is written.
    pub(super) fn hand_on_before(&self, read: &Read, handed: Option<Box<Unit>>) {
        let Some(handed) = handed else { return };
        match read.carried {
            // of the same party: written in this order, so that the later one is never there alone
            false => self.store.submit(*handed, Box::new(|_| ())),
            true => {
                if let Err(error) = self.store.commit(vec![*handed]) {
                    tracing::error!(%error, "a receipt cannot be handed on");
                }
            }
        }
    }

    /// The decision; a panic is one too.
    pub(super) fn decided(
        &self,
        engine: &Arc<Engine>,
        read: &Read,
        arena: &mut Arena,
        known: &KnownAbout,
    ) -> Outcome {
        let mut laps = Laps { metrics: &self.metrics, since: Instant::now() };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let now = self.clock.now();
            engine.decide(read, arena, known, now, &mut laps)
        }));
        outcome.unwrap_or_else(|_| {
            // A fault of ours is not the sender's: the message is kept, and somebody is called.
            *arena = Arena::new(engine);
            let unit = engine.quarantined(read, known, "panic", read.incoming.received);
            Outcome::Commit(Box::new(Decided {
                unit,
                ending: Ending::Accepted,
                route: None,
                issues: Vec::new(),
                not_checked: 0,
                dropped: 0,
                losses: Default::default(),
                handed: None,
            }))
        })
    }
}
