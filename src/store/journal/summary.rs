//! What is kept beside a segment that is full: where its records lie, and the keys of the verdicts in it, so that a
//! start need not read it.
//!
//! Promises: one that is not whole, or of another life of the segment, is as good as none. Never: written for a segment
//! with a record that cannot be read; the only place where anything stands.

use super::segment::SegmentHeader;
use crate::message::{Error, ErrorKind};
use crate::store::disk::{Disk, read_up_to};
use crate::store::print::Print;
use serde::{Deserialize, Serialize};
use std::io;

const MAGIC: &[u8; 8] = b"stafsum\n";
/// Another version is as good as none: the segment is read.
const VERSION: u32 = 1;
const DRAFT: &str = "summary.new";
const HEAD: usize = 60;

/// A verdict's keys: how far behind the segment's first record it stands, the message's and the envelope's.
pub type Keys = (u32, Print, Print);

/// What is kept of a segment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The segment's epoch.
    pub epoch: u32,
    /// What was durable when its first record was written, and its newest.
    pub durable: (u64, u64),
    /// Offset and stored length of each record.
    pub records: Vec<(u32, u32)>,
    /// The keys of its verdicts, in order.
    pub keys: Vec<Keys>,
}

/// The file's name for the segment whose first record is this.
pub fn name(first: u64) -> String {
    format!("summary-{first:020}")
}

/// Writes the summary of a segment: whole, or not at all.
pub fn write(
    disk: &dyn Disk,
    journal: [u8; 16],
    first: u64,
    summary: &Summary,
) -> Result<(), Error> {
    let content = postcard::to_stdvec(summary)
        .map_err(|e| Error::new(ErrorKind::Internal, "a summary cannot be encoded").cause(e))?;
    let mut bytes = Vec::with_capacity(HEAD + content.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&journal);
    bytes.extend_from_slice(blake3::hash(&content).as_bytes());
    bytes.extend_from_slice(&content);
    place(disk, DRAFT, &name(first), &bytes).map_err(|e| {
        let note = format!("the summary of segment {first} cannot be written");
        Error::new(ErrorKind::Storage, note).cause(e)
    })
}

fn place(disk: &dyn Disk, draft: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    if disk.list()?.iter().any(|one| one == draft) {
        disk.remove(draft)?;
    }
    let file = disk.create(draft)?;
    file.write_at(0, bytes)?;
    file.sync_data()?;
    disk.rename(draft, name)?;
    disk.sync_directory()
}

/// The summary of a segment, if there is one that is whole and of this life of it.
pub fn read(disk: &dyn Disk, header: &SegmentHeader) -> Option<Summary> {
    let file = disk.open(&name(header.first)).ok()?;
    let bytes = read_up_to(&*file, 0, file.length().ok()? as usize).ok()?;
    let head = bytes.get(..HEAD)?;
    let same = &head[..8] == MAGIC
        && head[8..12] == VERSION.to_le_bytes()
        && head[12..28] == header.journal
        && head[28..60] == *blake3::hash(&bytes[HEAD..]).as_bytes();
    let summary: Summary = same.then(|| postcard::from_bytes(&bytes[HEAD..]).ok())??;
    (summary.epoch == header.epoch).then_some(summary)
}
