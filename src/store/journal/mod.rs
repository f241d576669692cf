//! The journal: our own append-only log of segments, on a [`Disk`].
//!
//! ```text
//! journal-00000000000000000001     one file of fixed size, zeroed and synced before it is used
//! ┌───────────────────────────────────────────────────────────────┐
//! │ segment header, 4096 bytes                                    │
//! │   0 "stafseg\n"   8 version u32   12 epoch u32   16 first u64 │
//! │  24 bytes u64    32 journal's own name, 16      48 zero u32   │
//! │  52 CRC32C of bytes 0..52                     rest: zeros     │
//! ├───────────────────────────────────────────────────────────────┤
//! │ record, at a multiple of 8; all numbers little-endian         │
//! │   0 "strc"        4 length u32     8 length uncompressed u32  │
//! │  12 epoch u32    16 sequence u64  24 durable u64              │
//! │  32 version u8   33 compression u8 (0 none, 1 LZ4 block)      │
//! │  34 retention u8 35 zero u8       36 key id u32 (0 clear)     │
//! │  40 BLAKE3 of the uncompressed content, 32 bytes              │
//! │  72 CRC32C of the stored content  76 CRC32C of bytes 0..76    │
//! │  80 content, `length` bytes, then zeros to a multiple of 8    │
//! ├───────────────────────────────────────────────────────────────┤
//! │ more records, numbers rising by one; then zeros               │
//! └───────────────────────────────────────────────────────────────┘
//! ```
//!
//! `durable` is the newest record that was known to be on disk when this one was written: so a record that
//! is bad while a later one says that it was durable has rotted, and a record that is bad at the end may
//! just have been cut short by the power (see [`scan`]). `epoch` differs in every life of a file.
//!
//! One thread writes. It takes whatever waits, writes it in one piece, syncs once, and then tells everybody
//! who waited. A write or a sync that fails is the last: from then on every commit hears an error.
//! Never: overwrites a record, deletes a good one, retries a sync.

mod copy;
mod record;
mod recover;
mod scan;
mod segment;
mod summary;
mod writer;

pub use copy::{Copied, Segment};
pub use recover::{Found, name, recover, recover_after};
pub use scan::{Bad, Damage};
pub use summary::{Keys, Summary};

use super::disk::Disk;
use super::entry::Entry;
use super::log::{After, Home, Log, Prepared, Synced, unreadable};
use crate::message::{Error, ErrorKind, Position};
use recover::{Indexed, io_error, read_at};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;
use writer::{Item, Queue, Writer};

/// How a journal is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The size of a segment's file. A record cannot be larger.
    pub segment_bytes: u64,
    /// Whether contents are compressed where that is worth it.
    pub compress: bool,
    /// Whether the next segment is made ready by a thread of its own.
    pub ahead: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { segment_bytes: 64 << 20, compress: true, ahead: true }
    }
}

/// The log on a disk.
pub struct Journal {
    disk: Arc<dyn Disk>,
    name: [u8; 16],
    shared: Arc<Shared>,
    settings: Settings,
    sync_micros: u64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer and everybody else see.
struct Shared {
    queue: Queue,
    index: RwLock<Vec<Indexed>>,
    failed: Mutex<Option<String>>,
    /// What is called when it has.
    told: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    syncs: std::sync::atomic::AtomicU64,
}

impl Shared {
    fn failed(&self) -> MutexGuard<'_, Option<String>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Nothing is written any more, and whoever wants to know is told.
    fn fail(&self, why: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        *self.failed() = Some(why);
        let tell = told.take();
        drop(told);
        if let Some(tell) = tell {
            tell();
        }
    }
}

impl Journal {
    /// Goes on where a journal was found to end. A new segment is begun if the last does not end clean.
    pub fn start(
        disk: Arc<dyn Disk>,
        settings: Settings,
        found: Found,
        synced: Synced,
    ) -> Result<Journal, Error> {
        let Found { segments, next, durable, tail, epoch, journal, .. } = found;
        let journal = journal.unwrap_or_else(|| *uuid::Uuid::new_v4().as_bytes());
        let shared = Arc::new(Shared {
            queue: Queue::default(),
            index: RwLock::new(segments),
            failed: Mutex::new(None),
            told: Mutex::new(None),
            syncs: std::sync::atomic::AtomicU64::new(0),
        });
        let own = Arc::clone(&disk);
        let mut writer = Writer::new(disk, settings, Arc::clone(&shared), synced, journal, epoch);
        writer.begin(next, durable, tail).map_err(|e| io_error("no segment can be begun", e))?;
        let sync_micros =
            writer.measure().map_err(|e| io_error("the journal cannot be synced", e))?;
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|e| io_error("the journal's writer cannot be started", e))?;
        let thread = Mutex::new(Some(thread));
        Ok(Journal { disk: own, name: journal, shared, settings, sync_micros, thread })
    }
}

