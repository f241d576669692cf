//! Retry and resend are a written schedule per route: exact instants, on the trials' own clock.

use super::stage::{DOWN, Seen, Stage, answer, bundle};
use crate::store::make::receipt;
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use stafett::deliver::http::Reply;
use stafett::message::ReceiptCode;
use stafett::store::DeliveryState;
use std::sync::Arc;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("{what}: expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

fn words(told: &[(i64, String)], of: &[&str]) -> Vec<(i64, String)> {
    told.iter().filter(|(_, word)| of.contains(&&**word)).cloned().collect()
}

fn named(at: i64, word: &str) -> (i64, String) {
    (at, word.to_owned())
}

/// MedCom: 30 minutes, twice, a new envelope each time around the same message, then an alarm.
fn medcom() -> Result<(), Failed> {
    let stage = Stage::new(&[("north", "schedule = 'medcom'")], Arc::new(|_, _| answer(202)))?;
    let id = stage.commit("m1", "north", None)?;
    stage.until(5 * HOUR);
    let seen = stage.seen();
    is("instants", stage.times("m1"), vec![0, 1800, 3600])?;
    is("the first is as it came", seen[0].body.as_str(), &bundle("m1"))?;
    let flags: Vec<bool> = seen.iter().map(|one| one.flagged).collect();
    is("flagged", flags, vec![false, true, true])?;
    let mut envelopes = Vec::new();
    for (one, time) in
        seen.iter().zip(["", "2026-11-25T08:30:00+00:00", "2026-11-25T09:00:00+00:00"])
    {
        let value: serde_json::Value = serde_json::from_str(&one.body)?;
        let own = value["id"].as_str().ok_or("no id")?.to_owned();
        if !time.is_empty() {
            // Nothing but the envelope's id and the times of its sending differs, byte for byte.
            let expected = bundle("m1")
                .replace("e-m1", &own)
                .replace("2026-11-25T07:59:58+01:00", time)
                .replace("2026-11-25T08:00:00+01:00", time);
            is("the message is unchanged", one.body.as_str(), &expected)?;
        }
        envelopes.push(own);
    }
    envelopes.dedup();
    is("envelopes", envelopes.len(), 3)?;
    let (state, told) = stage.told(id)?;
    is("in the end", state, DeliveryState::Overdue)?;
    let expected = [(1800, "resent"), (3600, "resent"), (5400, "receipt-overdue")];
    let expected = expected.map(|(at, word)| named(at, word)).to_vec();
    is("told", words(&told, &["resent", "receipt-overdue"]), expected)?;
    let page = metrics(&stage);
    is(
        "the alarm is counted",
        page.contains("stafett_receipts_overdue_total{route=\"to-north\""),
        true,
    )?;
    // A receipt that comes after all is believed: its sender was never told otherwise.
    stage.store.commit(vec![receipt("north", "r1", "m1", ReceiptCode::Ok)])?;
    is("late", stage.told(id)?.0, DeliveryState::Confirmed)
}

fn metrics(stage: &Stage) -> String {
    use stafett::ops::Watched;
    stafett::pipeline::Door(Arc::clone(&stage.pipeline)).metrics().page()
}

/// A receipt in time ends it; a temporary one does not, and the content's fault is never sent again.
fn receipts_end_it() -> Result<(), Failed> {
    let stage = Stage::new(&[("north", "schedule = 'medcom'")], Arc::new(|_, _| answer(202)))?;
    for id in ["m1", "m2", "m3"] {
        stage.commit(id, "north", None)?;
    }
    stage.until(60);
    let codes = [
        ("m1", ReceiptCode::Ok),
        ("m2", ReceiptCode::FatalError),
        ("m3", ReceiptCode::TransientError),
    ];
    for (id, code) in codes {
        stage.store.commit(vec![receipt("north", &format!("r-{id}"), id, code)])?;
    }
    stage.until(3 * HOUR);
    is("ok", stage.times("m1"), vec![0])?;
    is("fatal-error", stage.times("m2"), vec![0])?;
    is("transient-error", stage.times("m3"), vec![0, 1800, 3600])
}

/// The first attempt of a resend may fail as well: it is tried again, in the same new envelope.
fn resend_retried() -> Result<(), Failed> {
    let script =
        |one: &Seen, _: &[Seen]| if (1800..1830).contains(&one.at) { DOWN } else { answer(202) };
    let stage = Stage::new(&[("north", "schedule = 'medcom'")], Arc::new(script))?;
    stage.commit("m1", "north", None)?;
    stage.until(4000);
    // 5 s, 10 s, 20 s, halved by chance.
    is("instants", stage.times("m1"), vec![0, 1800, 1802, 1807, 1817, 1837, 3637])?;
    let seen = stage.seen();
    let same = seen[1..6].iter().all(|one| one.body == seen[1].body);
    is("one resend, one envelope", (same, seen[6].body == seen[1].body), (true, false))
}

/// Norwegian EDI 2.0: 12 hours, five times, 72 hours in all.
fn edi() -> Result<(), Failed> {
    let stage = Stage::new(&[("north", "schedule = 'edi-2.0'")], Arc::new(|_, _| answer(200)))?;
    let id = stage.commit("m1", "north", None)?;
    stage.until(80 * HOUR);
    let hours: Vec<i64> = stage.times("m1").iter().map(|at| at / 3600).collect();
    is("hours", hours, vec![0, 12, 24, 36, 48, 60])?;
    is("seconds", stage.times("m1").iter().map(|at| at % 3600).sum::<i64>(), 0)?;
    let (state, told) = stage.told(id)?;
    is("in the end", state, DeliveryState::Overdue)?;
    let overdue = words(&told, &["receipt-overdue"]);
    is("overdue", overdue, vec![named(72 * 3600, "receipt-overdue")])
}

/// ebXML from a partner's agreement: its count and interval, the same envelope, whether the transport fails or
/// only the acknowledgement is missing.
fn ebxml() -> Result<(), Failed> {
    let agreement = std::fs::read(support::shared().join("data/kith/cpa/nav-qass-31162.xml"))?;
    let routes = [
        ("north", "schedule = 'ebxml'\ncpa = 'cpa.xml'"),
        ("south", "schedule = 'ebxml'\ncpa = 'cpa.xml'"),
    ];
    let script = |one: &Seen, _: &[Seen]| if one.endpoint == "north" { answer(200) } else { DOWN };
    let stage = Stage::with(&routes, "", &[("cpa.xml", &agreement)], Arc::new(script))?;
    let silent = stage.commit("m1", "north", None)?;
    let down = stage.commit("m2", "south", None)?;
    stage.until(48 * HOUR);
    let every_four_hours: Vec<i64> = (0..5).map(|n| n * 4 * 3600).collect();
    is("nobody acknowledges", stage.times("m1"), every_four_hours.clone())?;
    is("nobody is there", stage.times("m2"), every_four_hours)?;
    for one in stage.seen() {
        is("the same envelope, byte for byte", one.body, bundle(&one.message))?;
    }
    is("silent", stage.told(silent)?.0, DeliveryState::Overdue)?;
    is("down", stage.told(down)?.0, DeliveryState::DeadLetter)
}

/// Transport failures: doubling pauses up to the cap, as long as it is worth sending; then a dead letter.
fn backoff() -> Result<(), Failed> {
    let keys = "retry = { first = '4 s', cap = '60 s', give_up = '10 min' }";
    let stage = Stage::new(&[("north", keys)], Arc::new(|_, _| answer(500)))?;
    let id = stage.commit("m1", "north", None)?;
    stage.until(HOUR);
    let mut expected = vec![0];
    for pause in [2, 4, 8, 16, 32] {
        expected.push(expected[expected.len() - 1] + pause);
    }
    // From here the cap holds; chance halves 64 s, 128 s and so on, but never beyond it.
    while expected[expected.len() - 1] + 60 < 600 {
        expected.push(expected[expected.len() - 1] + 60);
    }
    is("instants", stage.times("m1"), expected)?;
    let (state, _) = stage.told(id)?;
    is("in the end", state, DeliveryState::DeadLetter)
}

/// MLLP's: 1 s, doubling up to a minute.
fn mllp() -> Result<(), Failed> {
    let stage = Stage::new(&[("north", "schedule = 'mllp'")], Arc::new(|_, _| answer(500)))?;
    stage.commit("m1", "north", None)?;
    stage.until(200);
    // 0.5, 1, 2, 4, 8, 16, 32 s by half, then 60 s.
    is("instants", stage.times("m1"), vec![0, 0, 1, 3, 7, 15, 31, 63, 123, 183])
}

/// A receiver that says when it wants to be asked again is asked then.
fn retry_after() -> Result<(), Failed> {
    let script = |_: &Seen, before: &[Seen]| match (before.len(), answer(429)) {
        (0, Reply::Answer { status, content_type, body, .. }) => {
            Reply::Answer { status, retry_after: Some(120), content_type, body }
        }
        (1, Reply::Answer { content_type, body, .. }) => {
            Reply::Answer { status: 503, retry_after: Some(86_400), content_type, body }
        }
        _ => answer(200),
    };
    let stage = Stage::new(&[("north", "")], Arc::new(script))?;
    let id = stage.commit("m1", "north", None)?;
    stage.until(HOUR);
    is("instants, the second at most ten minutes later", stage.times("m1"), vec![0, 120, 720])?;
    is("in the end", stage.told(id)?.0, DeliveryState::Confirmed)
}

/// Where the receiver answers, silence ends as a final no, and nothing is believed after it.
fn expiry_where_the_receiver_answers() -> Result<(), Failed> {
    let keys = "schedule = 'medcom'\nanswers = 'receiver'";
    let stage = Stage::new(&[("north", keys)], Arc::new(|_, _| answer(202)))?;
    let id = stage.commit("m1", "north", None)?;
    stage.until(5399);
    is("not yet", stage.told(id)?.0, DeliveryState::Sent)?;
    stage.until(5400);
    let (state, told) = stage.told(id)?;
    is("state", state, DeliveryState::Expired)?;
    is("told", words(&told, &["unanswered"]), vec![named(5400, "unanswered")])?;
    stage.store.commit(vec![receipt("north", "r1", "m1", ReceiptCode::Ok)])?;
    let detail = stage.store.message(id.unit)?.ok_or("no message")?;
    let delivery = &detail.row.deliveries[0];
    let last = (delivery.state, delivery.receipt);
    is("never a yes after the no", last, (DeliveryState::Expired, Some(ReceiptCode::FatalError)))
}

/// Where the receiver answers, a dead letter ends as a final no when its time has run out, and not before.
fn dead_where_the_receiver_answers() -> Result<(), Failed> {
    let keys = |answers: &str| {
        format!("receipt_within = '1 min'\nretry = {{ give_up = '2 h' }}\nanswers = '{answers}'")
    };
    let (receiver, engine) = (keys("receiver"), keys("engine"));
    let routes = [("north", &*receiver), ("south", &*engine)];
    let stage = Stage::new(&routes, Arc::new(|_, _| answer(404)))?;
    let (one, two) = (stage.commit("m1", "north", None)?, stage.commit("m2", "south", None)?);
    stage.until(7199);
    is("an operator may still mend it", stage.told(one)?.0, DeliveryState::DeadLetter)?;
    stage.until(7200);
    is("its sender is told", stage.told(one)?.0, DeliveryState::Expired)?;
    stage.until(10 * HOUR);
    is("where we answered, nobody is", stage.told(two)?.0, DeliveryState::DeadLetter)?;
    is("attempts", (stage.times("m1"), stage.times("m2")), (vec![0], vec![0]))
}

/// A route's own keys stand before its schedule's.
fn own_keys() -> Result<(), Failed> {
    let keys = "schedule = 'medcom'\nreceipt_within = '10 min'\n\
                resend = { most = 1, envelope = 'same-envelope' }";
    let stage = Stage::new(&[("north", keys)], Arc::new(|_, _| answer(202)))?;
    stage.commit("m1", "north", None)?;
    stage.until(2 * HOUR);
    is("instants", stage.times("m1"), vec![0, 600])?;
    is("byte for byte", stage.seen()[1].body.as_str(), &bundle("m1"))
}

/// In a lane by receipt the next one waits for the resends of the one before; by transport it does not, and
/// the resend goes outside the order.
fn resends_and_lanes() -> Result<(), Failed> {
    let stage = Stage::new(&[("north", "schedule = 'medcom'")], Arc::new(|_, _| answer(202)))?;
    let first = stage.commit("m1", "north", Some("h>north:1+receipt"))?;
    stage.commit("m2", "north", Some("h>north:1+receipt"))?;
    stage.commit("m3", "north", Some("h>north:2"))?;
    stage.commit("m4", "north", Some("h>north:2"))?;
    stage.until(2000);
    let detail = stage.store.message(first.unit)?.ok_or("no message")?;
    is("in its lane", detail.row.deliveries[0].outside_lane, false)?;
    stage.until(6000);
    is("by receipt", (stage.times("m1"), stage.times("m2")), (vec![0, 1800, 3600], vec![5400]))?;
    is(
        "by transport",
        (stage.times("m3"), stage.times("m4")),
        (vec![0, 1800, 3600], vec![0, 1800, 3600]),
    )
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial(
            "G13: the MedCom preset resends at 30 and 60 minutes with a new envelope, then raises an alarm",
            medcom,
        ),
        trial("G13: a last word ends the resends, a temporary one does not", receipts_end_it),
        trial(
            "G13: a resend that the transport does not take is retried in its envelope",
            resend_retried,
        ),
        trial("G13: the EDI 2.0 preset resends every 12 hours five times, 72 hours in all", edi),
        support::trial(
            "G13: the ebXML preset takes count and interval from the partner's agreement, same envelope",
            Needs::Data("data/kith/cpa"),
            ebxml,
        ),
        trial(
            "G13: retries double up to the cap until the time to live, then a dead letter",
            backoff,
        ),
        trial("G13: the MLLP preset retries after a second, doubling up to a minute", mllp),
        trial("G13: Retry-After is honoured, and never longer than ten minutes", retry_after),
        trial(
            "G13: where the receiver answers, silence is a final no",
            expiry_where_the_receiver_answers,
        ),
        trial(
            "G13: where the receiver answers, a dead letter is a final no in the end",
            dead_where_the_receiver_answers,
        ),
        trial("G13: a route's own keys stand before its preset's", own_keys),
        trial(
            "G13: resends keep a lane by receipt waiting, and no lane by transport",
            resends_and_lanes,
        ),
    ]
}
