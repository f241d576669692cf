//! Opening a store: the book is made of the checkpoint and the journal behind it; in any doubt of the whole journal.

use super::book::Book;
use super::checkpoint::Checkpoint;
use super::disk::{Disk, RealDisk};
use super::inflight::InFlight;
use super::journal::{self, Damage, Found, Journal, Summary};
use super::keeper::Keeper;
use super::ledger::Ledger;
use super::lock::Lock;
use crate::message::sabotage::broken;
use crate::message::{Error, ErrorKind};
use jiff::Timestamp;
use std::cell::RefCell;
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
    let in_flight = InFlight::open(&lock.in_flight())
        .map_err(|e| Error::new(ErrorKind::Storage, "the file inflight cannot be used").cause(e))?;
    keeper.in_flight = Some(Arc::new(in_flight));
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
    let (mut book, mut found, saved) = match from_checkpoint(&*disk)? {
        Some(read) => read,
        None => read(&*disk, Book::new(1), 0)?,
    };
    book.go_on(0, found.next);
    found.journal.get_or_insert_with(|| *uuid::Uuid::new_v4().as_bytes());
    let ledger = ledger(&found)?;
    let bad = std::mem::take(&mut found.bad);
    let missing = std::mem::take(&mut found.missing);
    let read = found.read;
    let mut keeper = Keeper::new(book, ledger, |synced| {
        Ok(Arc::new(Journal::start(disk, options.journal, found, synced)?))
    })?;
    keeper.bad = bad;
    keeper.read = read;
    keeper.saved = saved.into();
    keeper.complete(missing);
    keeper.requeue(now);
    Ok(keeper)
}

type Read = (Book, Found, u64);

/// The book and the journal from the checkpoint on; none where there is none, or any doubt.
fn from_checkpoint(disk: &dyn Disk) -> Result<Option<Read>, Error> {
    let found = Checkpoint::read(disk).filter(|_| !broken("checkpoint-unread"));
    let Some(checkpoint) = found else { return Ok(None) };
    let (journal, after, last) = (checkpoint.journal, checkpoint.after, checkpoint.end.last);
    let mut book = Book::new(1);
    checkpoint.into_book(&mut book);
    let (book, found, saved) = read(disk, book, after)?;
    let doubt = found.bad.iter().any(|bad| bad.damage != Damage::Torn);
    let fits = found.journal == Some(journal) && found.next > last && !doubt;
    Ok(fits.then_some((book, found, saved)))
}

/// Reads the journal behind a record into a book.
fn read(disk: &dyn Disk, book: Book, after: u64) -> Result<Read, Error> {
    let book = RefCell::new(book);
    let known = &mut |first: u64, summary: &Summary| {
        let mut book = book.borrow_mut();
        for (at, message, envelope) in &summary.keys {
            book.know(first + u64::from(*at), *message, *envelope);
        }
    };
    let found = journal::recover_after(disk, after, known, &mut |position, entry| {
        let mut book = book.borrow_mut();
        match position.sequence > after {
            true => book.enter(position, entry),
            false => book.enter_known(position, entry),
        }
        book.synced(position.partition, position.sequence);
    })?;
    let mut book = book.into_inner();
    book.board.is_read();
    Ok((book, found, after))
}
