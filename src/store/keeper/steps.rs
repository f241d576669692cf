//! Steps of deliveries: claim, send, settle, overdue, and what an operator does.
//!
//! A step is checked and made under the book's lock and recorded in the same breath, so the book's order is
//! the log's. A claim waits for nobody; `sending` must be on disk before a byte is sent, and that covers
//! the claim and whatever made it possible, because the log keeps its order.

use super::{Keeper, SELF, audit};
use crate::message::{
    AttemptOutcome, AuditAction, AuditRecord, DeliveryId, Error, ErrorKind, Event, Position,
};
use crate::store::book::Book;
use crate::store::delivery::{Change, Delivery, Refusal};
use crate::store::entry::{Entry, Step};
use crate::store::log::{After, read_only};
use crate::store::state::DeliveryState;
use crate::store::words::{Claim, Claims, Done, Follow, Lapsed, Late, Settle, Settled};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

impl Keeper {
    /// Records steps that have been checked, under the lock that the caller holds.
    fn record(&self, book: &mut Book, steps: Vec<Step>, after: After) {
        let Some(first) = steps.first() else { return after(Ok(())) };
        let partition = first.delivery.unit.partition;
        self.record_entry(book, partition, &Entry::Steps(steps), after);
    }

    /// Records an entry, under the lock that the caller holds.
    pub(super) fn record_entry(
        &self,
        book: &mut Book,
        partition: u16,
        entry: &Entry,
        after: After,
    ) {
        match self.log.prepare(entry) {
            Err(error) => self.log.wait(partition, Box::new(move |_| after(Err(error)))),
            Ok(prepared) => {
                let position = book.next(partition);
                book.enter(position, entry);
                self.log.append(position, prepared, after);
            }
        }
    }

    /// One step, and what the caller hears of the state it leads to.
    pub(super) fn step<T: 'static>(&self, step: Step, hear: fn(DeliveryState) -> T, done: Done<T>) {
        let delivery = step.delivery;
        let mut book = self.shared.book();
        if let Some(refusal) = book.board.refuses(delivery, &step.change) {
            drop(book);
            return done(Err(refused(delivery, refusal)));
        }
        let state = after(&book, &step).map_or(DeliveryState::DeadLetter, |after| after.state);
        let after: After = Box::new(move |result| done(result.map(|()| hear(state))));
        self.record(&mut book, vec![step], after);
        drop(book);
        self.log.kick();
    }

    pub(super) fn claim(
        &self,
        endpoint: Option<&str>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Claims, Error> {
        if let Some(why) = self.log.failed() {
            return Err(read_only(&why));
        }
        let mut claims = Claims::default();
        let mut book = self.shared.book();
        let mut endpoints = match endpoint {
            Some(one) => vec![Box::<str>::from(one)],
            None => book.board.due_endpoints(now),
        };
        while !endpoints.is_empty() && claims.claims.len() < limit {
            endpoints.retain(|endpoint| {
                claims.claims.len() < limit && self.claim_one(&mut book, endpoint, now, &mut claims)
            });
        }
        drop(book);
        self.log.kick();
        Ok(claims)
    }

    /// Claims what has been due longest at an endpoint; false if nothing is due there.
    fn claim_one(
        &self,
        book: &mut Book,
        endpoint: &str,
        now: Timestamp,
        claims: &mut Claims,
    ) -> bool {
        let Some(id) = book.board.due(endpoint, now) else { return false };
        let Some(delivery) = book.board.delivery(id).cloned() else { return false };
        if delivery.expires <= now {
            let outcome = Some("expired".into());
            let audit = audit(now, AuditAction::Expired, SELF, id, outcome);
            let step = Step { delivery: id, change: Change::Expire, audit };
            self.record(book, vec![step], Box::new(|_| ()));
            claims.expired.push(lapsed(&delivery));
            return true;
        }
        let (step, claim) = self.claiming(book, &delivery, now);
        self.record(book, vec![step], Box::new(|_| ()));
        claims.claims.push(claim);
        true
    }

    fn claiming(&self, book: &mut Book, delivery: &Delivery, now: Timestamp) -> (Step, Claim) {
        let token = book.token();
        let audit = audit(now, AuditAction::Claimed, SELF, delivery.id, None);
        let step = Step { delivery: delivery.id, change: Change::Claim { token }, audit };
        let claim = Claim {
            delivery: delivery.id,
            token,
            attempt: delivery.attempts + 1,
            failures: delivery.failures,
            route: delivery.route.clone(),
            receiver: delivery.receiver.clone(),
            endpoint: delivery.endpoint.clone(),
            lane: delivery.lane.clone(),
            message: delivery.message.clone(),
            event: Event(delivery.event.clone()),
            since: delivery.since,
            expires: delivery.expires,
            possible_duplicate: delivery.possible_duplicate,
            outside_lane: delivery.outside_lane,
            begun: false,
        };
        (step, claim)
    }

    pub(super) fn settled(&self, settle: Settle, done: Done<Settled>) {
        let Settle { delivery, token, at, outcome, next, unknown, follow } = settle;
        let change = Change::Settle { token, outcome: outcome.clone(), next, unknown };
        let mut book = self.shared.book();
        if let Some(refusal) = book.board.refuses(delivery, &change) {
            drop(book);
            return done(Err(refused(delivery, refusal)));
        }
        let (action, code) = told(&outcome, next);
        let step = Step { delivery, change, audit: audit(at, action, SELF, delivery, code) };
        let after = after(&book, &step);
        let state = after.as_ref().map_or(DeliveryState::DeadLetter, |after| after.state);
        let lane =
            after.filter(|after| follow != Follow::Leave && !after.in_lane()).and_then(|d| d.lane);
        let mut steps = vec![step];
        let follower = lane.and_then(|lane| {
            let id = book.board.after_in_lane(&lane, delivery, at)?;
            let follower = book.board.delivery(id)?.clone();
            let (step, mut claim) = self.claiming(&mut book, &follower, at);
            steps.push(step);
            if follow == Follow::Begin {
                steps.push(beginning(id, claim.token, at));
                claim.begun = true;
            }
            Some(claim)
        });
        let shared = Arc::clone(&self.shared);
        let after: After = Box::new(move |result| {
            shared.wake();
            done(result.map(|()| Settled { state, next: follower }));
        });
        self.record(&mut book, steps, after);
        drop(book);
        self.log.kick();
    }

    pub(super) fn overdue(
        &self,
        now: Timestamp,
        limit: usize,
        decide: &dyn Fn(&Delivery) -> Late,
    ) -> Result<Vec<(Lapsed, Late)>, Error> {
        if let Some(why) = self.log.failed() {
            return Err(read_only(&why));
        }
        let mut found = Vec::new();
        let mut book = self.shared.book();
        while found.len() < limit {
            let Some(id) = book.board.overdue(now) else { break };
            let Some(delivery) = book.board.delivery(id).cloned() else { break };
            let late = decide(&delivery);
            let (change, action) = match &late {
                Late::Overdue => (Change::Overdue, AuditAction::ReceiptOverdue),
                Late::Resend(envelope) => {
                    (Change::Resend { envelope: envelope.clone() }, AuditAction::Resent)
                }
                Late::Leave => {
                    book.board.leave_be(id);
                    continue;
                }
                Late::Unanswered => (Change::Unanswered, AuditAction::Unanswered),
            };
            if delivery.refuses(&change).is_some() {
                book.board.leave_be(id);
                continue;
            }
            let step = Step { delivery: id, change, audit: audit(now, action, SELF, id, None) };
            self.record(&mut book, vec![step], Box::new(|_| ()));
            found.push((lapsed(&delivery), late));
        }
        drop(book);
        self.log.kick();
        if !found.is_empty() {
            self.shared.wake();
        }
        Ok(found)
    }

    /// Records in each partition that the clock jumped.
    pub(super) fn shift(&self, by: SignedDuration, at: Timestamp) -> Result<(), Error> {
        if let Some(why) = self.log.failed() {
            return Err(read_only(&why));
        }
        let seconds = by.as_secs();
        let by =
            i64::try_from(by.as_nanos()).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX });
        let mut book = self.shared.book();
        for partition in (0u16..).take(book.durable().len()) {
            let audit = AuditRecord {
                at,
                action: AuditAction::ClockJumped,
                actor: SELF.into(),
                delivery: None,
                outcome: Some(format!("{seconds} s").into()),
            };
            self.record_entry(&mut book, partition, &Entry::Jumped { by, audit }, Box::new(|_| ()));
        }
        drop(book);
        self.log.kick();
        self.shared.wake();
        Ok(())
    }

    /// Makes due again what was in hand when the engine stopped; flagged if it may have been sent.
    pub(in crate::store) fn requeue(&self, at: Timestamp) -> usize {
        let mut book = self.shared.book();
        let in_hand = book.in_hand();
        for delivery in &in_hand {
            let audit = audit(at, AuditAction::Requeued, SELF, *delivery, None);
            let step = Step { delivery: *delivery, change: Change::Requeue, audit };
            self.record(&mut book, vec![step], Box::new(|_| ()));
        }
        drop(book);
        self.log.kick();
        in_hand.len()
    }
}

