//! One delivery and its state machine, pure: the book in memory and the ledger's projection share it.
//!
//! ```text
//! Waiting -> Claimed -> InFlight -> Sent -> Confirmed | Rejected
//!    ^  ^ \     |          |         |  \-> Overdue -> Confirmed | Rejected | DeadLetter
//!    |  |  Held |          |         \----> Confirmed (no receipt is expected)
//!    |  \-------/----------/ (failed, or in hand when the engine stopped)
//!    \-- operator's retry -- DeadLetter | Expired | Overdue
//! ```
//!
//! Two axes: what the transport did (`state`) and what the receiver said (`receipt`). `Claimed` is provably
//! not sent; `InFlight` may have been.
//! Never: decides when to try again (the caller says), or looks at bytes.

use super::state::DeliveryState;
use crate::message::sabotage::broken;
use crate::message::{
    AttemptOutcome, AuditAction, AuditRecord, DeliveryId, EnvelopeId, MessageId, NewDelivery,
    PartyName, ReceiptCode, Unit, instant, lane,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What happens to a delivery. Each is part of a journal record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Change {
    /// Somebody takes it in hand.
    Claim {
        /// The fencing token of whoever has it from here on.
        token: u64,
    },
    /// The attempt begins.
    Sending {
        /// The claim's token.
        token: u64,
    },
    /// The attempt ended, or nobody wants to begin it.
    Settle {
        /// The claim's token.
        token: u64,
        /// How.
        outcome: AttemptOutcome,
        /// When to try again, if it failed; none makes it a dead letter.
        #[serde(with = "instant::maybe")]
        next: Option<Timestamp>,
        /// Whether the receiver may have it all the same.
        unknown: bool,
    },
    /// It was in hand when the engine stopped.
    Requeue,
    /// A receipt for it came.
    Receipt(ReceiptCode),
    /// No receipt came in time.
    Overdue,
    /// Its time ran out.
    Expire,
    /// An operator wants it tried again, outside its lane's order.
    Retry {
        /// Until when.
        #[serde(with = "instant::maybe")]
        expires: Option<Timestamp>,
    },
    /// An operator holds it back.
    Hold,
    /// An operator lets it go on.
    Release,
    /// An operator gives it up.
    GiveUp,
    /// No receipt came in time: it is sent again.
    Resend {
        /// The envelope id that it gets now; none: byte for byte as before.
        envelope: Option<EnvelopeId>,
    },
    /// No receipt came in time, and none will be believed any more: whoever sent it is told that it failed.
    Unanswered,
}

/// A delivery as the store knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Which.
    pub id: DeliveryId,
    /// The route that asked for it.
    pub route: Box<str>,
    /// The party it is for.
    pub receiver: PartyName,
    /// The endpoint's name in the configuration.
    pub endpoint: Box<str>,
    /// Which of the unit's outputs.
    pub output: u16,
    /// Its lane, if it has one.
    pub lane: Option<Box<str>>,
    /// The message id that its receiver sees.
    pub message: MessageId,
    /// What the message says happened.
    pub event: Box<str>,
    /// Since when it waits: the message's arrival.
    #[serde(with = "instant")]
    pub since: Timestamp,
    /// When it stops being worth sending.
    #[serde(with = "instant")]
    pub expires: Timestamp,
    /// Seconds from the sending until a receipt is overdue; none when none is expected.
    pub receipt_within: Option<u32>,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is to be tried (again).
    #[serde(with = "instant")]
    pub due: Timestamp,
    /// How often an attempt began.
    pub attempts: u32,
    /// How many attempts have failed since the last that did not.
    pub failures: u32,
    /// How often it was sent again because no receipt had come.
    pub resends: u32,
    /// The envelope that it was last sent again in, and since when that is its envelope.
    pub resent: Option<Resent>,
    /// The fencing token of its newest claim; 0 before the first.
    pub token: u64,
    /// Whether its receiver may have it already.
    pub possible_duplicate: bool,
    /// Whether it goes outside its lane's order: an operator's retry.
    pub outside_lane: bool,
    /// What the receiver said.
    pub receipt: Option<ReceiptCode>,
    /// When the receipt is overdue.
    #[serde(with = "instant::maybe")]
    pub receipt_due: Option<Timestamp>,
    /// Why the newest attempt failed.
    pub reason: Option<Box<str>>,
}

