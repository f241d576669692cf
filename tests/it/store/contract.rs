// size: one contract, read from top to bottom
//! What every home of the store promises; each case runs against a fresh store of each home.

use super::make::{PLAIN, To, at, deliver, envelope, message, party, receipt, unit};
use crate::support::{Needs, trial};
use jiff::Timestamp;
use libtest_mimic::{Failed, Trial};
use stafett::message::{
    AttemptOutcome, Committed, DeliveryId, Error, FaultOf, Position, ReceiptCode, Unit, Verdict,
};
use stafett::store::{
    Claim, DeliveryFilter, DeliveryState, Done, Follow, MessageFilter, Operation, Settle, Settled,
    Store,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};

type Case = fn(&Arc<dyn Store>) -> Result<(), Failed>;

const CASES: &[(&str, Case)] = &[
    ("what is committed is read back", read_back),
    ("a message gets one verdict", one_verdict),
    ("an envelope seen since makes a unit stale", stale),
    ("each party has its own ids", own_ids),
    ("a hundred racing copies get one verdict", race),
    ("a delivery goes from due to confirmed", delivered),
    ("a lane keeps its order, others go on", lanes),
    ("settle and claim the next", settle_and_claim),
    ("a failed attempt waits for its time", backoff),
    ("a dead letter frees its lane and can be tried again", dead_letter),
    ("an old claim is fenced off", fenced),
    ("what the state does not allow is refused", illegal),
    ("a receipt decides, once", receipts),
    ("a receipt may overtake the end of the attempt", early_receipt),
    ("a receipt that is overdue may still come", overdue),
    ("what ran out of time is not sent", expired),
    ("an operator holds, releases, gives up", operator),
    ("endpoints are served in turn", endpoints),
    ("whoever sleeps is woken", woken),
    ("a receiver gets the output, or the original untouched", sendable),
    ("questions are answered", questions),
    ("every change of state has its audit record", audited),
];

/// The contract's trials for one home.
pub fn trials<F>(home: &'static str, open: F) -> Vec<Trial>
where
    F: Fn() -> Result<Arc<dyn Store>, Failed> + Clone + Send + 'static,
{
    let one = |(name, case): &(&str, Case)| {
        let (open, case) = (open.clone(), *case);
        trial(&format!("store: {home}: {name}"), Needs::Nothing, move || case(&open()?))
    };
    CASES.iter().map(one).collect()
}

fn wait<T: Send + 'static>(ask: impl FnOnce(Done<T>)) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |result| drop(send.send(result))));
    receive.recv().expect("every question is answered")
}

fn commit(store: &Arc<dyn Store>, unit: Unit) -> Result<Position, Failed> {
    match store.commit(vec![unit])?.remove(0) {
        Committed::New(position) => Ok(position),
        other => Err(Failed::from(format!("not new: {other:?}"))),
    }
}

fn claim(store: &Arc<dyn Store>, now: Timestamp) -> Result<Vec<Claim>, Failed> {
    Ok(store.claim_due(None, now, 100)?.claims)
}

fn claim_one(store: &Arc<dyn Store>, now: Timestamp) -> Result<Claim, Failed> {
    let mut claims = claim(store, now)?;
    assert_eq!(claims.len(), 1, "one is due");
    Ok(claims.remove(0))
}

fn send(store: &Arc<dyn Store>, claim: &Claim, now: Timestamp) -> Result<(), Failed> {
    Ok(wait(|done| store.sending(claim.delivery, claim.token, now, done))?)
}

fn settling(claim: &Claim, now: Timestamp, outcome: AttemptOutcome) -> Settle {
    let (delivery, token) = (claim.delivery, claim.token);
    Settle { delivery, token, at: now, outcome, next: None, unknown: false, follow: Follow::Leave }
}

fn sent() -> AttemptOutcome {
    AttemptOutcome::Sent { receipt: None }
}

fn failed() -> AttemptOutcome {
    AttemptOutcome::Failed { reason: "http-503".into(), wait: None }
}

fn settle(store: &Arc<dyn Store>, settle: Settle) -> Result<Settled, Error> {
    wait(|done| store.settle(settle, done))
}

fn deliver_one(store: &Arc<dyn Store>, now: Timestamp) -> Result<Claim, Failed> {
    let claim = claim_one(store, now)?;
    send(store, &claim, now)?;
    settle(store, settling(&claim, now, sent()))?;
    Ok(claim)
}

