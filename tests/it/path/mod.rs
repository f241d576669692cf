//! The whole path over HTTP: verdicts, duplicates, receipts, delivery.

mod delivery;
mod front;
mod receiver;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = front::trials();
    trials.extend(delivery::trials());
    trials
}
