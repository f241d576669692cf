//! Opening a store: the journal is read from its beginning to its end, and the book made of it.

use super::book::Book;
use super::disk::{Disk, RealDisk};
use super::journal::{self, Journal};
use super::keeper::Keeper;
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
    let mut keeper = open_on(Arc::new(disk), options, now)?;
    keeper.lock = Some(lock);
    Ok(keeper)
}

/// Opens the store whose journal lies on a disk, its ledger in memory.
pub fn open_on(disk: Arc<dyn Disk>, options: Options, now: Timestamp) -> Result<Keeper, Error> {
    let mut book = Book::new(1);
    let mut found = journal::recover(&*disk, &mut |position, entry| {
        book.enter(position, entry);
        book.synced(position.partition, position.sequence);
    })?;
    book.go_on(0, found.next);
    let bad = std::mem::take(&mut found.bad);
    let mut keeper = Keeper::new(book, |synced| {
        Ok(Arc::new(Journal::start(disk, options.journal, found, synced)?))
    })?;
    keeper.bad = bad;
    keeper.requeue(now);
    Ok(keeper)
}
