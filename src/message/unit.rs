//! What is committed for a message, all or nothing, and what the store knows about one.
//!
//! Floor 0, so that the engine can make a unit and the store can keep it without knowing each other.

use super::{
    EnvelopeId, Event, Fault, Identifier, IssueType, MessageId, PartyName, Severity, Verdict,
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The wire formats, by the codec that reads them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Syntax {
    /// FHIR JSON, `application/fhir+json`.
    FhirJson,
    /// FHIR XML, `application/fhir+xml`.
    FhirXml,
    /// Namespaced XML of a logical model: OIOXML.
    Xml,
    /// HL7 v2 in its delimited form, `x-application/hl7-v2+er7`.
    Hl7v2,
    /// EDIFACT, `application/edifact`.
    Edifact,
}

impl Syntax {
    /// Whether it is one of FHIR's.
    pub fn is_fhir(self) -> bool {
        matches!(self, Syntax::FhirJson | Syntax::FhirXml)
    }
}

/// Where a unit stands in the journal. Nothing assumes one total order over partitions.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// The partition.
    pub partition: u16,
    /// The record's number in it, from 1.
    pub sequence: u64,
}

/// Names one delivery of one message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DeliveryId {
    /// The unit that holds it.
    pub unit: Position,
    /// Its place among the unit's deliveries.
    pub index: u16,
}

/// What a receipt says (exchange.md's table, its four rows).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptCode {
    /// Accepted.
    Ok,
    /// The content is at fault: never resend unchanged.
    FatalError,
    /// Not the content's fault, and temporary.
    TransientError,
}

/// An issue as it is told to the other party, kept so that a duplicate hears the same again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ToldIssue {
    /// How bad.
    pub severity: Severity,
    /// FHIR's issue type.
    pub code: IssueType,
    /// Our stable id.
    pub id: Box<str>,
    /// FHIRPath expression, where there is one.
    pub expression: Option<Box<str>>,
    /// Line and column, where there are.
    pub position: Option<(u32, u32)>,
    /// The profile that asked.
    pub profile: Option<Box<str>>,
    /// Without any element's value.
    pub text: Box<str>,
}

/// A translated (or untouched) message as it will be sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Output {
    /// Its syntax.
    pub syntax: Syntax,
    /// The bytes; empty means: the unit's original bytes, untouched.
    pub bytes: Bytes,
    /// The message id that its receiver sees.
    pub message: MessageId,
    /// The envelope id that its receiver sees.
    pub envelope: EnvelopeId,
    /// The map that made it, canonical and version, if one did.
    pub map: Option<Box<str>>,
}

/// A delivery that the commit makes due.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NewDelivery {
    /// The route that asked for it.
    pub route: Box<str>,
    /// The party it is for.
    pub receiver: PartyName,
    /// The endpoint's name in the configuration.
    pub endpoint: Box<str>,
    /// Which of the unit's outputs.
    pub output: u16,
    /// Order is kept among deliveries of one lane; none means no order.
    pub lane: Option<Box<str>>,
    /// When it stops being worth sending.
    #[serde(with = "super::instant")]
    pub expires: Timestamp,
    /// When a receipt is overdue, counted in seconds from the sending; none when none is expected.
    pub receipt_within: Option<u32>,
}

/// What happened, in the words of the life of a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditAction {
    /// A message came in.
    Received,
    /// It was read and validated.
    Validated,
    /// It was refused.
    Refused,
    /// It was routed.
    Routed,
    /// It was translated.
    Translated,
    /// It was accepted.
    Accepted,
    /// The same message came again and got the same verdict.
    Duplicate,
    /// It was quarantined.
    Quarantined,
    /// A delivery was claimed.
    Claimed,
    /// A delivery attempt began: from here its outcome may be unknown.
    Sending,
    /// The transport confirmed it.
    Sent,
    /// A receipt for it came.
    ReceiptReceived,
    /// No receipt came in time.
    ReceiptOverdue,
    /// An attempt failed and another is due.
    RetryScheduled,
    /// It will not be tried again.
    DeadLettered,
    /// An operator asked for another try.
    OperatorRetry,
    /// A delivery that was in hand when the engine stopped is due again.
    Requeued,
    /// An operator holds it.
    Held,
    /// An operator lets it go on.
    Released,
    /// Its time ran out before it could be delivered.
    Expired,
    /// No receipt came in time: it is sent again.
    Resent,
    /// No receipt came, and none will be believed: its sender is told that it failed.
    Unanswered,
    /// An operator had it translated again, and other bytes came of it: a new generation.
    Replayed,
    /// An operator had it sent again as it was: the same bytes under the same ids.
    ReplayedSame,
    /// An operator sends other bytes in its place.
    Edited,
    /// The clock jumped, and what waits was told so.
    ClockJumped,
    /// The node was restored from a backup.
    Restored,
}

/// One arrow of the picture, committed with the state change it describes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When.
    #[serde(with = "super::instant")]
    pub at: Timestamp,
    /// What.
    pub action: AuditAction,
    /// Who did it: an authenticated party, an operator's name, or `stafett`.
    pub actor: Box<str>,
    /// Which delivery, where it is about one.
    pub delivery: Option<u16>,
    /// A code that says how it ended: an issue id, an HTTP status, a route's name. Never a value.
    pub outcome: Option<Box<str>>,
}

