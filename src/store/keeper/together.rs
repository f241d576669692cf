//! Messages of one transmission: one record holds them all, and a small one of its own each but the first.
//!
//! Promises: the first record is what makes all of them true, so a crash between it and the rest loses nothing: the
//! next start writes what is missing before anything else. Never: half a transmission.

use super::Keeper;
use crate::message::{Error, ErrorKind, Position, Unit};
use crate::store::book::Judgement;
use crate::store::entry::Entry;
use crate::store::words::Done;

/// Nobody waits for it.
fn nobody(_: Result<(), Error>) {}

impl Keeper {
    pub(super) fn together(&self, units: Vec<Unit>, done: Done<Option<Vec<Position>>>) {
        if let Some(note) = wrong(&units) {
            return done(Err(Error::new(ErrorKind::Internal, note)));
        }
        let count = units.len();
        let entry = Entry::Together(units);
        // a member's record says only where it stands among the records of its transmission
        let members = (1..count as u32).map(|n| Entry::Member { back: n, index: n as u16 });
        let further: Result<Vec<_>, Error> = members.map(|one| self.log.prepare(&one)).collect();
        let (first, further) = match (self.log.prepare(&entry), further) {
            (Ok(first), Ok(further)) => (first, further),
            (Err(error), _) | (_, Err(error)) => return done(Err(error)),
        };
        let Entry::Together(units) = entry else { return };
        let mut book = self.shared.book();
        let partition = book.partition_of(&units[0].party);
        let news = |unit| matches!(book.judge(partition, unit), Judgement::New);
        if !units.iter().all(news) {
            let after = move |result: Result<(), Error>| done(result.map(|()| None));
            self.log.wait(partition, Box::new(after));
        } else {
            let mut positions = Vec::with_capacity(count);
            for (unit, prepared) in units.iter().zip(std::iter::once(first).chain(further)) {
                let position = book.next(partition);
                book.enter_unit(position, unit);
                self.log.append(position, prepared, Box::new(nobody));
                positions.push(position);
            }
            let after = move |result: Result<(), Error>| done(result.map(|()| Some(positions)));
            self.log.wait(partition, Box::new(after));
        }
        drop(book);
        self.log.kick();
    }

    /// Writes the records that the members of the last transmission lack.
    pub(in crate::store) fn complete(&self, missing: Vec<(Position, u16, Unit)>) {
        let mut book = self.shared.book();
        for (first, index, unit) in missing {
            let position = book.next(first.partition);
            let back = u32::try_from(position.sequence - first.sequence).unwrap_or(u32::MAX);
            if let Ok(prepared) = self.log.prepare(&Entry::Member { back, index }) {
                book.enter_unit(position, &unit);
                self.log.append(position, prepared, Box::new(nobody));
            }
        }
        drop(book);
        self.log.kick();
    }
}

/// Why units cannot be one transmission.
fn wrong(units: &[Unit]) -> Option<&'static str> {
    let Some(first) = units.first() else { return Some("a transmission without a message") };
    let mut ids: Vec<&str> = units.iter().map(|unit| &*unit.message.0).collect();
    ids.sort_unstable();
    let lost = |unit: &Unit| {
        unit.deliveries.iter().any(|one| usize::from(one.output) >= unit.outputs.len())
    };
    match () {
        () if units.len() > usize::from(u16::MAX) => Some("a transmission of too many messages"),
        () if units.iter().any(|unit| unit.party != first.party) => {
            Some("a transmission of several parties")
        }
        () if ids.windows(2).any(|pair| pair[0] == pair[1]) => {
            Some("a transmission with a message id twice")
        }
        () if units.iter().any(lost) => {
            Some("a delivery names an output that its unit does not have")
        }
        () => None,
    }
}
