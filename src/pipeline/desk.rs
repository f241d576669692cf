//! The pipeline as the deliverers know it: endpoints and schedules in force, receipts in answers, counts.

use super::Door;
use crate::config::{Answers, Config, EndpointSyntax, Preset, ResendIn, Schedule};
use crate::deliver::gate::Turned;
use crate::deliver::http::{Reply, Target};
use crate::deliver::{Desk, Happened, Heard, schedule};
use crate::engine::{self, Word};
use crate::message::{DeliveryId, EnvelopeId, Error, Event, Syntax};
use crate::ops::Counted;
use crate::receipt;
use crate::store::{Claim, Delivery, DeliveryState, Late, Resent, Sendable};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

impl Desk for Door {
    fn target(&self, endpoint: &str) -> Option<(Target, usize)> {
        let force = self.0.force.load();
        let (target, most) = force.targets.get(endpoint)?;
        // An endpoint that the configuration in force no longer has is not delivered to.
        force.engine.config.endpoint(endpoint)?;
        Some((target.clone(), *most))
    }

    fn per_second(&self, endpoint: &str) -> Option<u32> {
        self.0.engine().config.endpoint(endpoint)?.per_second
    }

    fn schedule(&self, route: &str) -> Schedule {
        let config = Arc::clone(&self.0.engine().config);
        // A route that the configuration in force no longer has goes on as any would.
        let plain = || Schedule::of(Preset::Plain, None);
        config.route(route).map_or_else(plain, |route| config.plan(route))
    }

    fn late(&self, delivery: &Delivery) -> Late {
        let config = Arc::clone(&self.0.engine().config);
        let Some(route) = config.route(&delivery.route) else { return Late::Overdue };
        let waits = delivery.state == DeliveryState::Sent;
        let again = schedule::resend(&config.plan(route), delivery).filter(|_| waits);
        match again {
            Some(ResendIn::Same) => return Late::Resend(None),
            Some(ResendIn::New) => return Late::Resend(Some(envelope(&config, delivery))),
            None => {}
        }
        match (route.answers, waits) {
            (Answers::Receiver, _) => Late::Unanswered,
            (Answers::Engine, true) => Late::Overdue,
            (Answers::Engine, false) => Late::Leave,
        }
    }

    fn in_envelope(&self, sendable: &Sendable, resent: &Resent) -> Result<Bytes, Error> {
        let engine = self.0.engine();
        let Resent { envelope, sent } = resent;
        engine.in_envelope(sendable.syntax, &sendable.bytes, envelope, *sent)
    }

    fn receipt_in(&self, claim: &Claim, reply: &Reply) -> Option<Heard> {
        let (engine, now) = (self.0.engine(), self.0.clock.now());
        let told = match reply {
            Reply::Answer { content_type, body, .. } => {
                engine.receipt_in(content_type.as_deref()?, body, now)?
            }
            // The transport has judged it; what it says beyond that is read here.
            Reply::Acknowledged { receipt, body } => {
                let read = engine.receipt_in(receipt::content_type(Syntax::Hl7v2), body, now);
                let reasons = read.map_or_else(Vec::new, |told| told.reasons);
                return Some(Heard { code: *receipt, reasons });
            }
            _ => return None,
        };
        if !told.valid {
            tracing::warn!(endpoint = &*claim.endpoint, "a receipt is not valid by its profile");
        }
        // A receipt for another message says nothing about this one.
        let own = told.message == claim.message;
        own.then_some(Heard { code: told.code, reasons: told.reasons })
    }

    fn hands_on(&self, route: &str) -> bool {
        let engine = self.0.engine();
        engine.config.route(route).is_some_and(|route| route.answers == Answers::Receiver)
    }

    fn hand_on(&self, id: DeliveryId, heard: Option<Heard>) -> Result<(), Error> {
        let unit = self.0.store.unit(id.unit)?;
        let (engine, now) = (self.0.engine(), self.0.clock.now());
        let word = match heard {
            Some(Heard { code, reasons }) => Word { code, reasons },
            None => Word::silence(),
        };
        if let Some(receipt) = engine.bridged(&unit, id, &word, now) {
            // One that was handed on before a crash is there already, and nothing is written.
            self.0.store.commit(vec![receipt])?;
        }
        Ok(())
    }

    fn happened(&self, what: Happened, route: &str, event: &Event, attempt: u32) {
        let engine = self.0.engine();
        let event = engine.event_label(event);
        let (counted, alarm, text) = match what {
            Happened::Delivered => (Counted::Delivered, None, "delivered"),
            Happened::Retried => (Counted::Retried, None, "not delivered, tried again later"),
            Happened::Resent => (Counted::Resent, None, "no receipt has come: sent again"),
            Happened::Dead => {
                (Counted::Dead, Some("dead-letter"), "not delivered, and not tried again")
            }
            Happened::Unanswered => {
                let text = "no receipt has come, and its sender is told that it failed";
                (Counted::Dead, Some("unanswered"), text)
            }
            Happened::ReceiptOverdue => {
                (Counted::ReceiptOverdue, Some("overdue"), "a receipt is overdue")
            }
        };
        self.0.metrics.count(counted, route, event);
        match alarm {
            Some(kind) => self.0.alarm(kind, route, event, text),
            None => tracing::info!(route, event, attempt, "{text}"),
        }
    }

    fn turned(&self, endpoint: &str, turned: Turned) {
        match turned {
            Turned::Closed => {
                tracing::warn!(endpoint, "taken to be down: one message at a time tries")
            }
            Turned::Opened => tracing::info!(endpoint, "up again"),
        }
    }

    fn jumped(&self, by: SignedDuration) {
        tracing::warn!(
            seconds = by.as_secs(),
            "the clock jumped: what waits, waits for as long as before"
        );
        self.0.alarm("clock", "", "", "the clock jumped");
    }

    fn took(&self, time: Duration) {
        self.0.metrics.stage("deliver", time);
    }
}

impl Door {
    /// Until when a delivery is worth trying again, from now on.
    pub(super) fn lives(&self, id: DeliveryId) -> Option<Timestamp> {
        let config = Arc::clone(&self.0.engine().config);
        let plan = config.plan(config.route(&self.0.store.delivery(id)?.route)?);
        self.0.clock.now().checked_add(SignedDuration::try_from(plan.give_up).ok()?).ok()
    }

    /// The envelope that a delivery is sent again in, if its route wants a new one.
    pub(super) fn next_envelope(&self, id: DeliveryId) -> Option<EnvelopeId> {
        let config = Arc::clone(&self.0.engine().config);
        let delivery = self.0.store.delivery(id)?;
        let plan = config.plan(config.route(&delivery.route)?);
        (plan.resend_in == ResendIn::New).then(|| envelope(&config, &delivery))
    }
}

/// The envelope that a delivery is sent again in.
fn envelope(config: &Config, delivery: &Delivery) -> EnvelopeId {
    let endpoint = config.endpoint(&delivery.endpoint);
    // The envelope of a network has a UUID, whatever is in it.
    let letter =
        endpoint.is_some_and(|one| one.syntax == EndpointSyntax::Xml && one.envelope.is_none());
    let (receiver, message) = (&delivery.receiver, &delivery.message);
    engine::resent_envelope(receiver, message, delivery.id, delivery.resends + 1, letter)
}
