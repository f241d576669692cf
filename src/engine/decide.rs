// size: the decision, read from top to bottom
//! The decision: from a message that was read, and what is known, to what is committed.

use super::read::{Read, day};
use super::translate::Stopped;
use super::{Arena, Carries, Engine, Stages, catalogue, told};
use crate::config::{Acknowledges, Conflict, Route};
use crate::mapping::Losses;
use crate::message::sabotage::broken;
use crate::message::{
    Arg, AuditAction, AuditRecord, Issue, KnownAbout, NewDelivery, Output, PartyName, Place,
    Position, Syntax, ToldIssue, Unit, Verdict,
};
use crate::profile::Request;
use crate::receipt::Ending;
use crate::route::{Query, Routed};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How far a message may be ahead of our clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What was decided.
#[derive(Debug)]
pub enum Outcome {
    /// The message came before: its verdict again, nothing to commit.
    Again(Again),
    /// To be committed before it is answered.
    Commit(Box<Decided>),
}

/// A verdict that is repeated.
#[derive(Debug)]
pub struct Again {
    /// The verdict, or the conflict that the route asks for.
    pub ending: Ending,
    /// What was told, and that it came before.
    pub issues: Vec<ToldIssue>,
    /// Whether the content differs: an alarm.
    pub other_content: bool,
    /// Where the first one stands.
    pub position: Position,
}

/// A verdict, and all that its commit makes true.
#[derive(Debug)]
pub struct Decided {
    /// What is committed.
    pub unit: Unit,
    /// How it is answered.
    pub ending: Ending,
    /// The route that took it.
    pub route: Option<Box<str>>,
    /// Everything that was found, worst first, for reports and logs.
    pub issues: Vec<ToldIssue>,
    /// Checks that could not be made.
    pub not_checked: u32,
    /// Values of the message that no rule of its maps read and nobody declared dropped.
    pub dropped: u32,
    /// What became of the message's values in all its maps together.
    pub losses: Losses,
    /// What the message says as a receipt, on its way to whoever sent what it is for: committed before it.
    pub handed: Option<Box<Unit>>,
}

/// The deliveries and outputs that a decision makes due.
#[derive(Default)]
pub(super) struct Due {
    pub outputs: Vec<Output>,
    pub deliveries: Vec<NewDelivery>,
    pub quarantine: Option<Box<str>>,
}

impl Engine {
    /// Decides about a message. `now` and `known` are all it knows of the world.
    pub fn decide(
        &self,
        read: &Read,
        arena: &mut Arena,
        known: &KnownAbout,
        now: Timestamp,
        stages: &mut dyn Stages,
    ) -> Outcome {
        if let Some(before) = &known.message {
            let other_content =
                before.content_hash != read.content_hash && !broken("other-content-unseen");
            return Outcome::Again(self.again(read, before, other_content));
        }
        let root = Place { node: arena.tree.root(), ..Place::default() };
        if known.envelope.as_ref().is_some_and(|other| other.message != read.message) {
            arena.issues.push(Issue::new(&catalogue::ENVELOPE_SEEN, root));
            let refused = self.refused(read, arena, known, None, now);
            return match refused {
                Outcome::Commit(decided) => Outcome::Commit(Box::new(Decided {
                    ending: Ending::EnvelopeReused,
                    ..*decided
                })),
                again => again,
            };
        }
        // An envelope for itself: a receipt is kept, and what cannot be used is refused.
        match read.wrapped.as_ref().map(|wrapped| wrapped.carries) {
            Some(Carries::Unusable) => return self.refused(read, arena, known, None, now),
            Some(Carries::Receipt) => {
                let handed = self.handed_on(read, arena, known, now);
                let kept = self.accepted(read, arena, known, None, Due::default(), 0, now);
                return with(kept, handed);
            }
            Some(Carries::Message) | None => {}
        }
        self.check_time(read, None, arena, now);
        let not_checked = self.check(read, arena, now);
        stages.ended("validate");
        let (routed, route) = self.route(read, arena, now);
        stages.ended("route");
        if let Some(route) = route {
            self.check_time(read, Some(route), arena, now);
        }
        // A receipt has reached whom it is for when it is stored; a route takes it further where one leads.
        let no_further = routed.is_empty() && read.says.receipt_for.is_none();
        if told::refuse(&arena.issues) || no_further {
            return self.refused(read, arena, known, route.map(|r| &*r.name), now);
        }
        arena.sent = self.sent(known, now);
        let mut due = Due::default();
        for destination in &routed {
            match self.translate(read, arena, *destination, known, now) {
                Ok(output) => {
                    let at = u16::try_from(due.outputs.len()).unwrap_or(u16::MAX);
                    due.outputs.push(output);
                    due.deliveries.push(self.delivery(
                        read,
                        destination.route,
                        destination,
                        at,
                        now,
                    ));
                }
                Err(stopped @ (Stopped::NotExpressible | Stopped::TooCostly)) => {
                    let kind = &catalogue::NOT_EXPRESSIBLE;
                    let told = (stopped == Stopped::NotExpressible).then(|| Issue::new(kind, root));
                    arena.issues.extend(told);
                    return self.refused(read, arena, known, route.map(|r| &*r.name), now);
                }
                Err(Stopped::Ours(why)) => {
                    due = Due { quarantine: Some(why.into()), ..Due::default() };
                    break;
                }
            }
        }
        stages.ended("translate");
        let handed = routed.is_empty().then(|| self.handed_on(read, arena, known, now)).flatten();
        with(self.accepted(read, arena, known, route, due, not_checked, now), handed)
    }

