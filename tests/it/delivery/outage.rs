//! A receiver that is down: it costs nothing but time, its own messages' and nobody else's.

use super::stage::{DOWN, Seen, Stage, answer};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::sync::Arc;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("{what}: expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

/// 24 hours: every message arrives, each lane in order; the endpoint is tried by one message at a time; then
/// it gets what waits no faster than it wants; the neighbour's messages go at the second they come.
fn a_day() -> Result<(), Failed> {
    const LANES: usize = 50;
    const EACH: usize = 10;
    let day = 24 * HOUR as i64;
    let script = move |one: &Seen, _: &[Seen]| match one.endpoint == "north" && one.at < day {
        true => DOWN,
        false => answer(200),
    };
    let routes = [("north", "retry = { give_up = '3 days' }"), ("south", "")];
    let stage = Stage::with(&routes, "per_second = 20", &[], Arc::new(script))?;
    let lanes: Vec<String> = (0..LANES).map(|n| format!("h>north:{n}")).collect();
    for number in 0..EACH {
        for (n, lane) in lanes.iter().enumerate() {
            stage.commit(&format!("{n:02}-{number}"), "north", Some(lane))?;
        }
    }
    let mut quick = Vec::new();
    for hour in 1..24 {
        stage.until(hour * HOUR);
        let id = format!("s-{hour}");
        stage.commit(&id, "south", None)?;
        quick.push((id, hour as i64 * 3600));
    }
    stage.until(26 * HOUR);
    for (id, at) in quick {
        is("the neighbour", stage.times(&id), vec![at])?;
    }
    let north: Vec<Seen> = stage.seen().into_iter().filter(|one| one.endpoint == "north").collect();
    let tries = north.iter().filter(|one| one.at < day).count();
    // One try a minute or less often, after the first few: never one for each lane and pause.
    let most = (24 * 60) * 2 + 20;
    if tries > most || tries < 100 {
        return Err(format!("{tries} tries while it was down").into());
    }
    let mut order: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut seconds: BTreeMap<i64, usize> = BTreeMap::new();
    for one in north.iter().filter(|one| one.at >= day) {
        let (lane, number) = one.message.split_once('-').ok_or("no lane")?;
        order.entry(lane).or_default().push(number);
        *seconds.entry(one.at).or_default() += 1;
        is("provably not taken before: no flag", one.flagged, false)?;
    }
    is("lanes", order.len(), LANES)?;
    let expected: Vec<String> = (0..EACH).map(|n| n.to_string()).collect();
    for (lane, got) in order {
        is(lane, got, expected.iter().map(|n| &**n).collect())?;
    }
    let fastest = seconds.values().max().copied().unwrap_or_default();
    if fastest > 21 {
        return Err(format!("{fastest} in one second, though it takes 20").into());
    }
    let last = north.last().map_or(0, |one| one.at) - day;
    // All of it within its longest pause, and what 500 messages at 20 a second take.
    if last > 600 + 60 + 25 {
        return Err(format!("drained only after {last} s").into());
    }
    is("nothing is left", stage.store.next_due(None), None)
}

/// Chance spreads the attempts, and they never come more than ten minutes apart.
fn no_herd() -> Result<(), Failed> {
    use stafett::deliver::backoff::{CAP, pause};
    use std::time::Duration;
    let first = Duration::from_secs(5);
    let pauses: Vec<Duration> =
        (0..1_000u64).map(|n| pause(first, 20, n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    is("the longest", pauses.iter().all(|one| *one <= CAP), true)?;
    let minute = |one: &Duration| one.as_secs() / 60;
    let mut minutes: BTreeMap<u64, usize> = BTreeMap::new();
    for one in &pauses {
        *minutes.entry(minute(one)).or_default() += 1;
    }
    // Five minutes to spread over: none of them sees more than twice its share.
    is("spread", minutes.values().all(|n| *n < 400) && minutes.len() >= 5, true)
}

/// A receiver that cannot take one message takes those of other lanes meanwhile.
fn one_bad_message() -> Result<(), Failed> {
    let script = |one: &Seen, _: &[Seen]| match one.message == "bad" {
        true => answer(500),
        false => answer(200),
    };
    let stage = Stage::new(&[("north", "")], Arc::new(script))?;
    stage.commit("bad", "north", Some("h>north:1"))?;
    stage.until(10 * MINUTE);
    let mut expected = Vec::new();
    for n in 0..20 {
        stage.commit(&format!("m{n}"), "north", Some("h>north:2"))?;
        expected.push((format!("m{n}"), 600));
    }
    stage.commit("behind", "north", Some("h>north:1"))?;
    stage.until(HOUR);
    for (id, at) in expected {
        is(&id, stage.times(&id), vec![at])?;
    }
    is("its own lane waits", stage.times("behind"), Vec::new())
}

/// A lane with very many messages gives way to one that has a single one.
fn fair() -> Result<(), Failed> {
    let stage = Stage::with(
        &[("north", "")],
        "connections = 1\nper_second = 10",
        &[],
        Arc::new(|_, _| answer(200)),
    )?;
    for n in 0..500 {
        stage.commit(&format!("l{n}"), "north", Some("h>north:1"))?;
    }
    stage.until(1);
    stage.commit("short", "north", Some("h>north:2"))?;
    stage.until(MINUTE);
    let waited = stage.times("short").first().copied().ok_or("it never came")?;
    // At ten a second, sixteen in a row take 1.6 s.
    is("within a few turns", waited <= 5, true)?;
    let numbers: Vec<String> = stage
        .seen()
        .iter()
        .filter(|one| one.message != "short")
        .map(|one| one.message.clone())
        .collect();
    is("in order all the same", numbers, (0..500).map(|n| format!("l{n}")).collect())
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial("G12: a receiver down for 24 hours costs nothing but time", a_day),
        trial("G12: chance spreads those that wait", no_herd),
        trial(
            "G8: a message that its receiver cannot take holds its own lane only",
            one_bad_message,
        ),
        trial("G8: a long lane gives way to others", fair),
    ]
}
