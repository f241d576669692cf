//! A copy of a journal while it is written: every record that was durable when the copy began, and none after.
//!
//! Promises: what is copied is read again and checked before anybody hears that it is there; the writer is not kept
//! waiting. Never: changes what it copies.

use super::recover::{Indexed, io_error, recover};
use super::scan::{Bad, Damage};
use super::segment::START;
use crate::message::{Error, ErrorKind};
use crate::store::disk::{Disk, DiskFile, read_up_to};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// So much is read and written in one piece.
const PIECE: usize = 1 << 20;

/// A segment that was copied.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The file's name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// How much of it is not zeros.
    pub filled: u64,
    /// BLAKE3 of that, in hexadecimal.
    pub hash: String,
}

/// What was copied.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    /// The newest record in it: whatever was acknowledged up to here is in the copy.
    pub last: u64,
    /// How many whole records it has.
    pub records: u64,
    /// How many records of it were not whole, in the original already.
    pub bad: u64,
    /// Its segments in order.
    pub segments: Vec<Segment>,
}

/// A segment as it stands.
pub struct Source {
    name: String,
    file: Arc<dyn DiskFile>,
    end: Option<usize>,
    last: u64,
}

/// What a copy of these segments takes: all but the newest whole, that one up to its newest record.
pub fn sources(segments: &[Indexed]) -> Vec<Source> {
    let newest = segments.len().saturating_sub(1);
    let source = |(n, segment): (usize, &Indexed)| {
        let ends = segment.records.iter().map(|(offset, length)| (offset + length) as usize);
        let end = ends.max().unwrap_or(0).max(START);
        Source {
            name: segment.name.clone(),
            file: Arc::clone(&segment.file),
            end: (n == newest).then_some(end),
            last: (segment.first + segment.records.len() as u64).saturating_sub(1),
        }
    };
    segments.iter().enumerate().map(source).collect()
}

/// Copies segments to a disk that is empty, and reads them there again.
pub fn copy(sources: &[Source], to: &dyn Disk) -> Result<Copied, Error> {
    let mut segments = Vec::new();
    for source in sources {
        let fail = |e| io_error(&format!("{} cannot be copied", source.name), e);
        let length = source.file.length().map_err(fail)?;
        let end = source.end.map_or(length, |end| (end as u64).min(length));
        segments.push(piecewise(&source.name, &*source.file, end, length, to).map_err(fail)?);
    }
    to.sync_directory().map_err(|e| io_error("the copy cannot be synced", e))?;
    let last = sources.iter().map(|source| source.last).max().unwrap_or(0);
    let copied = check(to, segments)?;
    match copied.last == last {
        true => Ok(copied),
        false => {
            let note = format!("the copy ends at record {}, not at {last}", copied.last);
            Err(Error::new(ErrorKind::Storage, note))
        }
    }
}

/// Reads a copy, whose segments are known, from its beginning to its end.
pub fn check(disk: &dyn Disk, segments: Vec<Segment>) -> Result<Copied, Error> {
    let mut records = 0;
    let found = recover(disk, &mut |_, _| records += 1)?;
    let lost = |bad: &&Bad| bad.damage != Damage::Torn;
    let bad = found.bad.iter().filter(lost).map(|bad| bad.last + 1 - bad.first).sum();
    Ok(Copied { last: found.next - 1, records, bad, segments })
}

/// Copies the first `end` bytes of a file; the rest is zeros.
pub fn piecewise(
    name: &str,
    from: &dyn DiskFile,
    end: u64,
    length: u64,
    to: &dyn Disk,
) -> std::io::Result<Segment> {
    let file = to.create(name)?;
    let mut hasher = blake3::Hasher::new();
    let mut at = 0;
    while at < end {
        let piece = read_up_to(from, at, PIECE.min((end - at) as usize))?;
        if piece.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&piece);
        file.write_at(at, &piece)?;
        at += piece.len() as u64;
    }
    if length > end {
        file.write_at(length - 1, &[0])?;
    }
    file.sync_data()?;
    let hash = hasher.finalize().to_hex().to_string();
    Ok(Segment { name: name.to_owned(), bytes: length, filled: end, hash })
}
