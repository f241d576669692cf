//! What an operator has sent again: messages translated anew, bytes put in the place of others.
//!
//! Promises: a dry run says what would be sent to whom, and does nothing; what is sent is committed first, with
//! who asked for it and why; order inside lanes is that of the first time. Never: changes a verdict.

use super::Pipeline;
use crate::engine::{Arena, Engine, Remade, generation};
use crate::message::{
    AuditAction, AuditRecord, Committed, DeliveryId, EnvelopeId, Error, ErrorKind, KnownAbout,
    MessageId, Position, Unit,
};
use crate::ops::replay::{Edited, Replay, Replayed, Skipped};
use crate::store::{MessageFilter, Operation, Operator};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// The most messages of one replay.
const MOST: usize = 10_000;
/// The most generations of one message.
const GENERATIONS: u32 = 1_000;

/// A unit that is made from another.
struct Derived<'a> {
    from: &'a Unit,
    at: Position,
    number: u32,
    remade: Remade,
    action: AuditAction,
}

impl Pipeline {
    /// Replays what a filter lets through, the oldest first.
    pub(super) fn replay(&self, asked: &Replay, by: &Operator<'_>) -> Result<Replayed, Error> {
        let mut rows = match asked.position {
            Some(only) => self.store.message(only)?.map(|found| found.row).into_iter().collect(),
            None => self.store.messages(&MessageFilter { limit: MOST + 1, ..filter(asked)? })?,
        };
        let mut told = Replayed { more: rows.len() > MOST, ..Replayed::default() };
        rows.truncate(MOST);
        let engine = self.engine();
        let mut arena = Arena::new(&engine);
        for row in rows.iter().rev() {
            let at = row.position;
            let unit = self.store.unit(at)?;
            if unit.message.0.contains(";generation=") {
                told.skipped.push(Skipped { position: at, why: "a-replay-itself" });
                continue;
            }
            let number = self.next_generation(&unit)?;
            let now = self.clock.now();
            match self.remade(&engine, &unit, number, &mut arena, now)? {
                Err(why) => told.skipped.push(Skipped { position: at, why }),
                Ok(remade) => {
                    told.count += 1;
                    told.same += u64::from(remade.same);
                    for delivery in &remade.deliveries {
                        *told.receivers.entry(delivery.receiver.0.to_string()).or_default() += 1;
                    }
                    if !asked.dry_run {
                        let action = match remade.same {
                            true => AuditAction::ReplayedSame,
                            false => AuditAction::Replayed,
                        };
                        let derived = Derived { from: &unit, at, number, remade, action };
                        self.send_derived(&engine, derived, by, now)?;
                    }
                }
            }
        }
        told.sent = !asked.dry_run;
        Ok(told)
    }

    /// Puts bytes in the place of a delivery, which is given up.
    pub(super) fn edit(
        &self,
        id: DeliveryId,
        bytes: &Bytes,
        by: &Operator<'_>,
    ) -> Result<Edited, Error> {
        let unit = self.store.unit(id.unit)?;
        let engine = self.engine();
        let (mut arena, now) = (Arena::new(&engine), self.clock.now());
        let remade = match engine.edited(&unit, id.index, bytes, &mut arena, now) {
            Ok(remade) => remade,
            Err((why, issues)) => return Ok(Edited { position: None, why: Some(why), issues }),
        };
        // An attempt that is under way would arrive as well: the operator waits for its end.
        let open = self.store.delivery(id);
        if open.as_ref().is_some_and(|one| matches!(one.state.name(), "claimed" | "in-flight")) {
            return Ok(Edited { position: None, why: Some("in-flight"), issues: Vec::new() });
        }
        if open
            .is_some_and(|one| matches!(one.state.name(), "waiting" | "held" | "sent" | "overdue"))
        {
            self.operated(id, Operation::GiveUp, by)?;
        }
        let number = self.next_generation(&unit)?;
        let action = AuditAction::Edited;
        let derived = Derived { from: &unit, at: id.unit, number, remade, action };
        let position = self.send_derived(&engine, derived, by, now)?;
        Ok(Edited { position: Some(position), why: None, issues: Vec::new() })
    }

