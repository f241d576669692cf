//! Messages that ended the process: what each worker has in hand is in a file, and what was in hand at two ends of the
//! process is set aside before it is tried a third time.
//!
//! Promises: the bytes are kept and somebody is called; all other messages go on. Never: tries such a message again, or
//! says to its sender that it was understood where its ids could not be read.

use super::Pipeline;
use super::worker::{Kept, Noting, Step};
use crate::engine::{Arena, Decided, Engine, Incoming};
use crate::message::sabotage::broken;
use crate::message::{
    AuditAction, AuditRecord, Committed, EnvelopeId, Error, Event, MessageId, Submission, Unit,
    Verdict,
};
use crate::ops::Counted;
use crate::receipt::{self, Ending};
use crate::store::{Crashes, InFlight, Stage};
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

/// So often may the process end with a message in hand.
const MOST: u8 = 2;
/// Why such a message is quarantined.
const CAUSE: &str = "in hand when the process ended, twice";

/// A worker's place in the file.
pub(super) struct Hand {
    file: Option<Arc<InFlight>>,
    worker: usize,
}

/// A message in hand; it is let go of when this is dropped.
pub(super) struct Held<'a> {
    hand: &'a Hand,
    hash: [u8; 32],
}

impl Hand {
    pub fn new(file: Option<Arc<InFlight>>, worker: usize) -> Hand {
        Hand { file, worker }
    }

    fn hold(&self, submission: &Submission) -> Held<'_> {
        let hash = match &self.file {
            Some(_) => InFlight::hash(&submission.party.0, &submission.body),
            None => Default::default(),
        };
        let held = Held { hand: self, hash };
        held.says(Stage::Reading);
        held
    }
}

impl Held<'_> {
    /// Says how far it has come.
    pub fn says(&self, stage: Stage) {
        if let Some(file) = &self.hand.file {
            file.take(self.hand.worker, &self.hash, stage);
        }
    }

    fn crashes(&self) -> Crashes {
        self.hand.file.as_ref().map(|file| file.crashes(&self.hash)).unwrap_or_default()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(file) = &self.hand.file {
            file.done(self.hand.worker);
        }
    }
}

impl Pipeline {
    /// Works on a message, unless it has ended the process too often.
    pub(super) fn take_in_hand(
        &self,
        engine: &Arc<Engine>,
        submission: &Submission,
        arena: &mut Arena,
        hand: &Hand,
    ) -> Step {
        let held = hand.hold(submission);
        let crashes = held.crashes();
        if crashes.all() >= MOST && !broken("poison-again") {
            return self.set_aside(engine, submission, arena, crashes, held.hash);
        }
        let step = self.work(engine, submission, arena, &held);
        if let Some(file) = &hand.file {
            file.cleared(&held.hash);
        }
        step
    }

    /// Keeps a message that ended the process. Where it has always been read whole, it is quarantined under its own
    /// ids; else its bytes are kept and its sender hears what it hears when reading panics.
    fn set_aside(
        &self,
        engine: &Arc<Engine>,
        submission: &Submission,
        arena: &mut Arena,
        crashes: Crashes,
        hash: [u8; 32],
    ) -> Step {
        if crashes.reading == 0 {
            let incoming = Incoming {
                party: submission.party.clone(),
                syntax: submission.syntax,
                charset: submission.charset.clone(),
                bytes: submission.body.clone(),
                received: submission.received,
                place: None,
            };
            let read = engine.read(incoming, arena, self.clock.now());
            if let Ok(read) = read
                && let Ok(known) = self.known(engine, &read)
            {
                let unit = engine.quarantined(&read, &known, CAUSE, read.incoming.received);
                let decided = Decided {
                    unit,
                    ending: Ending::Accepted,
                    route: None,
                    issues: Vec::new(),
                    not_checked: 0,
                    dropped: 0,
                    losses: Default::default(),
                    handed: None,
                };
                let (kept, unit) = Kept::of(decided, false);
                return self.commit(engine, read, kept, unit, false);
            }
        }
        let unit = unread(submission, hash);
        let (done, noting): (_, Noting) = oneshot::channel();
        let hear = move |result: Result<Committed, Error>| drop(done.send(result.map(drop)));
        self.store.submit(unit, Box::new(hear));
        self.metrics.count(Counted::Quarantined, "none", "unread");
        tracing::error!(party = &*submission.party.0, "quarantined: {CAUSE}");
        self.alarm("quarantine", "", "unread", "a message is quarantined");
        Step::Again(receipt::plain(Ending::Broken, submission.answer_in), vec![noting])
    }
}

/// What is kept of a message whose ids could not be read: its bytes, under a name of ours.
fn unread(submission: &Submission, hash: [u8; 32]) -> Unit {
    let name: Box<str> = Uuid::new_v5(&Uuid::NAMESPACE_OID, &hash).to_string().into();
    let record = |action, outcome: Option<Box<str>>| AuditRecord {
        at: submission.received,
        action,
        actor: submission.party.0.clone(),
        delivery: None,
        outcome,
    };
    Unit {
        party: submission.party.clone(),
        carrier: None,
        message: MessageId(name.clone()),
        envelope: EnvelopeId(name),
        sender: None,
        receiver: None,
        event: Event("unread".into()),
        conversation: None,
        syntax: submission.syntax,
        received: submission.received,
        original: submission.body.clone(),
        content_hash: hash,
        verdict: Verdict::Accepted,
        issues: Vec::new(),
        quarantine: Some(CAUSE.into()),
        configuration: [0; 32],
        receipt_for: None,
        outputs: Vec::new(),
        deliveries: Vec::new(),
        audit: vec![
            record(AuditAction::Received, None),
            record(AuditAction::Quarantined, Some(CAUSE.into())),
        ],
        read_at: None,
    }
}
