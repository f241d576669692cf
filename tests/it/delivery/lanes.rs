//! Lanes: order inside, independence between, and what an operator sees of one that is blocked.

use crate::store::make::{To, at, deliver, message, party, receipt, unit};
use crate::support::{self, Needs};
use jiff::Timestamp;
use libtest_mimic::{Failed, Trial};
use stafett::message::lane;
use stafett::message::{AttemptOutcome, FaultOf, ReceiptCode, Unit};
use stafett::store::{Claim, DeliveryState, Follow, Keeper, Settle, Settled, Store, memory};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

/// Lanes of the long trial.
const LANES: usize = 10_000;
/// Messages in each.
const EACH: usize = 3;

fn ask<T: Send + 'static>(
    ask: impl FnOnce(stafett::store::Done<T>),
) -> Result<T, stafett::message::Error> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |result| drop(send.send(result))));
    receive.recv().expect("every question is answered")
}

fn send(store: &Keeper, claim: &Claim, now: Timestamp) -> Result<(), Failed> {
    match claim.begun {
        true => Ok(()),
        false => Ok(ask(|done| store.sending(claim.delivery, claim.token, now, done))?),
    }
}

fn settle(
    store: &Keeper,
    claim: &Claim,
    at: Timestamp,
    outcome: AttemptOutcome,
    next: Option<Timestamp>,
) -> Result<Settled, Failed> {
    let (delivery, token) = (claim.delivery, claim.token);
    let settle =
        Settle { delivery, token, at, outcome, next, unknown: false, follow: Follow::Begin };
    Ok(ask(|done| store.settle(settle, done))?)
}

fn named(name: &str) -> Box<str> {
    lane::lane(&party("hospital"), &party("north"), 7, name == "receipt")
}

/// A unit for a lane; one that goes on by receipt asks for one within a minute.
fn one(id: &str, lane: &str) -> Unit {
    let by_receipt = lane::goes_on_by_receipt(lane);
    let within = by_receipt.then_some(60);
    let mut unit = deliver(unit("hospital", id), &To { receipt_within: within, ..To::default() });
    unit.deliveries[0].lane = Some(lane.into());
    unit
}

fn sent(receipt: Option<ReceiptCode>) -> AttemptOutcome {
    AttemptOutcome::Sent { receipt }
}

fn one_claim(store: &Keeper, now: i64) -> Result<Claim, Failed> {
    let mut claims = store.claim_due(None, at(now), 10)?.claims;
    match claims.len() {
        1 => Ok(claims.remove(0)),
        n => Err(format!("{n} claims at {now}").into()),
    }
}

fn none(store: &Keeper, now: i64) -> Result<(), Failed> {
    let claims = store.claim_due(None, at(now), 10)?.claims;
    match claims.is_empty() {
        true => Ok(()),
        false => Err(format!("claimed at {now}: {claims:?}").into()),
    }
}

/// A lane by receipt waits for it, however it comes, and goes on when none comes.
fn by_receipt() -> Result<(), Failed> {
    let store = memory(1);
    let lane = named("receipt");
    for id in ["m1", "m2", "m3", "m4"] {
        store.commit(vec![one(id, &lane)])?;
    }
    let first = one_claim(&store, 1)?;
    send(&store, &first, at(1))?;
    let settled = settle(&store, &first, at(1), sent(None), None)?;
    assert_eq!((settled.state, settled.next), (DeliveryState::Sent, None), "the receipt is due");
    none(&store, 30)?;
    // a temporary no is not the last word
    store.commit(vec![receipt("north", "r0", "m1", ReceiptCode::TransientError)])?;
    none(&store, 31)?;
    store.commit(vec![receipt("north", "r1", "m1", ReceiptCode::FatalError)])?;
    let second = one_claim(&store, 32)?;
    assert_eq!(second.message, message("m2"), "a refusal ends the wait as well");
    send(&store, &second, at(32))?;
    let settled = settle(&store, &second, at(32), sent(Some(ReceiptCode::Ok)), None)?;
    let third = settled.next.ok_or("a receipt in the answer lets the lane go on at once")?;
    send(&store, &third, at(33))?;
    settle(&store, &third, at(33), sent(None), None)?;
    none(&store, 92)?;
    assert_eq!(store.mark_overdue(at(93), 10)?.len(), 1);
    assert_eq!(one_claim(&store, 93)?.message, message("m4"), "none will come");
    Ok(())
}

/// By transport, the next one goes while the receipt is still due.
fn by_transport() -> Result<(), Failed> {
    let store = memory(1);
    let lane = named("transport");
    for id in ["m1", "m2"] {
        let mut unit = one(id, &lane);
        unit.deliveries[0].receipt_within = Some(60);
        store.commit(vec![unit])?;
    }
    let first = one_claim(&store, 1)?;
    send(&store, &first, at(1))?;
    let settled = settle(&store, &first, at(1), sent(None), None)?;
    assert_eq!(settled.state, DeliveryState::Sent);
    assert_eq!(settled.next.map(|next| next.message), Some(message("m2")));
    Ok(())
}

