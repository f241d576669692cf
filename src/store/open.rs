//! Opening a store: the journal is read from its beginning to its end, and the book made of it.

use super::book::Book;
use super::disk::{Disk, RealDisk};
use super::journal::{self, Damage, Found, Journal};
use super::keeper::Keeper;
use super::ledger::Ledger;
use super::lock::Lock;
use crate::message::Error;
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// How a store is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How its journal is kept.
    pub journal: journal::Settings,
}

/// Opens the store in a data directory, which is made if there is none; refuses a directory that another
/// engine has or whose format is unknown. Deliveries that were in hand are due again at `now`.
pub fn open(folder: &Path, options: Options, now: Timestamp) -> Result<Keeper, Error> {
    let lock = Lock::take(folder, true)?;
    let disk = RealDisk::at(lock.journal());
    let file = lock.ledger();
    let mut keeper = start(Arc::new(disk), options, now, |found| {
        let doubt = found.bad.iter().any(|bad| bad.damage != Damage::Torn);
        match doubt {
            true => Ledger::create(&file, &found.name()),
            false => Ledger::open(&file, &found.name(), found.next - 1),
        }
    })?;
    keeper.lock = Some(lock);
    Ok(keeper)
}

/// Opens the store whose journal lies on a disk, its ledger in memory.
pub fn open_on(disk: Arc<dyn Disk>, options: Options, now: Timestamp) -> Result<Keeper, Error> {
    start(disk, options, now, |_| Ledger::in_memory())
}

fn start(
    disk: Arc<dyn Disk>,
    options: Options,
    now: Timestamp,
    ledger: impl FnOnce(&Found) -> Result<Ledger, Error>,
) -> Result<Keeper, Error> {
    let mut book = Book::new(1);
    let mut found = journal::recover(&*disk, &mut |position, entry| {
        book.enter(position, entry);
        book.synced(position.partition, position.sequence);
    })?;
    book.go_on(0, found.next);
    found.journal.get_or_insert_with(|| *uuid::Uuid::new_v4().as_bytes());
    let ledger = ledger(&found)?;
    let bad = std::mem::take(&mut found.bad);
    let missing = std::mem::take(&mut found.missing);
    let mut keeper = Keeper::new(book, ledger, |synced| {
        Ok(Arc::new(Journal::start(disk, options.journal, found, synced)?))
    })?;
    keeper.bad = bad;
    keeper.complete(missing);
    keeper.requeue(now);
    Ok(keeper)
}
