//! When what is sent where: lanes, schedules, breakers, operators. On a clock of the trials' own.

mod lanes;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    lanes::trials()
}
