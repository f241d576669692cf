//! When what is sent where: lanes, schedules, breakers, operators. On a clock of the trials' own.

mod jumps;
mod lanes;
mod operators;
mod outage;
mod schedules;
mod stage;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = lanes::trials();
    trials.extend(schedules::trials());
    trials.extend(outage::trials());
    trials.extend(operators::trials());
    trials.extend(jumps::trials());
    trials
}
