//! Messages in the envelopes of networks: taken out, put in, and the envelopes' own receipts.
//!
//! Promises: what is stored is the envelope as it came, byte for byte; every envelope that wants a receipt gets one that
//! quotes its id, beside what is said about the message; whose sender and ids could be read but whose message cannot
//! be used is refused in the envelope's own language. Never: an envelope in an envelope, or a receipt for a receipt.

use super::read::{Incoming, Read, Unread, day};
use super::translate::Stopped;
use super::{Arena, Engine, catalogue};
use crate::config::Endpoint;
use crate::format::recognise;
use crate::message::{
    Answer, EnvelopeId, Event, Identifier, IdentifierKind, Issue, MessageId, Output, PartyName,
    Place, ReceiptCode, ReceiptFor, Syntax, ToldIssue,
};
use crate::receipt::{self, Ending};
use crate::route::{Ends, Extracted, Holds, Identified, Identity, Opened, Said, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// The namespace of the ids of envelopes.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f0c_36d1_5b1f_4c7e_9d4a_0b57_61c3_e2aa);
/// What an envelope's receipt is called where messages have their event.
pub const RECEIPT: &str = "envelope-receipt";
/// The most characters of what a negative receipt says.
const LONGEST: usize = 500;
/// The most characters of an id that fits into a UUID.
const FITS: usize = 14;

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
                let told = (!positive).then(|| ReceiptFor { message: unfold(&told), code });
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

    /// Puts what goes to an endpoint into the envelope that it wants; from and to whom, where it does not say.
    pub(super) fn enveloped(
        &self,
        endpoint: &Endpoint,
        (from, to): (&PartyName, &PartyName),
        output: Output,
        now: Timestamp,
    ) -> Result<Output, Stopped> {
        let Some(name) = &endpoint.envelope else { return Ok(output) };
        let id = [&*endpoint.name, &from.0, &output.message.0, &output.envelope.0].join("\u{1f}");
        let id = Uuid::new_v5(&NAMESPACE, id.as_bytes());
        let bytes = self.put_in(&name.value.0, (from, to), &output, id, now)?;
        Ok(Output {
            syntax: Syntax::Xml,
            bytes,
            envelope: EnvelopeId(id.to_string().into()),
            ..output
        })
    }

    fn put_in(
        &self,
        name: &str,
        (from, to): (&PartyName, &PartyName),
        output: &Output,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Bytes, Stopped> {
        if output.bytes.len() as u64 > self.intakes.envelopes.most(name) {
            return Err(Stopped::NotExpressible);
        }
        let mut arena = Arena::new(self);
        let wire = self.library.wire();
        let unreadable = Stopped::Ours("output-not-readable");
        let decoded = wire.decode(output.syntax, &output.bytes, None).map_err(|_| unreadable)?;
        let (tree, issues) = (&mut arena.tree, &mut arena.issues);
        if !wire.read(output.syntax, decoded.text, tree, issues) {
            return Err(unreadable);
        }
        wire.type_tree(output.syntax, tree, issues);
        arena.references.build(&arena.tree);
        let trees = [&arena.tree];
        let scene = self.scene(&trees, &arena.references, now);
        let says = self.intakes.extract(&scene, output.syntax, &mut arena.paths);
        let says = says.ok_or(Stopped::Ours("output-not-identified"))?;
        let address = |ends: &Ends, party: &PartyName| {
            let stated = ends.identifiers.iter().find(|one| one.kind == IdentifierKind::Gln);
            let own = self.config.party(party);
            let own = own.iter().flat_map(|one| &one.identifiers).map(|at| &at.value);
            let one = stated.or(own.clone().find(|one| one.kind == IdentifierKind::Gln));
            one.map(|one| one.value.to_string()).ok_or(Stopped::Ours("envelope-without-address"))
        };
        let (sender, receiver) = (address(&says.sender, from)?, address(&says.receiver, to)?);
        let message = fold(&output.message.0, &sender).to_string();
        let (id, sent) = (id.to_string(), stamp(now));
        let (size, data) = (output.bytes.len().to_string(), STANDARD.encode(&output.bytes));
        let event = says.event.as_ref().map_or("", |event| &event.0);
        let values: [Value<'_>; 8] = [
            ("sender", &sender, false),
            ("receiver", &receiver, false),
            ("id", &id, false),
            ("sent", &sent, false),
            ("message", &message, false),
            ("event", event, false),
            ("version", says.version.as_deref().unwrap_or_default(), false),
            ("size", &size, false),
        ];
        let mime = receipt::content_type(output.syntax);
        let more = [values.as_slice(), &[("mime", mime, false)]].concat();
        let kind = (output.syntax, event);
        let envelopes = &self.intakes.envelopes;
        let about = envelopes.about(name, kind, &scene, &mut arena.paths, &more);
        let about = about.ok_or(Stopped::Ours("envelope-says-nothing"))?;
        let more = [&more[..], &[("about", &about, true), ("data", &data, true)]].concat();
        let text = envelopes.write(name, &more).ok_or(Stopped::Ours("envelope-not-writable"))?;
        Ok(Bytes::from(text))
    }

    /// The envelope's own receipt for the one that a message came in; none: it wants none.
    pub(super) fn envelope_receipt(
        &self,
        read: &Read,
        positive: bool,
        issues: &[ToldIssue],
        now: Timestamp,
        id: Uuid,
    ) -> Option<Output> {
        let wrapped = read.wrapped.as_deref()?;
        // FHIR messages always get one, whatever the envelope asks for.
        if wrapped.carries == Carries::Receipt || !(wrapped.reliable || read.parts.is_some()) {
            return None;
        }
        let own = Uuid::new_v5(&NAMESPACE, id.as_bytes());
        let (id, sent) = (own.to_string(), stamp(now));
        let why = issues.first().map_or("refused", |issue| &issue.text);
        let description: String = why.chars().take(LONGEST).collect();
        // Back the way it came.
        let values: [Value<'_>; 7] = [
            ("sender", &wrapped.receiver, false),
            ("receiver", &wrapped.sender, false),
            ("id", &id, false),
            ("sent", &sent, false),
            ("original", &wrapped.id, false),
            ("original_about", &wrapped.about, true),
            ("description", &description, false),
        ];
        let said = if positive { Said::Accepted } else { Said::Refused };
        let text = self.intakes.envelopes.receipt(&wrapped.name, said, &values)?;
        Some(Output {
            syntax: Syntax::Xml,
            bytes: Bytes::from(text),
            message: MessageId(id.clone().into()),
            envelope: EnvelopeId(id.into()),
            map: None,
        })
    }

    /// The answer to a message in an envelope: the envelope's receipt, where one is wanted.
    pub(super) fn answer_enveloped(
        &self,
        read: &Read,
        ending: Ending,
        issues: &[ToldIssue],
        (now, id): (Timestamp, Uuid),
    ) -> Answer {
        let positive =
            !matches!(ending, Ending::Refused | Ending::EnvelopeReused | Ending::Conflict);
        let row = receipt::row(ending);
        let wanted = row.receipt.and_then(|(status, _)| {
            Some((status, self.envelope_receipt(read, positive, issues, now, id)?))
        });
        match wanted {
            Some((status, output)) => Answer {
                status,
                content_type: Some(receipt::content_type(Syntax::Xml)),
                body: output.bytes,
                retry_after: row.retry_after,
                verdict: receipt::verdict(ending),
            },
            None if issues.is_empty() => receipt::plain(ending, Syntax::Xml),
            None => receipt::answer(ending, issues, Syntax::Xml),
        }
    }

    /// A message in its envelope again, both under new ids and with another time of sending.
    pub(super) fn enveloped_anew(
        &self,
        bytes: &Bytes,
        envelope: &EnvelopeId,
        sent: Timestamp,
    ) -> Option<Result<Bytes, crate::message::Error>> {
        let opened = self.open(bytes)?;
        let Holds::Message { data, .. } = &opened.holds else { return None };
        let inner = decoded(data)?;
        let syntax = recognise(&inner);
        let renamed = match syntax {
            Syntax::Edifact | Syntax::Hl7v2 => Ok(inner),
            Syntax::Xml => {
                let legacy = EnvelopeId(super::translate::legacy(&envelope.0).into());
                self.in_envelope(syntax, &inner, &legacy, sent)
            }
            _ => self.in_envelope(syntax, &inner, envelope, sent),
        };
        let fault = |why: &str| {
            crate::message::Error::new(
                crate::message::ErrorKind::Internal,
                format!("a resend: {why}"),
            )
        };
        Some(renamed.and_then(|inner| {
            let text =
                std::str::from_utf8(bytes).map_err(|_| fault("the envelope is not UTF-8"))?;
            let (before, after) = text.split_once(&**data).ok_or_else(|| fault("no data"))?;
            let data = STANDARD.encode(&inner);
            let before = before.replacen(&*opened.id, &envelope.0, 1);
            let before = replaced_time(&before, &stamp(sent)).ok_or_else(|| fault("no time"))?;
            Ok(Bytes::from([&before, &*data, after].concat()))
        }))
    }

    pub(super) fn party_of(&self, ends: &Ends, now: Timestamp) -> Option<PartyName> {
        match self.routes.identify(&ends.identifiers, day(now)) {
            Identified::Party(receiver) => Some(receiver.clone()),
            Identified::Missing | Identified::Unknown | Identified::Contradiction => None,
        }
    }
}

/// An envelope of ours with another time of sending: the first that is written as ours are.
fn replaced_time(before: &str, sent: &str) -> Option<String> {
    let is_time = |text: &str| {
        let shape = |(at, c): (usize, char)| match at {
            4 | 7 => c == '-',
            10 => c == 'T',
            13 | 16 => c == ':',
            19 => c == 'Z',
            _ => c.is_ascii_digit(),
        };
        text.len() == sent.len() && text.chars().enumerate().all(shape)
    };
    let start = (0..before.len()).find(|at| {
        before.as_bytes()[*at] == b'>'
            && before.get(at + 1..at + 1 + sent.len()).is_some_and(is_time)
    })? + 1;
    Some([&before[..start], sent, &before[start + sent.len()..]].concat())
}

fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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

/// A message's id as a UUID: itself, or, of at most 14 characters, those and a few bits of its sender, from which
/// it can be had again.
fn fold(id: &str, sender: &str) -> Uuid {
    if let Ok(own) = Uuid::parse_str(id) {
        return own;
    }
    if id.len() > FITS || id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Uuid::new_v5(&NAMESPACE, [sender, id].join("\u{1f}").as_bytes());
    }
    let mut bits = id.bytes().fold(0u128, |bits, b| bits << 7 | u128::from(b));
    bits <<= 7 * (FITS - id.len());
    let hash = blake3::hash(sender.as_bytes());
    let bits = bits << 24
        | u128::from(u32::from_le_bytes([
            hash.as_bytes()[0],
            hash.as_bytes()[1],
            hash.as_bytes()[2],
            0,
        ]));
    // Of 122 bits the first 48, the next 12 and the last 62 stand around version and variant.
    let (first, second, third) = (bits >> 74, bits >> 62 & 0xfff, bits & ((1 << 62) - 1));
    let whole = first << 80 | second << 64 | third;
    Builder::from_custom_bytes(whole.to_be_bytes()).into_uuid()
}

