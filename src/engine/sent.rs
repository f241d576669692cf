//! What was sent, for receipts: how the message that a receipt quotes is known to whoever sent it first.
//!
//! Promises: the same facts for every format, as the intake description of the first message says them. Never: asks
//! the store; the shell does, and hands over what it found.

use super::read::{NO_ENVELOPE, Read};
use super::{Arena, Engine};
use crate::config::Answers;
use crate::message::{KnownAbout, Unit};
use jiff::Timestamp;

/// A message that was sent on, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// The id that its receiver saw.
    sent: Box<str>,
    /// The id that it came with.
    received: Box<str>,
    /// Its own number alone, where the id holds more than that.
    number: Box<str>,
    /// Its envelope's id.
    envelope: Option<Box<str>>,
    /// What happened.
    event: Box<str>,
    /// The version of its format.
    version: Option<Box<str>>,
    /// When it was sent, as a time of its format's zone.
    time: Option<Box<str>>,
}

impl Sent {
    /// One of its facts, by the words that maps use.
    pub fn fact(&self, from: &str, to: &str, value: &str) -> Option<&str> {
        if from != "sent" || value != &*self.sent {
            return None;
        }
        match to {
            "received" => Some(&self.received),
            "number" => Some(&self.number),
            "envelope" => self.envelope.as_deref(),
            "event" => Some(&self.event),
            "version" => self.version.as_deref(),
            "time" => self.time.as_deref(),
            _ => None,
        }
    }
}

impl Engine {
    /// Whether somebody asks what a message is a receipt for: a map on its way or, where no route is for it, the bridge.
    pub fn asks_what_was_sent(&self, read: &Read) -> bool {
        let mut routes = self.routes_of(read).peekable();
        read.says.receipt_for.is_some()
            && match routes.peek() {
                Some(_) => routes.any(|route| route.map.is_some()),
                None => self.config.routes.iter().any(|one| one.answers == Answers::Receiver),
            }
    }

    /// What is known of the message that this one is a receipt for.
    pub(super) fn sent(&self, known: &KnownAbout, now: Timestamp) -> Option<Sent> {
        let before = known.sent.as_ref()?;
        let sent = before.output()?.message.0.clone();
        Some(Sent { sent, ..self.as_received(&before.unit, now) })
    }

    /// A message that was taken, as its sender knows it.
    fn as_received(&self, unit: &Unit, now: Timestamp) -> Sent {
        let mut arena = Arena::new(self);
        match self.reread(unit, &mut arena, now) {
            Some(read) => self.as_read(&read),
            // one that can no longer be read, by another configuration, is known by what was kept of it
            None => facts(&unit.message.0, &unit.envelope.0, &unit.event.0),
        }
    }

    /// A message that was read, as its sender knows it: it quotes its own id.
    pub(super) fn as_read(&self, read: &Read) -> Sent {
        let says = &read.says;
        Sent {
            version: says.version.clone(),
            time: says.sent.and_then(|sent| self.intakes.local(&says.intake, sent)),
            ..facts(&read.message.0, &read.envelope.0, &read.event.0)
        }
    }
}

fn facts(message: &str, envelope: &str, event: &str) -> Sent {
    Sent {
        sent: message.into(),
        received: message.into(),
        // a number of HL7 v2 counts together with who gave it
        number: message.rsplit('/').next().unwrap_or_default().into(),
        envelope: (!envelope.starts_with(NO_ENVELOPE)).then(|| envelope.into()),
        event: event.into(),
        version: None,
        time: None,
    }
}
