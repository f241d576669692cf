//! What is in hand, in a file that outlives the process: a message that ends the process is known by it at the next
//! start.
//!
//! ```text
//! DATA/inflight    "stafett inflight 1\n", then places of 64 bytes from 64 on
//!   256 places     one a worker: hash of the message in hand 32, stage 1, zeros, CRC32C of the 60 before it
//!   256 suspects   hash 32, times it was being read 1, times it was being decided 1, zeros, CRC32C
//! ```
//!
//! Promises: no sync on a message's path (the page cache survives the process; after a power cut the count may begin
//! anew); a place that is not whole is an empty one. Never: stands in the way of a message that no process ended with.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const MAGIC: &[u8; 19] = b"stafett inflight 1\n";
const PLACE: usize = 64;
const PLACES: usize = 256;
const LENGTH: usize = PLACE * (1 + 2 * PLACES);

/// What a message is known by here: BLAKE3 of who handed it in and its bytes.
pub type Hash = [u8; 32];

/// How far a worker has come with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It is being read: its ids are not known yet.
    Reading,
    /// It has been read, and is being decided.
    Deciding,
}

/// How often a message was in hand when the process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Crashes {
    /// While it was being read.
    pub reading: u8,
    /// While it was being decided.
    pub deciding: u8,
}

impl Crashes {
    /// All of them.
    pub fn all(self) -> u8 {
        self.reading.saturating_add(self.deciding)
    }
}

/// The file.
#[derive(Debug)]
pub struct InFlight {
    file: File,
    suspects: Mutex<Vec<(Hash, Crashes)>>,
    /// Whether there is any: nearly never.
    any: AtomicBool,
}

impl InFlight {
    /// Opens it, or makes it; whatever was in hand then is a suspect now.
    pub fn open(path: &Path) -> io::Result<InFlight> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = vec![0; LENGTH];
        let known = file.metadata()?.len() == LENGTH as u64;
        if known {
            file.read_exact_at(&mut bytes, 0)?;
        }
        let mut suspects = Vec::new();
        if known && bytes.starts_with(MAGIC) {
            let places = bytes[PLACE..].chunks(PLACE).map(whole);
            let (workers, known): (Vec<_>, Vec<_>) =
                places.enumerate().partition(|(n, _)| *n < PLACES);
            suspects = known.into_iter().filter_map(|(_, place)| suspect(place?)).collect();
            for hash in workers.into_iter().filter_map(|(_, place)| place) {
                count(&mut suspects, hash);
            }
        }
        // The newest are kept.
        let few = suspects.len().saturating_sub(PLACES);
        suspects.drain(..few);
        let any = AtomicBool::new(!suspects.is_empty());
        let all = InFlight { file, suspects: Mutex::new(suspects), any };
        let mut head = [0; PLACE];
        head[..MAGIC.len()].copy_from_slice(MAGIC);
        all.file.write_all_at(&head, 0)?;
        all.write_suspects(&all.suspects())?;
        all.file.write_all_at(&[0; PLACE * PLACES], PLACE as u64)?;
        all.file.sync_data()?;
        Ok(all)
    }

    /// What a message is known by here.
    pub fn hash(party: &str, bytes: &[u8]) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(party.len() as u64).to_le_bytes());
        hasher.update(party.as_bytes());
        hasher.update(bytes);
        *hasher.finalize().as_bytes()
    }

    fn suspects(&self) -> MutexGuard<'_, Vec<(Hash, Crashes)>> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a worker has a message in hand. A file that cannot be written counts nothing.
    pub fn take(&self, worker: usize, hash: &Hash, stage: Stage) {
        let stage = match stage {
            Stage::Reading => 1,
            Stage::Deciding => 2,
        };
        let _ = self.put(worker, &sealed(hash, [stage, 0]));
    }

    /// Says that a worker has nothing in hand any more.
    pub fn done(&self, worker: usize) {
        let _ = self.put(worker, &[0; PLACE]);
    }

    fn put(&self, worker: usize, place: &[u8; PLACE]) -> io::Result<()> {
        match worker < PLACES {
            true => self.file.write_all_at(place, ((1 + worker) * PLACE) as u64),
            false => Ok(()),
        }
    }

    /// How often the process ended while this message was in hand, since it last went well.
    pub fn crashes(&self, hash: &Hash) -> Crashes {
        if !self.any.load(Ordering::Relaxed) {
            return Crashes::default();
        }
        let suspects = self.suspects();
        let found = suspects.iter().find(|(known, _)| known == hash);
        found.map(|(_, crashes)| *crashes).unwrap_or_default()
    }

    /// A message went well, whatever was in hand with it before.
    pub fn cleared(&self, hash: &Hash) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut suspects = self.suspects();
        let before = suspects.len();
        suspects.retain(|(known, _)| known != hash);
        if suspects.len() < before {
            let _ = self.write_suspects(&suspects);
            self.any.store(!suspects.is_empty(), Ordering::Relaxed);
        }
    }

    fn write_suspects(&self, suspects: &[(Hash, Crashes)]) -> io::Result<()> {
        let mut bytes = vec![0; PLACE * PLACES];
        for (place, (hash, crashes)) in bytes.chunks_mut(PLACE).zip(suspects) {
            place.copy_from_slice(&sealed(hash, [crashes.reading, crashes.deciding]));
        }
        self.file.write_all_at(&bytes, (PLACE * (1 + PLACES)) as u64)
    }
}

