//! Transmissions of several messages: all of one is there or none, wherever the power goes.

use super::make::{PLAIN, To, at, deliver, unit};
use super::{fail, small};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::{Error, Position, Unit};
use stafett::store::disk::{Fault, SimDisk};
use stafett::store::{Keeper, MessageFilter, Store, memory, open_on};
use std::sync::{Arc, mpsc};

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("store: a transmission is one commit", Needs::Nothing, one),
        trial("store: power lost at every point of transmissions", Needs::Nothing, power),
    ]
}

fn together(store: &dyn Store, units: Vec<Unit>) -> Result<Option<Vec<Position>>, Error> {
    let (send, receive) = mpsc::channel();
    store.submit_together(units, Box::new(move |result| drop(send.send(result))));
    receive.recv().expect("every question is answered")
}

/// Three messages in one envelope, enough that few transmissions fill a segment.
fn letters(number: u32) -> Vec<Unit> {
    let one = |place: u32| {
        let to = To { lane: Some("letters"), ..PLAIN };
        let mut one = deliver(unit("hospital", &format!("m{number}-{place}")), &to);
        one.envelope = super::make::envelope(&format!("k{number}"));
        let noise = (0..30u32)
            .flat_map(|k| *blake3::hash(&[number as u8, place as u8, k as u8]).as_bytes());
        one.original = noise.collect::<Vec<u8>>().into();
        one
    };
    (0..3).map(one).collect()
}

fn one() -> Result<(), Failed> {
    let on_disk = open_on(Arc::new(SimDisk::new()), small(), at(0))?;
    for store in [&memory(2) as &dyn Store, &on_disk] {
        let units = letters(1);
        let positions = together(store, units.clone())?.ok_or("not new")?;
        for (unit, position) in units.iter().zip(&positions) {
            assert_eq!(store.unit(*position)?, *unit);
            let known = store.known_about(&unit.party, &unit.message, &unit.envelope)?;
            assert_eq!(known.message.map(|known| known.position), Some(*position));
        }
        let claims = store.claim_due(None, at(1), 10)?.claims;
        assert_eq!(claims.len(), 1, "they are in one lane");
        assert_eq!(*store.sendable(claims[0].delivery)?.message.0, *"m1-0");
        assert_eq!(store.messages(&MessageFilter::default())?.len(), 3);
        // Again, with another one in its place, or one whose envelope has been seen since: none of it is written.
        assert_eq!(together(store, units.clone())?, None);
        let mut mixed = letters(2);
        mixed[2] = units[2].clone();
        assert_eq!(together(store, mixed)?, None);
        let late =
            letters(3).into_iter().map(|one| Unit { envelope: units[0].envelope.clone(), ..one });
        assert_eq!(together(store, late.collect())?, None);
        let twice = vec![letters(4).remove(0), letters(4).remove(0)];
        assert!(together(store, twice).is_err(), "a message id twice");
        assert_eq!(store.messages(&MessageFilter::default())?.len(), 3);
    }
    Ok(())
}

fn run(disk: &SimDisk, told: &mut u32) -> Result<(), Error> {
    let store = open_on(Arc::new(disk.clone()), small(), at(0))?;
    for number in 0..9 {
        together(&store, letters(number))?;
        store.commit(vec![unit("town", &format!("between-{number}"))])?;
        *told = number + 1;
    }
    Ok(())
}

/// How many of a transmission's messages are there, as they were handed in.
fn there(store: &Keeper, number: u32) -> Result<usize, Failed> {
    let mut count = 0;
    for unit in letters(number) {
        let known = store.known_about(&unit.party, &unit.message, &unit.envelope)?;
        if let Some(known) = known.message {
            if store.unit(known.position)? != unit {
                return Err(fail(format!("{} is not what was sent", unit.message)));
            }
            count += 1;
        }
    }
    Ok(count)
}

fn power() -> Result<(), Failed> {
    let whole = SimDisk::new();
    run(&whole, &mut 0)?;
    let points = whole.points();
    assert!(points > 30, "{points} points");
    for point in 0..points {
        for seed in 0..8 {
            let disk = SimDisk::new();
            disk.fail_at(point, Fault::Crash);
            let mut told = 0;
            drop(run(&disk, &mut told));
            let after = disk.after_crash(point * 31 + seed);
            let store = open_on(Arc::new(after.clone()), small(), at(100))?;
            for number in 0..9 {
                // what a start completes is known to all once it is on disk
                store.commit(vec![unit("town", &format!("after-{number}"))])?;
                let found = there(&store, number)?;
                if found != 3 && (found != 0 || number < told) {
                    return Err(fail(format!("point {point}.{seed}: {found} of {number}")));
                }
                let again = together(&store, letters(number))?;
                if again.is_some() != (found == 0) {
                    return Err(fail(format!("point {point}.{seed}: {number} again: {again:?}")));
                }
            }
            drop(store);
            let again = open_on(Arc::new(after), small(), at(200))?;
            let filter = MessageFilter { limit: 100, ..MessageFilter::default() };
            let rows = again.messages(&filter)?;
            let own = rows.iter().filter(|row| row.message.starts_with('m')).count();
            if own != 27 {
                return Err(fail(format!("point {point}.{seed}: {own} rows")));
            }
        }
    }
    Ok(())
}
