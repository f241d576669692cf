//! Profiles on real messages: the published Bundles, and mutants of them.

pub mod lab;
mod published;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    published::trials()
}
