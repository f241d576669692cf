//! Formats of the store: what an earlier program wrote is read, what a later one wrote is left alone.
//!
//! A fixture of an old format is what a program of its time wrote. It is never written anew; one of the newest
//! format is written when it is absent.

use super::ledger::segments;
use super::make::{PLAIN, at, deliver, message, party, receipt, unit};
use super::rot::{journal, records, segment};
use super::{fail, wait};
use crate::support::{Needs, root, trial};
use jiff::SignedDuration;
use libtest_mimic::{Failed, Trial};
use stafett::message::{
    AttemptOutcome, AuditAction, AuditRecord, Committed, EnvelopeId, FaultOf, ReceiptCode, Syntax,
};
use stafett::store::journal::Settings;
use stafett::store::{
    DeliveryState, Follow, Keeper, MessageFilter, Operation, Options, Settle, Store, open, open_on,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("G20: segments of format 1 stay readable", Needs::Nothing, first),
        trial("G20: segments of format 2 stay readable", Needs::Nothing, second),
        trial("G20: a record needs no newer program than it must", Needs::Nothing, lowest),
        trial("G20: an unknown format is refused and not touched", Needs::Nothing, unknown),
        trial(
            "G20: a directory of a later program is left byte for byte",
            Needs::Nothing,
            directory,
        ),
    ]
}

fn options() -> Options {
    Options { journal: Settings { segment_bytes: 8 << 10, compress: true, ahead: false } }
}

/// The fixture of a format.
fn fixture(version: u8) -> PathBuf {
    root().join(format!("fixtures/store/v{version}"))
}

/// The fixture of a format, where a store may be opened on it.
fn copied(version: u8) -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    copy(&fixture(version), folder.path())?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    fs::create_dir_all(to.join("journal"))?;
    fs::copy(from.join("FORMAT"), to.join("FORMAT"))?;
    for segment in segments(from)? {
        let name = segment.file_name().unwrap_or_default();
        fs::copy(&segment, to.join("journal").join(name))?;
    }
    Ok(())
}

/// The versions of a directory's records, in order.
fn versions(folder: &Path) -> Result<Vec<u8>, Failed> {
    let mut all = Vec::new();
    for segment in segments(folder)? {
        let bytes = fs::read(segment)?;
        all.extend(records(&bytes).iter().map(|(at, _)| bytes[at + 32]));
    }
    Ok(all)
}

fn first() -> Result<(), Failed> {
    assert!(versions(&fixture(1))?.iter().all(|version| *version == 1));
    let folder = copied(1)?;
    let store = open(folder.path(), options(), at(50))?;
    let status = store.status();
    assert_eq!((status.bad_records, status.open_deliveries), (0, 5), "one is confirmed");
    let rows = store.messages(&MessageFilter::default())?;
    assert_eq!(rows.len(), 7);
    for n in 0..6 {
        let row = rows.iter().find(|row| row.message == format!("m{n}"));
        let Some(row) = row else { return Err(fail(format!("m{n} is lost"))) };
        let bytes = store.unit(row.position)?.original;
        assert_eq!(bytes.starts_with(b"lang tekst"), n % 2 == 0);
    }
    assert_eq!(store.claim_due(None, at(60), 9)?.claims.len(), 5);
    // An upgrade changes no verdict.
    let again = store.commit(vec![deliver(unit("hospital", "m1"), &PLAIN)])?.remove(0);
    assert!(matches!(again, Committed::Existing(_)), "{again:?}");
    Ok(())
}

/// Writes what format 2 has and format 1 has not.
fn fill(store: &Keeper) -> Result<(), Failed> {
    let mut segments = deliver(unit("hospital", "m0"), &PLAIN);
    segments.syntax = Syntax::Hl7v2;
    segments.outputs[0].syntax = Syntax::Edifact;
    let Committed::New(position) = store.commit(vec![segments])?.remove(0) else {
        return Err(fail("m0 is not new".to_owned()));
    };
    let audit = AuditRecord {
        at: at(1),
        action: AuditAction::Replayed,
        actor: "kim".into(),
        delivery: None,
        outcome: None,
    };
    wait(|done| store.note(position, audit, done))?;
    let claim = store.claim_due(None, at(1), 1)?.claims.remove(0);
    let outcome = AttemptOutcome::Final { reason: "gone".into(), fault: FaultOf::Receiver };
    let settle = Settle {
        delivery: claim.delivery,
        token: claim.token,
        at: at(2),
        outcome,
        next: None,
        unknown: false,
        follow: Follow::Leave,
    };
    wait(|done| store.settle(settle, done))?;
    let resend = Operation::Resend { envelope: Some(EnvelopeId("e-again".into())) };
    wait(|done| store.operate(claim.delivery, resend, "kim", at(3), done))?;
    store.jumped(SignedDuration::from_secs(5), at(8))?;
    let letters = ["l1", "l2", "l3"].map(|id| deliver(unit("practice", id), &PLAIN));
    wait(|done| store.submit_together(letters.to_vec(), done))?;
    store.commit(vec![receipt("north", "r1", "l2", ReceiptCode::Ok)])?;
    Ok(())
}

