//! Transports: real peers on loopback, with certificates made for the trial, and frames cut anywhere.

pub mod certificates;
mod directory;
mod mllp_in;
mod mllp_out;
mod mllp_whole;
mod nhn;
mod tls;
mod vans;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = tls::trials();
    trials.extend(directory::trials());
    trials.extend(mllp_in::trials());
    trials.extend(mllp_out::trials());
    trials.extend(mllp_whole::trials());
    trials.extend(vans::trials());
    trials.extend(nhn::trials());
    trials
}
