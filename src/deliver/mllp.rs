//! MLLP to a receiver: connections that stay, one message at a time on each, and its acknowledgement.
//!
//! Promises: an acknowledgement counts only for the message whose control id it names, and a connection on which
//! anything else was heard, or nothing in time, is closed: what comes late meets no other message. Never: sends on a
//! connection that has something to say, or a second time by itself.

use super::send::{Reply, Sending};
use super::tls::{Secure, Stream};
use crate::format::mllp::{self, Frames, Head};
use crate::message::{AttemptOutcome, FaultOf, ReceiptCode};
use crate::receipt::{Meant, meant};
use bytes::Bytes;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The most bytes of an acknowledgement.
const MOST_ANSWER: usize = 1_000_000;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A receiver, and the connections to it that are open and idle.
pub struct Peer {
    host: Box<str>,
    port: u16,
    secure: Option<Secure>,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: Box<dyn Stream>,
    frames: Frames,
}

/// What was heard about the message that was sent.
enum Heard {
    Meant(Meant, Bytes),
    /// It names another message, or cannot be read.
    Foreign(&'static str),
    /// The connection ended.
    Lost,
}

impl Peer {
    /// A receiver at an address.
    pub fn new(host: &str, port: u16, secure: Option<Secure>) -> Peer {
        Peer { host: host.into(), port, secure, idle: Mutex::default() }
    }

    /// Sends one message and waits for what it asks for.
    pub(super) async fn send(&self, sending: &Sending, timeout: Duration) -> Reply {
        let message = &sending.bytes;
        let Some(head) = mllp::head(message).filter(|head| !head.control.is_empty()) else {
            return ours("mllp-no-control-id");
        };
        if memchr::memchr2(mllp::START, mllp::END[0], message).is_some() {
            return ours("mllp-cannot-frame");
        }
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(_) => return Reply::Unreachable("connect"),
        };
        let mut taken = false;
        let exchange = connection.exchange(message, &head, &mut taken);
        let reply = tokio::time::timeout(timeout, exchange).await;
        match reply {
            Ok((reply, usable)) => {
                if usable && connection.frames.is_empty() {
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                }
                reply
            }
            // It was accepted; what it comes to is then for its receipt to say, or to be overdue.
            Err(_) if taken => sent(),
            Err(_) => Reply::Unreachable("timeout"),
        }
    }

    /// A connection on which nothing is to be heard: one that is idle, or a new one.
    async fn connection(&self) -> io::Result<Connection> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut idle) = idle else { break };
            if idle.silent().await {
                return Ok(idle);
            }
        }
        let connect = async {
            let stream = TcpStream::connect((&*self.host, self.port)).await?;
            stream.set_nodelay(true)?;
            let stream: Box<dyn Stream> = match &self.secure {
                Some(secure) => secure.connect(&self.host, stream).await?,
                None => Box::new(stream),
            };
            Ok(Connection { stream, frames: Frames::new(MOST_ANSWER) })
        };
        match tokio::time::timeout(CONNECT, connect).await {
            Ok(connected) => connected,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Connection {
    /// Whether nothing came, and nothing ended, while nobody was asking.
    async fn silent(&mut self) -> bool {
        let read = self.stream.read_buf(self.frames.room());
        tokio::time::timeout(Duration::ZERO, read).await.is_err() && self.frames.is_empty()
    }

    /// The exchange, and whether the connection is of further use.
    async fn exchange(
        &mut self,
        message: &[u8],
        head: &Head<'_>,
        taken: &mut bool,
    ) -> (Reply, bool) {
        let written = async {
            self.stream.write_all(&mllp::framed(message)).await?;
            self.stream.flush().await
        };
        if written.await.is_err() {
            return (Reply::Unreachable("connection-lost"), false);
        }
        let enhanced = head.enhanced();
        let application = !enhanced || head.application.wants(true, false);
        if !application && !head.accept.wants(true, false) {
            // Nothing good will be said about it: that it was sent is all there is.
            return (sent(), false);
        }
        loop {
            let heard = self.heard(head.control).await;
            let (meant, body) = match heard {
                // After it was accepted, neither silence nor nonsense takes that back.
                Heard::Foreign(_) | Heard::Lost if *taken => return (sent(), false),
                Heard::Foreign(what) => return (Reply::Unreachable(what), false),
                Heard::Lost => return (Reply::Unreachable("connection-lost"), false),
                Heard::Meant(meant, body) => (meant, body),
            };
            return match meant {
                Meant::Unknown if *taken => (sent(), false),
                Meant::Unknown => (Reply::Unreachable("ack-undecodable"), false),
                Meant::Taken if enhanced && application && !*taken => {
                    *taken = true;
                    continue;
                }
                Meant::Taken => (sent(), true),
                Meant::Receipt(ReceiptCode::TransientError) => {
                    let reason = "transient-error".into();
                    (Reply::Judged(AttemptOutcome::Failed { reason, wait: None }), true)
                }
                Meant::Receipt(receipt) => (Reply::Acknowledged { receipt, body }, true),
            };
        }
    }

    /// The next acknowledgement.
    async fn heard(&mut self, control: &[u8]) -> Heard {
        loop {
            match self.frames.message() {
                Err(_) => return Heard::Foreign("ack-undecodable"),
                Ok(Some(message)) => {
                    return match mllp::acknowledged(&message) {
                        None => Heard::Foreign("ack-undecodable"),
                        Some(said) if said.control != control => Heard::Foreign("ack-mismatch"),
                        Some(said) => {
                            let meant = meant(said.code, &said.errors);
                            Heard::Meant(meant, Bytes::copy_from_slice(&message))
                        }
                    };
                }
                Ok(None) => match self.stream.read_buf(self.frames.room()).await {
                    Ok(0) | Err(_) => return Heard::Lost,
                    Ok(_) => {}
                },
            }
        }
    }
}

fn sent() -> Reply {
    Reply::Judged(AttemptOutcome::Sent { receipt: None })
}

fn ours(reason: &str) -> Reply {
    Reply::Judged(AttemptOutcome::Final { reason: reason.into(), fault: FaultOf::Ours })
}
