//! The pipeline as the deliverers know it: endpoints and schedules in force, receipts in answers, counts.

use super::Door;
use crate::config::{Answers, EndpointSyntax, Preset, ResendIn, Schedule};
use crate::deliver::gate::Turned;
use crate::deliver::http::{Reply, Target};
use crate::deliver::{Desk, Happened, schedule};
use crate::engine;
use crate::message::{Error, Event, ReceiptCode};
use crate::ops::Counted;
use crate::store::{Claim, Delivery, DeliveryState, Late, Resent, Sendable};
use bytes::Bytes;
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
            Some(ResendIn::New) => {
                let endpoint = config.endpoint(&delivery.endpoint);
                let letter = endpoint.is_some_and(|one| one.syntax == EndpointSyntax::Xml);
                return Late::Resend(Some(engine::resent_envelope(
                    &delivery.receiver,
                    &delivery.message,
                    delivery.id,
                    delivery.resends + 1,
                    letter,
                )));
            }
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

    fn receipt_in(&self, claim: &Claim, reply: &Reply) -> Option<ReceiptCode> {
        let Reply::Answer { content_type, body, .. } = reply else { return None };
        let engine = self.0.engine();
        let told = engine.receipt_in(content_type.as_deref()?, body, self.0.clock.now())?;
        if !told.valid {
            tracing::warn!(endpoint = &*claim.endpoint, "a receipt is not valid by its profile");
        }
        // A receipt for another message says nothing about this one.
        (told.message == claim.message).then_some(told.code)
    }

    fn happened(&self, what: Happened, route: &str, event: &Event, attempt: u32) {
        let engine = self.0.engine();
        let event = engine.event_label(event);
        let (counted, text) = match what {
            Happened::Delivered => (Counted::Delivered, "delivered"),
            Happened::Retried => (Counted::Retried, "not delivered, tried again later"),
            Happened::Dead => (Counted::Dead, "ALARM: not delivered, and not tried again"),
            Happened::Resent => (Counted::Resent, "no receipt has come: sent again"),
            Happened::Unanswered => {
                (Counted::Dead, "ALARM: no receipt has come, and its sender is told that it failed")
            }
            Happened::ReceiptOverdue => (Counted::ReceiptOverdue, "ALARM: a receipt is overdue"),
        };
        self.0.metrics.count(counted, route, event);
        match what {
            Happened::Dead | Happened::ReceiptOverdue | Happened::Unanswered => {
                tracing::error!(route, event, attempt, "{text}");
            }
            _ => tracing::info!(route, event, attempt, "{text}"),
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

    fn took(&self, time: Duration) {
        self.0.metrics.stage("deliver", time);
    }
}