fn second() -> Result<(), Failed> {
    if !fixture(2).exists() {
        let made = tempfile::tempdir()?;
        let store = open(made.path(), options(), at(0))?;
        fill(&store)?;
        drop(store);
        copy(made.path(), &fixture(2))?;
    }
    let kept = versions(&fixture(2))?;
    assert!(kept.contains(&1) && kept.contains(&2), "{kept:?}");
    let folder = copied(2)?;
    let store = open(folder.path(), options(), at(50))?;
    let status = store.status();
    assert_eq!((status.bad_records, status.open_deliveries), (0, 3), "{:?}", store.bad());
    for (from, id) in [("hospital", "m0"), ("practice", "l1"), ("practice", "l2")] {
        let asked = unit(from, id);
        let known = store.known_about(&party(from), &message(id), &asked.envelope)?;
        let Some(found) = known.message else { return Err(fail(format!("{id} is lost"))) };
        assert_eq!(store.unit(found.position)?.original, asked.original);
    }
    let filter = MessageFilter { message: Some("m0".into()), ..MessageFilter::default() };
    let row = store.messages(&filter)?.remove(0);
    let resent = &row.deliveries[0];
    assert_eq!((resent.state, resent.resends), (DeliveryState::Waiting, 1));
    let told = store.message(row.position)?.map(|found| found.audit).unwrap_or_default();
    assert!(told.iter().any(|record| record.action == "replayed"), "{told:?}");
    Ok(())
}

/// Nothing but what format 1 had: a program of that time can go on with it.
fn lowest() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = open(folder.path(), options(), at(0))?;
    store.commit(vec![deliver(unit("hospital", "m1"), &PLAIN)])?;
    store.claim_due(None, at(1), 1)?;
    store.commit(vec![receipt("north", "r1", "m1", ReceiptCode::Ok)])?;
    drop(store);
    assert_eq!(versions(folder.path())?, [1, 1, 1]);
    Ok(())
}

fn unknown() -> Result<(), Failed> {
    let (disk, _) = journal()?;
    let name = segment(&disk)?;
    for (record, version) in [(false, 2), (true, 3), (true, 0), (true, 255)] {
        let newer = disk.copy();
        let from = if record { records(&disk.bytes(&name).unwrap_or_default())[9].0 } else { 0 };
        newer.alter(&name, |bytes| raise(bytes, from, record, version));
        let before = newer.points();
        let Err(error) = open_on(Arc::new(newer.clone()), super::small(), at(1)) else {
            return Err(fail("an unknown format was opened".to_owned()));
        };
        assert!(error.note.contains(&format!("version {version}")), "{error}");
        assert_eq!(newer.points(), before, "it was touched");
    }
    Ok(())
}

/// Says another version in the header of a record, or of a segment.
fn raise(bytes: &mut [u8], from: usize, record: bool, version: u8) {
    let (at, check) = if record { (32, 76) } else { (8, 52) };
    bytes[from + at] = version;
    let sum = crc32c::crc32c(&bytes[from..from + check]);
    bytes[from + check..from + check + 4].copy_from_slice(&sum.to_le_bytes());
}

/// Every file below a folder, with its bytes.
fn everything(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, Failed> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => all.extend(everything(&path)?),
            false => drop(all.insert(path.clone(), fs::read(&path)?)),
        }
    }
    Ok(all)
}

fn directory() -> Result<(), Failed> {
    for what in ["directory", "segment", "record"] {
        let folder = copied(2)?;
        drop(open(folder.path(), options(), at(50))?);
        match what {
            "directory" => fs::write(folder.path().join("FORMAT"), "stafett store 2\n")?,
            _ => {
                let last = segments(folder.path())?.pop().unwrap_or_default();
                let mut bytes = fs::read(&last)?;
                let newest = records(&bytes).last().map_or(0, |(at, _)| *at);
                let from = if what == "record" { newest } else { 0 };
                raise(&mut bytes, from, what == "record", 9);
                fs::write(&last, bytes)?;
            }
        }
        let before = everything(folder.path())?;
        let Err(error) = open(folder.path(), options(), at(60)) else {
            return Err(fail(format!("{what}: it was opened")));
        };
        assert!(error.note.contains("does not know"), "{error}");
        assert_eq!(everything(folder.path())?, before, "{what}: it was touched");
    }
    Ok(())
}
