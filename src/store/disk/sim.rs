//! The simulated disk: in memory, seeded. It loses what was not synced, tears it, fills up, fails at the
//! n-th operation, and rots bits.
//!
//! Each file has what is durable and the writes since; a crash lets each of those writes happen, not happen,
//! or happen for some of its sectors, in any order. Names likewise: what the directory's last sync says is
//! durable, and of the changes since some first part happens.

use super::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A sector is written whole or not at all.
const SECTOR: usize = 512;

/// What happens at a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The machine stops: this operation is in doubt, and none works any more.
    Crash,
    /// This operation fails; a failed sync loses the writes that it was to make durable.
    Eio,
    /// The disk is full: this write fails, having written its first sectors.
    Enospc,
}

#[derive(Clone, Default)]
struct SimFile {
    durable: Vec<u8>,
    now: Vec<u8>,
    since: Vec<(usize, Vec<u8>)>,
}

#[derive(Clone)]
enum NameChange {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Default)]
struct State {
    files: Vec<SimFile>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    since: Vec<NameChange>,
    points: u64,
    syncs: u64,
    fault: Option<(u64, Fault)>,
    crashed: bool,
}

/// A disk in memory.
#[derive(Clone, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

impl SimDisk {
    /// An empty disk.
    pub fn new() -> SimDisk {
        SimDisk::default()
    }

    /// Plans a fault at the n-th point from the disk's beginning, counted from 0. A point is a write, a
    /// sync, or a change of names.
    pub fn fail_at(&self, point: u64, fault: Fault) {
        self.state().fault = Some((point, fault));
    }

    /// Points passed so far.
    pub fn points(&self) -> u64 {
        self.state().points
    }

    /// File syncs so far.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// The disk as the machine finds it after the power went: what was synced, and of the rest whatever the
    /// seed lets through.
    pub fn after_crash(&self, seed: u64) -> SimDisk {
        let state = self.state();
        let mut dice = Dice(seed.wrapping_mul(2).wrapping_add(1));
        let mut files = state.files.clone();
        for file in &mut files {
            let mut writes = std::mem::take(&mut file.since);
            if dice.roll(2) == 0 {
                writes.reverse();
            }
            for (offset, bytes) in writes {
                let mode = dice.roll(4);
                let mut at = 0;
                while at < bytes.len() {
                    let end = (at + SECTOR - (offset + at) % SECTOR).min(bytes.len());
                    let happens = match mode {
                        0 => false,
                        1 => true,
                        _ => dice.roll(2) == 0,
                    };
                    if happens {
                        put(&mut file.durable, offset + at, &bytes[at..end]);
                    }
                    at = end;
                }
            }
            file.now = file.durable.clone();
        }
        let mut names = state.durable_names.clone();
        let kept = dice.roll(state.since.len() as u64 + 1) as usize;
        for change in &state.since[..kept] {
            rename(&mut names, change);
        }
        let after = State { files, durable_names: names.clone(), names, ..State::default() };
        SimDisk { state: Arc::new(Mutex::new(after)) }
    }

    /// A copy of the disk as it is now, as if all had been synced.
    pub fn copy(&self) -> SimDisk {
        let state = self.state();
        let mut files = state.files.clone();
        for file in &mut files {
            file.durable = file.now.clone();
            file.since.clear();
        }
        let names = state.names.clone();
        let copy = State { files, durable_names: names.clone(), names, ..State::default() };
        SimDisk { state: Arc::new(Mutex::new(copy)) }
    }

