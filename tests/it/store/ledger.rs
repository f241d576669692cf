//! The ledger is what the journal says, row for row; verifying says what is bad.

use super::make::{PLAIN, To, at, deliver, receipt, unit};
use super::{fail, small};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::{AttemptOutcome, ReceiptCode};
use stafett::store::journal::Damage;
use stafett::store::{
    Follow, Keeper, LedgerState, MessageFilter, Settle, Store, open, rebuild, verify,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("store: a rebuilt ledger is the live one", Needs::Nothing, rebuilt),
        trial("store: verify finds what has rotted", Needs::Nothing, verified),
        trial("store: one engine at a time", Needs::Nothing, locked),
    ]
}

/// A run that touches every table.
fn fill(store: &Keeper) -> Result<(), Failed> {
    let to = To { lane: Some("x"), receipt_within: Some(60), ..PLAIN };
    for n in 0..20 {
        let mut one = deliver(unit("hospital", &format!("m{n}")), &to);
        one.received = at(n);
        store.commit(vec![one])?;
        let claims = store.claim_due(None, at(n), 1)?.claims;
        let Some(claim) = claims.first() else { return Err(fail(format!("m{n} is not due"))) };
        let (send, receive) = mpsc::channel();
        let heard = send.clone();
        let told = Box::new(move |result| heard.send(result).unwrap_or(()));
        store.sending(claim.delivery, claim.token, at(n), told);
        receive.recv()??;
        let final_word = AttemptOutcome::Failed { reason: "timeout".into(), wait: None };
        let sent = AttemptOutcome::Sent { receipt: None };
        let settle = Settle {
            delivery: claim.delivery,
            token: claim.token,
            at: at(n),
            outcome: if n % 3 == 0 { final_word } else { sent },
            next: None,
            unknown: true,
            follow: Follow::Begin,
        };
        let told = Box::new(move |result: Result<_, _>| send.send(result.map(drop)).unwrap_or(()));
        store.settle(settle, told);
        receive.recv()??;
        if n % 4 == 1 {
            store.commit(vec![receipt(
                "north",
                &format!("r{n}"),
                &format!("m{n}"),
                ReceiptCode::Ok,
            )])?;
        }
    }
    store.mark_overdue(at(70), 3)?;
    // What nobody waits for is on disk when what came after it is.
    store.commit(vec![unit("hospital", "last")])?;
    Ok(())
}

fn rebuilt() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = open(folder.path(), small(), at(0))?;
    fill(&store)?;
    let live = store.dump()?;
    assert!(live.len() > 150, "{} rows", live.len());
    drop(store);
    let done = rebuild(folder.path())?;
    assert!(done.records > 60 && done.bad.is_empty());
    let store = open(folder.path(), small(), at(100))?;
    assert_eq!(store.dump()?, live, "rebuilt");
    drop(store);
    fs::remove_file(folder.path().join("ledger.sqlite"))?;
    let store = open(folder.path(), small(), at(100))?;
    assert_eq!(store.dump()?, live, "made anew");
    drop(store);
    assert_eq!(verify(folder.path())?.ledger, LedgerState::Agrees);
    Ok(())
}

pub fn segments(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let all = fs::read_dir(folder.join("journal"))?.map(|entry| Ok(entry?.path()));
    let mut all = all.collect::<Result<Vec<_>, Failed>>()?;
    all.retain(|path| path.to_string_lossy().contains("journal-"));
    all.sort();
    Ok(all)
}

fn verified() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = open(folder.path(), small(), at(0))?;
    fill(&store)?;
    store.dump()?;
    drop(store);
    let report = verify(folder.path())?;
    assert!(!report.has_findings() && report.segments > 1, "{report:?}");
    assert_eq!(report.projected, report.last);
    let first = &segments(folder.path())?[0];
    let mut bytes = fs::read(first)?;
    bytes[4096 + 90] ^= 4;
    fs::write(first, &bytes)?;
    let report = verify(folder.path())?;
    assert!(report.has_findings());
    let bad = &report.bad[0];
    assert_eq!((bad.first, bad.offset, bad.damage), (1, 4096, Damage::Rotten));
    assert_eq!(report.ledger, LedgerState::Differs, "it still has what the journal lost");
    assert_eq!(fs::read(first)?, bytes, "nothing is deleted");
    let store = open(folder.path(), small(), at(100))?;
    assert_eq!(store.status().bad_records, 1);
    let ids = store.messages(&MessageFilter { limit: 99, ..Default::default() })?;
    assert!(ids.iter().all(|row| row.message != "m0") && ids.len() == 25);
    Ok(())
}

fn locked() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let store = open(folder.path(), small(), at(0))?;
    let Err(second) = open(folder.path(), small(), at(0)) else {
        return Err(fail("two engines".to_owned()));
    };
    assert!(second.note.contains("another stafett"), "{second}");
    assert!(verify(folder.path()).is_err() && rebuild(folder.path()).is_err());
    drop(store);
    verify(folder.path())?;
    Ok(())
}
