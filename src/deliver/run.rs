//! The loop at each endpoint: claim, mark, send, settle; and the watch over receipts.
//!
//! An endpoint that is down holds its own loop and nobody else's. At most as many messages are on their
//! way to it as its configuration says, and a lane with many gives way to the others now and then.

use super::desk::{Desk, Happened, Heard, Transport};
use super::gate::Gate;
use super::http::{Reply, Sender, Sending};
use super::judge::judge;
use super::schedule;
use super::steady::Steady;
use crate::message::{AttemptOutcome, Clock, DeliveryId, Error, ErrorKind, FaultOf};
use crate::store::{Claim, DeliveryState, Follow, Lapsed, Late, Sendable, Settle, Settled, Store};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::Instant;

/// How many of each kind are asked for at once.
const AT_ONCE: usize = 64;
/// How many of one lane go in a row while others wait.
const IN_A_ROW: u32 = 16;
/// The longest sleep: a bound on what a clock that was set back can cost.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The pause after the store said no: it is read-only, and only a restart goes on.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// A number that nobody can foresee, so that those who wait do not all come back at once.
type Random = fn() -> u64;

/// What all loops share.
pub struct Deliverer {
    store: Arc<dyn Store>,
    desk: Arc<dyn Desk>,
    clock: Arc<dyn Clock>,
    steady: Steady,
    transport: Arc<dyn Transport>,
    random: Random,
    due: watch::Receiver<u64>,
}

/// What the attempts at one endpoint share.
struct Place {
    endpoint: String,
    gate: Gate,
    stop: watch::Receiver<bool>,
}

