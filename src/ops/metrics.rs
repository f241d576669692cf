//! What is counted, per route and event, in the words of the life of a message.
//!
//! Labels are names of the configuration only: an event that no route names counts as `other`, so that a
//! sender can neither grow the page nor write on it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The label of what no route names.
pub const OTHER: &str = "other";

/// Where a message goes and what it says happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Labels {
    /// The route's name, or `none`.
    pub route: String,
    /// The event, or `other`.
    pub event: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

/// One thing that is counted per route and event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counted {
    /// A message came in and was decided.
    Received,
    /// It was refused.
    Refused,
    /// It came again.
    Duplicate,
    /// It was accepted and quarantined.
    Quarantined,
    /// A receiver's transport took it.
    Delivered,
    /// An attempt failed and another is due.
    Retried,
    /// It will not be tried again.
    Dead,
    /// Its receipt is overdue.
    ReceiptOverdue,
    /// No receipt came in time, and it is sent again.
    Resent,
}

/// The stages whose time is taken.
pub const STAGES: [&str; 7] =
    ["read", "validate", "route", "translate", "commit", "answer", "deliver"];

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    counters: [Family<Labels, Counter>; 9],
    stages: Family<StageLabels, Histogram>,
    queue_age: Family<RouteLabels, Gauge<f64, AtomicU64>>,
    not_checked: Counter,
    unverdicted: Counter,
    dropped: Family<Labels, Counter>,
    reloads: Family<OutcomeLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("stafett");
        let named = [
            ("messages_received", "Messages decided"),
            ("messages_refused", "Messages refused"),
            ("messages_duplicate", "Messages that came again and got their verdict again"),
            ("messages_quarantined", "Messages accepted and quarantined"),
            ("deliveries_delivered", "Deliveries that a receiver's transport took"),
            ("deliveries_retried", "Attempts that failed, with another due"),
            ("deliveries_dead", "Deliveries that will not be tried again"),
            ("receipts_overdue", "Deliveries whose receipt is overdue"),
            ("deliveries_resent", "Deliveries that were sent again because no receipt came"),
        ];
        let counters = named.map(|(name, help)| {
            let family = Family::<Labels, Counter>::default();
            registry.register(name, help, family.clone());
            family
        });
        let stages = Family::<StageLabels, Histogram>::new_with_constructor(|| {
            Histogram::new((0..16).map(|n| 0.000_05 * f64::from(1 << n)))
        });
        registry.register_with_unit(
            "stage_duration",
            "Time that a message spends in a stage",
            Unit::Seconds,
            stages.clone(),
        );
        let queue_age = Family::<RouteLabels, Gauge<f64, AtomicU64>>::default();
        registry.register_with_unit(
            "queue_age",
            "Age of the oldest delivery that waits",
            Unit::Seconds,
            queue_age.clone(),
        );
        let not_checked = Counter::default();
        registry.register("checks_not_made", "Checks that could not be made", not_checked.clone());
        let unverdicted = Counter::default();
        registry.register(
            "submissions_without_verdict",
            "Submissions answered without a verdict",
            unverdicted.clone(),
        );
        let dropped = Family::<Labels, Counter>::default();
        registry.register(
            "map_values_dropped",
            "Values of messages that no rule of a map reads and nobody declared dropped",
            dropped.clone(),
        );
        let reloads = Family::<OutcomeLabels, Counter>::default();
        registry.register(
            "reloads",
            "Configurations that were read anew while the engine ran",
            reloads.clone(),
        );
        Metrics {
            registry,
            counters,
            stages,
            queue_age,
            not_checked,
            unverdicted,
            dropped,
            reloads,
        }
    }
}

impl Metrics {
    /// Counts one.
    pub fn count(&self, what: Counted, route: &str, event: &str) {
        let labels = Labels { route: route.to_owned(), event: event.to_owned() };
        self.counters[what as usize].get_or_create(&labels).inc();
    }

    /// Notes how long a stage took; `stage` is one of [`STAGES`].
    pub fn stage(&self, stage: &'static str, took: Duration) {
        self.stages.get_or_create(&StageLabels { stage }).observe(took.as_secs_f64());
    }

    /// Sets the age of the oldest waiting delivery of a route.
    pub fn queue_age(&self, route: &str, seconds: f64) {
        self.queue_age.get_or_create(&RouteLabels { route: route.to_owned() }).set(seconds);
    }

    /// Adds checks that could not be made.
    pub fn not_checked(&self, checks: u64) {
        self.not_checked.inc_by(checks);
    }

    /// Adds values that no rule of a map read.
    pub fn dropped(&self, route: &str, event: &str, values: u64) {
        if values > 0 {
            let labels = Labels { route: route.to_owned(), event: event.to_owned() };
            self.dropped.get_or_create(&labels).inc_by(values);
        }
    }

    /// Counts a reload.
    pub fn reloaded(&self, active: bool) {
        let outcome = if active { "active" } else { "refused" };
        self.reloads.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts a submission that ended without a verdict.
    pub fn unverdicted(&self) {
        self.unverdicted.inc();
    }

    /// The page, in the OpenMetrics text format that Prometheus reads.
    pub fn page(&self) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_what_was_counted() {
        let metrics = Metrics::default();
        metrics.count(Counted::Received, "to-hvidovre", OTHER);
        metrics.count(Counted::ReceiptOverdue, "to-hvidovre", OTHER);
        metrics.stage("read", Duration::from_micros(80));
        metrics.queue_age("to-hvidovre", 1.5);
        let page = metrics.page();
        for line in [
            "stafett_messages_received_total{route=\"to-hvidovre\",event=\"other\"} 1",
            "stafett_receipts_overdue_total{route=\"to-hvidovre\",event=\"other\"} 1",
            "stafett_queue_age_seconds{route=\"to-hvidovre\"} 1.5",
            "stafett_stage_duration_seconds_count{stage=\"read\"} 1",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
