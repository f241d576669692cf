//! Opening a journal: what is behind a checkpoint is read, every record of it checked; without one, all of it. Nothing
//! is deleted.
//!
//! Promises: a version it does not know is refused before anything is written; what is whole is handed on
//! in order; what is not is reported with its number, file and offset.

use super::record::{HEADER, Header};
use super::scan::{Bad, Damage, Scan, is_torn, scan};
use super::segment::{self, START, SegmentHeader};
use super::summary::{self, Summary};
use crate::message::sabotage::broken;
use crate::message::{Error, ErrorKind, Position, Unit};
use crate::store::disk::{Disk, DiskFile, read_up_to};
use crate::store::entry::{Entry, Members};
use crate::store::log::unreadable;
use std::io;
use std::sync::Arc;

/// Where the records of a segment lie.
pub struct Indexed {
    /// The file's name.
    pub name: String,
    /// The file.
    pub file: Arc<dyn DiskFile>,
    /// The segment's epoch.
    pub epoch: u32,
    /// The number of its first record.
    pub first: u64,
    /// Offset and stored length (with header) of each record from the first; 0 where one is bad.
    pub records: Vec<(u32, u32)>,
    /// What was durable when its first record was written, and its newest.
    pub durable: (u64, u64),
    /// Whether its summary is on the disk.
    pub summed: bool,
}

impl Indexed {
    /// Notes where a record lies.
    pub fn note(&mut self, sequence: u64, offset: usize, length: usize, durable: u64) {
        let at = (sequence - self.first) as usize;
        if self.records.is_empty() {
            self.durable.0 = durable;
        }
        self.durable.1 = durable;
        if self.records.len() <= at {
            self.records.resize(at + 1, (0, 0));
        }
        self.records[at] = (offset as u32, length as u32);
    }
}

impl Indexed {
    /// A segment with nothing noted yet.
    pub fn at(name: &str, file: Arc<dyn DiskFile>, epoch: u32, first: u64) -> Indexed {
        let (name, records) = (name.to_owned(), Vec::new());
        Indexed { name, file, epoch, first, records, durable: (0, 0), summed: false }
    }

    /// A segment as its summary says.
    fn summed(name: &str, file: Arc<dyn DiskFile>, first: u64, summary: Summary) -> Indexed {
        let Summary { epoch, durable, records, .. } = summary;
        let summed = true;
        Indexed { name: name.to_owned(), file, epoch, first, records, durable, summed }
    }
}

/// The entry of a record in segments whose records' places are known; checked.
pub fn read_in(segments: &[Indexed], sequence: u64) -> Result<Entry, Error> {
    let position = Position { partition: 0, sequence };
    let none = || unreadable(position, "there is none");
    let at = segments.partition_point(|segment| segment.first <= sequence);
    let segment = at.checked_sub(1).and_then(|at| segments.get(at)).ok_or_else(none)?;
    let place = segment.records.get((sequence - segment.first) as usize).ok_or_else(none)?;
    read_at(&*segment.file, segment.epoch, position, *place)
}

/// The entry at a place of a segment; checked.
pub fn read_at(
    file: &dyn DiskFile,
    epoch: u32,
    position: Position,
    (offset, length): (u32, u32),
) -> Result<Entry, Error> {
    if length == 0 {
        return Err(unreadable(position, "its bytes are not what was written"));
    }
    let bytes = read_up_to(file, u64::from(offset), length as usize)
        .map_err(|e| io_error("the journal cannot be read", e))?;
    let header = Header::decode(&bytes, epoch).filter(|h| h.sequence == position.sequence);
    let header = header.ok_or_else(|| unreadable(position, "its header has rotted"))?;
    header
        .open(&bytes[HEADER..])
        .map_err(|why| unreadable(position, &format!("at offset {offset}, {why}")))
}

/// A journal as it was found.
#[derive(Default)]
pub struct Found {
    /// Its segments in order.
    pub segments: Vec<Indexed>,
    /// The number that the next record gets.
    pub next: u64,
    /// The newest record that was there, or once was: what was only torn is not.
    pub durable: u64,
    /// Where it goes in the last segment, if that ends clean.
    pub tail: Option<usize>,
    /// What could not be read.
    pub bad: Vec<Bad>,
    /// The highest epoch.
    pub epoch: u32,
    /// The journal's own name.
    pub journal: Option<[u8; 16]>,
    /// How many records were read.
    pub read: u64,
    /// Messages of the last transmission that have no record of their own yet, and where that stands.
    pub missing: Vec<(Position, u16, Unit)>,
}

impl Found {
    /// The journal's own name, in hexadecimal.
    pub fn name(&self) -> String {
        hexadecimal(self.journal.unwrap_or_default())
    }
}

