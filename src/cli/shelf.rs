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

    /// Writes archives and the lock that names them. All of it is on the disk before any of it gets its
    /// name: a disk that fills up changes nothing.
    pub fn put(
        &self,
        _held: &Held,
        archives: &[(String, &[u8])],
        lock: &Lock,
    ) -> Result<(), Error> {
        let aside = |(file, bytes): &(String, &[u8])| Aside::write(self.folder.join(file), bytes);
        let archives = archives.iter().map(aside).collect::<Result<Vec<_>, _>>()?;
        let lock = Aside::write(self.lock_path(), lock.text().as_bytes())?;
        archives.into_iter().try_for_each(Aside::name)?;
        lock.name()
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
    Aside::write(path.to_owned(), bytes)?.name()
}

/// A file that is written whole and has not its name yet; without it, it is removed.
struct Aside {
    new: PathBuf,
    path: PathBuf,
}

impl Aside {
    fn write(path: PathBuf, bytes: &[u8]) -> Result<Aside, Error> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.new", std::process::id()));
        let aside = Aside { new: path.with_file_name(name), path };
        let write = || {
            let mut file = File::create(&aside.new)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|e| aside.fault(e))?;
        Ok(aside)
    }

    fn name(self) -> Result<(), Error> {
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty());
        let name = || {
            fs::rename(&self.new, &self.path)?;
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        name().map_err(|e| self.fault(e))
    }

    fn fault(&self, error: io::Error) -> Error {
        let note = format!("{}: cannot be written", self.path.display());
        Error::new(ErrorKind::Storage, note).cause(error)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Once it has its name it is not there; else it is of no use, and that it stays changes nothing.
        let _ = fs::remove_file(&self.new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_all_be_written_leaves_everything_as_it_was() {
        let site = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(&site.path().join("packages"));
        let held = shelf.hold().unwrap();
        let archive = |name: &str, bytes: &'static [u8]| (name.to_owned(), bytes);
        shelf.put(&held, &[archive("a.tgz", b"old")], &Lock::new()).unwrap();
        let before = fs::read(shelf.lock_path()).unwrap();
        let more = [archive("a.tgz", b"new"), archive("b.tgz", b"b"), archive("no/c.tgz", b"c")];
        let error = shelf.put(&held, &more, &Lock::new()).unwrap_err();
        assert!(error.note.ends_with("c.tgz: cannot be written"), "{}", error.note);
        assert_eq!(fs::read(shelf.folder.join("a.tgz")).unwrap(), b"old");
        assert_eq!(fs::read(shelf.lock_path()).unwrap(), before);
        assert_eq!(fs::read_dir(&shelf.folder).unwrap().count(), 1);
        assert_eq!(fs::read_dir(site.path()).unwrap().count(), 2);
        shelf.put(&held, &more[..2], &Lock::new()).unwrap();
        assert_eq!(fs::read(shelf.folder.join("a.tgz")).unwrap(), b"new");
        assert!(shelf.hold().is_err(), "two hold it");
    }
}
