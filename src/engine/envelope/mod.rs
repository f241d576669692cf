//! Messages in the envelopes of networks: taken out, put in, and the envelopes' own receipts.
//!
//! Promises: what is stored is the envelope as it came, byte for byte; every envelope that wants a receipt gets one that
//! quotes its id, beside what is said about the message; whose sender and ids could be read but whose message cannot
//! be used is refused in the envelope's own language. Never: an envelope in an envelope, or a receipt for a receipt.

mod ids;
mod write;

use super::read::{Incoming, Read, Unread, day};
use super::{Arena, Engine, catalogue};
use crate::format::recognise;
use crate::message::{
    EnvelopeId, Event, Identifier, IdentifierKind, Issue, MessageId, PartyName, Place, ReceiptCode,
    ReceiptFor, Syntax,
};
use crate::receipt::Ending;
use crate::route::{Ends, Extracted, Holds, Identified, Identity, Opened};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

/// The namespace of the ids of envelopes.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f0c_36d1_5b1f_4c7e_9d4a_0b57_61c3_e2aa);
/// What an envelope's receipt is called where messages have their event.
pub const RECEIPT: &str = "envelope-receipt";

/// The envelope around a message.
#[derive(Clone, Debug)]
pub struct Wrapped {
    /// Its description's name.
    pub name: Box<str>,
    /// Its id.
    pub id: Box<str>,
    /// What it carries.
    pub carries: Carries,
    sender: Box<str>,
    receiver: Box<str>,
    about: Box<str>,
    reliable: bool,
    /// As it came.
    pub(super) outer: Bytes,
}

/// What an envelope carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carries {
    /// A message.
    Message,
    /// A message that cannot be used.
    Unusable,
    /// A receipt for another envelope.
    Receipt,
}

impl Wrapped {
    fn of(opened: &Opened, outer: &Bytes) -> Wrapped {
        let (about, reliable, carries) = match &opened.holds {
            Holds::Message { about, reliable, .. } => (about.clone(), *reliable, Carries::Message),
            _ => (Box::default(), false, Carries::Receipt),
        };
        Wrapped {
            name: opened.name.clone(),
            id: opened.id.clone(),
            carries,
            sender: opened.sender.clone(),
            receiver: opened.receiver.clone(),
            about,
            reliable,
            outer: outer.clone(),
        }
    }
}

