//! Harness A: seeded days of many senders, bad receivers, operators, a disk that fails, a machine that loses its
//! power, clocks that jump and configurations that change; a model holds the store to what must be true after each
//! step, and the ledger checker judges the day.
//!
//! It drives the engine's reading and deciding, the whole store (journal on a simulated disk, or two partitions in
//! memory), and the delivery's gate, judge and schedules, one step at a time; not the sockets, the worker threads or
//! the delivery's async loops around them, which other trials drive.
//!
//! `STAFETT_SEED=4711 cargo test --test it -- 'guarantees: simulated days'` runs one seed again;
//! `STAFETT_SEEDS=1000000` that many.

mod acts;
mod carry;
mod model;
mod shop;
mod world;

use super::checker::{self, Judged};
use libtest_mimic::Failed;
use shop::{Note, Shop};
use stafett::store::disk::Fault;
use stafett::store::{Operation, Store};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// Steps of a day before everybody behaves; what follows then are at least fifty more.
const STEPS: usize = 160;
/// Seeds by default; CI says more.
const SEEDS: u64 = 1_000;
/// How often each kind of fault is hit when all the seeds of CI are run.
const LEAST: usize = 1_000;

/// What was hit, by kind.
type Counts = BTreeMap<&'static str, usize>;

fn number(name: &str) -> Result<Option<u64>, Failed> {
    Ok(std::env::var(name).ok().map(|text| text.parse()).transpose()?)
}

/// Runs the seeds that the environment asks for.
pub fn run() -> Result<(), Failed> {
    if let Some(seed) = number("STAFETT_SEED")? {
        let (judged, counts) = day(seed, &mut Shop::open()?)?;
        println!("seed {seed}: {judged:#?}\n{counts:#?}");
        return Ok(());
    }
    let seeds = number("STAFETT_SEEDS")?.unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let work = || -> Result<(Judged, Counts), Failed> {
        let (mut shop, mut sum, mut counts) = (Shop::open()?, Judged::default(), Counts::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok((sum, counts));
            }
            let (judged, hit) = day(seed, &mut shop)?;
            sum.add(judged);
            hit.into_iter().for_each(|(what, n)| *counts.entry(what).or_default() += n);
        }
    };
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(work);
        (work(), other.join())
    });
    let other = other.map_err(|_| "a day panicked")?;
    let ((mut sum, mut counts), (judged, hit)) = (one?, other?);
    sum.add(judged);
    hit.into_iter().for_each(|(what, n)| *counts.entry(what).or_default() += n);
    println!("{seeds} seeds: {sum:?}\n{counts:?}");
    let rare: Vec<_> = counts.iter().filter(|(_, n)| **n < LEAST).collect();
    if seeds >= 10_000 && !rare.is_empty() {
        return Err(format!("too rare: {rare:?}").into());
    }
    // A relay that gives everything up keeps no order wrong.
    match sum.given_up * 3 < sum.accepted {
        true => Ok(()),
        false => Err(format!("{} of {} given up", sum.given_up, sum.accepted).into()),
    }
}

/// One day, judged. A seed that fails is named, with the command that runs it again.
fn day(seed: u64, shop: &mut Shop) -> Result<(Judged, Counts), Failed> {
    let failed = |step: usize, why: &str| {
        let again =
            format!("STAFETT_SEED={seed} cargo test --test it -- 'guarantees: simulated days'");
        Failed::from(format!("seed {seed}, step {step}: {why}\nagain: {again}"))
    };
    let mut world = World::new(seed, shop)?;
    let lived = live(&mut world);
    let steps = world.steps;
    lived.map_err(|why| failed(steps, why.message().unwrap_or_default()))?;
    let judged = checker::judge(&world.seen);
    match judged.broken.is_empty() {
        true => Ok((judged, world.counts)),
        false => Err(failed(steps, &format!("{:#?}", judged.broken))),
    }
}

fn live(world: &mut World<'_>) -> Result<(), Failed> {
    for _ in 0..STEPS {
        world.steps += 1;
        step(world)?;
        let told = world.model.told();
        if let Some(number) = told.get(world.steps % shop::MESSAGES) {
            world.remembers(*number, world.steps.is_multiple_of(5))?;
        }
    }
    calm(world)
}

/// One thing happens.
fn step(world: &mut World<'_>) -> Result<(), Failed> {
    // An engine whose disk has failed lives on for a few steps.
    if world.failed && world.dice.roll(4) == 0 {
        let power = world.dice.roll(2) == 0;
        return world.restart(power);
    }
    match world.dice.roll(100) {
        0..=29 => world.send()?,
        30..=49 => {
            let receiver = world.dice.roll(2);
            world.claim(receiver)?;
        }
        50..=66 => drop(world.answered()?),
        67..=74 => world.acknowledge()?,
        83..=86 => world.watch()?,
        87..=91 | 97..=99 => world.operate()?,
        92 => world.jump()?,
        93 => {
            world.engine = 1 - world.engine;
            world.count("configurations");
        }
        94..=96 if world.has_disk() => match world.dice.roll(6) {
            0 => world.restart(true)?,
            1 => world.restart(false)?,
            2 | 3 => world.plan(Fault::Crash),
            4 => world.plan(Fault::Eio),
            _ => world.plan(Fault::Enospc),
        },
        _ => pass(world),
    }
    Ok(())
}

/// Time passes: a little, or until something is due.
fn pass(world: &mut World<'_>) {
    let long = world.dice.roll(25) == 0;
    let seconds = if long { 45 * 3_600 } else { [1, 10, 60, 600, 3_600][world.dice.roll(5)] };
    let later = world.now + jiff::SignedDuration::from_secs(seconds);
    world.now = match world.store().next_due(None) {
        Some(due) if world.dice.roll(3) > 0 => due.max(world.now).min(later),
        _ => later,
    };
}

/// Everybody behaves: the engine starts anew, everything is handed in again, and is delivered.
fn calm(world: &mut World<'_>) -> Result<(), Failed> {
    world.calm = true;
    world.engine = 0;
    match world.has_disk() {
        true => world.restart(true)?,
        false => while world.answered()? {},
    }
    let begun: Vec<usize> = (0..shop::MESSAGES)
        .filter(|n| world.begun.get(&Note::first(*n).lane()).is_some_and(|last| n <= last))
        .collect();
    for number in begun {
        world.hand_in(&[Note::first(number)])?;
    }
    for id in world.model.held() {
        world.operation(id, Operation::Release, "releases")?;
    }
    for _ in 0..2_000 {
        let mut any = world.claim(0)? | world.claim(1)? | world.answered()?;
        if !world.owed.is_empty() {
            world.acknowledge()?;
            any = true;
        }
        world.watch()?;
        if any {
            continue;
        }
        let store = world.store();
        let next = [store.next_due(None), store.next_overdue()];
        let Some(next) = next.into_iter().flatten().min() else { return world.end() };
        world.now = world.now.max(next) + jiff::SignedDuration::from_secs(1);
    }
    Err("it never comes to rest".into())
}
