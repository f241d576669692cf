//! The exchange rules on real messages.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
