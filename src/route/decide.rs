//! The decision: which route takes a message, or why none does.
//!
//! Promises: of the routes for a message the first whose condition holds takes it, so the answer is one
//! and is the same every time. Never: falls back to a route that does not name the sender.

use super::catalogue as kinds;
use super::expression::Compiler;
use super::extract::Extracted;
use super::identify::{Identified, Identity, Parties};
use crate::config::{Config, Endpoint, Mode, Route, version_matches};
use crate::fhirpath::{Expression, Memory, Scene};
use crate::message::{Arg, Diagnostic, Event, Identifier, Issue, IssueKind, PartyName, Place};
use crate::tree::types::{Table, TypeId};
use jiff::civil::Date;
use std::collections::HashMap;
use std::sync::Arc;

/// What a decision rests on.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The sender, identified.
    pub sender: &'a PartyName,
    /// The receiver's identifiers.
    pub receivers: &'a [Identifier],
    /// Whether the message names a receiver by something that is no identifier (a wrong check digit).
    pub receiver_unreadable: bool,
    /// What happened.
    pub event: Option<&'a Event>,
    /// The version that the message means.
    pub version: Option<&'a str>,
    /// Whether it is marked as a test.
    pub test: bool,
    /// Today.
    pub day: Date,
}

impl<'a> Query<'a> {
    /// What a message says about itself, from a sender that was identified.
    pub fn of(said: &'a Extracted, sender: &'a PartyName, day: Date) -> Query<'a> {
        Query {
            sender,
            receivers: &said.receiver.identifiers,
            receiver_unreadable: said.receiver.unreadable,
            event: said.event.as_ref(),
            version: said.version.as_deref(),
            test: said.test,
            day,
        }
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'r> {
    /// By which route.
    pub route: &'r Route,
    /// To which of its endpoints.
    pub endpoint: &'r Endpoint,
}

/// What became of a message's routing.
#[derive(Clone, Debug)]
pub enum Routed<'r> {
    /// It goes there: all by one route, to its receiver.
    To(Vec<Destination<'r>>),
    /// It names no receiver.
    NoReceiver,
    /// Nobody has the receiver's identifiers, or different parties have them.
    UnknownReceiver,
    /// It does not say what happened.
    NoEvent,
    /// No route at all takes this event.
    UnknownEvent,
    /// The receiver takes it from nobody, or not in this version.
    NotSupported,
    /// The receiver takes it from others, but not from this sender.
    NotAllowed,
    /// There are routes, but no condition holds.
    NoCondition,
    /// It is a test message, and this engine is in production.
    TestMessage,
}

impl Routed<'_> {
    /// Whether it is the receiver that is at fault; else it is what happened, or the message as a whole.
    pub fn of_receiver(&self) -> bool {
        matches!(self, Routed::NoReceiver | Routed::UnknownReceiver)
    }

    /// The kind of issue that tells it, unless there are destinations.
    pub fn kind(&self) -> Option<&'static IssueKind> {
        match self {
            Routed::To(_) => None,
            Routed::NoReceiver => Some(&kinds::NO_RECEIVER),
            Routed::UnknownReceiver => Some(&kinds::UNKNOWN_RECEIVER),
            Routed::NoEvent => Some(&kinds::NO_EVENT),
            Routed::UnknownEvent => Some(&kinds::UNKNOWN_EVENT),
            Routed::NotSupported => Some(&kinds::NOT_SUPPORTED),
            Routed::NotAllowed => Some(&kinds::NOT_ALLOWED),
            Routed::NoCondition => Some(&kinds::NO_CONDITION),
            Routed::TestMessage => Some(&kinds::TEST_MESSAGE),
        }
    }
}

/// Why a route for the event and receiver did not take a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Skipped {
    /// It is not for this sender.
    Sender,
    /// It is not for this version.
    Version,
    /// Its condition is false.
    Condition,
    /// Its condition could not be evaluated, which counts as false; why, without a value of the message.
    NotEvaluable(&'static str),
}

/// A route that was looked at.
#[derive(Clone, Debug)]
pub struct Considered<'r> {
    /// The route.
    pub route: &'r Route,
    /// Why it did not take the message; nothing: it did.
    pub skipped: Option<Skipped>,
}

/// A decision and what led to it.
#[derive(Clone, Debug)]
pub struct Decision<'r> {
    /// The decision.
    pub routed: Routed<'r>,
    /// The receiving party, where it is known.
    pub receiver: Option<&'r PartyName>,
    /// The routes for the event and receiver, in the order they were looked at.
    pub considered: Vec<Considered<'r>>,
}

impl Decision<'_> {
    /// What the message's report says about its routing.
    pub fn issues(&self) -> impl Iterator<Item = Issue> {
        let refusal = self.routed.kind().map(|kind| Issue::new(kind, Place::default()));
        let unsure = self.considered.iter().filter_map(|one| match one.skipped {
            Some(Skipped::NotEvaluable(_)) => {
                let name = Arg::Shared((*one.route.name).into());
                Some(Issue::new(&kinds::NOT_EVALUABLE, Place::default()).arg(name))
            }
            _ => None,
        });
        unsure.chain(refusal)
    }
}

/// The routes of a configuration, found by receiver and event.
#[derive(Debug)]
pub struct Routes {
    config: Arc<Config>,
    parties: Parties,
    by_event: HashMap<(PartyName, Event), Vec<usize>>,
    /// The routes' conditions, compiled; none where a route has none.
    conditions: Vec<Option<Expression>>,
}