fn operate(
    store: &Arc<dyn Store>,
    delivery: DeliveryId,
    operation: Operation,
    now: i64,
) -> Result<DeliveryState, Error> {
    wait(|done| store.operate(delivery, operation, "anna", at(now), done))
}

fn read_back(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let one = deliver(unit("hospital", "m1"), &PLAIN);
    let position = commit(store, one.clone())?;
    assert_eq!(store.unit(position)?, one);
    let known = store.known_about(&one.party, &one.message, &one.envelope)?;
    let found = known.message.expect("it is known");
    assert_eq!((found.position, found.verdict), (position, one.verdict));
    assert_eq!(known.envelope.expect("so is its envelope").message, one.message);
    let nothing = store.known_about(&one.party, &message("m2"), &envelope("e2"))?;
    assert!(nothing.message.is_none() && nothing.envelope.is_none());
    Ok(())
}

fn one_verdict(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let first = Unit { verdict: Verdict::Refused, ..unit("hospital", "m1") };
    let position = commit(store, first)?;
    let again = Unit { envelope: envelope("other"), ..unit("hospital", "m1") };
    match store.commit(vec![again])?.remove(0) {
        Committed::Existing(known) => {
            assert_eq!((known.position, known.verdict), (position, Verdict::Refused));
        }
        other => return Err(Failed::from(format!("a second verdict: {other:?}"))),
    }
    let known = store.known_about(&party("hospital"), &message("m1"), &envelope("other"))?;
    assert!(known.envelope.is_none(), "nothing was written for the copy");
    Ok(())
}

fn stale(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let one = unit("hospital", "m1");
    let before = store.known_about(&one.party, &one.message, &one.envelope)?.read_at;
    commit(store, one.clone())?;
    let other = Unit { message: message("m2"), read_at: Some(before), ..one.clone() };
    assert_eq!(store.commit(vec![other.clone()])?, vec![Committed::Stale]);
    let known = store.known_about(&other.party, &other.message, &other.envelope)?;
    assert_eq!(known.envelope.expect("now it is known").message, one.message);
    let again = Unit { read_at: Some(known.read_at), verdict: Verdict::Refused, ..other };
    commit(store, again)?;
    Ok(())
}

fn own_ids(store: &Arc<dyn Store>) -> Result<(), Failed> {
    for name in ["a", "b", "c", "d", "e", "f"] {
        commit(store, unit(name, "m1"))?;
    }
    Ok(())
}

fn race(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let barrier = Arc::new(Barrier::new(100));
    let copies: Vec<_> = (0..100)
        .map(|n| {
            let (store, barrier) = (Arc::clone(store), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let verdict = if n % 2 == 0 { Verdict::Accepted } else { Verdict::Refused };
                let copy = Unit { verdict, ..unit("hospital", "m1") };
                barrier.wait();
                store.commit(vec![copy]).map(|mut all| (verdict, all.remove(0)))
            })
        })
        .collect();
    let mut fresh = Vec::new();
    let mut told = BTreeSet::new();
    for copy in copies {
        match copy.join().expect("no panic")? {
            (verdict, Committed::New(position)) => fresh.push((verdict, position)),
            (_, Committed::Existing(known)) => {
                told.insert((known.verdict == Verdict::Accepted, known.position));
            }
            (_, Committed::Stale) => return Err(Failed::from("stale, though a verdict exists")),
        }
    }
    assert_eq!(fresh.len(), 1, "one verdict");
    let (verdict, position) = fresh[0];
    assert_eq!(told, BTreeSet::from([(verdict == Verdict::Accepted, position)]));
    Ok(())
}

fn delivered(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, deliver(unit("hospital", "m1"), &PLAIN))?;
    assert_eq!(store.next_due(None), Some(at(0)));
    let claim = claim_one(store, at(1))?;
    assert_eq!((claim.attempt, &*claim.route), (1, "to-north"));
    assert!(!claim.possible_duplicate);
    assert!(self::claim(store, at(1))?.is_empty(), "it is in hand");
    send(store, &claim, at(1))?;
    let state = settle(store, settling(&claim, at(2), sent()))?.state;
    assert_eq!(state, DeliveryState::Confirmed);
    assert!(store.delivery(claim.delivery).is_none(), "it is over");
    assert_eq!(store.next_due(None), None);
    Ok(())
}

