//! The one thread that writes: takes what waits, writes it in one piece, syncs once, answers everybody.
//!
//! The sync's return is the acknowledgement; nothing is answered before it. After a failure the writer
//! lives on only to say so.

use super::record::{ALIGN, HEADER, Header, size};
use super::recover::Indexed;
use super::segment::{self, START, SegmentHeader};
use super::{Settings, Shared, micros};
use crate::message::sabotage::broken;
use crate::store::disk::{Disk, DiskFile};
use crate::store::log::{After, Prepared, Synced, read_only};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// A batch is written when it is this long, even if more waits.
const BATCH: usize = 8 << 20;

/// Something to write, or just to wait behind.
pub struct Item {
    /// Its number and content.
    pub record: Option<(u64, Prepared)>,
    /// Who waits for it.
    pub after: After,
}

#[derive(Default)]
struct Waiting {
    items: Vec<Item>,
    closed: bool,
}

/// What waits to be written.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    kicked: Condvar,
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item last.
    pub fn push(&self, item: Item) {
        self.lock().items.push(item);
    }

    /// Wakes the writer.
    pub fn kick(&self) {
        self.kicked.notify_one();
    }

    /// Lets the writer end when nothing waits.
    pub fn close(&self) {
        self.lock().closed = true;
        self.kick();
    }

    /// All that waits; none when there will be nothing more.
    fn take(&self) -> Option<Vec<Item>> {
        let mut waiting = self.lock();
        while waiting.items.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.kicked.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        Some(std::mem::take(&mut waiting.items))
    }
}

struct Current {
    file: Arc<dyn DiskFile>,
    epoch: u32,
    at: usize,
    room: usize,
}

/// The writer.
pub struct Writer {
    disk: Arc<dyn Disk>,
    settings: Settings,
    shared: Arc<Shared>,
    synced: Synced,
    journal: [u8; 16],
    epoch: u32,
    durable: u64,
    current: Option<Current>,
    spare: Option<JoinHandle<io::Result<String>>>,
    buffer: Vec<u8>,
    /// Records of the batch in hand: number, offset, stored length, what was durable when it was placed.
    placed: Vec<(u64, usize, usize, u64)>,
}

impl Writer {
    pub fn new(
        disk: Arc<dyn Disk>,
        settings: Settings,
        shared: Arc<Shared>,
        synced: Synced,
        journal: [u8; 16],
        epoch: u32,
    ) -> Writer {
        Writer {
            disk,
            settings,
            shared,
            synced,
            journal,
            epoch,
            durable: 0,
            current: None,
            spare: None,
            buffer: Vec::new(),
            placed: Vec::new(),
        }
    }

    /// Finds where the next record goes: behind a clean end, else in a new segment.
    pub fn begin(&mut self, next: u64, durable: u64, tail: Option<usize>) -> io::Result<()> {
        self.durable = durable;
        if let Some(at) = tail {
            let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
            let last = index.last().filter(|last| last.first <= next);
            if let Some(Indexed { file, epoch, .. }) = last {
                let (file, room) = (Arc::clone(file), file.length()? as usize);
                self.current = Some(Current { file, epoch: *epoch, at, room });
            }
        }
        if self.current.is_none() {
            self.roll(next)?;
        }
        Ok(())
    }

    /// Syncs a block of zeros that is zeros already, a few times; the middle time in microseconds.
    pub fn measure(&mut self) -> io::Result<u64> {
        let Some(current) = &self.current else { return Ok(0) };
        let room = current.room.saturating_sub(current.at).min(512);
        let mut times = [0; 3];
        for time in &mut times {
            current.file.write_at(current.at as u64, &[0; 512][..room])?;
            let start = Instant::now();
            current.file.sync_data()?;
            *time = micros(start);
        }
        times.sort_unstable();
        Ok(times[1])
    }

