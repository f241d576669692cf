//! A start from the checkpoint comes to what the whole journal says, and reads no more than it must.

use super::make::{PLAIN, To, at, deliver, receipt, unit};
use super::{fail, small, wait};
use crate::support::{Needs, trial};
use jiff::SignedDuration;
use libtest_mimic::{Failed, Trial};
use stafett::message::{AttemptOutcome, DeliveryId, Error, Position, ReceiptCode};
use stafett::store::disk::{Disk, Fault, SimDisk};
use stafett::store::{Claim, Follow, Keeper, Operation, Settle, Store, open_on};
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("G19: a start reads only what is behind the checkpoint", Needs::Nothing, bounded),
        trial("store: a start from the checkpoint comes to the same", Needs::Nothing, same),
        trial("store: power lost at every point of a checkpoint", Needs::Nothing, power),
        trial("G10: what has rotted beside the journal is not believed", Needs::Nothing, rotten),
    ]
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }
}

/// A store's day: what is in somebody's hand, and how many messages there were.
struct Day {
    dice: Dice,
    claims: Vec<Claim>,
    messages: u64,
    now: i64,
}

fn following(chance: u64) -> Follow {
    [Follow::Leave, Follow::Claim, Follow::Begin][chance as usize]
}

impl Day {
    fn new(seed: u64) -> Day {
        Day { dice: Dice(seed), claims: Vec::new(), messages: 0, now: 1 }
    }

    fn step(&mut self, store: &Keeper) -> Result<(), Error> {
        self.now += self.dice.roll(5) as i64;
        let now = at(self.now);
        match self.dice.roll(20) {
            0..=6 => {
                let n = self.messages;
                self.messages += 1;
                let lane = [None, Some("a"), Some("b"), Some("receipt/c")];
                let lane = lane[self.dice.roll(4) as usize];
                let endpoint = ["north", "south"][self.dice.roll(2) as usize];
                let receipt_within = [None, Some(30)][self.dice.roll(2) as usize];
                let to = To { endpoint, lane, receipt_within, ..PLAIN };
                let mut one = deliver(unit("hospital", &format!("m{n}")), &to);
                one.received = now;
                store.commit(vec![one])?;
            }
            7..=9 => self.claims.extend(store.claim_due(None, now, 3)?.claims),
            10..=14 if !self.claims.is_empty() => {
                let one = self.dice.roll(self.claims.len() as u64) as usize;
                let claim = self.claims.swap_remove(one);
                if !claim.begun {
                    wait(|done| store.sending(claim.delivery, claim.token, now, done))?;
                }
                let reason = || "http-503".into();
                let (outcome, next) = match self.dice.roll(4) {
                    0 => {
                        let again = Some(at(self.now + 9));
                        (AttemptOutcome::Failed { reason: reason(), wait: None }, again)
                    }
                    1 => (AttemptOutcome::Failed { reason: reason(), wait: None }, None),
                    _ => (AttemptOutcome::Sent { receipt: None }, None),
                };
                let (delivery, token, follow) =
                    (claim.delivery, claim.token, following(self.dice.roll(3)));
                let unknown = self.dice.roll(2) == 0;
                let settle = Settle { delivery, token, at: now, outcome, next, unknown, follow };
                self.claims.extend(wait(|done| store.settle(settle, done))?.next);
            }
            15 | 16 if self.messages > 0 => {
                let about = format!("m{}", self.dice.roll(self.messages));
                let by = ["north", "south"][self.dice.roll(2) as usize];
                let code = [ReceiptCode::Ok, ReceiptCode::FatalError, ReceiptCode::TransientError];
                let code = code[self.dice.roll(3) as usize];
                store.commit(vec![receipt(by, &format!("r{}", self.now), &about, code)])?;
            }
            17 => drop(store.mark_overdue(now, 3)?),
            18 if self.messages > 0 => {
                let operation = [Operation::Hold, Operation::Release, Operation::GiveUp];
                let operation = operation[self.dice.roll(3) as usize].clone();
                let sequence = 1 + self.dice.roll(self.messages * 2);
                let id = DeliveryId { unit: Position { partition: 0, sequence }, index: 0 };
                drop(wait(|done| store.operate(id, operation, "kim", now, done)));
            }
            19 if self.dice.roll(5) == 0 => store.jumped(SignedDuration::from_secs(40), now)?,
            _ => {}
        }
        Ok(())
    }
}

