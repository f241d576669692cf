//! Each guarantee is broken on purpose, and its trial must fail then: in a build with the feature `sabotage`, this
//! binary runs itself again, with one switch on.

/// The switch, the guarantee that it breaks, and a trial that must see it.
pub const SWITCHES: &[(&str, u8, &str)] = &[
    ("answer-before-sync", 1, "store: power lost at every point of a run"),
    ("answer-before-sync", 2, "guarantees: simulated days"),
    ("sync-error-ignored", 3, "store: a failed write or sync is final"),
    ("verdict-not-unique", 4, "guarantees: simulated days"),
    ("no-flag", 5, "store: what was in hand is due again, flagged"),
    ("no-flag", 5, "guarantees: simulated days"),
    (
        "verdict-not-unique",
        6,
        "store: journal on a simulated disk: a hundred racing copies get one verdict",
    ),
    (
        "other-content-unseen",
        7,
        "G7: other content under a known id never earns a receipt of the other sign",
    ),
    ("other-content-unseen", 7, "guarantees: simulated days"),
    ("lane-off", 8, "G8: ten thousand lanes under random failures, no inversion"),
    ("lane-off", 8, "guarantees: simulated days"),
    ("takes-receipts-by-order", 9, "guarantees: simulated days"),
    ("no-checksum", 10, "store: a rotten bit in any record is seen, others go on"),
    ("no-budget", 11, "front: bodies in hand are within one budget"),
    ("gate-open", 12, "G12: a receiver down for 24 hours costs nothing but time"),
    (
        "no-schedule",
        13,
        "G13: retries double up to the cap until the time to live, then a dead letter",
    ),
    ("jump-unseen", 14, "G14: a clock that jumps by ten years loses no timer and changes no order"),
    ("poison-again", 15, "G15: what was in hand at two ends of the process is not tried again"),
    (
        "replay-keeps-ids",
        16,
        "G16: a replay's dry run counts, the same bytes keep their ids, others are a new generation",
    ),
    ("ids-by-chance", 17, "guarantees: translated twice"),
    ("parents-mark-children", 18, "guarantees: translated twice"),
    ("checkpoint-unread", 19, "G19: a start reads only what is behind the checkpoint"),
    ("any-version", 20, "G20: an unknown format is refused and not touched"),
    ("no-record", 21, "store: journal on a real disk: every change of state has its audit record"),
    (
        "restored-undoubted",
        22,
        "G22: backed up while it runs, restored, and judged, again and again",
    ),
];

/// Runs every trial as it is, then with its guarantee broken; two at a time.
#[cfg(feature = "sabotage")]
pub fn run() -> Result<(), libtest_mimic::Failed> {
    use std::sync::{Mutex, PoisonError};

    let mut all: Vec<_> = SWITCHES.iter().map(|(_, _, trial)| (None, *trial)).collect();
    all.sort_unstable();
    all.dedup();
    all.extend(SWITCHES.iter().map(|(switch, _, trial)| (Some(*switch), *trial)));
    let (left, wrong) = (Mutex::new(all.into_iter()), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let say = |what| wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((switch, trial)) = next() {
                    if let Err(what) = one(switch, trial) {
                        say(what);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n").into()),
    }
}

/// Runs one trial: it must pass, or fail when a switch is on.
#[cfg(feature = "sabotage")]
fn one(switch: Option<&str>, trial: &str) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = std::process::Command::new(program);
    command.args(["--exact", trial]).env("STAFETT_SEEDS", "200");
    command.env_remove("STAFETT_SABOTAGE").env_remove("STAFETT_SEED").env_remove("UPDATE");
    if let Some(switch) = switch {
        command.env("STAFETT_SABOTAGE", switch);
    }
    let began = std::time::Instant::now();
    let ended = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&ended.stdout);
    let shown = switch.unwrap_or("nothing");
    let passed = ended.status.success();
    println!("{shown} broken: `{trial}` passed: {passed}, {} s", began.elapsed().as_secs());
    match (text.contains("running 1 test"), passed == switch.is_none()) {
        (false, _) => Err(format!("there is no trial `{trial}`")),
        (true, true) => Ok(()),
        (true, false) if passed => Err(format!("`{trial}` does not see {shown}")),
        (true, false) => Err(format!("`{trial}` fails with {shown} broken: {text}")),
    }
}
