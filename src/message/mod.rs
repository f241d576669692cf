//! The words everyone uses: ids, parties, events, verdicts, issues, errors, the clock.
//!
//! Promises: one word per thing (architecture's names), no behaviour beyond parsing and comparing them.
//! Never: reads a clock, a file or a socket; never shows a person's data (types for it have no `Debug`
//! that prints it).

mod certificate;
mod diagnostic;
mod error;
pub mod instant;
mod intake;
mod issue;
pub mod lane;
pub mod near;
mod party;
pub mod sabotage;
mod unit;

pub use certificate::{CertificateField, CertificateName};
pub use diagnostic::{Diagnostic, Origin};
pub use error::{Error, ErrorKind, Fault, Retry};
pub use intake::{Answer, Answering, Intake, Submission};
pub(crate) use issue::kinds;
pub use issue::{Arg, Catalogue, Checked, Issue, IssueKind, IssueType, Place, Severity};
pub use party::{Identifier, IdentifierKind};
pub use unit::{
    AttemptOutcome, AuditAction, AuditRecord, Committed, DeliveryId, Earlier, FaultOf, Known,
    KnownAbout, NewDelivery, Output, Position, ReceiptCode, ReceiptFor, SentBefore, Syntax,
    ToldIssue, Unit,
};

use jiff::Timestamp;

/// A source of the present moment. Implemented by the outermost shell and by tests; everything below is
/// told `now`.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;
}

/// What a message is called by its sender: MessageHeader.id, Letter/Identifier, MSH-10, MsgId.
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct MessageId(pub Box<str>);

/// What one sending of a message is called: Bundle.id, Envelope/Identifier, UNB 0020.
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct EnvelopeId(pub Box<str>);

/// What a message says happened: MessageHeader.event, MSH-9, the letter's type code.
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct Event(pub Box<str>);

/// The name of a party as configuration spells it: `herlev-hospital`.
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct PartyName(pub Box<str>);

/// The two verdicts there are. Written once per authenticated party and message id, never changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Verdict {
    /// The message is ours to deliver.
    Accepted,
    /// The message is its sender's to mend.
    Refused,
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::fmt::Display for EnvelopeId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::fmt::Display for PartyName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}
