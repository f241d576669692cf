//! The pipeline as the deliverers know it: endpoints and schedules in force, receipts in answers, counts.

use super::Door;
use crate::deliver::http::{Reply, Target};
use crate::deliver::{Desk, Happened};
use crate::message::{Event, ReceiptCode};
use crate::ops::Counted;
use crate::store::Claim;
use std::time::Duration;

impl Desk for Door {
    fn target(&self, endpoint: &str) -> Option<(Target, usize)> {
        let engine = self.0.engine.load();
        let targets = self.0.targets.load();
        let (target, most) = targets.get(endpoint)?;
        // An endpoint that the configuration in force no longer has is not delivered to.
        engine.config.endpoint(endpoint)?;
        Some((target.clone(), *most))
    }

    fn pauses(&self, route: &str) -> (Duration, Duration) {
        let engine = self.0.engine.load();
        let retry = engine.config.route(route).map(|route| &route.retry);
        retry.map_or((Duration::from_secs(5), Duration::from_secs(600)), |retry| {
            (retry.first, retry.cap.value)
        })
    }

    fn receipt_in(&self, claim: &Claim, reply: &Reply) -> Option<ReceiptCode> {
        let Reply::Answer { content_type, body, .. } = reply else { return None };
        let engine = self.0.engine.load();
        let told = engine.receipt_in(content_type.as_deref()?, body, self.0.clock.now())?;
        if !told.valid {
            tracing::warn!(endpoint = &*claim.endpoint, "a receipt is not valid by its profile");
        }
        // A receipt for another message says nothing about this one.
        (told.message == claim.message).then_some(told.code)
    }

    fn happened(&self, what: Happened, route: &str, event: &Event, attempt: u32) {
        let engine = self.0.engine.load();
        let event = engine.event_label(event);
        let (counted, text) = match what {
            Happened::Delivered => (Counted::Delivered, "delivered"),
            Happened::Retried => (Counted::Retried, "not delivered, tried again later"),
            Happened::Dead => (Counted::Dead, "ALARM: not delivered, and not tried again"),
            Happened::ReceiptOverdue => (Counted::ReceiptOverdue, "ALARM: a receipt is overdue"),
        };
        self.0.metrics.count(counted, route, event);
        match what {
            Happened::Dead | Happened::ReceiptOverdue => {
                tracing::error!(route, event, attempt, "{text}");
            }
            _ => tracing::info!(route, event, attempt, "{text}"),
        }
    }

    fn took(&self, time: Duration) {
        self.0.metrics.stage("deliver", time);
    }
}
