//! Backups of a store that runs, restored: nothing acknowledged is missing, nothing delivered goes out unflagged.

use super::ledger::segments;
use super::make::{PLAIN, To, at, deliver, unit};
use super::{fail, small, wait};
use crate::path::process::{NETWORK, Process};
use crate::support::{Needs, root, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::{AttemptOutcome, Committed, DeliveryId, MessageId, Position, Unit};
use stafett::store::{
    Backup, Claim, Follow, Keeper, LedgerState, Settle, Store, open, restore, verify,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "G22: backed up while it runs, restored, and judged, again and again",
            Needs::Nothing,
            rounds,
        ),
        trial("G22: what is no whole backup is not restored", Needs::Nothing, refused),
        trial("G22: the commands, on a running engine", Needs::Nothing, commands),
    ]
}

const ROUNDS: usize = 10;
const MESSAGES: usize = 50;

/// What the node that was backed up told its senders and its receivers.
#[derive(Default)]
struct World {
    acknowledged: BTreeMap<u64, Unit>,
    delivered: BTreeSet<MessageId>,
}

/// Sends a claim, as its receiver sees it.
fn send(store: &Keeper, claim: &Claim) -> Result<(), Failed> {
    wait(|done| store.sending(claim.delivery, claim.token, at(1), done))?;
    let settle = Settle {
        delivery: claim.delivery,
        token: claim.token,
        at: at(2),
        outcome: AttemptOutcome::Sent { receipt: None },
        next: None,
        unknown: false,
        follow: Follow::Leave,
    };
    wait(|done| store.settle(settle, done))?;
    Ok(())
}

fn message(round: usize, n: usize) -> Unit {
    let lane = ["even", "odd"][n % 2];
    let within = n.is_multiple_of(3).then_some(600);
    let to = To { lane: Some(lane), receipt_within: within, ..PLAIN };
    let mut one = deliver(unit("hospital", &format!("r{round}-m{n}")), &to);
    one.original = blake3::hash(&[round as u8, n as u8]).as_bytes().repeat(9).into();
    one
}

/// Commits and delivers; says now and then that a backup may begin. Some are left in hand.
fn work(store: &Keeper, round: usize, begin: &mpsc::Sender<()>) -> Result<World, Failed> {
    let mut world = World::default();
    for n in 0..MESSAGES {
        if n == round * MESSAGES / ROUNDS {
            begin.send(())?;
        }
        let one = message(round, n);
        match store.commit(vec![one.clone()])?.remove(0) {
            Committed::New(at) => drop(world.acknowledged.insert(at.sequence, one)),
            other => return Err(fail(format!("{other:?}"))),
        }
        if n % 4 == 3 {
            for claim in store.claim_due(None, at(5), 1 + n % 3)?.claims {
                send(store, &claim)?;
                world.delivered.insert(claim.message);
            }
        }
    }
    // What has waited goes out when the backup was long begun; one stays in hand.
    for _ in 0..MESSAGES {
        for claim in store.claim_due(None, at(5), 1)?.claims {
            send(store, &claim)?;
            world.delivered.insert(claim.message);
        }
    }
    Ok(world)
}

fn rounds() -> Result<(), Failed> {
    let (mut kept, mut again, mut flagged) = (0, 0, 0);
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let (data, copy, new) =
            (folder.path().join("data"), folder.path().join("copy"), folder.path().join("new"));
        let store = open(&data, small(), at(0))?;
        let (begin, begun) = mpsc::channel();
        let (world, backup) = std::thread::scope(|scope| {
            let (store, copy) = (&store, &copy);
            let made = scope.spawn(move || -> Result<Backup, String> {
                begun.recv().map_err(|e| e.to_string())?;
                store.backup(copy, at(3)).map_err(|e| e.to_string())
            });
            let world = work(store, round, &begin);
            (world, made.join())
        });
        let (world, backup) = (world?, backup.map_err(|_| "the backup panicked")??);
        drop(store);
        restore(&copy, &new, at(10))?;
        let counts = judge(&new, &world, &backup)?;
        kept += counts.0;
        again += counts.1;
        flagged += counts.2;
    }
    println!(
        "{ROUNDS} rounds: {kept} messages kept, {again} sent again, {flagged} of them flagged"
    );
    assert!(kept > 200 && again > 50, "{kept} kept, {again} again");
    assert_eq!(again, flagged, "unflagged");
    Ok(())
}

