//! `stafett package list` and `verify`: what the lock file says, and whether it is still true.

use super::{Exit, Show};
use crate::cli::Format;
use crate::cli::shelf::{self, Shelf};
use crate::definitions::archive;
use crate::definitions::packages::{Lock, Locked};
use crate::message::{Error, ErrorKind};
use serde_json::json;

/// Lists the packages.
pub fn list(arguments: &Show) -> Result<Exit, Error> {
    let placed = arguments.place.find()?;
    let lock = lock(&placed.shelf)?;
    match arguments.format {
        Format::Json => {
            println!("{}", json!({"packages": lock.packages, "missing": lock.missing}));
        }
        Format::Text => {
            for one in &lock.packages {
                let mark = if one.asked { "" } else { "  (for others)" };
                println!(
                    "{}#{}  {}  {}{mark}",
                    one.name,
                    one.version,
                    &one.blake3[..16],
                    one.source
                );
            }
            for one in &lock.missing {
                println!("{}#{}  missing, {} asks for it", one.name, one.version, one.by);
            }
        }
    }
    let refused = (arguments.strict || placed.strict) && !lock.missing.is_empty();
    Ok(if refused { Exit::Findings } else { Exit::Fine })
}

/// Verifies the archives.
pub fn verify(arguments: &Show) -> Result<Exit, Error> {
    let placed = arguments.place.find()?;
    let lock = lock(&placed.shelf)?;
    let strict = arguments.strict || placed.strict;
    let mut wrong = Vec::new();
    for one in &lock.packages {
        wrong.extend(archive_fault(&placed.shelf, one).map(|why| (one.file(), why)));
    }
    let mut odd: Vec<(String, String)> = Vec::new();
    for extra in placed.shelf.extras(&lock) {
        odd.push((extra, "is not in the lock file, and is not loaded".to_owned()));
    }
    for one in &lock.missing {
        let what = format!("{}#{}", one.name, one.version);
        odd.push((what, format!("is missing; {} asks for it", one.by)));
    }
    match arguments.format {
        Format::Json => {
            let list = |all: &[(String, String)]| -> Vec<_> {
                all.iter().map(|(what, why)| json!({"what": what, "why": why})).collect()
            };
            let count = lock.packages.len();
            println!("{}", json!({"packages": count, "wrong": list(&wrong), "odd": list(&odd)}));
        }
        Format::Text => {
            wrong.iter().for_each(|(what, why)| println!("error: {what}: {why}"));
            odd.iter().for_each(|(what, why)| println!("warning: {what} {why}"));
            println!("{} packages, {} not as they were locked", lock.packages.len(), wrong.len());
        }
    }
    let refused = !wrong.is_empty() || (strict && !odd.is_empty());
    Ok(if refused { Exit::Findings } else { Exit::Fine })
}

/// What is wrong with an archive.
fn archive_fault(shelf: &Shelf, one: &Locked) -> Option<String> {
    let bytes = match shelf::read(&shelf.folder.join(one.file())) {
        Ok(bytes) => bytes,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    if let Err(error) = one.check(&bytes) {
        return Some(error.note);
    }
    match archive::about(&bytes) {
        Ok(about) if about.name == one.name && about.version == one.version => None,
        Ok(about) => Some(format!("says it is {}#{}", about.name, about.version)),
        Err(error) => Some(error.note),
    }
}

fn lock(shelf: &Shelf) -> Result<Lock, Error> {
    let path = shelf.lock_path();
    match shelf.lock() {
        Ok(Some(lock)) => Ok(lock),
        Ok(None) => {
            let note = format!("there is no {}: `stafett package add` makes it", path.display());
            Err(Error::new(ErrorKind::Usage, note))
        }
        Err(one) => Err(Error::new(ErrorKind::Configuration, one.to_string())),
    }
}
