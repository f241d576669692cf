//! The guarantees, proven from outside: the real program under a tracer, judged by a checker of its own.

mod calls;
mod checked;
mod checker;
mod engine;
mod long;
mod order;
mod page;
mod power;
mod sabotage;
mod script;
mod sim;
mod table;
mod twice;
mod wire;

use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

/// Points of each kind (files, call, fault) that run by default.
const OF_EACH: usize = 3;
/// Runs by default, at least.
const RUNS: usize = 100;
/// Power cuts of the long run.
const CUTS: usize = 40;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let strace = || Needs::Tool("strace");
    vec![
        trial("guarantees: the checker sees what it forbids", Needs::Nothing, || {
            Ok(checked::self_test()?)
        }),
        #[cfg(feature = "sabotage")]
        trial("guarantees: broken on purpose", Needs::Nothing, sabotage::run),
        trial("guarantees: simulated days", Needs::Nothing, sim::run),
        trial("guarantees: translated twice", Needs::Nothing, twice::run),
        trial("guarantees: a call before its sync is seen", Needs::Nothing, order::self_test),
        trial("guarantees: nothing leaves before its sync", strace(), in_order),
        trial("guarantees: killed, or told that the disk fails", strace(), || {
            every_call(Some(OF_EACH))
        }),
        trial("guarantees: every system call", strace(), || every_call(None))
            .with_ignored_flag(true),
        cuts(),
    ]
}

/// Power cuts: run by hand, where that can be done at all.
fn cuts() -> Trial {
    let name = "guarantees: power lost under a real file system";
    match power::unable() {
        Some(why) => Trial::test(format!("{name} (ignored: {why})"), || Ok(())),
        None => Trial::test(name, || {
            let total = power::run(CUTS)?;
            let power::Total { cuts, before, between, judged } = total;
            if !judged.broken.is_empty() {
                return Err(format!("{:#?}", judged.broken).into());
            }
            let checker::Judged { accepted, delivered, repeated, pairs, .. } = judged;
            let figures = format!(
                "{cuts} power cuts: {before} messages accepted before them and {between} not, all handed in \
                 again; {accepted} accepted, none lost, {delivered} delivered, {repeated} of them again and \
                 flagged, {pairs} pairs in order"
            );
            long::keep("power-cuts", &figures)
        }),
    }
    .with_ignored_flag(true)
}

/// The page, checked against all trials that there are.
pub fn page(all: &[Trial]) -> Trial {
    let names: Vec<String> = all.iter().map(|trial| trial.name().to_owned()).collect();
    let check = move || page::check(&names);
    trial("guarantees: the page is fresh, and its trials are there", Needs::Nothing, check)
}

fn in_order() -> Result<(), Failed> {
    let proof = order::run()?;
    println!("{} answers and {} requests to receivers", proof.answers, proof.requests);
    match proof.wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{:#?}", proof.wrong).into()),
    }
}

fn every_call(of_each: Option<usize>) -> Result<(), Failed> {
    let total = calls::enumerate(of_each)?;
    match of_each {
        Some(_) => println!("{total}"),
        None => long::keep("every-system-call", &total.to_string())?,
    }
    if !total.broken.is_empty() {
        return Err(total.broken.join("\n").into());
    }
    match (total.runs >= RUNS, total.never()) {
        (true, never) if never.is_empty() => Ok(()),
        (_, never) => Err(format!("{} runs; never met: {never:?}", total.runs).into()),
    }
}