type Place = (Hash, [u8; 2]);

fn sealed(hash: &Hash, said: [u8; 2]) -> [u8; PLACE] {
    let mut place = [0; PLACE];
    place[..32].copy_from_slice(hash);
    place[32..34].copy_from_slice(&said);
    let check = crc32c::crc32c(&place[..60]);
    place[60..].copy_from_slice(&check.to_le_bytes());
    place
}

/// What a place says, if it is whole and not empty.
fn whole(place: &[u8]) -> Option<Place> {
    let mut hash = [0; 32];
    hash.copy_from_slice(place.get(..32)?);
    let said = [place[32], place[33]];
    (said != [0, 0] && sealed(&hash, said) == *place).then_some((hash, said))
}

fn suspect((hash, [reading, deciding]): Place) -> Option<(Hash, Crashes)> {
    Some((hash, Crashes { reading, deciding }))
}

/// A message was in hand when the process ended: it is the newest suspect.
fn count(suspects: &mut Vec<(Hash, Crashes)>, (hash, [stage, _]): Place) {
    let at = suspects.iter().position(|(known, _)| *known == hash);
    let (_, mut crashes) = at.map_or((hash, Crashes::default()), |at| suspects.remove(at));
    match stage {
        1 => crashes.reading = crashes.reading.saturating_add(1),
        _ => crashes.deciding = crashes.deciding.saturating_add(1),
    }
    suspects.push((hash, crashes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_hand_when_the_process_ends_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inflight");
        let (bad, good, other) = ([7; 32], [8; 32], [9; 32]);
        let one = InFlight::open(&path).unwrap();
        one.take(0, &bad, Stage::Reading);
        one.take(1, &good, Stage::Reading);
        one.take(1, &good, Stage::Deciding);
        one.take(2, &other, Stage::Reading);
        one.done(2);
        drop(one);
        let two = InFlight::open(&path).unwrap();
        assert_eq!(two.crashes(&bad), Crashes { reading: 1, deciding: 0 });
        assert_eq!(two.crashes(&good), Crashes { reading: 0, deciding: 1 });
        assert_eq!(two.crashes(&other), Crashes::default());
        two.cleared(&good);
        two.take(0, &bad, Stage::Deciding);
        drop(two);
        let three = InFlight::open(&path).unwrap();
        assert_eq!(three.crashes(&bad), Crashes { reading: 1, deciding: 1 });
        assert_eq!(three.crashes(&good), Crashes::default(), "it went well since");
    }

    #[test]
    fn a_place_that_is_not_whole_counts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inflight");
        InFlight::open(&path).unwrap().take(0, &[7; 32], Stage::Reading);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[PLACE + 3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let mut other = [7; 32];
        other[3] ^= 1;
        assert_eq!(InFlight::open(&path).unwrap().crashes(&other), Crashes::default());
        std::fs::write(&path, "short").unwrap();
        assert_eq!(InFlight::open(&path).unwrap().crashes(&[7; 32]), Crashes::default());
    }
}
