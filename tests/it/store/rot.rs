//! Bits rot: every one is detected, none is served, and what is good stays.

use super::make::{PLAIN, at, deliver, unit};
use super::{fail, small};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::{Committed, Position, Unit};
use stafett::store::disk::SimDisk;
use stafett::store::{Store, open_on};
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("store: a rotten bit in any record is seen, others go on", Needs::Nothing, flips),
        trial("store: rot while it runs is not served", Needs::Nothing, while_running),
    ]
}

/// A journal of ten records, each of a batch of its own.
pub fn journal() -> Result<(SimDisk, Vec<(Position, Unit)>), Failed> {
    let disk = SimDisk::new();
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    let mut kept = Vec::new();
    for n in 0..10 {
        let one = deliver(unit("hospital", &format!("m{n}")), &PLAIN);
        match store.commit(vec![one.clone()])?.remove(0) {
            Committed::New(position) => kept.push((position, one)),
            other => return Err(fail(format!("{other:?}"))),
        }
    }
    Ok((disk, kept))
}

pub fn segment(disk: &SimDisk) -> Result<String, Failed> {
    use stafett::store::disk::Disk;
    let names = disk.list()?;
    names.into_iter().find(|n| n.starts_with("journal-")).ok_or_else(|| fail("none".to_owned()))
}

/// Where each record lies, found by its magic.
pub fn records(bytes: &[u8]) -> Vec<(usize, usize)> {
    let starts = (4096..bytes.len() - 80).step_by(8).filter(|at| &bytes[*at..at + 4] == b"strc");
    let length = |at: usize| {
        80 + u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]])
            as usize
    };
    starts.map(|at| (at, length(at))).collect()
}

fn flips() -> Result<(), Failed> {
    let (disk, kept) = journal()?;
    let name = segment(&disk)?;
    let bytes = disk.bytes(&name).unwrap_or_default();
    let records = records(&bytes);
    assert_eq!(records.len(), kept.len());
    for (n, (start, length)) in records.iter().enumerate() {
        for offset in (*start..start + length).step_by(3) {
            let rotten = disk.copy();
            rotten.rot(&name, offset, (offset % 8) as u8);
            // The byte that says nothing is covered by the header's check all the same.
            let store = open_on(Arc::new(rotten), small(), at(1))?;
            let place = format!("record {}, byte {}", n + 1, offset - start);
            assert_eq!(store.status().bad_records, 1, "{place}");
            let bad = store.bad();
            assert_eq!((bad[0].first, bad[0].offset), (n as u64 + 1, *start as u64), "{place}");
            for (position, unit) in &kept {
                let read = store.unit(*position);
                let right = match &read {
                    Ok(found) => found == unit && position.sequence != n as u64 + 1,
                    Err(_) => position.sequence == n as u64 + 1,
                };
                assert!(right, "{place}: {position:?} reads {read:?}");
            }
            match store.commit(vec![unit("hospital", "later")])?.remove(0) {
                Committed::New(position) => assert_eq!(position.sequence, 11, "{place}"),
                other => return Err(fail(format!("{place}: {other:?}"))),
            }
        }
    }
    Ok(())
}

fn while_running() -> Result<(), Failed> {
    let disk = SimDisk::new();
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    store.commit(vec![deliver(unit("hospital", "m1"), &PLAIN)])?;
    store.commit(vec![deliver(unit("hospital", "m2"), &PLAIN)])?;
    let name = segment(&disk)?;
    let (start, _) = records(&disk.bytes(&name).unwrap_or_default())[0];
    disk.rot(&name, start + 100, 3);
    let claims = store.claim_due(None, at(1), 2)?.claims;
    let error = store.sendable(claims[0].delivery).expect_err("it has rotted");
    assert!(error.note.contains("record 0/1"), "{error}");
    assert!(store.sendable(claims[1].delivery).is_ok());
    Ok(())
}