fn lanes(store: &Arc<dyn Store>) -> Result<(), Failed> {
    for (id, lane) in [("m1", "x"), ("m2", "x"), ("m3", "y"), ("m4", "x")] {
        commit(store, deliver(unit("hospital", id), &To { lane: Some(lane), ..PLAIN }))?;
    }
    let claims = claim(store, at(1))?;
    let ids: Vec<_> = claims.iter().map(|c| c.message.to_string()).collect();
    assert_eq!(ids, ["m1", "m3"], "one from each lane");
    send(store, &claims[0], at(1))?;
    let again = Settle { next: Some(at(60)), ..settling(&claims[0], at(1), failed()) };
    assert_eq!(settle(store, again)?.state, DeliveryState::Waiting);
    assert!(claim(store, at(59))?.is_empty(), "the lane waits with its first");
    for id in ["m1", "m2", "m4"] {
        assert_eq!(&*deliver_one(store, at(60))?.message.0, id);
    }
    Ok(())
}

fn settle_and_claim(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let lane = To { lane: Some("x"), ..PLAIN };
    for id in ["m1", "m2", "m3"] {
        commit(store, deliver(unit("hospital", id), &lane))?;
    }
    let first = claim_one(store, at(1))?;
    send(store, &first, at(1))?;
    let both = Settle { follow: Follow::Claim, ..settling(&first, at(2), sent()) };
    let next = settle(store, both)?.next.expect("the lane has another");
    assert_eq!(&*next.message.0, "m2");
    assert!(claim(store, at(2))?.is_empty());
    send(store, &next, at(2))?;
    let both = Settle { follow: Follow::Begin, ..settling(&next, at(2), sent()) };
    let last = settle(store, both)?.next.expect("and another");
    assert!(last.begun && !next.begun);
    let again = send(store, &last, at(2));
    assert!(again.is_err(), "its attempt has begun with the end of the one before");
    let both = Settle { follow: Follow::Begin, ..settling(&last, at(3), sent()) };
    assert_eq!(settle(store, both)?, Settled { state: DeliveryState::Confirmed, next: None });
    let audit = store.message(last.delivery.unit)?.ok_or("it is not listed")?.audit;
    let actions: Vec<&str> = audit.iter().map(|one| &*one.action).collect();
    assert_eq!(actions[actions.len() - 3..], ["claimed", "sending", "sent"]);
    Ok(())
}

fn backoff(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, deliver(unit("hospital", "m1"), &PLAIN))?;
    let first = claim_one(store, at(1))?;
    send(store, &first, at(1))?;
    let later = Settle {
        next: Some(at(30)),
        unknown: true,
        follow: Follow::Claim,
        ..settling(&first, at(2), failed())
    };
    assert_eq!(settle(store, later)?, Settled { state: DeliveryState::Waiting, next: None });
    assert_eq!(store.next_due(Some("north")), Some(at(30)));
    assert!(claim(store, at(29))?.is_empty());
    let second = claim_one(store, at(30))?;
    assert_eq!(second.attempt, 2);
    assert!(second.possible_duplicate, "its first outcome is unknown");
    Ok(())
}

fn dead_letter(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let lane = To { lane: Some("x"), ..PLAIN };
    for id in ["m1", "m2"] {
        commit(store, deliver(unit("hospital", id), &lane))?;
    }
    let first = claim_one(store, at(1))?;
    send(store, &first, at(1))?;
    let reason = AttemptOutcome::Final { reason: "http-400".into(), fault: FaultOf::Ours };
    let state = settle(store, settling(&first, at(1), reason))?.state;
    assert_eq!(state, DeliveryState::DeadLetter);
    let second = claim_one(store, at(1))?;
    assert_eq!(&*second.message.0, "m2", "the lane is free");
    let dead = store.delivery(first.delivery).expect("a dead letter is kept");
    assert_eq!(dead.reason.as_deref(), Some("http-400"));
    operate(store, first.delivery, Operation::Retry { expires: None }, 5)?;
    let again = claim_one(store, at(5))?;
    assert_eq!((again.delivery, again.attempt), (first.delivery, 2));
    assert!(again.outside_lane);
    Ok(())
}

fn fenced(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, deliver(unit("hospital", "m1"), &PLAIN))?;
    let old = claim_one(store, at(1))?;
    settle(store, Settle { next: Some(at(2)), ..settling(&old, at(1), failed()) })?;
    let new = claim_one(store, at(2))?;
    assert_ne!(old.token, new.token);
    assert!(send(store, &old, at(2)).is_err());
    send(store, &new, at(2))?;
    assert!(settle(store, settling(&old, at(2), sent())).is_err());
    assert_eq!(store.delivery(new.delivery).expect("open").state, DeliveryState::InFlight);
    Ok(())
}

