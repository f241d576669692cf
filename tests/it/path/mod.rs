//! The whole path over HTTP: verdicts, duplicates, receipts, delivery.

mod front;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    front::trials()
}
