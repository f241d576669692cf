//! The bad inputs, one runner for all of them.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