impl Deliverer {
    /// Loops over this store, that send by HTTP.
    pub fn new(
        store: Arc<dyn Store>,
        desk: Arc<dyn Desk>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Deliverer> {
        let random = || uuid::Uuid::new_v4().as_u64_pair().0;
        Deliverer::over(store, desk, clock, Arc::new(Sender::default()), random)
    }

    /// Loops over this store and this transport; `random` is asked where chance plays a part.
    pub fn over(
        store: Arc<dyn Store>,
        desk: Arc<dyn Desk>,
        clock: Arc<dyn Clock>,
        transport: Arc<dyn Transport>,
        random: Random,
    ) -> Arc<Deliverer> {
        let (wake, due) = watch::channel(0);
        store.on_due(Arc::new(move || wake.send_modify(|n: &mut u64| *n = n.wrapping_add(1))));
        let steady = Steady::default();
        Arc::new(Deliverer { store, desk, clock, steady, transport, random, due })
    }

    /// Delivers to one endpoint until `stop` becomes true; attempts under way end first.
    pub async fn endpoint(self: Arc<Self>, endpoint: String, mut stop: watch::Receiver<bool>) {
        let Some((_, most)) = self.desk.target(&endpoint) else { return };
        let permits = Arc::new(Semaphore::new(most.max(1)));
        let mut due = self.due.clone();
        let place = Place { endpoint, gate: Gate::default(), stop: stop.clone() };
        let place = Arc::new(place);
        while !*stop.borrow() {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            due.mark_unchanged();
            let shut = place.gate.shut(self.now());
            let claim = match shut {
                Some(_) => None,
                None => match self.claim(&place) {
                    Ok(claim) => claim,
                    Err(error) => {
                        let endpoint = &*place.endpoint;
                        tracing::error!(endpoint, %error, "deliveries cannot be claimed");
                        pause(AFTER_ERROR, &mut stop).await;
                        continue;
                    }
                },
            };
            if let Some(claim) = claim {
                let (this, place) = (Arc::clone(&self), Arc::clone(&place));
                tokio::spawn(async move {
                    this.lane(claim, &place).await;
                    drop(permit);
                });
                continue;
            }
            drop(permit);
            let sleep = self.until(shut.or_else(|| self.store.next_due(Some(&place.endpoint))));
            tokio::select! {
                _ = due.changed() => {}
                () = tokio::time::sleep(sleep) => {}
                _ = stop.changed() => {}
            }
        }
        let _ = permits.acquire_many(u32::try_from(most.max(1)).unwrap_or(1)).await;
    }

    /// What has been due longest at an endpoint; it has passed the gate.
    fn claim(&self, place: &Place) -> Result<Option<Claim>, Error> {
        let now = self.now();
        let mut claims = self.store.claim_due(Some(&place.endpoint), now, 1)?;
        for lapsed in &claims.expired {
            self.tell(lapsed, Happened::Dead);
        }
        let claim = claims.claims.pop();
        if claim.is_some() {
            place.gate.enter(now, self.desk.per_second(&place.endpoint));
        }
        Ok(claim)
    }

    /// Watches over receipts until `stop` becomes true: what nobody answers is sent again, or is overdue.
    pub async fn receipts(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut due = self.due.clone();
        while !*stop.borrow() {
            due.mark_unchanged();
            let late = self.store.late(self.now(), AT_ONCE, &|one| self.desk.late(one));
            match late {
                Ok(late) => {
                    for (lapsed, what) in &late {
                        if *what == Late::Unanswered
                            && let Err(error) = self.hand_on(lapsed.delivery, None).await
                        {
                            tracing::error!(%error, "a sender cannot be told of a silence");
                        }
                        let happened = match what {
                            Late::Resend(_) => Happened::Resent,
                            Late::Unanswered => Happened::Unanswered,
                            Late::Overdue | Late::Leave => Happened::ReceiptOverdue,
                        };
                        self.tell(lapsed, happened);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "overdue receipts cannot be marked");
                    pause(AFTER_ERROR, &mut stop).await;
                    continue;
                }
            }
            let sleep = self.until(self.store.next_overdue());
            tokio::select! {
                _ = due.changed() => {}
                () = tokio::time::sleep(sleep) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Delivers a claim, and what follows it in its lane, as long as nothing speaks against it.
    async fn lane(&self, first: Claim, place: &Place) {
        let (mut claim, mut left) = (Some(first), IN_A_ROW);
        while let Some(one) = claim.take() {
            let delivery = one.delivery;
            left -= 1;
            match self.attempt(one, place, left > 0).await {
                Ok(settled) => claim = settled.next,
                // What was not settled is claimed again when the store is opened the next time.
                Err(error) => tracing::error!(?delivery, %error, "an attempt cannot be recorded"),
            }
            if claim.is_some() {
                let now = self.now();
                let turn = place.gate.turn(now, self.desk.per_second(&place.endpoint));
                if turn > now {
                    tokio::time::sleep(self.until(Some(turn))).await;
                }
            }
        }
    }

    async fn attempt(&self, claim: Claim, place: &Place, more: bool) -> Result<Settled, Error> {
        let begin = std::time::Instant::now();
        let (reply, outcome) = match self.desk.target(&claim.endpoint) {
            None => {
                let reply = Reply::Unreachable("no-endpoint");
                let outcome = judge(&reply, None);
                (reply, outcome)
            }
            Some((target, _)) => match self.bytes(&claim).await? {
                Err(reason) => {
                    place.gate.unused(self.now());
                    let outcome =
                        AttemptOutcome::Final { reason: reason.into(), fault: FaultOf::Ours };
                    (Reply::Unreachable(reason), outcome)
                }
                Ok((sendable, bytes)) => {
                    if !claim.begun {
                        self.mark(&claim).await?;
                    }
                    let sending = Sending {
                        delivery: claim.delivery,
                        message: sendable.message,
                        syntax: sendable.syntax,
                        bytes,
                        possible_duplicate: claim.possible_duplicate,
                    };
                    let reply = self.transport.carry(&target, sending).await;
                    let receipt = self.desk.receipt_in(&claim, &reply);
                    let code = receipt.as_ref().map(|heard| heard.code);
                    if receipt.is_some() && self.desk.hands_on(&claim.route) {
                        self.hand_on(claim.delivery, receipt).await?;
                    }
                    let outcome = judge(&reply, code);
                    (reply, outcome)
                }
            },
        };
        self.desk.took(begin.elapsed());
        let turned = place.gate.ended(&reply, self.now(), (self.random)());
        if let Some(turned) = turned {
            self.desk.turned(&place.endpoint, turned);
        }
        let more = more && place.gate.is_open() && !*place.stop.borrow();
        let follow = match self.desk.per_second(&place.endpoint) {
            _ if !more => Follow::Leave,
            // it waits for its turn first
            Some(_) => Follow::Claim,
            None => Follow::Begin,
        };
        self.settle(&claim, &reply, outcome, follow).await
    }

    /// What is sent for a claim: as it was committed, or in its new envelope; or why that cannot be made.
    async fn bytes(&self, claim: &Claim) -> Result<Result<(Sendable, Bytes), &'static str>, Error> {
        let (store, desk, id) = (Arc::clone(&self.store), Arc::clone(&self.desk), claim.delivery);
        let read = tokio::task::spawn_blocking(move || {
            let sendable = store.sendable(id)?;
            let bytes = match &sendable.resent {
                None => Ok(sendable.bytes.clone()),
                Some(resent) => desk.in_envelope(&sendable, resent),
            };
            Ok::<_, Error>(match bytes {
                Ok(bytes) => Ok((sendable, bytes)),
                Err(error) => {
                    tracing::error!(?id, %error, "a message cannot be put into another envelope");
                    Err("no-new-envelope")
                }
            })
        });
        read.await.map_err(|e| Error::new(ErrorKind::Internal, "reading panicked").cause(e))?
    }

    /// Hands a receiver's word on to the sender.
    async fn hand_on(&self, id: DeliveryId, heard: Option<Heard>) -> Result<(), Error> {
        let desk = Arc::clone(&self.desk);
        let handed = tokio::task::spawn_blocking(move || desk.hand_on(id, heard)).await;
        handed.map_err(|e| Error::new(ErrorKind::Internal, "handing on panicked").cause(e))?
    }

    /// Marks that the attempt begins, and waits until that is on disk.
    async fn mark(&self, claim: &Claim) -> Result<(), Error> {
        let (done, marked) = oneshot::channel();
        let at = self.now();
        let done = Box::new(move |result| drop(done.send(result)));
        self.store.sending(claim.delivery, claim.token, at, done);
        marked.await.map_err(|_| gone())?
    }

    async fn settle(
        &self,
        claim: &Claim,
        reply: &Reply,
        outcome: AttemptOutcome,
        follow: Follow,
    ) -> Result<Settled, Error> {
        let at = self.now();
        let next = match &outcome {
            AttemptOutcome::Failed { wait, .. } => {
                let schedule = self.desk.schedule(&claim.route);
                schedule::again(&schedule, claim, *wait, at, (self.random)())
            }
            _ => None,
        };
        let settle = Settle {
            delivery: claim.delivery,
            token: claim.token,
            at,
            next,
            unknown: reply.unknown(),
            follow,
            outcome,
        };
        let (done, settled) = oneshot::channel();
        self.store.settle(settle, Box::new(move |result| drop(done.send(result))));
        let settled = settled.await.map_err(|_| gone())??;
        let what = match settled.state {
            DeliveryState::Waiting => Happened::Retried,
            DeliveryState::DeadLetter | DeliveryState::Expired => Happened::Dead,
            _ => Happened::Delivered,
        };
        self.desk.happened(what, &claim.route, &claim.event, claim.attempt);
        Ok(settled)
    }

    /// The time of day. Where it has jumped, what waits is told so first.
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        if let Some(by) = self.steady.jump(now, Instant::now()) {
            self.desk.jumped(by);
            if let Err(error) = self.store.jumped(by, now) {
                tracing::error!(%error, "a jump of the clock cannot be recorded");
            }
        }
        now
    }

    fn tell(&self, lapsed: &Lapsed, what: Happened) {
        self.desk.happened(what, &lapsed.route, &lapsed.event, 0);
    }

    fn until(&self, when: Option<Timestamp>) -> Duration {
        let Some(when) = when else { return LONGEST_SLEEP };
        let left = self.now().duration_until(when);
        // A millisecond more, so that a sleep that ends early does not look for what is not yet due.
        let left = Duration::try_from(left).unwrap_or_default() + Duration::from_millis(1);
        left.min(LONGEST_SLEEP)
    }
}

async fn pause(time: Duration, stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        _ = stop.changed() => {}
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Internal, "the store's writer is gone")
}
