//! A message for one of its destinations: as it came, in another syntax, or through a map.
//!
//! Promises: what a map made is validated before it may leave; what the sender's content lacks is the
//! sender's fault, an invalid output is ours. The same message, engine and moment give the same bytes.

use super::hooks::World;
use super::model::type_for;
use super::read::Read;
use super::replay;
use super::{Arena, Engine, told};
use crate::config::{EndpointCharset, EndpointSyntax, Route};
use crate::format::{Scratch, charset::Charset};
use crate::mapping::{self, IdSeed, Inputs};
use crate::message::{
    DeliveryId, EnvelopeId, IssueType, KnownAbout, MessageId, Output, PartyName, Severity, Syntax,
};
use crate::profile::Request;
use crate::route::Destination;
use crate::tree::Tree;
use crate::tree::types::TypeId;
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

/// The namespace of the message and envelope ids that the engine mints.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d63_1d0e_0f0b_4a53_8a8e_2b61_77f0_91c4);
/// The most characters of a letter's or envelope's id in legacy formats.
const LEGACY_ID: usize = 14;

/// Why there is no output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// The message cannot be expressed for this receiver; the issues say why.
    NotExpressible,
    /// The map went beyond its limits on this message; an issue says which.
    TooCostly,
    /// A fault of ours: the message is quarantined.
    Ours(&'static str),
}

impl Engine {
    /// Makes the output for one destination, in the envelope that it wants. Issues of the message are added to the
    /// arena's.
    pub(super) fn translate(
        &self,
        read: &Read,
        arena: &mut Arena,
        destination: Destination<'_>,
        known: &KnownAbout,
        now: Timestamp,
    ) -> Result<Output, Stopped> {
        let output = self.message_for(read, arena, destination, known, now)?;
        let output = match output.bytes.is_empty() {
            // What came in an envelope leaves it behind.
            true if read.wrapped.is_some() || destination.endpoint.envelope.is_some() => {
                Output { bytes: read.incoming.bytes.clone(), ..output }
            }
            _ => output,
        };
        let to = &destination.endpoint.party.value;
        self.enveloped(destination.endpoint, (&read.sender, to), output, now)
    }

    fn message_for(
        &self,
        read: &Read,
        arena: &mut Arena,
        destination: Destination<'_>,
        known: &KnownAbout,
        now: Timestamp,
    ) -> Result<Output, Stopped> {
        let syntax = syntax(destination.endpoint.syntax);
        let charset = charset(destination.endpoint.charset);
        let Some(map) = &destination.route.map else {
            let bytes = match syntax == read.incoming.syntax {
                true => Bytes::new(),
                false => self.write(&arena.tree, &mut arena.scratch, syntax, charset)?,
            };
            let inside = read.wrapped.as_ref().and(read.says.envelope.as_ref());
            let envelope = inside.unwrap_or(&read.envelope).clone();
            let message = read.message.clone();
            if read.incoming.place.is_some() && bytes.is_empty() {
                return self.alone(read, destination, now);
            }
            return Ok(Output { syntax, bytes, message, envelope, map: None });
        };
        let plan = self.plan_of(destination.route).ok_or(Stopped::Ours("map-missing"))?;
        if !self.read_earlier(plan, known, destination.route, arena) {
            return Err(Stopped::NotExpressible);
        }
        self.run(read, arena, destination, plan, now)?;
        self.library.wire().complete(&mut arena.target);
        let bytes = self.write(&arena.target, &mut arena.scratch, syntax, charset)?;
        self.check_output(arena, (destination.route, plan.target()), syntax, &bytes, now)?;
        let mut references = std::mem::take(&mut arena.references);
        references.build(&arena.target);
        let trees = [&arena.target];
        let says = {
            let scene = self.scene(&trees, &references, now);
            self.intakes.extract(&scene, syntax, &mut arena.paths)
        };
        // Further destinations ask about the message again.
        references.build(&arena.tree);
        arena.references = references;
        let says = says.ok_or(Stopped::Ours("output-not-identified"))?;
        let message = says.message.ok_or(Stopped::Ours("output-without-id"))?;
        let envelope = says.envelope.ok_or(Stopped::Ours("output-without-envelope-id"))?;
        Ok(Output { syntax, bytes, message, envelope, map: Some(map.value.clone()) })
    }