/// A receipt that lets a lane go on wakes whoever sleeps until something is due.
fn receipts_wake() -> Result<(), Failed> {
    let store = memory(1);
    let (send_wake, woken) = mpsc::channel();
    let lane = named("receipt");
    store.commit(vec![one("m1", &lane), one("m2", &lane)])?;
    let first = one_claim(&store, 1)?;
    send(&store, &first, at(1))?;
    settle(&store, &first, at(1), sent(None), None)?;
    store.on_due(std::sync::Arc::new(move || {
        let _ = send_wake.send(());
    }));
    store.commit(vec![receipt("north", "r1", "m1", ReceiptCode::Ok)])?;
    assert_eq!(woken.try_iter().count(), 1);
    // A second receipt for the same message changes nothing.
    store.commit(vec![receipt("north", "r2", "m1", ReceiptCode::Ok)])?;
    assert_eq!(woken.try_iter().count(), 0);
    Ok(())
}

/// An operator sees which message a lane waits for, since when, and why.
fn blocked() -> Result<(), Failed> {
    let store = memory(1);
    let (stuck, free) = (named("receipt"), named("transport"));
    for (id, lane) in [("m1", &stuck), ("m2", &stuck), ("m3", &free), ("m4", &free)] {
        let number = i64::from(id.as_bytes()[1] - b'0');
        let unit = Unit { received: at(number), ..one(id, lane) };
        store.commit(vec![unit])?;
    }
    let claims = store.claim_due(None, at(10), 10)?.claims;
    for claim in &claims {
        send(&store, claim, at(10))?;
    }
    settle(&store, &claims[0], at(10), sent(None), None)?;
    let failed = AttemptOutcome::Failed { reason: "http-503".into(), wait: None };
    settle(&store, &claims[1], at(10), failed, Some(at(70)))?;
    let rows = store.lanes(10)?;
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            let first = &row.first;
            (&*first.message.0, first.state.name(), row.waiting, first.since, first.due)
        })
        .collect();
    assert_eq!(
        seen,
        [("m1", "sent", 2, at(1), at(1)), ("m3", "waiting", 2, at(3), at(70))],
        "the lane by receipt, then the one whose attempt failed"
    );
    assert_eq!(rows[0].first.lane, Some(stuck));
    assert_eq!(rows[1].first.reason.as_deref(), Some("http-503"));
    Ok(())
}

/// A generator of numbers that a seed fixes.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// Ten thousand lanes of both kinds under random failures, lost receipts and refusals: no message sets out
/// before the one before it has ended, and no lane waits for another.
fn many() -> Result<(), Failed> {
    let store = memory(2);
    let names: Vec<Box<str>> = (0..LANES as u64)
        .map(|n| lane::lane(&party("hospital"), &party("north"), n, n % 2 == 0))
        .collect();
    for number in 0..EACH {
        let units = names.iter().enumerate().map(|(n, lane)| one(&format!("{number}-{n}"), lane));
        store.commit(units.collect())?;
    }
    let mut random = Random(0x5eed);
    let mut order: BTreeMap<Box<str>, Vec<u64>> = BTreeMap::new();
    let mut ended: BTreeSet<Box<str>> = BTreeSet::new();
    let (mut now, mut pairs, mut retries) = (0, 0, 0);
    while ended.len() < LANES * EACH {
        let claims = store.claim_due(None, at(now), 500)?.claims;
        if claims.is_empty() {
            // Nothing is due: only time goes on. A lane that waits for a receipt is told that it is late.
            now += 1;
            for lapsed in store.mark_overdue(at(now), 1_000)? {
                ended.insert(format!("{:?}", lapsed.delivery).into());
            }
            continue;
        }
        let mut hand = claims;
        while let Some(claim) = hand.pop() {
            let lane = claim.lane.clone().ok_or("no lane")?;
            let number: u64 = claim.message.0.split('-').next().unwrap_or_default().parse()?;
            let before = order.entry(lane.clone()).or_default();
            if before.last() != Some(&number) {
                pairs += usize::from(!before.is_empty());
                if before.last().is_some_and(|last| last + 1 != number) {
                    return Err(format!("{lane}: {number} after {before:?}").into());
                }
                before.push(number);
            }
            send(&store, &claim, at(now))?;
            let (outcome, next) = match random.below(10) {
                0..3 => {
                    retries += 1;
                    let reason = "http-503".into();
                    let next = at(now + 1 + random.below(5) as i64);
                    (AttemptOutcome::Failed { reason, wait: None }, Some(next))
                }
                3 => {
                    let fault = FaultOf::Receiver;
                    (AttemptOutcome::Final { reason: "http-400".into(), fault }, None)
                }
                4 => (sent(Some(ReceiptCode::FatalError)), None),
                5..8 => (sent(Some(ReceiptCode::Ok)), None),
                _ => (sent(None), None),
            };
            let settled = settle(&store, &claim, at(now), outcome, next)?;
            let over = match settled.state {
                DeliveryState::Waiting => false,
                DeliveryState::Sent => !lane::goes_on_by_receipt(&lane),
                _ => true,
            };
            if over {
                ended.insert(format!("{:?}", claim.delivery).into());
            }
            if settled.next.is_some() && !over {
                return Err(format!("{lane} went on before {number} had ended").into());
            }
            hand.extend(settled.next);
        }
    }
    assert_eq!(pairs, LANES * (EACH - 1), "pairs checked, inversions 0");
    assert!(retries > LANES, "enough went wrong: {retries}");
    assert_eq!(store.next_due(None), None);
    Ok(())
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial(
            "G8: a lane by receipt goes on when the receipt is there or can no longer come",
            by_receipt,
        ),
        trial("G8: a lane by transport goes on while the receipt is due", by_transport),
        trial("G8: a receipt wakes the lane that waits for it", receipts_wake),
        trial("G8: an operator sees which message blocks which lane, since when and why", blocked),
        trial("G8: ten thousand lanes under random failures, no inversion", many),
    ]
}
