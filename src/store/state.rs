//! Where a delivery stands: the states, and what they are called.
//!
//! Never: says how one leads to another; that is the delivery's own.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// To be sent when it is due and its lane lets it.
    Waiting,
    /// Somebody has it in hand; nothing has been sent.
    Claimed,
    /// It is being sent: whether the receiver has it is not known.
    InFlight,
    /// The receiver's transport took it; its receipt is due.
    Sent,
    /// Delivered: the receiver accepted it, or its transport took it and no receipt is expected.
    Confirmed,
    /// The receiver refused its content.
    Rejected,
    /// No receipt came in time.
    Overdue,
    /// It will not be tried again unless an operator says so.
    DeadLetter,
    /// An operator holds it.
    Held,
    /// Its time ran out before it could be delivered.
    Expired,
}

impl DeliveryState {
    /// All of them, in order.
    pub const ALL: [DeliveryState; 10] = [
        DeliveryState::Waiting,
        DeliveryState::Claimed,
        DeliveryState::InFlight,
        DeliveryState::Sent,
        DeliveryState::Confirmed,
        DeliveryState::Rejected,
        DeliveryState::Overdue,
        DeliveryState::DeadLetter,
        DeliveryState::Held,
        DeliveryState::Expired,
    ];

    /// Its name, as it is printed, stored and asked for.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Claimed => "claimed",
            DeliveryState::InFlight => "in-flight",
            DeliveryState::Sent => "sent",
            DeliveryState::Confirmed => "confirmed",
            DeliveryState::Rejected => "rejected",
            DeliveryState::Overdue => "overdue",
            DeliveryState::DeadLetter => "dead-letter",
            DeliveryState::Held => "held",
            DeliveryState::Expired => "expired",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<DeliveryState> {
        DeliveryState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether what comes later in its lane must wait for it: in every lane until the transport has
    /// confirmed it, in one that goes on by receipt also while its receipt may come.
    pub(super) fn keeps_lane(self, by_receipt: bool) -> bool {
        use DeliveryState::{Claimed, Held, InFlight, Sent, Waiting};
        matches!(self, Waiting | Claimed | InFlight | Held) || (by_receipt && self == Sent)
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        matches!(self, DeliveryState::Confirmed | DeliveryState::Rejected)
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
