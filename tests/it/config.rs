//! Configuration: the reference page, the folder of broken files, and the networks under fixtures/.

use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::Path;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial("config: the reference page is fresh", Needs::Nothing, || {
        golden(&support::root().join("docs/configuration.md"), &stafett::config::reference())
    })]
}

/// Compares with a committed file, or rewrites it with `UPDATE=1`.
fn golden(file: &Path, now: &str) -> Result<(), Failed> {
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        fs::write(file, now)?;
        return Ok(());
    }
    let committed = fs::read_to_string(file).unwrap_or_default();
    match committed.lines().zip(now.lines()).position(|(a, b)| a != b) {
        None if committed == now => Ok(()),
        line => Err(Failed::from(format!(
            "{} is stale from line {}: look at the difference after UPDATE=1 cargo test",
            file.display(),
            line.map_or(committed.lines().count().min(now.lines().count()), |line| line) + 1
        ))),
    }
}