impl Routes {
    /// The routes of a configuration, their conditions compiled; what is wrong with those is reported.
    pub fn compile(config: &Arc<Config>, table: &Arc<Table>) -> (Routes, Vec<Diagnostic>) {
        let mut compiler = Compiler::new(table);
        let roots: Option<Vec<TypeId>> = config
            .intakes
            .iter()
            .map(|intake| compiler.root(&intake.root, intake.namespace.as_deref()))
            .collect();
        let focus = roots.unwrap_or_default();
        let condition = |route: &Route| compiler.compile(route.when.as_ref()?, &focus);
        let conditions = config.routes.iter().map(condition).collect();
        let routes = Routes { conditions, ..Routes::new(config) };
        (routes, compiler.finish())
    }

    /// The routes of a configuration without their conditions.
    pub(super) fn new(config: &Arc<Config>) -> Routes {
        let mut by_event: HashMap<(PartyName, Event), Vec<usize>> = HashMap::new();
        for (place, route) in config.routes.iter().enumerate() {
            for event in route.event.iter() {
                let key = (route.receiver.value.clone(), event.clone());
                by_event.entry(key).or_default().push(place);
            }
        }
        let (config, parties) = (Arc::clone(config), Parties::new(config));
        Routes { config, parties, by_event, conditions: Vec::new() }
    }

    /// The configuration it was made from.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Whether the authenticated party may hand in a message whose sender has these identifiers.
    pub fn admits(&self, party: &PartyName, senders: &[Identifier], day: Date) -> Identity {
        self.parties.admits(party, senders, day)
    }

    /// The party that identifiers mean.
    pub fn identify(&self, identifiers: &[Identifier], day: Date) -> Identified<'_> {
        self.parties.identify(identifiers, day)
    }

    /// Decides where the scene's first tree goes.
    pub fn decide(
        &self,
        query: &Query<'_>,
        scene: &Scene<'_>,
        memory: &mut Memory,
    ) -> Decision<'_> {
        self.decide_by(query, |place| {
            let root = scene.trees.first().and_then(|tree| tree.root());
            let condition = self.conditions.get(place).and_then(Option::as_ref);
            let (Some(root), Some(condition)) = (root, condition) else {
                return Err("there is nothing to evaluate");
            };
            match condition.test(scene, 0, root, memory) {
                Ok(truth) => Ok(truth == Some(true)),
                Err(not_evaluable) => Err(not_evaluable.reason),
            }
        })
    }

    /// Decides; `holds` evaluates the condition of the route at a place of the configuration.
    pub(super) fn decide_by(
        &self,
        query: &Query<'_>,
        mut holds: impl FnMut(usize) -> Result<bool, &'static str>,
    ) -> Decision<'_> {
        let mut decision =
            Decision { routed: Routed::NoReceiver, receiver: None, considered: Vec::new() };
        if query.test && self.config.engine.mode == Mode::Production {
            decision.routed = Routed::TestMessage;
            return decision;
        }
        let receiver = match self.parties.identify(query.receivers, query.day) {
            Identified::Party(receiver) => receiver,
            Identified::Missing if !query.receiver_unreadable => return decision,
            _ => {
                decision.routed = Routed::UnknownReceiver;
                return decision;
            }
        };
        decision.receiver = Some(receiver);
        let Some(event) = query.event else {
            decision.routed = Routed::NoEvent;
            return decision;
        };
        let key = (receiver.clone(), event.clone());
        let places = self.by_event.get(&key).map_or(&[][..], |places| places);
        if places.is_empty() {
            let known = self.config.routes.iter().any(|route| route.event.contains(event));
            decision.routed = if known { Routed::NotSupported } else { Routed::UnknownEvent };
            return decision;
        }
        for place in places {
            let route = &self.config.routes[*place];
            let skipped = skips(route, query, || holds(*place));
            decision.considered.push(Considered { route, skipped });
            if skipped.is_none() {
                decision.routed = Routed::To(self.destinations(route));
                return decision;
            }
        }
        decision.routed = refusal(&decision.considered);
        decision
    }

    fn destinations<'r>(&'r self, route: &'r Route) -> Vec<Destination<'r>> {
        let endpoints = route.to.iter().filter_map(|to| self.config.endpoint(&to.value.0));
        endpoints.map(|endpoint| Destination { route, endpoint }).collect()
    }
}

fn skips(
    route: &Route,
    query: &Query<'_>,
    holds: impl FnOnce() -> Result<bool, &'static str>,
) -> Option<Skipped> {
    let takes = |version: &str| route.version.iter().any(|own| version_matches(own, version));
    if !route.sender.iter().any(|sender| sender.value == *query.sender) {
        Some(Skipped::Sender)
    } else if !route.version.is_empty() && !query.version.is_some_and(takes) {
        Some(Skipped::Version)
    } else if route.when.is_none() {
        None
    } else {
        match holds() {
            Ok(true) => None,
            Ok(false) => Some(Skipped::Condition),
            Err(why) => Some(Skipped::NotEvaluable(why)),
        }
    }
}

/// Why none of the routes for an event and receiver took a message: the reason of the one that came closest.
fn refusal(considered: &[Considered<'_>]) -> Routed<'static> {
    let any = |wanted: fn(&Skipped) -> bool| {
        considered.iter().filter_map(|one| one.skipped.as_ref()).any(wanted)
    };
    if any(|skipped| matches!(skipped, Skipped::Condition | Skipped::NotEvaluable(_))) {
        Routed::NoCondition
    } else if any(|skipped| *skipped == Skipped::Version) {
        Routed::NotSupported
    } else {
        Routed::NotAllowed
    }
}
