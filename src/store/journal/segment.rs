//! Segments: files of one fixed size, zeroed before they are used, and used again when they are retired.
//!
//! A spare becomes a segment by its header and its name, both synced before the first record.

use super::record::{u32_at, u64_at};
use crate::store::disk::{Disk, DiskFile};
use std::io;
use std::sync::Arc;

/// The header's room; the first record begins after it.
pub const START: usize = 4096;
/// The version of segments that this program writes, and the only one it reads.
pub const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"stafseg\n";
const LENGTH: usize = 56;
const PREFIX: &str = "journal-";
const SPARE: &str = "spare-";
const CHUNK: usize = 1 << 20;

/// A segment's header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SegmentHeader {
    /// The format's version.
    pub version: u32,
    /// How many lives the journal's segments have had: no two share one.
    pub epoch: u32,
    /// The number of its first record.
    pub first: u64,
    /// The file's length.
    pub bytes: u64,
    /// The journal it belongs to.
    pub journal: [u8; 16],
}

impl SegmentHeader {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LENGTH);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.journal);
        out.extend_from_slice(&[0; 4]);
        let check = crc32c::crc32c(&out);
        out.extend_from_slice(&check.to_le_bytes());
        out
    }

    /// The header that these bytes are, if they are one of any version.
    pub fn decode(bytes: &[u8]) -> Option<SegmentHeader> {
        let bytes = bytes.get(..LENGTH)?;
        if &bytes[..8] != MAGIC || u32_at(bytes, 52) != crc32c::crc32c(&bytes[..52]) {
            return None;
        }
        let mut journal = [0; 16];
        journal.copy_from_slice(&bytes[32..48]);
        Some(SegmentHeader {
            version: u32_at(bytes, 8),
            epoch: u32_at(bytes, 12),
            first: u64_at(bytes, 16),
            bytes: u64_at(bytes, 24),
            journal,
        })
    }
}

/// The file's name of the segment whose first record is this.
pub fn name(first: u64) -> String {
    format!("{PREFIX}{first:020}")
}

/// The first record of the segment of this file's name.
pub fn named(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// Whether a file of this name is a spare.
pub fn is_spare(name: &str) -> bool {
    name.starts_with(SPARE)
}

/// Makes a spare: a file of zeros, synced, with a name that outlives a crash. One that is there already (a
/// retired segment, or what a crash left) is zeroed again where it lies.
pub fn make_spare(disk: &dyn Disk, bytes: u64) -> io::Result<String> {
    let found = disk.list()?.into_iter().find(|name| is_spare(name));
    let (name, file) = match found {
        Some(name) => (name.clone(), disk.open(&name)?),
        None => {
            let name = format!("{SPARE}1");
            (name.clone(), disk.create(&name)?)
        }
    };
    if file.length()? > bytes {
        disk.remove(&name)?;
        disk.sync_directory()?;
        return make_spare(disk, bytes);
    }
    let zeros = vec![0; CHUNK.min(bytes as usize)];
    let mut at = 0;
    while at < bytes {
        let part = zeros.len().min((bytes - at) as usize);
        file.write_at(at, &zeros[..part])?;
        at += part as u64;
    }
    file.sync_data()?;
    disk.sync_directory()?;
    Ok(name)
}

/// Makes a segment of a spare.
pub fn activate(
    disk: &dyn Disk,
    spare: &str,
    header: &SegmentHeader,
) -> io::Result<Arc<dyn DiskFile>> {
    let file = disk.open(spare)?;
    file.write_at(0, &header.encode())?;
    file.sync_data()?;
    disk.rename(spare, &name(header.first))?;
    disk.sync_directory()?;
    Ok(file)
}
