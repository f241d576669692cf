//! The power goes at every write and sync of a scripted run; the disk fails at every one of them.
//!
//! A model of what senders were told judges what is found: what was acknowledged is there, what was not is
//! there whole or not at all, and a resend gives exactly one.

use super::make::{PLAIN, To, at, deliver, receipt, unit};
use super::{fail, small, wait};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::{
    AttemptOutcome, Committed, DeliveryId, Error, ErrorKind, ReceiptCode, Retry, Unit,
};
use stafett::store::disk::{Fault, SimDisk};
use stafett::store::{DeliveryState, Follow, Keeper, Settle, Store, open_on};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("store: power lost at every point of a run", Needs::Nothing, power),
        trial("store: a failed write or sync is final", Needs::Nothing, failing),
        trial("store: one sync for all who wait", Needs::Nothing, groups),
        trial("store: what was in hand is due again, flagged", Needs::Nothing, in_hand),
    ]
}

/// The scripted run's units: ten messages with a delivery each in two lanes, and ten receipts.
fn script() -> Vec<Unit> {
    let mut units = Vec::new();
    for n in 0..10 {
        let lane = if n % 2 == 0 { "even" } else { "odd" };
        let to = To { lane: Some(lane), receipt_within: Some(600), ..PLAIN };
        let mut message = deliver(unit("hospital", &format!("m{n}")), &to);
        // Enough that two hundred bytes are not all there is, and that it does not compress away.
        let noise = (0..40u32).flat_map(|k| *blake3::hash(&[n as u8, k as u8]).as_bytes());
        message.original = noise.collect::<Vec<u8>>().into();
        units.push(message);
        let about = format!("m{n}");
        units.push(receipt("north", &format!("r{n}"), &about, ReceiptCode::Ok));
    }
    units
}

/// What was acknowledged.
#[derive(Default)]
struct Told {
    commits: BTreeMap<String, Unit>,
    confirmed: Vec<DeliveryId>,
    in_flight: Vec<DeliveryId>,
}

/// Runs the script as far as the disk lets it.
fn run(disk: &SimDisk, told: &mut Told) -> Result<(), Error> {
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    for unit in script() {
        store.commit(vec![unit.clone()])?;
        told.commits.insert(unit.message.to_string(), unit.clone());
        if unit.receipt_for.is_some() {
            continue;
        }
        let claim = store.claim_due(None, at(1), 1)?.claims.remove(0);
        told.in_flight.push(claim.delivery);
        wait(|done| store.sending(claim.delivery, claim.token, at(1), done))?;
        let settle = Settle {
            delivery: claim.delivery,
            token: claim.token,
            at: at(2),
            outcome: AttemptOutcome::Sent { receipt: None },
            next: None,
            unknown: false,
            follow: Follow::Begin,
        };
        wait(|done| store.settle(settle, done))?;
        told.in_flight.pop();
        told.confirmed.push(claim.delivery);
    }
    Ok(())
}

/// Holds what is found against what was told.
fn judge(store: &Keeper, told: &Told, point: u64) -> Result<(), Failed> {
    for unit in script() {
        let id = unit.message.to_string();
        let known = store.known_about(&unit.party, &unit.message, &unit.envelope)?;
        match &known.message {
            Some(found) if store.unit(found.position)? != unit => {
                return Err(fail(format!("point {point}: {id} is not what was sent")));
            }
            None if told.commits.contains_key(&id) => {
                return Err(fail(format!("point {point}: {id} was acknowledged and is lost")));
            }
            _ => {}
        }
        let resent = store.commit(vec![unit])?.remove(0);
        let fresh = matches!(resent, Committed::New(_));
        if fresh == known.message.is_some() {
            return Err(fail(format!("point {point}: {id}, resent, is {resent:?}")));
        }
    }
    for id in &told.confirmed {
        let state = store.delivery(*id).map(|delivery| delivery.state);
        let sent = matches!(state, None | Some(DeliveryState::Sent));
        if !sent {
            return Err(fail(format!("point {point}: {id:?} was sent and is {state:?}")));
        }
    }
    for id in &told.in_flight {
        let again = store.delivery(*id);
        if again.is_some_and(|d| d.state == DeliveryState::InFlight) {
            return Err(fail(format!("point {point}: {id:?} is in nobody's hand")));
        }
    }
    Ok(())
}

fn power() -> Result<(), Failed> {
    let whole = SimDisk::new();
    run(&whole, &mut Told::default())?;
    let points = whole.points();
    assert!(points > 100, "{points} points");
    for point in 0..points {
        for seed in 0..4 {
            let disk = SimDisk::new();
            disk.fail_at(point, Fault::Crash);
            let mut told = Told::default();
            drop(run(&disk, &mut told));
            let after = disk.after_crash(point * 31 + seed);
            let store = open_on(Arc::new(after.clone()), small(), at(100))?;
            let rotten = store.status().bad_records;
            if rotten > 0 {
                return Err(fail(format!("point {point}.{seed}: {:?}", store.bad())));
            }
            judge(&store, &told, point)?;
            drop(store);
            let again = open_on(Arc::new(after), small(), at(200))?;
            judge_again(&again, point)?;
        }
    }
    Ok(())
}

