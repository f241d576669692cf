//! The checkpoint: every delivery that is not over, as of about one record, so that a start reads only what follows.
//!
//! ```text
//! journal/checkpoint    "stafchk\n", then frames: length u32, BLAKE3 of the content, content (postcard)
//!                       head, some deliveries at a time, end
//! ```
//!
//! It is made while the store goes on. Deliveries are saved some at a time, each lot as of the newest record of that
//! moment; a start reads on from the record at which the saving began, and passes over what a lot has already in it.
//! It is on the disk only when everything that it has in it is durable.
//!
//! Promises: one that is not whole, or of another journal, or ahead of it, is as good as none: then the journal is read
//! from its beginning. Never: the only place where anything stands.

use super::backup::Restored;
use super::book::{Book, Listed};
use super::disk::{Disk, DiskFile, read_up_to};
use super::log::Home;
use crate::message::{Error, ErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"stafchk\n";
/// Another version is as good as none.
const VERSION: u32 = 1;
const NAME: &str = "checkpoint";
const DRAFT: &str = "checkpoint.new";
/// Deliveries of one frame: so many are saved while the book is held.
pub const LOT: usize = 256;
const FRAME: u64 = 36;

/// What it begins with.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    journal: [u8; 16],
    /// Everything up to here is in it.
    after: u64,
}

/// Some deliveries.
#[derive(Serialize, Deserialize)]
struct Lot {
    /// The newest record when they were saved.
    seen: u64,
    /// The deliveries, and whether their receipts are awaited.
    some: Vec<(Listed, bool)>,
}

/// What it ends with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct End {
    /// How many deliveries are in it.
    pub deliveries: u64,
    /// How many had ever arrived.
    pub arrived: u64,
    /// The newest fencing token.
    pub token: u64,
    /// The newest record that it has something of.
    pub last: u64,
    /// Whether the node was restored.
    pub restored: Option<Restored>,
}

/// One that is being written.
pub struct Draft<'a> {
    disk: &'a dyn Disk,
    file: Arc<dyn DiskFile>,
    at: u64,
    deliveries: u64,
}

fn fail(cause: io::Error) -> Error {
    Error::new(ErrorKind::Storage, "the checkpoint cannot be written").cause(cause)
}

impl<'a> Draft<'a> {
    /// Begins one that has everything up to a record.
    pub fn begin(home: &Home<'a>, after: u64) -> Result<Draft<'a>, Error> {
        let disk = home.disk;
        if disk.list().map_err(fail)?.iter().any(|name| name == DRAFT) {
            disk.remove(DRAFT).map_err(fail)?;
        }
        let file = disk.create(DRAFT).map_err(fail)?;
        file.write_at(0, MAGIC).map_err(fail)?;
        let mut draft = Draft { disk, file, at: MAGIC.len() as u64, deliveries: 0 };
        draft.frame(&Head { version: VERSION, journal: home.journal, after })?;
        Ok(draft)
    }

    /// Saves some deliveries, as of a record.
    pub fn save(&mut self, seen: u64, some: Vec<(Listed, bool)>) -> Result<(), Error> {
        self.deliveries += some.len() as u64;
        self.frame(&Lot { seen, some })
    }

    /// Puts it in the place of the one before; all that it has must be durable.
    pub fn end(mut self, end: End) -> Result<u64, Error> {
        let deliveries = self.deliveries;
        self.frame(&End { deliveries, ..end })?;
        self.file.sync_data().map_err(fail)?;
        self.disk.rename(DRAFT, NAME).map_err(fail)?;
        self.disk.sync_directory().map_err(fail)?;
        Ok(deliveries)
    }

    fn frame<T: Serialize>(&mut self, content: &T) -> Result<(), Error> {
        let content = postcard::to_stdvec(content)
            .map_err(|e| Error::new(ErrorKind::Internal, "a frame cannot be encoded").cause(e))?;
        let mut bytes = (content.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(blake3::hash(&content).as_bytes());
        bytes.extend_from_slice(&content);
        self.file.write_at(self.at, &bytes).map_err(fail)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// A checkpoint as it was found.
pub struct Checkpoint {
    /// The journal that it is of.
    pub journal: [u8; 16],
    /// Everything up to here is in it.
    pub after: u64,
    /// What it ends with.
    pub end: End,
    lots: Vec<(u64, Vec<(Listed, bool)>)>,
}

impl Checkpoint {
    /// The one on a disk, if it is whole.
    pub fn read(disk: &dyn Disk) -> Option<Checkpoint> {
        let file = disk.open(NAME).ok()?;
        let length = file.length().ok()?;
        if read_up_to(&*file, 0, MAGIC.len()).ok()? != MAGIC {
            return None;
        }
        let mut at = MAGIC.len() as u64;
        let head: Head = frame(&*file, &mut at, length)?;
        if head.version != VERSION {
            return None;
        }
        let (mut lots, mut deliveries) = (Vec::new(), 0);
        loop {
            let Lot { seen, some } = frame(&*file, &mut at, length)?;
            if some.is_empty() {
                break;
            }
            deliveries += some.len() as u64;
            lots.push((seen, some));
        }
        let end: End = frame(&*file, &mut at, length)?;
        let whole = at == length && end.deliveries == deliveries;
        whole.then_some(Checkpoint { journal: head.journal, after: head.after, end, lots })
    }

    /// Makes its deliveries a book's.
    pub fn into_book(self, book: &mut Book) {
        book.token = self.end.token;
        book.restored = self.end.restored;
        book.board.take_over(self.end.arrived, self.after, self.lots);
    }
}

fn frame<T: DeserializeOwned>(file: &dyn DiskFile, at: &mut u64, length: u64) -> Option<T> {
    let head = read_up_to(file, *at, FRAME as usize).ok()?;
    let size = u64::from(u32::from_le_bytes(head.get(..4)?.try_into().ok()?));
    let hash = head.get(4..36)?;
    if *at + FRAME + size > length {
        return None;
    }
    let content = read_up_to(file, *at + FRAME, size as usize).ok()?;
    if *blake3::hash(&content).as_bytes() != *hash {
        return None;
    }
    *at += FRAME + size;
    postcard::from_bytes(&content).ok()
}
