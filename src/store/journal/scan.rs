//! Reading a segment from its beginning: what is good, what is not, and whether it was torn or has rotted.
//!
//! A write that the power cut short leaves sectors of zeros; nothing else does. So a record that cannot be
//! read is *torn* if a part of it is still as empty as the segment was made, and nothing that was written
//! after its sync is there; else it has *rotted*. Either way what is good around it is kept.

use super::record::{ALIGN, HEADER, Header};
use super::segment::START;
use crate::message::sabotage::broken;
use crate::store::version::{NEWEST, OLDEST};
use serde::Serialize;

const SECTOR: usize = 512;

/// Why a record cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// It was being written when the power went: nobody was told that it was there.
    Torn,
    /// It was there once.
    Rotten,
    /// A file that should be there is not.
    Missing,
}

/// Records that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Bad {
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// The file.
    pub segment: String,
    /// Where in it.
    pub offset: u64,
    /// What became of them.
    pub damage: Damage,
    /// What was seen.
    pub why: String,
}

/// A record that is whole by its header and the CRC of its content.
pub struct Good {
    /// Where it begins.
    pub offset: usize,
    /// Its header.
    pub header: Header,
}

/// What a segment holds.
#[derive(Default)]
pub struct Scan {
    /// What is whole, in order.
    pub good: Vec<Good>,
    /// What is not: (first record, last record, from, to, what was seen).
    pub bad: Vec<(u64, u64, usize, usize, &'static str)>,
    /// A record of a version that this program does not know: (sequence, version).
    pub unknown: Option<(u64, u8)>,
    /// Where the next record would be written, if the rest is empty.
    pub end: usize,
}

/// Scans a segment's bytes.
pub fn scan(bytes: &[u8], epoch: u32, first: u64) -> Scan {
    let mut scan = Scan { end: START, ..Scan::default() };
    let filled = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let mut expected = first;
    let mut at = START;
    while at < filled {
        let header = Header::decode(&bytes[at..], epoch).filter(|h| fits(h, bytes, at, expected));
        let Some(header) = header else {
            let next = (at + ALIGN..filled).step_by(ALIGN).find_map(|next| {
                let header = Header::decode(&bytes[next..], epoch)?;
                fits(&header, bytes, next, expected + 1).then_some((next, header.sequence))
            });
            let (to, sequence) = next.unwrap_or((filled.max(at + HEADER), expected + 1));
            scan.bad.push((expected, sequence - 1, at, to, "there is no whole header"));
            expected = sequence;
            at = to;
            continue;
        };
        if !(OLDEST..=NEWEST).contains(&header.version) {
            scan.unknown = Some((header.sequence, header.version));
            break;
        }
        let (sequence, size) = (header.sequence, header.size());
        if sequence > expected {
            scan.bad.push((
                expected,
                sequence - 1,
                at,
                at,
                "they are not between their neighbours",
            ));
        }
        let stored = &bytes[at + HEADER..at + HEADER + header.length as usize];
        if crc32c::crc32c(stored) == header.crc || broken("no-checksum") {
            scan.good.push(Good { offset: at, header });
        } else {
            scan.bad.push((
                sequence,
                sequence,
                at,
                at + size,
                "its bytes are not what was written",
            ));
        }
        expected = sequence + 1;
        at += size;
        scan.end = at;
    }
    scan.end = scan.end.max(at.next_multiple_of(ALIGN));
    scan
}

fn fits(header: &Header, bytes: &[u8], at: usize, expected: u64) -> bool {
    header.sequence >= expected && at + header.size() <= bytes.len()
}

/// Whether a bad stretch, which begins at an offset, was torn: a part of it is as empty as the segment was
/// made, and nothing that was written after its sync is there.
pub fn is_torn(stretch: &[u8], offset: usize, last: u64, newest_durable: u64) -> bool {
    if newest_durable >= last {
        return false;
    }
    let lead = (SECTOR - offset % SECTOR).min(stretch.len());
    let (first, rest) = stretch.split_at(lead);
    let mut sectors = std::iter::once(first).chain(rest.chunks(SECTOR));
    sectors.any(|sector| !sector.is_empty() && sector.iter().all(|byte| *byte == 0))
}