    /// Works until the queue is closed and empty.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some(items) = shared.queue.take() {
            let known = shared.failed().clone();
            if let Some(why) = known {
                refuse(items, &why);
                continue;
            }
            let mut rest = items.into_iter();
            let mut waiting = Vec::new();
            let written = self.write_all(&mut rest, &mut waiting);
            if let Err(error) = written {
                let why = error.to_string();
                shared.fail(why.clone());
                refuse(waiting.into_iter().map(|after| Item { record: None, after }), &why);
                refuse(rest, &why);
            }
        }
        if let Some(spare) = self.spare.take() {
            drop(spare.join());
        }
    }

    /// Writes and syncs all items, in as few batches as their size allows; answers each batch.
    fn write_all(
        &mut self,
        items: &mut impl Iterator<Item = Item>,
        waiting: &mut Vec<After>,
    ) -> io::Result<()> {
        for Item { record, after } in items {
            match broken("answer-before-sync") {
                true => after(Ok(())),
                false => waiting.push(after),
            }
            if let Some((sequence, prepared)) = record {
                self.place(sequence, &prepared)?;
            }
            if self.buffer.len() >= BATCH {
                self.flush()?;
                self.answer(waiting);
            }
        }
        self.flush()?;
        self.answer(waiting);
        Ok(())
    }

    fn answer(&mut self, waiting: &mut Vec<After>) {
        (self.synced)(0, self.durable);
        for after in waiting.drain(..) {
            after(Ok(()));
        }
    }

    /// Puts a record into the batch; what does not fit begins a new segment.
    fn place(&mut self, sequence: u64, prepared: &Prepared) -> io::Result<()> {
        let size = size(prepared.bytes.len());
        let place = self.current.as_ref();
        let full = place.is_none_or(|c| c.at + self.buffer.len() + size > c.room);
        if full {
            self.flush()?;
            self.roll(sequence)?;
        }
        let Some(current) = &self.current else { return Ok(()) };
        let header = Header::of(prepared, current.epoch, sequence, self.durable);
        let offset = current.at + self.buffer.len();
        self.buffer.extend_from_slice(&header.encode());
        self.buffer.extend_from_slice(&prepared.bytes);
        self.buffer.resize(self.buffer.len().next_multiple_of(ALIGN), 0);
        let length = HEADER + prepared.bytes.len();
        self.placed.push((sequence, offset, length, self.durable));
        Ok(())
    }

    /// Writes the batch in one piece, and syncs it.
    fn flush(&mut self) -> io::Result<()> {
        let Some(current) = self.current.as_mut().filter(|_| !self.buffer.is_empty()) else {
            return Ok(());
        };
        current.file.write_at(current.at as u64, &self.buffer)?;
        let synced = current.file.sync_data();
        if !broken("sync-error-ignored") {
            synced?;
        }
        self.shared.syncs.fetch_add(1, Ordering::Relaxed);
        current.at += self.buffer.len();
        self.buffer.clear();
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = index.last_mut() {
            for (sequence, offset, length, durable) in self.placed.drain(..) {
                self.durable = sequence;
                segment.note(sequence, offset, length, durable);
            }
        }
        drop(index);
        self.look_ahead();
        Ok(())
    }

    /// Begins a new segment with this record.
    fn roll(&mut self, first: u64) -> io::Result<()> {
        let spare = match self.spare.take() {
            Some(thread) => {
                thread.join().map_err(|_| io::Error::other("making a spare segment failed"))??
            }
            None => segment::make_spare(&*self.disk, self.settings.segment_bytes)?,
        };
        self.epoch += 1;
        let header = SegmentHeader {
            version: segment::VERSION,
            epoch: self.epoch,
            first,
            bytes: self.settings.segment_bytes,
            journal: self.journal,
        };
        let file = segment::activate(&*self.disk, &spare, &header)?;
        let name = segment::name(first);
        let (current, epoch) = (Arc::clone(&file), self.epoch);
        let indexed = Indexed::at(&name, file, epoch, first);
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        index.push(indexed);
        let room = self.settings.segment_bytes as usize;
        self.current = Some(Current { file: current, epoch, at: START, room });
        Ok(())
    }

    /// Has the next segment made ready when the present one is half full.
    fn look_ahead(&mut self) {
        let soon = self.current.as_ref().is_some_and(|current| current.at > current.room / 2);
        if self.settings.ahead && soon && self.spare.is_none() {
            let (disk, bytes) = (Arc::clone(&self.disk), self.settings.segment_bytes);
            let make = move || segment::make_spare(&*disk, bytes);
            self.spare = std::thread::Builder::new().name("spare".to_owned()).spawn(make).ok();
        }
    }
}

fn refuse(items: impl IntoIterator<Item = Item>, why: &str) {
    for item in items {
        (item.after)(Err(read_only(why)));
    }
}
