// size: what a description says is compiled and read in one place
//! What a message says about itself: its ids, sender, receiver, event, conversation.
//!
//! One mechanism for every format: the intake descriptions of the configuration. Promises: what a message
//! does not say is absent, never made up. Never: shows the patient; that text has no `Debug` of its own.

use super::envelope::Envelopes;
use super::expression::{Compiler, first, texts};
use super::reasons::{Reason, Reasons};
use crate::config::{Config, EndpointSyntax, Intake};
use crate::fhirpath::{Expression, Item, Memory, Scene};
use crate::message::{
    Diagnostic, EnvelopeId, Event, Identifier, IdentifierKind, MessageId, ReceiptCode, ReceiptFor,
    Syntax,
};
use crate::tree::types::{Table, TypeId};
use crate::tree::{NodeId, Tree};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt;
use std::sync::Arc;

/// What a message says about itself.
#[derive(Clone, Debug, Default)]
pub struct Extracted {
    /// The intake description that it was read by.
    pub intake: Box<str>,
    /// Its id.
    pub message: Option<MessageId>,
    /// Its envelope's id.
    pub envelope: Option<EnvelopeId>,
    /// Its sender.
    pub sender: Ends,
    /// Its receiver.
    pub receiver: Ends,
    /// What happened.
    pub event: Option<Event>,
    /// The version of its format.
    pub version: Option<Box<str>>,
    /// Where it says that it is of a version that nobody here knows.
    pub unknown_version: Option<NodeId>,
    /// What ties it to earlier messages.
    pub conversation: Option<Box<str>>,
    /// Whom it is about.
    pub patient: Option<Patient>,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// Whether it is marked as a test.
    pub test: bool,
    /// The receipt that it is, if it is one.
    pub receipt_for: Option<ReceiptFor>,
    /// The elements that belong to the sending and not to the message.
    pub of_sending: Vec<NodeId>,
    /// The elements that each hold a message.
    pub letters: Vec<NodeId>,
    /// How its verdict is told, where its format has a map for that.
    pub receipt: Option<ReceiptBy>,
}

/// How a verdict is told.
#[derive(Clone, Debug)]
pub struct ReceiptBy {
    /// The canonical of the map that makes the receipt.
    pub map: Box<str>,
    /// Whether an acceptance is told.
    pub accepted: bool,
    /// Whether a refusal is told.
    pub refused: bool,
}

/// The identifiers of a message's sender or receiver.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// Those whose form is right, each once.
    pub identifiers: Vec<Identifier>,
    /// Whether there are others: wrong check digits, letters where digits should be.
    pub unreadable: bool,
}

/// A patient's identifier. It can be hashed, and not shown.
#[derive(Clone)]
pub struct Patient(Box<str>);

impl Patient {
    /// Its hash under a key: names the patient inside this installation only.
    pub fn hash(&self, key: &[u8; 32]) -> [u8; 32] {
        *blake3::keyed_hash(key, self.0.as_bytes()).as_bytes()
    }
}

impl fmt::Debug for Patient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Patient(..)")
    }
}

/// Elements, and what is to be written there.
pub type Stamped = Vec<(NodeId, Box<str>)>;

/// An intake description, compiled.
#[derive(Debug)]
struct Description {
    name: Box<str>,
    syntaxes: Vec<EndpointSyntax>,
    root: Box<str>,
    namespace: Option<Box<str>>,
    when: Option<Expression>,
    letters: Option<Expression>,
    message: Expression,
    envelope: Expression,
    sender: Vec<(IdentifierKind, Expression)>,
    receiver: Vec<(IdentifierKind, Expression)>,
    event: Expression,
    version: Vec<Expression>,
    known_version: Option<Expression>,
    conversation: Vec<Expression>,
    patient: Option<Expression>,
    sent: Option<Expression>,
    zone: Option<TimeZone>,
    test: Option<Expression>,
    of_sending: Vec<Expression>,
    stamps: Vec<(Expression, Box<str>)>,
    receipt_for: Option<Expression>,
    receipt_code: Option<Expression>,
    reasons: Option<Reasons>,
    receipt_map: Option<Box<str>>,
    tells: [Option<Expression>; 2],
}