fn illegal(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let position = commit(store, deliver(unit("hospital", "m1"), &PLAIN))?;
    let id = DeliveryId { unit: position, index: 0 };
    assert!(operate(store, id, Operation::Retry { expires: None }, 0).is_err(), "not dead");
    assert!(operate(store, id, Operation::Release, 0).is_err(), "not held");
    let claim = claim_one(store, at(1))?;
    assert!(settle(store, settling(&claim, at(1), sent())).is_err(), "it was never sent");
    send(store, &claim, at(1))?;
    assert!(send(store, &claim, at(1)).is_err(), "it is being sent");
    assert!(operate(store, id, Operation::Hold, 1).is_err(), "it is in hand");
    let none = DeliveryId { unit: position, index: 9 };
    assert!(operate(store, none, Operation::Hold, 1).is_err(), "there is none");
    assert!(store.commit(vec![bad_output()]).is_err(), "it names an output that is not there");
    Ok(())
}

fn bad_output() -> Unit {
    let mut unit = deliver(unit("hospital", "m9"), &PLAIN);
    unit.outputs.clear();
    unit
}

fn receipts(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let to = To { receipt_within: Some(1800), ..PLAIN };
    for id in ["m1", "m2"] {
        commit(store, deliver(unit("hospital", id), &to))?;
        let claim = deliver_one(store, at(10))?;
        let open = store.delivery(claim.delivery).expect("a receipt is due");
        assert_eq!((open.state, open.receipt_due), (DeliveryState::Sent, Some(at(1810))));
    }
    let north = party("north");
    assert!(store.awaiting(&party("south"), &message("m1")).is_none());
    let waiting = store.awaiting(&north, &message("m1")).expect("it is awaited");
    commit(store, receipt("north", "r0", "m1", ReceiptCode::TransientError))?;
    let still = store.awaiting(&north, &message("m1")).expect("that was no last word");
    assert_eq!(still.receipt, Some(ReceiptCode::TransientError));
    commit(store, receipt("north", "r1", "m1", ReceiptCode::Ok))?;
    assert!(store.delivery(waiting.delivery).is_none(), "confirmed");
    commit(store, receipt("north", "r2", "m1", ReceiptCode::FatalError))?;
    commit(store, receipt("north", "r3", "m2", ReceiptCode::FatalError))?;
    assert!(store.awaiting(&north, &message("m2")).is_none(), "rejected");
    assert_eq!(store.next_overdue(), None);
    Ok(())
}

fn early_receipt(store: &Arc<dyn Store>) -> Result<(), Failed> {
    commit(store, deliver(unit("hospital", "m1"), &PLAIN))?;
    let claim = claim_one(store, at(1))?;
    send(store, &claim, at(1))?;
    commit(store, receipt("north", "r1", "m1", ReceiptCode::FatalError))?;
    assert_eq!(store.delivery(claim.delivery).expect("open").state, DeliveryState::InFlight);
    let lost = Settle { next: Some(at(9)), unknown: true, ..settling(&claim, at(2), failed()) };
    assert_eq!(settle(store, lost)?.state, DeliveryState::Rejected);
    assert_eq!(store.next_due(None), None, "it is not sent again");
    Ok(())
}

fn overdue(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let to = To { receipt_within: Some(60), ..PLAIN };
    for id in ["m1", "m2"] {
        commit(store, deliver(unit("hospital", id), &to))?;
        deliver_one(store, at(10))?;
    }
    assert_eq!(store.next_overdue(), Some(at(70)));
    assert!(store.mark_overdue(at(69), 10)?.is_empty());
    let first = store.mark_overdue(at(70), 1)?;
    assert_eq!(first.len(), 1);
    let second = store.mark_overdue(at(70), 10)?;
    assert_eq!(second.len(), 1);
    assert!(store.mark_overdue(at(71), 10)?.is_empty(), "each once");
    let id = first[0].delivery;
    assert_eq!(store.delivery(id).expect("kept").state, DeliveryState::Overdue);
    commit(store, receipt("north", "r1", "m1", ReceiptCode::Ok))?;
    commit(store, receipt("north", "r2", "m2", ReceiptCode::Ok))?;
    assert_eq!(store.status().open_deliveries, 0);
    Ok(())
}

