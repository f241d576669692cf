//! One engine on a data directory: a locked file, and a marker that says which format the directory has.
//!
//! ```text
//! DATA/FORMAT          "stafett store 1"
//! DATA/lock            locked while an engine, `store verify` or `store rebuild` has the directory
//! DATA/journal/        segments, at most one spare, summaries of full segments, the checkpoint
//! DATA/inflight        what workers have in hand, and what was in hand when the process ended
//! DATA/ledger.sqlite   follows the journal; may be deleted, and is then made anew
//! ```
//! Never: touches a directory whose format it does not know.

use crate::message::{Error, ErrorKind};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the marker says.
const FORMAT: &str = "stafett store 1\n";
/// What the marker is called while it is written.
const DRAFT: &str = "FORMAT.new";

/// A data directory that is ours until this is dropped.
#[derive(Debug)]
pub struct Lock {
    folder: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes a data directory; makes it if `make` says so and there is none.
    pub fn take(folder: &Path, make: bool) -> Result<Lock, Error> {
        let shown = folder.display();
        let fail = |e: io::Error| {
            Error::new(ErrorKind::Storage, format!("{shown} cannot be used")).cause(e)
        };
        let marker = folder.join("FORMAT");
        let fresh = !marker.exists();
        if fresh && (!make || holds_something(folder)) {
            let note = format!("{shown} is no data directory: it has no file FORMAT");
            return Err(Error::new(ErrorKind::Storage, note));
        }
        if !fresh {
            check(&marker, folder)?;
        }
        fs::create_dir_all(folder.join("journal")).map_err(fail)?;
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(folder.join("lock"));
        let file = file.map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let note = format!("another stafett has {shown}: its lock file is locked");
                return Err(Error::new(ErrorKind::Storage, note));
            }
            Err(TryLockError::Error(e)) => return Err(fail(e)),
        }
        if fresh {
            mark(folder).map_err(fail)?;
        }
        Ok(Lock { folder: folder.to_owned(), _file: file })
    }

    /// Takes a directory that is being made of a backup: it is no data directory before it is marked.
    pub fn begin(folder: &Path) -> Result<Lock, Error> {
        let shown = folder.display();
        let fail = |e: io::Error| {
            Error::new(ErrorKind::Storage, format!("{shown} cannot be used")).cause(e)
        };
        fs::create_dir_all(folder.join("journal")).map_err(fail)?;
        let file = File::create(folder.join("lock")).map_err(fail)?;
        file.try_lock().map_err(|e| fail(e.into()))?;
        Ok(Lock { folder: folder.to_owned(), _file: file })
    }

    /// Where the segments lie.
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// Where it stands what is in hand.
    pub fn in_flight(&self) -> PathBuf {
        self.folder.join("inflight")
    }

    /// Where the ledger lies.
    pub fn ledger(&self) -> PathBuf {
        self.folder.join("ledger.sqlite")
    }
}

/// Makes the marker: whole, or not there at all. One of half a line would be an unknown format for ever.
pub fn mark(folder: &Path) -> io::Result<()> {
    let draft = folder.join(DRAFT);
    let mut file = File::create(&draft)?;
    file.write_all(FORMAT.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, folder.join("FORMAT"))?;
    File::open(folder)?.sync_all()
}

/// Whether a directory holds more than what a start that was cut short leaves.
fn holds_something(folder: &Path) -> bool {
    let ours = |name: &std::ffi::OsStr| ["lock", "journal", DRAFT].iter().any(|own| name == *own);
    let others = fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| !ours(&entry.file_name())))
    });
    let records = fs::read_dir(folder.join("journal")).is_ok_and(|mut all| all.next().is_some());
    others || records
}

fn check(marker: &Path, folder: &Path) -> Result<(), Error> {
    let shown = folder.display();
    let text = fs::read_to_string(marker).map_err(|e| {
        Error::new(ErrorKind::Storage, format!("{} cannot be read", marker.display())).cause(e)
    })?;
    if text == FORMAT {
        return Ok(());
    }
    let note = format!("{shown} has a format that this program does not know: {:?}", text.trim());
    Err(Error::new(ErrorKind::Storage, note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_engine_is_refused_and_an_unknown_format_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        assert!(Lock::take(&path, false).is_err(), "nothing to verify");
        let lock = Lock::take(&path, true).unwrap();
        assert!(Lock::take(&path, true).unwrap_err().note.contains("another stafett"));
        drop(lock);
        drop(Lock::take(&path, false).unwrap());
        fs::write(path.join("FORMAT"), "stafett store 2\n").unwrap();
        fs::remove_file(path.join("lock")).unwrap();
        assert!(Lock::take(&path, true).unwrap_err().note.contains("store 2"));
        assert!(!path.join("lock").exists(), "it was touched");
    }

    #[test]
    fn a_start_that_was_cut_short_is_made_good() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("journal")).unwrap();
        fs::write(folder.path().join("lock"), "").unwrap();
        fs::write(folder.path().join(DRAFT), "staf").unwrap();
        drop(Lock::take(folder.path(), true).unwrap());
        assert_eq!(fs::read_to_string(folder.path().join("FORMAT")).unwrap(), FORMAT);
    }

    #[test]
    fn a_directory_of_somebody_else_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("letter.txt"), "dear").unwrap();
        assert!(Lock::take(folder.path(), true).is_err());
    }
}
