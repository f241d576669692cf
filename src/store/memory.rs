//! The log in memory: for tests and simulation, with as many partitions as asked for.
//!
//! Promises the contract of a log without a disk: what is appended is "durable" at the next kick. Records
//! are kept encoded, so that reading one is the journal's path. Never survives its process.

use super::book::Book;
use super::entry::Entry;
use super::keeper::Keeper;
use super::ledger::Ledger;
use super::log::{After, Log, Prepared, Synced, unreadable};
use crate::message::{Error, Position};
use std::sync::{Arc, Mutex, PoisonError};

/// A store in memory with this many partitions.
pub fn memory(partitions: u16) -> Keeper {
    let partitions = usize::from(partitions);
    let made = Ledger::in_memory().and_then(|ledger| {
        Keeper::new(Book::new(partitions), ledger, |synced| {
            let state = State { records: vec![Vec::new(); partitions], queue: Vec::new() };
            Ok(Arc::new(MemoryLog { state: Mutex::new(state), synced }))
        })
    });
    made.expect("memory does not fail")
}

struct MemoryLog {
    state: Mutex<State>,
    synced: Synced,
}

struct State {
    records: Vec<Vec<Arc<[u8]>>>,
    queue: Vec<(u16, u64, After)>,
}

impl MemoryLog {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn prepare(&self, entry: &Entry) -> Result<Prepared, Error> {
        let bytes = entry.encode()?;
        Ok(Prepared { bytes, raw: None, class: entry.class(), version: 0, crc: 0, hash: [0; 32] })
    }

    fn append(&self, position: Position, prepared: Prepared, after: After) {
        let mut state = self.state();
        let records = &mut state.records[usize::from(position.partition)];
        records.push(prepared.bytes.into());
        assert_eq!(records.len() as u64, position.sequence, "a log is written in order");
        state.queue.push((position.partition, position.sequence, after));
    }

    fn wait(&self, partition: u16, after: After) {
        let mut state = self.state();
        let last = state.records[usize::from(partition)].len() as u64;
        state.queue.push((partition, last, after));
    }

    fn kick(&self) {
        let queue = std::mem::take(&mut self.state().queue);
        for (partition, sequence, after) in queue {
            (self.synced)(partition, sequence);
            after(Ok(()));
        }
    }

    fn read(&self, position: Position) -> Result<Entry, Error> {
        let at = usize::from(position.partition);
        let index = (position.sequence as usize).wrapping_sub(1);
        let record = self.state().records.get(at).and_then(|r| r.get(index)).cloned();
        Entry::decode(&record.ok_or_else(|| unreadable(position, "there is none"))?)
    }

    fn failed(&self) -> Option<String> {
        None
    }

    fn sync_micros(&self) -> u64 {
        0
    }

    fn syncs(&self) -> u64 {
        0
    }
}