fn expired(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let to = To { lane: Some("x"), expires: 100, ..PLAIN };
    commit(store, deliver(unit("hospital", "m1"), &to))?;
    commit(store, deliver(unit("hospital", "m2"), &To { expires: 900, ..to }))?;
    let found = store.claim_due(None, at(100), 10)?;
    assert_eq!((found.claims.len(), found.expired.len()), (1, 1));
    assert_eq!(&*found.claims[0].message.0, "m2", "its lane is free");
    let id = found.expired[0].delivery;
    assert_eq!(store.delivery(id).expect("kept").state, DeliveryState::Expired);
    operate(store, id, Operation::Retry { expires: Some(at(500)) }, 101)?;
    assert_eq!(claim_one(store, at(101))?.expires, at(500));
    Ok(())
}

fn operator(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let lane = To { lane: Some("x"), ..PLAIN };
    let mut ids = Vec::new();
    for id in ["m1", "m2"] {
        let unit = commit(store, deliver(unit("hospital", id), &lane))?;
        ids.push(DeliveryId { unit, index: 0 });
    }
    operate(store, ids[0], Operation::Hold, 1)?;
    assert!(claim(store, at(1))?.is_empty(), "its lane waits with it");
    operate(store, ids[0], Operation::Release, 2)?;
    assert_eq!(store.next_due(None), Some(at(2)));
    operate(store, ids[0], Operation::GiveUp, 3)?;
    assert_eq!(&*claim_one(store, at(3))?.message.0, "m2");
    assert_eq!(store.delivery(ids[0]).expect("kept").state, DeliveryState::DeadLetter);
    Ok(())
}

fn endpoints(store: &Arc<dyn Store>) -> Result<(), Failed> {
    for n in 0..6 {
        let endpoint = if n < 4 { "north" } else { "south" };
        commit(store, deliver(unit("hospital", &format!("m{n}")), &To { endpoint, ..PLAIN }))?;
    }
    let some = store.claim_due(None, at(1), 4)?.claims;
    let south = some.iter().filter(|c| &*c.endpoint == "south").count();
    assert_eq!((some.len(), south), (4, 2), "in turn");
    assert!(store.claim_due(Some("south"), at(1), 4)?.claims.is_empty());
    assert_eq!(store.claim_due(Some("north"), at(1), 1)?.claims.len(), 1);
    assert_eq!(store.next_due(Some("south")), None);
    assert_eq!(store.next_due(Some("north")), Some(at(0)));
    Ok(())
}

