//! The loop at each endpoint: claim, mark, send, settle; and the watch over receipts.
//!
//! An endpoint that is down holds its own loop and nobody else's. At most as many messages are on their
//! way to it as its configuration says.

use super::backoff;
use super::http::{Reply, Sender, Sending, Target};
use super::judge::judge;
use crate::message::{AttemptOutcome, Clock, Error, ErrorKind, Event, ReceiptCode};
use crate::store::{Claim, DeliveryState, Lapsed, Settle, Settled, Store};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot, watch};

/// How many of each kind are asked for at once.
const AT_ONCE: usize = 64;
/// The longest sleep: a bound on what a clock that was set back can cost.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The pause after the store said no: it is read-only, and only a restart goes on.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// What happened to a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    /// The receiver's transport took it.
    Delivered,
    /// It did not, and another attempt is due.
    Retried,
    /// It will not be tried again.
    Dead,
    /// Its receipt is overdue.
    ReceiptOverdue,
}

/// What the shell around the loops knows: the configuration in force, and who counts.
pub trait Desk: Send + Sync + 'static {
    /// Where an endpoint is, and how many messages may be on their way to it.
    fn target(&self, endpoint: &str) -> Option<(Target, usize)>;

    /// The first pause and the longest pause between attempts on a route.
    fn pauses(&self, route: &str) -> (Duration, Duration);

    /// What an answer says as a receipt for this very delivery, if it is one.
    fn receipt_in(&self, claim: &Claim, reply: &Reply) -> Option<ReceiptCode>;

    /// Counts and logs.
    fn happened(&self, what: Happened, route: &str, event: &Event, attempt: u32);

    /// Notes how long an attempt took.
    fn took(&self, time: Duration);
}

/// What all loops share.
pub struct Deliverer {
    store: Arc<dyn Store>,
    desk: Arc<dyn Desk>,
    clock: Arc<dyn Clock>,
    sender: Sender,
    due: watch::Receiver<u64>,
}

impl Deliverer {
    /// Loops over this store.
    pub fn new(
        store: Arc<dyn Store>,
        desk: Arc<dyn Desk>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Deliverer> {
        let (wake, due) = watch::channel(0);
        store.on_due(Arc::new(move || wake.send_modify(|n: &mut u64| *n = n.wrapping_add(1))));
        Arc::new(Deliverer { store, desk, clock, sender: Sender::default(), due })
    }

    /// Delivers to one endpoint until `stop` becomes true; attempts under way end first.
    pub async fn endpoint(self: Arc<Self>, endpoint: String, mut stop: watch::Receiver<bool>) {
        let Some((_, most)) = self.desk.target(&endpoint) else { return };
        let permits = Arc::new(Semaphore::new(most.max(1)));
        let mut due = self.due.clone();
        while !*stop.borrow() {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            due.mark_unchanged();
            let claimed = self.store.claim_due(Some(&endpoint), self.clock.now(), 1);
            let (claim, expired) = match claimed {
                Ok(mut claims) => (claims.claims.pop(), claims.expired),
                Err(error) => {
                    tracing::error!(endpoint, %error, "deliveries cannot be claimed");
                    pause(AFTER_ERROR, &mut stop).await;
                    continue;
                }
            };
            self.tell(&expired, Happened::Dead);
            if let Some(claim) = claim {
                let this = Arc::clone(&self);
                tokio::spawn(async move {
                    this.lane(claim).await;
                    drop(permit);
                });
                continue;
            }
            drop(permit);
            let sleep = self.until(self.store.next_due(Some(&endpoint)));
            tokio::select! {
                _ = due.changed() => {}
                () = tokio::time::sleep(sleep) => {}
                _ = stop.changed() => {}
            }
        }
        let _ = permits.acquire_many(u32::try_from(most.max(1)).unwrap_or(1)).await;
    }

    /// Marks receipts that are overdue until `stop` becomes true.
    pub async fn receipts(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut due = self.due.clone();
        while !*stop.borrow() {
            due.mark_unchanged();
            match self.store.mark_overdue(self.clock.now(), AT_ONCE) {
                Ok(lapsed) => self.tell(&lapsed, Happened::ReceiptOverdue),
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

    /// Delivers a claim, and what follows it in its lane for as long as something follows.
    async fn lane(&self, first: Claim) {
        let mut claim = Some(first);
        while let Some(one) = claim.take() {
            let delivery = one.delivery;
            match self.attempt(one).await {
                Ok(settled) => claim = settled.next,
                // What was not settled is claimed again when the store is opened the next time.
                Err(error) => tracing::error!(?delivery, %error, "an attempt cannot be recorded"),
            }
        }
    }

    async fn attempt(&self, claim: Claim) -> Result<Settled, Error> {
        let begin = std::time::Instant::now();
        let (reply, receipt) = match self.desk.target(&claim.endpoint) {
            None => (Reply::Unreachable("no-endpoint"), None),
            Some((target, _)) => {
                let (store, id) = (Arc::clone(&self.store), claim.delivery);
                let sendable = tokio::task::spawn_blocking(move || store.sendable(id)).await;
                let sendable = sendable
                    .map_err(|e| Error::new(ErrorKind::Internal, "reading panicked").cause(e))??;
                let (done, marked) = oneshot::channel();
                let at = self.clock.now();
                self.store.sending(
                    claim.delivery,
                    claim.token,
                    at,
                    Box::new(move |result| drop(done.send(result))),
                );
                marked.await.map_err(|_| gone())??;
                let sending = Sending {
                    delivery: claim.delivery,
                    message: sendable.message,
                    syntax: sendable.syntax,
                    bytes: sendable.bytes,
                    possible_duplicate: claim.possible_duplicate,
                };
                let reply = self.sender.send(&target, sending).await;
                let receipt = self.desk.receipt_in(&claim, &reply);
                (reply, receipt)
            }
        };
        self.desk.took(begin.elapsed());
        self.settle(&claim, &reply, judge(&reply, receipt)).await
    }

    async fn settle(
        &self,
        claim: &Claim,
        reply: &Reply,
        outcome: AttemptOutcome,
    ) -> Result<Settled, Error> {
        let at = self.clock.now();
        let next = self.next(claim, &outcome, at);
        let settle = Settle {
            delivery: claim.delivery,
            token: claim.token,
            at,
            next,
            unknown: matches!(reply, Reply::Unreachable("timeout" | "connection-lost")),
            claim_next: true,
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

    /// When to try again after this outcome; none when that would be too late, or not needed.
    fn next(&self, claim: &Claim, outcome: &AttemptOutcome, at: Timestamp) -> Option<Timestamp> {
        let AttemptOutcome::Failed { wait, .. } = outcome else { return None };
        let random = uuid::Uuid::new_v4().as_u64_pair().0;
        let (first, cap) = self.desk.pauses(&claim.route);
        let pause = match wait {
            Some(seconds) => backoff::pause_asked(*seconds, random),
            None => backoff::pause(first, claim.attempt, random),
        };
        let next = at.checked_add(SignedDuration::try_from(pause.min(cap)).ok()?).ok()?;
        (next < claim.expires).then_some(next)
    }

    fn tell(&self, lapsed: &[Lapsed], what: Happened) {
        for one in lapsed {
            self.desk.happened(what, &one.route, &one.event, 0);
        }
    }

    fn until(&self, when: Option<Timestamp>) -> Duration {
        let Some(when) = when else { return LONGEST_SLEEP };
        let left = self.clock.now().duration_until(when);
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