/// After the resends everything is there, once.
fn judge_again(store: &Keeper, point: u64) -> Result<(), Failed> {
    for unit in script() {
        let answer = store.commit(vec![unit])?.remove(0);
        if !matches!(answer, Committed::Existing(_)) {
            return Err(fail(format!("point {point}: {answer:?} after a second start")));
        }
    }
    // What was torn before the first start is not taken for rot at the second, though its number stands elsewhere now.
    if store.status().bad_records > 0 {
        return Err(fail(format!("point {point}: after a second start {:?}", store.bad())));
    }
    Ok(())
}

fn failing() -> Result<(), Failed> {
    let whole = SimDisk::new();
    run(&whole, &mut Told::default())?;
    for fault in [Fault::Eio, Fault::Enospc] {
        for point in 0..whole.points() {
            let disk = SimDisk::new();
            disk.fail_at(point, fault);
            let mut told = Told::default();
            let error = match run(&disk, &mut told) {
                Err(error) => error,
                // How entries share a batch differs from run to run, and so does the number of points.
                Ok(()) if disk.points() <= point => continue,
                Ok(()) => return Err(fail(format!("{fault:?} at {point} went unseen"))),
            };
            assert_eq!(error.kind, ErrorKind::Storage, "{error}");
            let after = disk.after_crash(point);
            let store = open_on(Arc::new(after), small(), at(100))?;
            judge(&store, &told, point)?;
        }
    }
    read_only()
}

/// Once failed, always failed, though the disk works again; and it says so.
fn read_only() -> Result<(), Failed> {
    let disk = SimDisk::new();
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    store.commit(vec![unit("hospital", "m1")])?;
    disk.fail_at(disk.points() + 1, Fault::Eio);
    for id in ["m2", "m3"] {
        let error = store.commit(vec![unit("hospital", id)]).expect_err("the sync failed");
        assert_eq!((error.kind, error.retry), (ErrorKind::Storage, Retry::Backoff));
    }
    assert!(store.status().failed.is_some());
    assert!(store.claim_due(None, at(1), 1).is_err());
    let two = unit("hospital", "m2");
    let known = store.known_about(&two.party, &two.message, &two.envelope)?;
    assert!(known.message.is_none(), "what is not durable is not known");
    let one = unit("hospital", "m1");
    assert!(store.known_about(&one.party, &one.message, &one.envelope)?.message.is_some());
    Ok(())
}

fn groups() -> Result<(), Failed> {
    let disk = SimDisk::new();
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    let before = disk.syncs();
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    // The writer is held in its first answer; what comes meanwhile has to share a sync.
    let hold = Box::new(move |_| {
        enter.send(()).unwrap_or(());
        left.recv().unwrap_or(());
    });
    store.submit(unit("hospital", "m0"), hold);
    entered.recv()?;
    let answered = Arc::new(AtomicUsize::new(0));
    let (send, receive) = mpsc::channel();
    for n in 1..=64 {
        let (answered, send) = (Arc::clone(&answered), send.clone());
        let done = Box::new(move |_| {
            answered.fetch_add(1, Ordering::SeqCst);
            send.send(()).unwrap_or(());
        });
        let mut small = unit("hospital", &format!("m{n}"));
        small.audit.clear();
        store.submit(small, done);
    }
    assert_eq!(answered.load(Ordering::SeqCst), 0, "nothing is answered before its sync");
    leave.send(())?;
    for _ in 0..64 {
        receive.recv()?;
    }
    let syncs = disk.syncs() - before;
    // One for the first, one for all others; two more where the others fill a segment.
    assert!((2..=5).contains(&syncs), "{syncs} syncs for 65 units");
    Ok(())
}

fn in_hand() -> Result<(), Failed> {
    let disk = SimDisk::new();
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    for id in ["m1", "m2"] {
        store.commit(vec![deliver(unit("hospital", id), &PLAIN)])?;
    }
    let claims = store.claim_due(None, at(1), 2)?.claims;
    let flying = &claims[1];
    wait(|done| store.sending(flying.delivery, flying.token, at(1), done))?;
    drop(store);
    let store = open_on(Arc::new(disk), small(), at(50))?;
    let again = store.claim_due(None, at(50), 9)?.claims;
    let flags: Vec<_> = again.iter().map(|c| (c.delivery, c.possible_duplicate)).collect();
    assert_eq!(flags, [(claims[0].delivery, false), (flying.delivery, true)]);
    assert!(again.iter().all(|c| c.token > flying.token), "old claims are fenced off");
    Ok(())
}
