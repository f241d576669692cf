//! The maps under mappings/ on real letters.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
