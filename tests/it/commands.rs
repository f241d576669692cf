//! The command line: output forms and exit codes.

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    Vec::new()
}
