//! Profiles on real messages: the published Bundles, and mutants of them.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