/// All intake descriptions of a configuration, in order of precedence.
#[derive(Debug)]
pub struct Intakes {
    all: Vec<Description>,
    /// The envelopes that messages may come in.
    pub envelopes: Envelopes,
}

impl Intakes {
    /// Compiles them; what is broken is reported and left out.
    pub fn compile(config: &Config, table: &Arc<Table>) -> (Intakes, Vec<Diagnostic>) {
        let mut compiler = Compiler::new(table);
        let all =
            config.intakes.iter().filter_map(|intake| description(intake, &mut compiler)).collect();
        let mut found = compiler.finish();
        let (envelopes, more) = Envelopes::compile(config, table);
        found.extend(more);
        (Intakes { all, envelopes }, found)
    }

    /// Reads what the scene's first tree says about itself; nothing: no description is for it.
    pub fn extract(
        &self,
        scene: &Scene<'_>,
        syntax: Syntax,
        memory: &mut Memory,
    ) -> Option<Extracted> {
        let tree = *scene.trees.first()?;
        let root = tree.root()?;
        let description = self.all.iter().find(|one| one.is_for(tree, root, syntax, scene, memory));
        Some(description?.read(scene, root, memory))
    }

    /// Why the receipt that the scene's first tree is refuses, as far as it says so.
    pub fn reasons(&self, scene: &Scene<'_>, syntax: Syntax, memory: &mut Memory) -> Vec<Reason> {
        let tree = scene.trees.first();
        let Some((tree, root)) = tree.and_then(|tree| Some((*tree, tree.root()?))) else {
            return Vec::new();
        };
        let own = self.all.iter().find(|one| one.is_for(tree, root, syntax, scene, memory));
        let reasons = own.and_then(|own| own.reasons.as_ref());
        reasons.map_or_else(Vec::new, |reasons| reasons.read(scene, root, memory))
    }

    /// An instant as messages of a description write it: in its zone, with the offset.
    pub fn local(&self, name: &str, at: Timestamp) -> Option<Box<str>> {
        let own = self.all.iter().find(|one| *one.name == *name)?;
        let zoned = at.to_zoned(own.zone.clone().unwrap_or(TimeZone::UTC));
        Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into())
    }

    /// Where the scene's first tree names its receiver, and where it says what happened.
    pub fn places(
        &self,
        scene: &Scene<'_>,
        syntax: Syntax,
        memory: &mut Memory,
    ) -> (Option<NodeId>, Option<NodeId>) {
        let tree = scene.trees.first();
        let Some((tree, root)) = tree.and_then(|tree| Some((*tree, tree.root()?))) else {
            return (None, None);
        };
        let own = self.all.iter().find(|one| one.is_for(tree, root, syntax, scene, memory));
        let Some(own) = own else { return (None, None) };
        let mut first = |one: &Expression| {
            nodes(std::slice::from_ref(one), scene, root, memory).first().copied()
        };
        let receiver = own.receiver.iter().find_map(|(_, path)| first(path));
        (receiver, first(&own.event))
    }

    /// Where the scene's first tree has its envelope's id, and what it says of the time of its sending: the
    /// elements, with what is written there when it is sent at this time.
    pub fn of_sending(
        &self,
        scene: &Scene<'_>,
        syntax: Syntax,
        sent: Timestamp,
        memory: &mut Memory,
    ) -> Option<(NodeId, Stamped)> {
        let tree = *scene.trees.first()?;
        let root = tree.root()?;
        let own = self.all.iter().find(|one| one.is_for(tree, root, syntax, scene, memory))?;
        let mut node = |one: &Expression| {
            nodes(std::slice::from_ref(one), scene, root, memory).first().copied()
        };
        let envelope = node(&own.envelope)?;
        let local = sent.to_zoned(own.zone.clone().unwrap_or(TimeZone::UTC));
        let written = |format: &str| local.strftime(format).to_string().into();
        let stamps =
            own.stamps.iter().filter_map(|(at, format)| Some((node(at)?, written(format))));
        Some((envelope, stamps.collect()))
    }
}

