//! Configuration and the networks under fixtures/.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
