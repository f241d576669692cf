//! One attempt over whichever transport an endpoint has: the same words for all of them.
//!
//! Promises: a target is made once from the configuration and shared by all attempts; a reply says whether the
//! receiver may have the message all the same. Never: tries again.

use super::directory;
use super::http::{self, Address, Ask};
use super::mllp;
use super::nhn;
use super::tls::Secure;
use crate::message::{AttemptOutcome, DeliveryId, MessageId, ReceiptCode, Syntax};
use bytes::Bytes;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where and how to send.
#[derive(Clone)]
pub struct Target {
    by: By,
    /// For the whole exchange.
    pub timeout: Duration,
}

#[derive(Clone)]
enum By {
    Http(Box<Address>),
    Nhn(Box<Address>),
    Mllp(Arc<mllp::Peer>),
    Folder(Arc<Path>),
}

impl Target {
    /// A target of HTTP at this address; `token` is sent as bearer token. None: the address or the token cannot
    /// stand in a request.
    pub fn new(url: &str, token: Option<&str>, timeout: Duration) -> Option<Target> {
        Some(Target { by: By::Http(Box::new(Address::new(url, token)?)), timeout })
    }

    /// The same target of HTTP, reached by TLS where its address says `https`.
    pub fn over(self, secure: &Secure) -> Target {
        match self.by {
            By::Http(address) => {
                Target { by: By::Http(Box::new(address.over(secure))), timeout: self.timeout }
            }
            by => Target { by, ..self },
        }
    }

    /// The same target, spoken to as NHN's message interface wants it.
    pub fn nhn(self) -> Target {
        match self.by {
            By::Http(address) => Target { by: By::Nhn(address), timeout: self.timeout },
            by => Target { by, ..self },
        }
    }

    /// A folder.
    pub fn folder(path: &Path, timeout: Duration) -> Target {
        Target { by: By::Folder(path.into()), timeout }
    }

    /// A target of MLLP.
    pub fn mllp(host: &str, port: u16, secure: Option<Secure>, timeout: Duration) -> Target {
        Target { by: By::Mllp(Arc::new(mllp::Peer::new(host, port, secure))), timeout }
    }
}

impl Target {
    /// The path of its URL; empty where it has none.
    pub fn path(&self) -> &str {
        match &self.by {
            By::Http(address) | By::Nhn(address) => address.path(),
            By::Mllp(_) | By::Folder(_) => "",
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            By::Http(_) => "http",
            By::Nhn(_) => "nhn",
            By::Mllp(_) => "mllp",
            By::Folder(_) => "folder",
        };
        out.debug_struct("Target").field("by", &by).field("timeout", &self.timeout).finish()
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The delivery; with the message's id it makes the idempotency key, constant over retries.
    pub delivery: DeliveryId,
    /// The message's id as the receiver sees it.
    pub message: MessageId,
    /// Its syntax.
    pub syntax: Syntax,
    /// Its bytes.
    pub bytes: Bytes,
    /// Whether an earlier attempt may have reached the receiver.
    pub possible_duplicate: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An HTTP answer.
    Answer {
        /// Its status.
        status: u16,
        /// Its `Retry-After`, where it was a number of seconds.
        retry_after: Option<u32>,
        /// Its content type.
        content_type: Option<Box<str>>,
        /// Its body.
        body: Bytes,
    },
    /// None: a code for people.
    Unreachable(&'static str),
    /// The transport knows what it comes to.
    Judged(AttemptOutcome),
    /// An acknowledgement of HL7 v2 that names this very message, and is its last word.
    Acknowledged {
        /// What it comes to.
        receipt: ReceiptCode,
        /// Its bytes.
        body: Bytes,
    },
}

impl Reply {
    /// Whether the receiver may have the message although it did not say so.
    pub fn unknown(&self) -> bool {
        let lost = ["timeout", "connection-lost", "ack-mismatch", "ack-undecodable"];
        matches!(self, Reply::Unreachable(why) if lost.contains(why))
    }
}

/// All transports, with what they keep open.
#[derive(Clone, Default)]
pub struct Sender {
    http: http::Plain,
}

impl Sender {
    /// Sends one message and waits for the answer.
    pub async fn send(&self, target: &Target, sending: Sending) -> Reply {
        match &target.by {
            By::Http(address) => self.http.send(address, target.timeout, sending).await,
            By::Nhn(address) => nhn::send(&self.http, address, target.timeout, sending).await,
            By::Mllp(peer) => peer.send(&sending, target.timeout).await,
            By::Folder(folder) => directory::send(folder, sending).await,
        }
    }

    /// Asks for something below a target of HTTP.
    pub async fn ask(&self, target: &Target, ask: Ask<'_>) -> Reply {
        match &target.by {
            By::Http(address) => self.http.ask(address, target.timeout, ask).await,
            _ => Reply::Unreachable("bad-request"),
        }
    }

    /// Posts a JSON object that is no message, by HTTP.
    pub async fn post_json(&self, target: &Target, body: Bytes) -> Reply {
        match &target.by {
            By::Http(address) => self.http.post_json(address, target.timeout, body).await,
            _ => Reply::Unreachable("bad-request"),
        }
    }
}
