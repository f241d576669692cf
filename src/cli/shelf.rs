//! The folder of packages that `stafett package add` fills, and the lock file beside it.
//!
//! Promises: what is written is there whole or not at all, archives before the lock that names them; what is
//! loaded by a lock is what was locked. Never: removes an archive.

use super::load::Blob;
use crate::definitions::archive::ARCHIVE_BYTES;
use crate::definitions::packages::Lock;
use crate::message::{Diagnostic, Error, ErrorKind, Origin};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder of packages with its lock file.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The folder.
    pub folder: PathBuf,
}

/// Keeps others from writing while it lives.
pub struct Held(#[expect(dead_code, reason = "holds the lock")] File);

impl Shelf {
    /// The shelf at a folder, which need not be there yet.
    pub fn at(folder: &Path) -> Shelf {
        Shelf { folder: folder.components().collect() }
    }

    /// The lock file's path: beside the folder, its name with `.lock`.
    pub fn lock_path(&self) -> PathBuf {
        let mut name = self.folder.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        self.folder.with_file_name(name)
    }

    /// The lock; none: there is no such file.
    pub fn lock(&self) -> Result<Option<Lock>, Diagnostic> {
        let path = self.lock_path();
        let shown = path.display().to_string();
        match fs::read_to_string(&path) {
            Ok(text) => Lock::parse(&shown, &text).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(finding(&shown, "definitions-lock", format!("cannot be read: {e}"))),
        }
    }

    /// The archives of the lock, each checked against its hash; none: there is no lock.
    pub fn load(&self, strict: bool) -> Option<(Vec<Blob>, Vec<Diagnostic>)> {
        let lock = match self.lock() {
            Ok(lock) => lock?,
            Err(one) => return Some((Vec::new(), vec![one])),
        };
        let (mut blobs, mut found) = (Vec::new(), Vec::new());
        for one in &lock.packages {
            let path = self.folder.join(one.file());
            let name = path.display().to_string();
            match read(&path) {
                Ok(bytes) => match one.check(&bytes) {
                    Ok(()) => blobs.push(Blob { name, bytes }),
                    Err(error) => {
                        found.push(finding(&name, "definitions-archive-changed", error.note));
                    }
                },
                Err(e) => found.push(finding(
                    &name,
                    "definitions-archive-gone",
                    format!("the lock file names it, and it cannot be read: {e}"),
                )),
            }
        }
        for extra in self.extras(&lock) {
            let text = "it is not in the lock file and is not loaded: `stafett package add` it";
            let origin = Origin { file: extra.into(), ..Origin::default() };
            found.push(Diagnostic::warning(origin, "definitions-archive-not-locked", text));
        }
        found.extend(lock.findings(&self.lock_path().display().to_string(), strict));
        Some((blobs, found))
    }

    /// Archives in the folder that the lock does not name.
    pub fn extras(&self, lock: &Lock) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let known: Vec<String> = lock.packages.iter().map(|one| one.file()).collect();
        let mut extras: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|e| e == "tgz"))
            .filter(|path| !known.iter().any(|name| path.file_name() == Some(name.as_ref())))
            .map(|path| path.display().to_string())
            .collect();
        extras.sort();
        extras
    }

    /// Makes the folder, and keeps other commands from writing into it.
    pub fn hold(&self) -> Result<Held, Error> {
        let fault = |note: String| Error::new(ErrorKind::Storage, note);
        let shown = self.folder.display();
        fs::create_dir_all(&self.folder)
            .map_err(|e| fault(format!("{shown}: cannot be made")).cause(e))?;
        let folder = File::open(&self.folder)
            .map_err(|e| fault(format!("{shown}: cannot be opened")).cause(e))?;
        match folder.try_lock() {
            Ok(()) => Ok(Held(folder)),
            Err(_) => Err(fault(format!("{shown}: another command is writing there"))),
        }
    }

    /// Writes an archive.
    pub fn put(&self, _held: &Held, file: &str, bytes: &[u8]) -> Result<(), Error> {
        write_whole(&self.folder.join(file), bytes)
    }

    /// Writes the lock.
    pub fn put_lock(&self, _held: &Held, lock: &Lock) -> Result<(), Error> {
        write_whole(&self.lock_path(), lock.text().as_bytes())
    }
}

fn finding(file: &str, id: &'static str, text: String) -> Diagnostic {
    Diagnostic::error(Origin { file: file.into(), ..Origin::default() }, id, text)
}

/// Reads an archive that is not larger than any archive may be.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let length = fs::metadata(path)?.len();
    if length > ARCHIVE_BYTES as u64 {
        return Err(io::Error::other(format!("it is larger than {ARCHIVE_BYTES} bytes")));
    }
    fs::read(path)
}

/// Writes a file so that its name means the old content or the new, whatever happens in between.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let new = folder.join(name);
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|e: io::Error| {
        // What is half written is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&new);
        Error::new(ErrorKind::Storage, format!("{}: cannot be written", path.display())).cause(e)
    })
}
