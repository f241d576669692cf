//! One record: its header, its checks, its content. The format is drawn in the journal's module doc.
//!
//! Promises: bytes that are not exactly what was written are never taken for a record, nor their content
//! handed out. Never: reads or writes a disk.

use crate::message::sabotage::broken;
use crate::message::{Error, ErrorKind};
use crate::store::entry::Entry;
use crate::store::log::Prepared;
use crate::store::version;

/// The header's length.
pub const HEADER: usize = 80;
/// Records begin at multiples of this.
pub const ALIGN: usize = 8;

const MAGIC: u32 = u32::from_le_bytes(*b"strc");
const PLAIN: u8 = 0;
const LZ4: u8 = 1;
/// Less than this is not worth compressing.
const WORTH: usize = 512;

/// A record's header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Length of the stored content.
    pub length: u32,
    /// Length of the content before compression.
    pub raw: u32,
    /// The segment's epoch: bytes of the segment's earlier life have another.
    pub epoch: u32,
    /// The record's number in its partition.
    pub sequence: u64,
    /// The newest record that was known to be on disk when this one was written.
    pub durable: u64,
    /// The format's version.
    pub version: u8,
    /// How the content is compressed.
    pub compression: u8,
    /// How long it is kept.
    pub class: u8,
    /// The key it is encrypted with; 0 is clear.
    pub key: u32,
    /// BLAKE3 of the content before compression.
    pub hash: [u8; 32],
    /// CRC32C of the stored content.
    pub crc: u32,
}

impl Header {
    /// The header of prepared content at a place.
    pub fn of(prepared: &Prepared, epoch: u32, sequence: u64, durable: u64) -> Header {
        let length = prepared.bytes.len() as u32;
        Header {
            length,
            raw: prepared.raw.unwrap_or(length),
            epoch,
            sequence,
            durable,
            version: prepared.version,
            compression: if prepared.raw.is_some() { LZ4 } else { PLAIN },
            class: prepared.class,
            key: 0,
            hash: prepared.hash,
            crc: prepared.crc,
        }
    }

    /// What the whole record takes, with its padding.
    pub fn size(&self) -> usize {
        size(self.length as usize)
    }

    /// Its bytes.
    pub fn encode(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        out[4..8].copy_from_slice(&self.length.to_le_bytes());
        out[8..12].copy_from_slice(&self.raw.to_le_bytes());
        out[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        out[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        out[24..32].copy_from_slice(&self.durable.to_le_bytes());
        out[32] = self.version;
        out[33] = self.compression;
        out[34] = self.class;
        out[36..40].copy_from_slice(&self.key.to_le_bytes());
        out[40..72].copy_from_slice(&self.hash);
        out[72..76].copy_from_slice(&self.crc.to_le_bytes());
        let check = crc32c::crc32c(&out[..76]);
        out[76..80].copy_from_slice(&check.to_le_bytes());
        out
    }

    /// The header that these bytes are, if they are one of this epoch.
    pub fn decode(bytes: &[u8], epoch: u32) -> Option<Header> {
        let bytes = bytes.get(..HEADER)?;
        if u32_at(bytes, 0) != MAGIC || u32_at(bytes, 76) != crc32c::crc32c(&bytes[..76]) {
            return None;
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(&bytes[40..72]);
        let header = Header {
            length: u32_at(bytes, 4),
            raw: u32_at(bytes, 8),
            epoch: u32_at(bytes, 12),
            sequence: u64_at(bytes, 16),
            durable: u64_at(bytes, 24),
            version: bytes[32],
            compression: bytes[33],
            class: bytes[34],
            key: u32_at(bytes, 36),
            hash,
            crc: u32_at(bytes, 72),
        };
        (header.epoch == epoch).then_some(header)
    }

    /// The entry that the stored content is, checked twice over.
    pub fn open(&self, stored: &[u8]) -> Result<Entry, &'static str> {
        if stored.len() != self.length as usize
            || (crc32c::crc32c(stored) != self.crc && !broken("no-checksum"))
        {
            return Err("its bytes are not what was written");
        }
        if self.key != 0 {
            return Err("it is encrypted, and there is no key");
        }
        let unpacked;
        let content = match self.compression {
            PLAIN => stored,
            LZ4 => {
                unpacked = lz4_flex::block::decompress(stored, self.raw as usize)
                    .map_err(|_| "it cannot be decompressed")?;
                &unpacked
            }
            _ => return Err("its compression is unknown"),
        };
        if *blake3::hash(content).as_bytes() != self.hash && !broken("no-checksum") {
            return Err("its content is not what was written");
        }
        Entry::decode(content).map_err(|_| "its content cannot be decoded")
    }
}

/// What a record of this much content takes, with its padding.
pub fn size(length: usize) -> usize {
    (HEADER + length).next_multiple_of(ALIGN)
}

/// Encodes, hashes and compresses an entry; all that a record costs, outside every lock.
pub fn prepare(entry: &Entry, compress: bool, at_most: usize) -> Result<Prepared, Error> {
    let content = entry.encode()?;
    let hash = *blake3::hash(&content).as_bytes();
    let raw = content.len();
    let packed = (compress && raw >= WORTH)
        .then(|| lz4_flex::block::compress(&content))
        .filter(|packed| packed.len() < raw - raw / 8);
    let (bytes, raw) = match packed {
        Some(packed) => (packed, Some(raw as u32)),
        None => (content, None),
    };
    if size(bytes.len()) > at_most {
        let note = format!("a record of {} bytes does not fit into a segment", bytes.len());
        return Err(Error::new(ErrorKind::Limit, note));
    }
    let crc = crc32c::crc32c(&bytes);
    let version = version::needed(entry);
    Ok(Prepared { bytes, raw, class: entry.class(), version, crc, hash })
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_record_is_seen() {
        let entry = Entry::Steps(Vec::new());
        let prepared = prepare(&entry, true, 1 << 20).unwrap();
        let header = Header::of(&prepared, 3, 9, 8);
        let mut record = header.encode().to_vec();
        record.extend_from_slice(&prepared.bytes);
        let read = |record: &[u8]| {
            let header = Header::decode(record, 3)?;
            header.open(record.get(HEADER..HEADER + header.length as usize)?).ok()
        };
        assert_eq!(read(&record), Some(entry));
        assert_eq!(Header::decode(&record, 4), None, "an earlier life of the segment");
        for bit in 0..record.len() * 8 {
            record[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&record), None, "bit {bit}");
            record[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
