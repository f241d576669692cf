//! The seam between the shells that receive and the pipeline that decides.
//!
//! `receive` is given something that is an [`Intake`]; it never knows the engine or the store.

use super::{CertificateName, PartyName, ReceiptCode, Syntax};
use bytes::Bytes;
use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;

/// A message as it came over some transport, from somebody we know.
pub struct Submission {
    /// Who handed it in, authenticated.
    pub party: PartyName,
    /// The syntax that the transport declared.
    pub syntax: Syntax,
    /// The charset that the transport declared, if any.
    pub charset: Option<Box<str>>,
    /// The syntax that the answer should have.
    pub answer_in: Syntax,
    /// Whether the receipt is to travel as a message of its own.
    pub apart: bool,
    /// The bytes.
    pub body: Bytes,
    /// When the last byte came.
    pub received: Timestamp,
}

/// What is answered over HTTP; other transports have their own rendering of the same outcome.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type of `body`, if there is one.
    pub content_type: Option<&'static str>,
    /// The receipt, an OperationOutcome, or nothing.
    pub body: Bytes,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u32>,
    /// Whether the answer carries a verdict: it may be written only after the commit is on disk.
    pub verdict: bool,
    /// What it comes to as a receipt, where the engine's own word is the one that counts.
    pub said: Option<ReceiptCode>,
}

/// An answer that is on its way.
pub type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What takes messages in.
pub trait Intake: Send + Sync + 'static {
    /// Takes one message; the answer comes when it is true (after the commit).
    fn submit(&self, submission: Submission) -> Answering;

    /// Whether messages are taken now: recovery has ended and the store can write.
    fn ready(&self) -> bool;

    /// Who a bearer token belongs to.
    fn party_of(&self, token: &str) -> Option<PartyName>;

    /// Who is named in a certificate that a named authority vouches for.
    fn party_named(&self, names: &[CertificateName]) -> Option<PartyName> {
        let _ = names;
        None
    }

    /// What this engine can do, as a FHIR CapabilityStatement.
    fn metadata(&self, syntax: Syntax) -> Bytes;
}
