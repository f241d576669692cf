//! `stafett store verify|rebuild DIR`: a data directory while no engine runs; `stafett store backup|restore DIR`.
//!
//! Promises: exit code 0 means that every record is whole and the ledger says what the journal says.
//! Never: deletes or changes a record.

use super::{Exit, Format};
use crate::message::Error;
use crate::ops::socket;
use crate::store::{Backup, LedgerState, Rebuilt, Report, journal};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Verifies, rebuilds, backs up and restores a data directory.
#[derive(Debug, clap::Args)]
pub struct Store {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Reads every record, and reports the bad ones and whether the ledger agrees.
    Verify(Data),
    /// Makes the ledger anew from the journal.
    Rebuild(Data),
    /// Copies everything that is on disk now to a folder; the engine goes on meanwhile.
    Backup(Copy),
    /// Makes a data directory of a backup. What was open then is sent flagged as a possible duplicate.
    Restore(Copy),
}

#[derive(Debug, clap::Args)]
struct Copy {
    /// The backup's folder.
    folder: PathBuf,
    /// The data directory; to restore, one that is not there or empty.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Data {
    /// The data directory.
    folder: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Store) -> Exit {
    let mut text = String::new();
    let exit = match &arguments.what {
        What::Verify(data) => verify(&data.folder, data.format, &mut text),
        What::Rebuild(data) => rebuild(&data.folder, data.format, &mut text),
        What::Backup(copy) => backup(copy, &mut text),
        What::Restore(copy) => restore(copy, &mut text),
    };
    match exit {
        Exit::CouldNot => eprint!("{text}"),
        _ => print!("{text}"),
    }
    exit
}

/// Verifies a data directory and writes the report to `out`.
pub fn verify(folder: &Path, format: Format, out: &mut String) -> Exit {
    let report = match crate::store::verify(folder) {
        Ok(report) => report,
        Err(error) => return could_not("verify", &error, out),
    };
    match format {
        Format::Text => verify_text(&report, out),
        Format::Json => json(&report, out),
    }
    if report.has_findings() { Exit::Findings } else { Exit::Fine }
}

/// Rebuilds the ledger of a data directory and writes what was done to `out`.
pub fn rebuild(folder: &Path, format: Format, out: &mut String) -> Exit {
    let done = match crate::store::rebuild(folder) {
        Ok(done) => done,
        Err(error) => return could_not("rebuild", &error, out),
    };
    match format {
        Format::Text => rebuild_text(&done, out),
        Format::Json => json(&done, out),
    }
    let lost = done.bad.iter().any(|bad| bad.damage != journal::Damage::Torn);
    if lost { Exit::Findings } else { Exit::Fine }
}

/// By the engine that has the directory; where none answers, by ourselves.
fn backup(copy: &Copy, out: &mut String) -> Exit {
    let made = match made_by_engine(copy) {
        Some(Ok((200, body))) => serde_json::from_str::<Backup>(&body).map_err(|e| e.to_string()),
        Some(Ok((_, refused))) => Err(refused.trim_end().to_owned()),
        // An engine that has ended may have left its socket; one that has not has its lock.
        Some(Err(_)) | None => {
            let now = jiff::Timestamp::now();
            crate::store::backup_offline(&copy.data, &copy.folder, now).map_err(|e| e.to_string())
        }
    };
    match made {
        Ok(backup) => {
            told("is backed up", copy, &backup, out);
            if backup.copied.bad > 0 { Exit::Findings } else { Exit::Fine }
        }
        Err(note) => {
            let _ = writeln!(out, "stafett store backup: {note}");
            Exit::CouldNot
        }
    }
}

/// What a running engine answers; none when none has the directory.
fn made_by_engine(copy: &Copy) -> Option<Result<(u16, String), Error>> {
    if !socket::path(&copy.data).exists() {
        return None;
    }
    let folder = std::path::absolute(&copy.folder).ok()?.display().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    Some(runtime.block_on(socket::ask_with(&copy.data, "POST", "/backup", folder.into())))
}

fn restore(copy: &Copy, out: &mut String) -> Exit {
    match crate::store::restore(&copy.folder, &copy.data, jiff::Timestamp::now()) {
        Ok(backup) => {
            told("is restored", copy, &backup, out);
            Exit::Fine
        }
        Err(error) => could_not("restore", &error, out),
    }
}

fn told(what: &str, copy: &Copy, backup: &Backup, out: &mut String) {
    if copy.format == Format::Json {
        return json(backup, out);
    }
    let Backup { made, copied, .. } = backup;
    let journal::Copied { last, records, bad, segments } = copied;
    let _ = writeln!(
        out,
        "what was acknowledged up to record {last} {what}: {records} records in {} segments, as of {made}",
        segments.len()
    );
    if *bad > 0 {
        let _ = writeln!(out, "{bad} records could not be read in the original either");
    }
}

fn could_not(what: &str, error: &Error, out: &mut String) -> Exit {
    let _ = writeln!(out, "stafett store {what}: {error}");
    Exit::CouldNot
}

fn json(value: &impl serde::Serialize, out: &mut String) {
    out.push_str(&serde_json::to_string(value).unwrap_or_default());
    out.push('\n');
}

fn verify_text(report: &Report, out: &mut String) {
    bad_text(&report.bad, out);
    let Report { segments, records, last, projected, .. } = report;
    let _ = writeln!(out, "{records} records in {segments} segments, the newest is {last}");
    let ledger = match report.ledger {
        LedgerState::Agrees => format!("agrees with the journal up to {projected}"),
        LedgerState::Differs => "differs from the journal: run `stafett store rebuild`".to_owned(),
        LedgerState::Absent => "is absent, and will be made at the next start".to_owned(),
    };
    let _ = writeln!(out, "the ledger {ledger}");
}

fn rebuild_text(done: &Rebuilt, out: &mut String) {
    bad_text(&done.bad, out);
    let _ = writeln!(out, "the ledger was made anew from {} records", done.records);
}

fn bad_text(all: &[journal::Bad], out: &mut String) {
    for bad in all {
        let journal::Bad { first, last, segment, offset, damage, why } = bad;
        let which = match last.checked_sub(*first) {
            None => "header".to_owned(),
            Some(0) => format!("record {first}"),
            Some(_) => format!("records {first} to {last}"),
        };
        let damage = match damage {
            journal::Damage::Torn => "torn by a power cut, never acknowledged",
            journal::Damage::Rotten => "rotten",
            journal::Damage::Missing => "missing",
        };
        let _ = writeln!(out, "{segment}, offset {offset}: {which}: {damage}: {why}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Options, open};

    #[test]
    fn verify_and_rebuild_say_what_they_found() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let settings = journal::Settings { segment_bytes: 8 << 10, compress: true, ahead: false };
        let options = Options { journal: settings };
        let mut out = String::new();
        assert_eq!(verify(&data, Format::Text, &mut out), Exit::CouldNot);
        assert!(out.contains("no data directory"), "{out}");
        drop(open(&data, options, jiff::Timestamp::UNIX_EPOCH).unwrap());
        out.clear();
        assert_eq!(verify(&data, Format::Text, &mut out), Exit::Fine);
        let expected = "0 records in 1 segments, the newest is 0\n\
                        the ledger agrees with the journal up to 0\n";
        assert_eq!(out, expected);
        out.clear();
        assert_eq!(rebuild(&data, Format::Json, &mut out), Exit::Fine);
        assert_eq!(out, "{\"records\":0,\"bad\":[]}\n");
    }
}