/// Messages kept; deliveries that its receiver had already, and how many of them were flagged.
fn judge(data: &Path, world: &World, backup: &Backup) -> Result<(usize, usize, usize), Failed> {
    let last = backup.copied.last;
    let store = open(data, small(), at(20))?;
    let restored = store.status().restored;
    assert_eq!(restored.map(|restored| restored.up_to), Some(last), "it does not know");
    let mut kept = 0;
    for (sequence, unit) in world.acknowledged.range(..=last) {
        let found = store.unit(Position { partition: 0, sequence: *sequence })?;
        assert!(found == *unit, "record {sequence} is not what was acknowledged");
        let known = store.commit(vec![unit.clone()])?.remove(0);
        assert!(matches!(known, Committed::Existing(_)), "{known:?}");
        kept += 1;
    }
    let (mut again, mut flagged) = (0, 0);
    let mut seen = BTreeSet::<DeliveryId>::new();
    loop {
        let claims = store.claim_due(None, at(30), 50)?.claims;
        if claims.is_empty() || seen.len() > MESSAGES {
            break;
        }
        for claim in claims {
            assert!(seen.insert(claim.delivery), "{:?} twice", claim.delivery);
            again += usize::from(world.delivered.contains(&claim.message));
            flagged +=
                usize::from(world.delivered.contains(&claim.message) && claim.possible_duplicate);
            send(&store, &claim)?;
        }
    }
    // What comes from here on is nobody's duplicate.
    store.commit(vec![deliver(unit("hospital", "new"), &PLAIN)])?;
    let claims = store.claim_due(None, at(30), 9)?.claims;
    assert_eq!(claims.iter().map(|claim| claim.possible_duplicate).collect::<Vec<_>>(), [false]);
    store.dump()?;
    drop(store);
    let report = verify(data)?;
    assert!(!report.has_findings() && report.ledger == LedgerState::Agrees, "{report:?}");
    Ok((kept, again, flagged))
}

fn refused() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let store = open(&path("data"), small(), at(0))?;
    store.commit(vec![deliver(unit("hospital", "m1"), &PLAIN)])?;
    store.backup(&path("copy"), at(1))?;
    assert!(store.backup(&path("copy"), at(1)).is_err(), "over another backup");
    assert!(restore(&path("copy"), &path("data"), at(2)).is_err(), "over a node");
    assert!(restore(&path("data"), &path("new"), at(2)).is_err(), "of what is no backup");
    let segment = segments(&path("copy"))?.remove(0);
    let whole = fs::read(&segment)?;
    let mut rotten = whole.clone();
    rotten[4096 + 90] ^= 4;
    fs::write(&segment, &rotten)?;
    let error = restore(&path("copy"), &path("half"), at(2)).expect_err("it has rotted");
    assert!(error.note.contains("not what was backed up"), "{error}");
    // What was begun is no data directory: nobody starts half a node.
    assert!(open(&path("half"), small(), at(3)).is_err());
    fs::write(&segment, &whole)?;
    fs::write(path("copy").join("BACKUP"), "{\"format\":\"stafett backup 2\"}")?;
    assert!(restore(&path("copy"), &path("new"), at(2)).is_err(), "of a later program");
    assert!(!path("new").exists(), "it was touched");
    Ok(())
}

fn stafett(folder: &Path, words: &[&str]) -> Result<String, Failed> {
    let binary = env!("CARGO_BIN_EXE_stafett");
    let output = Command::new(binary).current_dir(folder).args(words).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(text),
        false => {
            Err(format!("{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr)).into())
        }
    }
}

fn commands() -> Result<(), Failed> {
    let mut engine = Process::start(&[], "info")?;
    let folder = engine.folder.path().to_owned();
    let name = "fixtures/networks/planomraade-syd/messages/hospital-notification-admission.json";
    engine.send(&root().join(name))?;
    let data = format!("{NETWORK}/data");
    let told = stafett(&folder, &["store", "backup", "copy", "--data", &data])?;
    assert!(told.contains("is backed up"), "{told}");
    engine.stop()?;
    stafett(&folder, &["store", "backup", "later", "--data", &data, "--format", "json"])?;
    for (copy, new) in [("copy", "new"), ("later", "newer")] {
        let told = stafett(&folder, &["store", "restore", copy, "--data", new])?;
        assert!(told.contains("is restored"), "{told}");
        let store = open(&folder.join(new), stafett::store::Options::default(), at(0))?;
        let rows = store.messages(&Default::default())?;
        assert_eq!(rows.len(), 1, "{copy}");
        assert!(rows[0].deliveries.iter().all(|one| one.possible_duplicate), "{rows:?}");
    }
    Ok(())
}