fn woken(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    store.on_due(Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    commit(store, unit("hospital", "m0"))?;
    assert_eq!(calls.load(Ordering::SeqCst), 0, "nothing came up");
    commit(store, deliver(unit("hospital", "m1"), &PLAIN))?;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    Ok(())
}

fn sendable(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let mut one = deliver(deliver(unit("hospital", "m1"), &PLAIN), &PLAIN);
    one.outputs[1].bytes = "translated".into();
    one.outputs[1].message = message("legacy-1");
    let unit = commit(store, one.clone())?;
    let first = store.sendable(DeliveryId { unit, index: 0 })?;
    assert_eq!((first.bytes, first.message), (one.original, one.message));
    let second = store.sendable(DeliveryId { unit, index: 1 })?;
    assert_eq!((&*second.bytes, second.message), (&b"translated"[..], message("legacy-1")));
    assert!(store.sendable(DeliveryId { unit, index: 2 }).is_err());
    Ok(())
}

fn ids(store: &Arc<dyn Store>, filter: MessageFilter) -> Result<Vec<String>, Failed> {
    Ok(store.messages(&filter)?.into_iter().map(|row| row.message).collect())
}

/// Ten messages a second apart, every other refused; the first is delivered, the third is dead.
fn ten(store: &Arc<dyn Store>) -> Result<Vec<Position>, Failed> {
    let to = To { receipt_within: Some(60), ..PLAIN };
    let mut positions = Vec::new();
    for n in 0..10 {
        let mut one = Unit { received: at(n), ..unit("hospital", &format!("m{n}")) };
        if n % 2 == 1 {
            one.verdict = Verdict::Refused;
            one.issues.push(issue());
        } else {
            one = deliver(one, &to);
        }
        positions.push(commit(store, one)?);
    }
    let mut claims = claim(store, at(10))?;
    for claim in claims.drain(..2) {
        send(store, &claim, at(11))?;
        let first = &*claim.message.0 == "m0";
        let reason = AttemptOutcome::Final { reason: "http-410".into(), fault: FaultOf::Receiver };
        let outcome = if first { sent() } else { reason };
        settle(store, settling(&claim, at(12), outcome))?;
    }
    Ok(positions)
}

fn issue() -> stafett::message::ToldIssue {
    stafett::message::ToldIssue {
        severity: stafett::message::Severity::Error,
        code: stafett::message::IssueType::Required,
        id: "profile-min".into(),
        expression: Some("Bundle.entry[0]".into()),
        position: Some((3, 7)),
        profile: None,
        text: "at least 1 is required".into(),
    }
}

fn questions(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let positions = ten(store)?;
    let all = MessageFilter::default;
    let newest = ids(store, MessageFilter { limit: 2, ..all() })?;
    assert_eq!(newest, ["m9", "m8"], "the newest first");
    let state = |state: &str| MessageFilter { state: Some(state.into()), ..all() };
    assert_eq!(ids(store, state("refused"))?, ["m9", "m7", "m5", "m3", "m1"]);
    assert_eq!(ids(store, state("dead-letter"))?, ["m2"]);
    assert_eq!(ids(store, MessageFilter { message: Some("m4".into()), ..all() })?, ["m4"]);
    let told = MessageFilter { issue: Some("profile-min".into()), limit: 1, ..all() };
    assert_eq!(ids(store, told)?, ["m9"]);
    let between = MessageFilter { from: Some(at(3)), until: Some(at(5)), ..all() };
    assert_eq!(ids(store, between)?, ["m4", "m3"]);
    let receiver = MessageFilter { receiver: Some("gln:5790000120406".into()), ..all() };
    assert_eq!(ids(store, receiver)?.len(), 10);
    let sender = MessageFilter { sender: Some("gln:5790000120406".into()), ..all() };
    assert!(ids(store, sender)?.is_empty());
    let detail = store.message(positions[1])?.expect("it is there");
    assert_eq!((&*detail.row.state, detail.issues[0].line), ("refused", Some(3)));
    let none = Position { partition: 0, sequence: 99 };
    assert!(store.message(none)?.is_none());
    let dead = DeliveryFilter { state: Some(DeliveryState::DeadLetter), ..Default::default() };
    let dead = store.deliveries(&dead)?;
    assert_eq!((dead.len(), dead[0].reason.as_deref()), (1, Some("http-410")));
    assert_eq!(store.delivery(dead[0].id).as_ref(), Some(&dead[0]), "the book says the same");
    let due = DeliveryFilter { receipt_due_before: Some(at(73)), ..Default::default() };
    assert_eq!(store.deliveries(&due)?.len(), 1);
    let queues = store.queues()?;
    assert_eq!((queues.len(), queues[0].waiting, queues[0].oldest), (1, 3, at(4)));
    let counters = store.counters()?;
    let count =
        |name: &str| counters.iter().filter(|row| row.name == name).map(|r| r.n).sum::<u64>();
    let counts = ["received", "refused", "attempts", "delivered", "dead"].map(count);
    assert_eq!(counts, [10, 5, 2, 1, 1]);
    Ok(())
}

fn audited(store: &Arc<dyn Store>) -> Result<(), Failed> {
    let to = To { receipt_within: Some(60), lane: Some("x"), ..PLAIN };
    let position = commit(store, deliver(unit("hospital", "m1"), &to))?;
    let id = DeliveryId { unit: position, index: 0 };
    operate(store, id, Operation::Hold, 1)?;
    operate(store, id, Operation::Release, 2)?;
    let first = claim_one(store, at(3))?;
    send(store, &first, at(3))?;
    settle(store, Settle { next: Some(at(5)), ..settling(&first, at(4), failed()) })?;
    deliver_one(store, at(5))?;
    store.mark_overdue(at(65), 1)?;
    commit(store, receipt("north", "r1", "m1", ReceiptCode::Ok))?;
    let detail = store.message(position)?.expect("it is there");
    let told: Vec<_> = detail.audit.iter().map(|row| &*row.action).collect();
    let expected = [
        "accepted",
        "receipt-received",
        "held",
        "released",
        "claimed",
        "sending",
        "retry-scheduled",
        "claimed",
        "sending",
        "sent",
        "receipt-overdue",
    ];
    assert_eq!(told, expected, "in order of time; the receipt was received at the beginning");
    assert_eq!((&*detail.audit[2].actor, &*detail.audit[4].actor), ("anna", "stafett"));
    assert_eq!(detail.row.deliveries[0].state, DeliveryState::Confirmed);
    let lane = DeliveryFilter { lane: Some("x".into()), ..Default::default() };
    assert_eq!(store.deliveries(&lane)?.len(), 1);
    assert!(store.lanes(10)?.is_empty(), "nothing waits in it");
    Ok(())
}