    /// A file's bytes as they are now.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|file| state.files[*file].now.clone())
    }

    /// Flips one bit of a file where it lies.
    pub fn rot(&self, name: &str, offset: usize, bit: u8) {
        self.alter(name, |bytes| {
            if let Some(byte) = bytes.get_mut(offset) {
                *byte ^= 1 << (bit % 8);
            }
        });
    }

    /// Changes a file's bytes behind everybody's back.
    pub fn alter(&self, name: &str, change: impl Fn(&mut Vec<u8>)) {
        let mut state = self.state();
        if let Some(file) = state.names.get(name).copied() {
            change(&mut state.files[file].durable);
            change(&mut state.files[file].now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, state: &mut State, change: NameChange) -> io::Result<()> {
        let fault = state.point()?;
        if fault == Some(Fault::Eio) || fault == Some(Fault::Enospc) {
            return Err(failed(fault));
        }
        rename(&mut state.names, &change);
        state.since.push(change);
        if fault == Some(Fault::Crash) { Err(failed(fault)) } else { Ok(()) }
    }
}

impl State {
    /// Passes a point: the fault that happens here, if one does.
    fn point(&mut self) -> io::Result<Option<Fault>> {
        if self.crashed {
            return Err(failed(Some(Fault::Crash)));
        }
        let fault = self.fault.filter(|(at, _)| *at == self.points).map(|(_, fault)| fault);
        self.points += 1;
        self.crashed = fault == Some(Fault::Crash);
        Ok(fault)
    }
}

fn failed(fault: Option<Fault>) -> io::Error {
    match fault {
        Some(Fault::Enospc) => io::Error::new(io::ErrorKind::StorageFull, "the disk is full"),
        Some(Fault::Crash) => io::Error::other("the machine has stopped"),
        _ => io::Error::other("input/output error"),
    }
}

fn rename(names: &mut BTreeMap<String, usize>, change: &NameChange) {
    match change {
        NameChange::Create(name, file) => {
            names.insert(name.clone(), *file);
        }
        NameChange::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        NameChange::Remove(name) => {
            names.remove(name);
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, what: &[u8]) {
    if bytes.len() < offset + what.len() {
        bytes.resize(offset + what.len(), 0);
    }
    bytes[offset..offset + what.len()].copy_from_slice(what);
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, name.to_owned())
}

impl Disk for SimDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        if state.names.contains_key(name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, name.to_owned()));
        }
        let file = state.files.len();
        state.files.push(SimFile::default());
        self.change(&mut state, NameChange::Create(name.to_owned(), file))?;
        Ok(Arc::new(Handle { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.state().names.get(name).copied().ok_or_else(|| missing(name))?;
        Ok(Arc::new(Handle { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        if !state.names.contains_key(from) {
            return Err(missing(from));
        }
        self.change(&mut state, NameChange::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        self.change(&mut state, NameChange::Remove(name.to_owned()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(fault) = state.point()? {
            return Err(failed(Some(fault)));
        }
        state.since.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }
}

struct Handle {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for Handle {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.point()?;
        let part = match fault {
            Some(Fault::Eio) => &bytes[..0],
            Some(Fault::Enospc) => {
                let end = (offset as usize + bytes.len() / 2) / SECTOR * SECTOR;
                &bytes[..end.saturating_sub(offset as usize)]
            }
            _ => bytes,
        };
        let file = &mut state.files[self.file];
        put(&mut file.now, offset as usize, part);
        file.since.push((offset as usize, part.to_vec()));
        match fault {
            None => Ok(()),
            fault => Err(failed(fault)),
        }
    }

    fn read_at(&self, offset: u64, room: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.state();
        let rest = state.files[self.file].now.get(offset as usize..).unwrap_or(&[]);
        let got = rest.len().min(room.len());
        room[..got].copy_from_slice(&rest[..got]);
        Ok(got)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].now.len() as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.point()?;
        state.syncs += 1;
        let file = &mut state.files[self.file];
        match fault {
            None => {
                for (offset, bytes) in std::mem::take(&mut file.since) {
                    put(&mut file.durable, offset, &bytes);
                }
                Ok(())
            }
            Some(Fault::Crash) => Err(failed(fault)),
            Some(_) => {
                // What makes retrying a sync a lie: the pages count as clean now, and are lost.
                file.since.clear();
                Err(failed(fault))
            }
        }
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}
