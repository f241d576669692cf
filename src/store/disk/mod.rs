//! A disk, as little of it as the journal needs: real, or simulated so that it can crash, tear, fill and rot.
//!
//! Names are plain file names in one directory. What a write says is durable only after `sync_data` of its
//! file; what `create`, `rename` and `remove` say only after `sync_directory`.

mod real;
mod sim;

pub use real::RealDisk;
pub use sim::{Fault, SimDisk};

use std::io;
use std::sync::Arc;

/// A directory of files.
pub trait Disk: Send + Sync {
    /// Creates a file that is not there yet.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Renames a file; nothing of the new name may be there.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// The names of all files, sorted.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes creations, renames and removals durable.
    fn sync_directory(&self) -> io::Result<()>;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Writes all of `bytes` at `offset`, growing the file where needed.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads up to `room.len()` bytes at `offset`; fewer only at the file's end.
    fn read_at(&self, offset: u64, room: &mut [u8]) -> io::Result<usize>;
    /// The file's length.
    fn length(&self) -> io::Result<u64>;
    /// Makes what was written durable (`fdatasync`).
    fn sync_data(&self) -> io::Result<()>;
}

/// Reads exactly `length` bytes, or as many as there are.
pub fn read_up_to(file: &dyn DiskFile, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut room = vec![0; length];
    let got = file.read_at(offset, &mut room)?;
    room.truncate(got);
    Ok(room)
}