fn description(intake: &Intake, compiler: &mut Compiler<'_>) -> Option<Description> {
    let focus: Vec<TypeId> =
        compiler.root(&intake.root, intake.namespace.as_deref()).into_iter().collect();
    let mut optional = |at: &Option<_>| at.as_ref().and_then(|at| compiler.compile(at, &focus));
    let when = optional(&intake.when);
    let letters = optional(&intake.letters);
    let patient = optional(&intake.patient);
    let sent = optional(&intake.sent);
    let test = optional(&intake.test);
    let tells = [optional(&intake.tell_accepted), optional(&intake.tell_refused)];
    let known_version = optional(&intake.known_version);
    let receipt_for = optional(&intake.receipt_for);
    let receipt_code = optional(&intake.receipt_code);
    let mut list = |paths: &[_]| -> Vec<Expression> {
        paths.iter().filter_map(|at| compiler.compile(at, &focus)).collect()
    };
    let (version, conversation) = (list(&intake.version), list(&intake.conversation));
    let of_sending = list(&intake.of_sending);
    let stamp = |stamp: &crate::config::Stamp| {
        Some((compiler.compile(&stamp.path, &focus)?, stamp.format.clone()))
    };
    let stamps = intake.stamp.iter().filter_map(stamp).collect();
    let mut ends = |paths: &[crate::config::IdentifierPath]| -> Vec<(IdentifierKind, Expression)> {
        let one = |path: &crate::config::IdentifierPath| {
            Some((path.kind, compiler.compile(&path.path, &focus)?))
        };
        paths.iter().filter_map(one).collect()
    };
    let (sender, receiver) = (ends(&intake.sender), ends(&intake.receiver));
    let zone = intake.zone.as_ref().and_then(|zone| match TimeZone::get(&zone.value) {
        Ok(known) => Some(known),
        Err(_) => {
            let text = format!("`{}` is no time zone", zone.value);
            compiler.report(Diagnostic::error(zone.origin.clone(), "route-unknown-zone", text));
            None
        }
    });
    let reasons = intake.reasons.as_ref().and_then(|one| Reasons::compile(one, compiler, &focus));
    let message = compiler.compile(&intake.message, &focus);
    let envelope = compiler.compile(&intake.envelope, &focus);
    let event = compiler.compile(&intake.event, &focus);
    Some(Description {
        name: (*intake.name).into(),
        syntaxes: intake.syntax.to_vec(),
        root: intake.root.clone(),
        namespace: intake.namespace.clone(),
        when,
        letters,
        message: message?,
        envelope: envelope?,
        sender,
        receiver,
        event: event?,
        version,
        known_version,
        conversation,
        patient,
        sent,
        zone,
        test,
        of_sending,
        stamps,
        receipt_for,
        receipt_code,
        reasons,
        receipt_map: intake.receipt_map.as_ref().map(|at| at.value.clone()),
        tells,
    })
}

impl Description {
    fn is_for(
        &self,
        tree: &Tree,
        root: NodeId,
        syntax: Syntax,
        scene: &Scene<'_>,
        memory: &mut Memory,
    ) -> bool {
        let own = EndpointSyntax::of(syntax);
        let node = tree.node(root);
        let name = tree.resource_type(root).unwrap_or_else(|| tree.name_text(node.name));
        self.syntaxes.contains(&own)
            && (name == &*self.root || &*self.root == "*")
            && self.namespace.as_deref().is_none_or(|one| tree.name_text(node.namespace) == one)
            && self.when.as_ref().is_none_or(|when| holds(when, scene, root, memory))
    }

    fn read(&self, scene: &Scene<'_>, root: NodeId, memory: &mut Memory) -> Extracted {
        let mut text = |one: &Expression| first(one, scene, root, memory);
        let receipt_for = self.receipt_for.as_ref().and_then(&mut text);
        let receipt_code = self.receipt_code.as_ref().and_then(&mut text);
        let sent = self.sent.as_ref().and_then(&mut text);
        Extracted {
            intake: self.name.clone(),
            message: text(&self.message).map(MessageId),
            envelope: text(&self.envelope).map(EnvelopeId),
            event: text(&self.event).map(Event),
            version: self.version.iter().find_map(&mut text),
            conversation: self.conversation.iter().find_map(&mut text),
            patient: self.patient.as_ref().and_then(&mut text).map(Patient),
            sent: sent.and_then(|sent| instant(&sent, self.zone.as_ref())),
            receipt_for: receipt_for.zip(receipt_code).and_then(receipt),
            sender: ends(&self.sender, scene, root, memory),
            receiver: ends(&self.receiver, scene, root, memory),
            test: self.test.as_ref().is_some_and(|test| holds(test, scene, root, memory)),
            of_sending: nodes(&self.of_sending, scene, root, memory),
            unknown_version: self.unknown_version(scene, root, memory),
            receipt: self.receipt_by(scene, root, memory),
            letters: nodes(self.letters.as_slice(), scene, root, memory),
        }
    }

