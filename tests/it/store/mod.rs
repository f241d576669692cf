//! The store: one contract for every home, crashes, bit rot, the ledger.

mod broken;
mod contract;
mod crash;
mod formats;
mod ledger;
pub mod make;
mod quick;
mod restored;
mod rot;
mod together;

use libtest_mimic::{Failed, Trial};
use make::at;
use stafett::message::Error;
use stafett::store::disk::SimDisk;
use stafett::store::journal::Settings;
use stafett::store::{Done, Options, Store, memory, open, open_on};
use std::sync::{Arc, mpsc};

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials =
        contract::trials("memory, two partitions", || Ok(Arc::new(memory(2)) as Arc<dyn Store>));
    trials.extend(contract::trials("journal on a simulated disk", || {
        let store = open_on(Arc::new(SimDisk::new()), small(), at(0))?;
        Ok(Arc::new(store) as Arc<dyn Store>)
    }));
    trials.extend(contract::trials("journal on a real disk", || {
        let folder = tempfile::tempdir()?;
        let store = open(folder.path(), small(), at(0))?;
        // An open file lives on without its name; the small segments are never rolled here.
        Ok(Arc::new(store) as Arc<dyn Store>)
    }));
    trials.extend(broken::trials());
    trials.extend(crash::trials());
    trials.extend(formats::trials());
    trials.extend(ledger::trials());
    trials.extend(quick::trials());
    trials.extend(restored::trials());
    trials.extend(rot::trials());
    trials.extend(together::trials());
    trials
}

/// Small segments, so that a few records fill one; nothing happens beside the writer.
pub fn small() -> Options {
    Options { journal: Settings { segment_bytes: 16 << 10, compress: true, ahead: false } }
}

/// A trial's failure.
pub fn fail(what: String) -> Failed {
    Failed::from(what)
}

/// Asks, and waits for the answer.
pub fn wait<T: Send + 'static>(ask: impl FnOnce(Done<T>)) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |result| drop(send.send(result))));
    receive.recv().expect("every question is answered")
}
