//! From bytes to a typed tree with its ids: what can be known of a message from itself alone.

use super::{Arena, Engine, catalogue, header, told};
use crate::definitions::Wire;
use crate::format;
use crate::message::{
    EnvelopeId, Event, Issue, IssueType, MessageId, PartyName, Place, Syntax, ToldIssue,
};
use crate::receipt::Ending;
use crate::route::{Extracted, Identity};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;

/// A message as somebody handed it in.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Who handed it in, authenticated.
    pub party: PartyName,
    /// Its syntax, as declared.
    pub syntax: Syntax,
    /// Its charset, where the transport declares one.
    pub charset: Option<Box<str>>,
    /// Its bytes.
    pub bytes: Bytes,
    /// When its last byte came.
    pub received: Timestamp,
    /// Which message of its transmission it is, where that held several.
    pub place: Option<super::Part>,
}

/// A message that was read; its tree and the issues so far are in the arena.
#[derive(Clone, Debug)]
pub struct Read {
    /// As it was handed in.
    pub incoming: Incoming,
    /// The sending party; the same as the authenticated one unless that is a carrier.
    pub sender: PartyName,
    /// Whether the authenticated party is its carrier.
    pub carried: bool,
    /// The party that it is for, where its identifiers mean one.
    pub receiver: Option<PartyName>,
    /// What the message says about itself.
    pub says: Extracted,
    /// Its id.
    pub message: MessageId,
    /// The id of this sending.
    pub envelope: EnvelopeId,
    /// What happened; empty when it does not say.
    pub event: Event,
    /// The parts of a FHIR message.
    pub parts: Option<header::Parts>,
    /// The hash of its content.
    pub content_hash: [u8; 32],
    /// The envelope of a network that it came in.
    pub wrapped: Option<Box<super::Wrapped>>,
}

/// A submission that gets no verdict.
#[derive(Clone, Debug)]
pub struct Unread {
    /// How it ended.
    pub ending: Ending,
    /// What is told.
    pub issues: Vec<ToldIssue>,
    /// The messages of a transmission that holds several, in the arena's tree.
    pub letters: Vec<crate::tree::NodeId>,
}

/// What the key begins with that stands for an envelope's id where there is none.
pub(super) const NO_ENVELOPE: &str = "none:";

/// The day it is, for identifiers whose validity has dates.
pub(super) fn day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

