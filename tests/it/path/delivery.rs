//! The delivery loops over a store in memory, with real sockets.

use super::receiver::Peer;
use crate::support::{self, Needs};
use bytes::Bytes;
use jiff::Timestamp;
use libtest_mimic::{Failed, Trial};
use stafett::config::{Pause, Preset, Schedule};
use stafett::deliver::http::{Reply, Target};
use stafett::deliver::{Deliverer, Desk, Happened, Heard};
use stafett::message::{
    Clock, EnvelopeId, Error, Event, MessageId, NewDelivery, Output, PartyName, ReceiptCode,
    Syntax, Unit, Verdict,
};
use stafett::store::{Claim, Delivery, Late, Resent, Sendable, Store, memory};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// One endpoint per URL; tells every event.
struct Reception {
    urls: Vec<(String, String)>,
    told: Mutex<Sender<(Happened, u32)>>,
}

impl Desk for Reception {
    fn target(&self, endpoint: &str) -> Option<(Target, usize)> {
        let (_, url) = self.urls.iter().find(|(name, _)| name == endpoint)?;
        Some((Target::new(url, None, Duration::from_secs(5))?, 4))
    }

    fn schedule(&self, _route: &str) -> Schedule {
        let (first, cap) = (Duration::from_millis(2), Duration::from_millis(20));
        Schedule { pause: Pause::Doubling { first, cap }, ..Schedule::of(Preset::Plain, None) }
    }

    fn late(&self, _delivery: &Delivery) -> Late {
        Late::Leave
    }

    fn in_envelope(&self, sendable: &Sendable, _resent: &Resent) -> Result<Bytes, Error> {
        Ok(sendable.bytes.clone())
    }

    fn receipt_in(&self, _claim: &Claim, reply: &Reply) -> Option<Heard> {
        match reply {
            Reply::Answer { body, .. } if body.as_ref() == b"ok" => {
                Some(Heard { code: ReceiptCode::Ok, reasons: Vec::new() })
            }
            _ => None,
        }
    }

    fn happened(&self, what: Happened, _route: &str, _event: &Event, attempt: u32) {
        if let Ok(told) = self.told.lock() {
            let _ = told.send((what, attempt));
        }
    }

    fn took(&self, _time: Duration) {}
}

fn unit(id: u32, endpoint: &str, lane: Option<&str>, lives: i64) -> Unit {
    let now = Timestamp::now();
    Unit {
        party: PartyName("ward".into()),
        carrier: None,
        message: MessageId(format!("m-{id}").into()),
        envelope: EnvelopeId(format!("e-{id}").into()),
        sender: None,
        receiver: None,
        event: Event("note".into()),
        conversation: None,
        syntax: Syntax::FhirJson,
        received: now,
        original: Bytes::from(format!("body {id}")),
        content_hash: [id as u8; 32],
        verdict: Verdict::Accepted,
        issues: Vec::new(),
        quarantine: None,
        configuration: [0; 32],
        receipt_for: None,
        outputs: vec![Output {
            syntax: Syntax::FhirJson,
            bytes: Bytes::new(),
            message: MessageId(format!("m-{id}").into()),
            envelope: EnvelopeId(format!("e-{id}").into()),
            map: None,
        }],
        deliveries: vec![NewDelivery {
            route: "to-town".into(),
            receiver: PartyName("town".into()),
            endpoint: endpoint.into(),
            output: 0,
            lane: lane.map(Into::into),
            expires: now + jiff::SignedDuration::from_secs(lives),
            receipt_within: None,
        }],
        audit: Vec::new(),
        read_at: None,
    }
}

/// Runs the loops over what `play` commits, and hands it the peer.
fn play(
    first: &[u16],
    then: (u16, &'static str),
    act: impl FnOnce(
        &dyn Store,
        &Peer,
        &std::sync::mpsc::Receiver<(Happened, u32)>,
    ) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let script = Arc::new(move |_: &[u8]| (then.0, then.1.to_owned()));
    let peer = runtime.block_on(Peer::start(0, first, script))?;
    let (told, events) = channel();
    let urls = vec![
        ("up".to_owned(), peer.url.clone()),
        // Port 9 is "discard": nobody listens there.
        ("down".to_owned(), "http://127.0.0.1:9/".to_owned()),
    ];
    let store: Arc<dyn Store> = Arc::new(memory(2));
    let desk = Arc::new(Reception { urls, told: Mutex::new(told) });
    let deliverer = Deliverer::new(Arc::clone(&store), desk, Arc::new(System));
    let (stop, stopped) = watch::channel(false);
    for endpoint in ["up", "down"] {
        runtime.spawn(Arc::clone(&deliverer).endpoint(endpoint.to_owned(), stopped.clone()));
    }
    let result = act(&*store, &peer, &events);
    let _ = stop.send(true);
    result
}

fn is<T: PartialEq + std::fmt::Debug>(got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

fn retried() -> Result<(), Failed> {
    play(&[503, 429], (200, "ok"), |store, peer, events| {
        store.commit(vec![unit(1, "up", None, 60)])?;
        for answered in [503, 429, 200] {
            let got = peer.next()?;
            is(got.answered, answered)?;
            // A plain no is no doubt: only an attempt that may have arrived is flagged.
            is((got.flagged, got.content_type.as_str()), (false, "application/fhir+json"))?;
            is((got.key.as_str(), got.body.as_slice()), ("m-1", b"body 1".as_slice()))?;
        }
        let wait = || events.recv_timeout(Duration::from_secs(20));
        is(wait()?, (Happened::Retried, 1))?;
        is(wait()?, (Happened::Retried, 2))?;
        is(wait()?, (Happened::Delivered, 3))?;
        is(peer.rest().len(), 0)
    })
}

fn in_order() -> Result<(), Failed> {
    play(&[500, 200, 503], (200, ""), |store, peer, _| {
        let units = (1..=20).map(|id| unit(id, "up", Some("lane"), 60)).collect();
        store.commit(units)?;
        let mut taken = Vec::new();
        while taken.len() < 20 {
            let got = peer.next()?;
            if got.answered == 200 {
                taken.push(got.key);
            }
        }
        is(taken, (1..=20).map(|id| format!("m-{id}")).collect())
    })
}

fn refused() -> Result<(), Failed> {
    play(&[], (404, ""), |store, peer, events| {
        store.commit(vec![unit(1, "up", None, 60)])?;
        is(peer.next()?.answered, 404)?;
        is(events.recv_timeout(Duration::from_secs(20))?, (Happened::Dead, 1))?;
        is(peer.rest().len(), 0)
    })
}

fn dead_neighbour() -> Result<(), Failed> {
    play(&[], (200, ""), |store, peer, events| {
        store.commit(vec![unit(1, "down", Some("lane"), 1), unit(2, "up", Some("other"), 60)])?;
        is(peer.next()?.key.as_str(), "m-2")?;
        // The one that nobody takes is retried until its time is over, then given up.
        loop {
            if let (Happened::Dead, _) = events.recv_timeout(Duration::from_secs(20))? {
                return Ok(());
            }
        }
    })
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial("deliver: what failed is sent again, the same bytes under the same id", retried),
        trial("deliver: a lane keeps its order through failures", in_order),
        trial("deliver: a final no is a dead letter", refused),
        trial("deliver: a receiver that is down holds nobody else", dead_neighbour),
    ]
}
