//! `stafett check DIR`: every mistake of a configuration at once, each with its place in the source.
//!
//! Promises: exit code 0 means that the configuration would become active. Never: starts anything.

use super::{Exit, Format, assemble, excerpt};
use crate::config::File;
use crate::message::Diagnostic;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Reports every mistake of a configuration at once, with file, line and column.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The configuration's folder.
    folder: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Check) -> Exit {
    let mut text = String::new();
    let exit = check(&arguments.folder, arguments.format, &mut text);
    match exit {
        Exit::CouldNot => eprint!("{text}"),
        _ => print!("{text}"),
    }
    exit
}

/// Checks a folder and writes the report to `out`.
pub fn check(folder: &Path, format: Format, out: &mut String) -> Exit {
    let assembled = match assemble::assemble(folder) {
        Ok(assembled) => assembled,
        Err(error) => {
            let _ = writeln!(out, "stafett check: {error}");
            return Exit::CouldNot;
        }
    };
    let (files, found) = (assembled.files, assembled.diagnostics);
    match format {
        Format::Text => text(&files, &found, out),
        Format::Json => json(folder, &found, out),
    }
    if found.iter().any(Diagnostic::refuses) { Exit::Findings } else { Exit::Fine }
}

/// One JSON object: what was checked, whether it would become active, what was found.
fn json(folder: &Path, found: &[Diagnostic], out: &mut String) {
    let report = serde_json::json!({
        "folder": folder.to_string_lossy(),
        "valid": !found.iter().any(Diagnostic::refuses),
        "diagnostics": found,
    });
    let _ = writeln!(out, "{report}");
}

/// The report for people: each finding with the line it is about.
pub fn text(files: &[File], found: &[Diagnostic], out: &mut String) {
    for one in found {
        excerpt::excerpt(files, one, out);
    }
    let _ = writeln!(out, "{}", excerpt::total(files.len(), found));
}