/// The envelope of a message that is sent again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resent {
    /// The envelope's id.
    pub envelope: EnvelopeId,
    /// The time of its sending, as it says itself.
    #[serde(with = "instant")]
    pub sent: Timestamp,
}

impl Delivery {
    /// The delivery that a unit makes due.
    pub fn new(id: DeliveryId, unit: &Unit, new: &NewDelivery) -> Delivery {
        let output = unit.outputs.get(usize::from(new.output));
        Delivery {
            id,
            route: new.route.clone(),
            receiver: new.receiver.clone(),
            endpoint: new.endpoint.clone(),
            output: new.output,
            lane: new.lane.clone(),
            message: output.map_or_else(|| unit.message.clone(), |o| o.message.clone()),
            event: unit.event.0.clone(),
            since: unit.received,
            expires: new.expires,
            receipt_within: new.receipt_within,
            state: DeliveryState::Waiting,
            due: unit.received,
            attempts: 0,
            failures: 0,
            resends: 0,
            resent: None,
            token: 0,
            possible_duplicate: replayed(unit),
            outside_lane: false,
            receipt: None,
            receipt_due: None,
            reason: None,
        }
    }

    /// The clock jumped: it waits for as long as before.
    pub fn shift(&mut self, by: SignedDuration) {
        let later = |at: Timestamp| at.saturating_add(by).unwrap_or(at);
        (self.due, self.expires) = (later(self.due), later(self.expires));
        self.receipt_due = self.receipt_due.map(later);
    }

    /// Whether nothing changes it any more: the receiver has said its last word, or another one would come after
    /// its sender was told that there is none.
    pub fn is_final(&self) -> bool {
        let told = self.receipt == Some(ReceiptCode::FatalError);
        self.state.is_final() || (self.state == DeliveryState::Expired && told)
    }

    /// Whether it holds a place in its lane.
    pub fn in_lane(&self) -> bool {
        let keeps = |lane: &str| self.state.keeps_lane(lane::goes_on_by_receipt(lane));
        !self.outside_lane && self.lane.as_deref().is_some_and(keeps)
    }

    /// Why the change is not allowed now, if it is not.
    pub fn refuses(&self, change: &Change) -> Option<Refusal> {
        use DeliveryState as S;
        let illegal = |legal: bool| (!legal).then_some(Refusal::Illegal);
        match change {
            Change::Claim { .. } | Change::Hold | Change::Expire => {
                illegal(self.state == S::Waiting)
            }
            Change::Sending { token } | Change::Settle { token, .. } if *token != self.token => {
                Some(Refusal::Fenced)
            }
            Change::Sending { .. } => illegal(self.state == S::Claimed),
            Change::Settle { outcome: AttemptOutcome::Sent { .. }, .. } => {
                illegal(self.state == S::InFlight)
            }
            Change::Settle { .. } | Change::Requeue => {
                illegal(matches!(self.state, S::Claimed | S::InFlight))
            }
            Change::Receipt(_) => illegal(!self.is_final()),
            Change::Overdue => illegal(self.state == S::Sent),
            Change::Resend { .. } => {
                let over = matches!(self.state, S::Sent | S::Overdue | S::DeadLetter | S::Expired);
                illegal(over && !self.is_final())
            }
            Change::Unanswered => {
                let open = !matches!(self.state, S::Claimed | S::InFlight);
                illegal(open && !self.is_final() && self.receipt.is_none_or(|r| !is_last_word(r)))
            }
            Change::Retry { .. } => {
                illegal(matches!(self.state, S::DeadLetter | S::Expired | S::Overdue))
            }
            Change::Release => illegal(self.state == S::Held),
            Change::GiveUp => {
                illegal(matches!(self.state, S::Waiting | S::Held | S::Sent | S::Overdue))
            }
        }
    }