/// The same disk without what makes a start quick.
fn plain(disk: &SimDisk) -> Result<SimDisk, Failed> {
    let plain = disk.copy();
    for name in plain.list()? {
        if name.starts_with("checkpoint") || name.starts_with("summary") {
            plain.remove(&name)?;
        }
    }
    Ok(plain)
}

/// Everything that a store says of itself, and of what it does next.
fn facts(store: &Keeper, day: &Day) -> Result<Vec<String>, Failed> {
    let status = store.status();
    let mut facts = vec![
        format!("{} {:?}", status.open_deliveries, store.next_overdue()),
        format!("{} bad", status.bad_records),
    ];
    for n in 0..day.messages {
        let one = unit("hospital", &format!("m{n}"));
        let known = store.known_about(&one.party, &one.message, &one.envelope)?;
        let position = known.message.as_ref().map(|known| known.position);
        facts.push(format!("{n}: {position:?} {:?}", known.envelope.map(|one| one.position)));
        for by in ["north", "south"] {
            let about = stafett::message::MessageId(format!("m{n}").into());
            let awaiting = store.awaiting(&super::make::party(by), &about);
            facts.push(format!("{n} by {by}: {awaiting:?}"));
        }
        let id = position.map(|unit| DeliveryId { unit, index: 0 });
        facts.push(format!("{:?}", id.and_then(|id| store.delivery(id))));
    }
    for round in 0..20 {
        let mut claims = store.claim_due(None, at(50_000 + round), 1_000)?;
        claims.claims.sort_by_key(|claim| claim.delivery);
        claims.expired.sort_by_key(|one| one.delivery);
        // Tokens and claims are made one by one at each endpoint: only the set is the same.
        let ids =
            claims.claims.iter().map(|one| (one.delivery, one.attempt, one.possible_duplicate));
        facts.push(format!("{round}: {:?} {:?}", ids.collect::<Vec<_>>(), claims.expired));
        for claim in claims.claims {
            let now = at(50_000 + round);
            wait(|done| store.sending(claim.delivery, claim.token, now, done))?;
            let (delivery, token, outcome) =
                (claim.delivery, claim.token, AttemptOutcome::Sent { receipt: None });
            let (next, unknown, follow) = (None, false, Follow::Leave);
            let settle = Settle { delivery, token, at: now, outcome, next, unknown, follow };
            wait(|done| store.settle(settle, done))?;
        }
    }
    Ok(facts)
}

/// Opens a disk as it is and without what makes a start quick; both must say the same. How many records each read.
fn compare(disk: &SimDisk, day: &Day, what: &str) -> Result<(u64, u64), Failed> {
    let slow = open_on(Arc::new(plain(disk)?), small(), at(1_000))?;
    let quick = open_on(Arc::new(disk.copy()), small(), at(1_000))?;
    let read = (quick.status().read_at_start, slow.status().read_at_start);
    let (one, other) = (facts(&quick, day)?, facts(&slow, day)?);
    match one.iter().zip(&other).find(|(one, other)| one != other) {
        None if one.len() == other.len() => Ok(read),
        differ => Err(fail(format!("{what}: {differ:#?}"))),
    }
}

