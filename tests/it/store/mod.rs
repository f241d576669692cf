//! The store: one contract for every home, crashes, bit rot, the ledger.

mod contract;
mod make;

use libtest_mimic::Trial;
use stafett::store::{Store, memory};
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    contract::trials("memory, two partitions", || Ok(Arc::new(memory(2)) as Arc<dyn Store>))
}