    /// Makes the change. Total, so that a journal with a record rotted away can still be read: whether it
    /// was allowed is asked of [`Delivery::refuses`] before it is written.
    pub fn apply(&mut self, change: &Change, at: Timestamp) {
        use DeliveryState as S;
        match change {
            Change::Claim { token } => {
                self.token = *token;
                self.state = S::Claimed;
            }
            Change::Sending { .. } => {
                self.attempts += 1;
                self.state = S::InFlight;
            }
            Change::Settle { outcome, next, unknown, .. } => {
                self.settle(outcome, *next, *unknown, at)
            }
            Change::Requeue => {
                self.possible_duplicate |= self.state == S::InFlight && !broken("no-flag");
                self.wait(at);
                self.judge();
            }
            Change::Receipt(code) => self.receive(*code),
            Change::Overdue => self.state = S::Overdue,
            Change::Expire => {
                self.reason = Some("expired".into());
                self.state = S::Expired;
            }
            Change::Retry { expires } => {
                self.possible_duplicate |= self.state == S::Overdue;
                self.expires = expires.unwrap_or(self.expires);
                self.outside_lane = true;
                self.failures = 0;
                self.wait(at);
            }
            Change::Hold => self.state = S::Held,
            Change::Release => self.wait(at),
            Change::GiveUp if self.state == S::Sent => self.state = S::Overdue,
            Change::GiveUp => {
                // The transport took it once: whoever has it tried again sends it a second time.
                self.possible_duplicate |= self.state == S::Overdue;
                self.state = S::DeadLetter;
            }
            Change::Resend { envelope } => {
                self.outside_lane |= !self.in_lane();
                self.possible_duplicate = true;
                self.resends += 1;
                let sent = |envelope: &EnvelopeId| Resent { envelope: envelope.clone(), sent: at };
                self.resent = envelope.as_ref().map(sent).or(self.resent.take());
                self.wait(at);
            }
            Change::Unanswered => {
                self.reason = Some("unanswered".into());
                self.receipt = Some(ReceiptCode::FatalError);
                self.state = S::Expired;
            }
        }
        if self.state != S::Sent {
            self.receipt_due = None;
        }
    }

    fn wait(&mut self, due: Timestamp) {
        self.state = DeliveryState::Waiting;
        self.due = due;
    }

    fn settle(
        &mut self,
        outcome: &AttemptOutcome,
        next: Option<Timestamp>,
        unknown: bool,
        at: Timestamp,
    ) {
        self.possible_duplicate |= unknown;
        match outcome {
            AttemptOutcome::Sent { receipt } => {
                self.reason = None;
                self.failures = 0;
                self.receipt = self.receipt.filter(|told| is_last_word(*told)).or(*receipt);
                let within = self.receipt_within.map(i64::from).map(SignedDuration::from_secs);
                let due = within.and_then(|within| at.checked_add(within).ok());
                self.receipt_due = due;
                self.state = match due {
                    Some(_) => DeliveryState::Sent,
                    None => DeliveryState::Confirmed,
                };
            }
            AttemptOutcome::Failed { reason, .. } => {
                self.failures += 1;
                self.reason = Some(reason.clone());
                match next {
                    Some(due) => self.wait(due),
                    None => self.state = DeliveryState::DeadLetter,
                }
            }
            AttemptOutcome::Final { reason, .. } => {
                self.state = match &**reason {
                    "expired" => DeliveryState::Expired,
                    _ => DeliveryState::DeadLetter,
                };
                self.reason = Some(reason.clone());
            }
        }
        self.judge();
    }

    /// A receipt that came while an attempt was under way decides when the attempt has ended.
    fn receive(&mut self, code: ReceiptCode) {
        if self.is_final() {
            return;
        }
        self.receipt = self.receipt.filter(|told| is_last_word(*told)).or(Some(code));
        if !matches!(self.state, DeliveryState::Claimed | DeliveryState::InFlight) {
            self.judge();
        }
    }

    fn judge(&mut self) {
        match self.receipt {
            Some(ReceiptCode::Ok) => self.state = DeliveryState::Confirmed,
            Some(ReceiptCode::FatalError) => self.state = DeliveryState::Rejected,
            Some(ReceiptCode::TransientError) | None => {}
        }
    }
}

/// Whether a unit sends again what was made of an earlier one.
fn replayed(unit: &Unit) -> bool {
    let again = |record: &AuditRecord| record.action == AuditAction::ReplayedSame;
    unit.audit.iter().any(again)
}

/// A transient answer is not a verdict: the receiver's last word is still to come.
fn is_last_word(code: ReceiptCode) -> bool {
    code != ReceiptCode::TransientError
}

/// Why a change is not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Somebody else has claimed it since.
    Fenced,
    /// Not from the state it is in.
    Illegal,
    /// There is no such delivery, or nothing changes it any more.
    Unknown,
}