/// The id that was folded into a UUID, or the UUID.
fn unfold(text: &str) -> MessageId {
    let own = || MessageId(text.into());
    let Ok(uuid) = Uuid::parse_str(text) else { return own() };
    if uuid.get_version_num() != 8 {
        return own();
    }
    let whole = uuid.as_u128();
    let bits = (whole >> 80) << 74 | (whole >> 64 & 0xfff) << 62 | whole & ((1 << 62) - 1);
    let id: String = (0..FITS)
        .map(|at| (bits >> (24 + 7 * (FITS - 1 - at)) & 0x7f) as u8)
        .take_while(|b| *b != 0)
        .map(char::from)
        .collect();
    match id.bytes().all(|b| b.is_ascii_graphic()) && !id.is_empty() {
        true => MessageId(id.into()),
        false => own(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_letter_comes_back_out_of_its_uuid() {
        for id in ["1", "ABC123", "12345678901234", "x-y_z", "068dadff-12bb-406d-8c86-083974dc0180"]
        {
            let uuid = fold(id, "5790000000005");
            assert_eq!(*unfold(&uuid.to_string()).0, *id, "{uuid}");
        }
        assert_ne!(fold("1", "5790000000005"), fold("1", "5790000000012"));
        assert_eq!(fold("longer than fourteen", "a").get_version_num(), 5);
    }

    #[test]
    fn a_time_is_exchanged_where_it_stands() {
        let text = "<a>x</a><b>2026-11-25T12:00:00Z</b>";
        let other = replaced_time(text, "2026-11-26T13:00:00Z");
        assert_eq!(other.as_deref(), Some("<a>x</a><b>2026-11-26T13:00:00Z</b>"));
        assert_eq!(replaced_time("<a>x</a>", "2026-11-26T13:00:00Z"), None);
    }
}
