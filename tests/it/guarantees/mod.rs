//! The guarantees, proven from outside: the real program under a tracer, judged by a checker of its own.

mod calls;
mod checked;
mod checker;
mod engine;
mod order;
mod page;
mod sabotage;
mod script;
mod sim;
mod table;
mod wire;

use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

/// Points of each kind (files, call, fault) that run by default.
const OF_EACH: usize = 3;
/// Runs by default, at least.
const RUNS: usize = 100;

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
        trial("guarantees: a call before its sync is seen", Needs::Nothing, order::self_test),
        trial("guarantees: nothing leaves before its sync", strace(), in_order),
        trial("guarantees: killed, or told that the disk fails", strace(), || {
            every_call(Some(OF_EACH))
        }),
        trial("guarantees: every system call", strace(), || every_call(None))
            .with_ignored_flag(true),
    ]
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
    println!("{total}");
    if !total.broken.is_empty() {
        return Err(total.broken.join("\n").into());
    }
    match (total.runs >= RUNS, total.never()) {
        (true, never) if never.is_empty() => Ok(()),
        (_, never) => Err(format!("{} runs; never met: {never:?}", total.runs).into()),
    }
}