    /// One message of a transmission on its way as it came: in an envelope of its own, since its receiver would take
    /// the next one under the same id for the first.
    fn alone(
        &self,
        read: &Read,
        destination: Destination<'_>,
        now: Timestamp,
    ) -> Result<Output, Stopped> {
        let own = [&*read.envelope.0, &*read.message.0].join("\u{1f}");
        let envelope = EnvelopeId(mint(read, &destination, &own, "envelope"));
        let (syntax, message) = (read.incoming.syntax, read.message.clone());
        match self.in_envelope(syntax, &read.incoming.bytes, &envelope, now) {
            Ok(bytes) => Ok(Output { syntax, bytes, message, envelope, map: None }),
            Err(_) => Err(Stopped::Ours("no-envelope-of-its-own")),
        }
    }

    fn run(
        &self,
        read: &Read,
        arena: &mut Arena,
        destination: Destination<'_>,
        plan: &mapping::Plan,
        now: Timestamp,
    ) -> Result<(), Stopped> {
        let route = destination.route;
        let own = |id: &str| replay::generation(id, arena.generation);
        let message = mint(read, &destination, &own(&read.message.0), "message");
        let envelope = mint(read, &destination, &own(&read.envelope.0), "envelope");
        let moment = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let parameters: Vec<(&str, &str)> =
            route.defaults.iter().map(|(name, at)| (&**name, &*at.value)).collect();
        let asker = self.validator.asker(&arena.tree, now, &mut arena.validation);
        let world = World::new(self, route, now).asking(asker).resolving(&arena.references);
        let world = world.sending(read, destination).about(arena.sent.as_ref());
        let mut sources = [&arena.tree; mapping::MAX_SOURCES];
        let further = arena.earlier.iter().take(plan.sources().len().saturating_sub(1));
        let count = 1 + sources[1..].iter_mut().zip(further).map(|(at, tree)| *at = tree).count();
        let inputs = Inputs {
            sources: &sources[..count],
            now,
            engine: mapping::Engine { message_id: &message, envelope_id: &envelope, now: &moment },
            parameters: &parameters,
            ids: IdSeed {
                message: &read.message.0,
                destination: &destination.endpoint.name,
                generation: arena.generation,
            },
            limits: self.map_limits(),
        };
        let before = arena.issues.len();
        let ran =
            plan.run(&inputs, &mut arena.target, &world, &mut arena.mapping, &mut arena.issues);
        match ran {
            Ok(losses) => arena.losses.add(losses),
            Err(failure) => {
                let costly = failure.issue.kind.code == IssueType::TooCostly;
                arena.issues.push(failure.issue);
                return Err(if costly { Stopped::TooCostly } else { Stopped::NotExpressible });
            }
        }
        match told::refuse(&arena.issues[before..]) {
            true => Err(Stopped::NotExpressible),
            false => Ok(()),
        }
    }

    pub(super) fn map_limits(&self) -> mapping::Limits {
        let limits = &self.config.mappings.limits;
        mapping::Limits {
            steps: limits.steps.into(),
            depth: limits.depth,
            nodes: limits.elements as usize,
            bytes: usize::try_from(limits.text.0).unwrap_or(usize::MAX),
        }
    }

    /// The very bytes that would be sent, read again, against the profiles that they claim and that the route
    /// asks for; a fault is ours.
    pub(super) fn check_output(
        &self,
        arena: &mut Arena,
        (route, made): (&Route, TypeId),
        syntax: Syntax,
        bytes: &Bytes,
        now: Timestamp,
    ) -> Result<(), Stopped> {
        arena.target_issues.clear();
        arena.target.reset(self.library.names());
        let (target, issues) = (&mut arena.target, &mut arena.target_issues);
        let wire = self.library.wire();
        let decoded = wire.decode(syntax, bytes, None);
        let text = decoded.map_err(|_| Stopped::Ours("output-not-readable"))?.text;
        let whole = wire.read(syntax, text, target, issues);
        if !whole {
            return Err(Stopped::Ours("output-not-readable"));
        }
        type_for(wire, syntax, target, made, issues);
        let wanted: Vec<&str> = route.target_profiles.iter().map(|at| &*at.value).collect();
        let request = Request { profiles: &wanted, version: None };
        self.validator.validate(target, &request, now, &mut arena.validation, issues);
        match issues.iter().any(|issue| issue.severity >= Severity::Error) {
            true => Err(Stopped::Ours("output-invalid")),
            false => Ok(()),
        }
    }

