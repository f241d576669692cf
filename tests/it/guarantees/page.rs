//! `docs/guarantees.md`, made of the table; a trial that is named there and does not exist is seen.

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
- **Power cuts** on a simulated disk that loses, tears and reorders what was not synced.
";

/// How far a guarantee is proven.
fn state(one: &Guarantee) -> &'static str {
    match (one.trials.is_empty(), one.missing.is_empty()) {
        (true, _) => "not yet proven",
        (false, true) => "proven",
        (false, false) => "in part",
    }
}

fn page() -> String {
    let mut out = HEAD.to_owned();
    for one in GUARANTEES {
        let _ = writeln!(out, "| G{} | {} | {} |", one.number, one.title, state(one));
    }
    out.push('\n');
    for one in GUARANTEES {
        let _ = writeln!(out, "## G{}: {}\n\n{}\n", one.number, one.title, one.words);
        for trial in one.trials {
            let _ = writeln!(out, "- `{trial}`");
        }
        if !one.trials.is_empty() {
            out.push('\n');
        }
        if !one.figure.is_empty() {
            let _ = writeln!(out, "Figure: {}.\n", one.figure);
        }
        if !one.missing.is_empty() {
            let _ = writeln!(out, "Not yet proven: {}.\n", one.missing);
        }
    }
    let _ = write!(out, "{HOW}\n{LIMITS}");
    out
}

/// The page is fresh, and every trial that it names is one of these.
pub fn check(trials: &[String]) -> Result<(), Failed> {
    let known = |name: &str| {
        trials.iter().any(|one| one == name || one.starts_with(&format!("{name} (ignored: ")))
    };
    let mut wrong = Vec::new();
    for (place, one) in GUARANTEES.iter().enumerate() {
        if usize::from(one.number) != place + 1 {
            wrong.push(format!("G{} is out of order", one.number));
        }
        for name in one.trials.iter().filter(|name| !known(name)) {
            wrong.push(format!("G{}: there is no trial `{name}`", one.number));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    golden(&support::root().join("docs/guarantees.md"), &page())
}