    /// The verdict again, with the issues that were told then, and that it is a duplicate.
    pub fn again(&self, read: &Read, known: &crate::message::Known, other_content: bool) -> Again {
        let kind = if other_content { &catalogue::OTHER_CONTENT } else { &catalogue::SEEN };
        let conflict = other_content
            && self.routes_of(read).any(|route| route.conflict == Conflict::Status409);
        let ending = match (conflict, known.verdict) {
            (true, _) => Ending::Conflict,
            (_, Verdict::Accepted) => Ending::Accepted,
            (_, Verdict::Refused) => Ending::Refused,
        };
        let mut issues = known.issues.clone();
        issues.push(told::about(kind));
        Again { ending, issues, other_content, position: known.position }
    }

    /// Profiles and exchange rules; says how many checks could not be made.
    fn check(&self, read: &Read, arena: &mut Arena, now: Timestamp) -> u32 {
        let wanted: Vec<&str> = self.asked_profiles(read).collect();
        let request = Request { profiles: &wanted, version: None };
        let (tree, memory) = (&arena.tree, &mut arena.validation);
        let summary = self.validator.validate(tree, &request, now, memory, &mut arena.issues);
        // Letters are judged by their model alone; the exchange rules are FHIR messaging's.
        if read.incoming.syntax.is_fhir() {
            self.exchange.check(&arena.tree, now, &mut arena.exchange, &mut arena.issues);
        }
        let refuse = self.config.definitions.not_checked == crate::config::NotChecked::Refuse;
        if refuse && summary.not_checked > 0 {
            let root = Place { node: arena.tree.root(), ..Place::default() };
            let number = Arg::Number(summary.not_checked.into());
            arena.issues.push(Issue::new(&catalogue::NOT_CHECKED_REFUSED, root).arg(number));
        }
        summary.not_checked
    }

    /// The routes that a message may take, by its sender, receiver and event alone.
    pub(super) fn routes_of<'a>(&'a self, read: &'a Read) -> impl Iterator<Item = &'a Route> {
        self.config.routes.iter().filter(|route| {
            read.receiver.as_ref() == Some(&route.receiver.value)
                && route.event.contains(&read.event)
                && route.sender.iter().any(|sender| sender.value == read.sender)
        })
    }

    /// The profiles that these routes ask for besides those that the message claims.
    fn asked_profiles<'a>(&'a self, read: &'a Read) -> impl Iterator<Item = &'a str> {
        self.routes_of(read).flat_map(|route| route.validate.iter().map(|one| &*one.value))
    }