impl Log for Journal {
    fn prepare(&self, entry: &Entry) -> Result<Prepared, Error> {
        let most = self.settings.segment_bytes as usize - segment::START;
        record::prepare(entry, self.settings.compress, most)
    }

    fn append(&self, position: Position, prepared: Prepared, after: After) {
        self.shared.queue.push(Item { record: Some((position.sequence, prepared)), after });
    }

    fn wait(&self, _partition: u16, after: After) {
        self.shared.queue.push(Item { record: None, after });
    }

    fn kick(&self) {
        self.shared.queue.kick();
    }

    fn read(&self, position: Position) -> Result<Entry, Error> {
        let sequence = position.sequence;
        let none = || unreadable(position, "there is none");
        let (file, epoch, place) = {
            let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
            let at = index.partition_point(|segment| segment.first <= sequence);
            let segment = at.checked_sub(1).and_then(|at| index.get(at)).ok_or_else(none)?;
            let at = (sequence - segment.first) as usize;
            let place = *segment.records.get(at).ok_or_else(none)?;
            (Arc::clone(&segment.file), segment.epoch, place)
        };
        read_at(&*file, epoch, position, place)
    }

    fn failed(&self) -> Option<String> {
        self.shared.failed().clone()
    }

    fn home(&self) -> Option<Home<'_>> {
        Some(Home { disk: &*self.disk, journal: self.name })
    }

    fn unsummed(&self) -> Vec<(u64, u64)> {
        let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        let full = &index[..index.len().saturating_sub(1)];
        let open = full.iter().filter(|one| !one.summed);
        open.map(|one| (one.first, one.first + one.records.len() as u64 - 1)).collect()
    }

    fn sum(&self, first: u64, keys: Vec<Keys>) -> Result<bool, Error> {
        let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        let Some(one) = index.iter().find(|one| one.first == first) else { return Ok(false) };
        if one.records.iter().any(|(_, length)| *length == 0) {
            return Ok(false);
        }
        let (epoch, durable, records) = (one.epoch, one.durable, one.records.clone());
        drop(index);
        let summary = Summary { epoch, durable, records, keys };
        summary::write(&*self.disk, self.name, first, &summary)?;
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        let one = index.iter_mut().find(|one| one.first == first && one.epoch == epoch);
        one.into_iter().for_each(|one| one.summed = true);
        Ok(true)
    }

    fn copy(&self, to: &dyn Disk) -> Result<Copied, Error> {
        let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
        let sources = copy::sources(&index);
        drop(index);
        copy::copy(&sources, to)
    }

    fn on_failed(&self, tell: Box<dyn FnOnce() + Send>) {
        let mut told = self.shared.told.lock().unwrap_or_else(PoisonError::into_inner);
        if self.failed().is_none() {
            *told = Some(tell);
            return;
        }
        drop(told);
        tell();
    }

    fn sync_micros(&self) -> u64 {
        self.sync_micros
    }

    fn syncs(&self) -> u64 {
        self.shared.syncs.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Drop for Journal {
    /// Waits for what is queued to be written. The last holder may be the writer itself, answering.
    fn drop(&mut self) {
        self.shared.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|t| t.thread().id() != std::thread::current().id()) {
            drop(thread.join());
        }
    }
}

/// Copies a journal that nobody writes to an empty disk.
pub fn copy_of(from: &dyn Disk, to: &dyn Disk) -> Result<Copied, Error> {
    let found = recover(from, &mut |_, _| ())?;
    copy::copy(&copy::sources(&found.segments), to)
}

/// Copies what was copied to an empty disk; every byte must be what it was.
pub fn copy_back(copied: &Copied, from: &dyn Disk, to: &dyn Disk) -> Result<(), Error> {
    for known in &copied.segments {
        let name = &known.name;
        let fail = |e| io_error(&format!("{name} cannot be copied"), e);
        let file = from.open(name).map_err(fail)?;
        let made = copy::piecewise(name, &*file, known.filled, known.bytes, to).map_err(fail)?;
        if made != *known {
            let note = format!("{name} is not what was backed up");
            return Err(Error::new(ErrorKind::Storage, note));
        }
    }
    to.sync_directory().map_err(|e| io_error("the copy cannot be synced", e))?;
    let there = copy::check(to, copied.segments.clone())?;
    match there == *copied {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Storage, "the copy is not what was backed up")),
    }
}

/// How long something takes, in microseconds.
fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}