/// A receipt that a unit brings for a message we delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReceiptFor {
    /// The message that it answers, by the id its receiver saw.
    pub message: MessageId,
    /// What it says.
    pub code: ReceiptCode,
}

/// What is committed for one message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unit {
    /// The authenticated party; with `message` the key of the verdict.
    pub party: PartyName,
    /// The carrier that handed it in, when that is not the sender itself.
    pub carrier: Option<PartyName>,
    /// The message's id.
    pub message: MessageId,
    /// The envelope's id.
    pub envelope: EnvelopeId,
    /// The sender that the message names.
    pub sender: Option<Identifier>,
    /// The receiver that the message names.
    pub receiver: Option<Identifier>,
    /// What the message says happened.
    pub event: Event,
    /// What ties it to earlier messages.
    pub conversation: Option<Box<str>>,
    /// The syntax it came in.
    pub syntax: Syntax,
    /// When its last byte came.
    #[serde(with = "super::instant")]
    pub received: Timestamp,
    /// The bytes as they came.
    pub original: Bytes,
    /// Of the typed tree (exchange.md, duplicates).
    pub content_hash: [u8; 32],
    /// The verdict.
    pub verdict: Verdict,
    /// The issues that its receipt tells.
    pub issues: Vec<ToldIssue>,
    /// Why it is quarantined, if it is. A quarantined message is Accepted.
    pub quarantine: Option<Box<str>>,
    /// The package or configuration that the verdict rests on: hash of the snapshot.
    pub configuration: [u8; 32],
    /// The receipt that this message is, if it is one.
    pub receipt_for: Option<ReceiptFor>,
    /// What will be sent.
    pub outputs: Vec<Output>,
    /// To whom.
    pub deliveries: Vec<NewDelivery>,
    /// What happened so far.
    pub audit: Vec<AuditRecord>,
    /// The positions that the decision rests on; the commit answers Stale when they have moved.
    pub read_at: Option<Position>,
}

impl Unit {
    /// Whose word a receipt is: who handed it in or, where that was a carrier, the party that its audit names.
    pub fn speaker(&self) -> PartyName {
        let said = |one: &&AuditRecord| {
            one.action == AuditAction::ReceiptReceived && one.delivery.is_none()
        };
        let carried = self.carrier.as_ref().and_then(|_| self.audit.iter().find(said));
        carried.map_or_else(|| self.party.clone(), |one| PartyName(one.actor.clone()))
    }
}

/// What is kept of a verdict for as long as duplicates are remembered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Known {
    /// Where it stands.
    pub position: Position,
    /// The message's id.
    pub message: MessageId,
    /// The envelope it first came in.
    pub envelope: EnvelopeId,
    /// The event of the message.
    pub event: Event,
    /// Its content hash.
    pub content_hash: [u8; 32],
    /// The verdict.
    pub verdict: Verdict,
    /// The issues that were told.
    pub issues: Vec<ToldIssue>,
}

/// What the store knows about a message before it is decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KnownAbout {
    /// A verdict on this (party, message id).
    pub message: Option<Known>,
    /// The message that this (party, envelope id) carried.
    pub envelope: Option<Known>,
    /// The partition's position that this was read at.
    pub read_at: Position,
    /// The earlier messages of its conversation that maps ask for, for each event the newest.
    pub earlier: Vec<Earlier>,
    /// The delivery that this message is a receipt for, where somebody asks.
    pub sent: Option<Box<SentBefore>>,
}

/// A message that was sent, and by which of its deliveries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentBefore {
    /// The message.
    pub unit: Unit,
    /// Which of its deliveries.
    pub delivery: DeliveryId,
}

impl SentBefore {
    /// What was sent.
    pub fn output(&self) -> Option<&Output> {
        let delivery = self.unit.deliveries.get(usize::from(self.delivery.index))?;
        self.unit.outputs.get(usize::from(delivery.output))
    }
}

/// An earlier message of the same party and conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Earlier {
    /// What it said happened.
    pub event: Event,
    /// Its syntax.
    pub syntax: Syntax,
    /// Its bytes, as they came.
    pub bytes: Bytes,
    /// When it came.
    pub received: Timestamp,
}

/// What became of one unit in a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Committed {
    /// It is on disk.
    New(Position),
    /// There is a verdict already: nothing was written.
    Existing(Box<Known>),
    /// What it was decided on has changed: decide again.
    Stale,
}

/// How one attempt to deliver ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AttemptOutcome {
    /// The receiver's transport took it; with its receipt if the answer held one.
    Sent {
        /// What the answer said, if it was a receipt.
        receipt: Option<ReceiptCode>,
    },
    /// It did not, and trying again may help.
    Failed {
        /// A code for people: `http-503`, `connection-refused`, `timeout`.
        reason: Box<str>,
        /// Seconds that the receiver asked us to wait.
        wait: Option<u32>,
    },
    /// It never will.
    Final {
        /// A code for people: `http-400`, `expired`.
        reason: Box<str>,
        /// Whose fault.
        fault: FaultOf,
    },
}

/// [`Fault`], as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultOf {
    /// The sender's.
    Sender,
    /// The receiver's.
    Receiver,
    /// Ours.
    Ours,
}

impl From<Fault> for FaultOf {
    fn from(fault: Fault) -> FaultOf {
        match fault {
            Fault::Sender => FaultOf::Sender,
            Fault::Receiver => FaultOf::Receiver,
            Fault::Ours => FaultOf::Ours,
        }
    }
}
