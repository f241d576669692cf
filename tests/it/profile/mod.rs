//! Profiles on real messages: the published Bundles, and mutants of them.

mod allocations;
mod asked;
mod codes;
mod growth;
pub mod lab;
mod mutants;
mod published;
mod slices;
mod small;
mod steps;
mod suite;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = published::trials();
    trials.extend(allocations::trials());
    trials.extend(asked::trials());
    trials.extend(codes::trials());
    trials.extend(growth::trials());
    trials.extend(mutants::trials());
    trials.extend(slices::trials());
    trials.extend(small::trials());
    trials.extend(steps::trials());
    trials.extend(suite::trials());
    trials
}