/// A journal's own name, in hexadecimal, as the first segment that can be read says it.
pub fn name(disk: &dyn Disk) -> Result<Option<String>, Error> {
    let names = disk.list().map_err(|e| io_error("the journal's folder cannot be listed", e))?;
    for name in names.iter().filter(|name| segment::named(name).is_some()) {
        let fail = |e| io_error(&format!("{name} cannot be read"), e);
        let head = read_up_to(&*disk.open(name).map_err(fail)?, 0, START).map_err(fail)?;
        if let Some(header) = SegmentHeader::decode(&head) {
            return Ok(Some(hexadecimal(header.journal)));
        }
    }
    Ok(None)
}

fn hexadecimal(name: [u8; 16]) -> String {
    name.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The storage error of a failed call.
pub fn io_error(what: &str, cause: io::Error) -> Error {
    Error::new(ErrorKind::Storage, what.to_owned()).cause(cause)
}

fn unknown(what: &str, version: u32) -> Error {
    let note = format!("{what} has format version {version}, which this program does not know");
    Error::new(ErrorKind::Storage, note)
}

/// Reads the whole journal; hands every good entry to `visit`, in order.
pub fn recover(disk: &dyn Disk, visit: &mut dyn FnMut(Position, &Entry)) -> Result<Found, Error> {
    recover_after(disk, 0, &mut |_, _| (), visit)
}

/// Reads what is behind a record; of segments that end before it the summaries, where they have one, whose verdicts'
/// keys `know` gets.
pub fn recover_after(
    disk: &dyn Disk,
    after: u64,
    know: &mut dyn FnMut(u64, &Summary),
    visit: &mut dyn FnMut(Position, &Entry),
) -> Result<Found, Error> {
    let names = disk.list().map_err(|e| io_error("the journal's folder cannot be listed", e))?;
    let names: Vec<_> =
        names.into_iter().filter_map(|n| segment::named(&n).map(|first| (n, first))).collect();
    let headers = check_versions(disk, &names)?;
    let mut found = Found { next: 1, ..Found::default() };
    let mut raw: Vec<(Bad, Vec<u8>)> = Vec::new();
    let mut newest_durable = 0;
    let mut begun = Vec::new();
    let mut members = Members::default();
    for (n, (name, first)) in names.iter().enumerate() {
        let fail = |e| io_error(&format!("{name} cannot be read"), e);
        let file = disk.open(name).map_err(fail)?;
        let seen = raw.iter().map(|(bad, _)| bad.last + 1).fold(found.next, u64::max);
        if *first > seen && n > 0 {
            found.bad.push(missing(seen, *first, name));
        }
        let last = n + 1 == names.len();
        let summary = headers[n].as_ref().filter(|_| !last).and_then(|h| summary::read(disk, h));
        let past = |one: &Summary| first + one.records.len() as u64 <= after + 1;
        if let Some(summary) = summary.filter(past) {
            found.journal = found.journal.or(headers[n].as_ref().map(|header| header.journal));
            found.epoch = found.epoch.max(summary.epoch);
            found.next = found.next.max(first + summary.records.len() as u64);
            begun.push(Some(summary.durable.0));
            newest_durable = newest_durable.max(summary.durable.1);
            know(*first, &summary);
            found.segments.push(Indexed::summed(name, file, *first, summary));
            continue;
        }
        let length = file.length().map_err(fail)? as usize;
        let bytes = read_up_to(&*file, 0, length).map_err(fail)?;
        let epoch = epoch_of(&bytes, name, *first, &mut found);
        found.epoch = found.epoch.max(epoch);
        let scan = scan(&bytes, epoch, *first);
        if let Some((sequence, version)) = scan.unknown {
            return Err(unknown(&format!("record {sequence} in {name}"), version.into()));
        }
        begun.push(scan.good.first().map(|good| good.header.durable));
        found.tail = (last && scan.bad.is_empty()).then_some(scan.end);
        newest_durable =
            scan.good.iter().map(|good| good.header.durable).fold(newest_durable, u64::max);
        let earlier = std::mem::take(&mut found.segments);
        let visit = &mut |position: Position, entry: &Entry| {
            members.find(position, entry, |at| read_in(&earlier, at));
            if let Some(entry) = members.resolve(position, entry) {
                visit(position, &entry);
            }
        };
        let indexed = Indexed::at(name, file, epoch, *first);
        take(&bytes, scan, indexed, &mut found, &mut raw, visit);
        found.segments.splice(0..0, earlier);
    }
    let mut unfinished = u64::MAX;
    for (mut bad, stretch) in raw {
        // What was written next, after a start, says that it was not durable then: that start saw it torn.
        let later = names.iter().zip(&begun).filter(|((name, _), _)| **name > *bad.segment);
        let next = later.filter_map(|(_, durable)| *durable).next();
        let torn = next.is_some_and(|durable| durable < bad.first)
            || is_torn(&stretch, bad.offset as usize, bad.last, newest_durable);
        if torn && next.is_none() {
            // A whole record of the same write may stand behind it: that one was not durable either.
            unfinished = unfinished.min(bad.first);
        }
        bad.damage = if torn { Damage::Torn } else { Damage::Rotten };
        if bad.damage == Damage::Rotten {
            found.next = found.next.max(bad.last + 1);
        }
        found.bad.push(bad);
    }
    found.missing = members.missing();
    found.bad.sort_by_key(|bad| bad.first);
    found.durable = found.next.min(unfinished) - 1;
    let ends_torn = found.tail.is_none();
    if found.segments.last().is_some_and(|last| ends_torn && last.first == found.next) {
        // Its only records were torn: they keep their numbers, because two files cannot share a name.
        let covered = found.bad.iter().map(|bad| bad.last + 1).fold(0, u64::max);
        found.next = covered.max(found.next + 1);
    }
    Ok(found)
}

/// Takes what a scan found: good entries to `visit`, bad stretches aside until all is read.
fn take(
    bytes: &[u8],
    scan: Scan,
    mut indexed: Indexed,
    found: &mut Found,
    raw: &mut Vec<(Bad, Vec<u8>)>,
    visit: &mut dyn FnMut(Position, &Entry),
) {
    let bad = |first, last, offset: usize, why: &str| Bad {
        first,
        last,
        segment: indexed.name.clone(),
        offset: offset as u64,
        damage: Damage::Rotten,
        why: why.to_owned(),
    };
    for (first, last, from, to, why) in &scan.bad {
        let stretch = bytes.get(*from..*to).unwrap_or(&[]).to_vec();
        raw.push((bad(*first, *last, *from, why), stretch));
    }
    let mut notes = Vec::with_capacity(scan.good.len());
    for good in &scan.good {
        let (header, sequence) = (&good.header, good.header.sequence);
        let length = HEADER + header.length as usize;
        found.read += 1;
        if sequence < found.next {
            found.bad.push(bad(sequence, sequence, good.offset, "it comes again"));
            continue;
        }
        match header.open(&bytes[good.offset + HEADER..good.offset + length]) {
            Ok(entry) => {
                notes.push((sequence, good.offset, length, header.durable));
                visit(Position { partition: 0, sequence }, &entry);
            }
            Err(why) => found.bad.push(bad(sequence, sequence, good.offset, why)),
        }
        found.next = found.next.max(sequence + 1);
    }
    for (sequence, offset, length, durable) in notes {
        indexed.note(sequence, offset, length, durable);
    }
    found.next = found.next.max(indexed.first);
    found.segments.push(indexed);
}

fn missing(first: u64, next: u64, name: &str) -> Bad {
    let why = "no file holds them".to_owned();
    let (segment, damage) = (name.to_owned(), Damage::Missing);
    Bad { first, last: next - 1, segment, offset: 0, damage, why }
}

/// Refuses what a later program wrote, before anything is touched; the headers of all segments.
fn check_versions(
    disk: &dyn Disk,
    names: &[(String, u64)],
) -> Result<Vec<Option<SegmentHeader>>, Error> {
    let mut headers = Vec::new();
    for (name, _) in names {
        let fail = |e| io_error(&format!("{name} cannot be read"), e);
        let file = disk.open(name).map_err(fail)?;
        let head = read_up_to(&*file, 0, START).map_err(fail)?;
        match SegmentHeader::decode(&head) {
            Some(header) if header.version != segment::VERSION && !broken("any-version") => {
                return Err(unknown(name, header.version));
            }
            header => headers.push(header),
        }
    }
    Ok(headers)
}

/// The segment's epoch: from its header or, where that has rotted, from its first record.
fn epoch_of(bytes: &[u8], name: &str, first: u64, found: &mut Found) -> u32 {
    if let Some(header) = SegmentHeader::decode(bytes) {
        found.journal = found.journal.or(Some(header.journal));
        return header.epoch;
    }
    found.bad.push(Bad {
        first,
        last: first - 1,
        segment: name.to_owned(),
        offset: 0,
        damage: Damage::Rotten,
        why: "the segment's header cannot be read".to_owned(),
    });
    (START..bytes.len().saturating_sub(HEADER))
        .step_by(super::record::ALIGN)
        .find_map(|at| {
            let epoch = super::record::u32_at(bytes, at + 12);
            super::record::Header::decode(&bytes[at..], epoch).map(|header| header.epoch)
        })
        .unwrap_or(0)
}
