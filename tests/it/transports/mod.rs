//! Transports: real peers on loopback, with certificates made for the trial, and frames cut anywhere.

pub mod certificates;
mod tls;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    tls::trials()
}
