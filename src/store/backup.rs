//! Backup of a store that runs, and restore: what was durable when the backup was made is what the restored node has.
//!
//! ```text
//! DIR/BACKUP     what the backup is and holds, as JSON; written last: without it there is no backup
//! DIR/journal/   the segments
//! ```
//!
//! Promises: a restored node has everything that was acknowledged up to the record that the backup names. Whatever was
//! open there may have been delivered since, so all of it is flagged as a possible duplicate, by a record that stands in
//! the journal before anybody can start the node. Never: restores over anything.

use super::Options;
use super::disk::{Disk, RealDisk};
use super::entry::Entry;
use super::journal::{self, Copied};
use super::lock::{self, Lock};
use super::open::open_on;
use crate::message::{AuditAction, AuditRecord, Error, ErrorKind, instant};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// The manifest's name.
const MANIFEST: &str = "BACKUP";
const FORMAT: &str = "stafett backup 1";

/// A backup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Its format.
    pub format: String,
    /// When it was begun.
    pub made: String,
    /// What it holds.
    pub copied: Copied,
}

/// Where a restored node came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Restored {
    /// The newest record that it took over: whatever was acknowledged up to here it has.
    pub up_to: u64,
    /// When it was restored.
    #[serde(with = "instant")]
    pub at: Timestamp,
}

fn fail(what: &str, path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let note = format!("{}: {what}", path.display());
    move |e| Error::new(ErrorKind::Storage, note.clone()).cause(e)
}

/// Makes a backup in a folder that is not there or empty; `copy` copies the journal to a disk.
pub(super) fn write(
    folder: &Path,
    now: Timestamp,
    copy: impl FnOnce(&dyn Disk) -> Result<Copied, Error>,
) -> Result<Backup, Error> {
    empty(folder)?;
    let journal = folder.join("journal");
    fs::create_dir_all(&journal).map_err(fail("the folder cannot be made", &journal))?;
    let copied = copy(&RealDisk::at(&journal))?;
    let backup = Backup { format: FORMAT.to_owned(), made: now.to_string(), copied };
    let text = serde_json::to_vec_pretty(&backup)
        .map_err(|e| Error::new(ErrorKind::Internal, "no manifest can be made").cause(e))?;
    place(folder, &text).map_err(fail("the manifest cannot be written", folder))?;
    Ok(backup)
}

/// Backs up a data directory that no engine has.
pub fn backup_offline(data: &Path, folder: &Path, now: Timestamp) -> Result<Backup, Error> {
    let lock = Lock::take(data, false)?;
    write(folder, now, |to| journal::copy_of(&RealDisk::at(lock.journal()), to))
}

fn place(folder: &Path, text: &[u8]) -> io::Result<()> {
    let draft = folder.join("BACKUP.new");
    let mut file = File::create(&draft)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(MANIFEST))?;
    File::open(folder)?.sync_all()
}

fn empty(folder: &Path) -> Result<(), Error> {
    match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(fail("the folder cannot be read", folder)(e)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => {
                let note = format!("{} is not empty", folder.display());
                Err(Error::new(ErrorKind::Storage, note))
            }
        },
    }
}

/// Makes a data directory of a backup; the directory must not be there, or be empty.
pub fn restore(folder: &Path, data: &Path, now: Timestamp) -> Result<Backup, Error> {
    let manifest = folder.join(MANIFEST);
    let text = fs::read(&manifest).map_err(fail("there is no backup here", folder))?;
    let backup: Backup = serde_json::from_slice(&text)
        .ok()
        .filter(|backup: &Backup| backup.format == FORMAT)
        .ok_or_else(|| {
            let note =
                format!("{} has a format that this program does not know", manifest.display());
            Error::new(ErrorKind::Storage, note)
        })?;
    empty(data)?;
    let _held = Lock::begin(data)?;
    let disk = Arc::new(RealDisk::at(data.join("journal")));
    restore_on(&backup.copied, &RealDisk::at(folder.join("journal")), disk, now)?;
    // Until now it was no data directory, so nobody could start half a node.
    lock::mark(data).map_err(fail("the directory cannot be marked", data))?;
    Ok(backup)
}

/// Copies a backup's segments to an empty disk and records there that the node was restored.
pub fn restore_on(
    copied: &Copied,
    from: &dyn Disk,
    to: Arc<dyn Disk>,
    now: Timestamp,
) -> Result<(), Error> {
    journal::copy_back(copied, from, &*to)?;
    let bytes = copied.segments.last().map_or(0, |segment| segment.bytes);
    let settings = journal::Settings::default();
    let segment_bytes = if bytes > 0 { bytes } else { settings.segment_bytes };
    let journal = journal::Settings { segment_bytes, ahead: false, ..settings };
    let store = open_on(to, Options { journal }, now)?;
    let audit = AuditRecord {
        at: now,
        action: AuditAction::Restored,
        actor: super::keeper::SELF.into(),
        delivery: None,
        outcome: Some(format!("up to record {}", copied.last).into()),
    };
    store.enter_and_wait(&Entry::Restored { up_to: copied.last, audit })
}
