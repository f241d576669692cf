//! `docs/guarantees.md`, made of the table; a trial that is named there and does not exist is seen.

use super::long;
use super::sabotage::SWITCHES;
use super::table::{GUARANTEES, Guarantee};
use crate::support::{self, golden};
use libtest_mimic::Failed;
use std::fmt::Write;

const HEAD: &str = "# Guarantees

Made by the tests (`UPDATE=1 cargo test --test it -- guarantees` writes it anew): every guarantee with the trials that prove
it. What is not proven is said.

| | guarantee | |
|---|---|---|
";

const LIMITS: &str = "## What is not promised

- One node on one disk loses what was not backed up or replicated when the disk dies.
- Exactly once needs a receiver that recognises what it has by its id; ours is at least once, flagged.
- A sync is as honest as the drive under it.
- A receiver that lies in its receipt is believed.
- Partners on ebXML do not promise order, so the order is that of our commits.
- After a power cut the count of crashes that a message was in hand at may begin anew.
";

const HOW: &str = "## How they are proven

- **The ledger checker** (`tests/it/guarantees/checker.rs`) knows nothing of the engine: it holds what senders sent and were \
told against what receivers got.
- **Order of system calls**: the real program under `strace`; what must be on disk is read from the journal, when it was \
from the tracer's log.
- **Every system call**: the real program, killed at a storage or answer call, or told there that the disk is broken \
(EIO) or full (ENOSPC); started again, everything handed in again, judged by the checker. CI runs a fixed sample of \
every kind; `cargo test --test it -- --ignored --exact 'guarantees: every system call'` runs them all.
- **Simulated days** (`tests/it/guarantees/sim`): from one seed many senders, bad receivers, operators, a disk that fails or \
loses its power, a clock that jumps, and two configurations; the engine's reading and deciding, the whole store (journal \
on a simulated disk, or two partitions in memory) and the delivery's gate, judge and schedules are the real ones, driven one \
step at a time; a model says what must be true after each step, the ledger checker judges the day. The sockets, worker threads \
and delivery loops around them are not in it. CI runs 10,000 seeds; `STAFETT_SEED=4711 cargo test --test it -- \
'guarantees: simulated days'` runs one again, `STAFETT_SEEDS=1000000` in its place that many.
- **Power cuts** on a simulated disk that loses, tears and reorders what was not synced.
- **Broken on purpose**: a build of its own (feature `sabotage`; no other build has a trace of it) breaks one guarantee at a \
time, and its trial must fail then: `cargo test --features sabotage --test it -- --exact 'guarantees: broken on purpose'`, which CI \
runs after everything else.
";

const LONG: &str = "## Long runs

`UPDATE=1 cargo test --test it -- --ignored guarantees:` makes all of them, one after the other with `--test-threads 1`, and \
writes down here what they came to: every system call, and power cuts under a real file system (a loop-mounted ext4 image that is \
shut down under load without its log; root is needed, and elsewhere the trial's name says what is missing).

";

/// A guarantee's trials: those that the table names, and those that are named after it.
fn trials<'a>(one: &Guarantee, all: &'a [String]) -> Vec<&'a str> {
    let own = format!("G{}: ", one.number);
    let names = all.iter().map(|name| name.split(" (ignored: ").next().unwrap_or_default());
    names.filter(|name| one.trials.contains(name) || name.starts_with(&own)).collect()
}

/// How far a guarantee is proven.
fn state(one: &Guarantee, all: &[String]) -> &'static str {
    match (trials(one, all).is_empty(), one.missing.is_empty()) {
        (true, _) => "not yet proven",
        (false, true) => "proven",
        (false, false) => "in part",
    }
}

fn page(all: &[String]) -> Result<String, Failed> {
    let mut out = HEAD.to_owned();
    for one in GUARANTEES {
        let _ = writeln!(out, "| G{} | {} | {} |", one.number, one.title, state(one, all));
    }
    out.push('\n');
    for one in GUARANTEES {
        let _ = writeln!(out, "## G{}: {}\n\n{}\n", one.number, one.title, one.words);
        let trials = trials(one, all);
        for trial in &trials {
            let _ = writeln!(out, "- `{trial}`");
        }
        if !trials.is_empty() {
            out.push('\n');
        }
        if !one.figure.is_empty() {
            let _ = writeln!(out, "Figure: {}.\n", one.figure);
        }
        let mut switches: Vec<_> =
            SWITCHES.iter().filter(|s| s.1 == one.number).map(|s| s.0).collect();
        switches.dedup();
        if !switches.is_empty() {
            let _ = writeln!(out, "Broken on purpose: `{}`.\n", switches.join("`, `"));
        }
        if !one.missing.is_empty() {
            let _ = writeln!(out, "Not yet proven: {}.\n", one.missing);
        }
    }
    let _ = writeln!(out, "{HOW}\n{LONG}");
    for (name, figures) in long::kept()? {
        let _ = writeln!(out, "- `{name}`, {}", figures.trim_end());
    }
    let _ = write!(out, "\n{LIMITS}");
    Ok(out)
}

/// The page is fresh, and every trial that the table names is one of these.
pub fn check(all: &[String]) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (place, one) in GUARANTEES.iter().enumerate() {
        if usize::from(one.number) != place + 1 {
            wrong.push(format!("G{} is out of order", one.number));
        }
        let found = trials(one, all);
        for name in one.trials.iter().filter(|name| !found.contains(name)) {
            wrong.push(format!("G{}: there is no trial `{name}`", one.number));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    golden(&support::root().join("docs/guarantees.md"), &page(all)?)
}
