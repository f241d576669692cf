//! The whole path over HTTP: verdicts, duplicates, receipts, delivery.

mod again;
mod apart;
mod bridged;
mod delivery;
mod faults;
mod front;
mod handed;
pub mod process;
mod quoted;
pub mod receiver;
mod several;
pub mod system;
mod verdicts;
mod wire;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = front::trials();
    trials.extend(delivery::trials());
    trials.extend(verdicts::trials());
    trials.extend(faults::trials());
    trials.extend(handed::trials());
    trials.extend(again::trials());
    trials.extend(apart::trials());
    trials.extend(bridged::trials());
    trials.extend(wire::trials());
    trials.extend(several::trials());
    trials.extend(quoted::trials());
    trials
}
