//! What the keeper asks of a log: one per home (journal on a disk, memory).
//!
//! The keeper decides the order (it calls `append` under the book's lock); the log makes it durable and
//! says so. A log never reorders, and never says "durable" before it is.

use super::disk::Disk;
use super::entry::Entry;
use super::journal::{Copied, Keys};
use crate::message::{Error, ErrorKind, Fault, Position, Retry};

/// Called when everything appended before it is durable, or can no longer become so.
pub type After = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// Called with (partition, sequence) when everything up to it is durable, before the `After`s it covers.
pub type Synced = Box<dyn Fn(u16, u64) + Send + Sync>;

/// An entry as it will be stored; made outside the book's lock.
pub struct Prepared {
    /// The stored bytes, compressed if `raw` says so.
    pub bytes: Vec<u8>,
    /// The length before compression, when it was compressed.
    pub raw: Option<u32>,
    /// The retention class.
    pub class: u8,
    /// The version of the format that it needs.
    pub version: u8,
    /// CRC32C of `bytes`.
    pub crc: u32,
    /// BLAKE3 of the content before compression.
    pub hash: [u8; 32],
}

/// The disk that a log lies on.
pub struct Home<'a> {
    /// The disk.
    pub disk: &'a dyn Disk,
    /// The journal's own name.
    pub journal: [u8; 16],
}

/// Where entries become durable.
pub trait Log: Send + Sync {
    /// Makes an entry ready to be stored.
    fn prepare(&self, entry: &Entry) -> Result<Prepared, Error>;

    /// Takes an entry. Returns at once; never calls `after` itself.
    fn append(&self, position: Position, prepared: Prepared, after: After);

    /// Calls `after` when everything appended so far is durable. Returns at once.
    fn wait(&self, partition: u16, after: After);

    /// Says that the book's lock is free, and appended entries may become durable.
    fn kick(&self);

    /// The entry at a position that is durable, checked; an error if its bytes have rotted.
    fn read(&self, position: Position) -> Result<Entry, Error>;

    /// The same, where a message of several stands for its own record.
    fn entry(&self, position: Position) -> Result<Entry, Error> {
        let none = || unreadable(position, "its transmission is not there");
        match self.read(position)? {
            whole @ Entry::Together(_) => whole.member(0).ok_or_else(none),
            Entry::Member { back, index } => {
                let sequence = position.sequence.saturating_sub(back.into());
                self.read(Position { sequence, ..position })?.member(index).ok_or_else(none)
            }
            other => Ok(other),
        }
    }

    /// Why nothing can be written any more, if that is so.
    fn failed(&self) -> Option<String>;

    /// Where it lies, if it is on a disk.
    fn home(&self) -> Option<Home<'_>> {
        None
    }

    /// Segments that are full and have no summary: their first and last records.
    fn unsummed(&self) -> Vec<(u64, u64)> {
        Vec::new()
    }

    /// Writes the summary of a segment that is full, with the keys of its verdicts; false where it can have none.
    fn sum(&self, first: u64, keys: Vec<Keys>) -> Result<bool, Error> {
        let _ = (first, keys);
        Ok(false)
    }

    /// Copies everything that is durable now to an empty disk.
    fn copy(&self, to: &dyn Disk) -> Result<Copied, Error> {
        let _ = to;
        Err(Error::new(ErrorKind::Storage, "this store has no journal to copy"))
    }

    /// Calls `tell` when nothing can be written any more; at once if that is so already.
    fn on_failed(&self, tell: Box<dyn FnOnce() + Send>) {
        drop(tell);
    }

    /// How long the disk took to sync one block, in microseconds.
    fn sync_micros(&self) -> u64;

    /// Syncs so far.
    fn syncs(&self) -> u64;
}

/// The error of whoever wants to write to a store that is read-only.
pub fn read_only(why: &str) -> Error {
    Error::new(ErrorKind::Storage, format!("the store is read-only: {why}"))
        .fault(Fault::Ours)
        .retry(Retry::Backoff)
}

/// The error of whoever asks for a record that is not there or has rotted.
pub fn unreadable(position: Position, why: &str) -> Error {
    let Position { partition, sequence } = position;
    Error::new(ErrorKind::Storage, format!("record {partition}/{sequence} cannot be read: {why}"))
}
