//! Codecs on real messages: round trips, independent comparisons, real peers.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
