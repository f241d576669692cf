//! What people ask the ledger, and what it answers. Plain data; no bytes of messages, no values of elements.

use crate::message::{Position, instant};
use crate::store::delivery::Delivery;
use crate::store::state::DeliveryState;
use jiff::Timestamp;
use serde::Serialize;

/// Which messages. Every field narrows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessageFilter {
    /// `accepted`, `refused`, `quarantined`, or the state of one of its deliveries.
    pub state: Option<String>,
    /// The authenticated party.
    pub party: Option<String>,
    /// The sender, `kind:value`.
    pub sender: Option<String>,
    /// The receiver, `kind:value`.
    pub receiver: Option<String>,
    /// The event.
    pub event: Option<String>,
    /// The message's id, its own or one that a receiver sees.
    pub message: Option<String>,
    /// The envelope's id.
    pub envelope: Option<String>,
    /// What ties it to others.
    pub conversation: Option<String>,
    /// An issue that was told.
    pub issue: Option<String>,
    /// Came in at this time or later.
    pub from: Option<Timestamp>,
    /// Came in before this time.
    pub until: Option<Timestamp>,
    /// At most so many, the newest; 0 means 100.
    pub limit: usize,
}

/// Which deliveries. Every field narrows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeliveryFilter {
    /// Its state: `DeadLetter` lists the dead letters.
    pub state: Option<DeliveryState>,
    /// The route.
    pub route: Option<String>,
    /// The party it is for.
    pub receiver: Option<String>,
    /// The lane.
    pub lane: Option<String>,
    /// Its receipt was due before this time.
    pub receipt_due_before: Option<Timestamp>,
    /// At most so many, the oldest; 0 means 100.
    pub limit: usize,
}

/// A message as a list shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MessageRow {
    /// Where it stands.
    pub position: Position,
    /// The authenticated party.
    pub party: String,
    /// The carrier, when that is not the sender itself.
    pub carrier: Option<String>,
    /// Its id.
    pub message: String,
    /// Its envelope's id.
    pub envelope: String,
    /// The sender that it names.
    pub sender: Option<String>,
    /// The receiver that it names.
    pub receiver: Option<String>,
    /// The event.
    pub event: String,
    /// What ties it to others.
    pub conversation: Option<String>,
    /// The syntax it came in.
    pub syntax: String,
    /// When it came in.
    #[serde(with = "instant")]
    pub received: Timestamp,
    /// `accepted`, `refused` or `quarantined`.
    pub state: String,
    /// Why it is quarantined.
    pub quarantine: Option<String>,
    /// Its length in bytes.
    pub size: u64,
    /// The message that it is a receipt for.
    pub receipt_for: Option<String>,
    /// What that receipt says.
    pub receipt_code: Option<String>,
    /// Its deliveries.
    pub deliveries: Vec<Delivery>,
}

/// All that is known about one message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MessageDetail {
    /// What a list shows.
    #[serde(flatten)]
    pub row: MessageRow,
    /// BLAKE3 of its content, in hexadecimal.
    pub content_hash: String,
    /// BLAKE3 of the configuration that decided, in hexadecimal.
    pub configuration: String,
    /// The issues that its receipt told.
    pub issues: Vec<IssueRow>,
    /// What was made of it.
    pub outputs: Vec<OutputRow>,
    /// What happened, in order.
    pub audit: Vec<AuditRow>,
}

/// An issue that was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IssueRow {
    /// How bad.
    pub severity: String,
    /// FHIR's issue type.
    pub code: String,
    /// Our stable id.
    pub id: String,
    /// FHIRPath expression.
    pub expression: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// The column.
    pub column: Option<u32>,
    /// The profile that asked.
    pub profile: Option<String>,
    /// The text, without any element's value.
    pub text: String,
}

/// What was made of a message for a receiver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OutputRow {
    /// Its syntax.
    pub syntax: String,
    /// Its length in bytes.
    pub size: u64,
    /// The message id that its receiver sees.
    pub message: String,
    /// The envelope id that its receiver sees.
    pub envelope: String,
    /// The map that made it.
    pub map: Option<String>,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AuditRow {
    /// When.
    #[serde(with = "instant")]
    pub at: Timestamp,
    /// What.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// Which of the message's deliveries.
    pub delivery: Option<u16>,
    /// How it ended.
    pub outcome: Option<String>,
    /// The journal's record of it.
    pub record: Position,
}

/// What waits on a route.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct QueueRow {
    /// The route.
    pub route: String,
    /// How many wait or are under way.
    pub waiting: u64,
    /// Since when the oldest of them.
    #[serde(with = "instant")]
    pub oldest: Timestamp,
}

/// What keeps a lane waiting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LaneRow {
    /// How many are in it.
    pub waiting: u64,
    /// The first of them, which the others wait for: its lane, since when, why, and when it is tried again.
    pub first: Delivery,
}

/// A total since the journal began.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CounterRow {
    /// `received`, `accepted`, `refused`, `quarantined`, `attempts`, `delivered`, `retried`, `resent`, `confirmed`,
    /// `rejected`, `overdue`, `dead`, `expired`.
    pub name: String,
    /// The route; empty for what is counted per message.
    pub route: String,
    /// The event.
    pub event: String,
    /// How many.
    pub n: u64,
}
