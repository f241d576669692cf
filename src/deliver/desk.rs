//! What the loops at the endpoints are given: the configuration in force, who counts, what carries messages.
//!
//! Never: an address or a schedule that a message named.

use super::gate::Turned;
use super::http::{Reply, Sender, Sending, Target};
use crate::config::Schedule;
use crate::message::{DeliveryId, Error, Event, ReceiptCode, ToldIssue};
use crate::store::{Claim, Delivery, Late, Resent, Sendable};
use bytes::Bytes;
use jiff::SignedDuration;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What happened to a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    /// The receiver's transport took it.
    Delivered,
    /// It did not, and another attempt is due.
    Retried,
    /// It will not be tried again.
    Dead,
    /// No receipt has come in time, and it is sent again.
    Resent,
    /// Its receipt is overdue.
    ReceiptOverdue,
    /// No receipt has come and none will be believed: whoever sent it is told that it failed.
    Unanswered,
}

/// What a receiver said about a delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// What it comes to.
    pub code: ReceiptCode,
    /// Why, as far as it says so.
    pub reasons: Vec<ToldIssue>,
}

/// What the shell around the loops knows: the configuration in force, and who counts.
pub trait Desk: Send + Sync + 'static {
    /// Where an endpoint is, and how many messages may be on their way to it.
    fn target(&self, endpoint: &str) -> Option<(Target, usize)>;

    /// How many messages a second an endpoint takes at most.
    fn per_second(&self, _endpoint: &str) -> Option<u32> {
        None
    }

    /// When a route tries again and sends again.
    fn schedule(&self, route: &str) -> Schedule;

    /// What becomes of a delivery that nobody answered in time, or that has failed and whose time has run out.
    fn late(&self, delivery: &Delivery) -> Late;

    /// The bytes of a message in another envelope, with the time of its sending; the message itself unchanged.
    fn in_envelope(&self, sendable: &Sendable, resent: &Resent) -> Result<Bytes, Error>;

    /// What an answer says as a receipt for this very delivery, if it is one.
    fn receipt_in(&self, claim: &Claim, reply: &Reply) -> Option<Heard>;

    /// Hands the receiver's last word on to whoever sent the message, where that is wanted; before it is settled,
    /// so that no crash loses it. None has come: that counts as a no. Blocks.
    fn hand_on(&self, _delivery: DeliveryId, _heard: Option<Heard>) -> Result<(), Error> {
        Ok(())
    }

    /// Whether a route's receipts are handed on at all.
    fn hands_on(&self, _route: &str) -> bool {
        false
    }

    /// Counts and logs.
    fn happened(&self, what: Happened, route: &str, event: &Event, attempt: u32);

    /// An endpoint is taken to be down, or is up again.
    fn turned(&self, _endpoint: &str, _turned: Turned) {}

    /// The clock jumped by so much.
    fn jumped(&self, _by: SignedDuration) {}

    /// Notes how long an attempt took.
    fn took(&self, time: Duration);
}

/// An attempt under way.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// What carries one message to its receiver, once.
pub trait Transport: Send + Sync + 'static {
    /// Carries it and waits for the answer.
    fn carry<'a>(&'a self, target: &'a Target, sending: Sending) -> Carrying<'a>;
}

impl Transport for Sender {
    fn carry<'a>(&'a self, target: &'a Target, sending: Sending) -> Carrying<'a> {
        Box::pin(self.send(target, sending))
    }
}