impl Engine {
    /// Reads a message into the arena: decodes, parses, types, finds its ids, and checks that whoever
    /// handed it in may do so.
    pub fn read(
        &self,
        incoming: Incoming,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Read, Box<Unread>> {
        arena.clear(self);
        if incoming.bytes.iter().all(u8::is_ascii_whitespace) {
            arena.issues.push(Issue::new(&catalogue::EMPTY, Place::default()));
            return Err(self.unread(Ending::NotWellFormed, arena));
        }
        self.parse(&incoming, arena)?;
        let opened = match incoming.syntax {
            Syntax::Xml => self.intakes.envelopes.open(&arena.tree),
            _ => None,
        };
        match opened {
            Some(opened) => self.opened(incoming, opened, arena, now),
            None => self.read_parsed(incoming, arena, now),
        }
    }

    /// Reads a message whose syntax was read.
    pub(super) fn read_parsed(
        &self,
        incoming: Incoming,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Read, Box<Unread>> {
        if incoming.syntax == Syntax::Edifact && format::edifact::letters(&arena.tree).len() > 1 {
            return Err(self.several(format::edifact::letters(&arena.tree), arena));
        }
        self.library.wire().type_tree(incoming.syntax, &mut arena.tree, &mut arena.issues);
        arena.references.build(&arena.tree);
        let Some(says) = self.says(&incoming, arena, now) else {
            let kind = match told::refuse(&arena.issues) {
                // An unknown root was told already, by typing.
                true => None,
                false => Some(&catalogue::NOT_IDENTIFIED),
            };
            let place = Place { node: arena.tree.root(), ..Place::default() };
            arena.issues.extend(kind.map(|kind| Issue::new(kind, place)));
            return Err(self.unread(Ending::Unidentified, arena));
        };
        if says.letters.len() > 1 {
            return Err(self.several(says.letters, arena));
        }
        self.identify(incoming, says, arena, now)
    }

    /// A transmission of several messages is none itself: each is read by itself.
    fn several(&self, letters: Vec<crate::tree::NodeId>, arena: &mut Arena) -> Box<Unread> {
        let place = Place { node: letters.get(1).copied(), ..Place::default() };
        arena.issues.push(Issue::new(&catalogue::SEVERAL_LETTERS, place));
        Box::new(Unread { letters, ..*self.unread(Ending::Unidentified, arena) })
    }

    /// Decodes and parses; what is not well formed gets no verdict, since nothing in it can be believed.
    pub(super) fn parse(&self, incoming: &Incoming, arena: &mut Arena) -> Result<(), Box<Unread>> {
        let wire = self.library.wire();
        let charset = incoming.charset.as_deref();
        let text = match wire.decode(incoming.syntax, &incoming.bytes, charset) {
            Ok(decoded) => {
                arena.issues.extend(decoded.note);
                decoded.text
            }
            Err(mut issue) => {
                self.place_of_bytes(incoming, &mut issue, arena);
                let unsupported = format::class(issue.kind) == format::Class::Charset;
                let ending = if unsupported { Ending::NotTaken } else { Ending::NotWellFormed };
                arena.issues.push(issue);
                return Err(self.unread(ending, arena));
            }
        };
        let (tree, issues) = (&mut arena.tree, &mut arena.issues);
        let whole = wire.read(incoming.syntax, text, tree, issues);
        let worst = arena.issues.iter().map(|issue| format::class(issue.kind)).max();
        let costly =
            arena.issues.iter().any(|i| i.refuses() && i.kind.code == IssueType::TooCostly);
        let not_taken = |i: &Issue| i.refuses() && i.kind.code == IssueType::NotSupported;
        let other = arena.issues.iter().any(not_taken);
        match worst {
            Some(format::Class::Charset) => Err(self.unread(Ending::NotTaken, arena)),
            Some(format::Class::Syntax) if costly => Err(self.unread(Ending::TooCostly, arena)),
            // well formed, and of a kind that is not taken: a batch
            Some(format::Class::Syntax) if other => Err(self.unread(Ending::Unidentified, arena)),
            Some(format::Class::Syntax) => Err(self.unread(Ending::NotWellFormed, arena)),
            _ if whole => Ok(()),
            _ => Err(self.unread(Ending::NotWellFormed, arena)),
        }
    }

    /// Gives a fault of bytes that are no text a place: in what can be read of them.
    fn place_of_bytes(&self, incoming: &Incoming, issue: &mut Issue, arena: &mut Arena) {
        let bytes = &incoming.bytes;
        let offset = issue.place.offset.unwrap_or(0) as usize;
        let lossy = std::str::from_utf8(bytes).is_err_and(|fault| fault.valid_up_to() == offset);
        let text: String = match lossy {
            true => String::from_utf8_lossy(bytes).into_owned(),
            false => bytes.iter().copied().map(char::from).collect(),
        };
        if format::class(issue.kind) == format::Class::Charset {
            let said = Wire::declared(incoming.syntax, bytes).filter(|said| !said.is_empty());
            let at = said.and_then(|said| text.find(said)).and_then(|at| u32::try_from(at).ok());
            issue.place.offset = at.or(issue.place.offset);
        }
        arena.tree.add_buffer(text.into());
    }

    fn says(&self, incoming: &Incoming, arena: &mut Arena, now: Timestamp) -> Option<Extracted> {
        let trees = [&arena.tree];
        let scene = self.scene(&trees, &arena.references, now);
        self.intakes.extract(&scene, incoming.syntax, &mut arena.paths)
    }

    fn identify(
        &self,
        incoming: Incoming,
        says: Extracted,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Read, Box<Unread>> {
        let root = Place { node: arena.tree.root(), ..Place::default() };
        let Some(message) = says.message.clone() else {
            arena.issues.push(Issue::new(&catalogue::NO_MESSAGE_ID, root));
            return Err(self.unread(Ending::Unidentified, arena));
        };
        let senders = &says.sender.identifiers;
        if senders.is_empty() {
            arena.issues.push(Issue::new(&catalogue::NO_SENDER, root));
            return Err(self.unread(Ending::Unidentified, arena));
        }
        let (sender, carried) = match self.routes.admits(&incoming.party, senders, day(now)) {
            Identity::Own => (incoming.party.clone(), false),
            Identity::Carrier { sender } => (sender, true),
            Identity::Impostor | Identity::Nobody => {
                arena.issues.clear();
                return Err(self.unread(Ending::NotYours, arena));
            }
        };
        let envelope = says.envelope.clone().unwrap_or_else(|| {
            arena.issues.push(Issue::new(&catalogue::NO_ENVELOPE_ID, root));
            // A key of its own: no other message can have it.
            EnvelopeId(format!("{NO_ENVELOPE}{}", message.0).into())
        });
        let parts = match incoming.syntax.is_fhir() {
            true => header::parts(&arena.tree),
            false => None,
        };
        let newest = parts.as_ref().and_then(|parts| parts.newest);
        let content_hash = self.hasher.hash(
            &arena.tree,
            self.library.table(),
            newest,
            &says.of_sending,
            &mut arena.content,
        );
        arena.issues.extend(says.unknown_version.map(|node| {
            Issue::new(&catalogue::UNKNOWN_VERSION, Place { node: Some(node), ..root })
        }));
        let event = says.event.clone().unwrap_or_else(|| Event("".into()));
        let receiver = self.party_of(&says.receiver, now);
        Ok(Read {
            incoming,
            sender,
            carried,
            receiver,
            message,
            envelope,
            event,
            parts,
            content_hash,
            says,
            wrapped: None,
        })
    }

    pub(super) fn unread(&self, ending: Ending, arena: &Arena) -> Box<Unread> {
        let issues = told::tell(&arena.tree, self.library.table(), &arena.issues);
        Box::new(Unread { ending, issues, letters: Vec::new() })
    }
}