fn same() -> Result<(), Failed> {
    let mut quick_ones = 0;
    for seed in 0..30 {
        let disk = SimDisk::new();
        let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
        let mut day = Day::new(seed);
        for _ in 0..60 {
            day.step(&store)?;
        }
        // One while nothing happens, and some while much does.
        store.save()?;
        std::thread::scope(|scope| -> Result<(), Failed> {
            let saving = scope.spawn(|| (0..5).try_for_each(|_| store.save()));
            for _ in 0..120 {
                day.step(&store)?;
            }
            Ok(saving.join().map_err(|_| "saving panicked")??)
        })?;
        for _ in 0..seed % 30 {
            day.step(&store)?;
        }
        drop(store);
        let (quick, slow) = compare(&disk, &day, &format!("seed {seed}"))?;
        quick_ones += u64::from(quick < slow);
    }
    match quick_ones > 20 {
        true => Ok(()),
        false => Err(fail(format!("only {quick_ones} starts were quick"))),
    }
}

fn bounded() -> Result<(), Failed> {
    let disk = SimDisk::new();
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    let queued = 3_000;
    for n in 0..queued {
        store.commit(vec![deliver(unit("hospital", &format!("m{n}")), &PLAIN)])?;
    }
    store.save()?;
    for n in queued..queued + 10 {
        store.commit(vec![deliver(unit("hospital", &format!("m{n}")), &PLAIN)])?;
    }
    drop(store);
    let names = disk.list()?;
    let most = names.iter().filter(|name| name.starts_with("journal-")).map(|name| {
        let bytes = disk.bytes(name).unwrap_or_default();
        super::rot::records(&bytes).len() as u64
    });
    let most = most.max().unwrap_or(0);
    let store = open_on(Arc::new(disk.clone()), small(), at(1))?;
    let status = store.status();
    assert_eq!(status.open_deliveries, queued + 10);
    // The ten, and the rest of the segment that the checkpoint ends in.
    assert!(status.read_at_start <= 10 + most, "{} records read", status.read_at_start);
    println!("{} queued, {} records read", status.open_deliveries, status.read_at_start);
    let whole = open_on(Arc::new(plain(&disk)?), small(), at(1))?;
    assert_eq!(whole.status().read_at_start, queued + 10, "without it all are read");
    Ok(())
}

/// A short day with two checkpoints, as far as the disk lets it.
fn short(disk: &SimDisk, day: &mut Day) -> Result<(), Error> {
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    for n in 0..90 {
        day.step(&store)?;
        if n % 40 == 39 {
            store.save()?;
        }
    }
    Ok(())
}

fn power() -> Result<(), Failed> {
    let whole = SimDisk::new();
    short(&whole, &mut Day::new(7))?;
    let points = whole.points();
    assert!(points > 100, "{points} points");
    for point in 0..points {
        let disk = SimDisk::new();
        disk.fail_at(point, Fault::Crash);
        let mut day = Day::new(7);
        drop(short(&disk, &mut day));
        compare(&disk.after_crash(point), &day, &format!("point {point}"))?;
    }
    Ok(())
}

fn rotten() -> Result<(), Failed> {
    let disk = SimDisk::new();
    let mut day = Day::new(11);
    short(&disk, &mut day)?;
    let names = disk.list()?;
    let beside = names.iter().filter(|n| n.starts_with("checkpoint") || n.starts_with("summary"));
    let mut kinds = 0;
    for name in beside {
        kinds += 1;
        let length = disk.bytes(name).unwrap_or_default().len();
        for n in 0..24 {
            let at = length * n / 24;
            let broken = disk.copy();
            match n % 4 {
                0 => broken.rot(name, at, n as u8),
                1 => broken.alter(name, |bytes| bytes.truncate(at)),
                2 => broken.alter(name, |bytes| bytes[at..].fill(0)),
                _ => broken.alter(name, |bytes| {
                    let double = bytes[at / 2..at].to_vec();
                    let end = (at + double.len()).min(bytes.len());
                    bytes[at..end].copy_from_slice(&double[..end - at]);
                }),
            }
            compare(&broken, &day, &format!("{name}, {n}"))?;
        }
    }
    assert!(kinds >= 2, "a checkpoint and a summary");
    Ok(())
}