    /// What is wrong with the last output that was made in an arena, for tools and logs: ids and paths.
    pub fn output_issues(&self, arena: &Arena) -> Vec<crate::message::ToldIssue> {
        told::tell(&arena.target, self.library.table(), &arena.target_issues)
    }

    fn write(
        &self,
        tree: &Tree,
        scratch: &mut Scratch,
        syntax: Syntax,
        charset: Charset,
    ) -> Result<Bytes, Stopped> {
        let mut bytes = Vec::new();
        match self.library.wire().write_with(tree, syntax, charset, scratch, &mut bytes) {
            Ok(()) => Ok(Bytes::from(bytes)),
            Err(_) => Err(Stopped::Ours("output-not-writable")),
        }
    }
}

/// An id for what is sent on, from what came: a UUID towards FHIR, at most 14 characters towards letters.
///
/// It depends on who sent it and on who it is for, so that two senders' or two receivers' ids never meet,
/// and on nothing else: a translation that is made again has the same ids, and what was made of an earlier
/// message can be named.
pub(super) fn mint(read: &Read, destination: &Destination<'_>, own: &str, what: &str) -> Box<str> {
    let legacy = !syntax(destination.endpoint.syntax).is_fhir();
    let sender = read.says.sender.identifiers.first().map_or_else(String::new, ToString::to_string);
    let name = [what, &sender, own, &destination.endpoint.name].join("\u{1f}");
    let id = Uuid::new_v5(&NAMESPACE, name.as_bytes());
    match legacy {
        false => id.to_string().into(),
        true => base32(id.as_u128()).into(),
    }
}

/// The envelope's id of a message that is sent to its receiver again, for the `number`th time: constant over the
/// attempts, and another one for each number.
pub fn resent_envelope(
    receiver: &PartyName,
    message: &MessageId,
    delivery: DeliveryId,
    number: u32,
    letter: bool,
) -> EnvelopeId {
    let DeliveryId { unit, index } = delivery;
    let place = format!("{}/{}/{index}/{number}", unit.partition, unit.sequence);
    let name = ["resend", &receiver.0, &message.0, &place].join("\u{1f}");
    let id = Uuid::new_v5(&NAMESPACE, name.as_bytes());
    EnvelopeId(if letter { base32(id.as_u128()).into() } else { id.to_string().into() })
}

/// An id of at most 14 characters that follows from another.
pub(super) fn legacy(id: &str) -> String {
    base32(Uuid::new_v5(&NAMESPACE, id.as_bytes()).as_u128())
}

/// 14 characters of an alphabet without look-alikes: 70 of the id's bits.
pub(super) fn base32(mut bits: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..LEGACY_ID)
        .map(|_| {
            let digit = (bits & 31) as usize;
            bits >>= 5;
            char::from(ALPHABET[digit])
        })
        .collect()
}

fn syntax(endpoint: EndpointSyntax) -> Syntax {
    match endpoint {
        EndpointSyntax::FhirJson => Syntax::FhirJson,
        EndpointSyntax::FhirXml => Syntax::FhirXml,
        EndpointSyntax::Xml => Syntax::Xml,
        EndpointSyntax::Hl7v2 => Syntax::Hl7v2,
        EndpointSyntax::Edifact => Syntax::Edifact,
    }
}

fn charset(endpoint: EndpointCharset) -> Charset {
    match endpoint {
        EndpointCharset::Utf8 => Charset::Utf8,
        EndpointCharset::Latin1 => Charset::Latin1,
        EndpointCharset::Windows1252 => Charset::Windows1252,
    }
}