/// An attempt begins.
pub(super) fn beginning(delivery: DeliveryId, token: u64, at: Timestamp) -> Step {
    let audit = audit(at, AuditAction::Sending, SELF, delivery, None);
    Step { delivery, change: Change::Sending { token }, audit }
}

/// The delivery as it is after a step.
fn after(book: &Book, step: &Step) -> Option<Delivery> {
    let mut delivery = book.board.delivery(step.delivery).cloned()?;
    delivery.apply(&step.change, step.audit.at);
    Some(delivery)
}

fn lapsed(delivery: &Delivery) -> Lapsed {
    Lapsed {
        delivery: delivery.id,
        route: delivery.route.clone(),
        receiver: delivery.receiver.clone(),
        event: Event(delivery.event.clone()),
    }
}

/// The audit's words for the end of an attempt.
fn told(outcome: &AttemptOutcome, next: Option<Timestamp>) -> (AuditAction, Option<Box<str>>) {
    use crate::message::ReceiptCode;
    match outcome {
        AttemptOutcome::Sent { receipt } => {
            let code = receipt.map(|receipt| match receipt {
                ReceiptCode::Ok => "ok".into(),
                ReceiptCode::FatalError => "fatal-error".into(),
                ReceiptCode::TransientError => "transient-error".into(),
            });
            (AuditAction::Sent, code)
        }
        AttemptOutcome::Failed { reason, .. } => {
            let again = next.is_some();
            let action =
                if again { AuditAction::RetryScheduled } else { AuditAction::DeadLettered };
            (action, Some(reason.clone()))
        }
        AttemptOutcome::Final { reason, .. } => (AuditAction::DeadLettered, Some(reason.clone())),
    }
}

fn refused(delivery: DeliveryId, refusal: Refusal) -> Error {
    let DeliveryId { unit: Position { partition, sequence }, index } = delivery;
    let why = match refusal {
        Refusal::Fenced => "somebody else has claimed it since",
        Refusal::Illegal => "its state does not allow that",
        Refusal::Unknown => "there is no such delivery, or it is over",
    };
    Error::new(ErrorKind::Internal, format!("delivery {partition}/{sequence}/{index}: {why}"))
}
