//! Messages that come again: the verdict they had, told once more.
//!
//! Promises: what is told again is on disk where it travels by itself. Never: a second delivery of the message.

use super::Pipeline;
use super::worker::Noting;
use crate::engine::{Again, Engine, Read};
use crate::message::{
    Answer, AuditAction, AuditRecord, Committed, Error, Position, ReceiptCode, Syntax,
};
use crate::ops::Counted;
use crate::receipt::{self, Ending};
use tokio::sync::oneshot;
use uuid::Uuid;

impl Pipeline {
    /// Waits for the records that an answer rests on, if it does.
    pub(super) async fn noted(
        &self,
        answer: Answer,
        noting: Vec<Noting>,
        answer_in: Syntax,
    ) -> Answer {
        for one in noting {
            if !matches!(one.await, Ok(Ok(()))) {
                return receipt::plain(Ending::Overloaded, answer_in);
            }
        }
        answer
    }

    /// Answers a message that came before; one with other content leaves an audit record and an alarm.
    pub(super) fn again(
        &self,
        engine: &Engine,
        read: &Read,
        again: &Again,
        (apart, answer_in): (bool, Syntax),
    ) -> (Answer, Vec<Noting>) {
        let mut noting: Vec<Noting> = self.note_again(engine, read, again).into_iter().collect();
        let said = self.said_of(engine, read, again.position);
        let (now, id) = (self.clock.now(), Uuid::new_v4());
        let receipts = match apart || read.wrapped.is_some() {
            true => engine.again_apart(read, again, said, now, id),
            false => None,
        };
        if let Some(unit) = receipts {
            noting.extend(unit.map(|unit| {
                let (done, noting) = oneshot::channel();
                let hear =
                    move |result: Result<Committed, Error>| drop(done.send(result.map(drop)));
                self.store.submit(unit, Box::new(hear));
                noting
            }));
            return (receipt::apart(again.ending, answer_in), noting);
        }
        let answer = engine.answer_again(read, again, said, answer_in, now, id);
        (answer, noting)
    }

    /// Counts a message that came before; one with other content leaves an audit record and an alarm.
    pub(super) fn note_again(&self, engine: &Engine, read: &Read, again: &Again) -> Option<Noting> {
        let event = engine.event_label(&read.event);
        self.metrics.count(Counted::Duplicate, "none", event);
        let party = &*read.incoming.party.0;
        let noting = again.other_content.then(|| {
            self.alarm("other-content", "", event, "a known message id came with other content");
            let audit = AuditRecord {
                at: self.clock.now(),
                action: AuditAction::Duplicate,
                actor: party.into(),
                delivery: None,
                outcome: Some("message-other-content".into()),
            };
            let (done, noting) = oneshot::channel();
            let done = Box::new(move |result| drop(done.send(result)));
            self.store.note(again.position, audit, done);
            noting
        });
        if noting.is_none() {
            tracing::info!(party, event, "a message came again");
        }
        noting
    }

    /// What the receiver of a message has said about it, if its word counts and it has; the worst, where it went to
    /// several.
    pub(super) fn said_of(
        &self,
        engine: &Engine,
        read: &Read,
        position: Position,
    ) -> Option<ReceiptCode> {
        if !engine.receiver_answers(read) {
            return None;
        }
        let detail = self.store.message(position).ok()??;
        let said = detail.row.deliveries.iter().filter_map(|one| one.receipt);
        said.max_by_key(|code| *code == ReceiptCode::FatalError)
    }
}