impl Engine {
    /// Reads what an envelope holds.
    pub(super) fn opened(
        &self,
        incoming: Incoming,
        opened: Opened,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Read, Box<Unread>> {
        let wrapped = Wrapped::of(&opened, &incoming.bytes);
        let (id, data) = match opened.holds {
            Holds::Message { id, data, .. } => (id, data),
            Holds::Receipt { original, message, positive } => {
                let told = message.unwrap_or(original);
                let code = ReceiptCode::FatalError;
                let told = (!positive).then(|| ReceiptFor { message: ids::unfold(&told), code });
                let says = Extracted { receipt_for: told, ..ends(&wrapped) };
                return self.itself(incoming, wrapped, says, None, arena, now);
            }
            Holds::Nothing => {
                let root = Place { node: arena.tree.root(), ..Place::default() };
                arena.issues.push(Issue::new(&catalogue::ENVELOPE_INCOMPLETE, root));
                return Err(self.unread(Ending::Unidentified, arena));
            }
        };
        let unusable = match decoded(&data) {
            None => {
                let root = Place { node: arena.tree.root(), ..Place::default() };
                arena.issues.push(Issue::new(&catalogue::ENVELOPE_DATA, root));
                self.unread(Ending::NotWellFormed, arena)
            }
            Some(bytes) => {
                arena.clear(self);
                let syntax = recognise(&bytes);
                let charset = None;
                let inner = Incoming { syntax, bytes, charset, ..incoming.clone() };
                match self.read_in(inner, arena, now) {
                    Ok(read) => {
                        let envelope = EnvelopeId(wrapped.id.clone());
                        return Ok(Read { envelope, wrapped: Some(Box::new(wrapped)), ..read });
                    }
                    // Nobody but the sender, or its carrier, hears anything.
                    Err(unread) if unread.ending == Ending::NotYours => return Err(unread),
                    Err(unread) => unread,
                }
            }
        };
        let says = Extracted { message: Some(MessageId(id)), ..ends(&wrapped) };
        let wrapped = Wrapped { carries: Carries::Unusable, ..wrapped };
        self.itself(incoming, wrapped, says, Some(unusable), arena, now)
    }

    /// What is inside an envelope: one message, in no further one.
    fn read_in(
        &self,
        inner: Incoming,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Read, Box<Unread>> {
        self.parse(&inner, arena)?;
        let another =
            inner.syntax == Syntax::Xml && self.intakes.envelopes.open(&arena.tree).is_some();
        if another {
            let root = Place { node: arena.tree.root(), ..Place::default() };
            arena.issues.push(Issue::new(&catalogue::NOT_IDENTIFIED, root));
            return Err(self.unread(Ending::Unidentified, arena));
        }
        self.read_parsed(inner, arena, now)
    }

    /// An envelope that is taken for itself: a receipt, or one whose message cannot be used.
    fn itself(
        &self,
        incoming: Incoming,
        wrapped: Wrapped,
        says: Extracted,
        unusable: Option<Box<Unread>>,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Read, Box<Unread>> {
        let message = says.message.clone().unwrap_or_else(|| MessageId(wrapped.id.clone()));
        let senders = &says.sender.identifiers;
        if message.0.is_empty() || wrapped.id.is_empty() || senders.is_empty() {
            return Err(unusable.unwrap_or_else(|| {
                let root = Place { node: arena.tree.root(), ..Place::default() };
                arena.issues.push(Issue::new(&catalogue::ENVELOPE_INCOMPLETE, root));
                self.unread(Ending::Unidentified, arena)
            }));
        }
        let (sender, carried) = match self.routes.admits(&incoming.party, senders, day(now)) {
            Identity::Own => (incoming.party.clone(), false),
            Identity::Carrier { sender } => (sender, true),
            Identity::Impostor | Identity::Nobody => {
                arena.issues.clear();
                return Err(self.unread(Ending::NotYours, arena));
            }
        };
        let receiver = self.party_of(&says.receiver, now);
        Ok(Read {
            sender,
            carried,
            receiver,
            envelope: EnvelopeId(wrapped.id.clone()),
            event: Event(RECEIPT.into()),
            parts: None,
            content_hash: *blake3::hash(&incoming.bytes).as_bytes(),
            message,
            incoming,
            says,
            wrapped: Some(Box::new(wrapped)),
        })
    }

    /// The bytes of a stored message, out of its envelope.
    pub(super) fn taken_out(&self, syntax: Syntax, bytes: &Bytes) -> Option<(Syntax, Bytes)> {
        if syntax != Syntax::Xml {
            return None;
        }
        let opened = self.open(bytes)?;
        let Holds::Message { data, .. } = opened.holds else { return None };
        let bytes = decoded(&data)?;
        Some((recognise(&bytes), bytes))
    }

    fn open(&self, bytes: &Bytes) -> Option<Opened> {
        let mut arena = Arena::new(self);
        let wire = self.library.wire();
        let text = wire.decode(Syntax::Xml, bytes, None).ok()?.text;
        let whole = wire.read(Syntax::Xml, text, &mut arena.tree, &mut arena.issues);
        whole.then(|| self.intakes.envelopes.open(&arena.tree)).flatten()
    }

    pub(super) fn party_of(&self, ends: &Ends, now: Timestamp) -> Option<PartyName> {
        match self.routes.identify(&ends.identifiers, day(now)) {
            Identified::Party(receiver) => Some(receiver.clone()),
            Identified::Missing | Identified::Unknown | Identified::Contradiction => None,
        }
    }
}

/// Whose an envelope is, by itself.
fn ends(wrapped: &Wrapped) -> Extracted {
    let one = |text: &str| {
        let identifier = Identifier::parse(IdentifierKind::Gln, text);
        Ends { unreadable: identifier.is_err(), identifiers: identifier.into_iter().collect() }
    };
    Extracted {
        intake: wrapped.name.clone(),
        sender: one(&wrapped.sender),
        receiver: one(&wrapped.receiver),
        ..Extracted::default()
    }
}

fn decoded(data: &str) -> Option<Bytes> {
    let plain: Vec<u8> = data.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(plain).ok()?;
    (!bytes.iter().all(u8::is_ascii_whitespace)).then(|| Bytes::from(bytes))
}