    /// What a message comes to now, with the earlier ones that its maps ask for.
    fn remade(
        &self,
        engine: &Engine,
        unit: &Unit,
        number: u32,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Result<Remade, &'static str>, Error> {
        let known = match engine.reread(unit, arena, now) {
            None => return Ok(Err("not-read")),
            Some(read) => {
                let until = Some(unit.received);
                self.with_earlier(engine, &read, KnownAbout::default(), until)?
            }
        };
        Ok(engine.remake(unit, &known, number, arena, now))
    }

    /// The number of the next generation of a message.
    fn next_generation(&self, unit: &Unit) -> Result<u32, Error> {
        for number in 2..GENERATIONS {
            let message = MessageId(generation(&unit.message.0, number).into());
            let known = self.store.known_about(&unit.party, &message, &unit.envelope)?;
            if known.message.is_none() {
                return Ok(number);
            }
        }
        Err(Error::new(ErrorKind::Limit, "the message has had too many generations"))
    }

    fn send_derived(
        &self,
        engine: &Arc<Engine>,
        derived: Derived<'_>,
        by: &Operator<'_>,
        now: Timestamp,
    ) -> Result<Position, Error> {
        let Derived { from, at, number, remade, action } = derived;
        let record = |outcome: Option<Box<str>>| AuditRecord {
            at: now,
            action,
            actor: by.actor.into(),
            delivery: None,
            outcome,
        };
        let unit = Unit {
            message: MessageId(generation(&from.message.0, number).into()),
            envelope: EnvelopeId(generation(&from.envelope.0, number).into()),
            received: now,
            quarantine: None,
            configuration: engine.config.hash,
            outputs: remade.outputs,
            deliveries: remade.deliveries,
            audit: vec![
                record(by.reason.map(Into::into)),
                record(Some(format!("of {}/{}", at.partition, at.sequence).into())),
            ],
            read_at: None,
            ..from.clone()
        };
        let position = match self.store.commit(vec![unit])?.pop() {
            Some(Committed::New(position)) => position,
            _ => return Err(Error::new(ErrorKind::Internal, "another replay was faster")),
        };
        // The first one's story goes on: who had it sent again, and where that stands.
        let told = format!("as {}/{}", position.partition, position.sequence);
        let (done, noted) = std::sync::mpsc::channel();
        self.store.note(at, record(Some(told.into())), Box::new(move |r| drop(done.send(r))));
        noted.recv().map_err(|_| gone())??;
        Ok(position)
    }

    /// Does something to a delivery, and waits until it is so.
    pub(super) fn operated(
        &self,
        id: DeliveryId,
        operation: Operation,
        by: &Operator<'_>,
    ) -> Result<crate::store::DeliveryState, Error> {
        let (done, result) = std::sync::mpsc::channel();
        let done = Box::new(move |state| drop(done.send(state)));
        self.store.operate_as(id, operation, by, self.clock.now(), done);
        result.recv().map_err(|_| gone())?
    }
}

/// The messages that are meant; an error when that would be all of them.
fn filter(asked: &Replay) -> Result<MessageFilter, Error> {
    let narrow = asked.from.is_some()
        || [&asked.party, &asked.message, &asked.issue].iter().any(|one| one.is_some());
    if !narrow {
        let note = "say which: by position, message, party, issue, or from when";
        return Err(Error::new(ErrorKind::Limit, note));
    }
    Ok(MessageFilter {
        state: asked.state.clone(),
        party: asked.party.clone(),
        event: asked.event.clone(),
        message: asked.message.clone(),
        issue: asked.issue.clone(),
        from: asked.from,
        until: asked.until,
        ..MessageFilter::default()
    })
}

fn gone() -> Error {
    Error::new(ErrorKind::Internal, "the store's writer is gone")
}