    fn check_time(&self, read: &Read, route: Option<&Route>, arena: &mut Arena, now: Timestamp) {
        let Some(sent) = read.says.sent else { return };
        let place = Place { node: arena.tree.root(), ..Place::default() };
        match route {
            // For FHIR messages this is one of the exchange rules.
            None if sent > now + AHEAD && read.parts.is_none() => {
                arena.issues.push(Issue::new(&catalogue::TOO_NEW, place));
            }
            Some(Route { max_age: Some(age), .. }) if sent < now - signed(*age) => {
                arena.issues.push(Issue::new(&catalogue::TOO_OLD, place));
            }
            _ => {}
        }
    }

    pub(super) fn route<'e>(
        &'e self,
        read: &Read,
        arena: &mut Arena,
        now: Timestamp,
    ) -> (Vec<crate::route::Destination<'e>>, Option<&'e Route>) {
        let query = Query {
            sender: &read.sender,
            receivers: &read.says.receiver.identifiers,
            receiver_unreadable: read.says.receiver.unreadable,
            event: read.says.event.as_ref(),
            version: read.says.version.as_deref(),
            test: read.says.test,
            day: day(now),
        };
        let trees = [&arena.tree];
        let scene = self.scene(&trees, &arena.references, now);
        let decision = self.routes.decide(&query, &scene, &mut arena.paths);
        if read.says.receipt_for.is_none() || matches!(decision.routed, Routed::To(_)) {
            let at = decision.routed.kind().and_then(|_| {
                let syntax = read.incoming.syntax;
                let (receiver, event) = self.intakes.places(&scene, syntax, &mut arena.paths);
                if decision.routed.of_receiver() { receiver } else { event }
            });
            let node = at.or(arena.tree.root());
            let placed = |issue: Issue| Issue { place: Place { node, ..issue.place }, ..issue };
            arena.issues.extend(decision.issues().map(placed));
        }
        match decision.routed {
            Routed::To(destinations) => {
                let route = destinations.first().map(|one| one.route);
                (destinations, route)
            }
            _ => (Vec::new(), None),
        }
    }

    pub(super) fn delivery(
        &self,
        read: &Read,
        route: &Route,
        destination: &crate::route::Destination<'_>,
        output: u16,
        now: Timestamp,
    ) -> NewDelivery {
        let receiver = PartyName(route.receiver.value.0.clone());
        let answers = self.config.party(&receiver).map(|party| party.acknowledges);
        let waits = answers == Some(Acknowledges::All) && read.says.receipt_for.is_none();
        let plan = self.config.plan(route);
        let within = plan.receipt_within.filter(|_| waits);
        NewDelivery {
            route: (*route.name).into(),
            endpoint: (*destination.endpoint.name).into(),
            output,
            lane: super::lane::lane(read, route, &receiver),
            receiver,
            expires: now + signed(plan.give_up),
            receipt_within: within.map(|at| u32::try_from(at.as_secs()).unwrap_or(u32::MAX)),
        }
    }

    fn refused(
        &self,
        read: &Read,
        arena: &Arena,
        known: &KnownAbout,
        route: Option<&str>,
        now: Timestamp,
    ) -> Outcome {
        let (mut unit, issues) = self.unit(read, arena, known, Verdict::Refused);
        let worst = unit.issues.first().map(|issue| issue.id.clone());
        unit.audit.push(record(read, AuditAction::Received, now, None));
        unit.audit.push(record(read, AuditAction::Refused, now, worst));
        decided(unit, issues, Ending::Refused, route.map(Into::into), 0)
    }

    #[allow(clippy::too_many_arguments, reason = "all of them are the decision's parts, used once")]
    fn accepted(
        &self,
        read: &Read,
        arena: &Arena,
        known: &KnownAbout,
        route: Option<&Route>,
        due: Due,
        not_checked: u32,
        now: Timestamp,
    ) -> Outcome {
        let (mut unit, issues) = self.unit(read, arena, known, Verdict::Accepted);
        let name: Option<Box<str>> = route.map(|route| (*route.name).into());
        unit.audit.push(record(read, AuditAction::Received, now, None));
        unit.audit.push(record(read, AuditAction::Validated, now, None));
        unit.audit.push(record(read, AuditAction::Routed, now, name.clone()));
        for output in due.outputs.iter().filter(|output| output.map.is_some()) {
            unit.audit.push(record(read, AuditAction::Translated, now, output.map.clone()));
        }
        unit.audit.push(record(read, AuditAction::Accepted, now, None));
        if read.carried && read.says.receipt_for.is_some() {
            let said = record(read, AuditAction::ReceiptReceived, now, Some("carried".into()));
            unit.audit.push(AuditRecord { actor: read.sender.0.clone(), ..said });
        }
        if let Some(why) = &due.quarantine {
            unit.audit.push(record(read, AuditAction::Quarantined, now, Some(why.clone())));
        }
        (unit.outputs, unit.deliveries) = (due.outputs, due.deliveries);
        unit.quarantine = due.quarantine;
        match decided(unit, issues, Ending::Accepted, name, not_checked) {
            Outcome::Commit(made) => Outcome::Commit(Box::new(Decided {
                dropped: arena.losses.dropped,
                losses: arena.losses,
                ..*made
            })),
            again => again,
        }
    }

    /// The unit of a message that our own fault stopped: accepted, quarantined, nothing delivered.
    pub fn quarantined(&self, read: &Read, known: &KnownAbout, why: &str, now: Timestamp) -> Unit {
        let mut unit = self.bare(read, known, Verdict::Accepted);
        unit.audit.push(record(read, AuditAction::Received, now, None));
        unit.audit.push(record(read, AuditAction::Accepted, now, None));
        unit.audit.push(record(read, AuditAction::Quarantined, now, Some(why.into())));
        unit.quarantine = Some(why.into());
        unit
    }

    /// The unit, and everything that was found, told once.
    fn unit(
        &self,
        read: &Read,
        arena: &Arena,
        known: &KnownAbout,
        verdict: Verdict,
    ) -> (Unit, Vec<ToldIssue>) {
        let issues = told::tell(&arena.tree, self.library.table(), &arena.issues);
        let unit = Unit { issues: told::for_receipt(&issues), ..self.bare(read, known, verdict) };
        (unit, issues)
    }

    fn bare(&self, read: &Read, known: &KnownAbout, verdict: Verdict) -> Unit {
        Unit {
            party: read.incoming.party.clone(),
            carrier: read.carried.then(|| read.incoming.party.clone()),
            message: read.message.clone(),
            envelope: read.envelope.clone(),
            sender: read.says.sender.identifiers.first().cloned(),
            receiver: read.says.receiver.identifiers.first().cloned(),
            event: read.event.clone(),
            conversation: read.says.conversation.clone(),
            syntax: if read.wrapped.is_some() { Syntax::Xml } else { read.incoming.syntax },
            received: read.incoming.received,
            original: read.wrapped.as_ref().map_or(&read.incoming.bytes, |own| &own.outer).clone(),
            content_hash: read.content_hash,
            verdict,
            issues: Vec::new(),
            quarantine: None,
            configuration: self.config.hash,
            receipt_for: read.says.receipt_for.clone(),
            outputs: Vec::new(),
            deliveries: Vec::new(),
            audit: Vec::new(),
            read_at: Some(known.read_at),
        }
    }
}

fn decided(
    unit: Unit,
    issues: Vec<ToldIssue>,
    ending: Ending,
    route: Option<Box<str>>,
    not_checked: u32,
) -> Outcome {
    let losses = Losses::default();
    let (dropped, handed) = (0, None);
    let decided = Decided { unit, ending, route, issues, not_checked, dropped, losses, handed };
    Outcome::Commit(Box::new(decided))
}

/// A decision, and the word that goes on with it.
fn with(outcome: Outcome, handed: Option<Box<Unit>>) -> Outcome {
    match outcome {
        Outcome::Commit(decided) => Outcome::Commit(Box::new(Decided { handed, ..*decided })),
        again => again,
    }
}

fn record(
    read: &Read,
    action: AuditAction,
    at: Timestamp,
    outcome: Option<Box<str>>,
) -> AuditRecord {
    let received = action == AuditAction::Received;
    let actor = if received { read.incoming.party.0.clone() } else { "stafett".into() };
    let place = read.incoming.place.filter(|_| received);
    let outcome = outcome.or(place.map(super::Part::code));
    AuditRecord { at, action, actor, delivery: None, outcome }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
