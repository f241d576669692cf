//! Delivery after an outage: what waits is sent as fast as its receiver takes it, and a destination that is
//! dead costs the others nothing.
//!
//! The yardstick is a bare client that posts the same bodies over as many connections.

use crate::load::{self, Request64};
use crate::measure::Measured;
use crate::table::{Better, Line};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use stafett::config::{Preset, Schedule};
use stafett::deliver::{Deliverer, Desk, Happened, Heard, Reply, Target};
use stafett::message::{
    EnvelopeId, Error, Event, MessageId, NewDelivery, Output, PartyName, Syntax, Unit, Verdict,
};
use stafett::pipeline::SystemClock;
use stafett::store::{self, Claim, Delivery, Late, Options, Resent, Sendable, Store};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Messages that wait.
const WAITING: usize = 100_000;
/// Lanes that they wait in.
const LANES: usize = 50;
/// The size of each.
const BYTES: usize = 2_000;

/// Both cases.
pub fn all() -> Vec<Line> {
    vec![
        case("drain after an outage, 100,000 in 50 lanes", "a bare client", 0.3, alone),
        case("the same beside a dead destination", "without it", 0.9, beside_a_dead_one),
    ]
}

fn case(
    case: &'static str,
    against: &'static str,
    goal: f64,
    measure: fn(&tokio::runtime::Runtime) -> Result<Measured, String>,
) -> Line {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let measured = runtime.map_err(|e| e.to_string()).and_then(|runtime| measure(&runtime));
    let note = format!("{LANES} connections, {BYTES} bytes each");
    Line { case, against, unit: "/s", goal, better: Better::AtLeast, measured, note }
}

fn alone(runtime: &tokio::runtime::Runtime) -> Result<Measured, String> {
    let ours = runtime.block_on(drain(false))?;
    let theirs = runtime.block_on(async {
        let address = load::echo().await?;
        let bodies = vec![Bytes::from(vec![b'x'; BYTES]); WAITING];
        let (path, content_type) = ("/", "application/fhir+json");
        load::run(Request64 { address, path, content_type, token: None, bodies, rate: None }).await
    })?;
    Ok(measured(ours, theirs.rate))
}

fn beside_a_dead_one(runtime: &tokio::runtime::Runtime) -> Result<Measured, String> {
    let without = runtime.block_on(drain(false))?;
    let with = runtime.block_on(drain(true))?;
    Ok(measured(with, without))
}

fn measured(value: f64, yardstick: f64) -> Measured {
    Measured { value, yardstick, ratio: value / yardstick, allocations: None }
}

/// Deliveries a second, from a store on disk to a receiver that is up.
async fn drain(dead_too: bool) -> Result<f64, String> {
    let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
    let now = Timestamp::now();
    let store = store::open(&folder.path().join("data"), Options::default(), now);
    let store: Arc<dyn Store> = Arc::new(store.map_err(|e| e.to_string())?);
    let mut endpoints = vec!["up"];
    commit(&store, "up", WAITING, now)?;
    if dead_too {
        commit(&store, "dead", WAITING / 10, now)?;
        endpoints.push("dead");
    }
    let address = load::echo().await?;
    let (left, done) = (AtomicUsize::new(WAITING), Arc::new(Notify::new()));
    let counter = Arc::new(Counter { address, left, done: Arc::clone(&done) });
    let deliverer = Deliverer::new(Arc::clone(&store), counter, Arc::new(SystemClock));
    let (stop, stopped) = watch::channel(false);
    let begin = Instant::now();
    for endpoint in endpoints {
        tokio::spawn(Arc::clone(&deliverer).endpoint(endpoint.to_owned(), stopped.clone()));
    }
    done.notified().await;
    let took = begin.elapsed();
    let _ = stop.send(true);
    Ok(WAITING as f64 / took.as_secs_f64())
}

fn commit(
    store: &Arc<dyn Store>,
    endpoint: &str,
    messages: usize,
    now: Timestamp,
) -> Result<(), String> {
    commit_from(store, endpoint, 0..messages, now)
}

/// Commits these messages, each with a delivery that waits.
pub fn commit_from(
    store: &Arc<dyn Store>,
    endpoint: &str,
    messages: std::ops::Range<usize>,
    now: Timestamp,
) -> Result<(), String> {
    for chunk in messages.collect::<Vec<_>>().chunks(5_000) {
        let units = chunk.iter().map(|n| unit(endpoint, *n, now)).collect();
        store.commit(units).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn unit(endpoint: &str, n: usize, now: Timestamp) -> Unit {
    let message = MessageId(format!("{endpoint}-{n}").into());
    let envelope = EnvelopeId(format!("e-{endpoint}-{n}").into());
    Unit {
        party: PartyName("ward".into()),
        carrier: None,
        message: message.clone(),
        envelope: envelope.clone(),
        sender: None,
        receiver: None,
        event: Event("note".into()),
        conversation: None,
        syntax: Syntax::FhirJson,
        received: now,
        original: Bytes::from(vec![b'x'; BYTES]),
        content_hash: [0; 32],
        verdict: Verdict::Accepted,
        issues: Vec::new(),
        quarantine: None,
        configuration: [0; 32],
        receipt_for: None,
        outputs: vec![Output {
            syntax: Syntax::FhirJson,
            bytes: Bytes::new(),
            message,
            envelope,
            map: None,
        }],
        deliveries: vec![NewDelivery {
            route: "route".into(),
            receiver: PartyName(endpoint.into()),
            endpoint: endpoint.into(),
            output: 0,
            lane: Some(format!("{endpoint}:{}", n % LANES).into()),
            expires: now + SignedDuration::from_hours(72),
            receipt_within: None,
        }],
        audit: Vec::new(),
        read_at: None,
    }
}

/// Counts what is delivered.
struct Counter {
    address: SocketAddr,
    left: AtomicUsize,
    done: Arc<Notify>,
}

impl Desk for Counter {
    fn target(&self, endpoint: &str) -> Option<(Target, usize)> {
        // Port 9 is "discard": nobody listens there.
        let url = match endpoint {
            "up" => format!("http://{}/", self.address),
            _ => "http://127.0.0.1:9/".to_owned(),
        };
        Some((Target::new(&url, None, Duration::from_secs(5))?, LANES))
    }

    fn schedule(&self, _route: &str) -> Schedule {
        Schedule::of(Preset::Plain, None)
    }

    fn late(&self, _delivery: &Delivery) -> Late {
        Late::Leave
    }

    fn in_envelope(&self, sendable: &Sendable, _resent: &Resent) -> Result<Bytes, Error> {
        Ok(sendable.bytes.clone())
    }

    fn receipt_in(&self, _claim: &Claim, _reply: &Reply) -> Option<Heard> {
        None
    }

    fn happened(&self, what: Happened, _route: &str, _event: &Event, _attempt: u32) {
        if what == Happened::Delivered && self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.done.notify_one();
        }
    }

    fn took(&self, _time: Duration) {}
}
