//! Messages put into envelopes, and the receipts of envelopes.
//!
//! Promises: what is written says what the message itself says; a receipt goes back the way its envelope came. Never: an
//! envelope that lacks an address or a name.

use super::ids::{fold, replaced_time, stamp};
use super::{Carries, NAMESPACE, decoded};
use crate::config::Endpoint;
use crate::engine::translate::{Stopped, legacy};
use crate::engine::{Arena, Engine, Read};
use crate::format::recognise;
use crate::message::{
    Answer, EnvelopeId, Error, ErrorKind, IdentifierKind, MessageId, Output, PartyName, Syntax,
    ToldIssue,
};
use crate::receipt::{self, Ending};
use crate::route::{Ends, Holds, Said, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

/// The most characters of what a negative receipt says.
const LONGEST: usize = 500;

impl Engine {
    /// Puts what goes to an endpoint into the envelope that it wants; from and to whom, where it does not say.
    pub(in crate::engine) fn enveloped(
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
    pub(in crate::engine) fn envelope_receipt(
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
    pub(in crate::engine) fn answer_enveloped(
        &self,
        read: &Read,
        ending: Ending,
        issues: &[ToldIssue],
        (now, id): (Timestamp, Uuid),
    ) -> Answer {
        let positive =
            !matches!(ending, Ending::Refused | Ending::EnvelopeReused | Ending::Conflict);
        let wanted = receipt::row(ending)
            .receipt
            .and_then(|_| self.envelope_receipt(read, positive, issues, now, id));
        match wanted {
            Some(output) => receipt::in_receipt(ending, Syntax::Xml, output.bytes),
            None if issues.is_empty() => receipt::plain(ending, Syntax::Xml),
            None => receipt::answer(ending, issues, Syntax::Xml),
        }
    }

    /// A message in its envelope again, both under new ids and with another time of sending.
    pub(in crate::engine) fn enveloped_anew(
        &self,
        bytes: &Bytes,
        envelope: &EnvelopeId,
        sent: Timestamp,
    ) -> Option<Result<Bytes, Error>> {
        let opened = self.open(bytes)?;
        let Holds::Message { data, .. } = &opened.holds else { return None };
        let inner = decoded(data)?;
        let syntax = recognise(&inner);
        let renamed = match syntax {
            Syntax::Edifact | Syntax::Hl7v2 => Ok(inner),
            Syntax::Xml => {
                let legacy = EnvelopeId(legacy(&envelope.0).into());
                self.in_envelope(syntax, &inner, &legacy, sent)
            }
            _ => self.in_envelope(syntax, &inner, envelope, sent),
        };
        let fault = |why: &str| Error::new(ErrorKind::Internal, format!("a resend: {why}"));
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
}