    fn receipt_by(
        &self,
        scene: &Scene<'_>,
        root: NodeId,
        memory: &mut Memory,
    ) -> Option<ReceiptBy> {
        let map = self.receipt_map.clone()?;
        let mut tells = |one: &Option<Expression>| {
            one.as_ref().is_none_or(|one| holds(one, scene, root, memory))
        };
        let [accepted, refused] = &self.tells;
        Some(ReceiptBy { map, accepted: tells(accepted), refused: tells(refused) })
    }

    fn unknown_version(
        &self,
        scene: &Scene<'_>,
        root: NodeId,
        memory: &mut Memory,
    ) -> Option<NodeId> {
        let known = self.known_version.as_ref()?;
        let unknown = matches!(known.test(scene, 0, root, memory), Ok(Some(false)));
        unknown.then(|| *nodes(&self.version, scene, root, memory).first().unwrap_or(&root))
    }
}

fn holds(expression: &Expression, scene: &Scene<'_>, root: NodeId, memory: &mut Memory) -> bool {
    matches!(expression.test(scene, 0, root, memory), Ok(Some(true)))
}

/// The nodes of the first tree that expressions yield.
pub(super) fn nodes(
    expressions: &[Expression],
    scene: &Scene<'_>,
    root: NodeId,
    memory: &mut Memory,
) -> Vec<NodeId> {
    let mut found = Vec::new();
    for expression in expressions {
        if let Ok(result) = expression.evaluate(scene, &[Item::Node(0, root)], &[], memory) {
            found.extend(result.iter().filter_map(|item| match item {
                Item::Node(0, node) => Some(node),
                _ => None,
            }));
        }
    }
    found
}

fn receipt((message, code): (Box<str>, Box<str>)) -> Option<ReceiptFor> {
    let code = match &*code {
        "ok" => ReceiptCode::Ok,
        "fatal-error" => ReceiptCode::FatalError,
        "transient-error" => ReceiptCode::TransientError,
        _ => return None,
    };
    Some(ReceiptFor { message: MessageId(message), code })
}

fn ends(
    paths: &[(IdentifierKind, Expression)],
    scene: &Scene<'_>,
    root: NodeId,
    memory: &mut Memory,
) -> Ends {
    let mut found = Ends::default();
    for (kind, path) in paths {
        texts(path, scene, root, memory, |text| match Identifier::parse(*kind, text) {
            Ok(one) if found.identifiers.contains(&one) => {}
            Ok(one) => found.identifiers.push(one),
            Err(_) => found.unreadable = true,
        });
    }
    found
}

/// An instant as it is written: with its own offset, or as a time of the zone.
fn instant(text: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local: DateTime = text.parse().ok()?;
    zone?.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_of_the_descriptions() {
        let zone = TimeZone::get("Europe/Copenhagen").unwrap();
        let read = |text: &str| instant(text, Some(&zone)).map(|one| one.to_string());
        assert_eq!(read("2026-07-01T12:10").as_deref(), Some("2026-07-01T10:10:00Z"));
        assert_eq!(read("2026-01-01T12:10:00+02:00").as_deref(), Some("2026-01-01T10:10:00Z"));
        assert_eq!(read("T"), None);
        assert_eq!(instant("2026-07-01T12:10", None), None);
    }

    #[test]
    fn a_patient_is_never_shown() {
        let patient = Patient("2512489996".into());
        assert_eq!(format!("{patient:?}"), "Patient(..)");
        assert_ne!(patient.hash(&[0; 32]), patient.hash(&[1; 32]));
    }
}
