//! The packages at hand, as libraries.

use crate::support::shared;
use libtest_mimic::Failed;
use stafett::definitions::{Library, LibraryBuilder};
use stafett::message::Diagnostic;

/// A file's bytes.
pub fn read(path: std::path::PathBuf) -> Result<Vec<u8>, Failed> {
    std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()).into())
}

/// A library of the packages at hand whose file names begin so; the core's own archive is never among them.
pub fn library(wanted: &[&str]) -> Result<(Library, Vec<Diagnostic>), Failed> {
    Ok(builder(wanted)?.build())
}

/// The same, before it is built.
pub fn builder(wanted: &[&str]) -> Result<LibraryBuilder, Failed> {
    let mut builder = LibraryBuilder::new();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(shared().join("data/packages"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let core = name.starts_with("hl7.fhir.r4.core");
        if !core && wanted.iter().any(|w| name.starts_with(w)) {
            files.push((name, entry.path()));
        }
    }
    files.sort();
    for (name, path) in files {
        builder.add_package(&name, &read(path)?).map_err(|e| e.to_string())?;
    }
    Ok(builder)
}

/// A failure unless it holds.
pub fn check(holds: bool, otherwise: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(otherwise.into().into()) }
}
