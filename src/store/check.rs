//! `store verify` and `store rebuild`: read everything, say what is bad; make the ledger anew.
//!
//! Both take the directory's lock, so no engine runs meanwhile. Verifying changes nothing; rebuilding
//! touches the ledger only.

use super::disk::{Disk, RealDisk};
use super::journal::{self, Bad, Damage};
use super::ledger::Ledger;
use super::lock::Lock;
use crate::message::{Error, ErrorKind};
use serde::Serialize;
use std::path::Path;

/// How the ledger compares with the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerState {
    /// Row for row what the journal says, as far as it has come.
    Agrees,
    /// It says something else, or cannot be read: rebuild it.
    Differs,
    /// There is none: the next start makes it.
    Absent,
}

/// What `store verify` found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Segments read.
    pub segments: usize,
    /// Records that are whole.
    pub records: u64,
    /// The newest record's number.
    pub last: u64,
    /// Records that are not whole, torn ones included.
    pub bad: Vec<Bad>,
    /// The ledger.
    pub ledger: LedgerState,
    /// The newest record that the ledger has.
    pub projected: u64,
}

impl Report {
    /// Whether something was lost, or the ledger must be rebuilt. What was torn was never acknowledged.
    pub fn has_findings(&self) -> bool {
        self.ledger == LedgerState::Differs || self.bad.iter().any(|b| b.damage != Damage::Torn)
    }
}

/// What `store rebuild` did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rebuilt {
    /// Records projected.
    pub records: u64,
    /// Records that are not whole.
    pub bad: Vec<Bad>,
}

/// Reads every record of a data directory, and holds its ledger against them.
pub fn verify(folder: &Path) -> Result<Report, Error> {
    let lock = Lock::take(folder, false)?;
    let disk = RealDisk::at(lock.journal());
    let file = lock.ledger();
    let there = file.exists().then(|| Ledger::look_at(&file));
    let projected = match &there {
        Some(Ok(ledger)) => ledger.progress(0)?,
        _ => 0,
    };
    let fresh = Ledger::in_memory()?;
    let found = fill(&disk, &fresh, projected)?;
    let ledger = match there {
        None => LedgerState::Absent,
        Some(Ok(ledger)) if agree(&ledger, &fresh) => LedgerState::Agrees,
        Some(_) => LedgerState::Differs,
    };
    Ok(Report {
        segments: found.segments,
        records: found.records,
        last: found.last,
        bad: found.bad,
        ledger,
        projected,
    })
}

fn agree(ledger: &Ledger, fresh: &Ledger) -> bool {
    let sound = ledger.is_sound().unwrap_or(false);
    sound && matches!((ledger.dump(), fresh.dump()), (Ok(one), Ok(other)) if one == other)
}

/// Makes the ledger of a data directory anew from its journal.
pub fn rebuild(folder: &Path) -> Result<Rebuilt, Error> {
    let lock = Lock::take(folder, false)?;
    let disk = RealDisk::at(lock.journal());
    let name = journal::name(&disk)?;
    let Some(name) = name else {
        let note = format!("{} has no journal yet", folder.display());
        return Err(Error::new(ErrorKind::Storage, note));
    };
    let ledger = Ledger::create(&lock.ledger(), &name)?;
    let filled = fill(&disk, &ledger, u64::MAX)?;
    Ok(Rebuilt { records: filled.records, bad: filled.bad })
}

struct Filled {
    segments: usize,
    records: u64,
    last: u64,
    bad: Vec<Bad>,
}

/// Projects a journal into a ledger, up to a record; reads all of it.
fn fill(disk: &dyn Disk, ledger: &Ledger, until: u64) -> Result<Filled, Error> {
    let mut records = 0;
    let mut trouble = None;
    ledger.begin()?;
    let found = journal::recover(disk, &mut |position, entry| {
        records += 1;
        if trouble.is_some() || position.sequence > until {
            return;
        }
        let projected = ledger.project_one(position, entry);
        let flushed =
            if records % 512 == 0 { ledger.end().and_then(|()| ledger.begin()) } else { Ok(()) };
        trouble = projected.and(flushed).err();
    })?;
    ledger.end()?;
    match trouble {
        Some(error) => Err(error),
        None => Ok(Filled {
            segments: found.segments.len(),
            records,
            last: found.next - 1,
            bad: found.bad,
        }),
    }
}
