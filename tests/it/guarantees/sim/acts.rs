//! What senders, operators and the watch over receipts do in a simulated day.

use super::shop::{MESSAGES, Note, RECEIVERS, Receipt};
use super::world::{World, wait};
use crate::guarantees::checker::{Seen, Told};
use libtest_mimic::Failed;
use stafett::deliver::schedule;
use stafett::engine::{Incoming, Outcome};
use stafett::message::{Committed, DeliveryId, ReceiptCode, Unit, Verdict};
use stafett::store::{DeliveryState, Late, Operation, Operator, Store};
use std::sync::{Arc, mpsc};

/// A decision that waits for its commit, or none that has to.
enum Decided {
    /// With whether the content is another one.
    Again(Told, bool),
    Commit(Box<Unit>),
}

/// Whether a receipt is from the receiver of what it is about.
fn own(receipt: &Receipt) -> bool {
    Note::first(receipt.about).receiver() == receipt.from
}

fn told(verdict: Verdict) -> Told {
    match verdict {
        Verdict::Accepted => Told::Accepted,
        Verdict::Refused => Told::Refused,
    }
}

impl World<'_> {
    /// A sender begins a message, or hands one in again; one that cares for order waits for each verdict.
    pub fn send(&mut self) -> Result<(), Failed> {
        let number = self.dice.roll(MESSAGES);
        let lane = Note::first(number).lane();
        let fresh = !self.seen_before(number);
        // The next of its lane, or one that was begun.
        let number = match fresh {
            false => number,
            true => {
                let last = self.begun.get(&lane).copied();
                if let Some(last) = last.filter(|last| !self.model.has_verdict(*last)) {
                    last
                } else {
                    let after = last.map_or(0, |last| last + 1);
                    let next = (after..MESSAGES).find(|n| Note::first(*n).lane() == lane);
                    let Some(next) = next else { return Ok(()) };
                    self.begun.insert(lane, next);
                    next
                }
            }
        };
        let first = Note::first(number);
        if !self.model.has_verdict(number) {
            let copies = if self.dice.roll(6) == 0 { 3 } else { 1 };
            return self.hand_in(&vec![first; copies]);
        }
        let (altered, anew) = (self.dice.roll(3) == 0, self.dice.roll(2) == 0);
        self.count(if altered { "ids used again" } else { "copies" });
        let copies = if self.dice.roll(4) == 0 { 2 } else { 1 };
        self.hand_in(&vec![Note { number, altered, anew }; copies])
    }

    fn seen_before(&self, number: usize) -> bool {
        let lane = Note::first(number).lane();
        self.begun.get(&lane).is_some_and(|last| number <= *last)
    }

    /// Copies that race: all are decided before the first is committed.
    pub fn hand_in(&mut self, notes: &[Note]) -> Result<(), Failed> {
        if notes.len() > 1 {
            self.count("races");
        }
        let mut waiting = Vec::new();
        for note in notes {
            let (message, lane, content) = (note.id(), note.lane(), note.content());
            self.seen.push(Seen::Sent { message, lane, content });
            let decided = self.decide_note(*note)?;
            waiting.push((*note, decided));
        }
        let mut answers = Vec::new();
        for (note, decided) in waiting {
            let (send, receive) = mpsc::channel();
            match decided {
                // A door that is closed says so without asking.
                _ if self.failed => drop(send.send(Ok(Some(Told::Nothing)))),
                None => drop(send.send(Ok(Some(Told::Nothing)))),
                Some(Decided::Again(told, _)) => drop(send.send(Ok(Some(told)))),
                Some(Decided::Commit(unit)) => {
                    let verdict = told(unit.verdict);
                    let heard = move |committed| match committed {
                        Committed::New(_) => Some(verdict),
                        Committed::Existing(known) => Some(told(known.verdict)),
                        Committed::Stale => None,
                    };
                    let done = move |result: Result<_, _>| drop(send.send(result.map(heard)));
                    self.store().submit(*unit, Box::new(done));
                }
            }
            answers.push((note, receive));
        }
        for (note, receive) in answers {
            let told = match receive.recv()? {
                Err(_) => {
                    self.broke();
                    Told::Nothing
                }
                Ok(Some(told)) => told,
                Ok(None) => self.anew(note)?,
            };
            // An answer that is lost on its way is none to its sender.
            let lost = !self.calm && self.dice.roll(10) == 0;
            if lost {
                self.count("senders gone");
            }
            self.tell(note, if lost { Told::Nothing } else { told })?;
        }
        Ok(())
    }

    /// Decides anew what was stale when it was to be committed.
    fn anew(&mut self, note: Note) -> Result<Told, Failed> {
        self.count("stale");
        match self.decide_note(note)? {
            Some(Decided::Again(told, _)) if !self.failed => Ok(told),
            Some(Decided::Commit(unit)) if !self.failed => {
                let verdict = told(unit.verdict);
                match wait(|done| self.store().submit(*unit, done)) {
                    Ok(Committed::New(_)) => Ok(verdict),
                    Ok(other) => Err(format!("stale twice: {other:?}").into()),
                    Err(_) => {
                        self.broke();
                        Ok(Told::Nothing)
                    }
                }
            }
            _ => Ok(Told::Nothing),
        }
    }

    /// Decides about a note; one with other words under a known id must be seen to be another one.
    fn decide_note(&mut self, note: Note) -> Result<Option<Decided>, Failed> {
        let decided = self.decide(&note.incoming(self.now))?;
        match &decided {
            Some(Decided::Again(_, other)) if *other != note.altered => {
                Err(format!("{note:?} is taken for other content: {other}").into())
            }
            _ => Ok(decided),
        }
    }

    /// Decides, by what the store knows now; none where it does not say.
    fn decide(&mut self, incoming: &Incoming) -> Result<Option<Decided>, Failed> {
        let (which, now) = (self.engine, self.now);
        let read = self.shop.read(which, incoming)?;
        let store = self.store();
        let known = store.known_about(&incoming.party, &read.message, &read.envelope);
        let Ok(known) = known else { return Ok(None) };
        let engine = Arc::clone(self.shop.engine(which));
        Ok(Some(match engine.decide(&read, self.shop.arena(which), &known, now, &mut ()) {
            Outcome::Again(again) => {
                let verdict = known.message.map(|known| known.verdict);
                Decided::Again(verdict.map_or(Told::Nothing, told), again.other_content)
            }
            Outcome::Commit(decided) => Decided::Commit(Box::new(decided.unit)),
        }))
    }

    /// A receiver hands in a receipt: the next one it owes, once more, or about what was never its own.
    pub fn acknowledge(&mut self) -> Result<(), Failed> {
        if self.owed.is_empty() {
            return Ok(());
        }
        let at = self.dice.roll(self.owed.len());
        let mut one = self.owed[at].clone();
        match if self.calm { 9 } else { self.dice.roll(10) } {
            0 => self.count("receipts twice"),
            1 => {
                one.from = 1 - one.from;
                one.number = 100_000 + self.receipts;
                self.receipts += 1;
                self.count("receipts of another");
            }
            _ => drop(self.owed.swap_remove(at)),
        }
        if own(&one) && one.code == "ok" {
            self.seen.push(Seen::Confirmed { message: format!("m{}", one.about) });
        }
        let stored = self.store_receipt(&one)?;
        let code = match one.code {
            "ok" => ReceiptCode::Ok,
            "fatal-error" => ReceiptCode::FatalError,
            _ => ReceiptCode::TransientError,
        };
        if !stored {
            if let Some(id) = self.model.of(one.about).filter(|_| own(&one)) {
                self.model.doubt(id, Some(code));
            }
            self.owed.push(one);
            return Ok(());
        }
        self.say(|| format!("{one:?}"));
        if self.model.receipt(one.about, one.from, code).is_some() {
            self.given_up(one.about);
        }
        Ok(())
    }

    fn store_receipt(&mut self, one: &Receipt) -> Result<bool, Failed> {
        if self.failed {
            return Ok(false);
        }
        match self.decide(&one.incoming(self.now))? {
            None => Ok(false),
            Some(Decided::Again(..)) => Ok(true),
            Some(Decided::Commit(unit)) => {
                if unit.verdict != Verdict::Accepted {
                    return Err(format!("a receipt is refused: {:?}", unit.issues).into());
                }
                let stored = wait(|done| self.store().submit(*unit, done)).is_ok();
                if !stored {
                    self.broke();
                }
                Ok(stored)
            }
        }
    }

    /// The watch over receipts looks once.
    pub fn watch(&mut self) -> Result<(), Failed> {
        let engine = Arc::clone(self.shop.engine(self.engine));
        let decide = |one: &stafett::store::Delivery| {
            let route = engine.config.route(&one.route);
            let schedule = route.map(|route| engine.config.plan(route));
            match one.state {
                DeliveryState::Sent => match schedule.and_then(|s| schedule::resend(&s, one)) {
                    Some(_) => Late::Resend(None),
                    None => Late::Overdue,
                },
                _ => Late::Leave,
            }
        };
        let late = self.store().late(self.now, 1, &decide);
        let written = self.settle_down();
        for (lapsed, what) in late.unwrap_or_default() {
            self.say(|| format!("{:?}: {what:?}", lapsed.delivery));
            match what {
                _ if !written => self.model.doubt(lapsed.delivery, None),
                Late::Resend(_) => {
                    self.count("resends");
                    self.model.resent(lapsed.delivery);
                }
                _ => self.model.overdue(lapsed.delivery),
            }
        }
        Ok(())
    }

    /// An operator does something to some delivery.
    pub fn operate(&mut self) -> Result<(), Failed> {
        let mut all: Vec<DeliveryId> = self.model.deliveries().collect();
        let failed: Vec<_> = self.model.failed();
        if !failed.is_empty() && self.dice.roll(2) == 0 {
            all = failed;
        }
        if all.is_empty() {
            return Ok(());
        }
        let id = all[self.dice.roll(all.len())];
        let (operation, name) = match self.dice.roll(8) {
            0 | 1 => (Operation::Hold, "holds"),
            2..=4 => (Operation::Release, "releases"),
            5 => (Operation::GiveUp, "given up"),
            6 => (Operation::Retry { expires: None }, "retries by hand"),
            _ => (Operation::Resend { envelope: None }, "resends by hand"),
        };
        self.operation(id, operation, name)
    }

    pub fn operation(
        &mut self,
        id: DeliveryId,
        operation: Operation,
        name: &'static str,
    ) -> Result<(), Failed> {
        let by = Operator { actor: "anna", reason: Some("a trial") };
        let before = self.store().delivery(id).map(|one| one.state);
        let (now, asked) = (self.now, operation.clone());
        let state = match wait(|done| self.store().operate_as(id, asked, &by, now, done)) {
            Ok(state) => state,
            Err(_) => {
                if self.store().status().failed.is_some() {
                    self.model.doubt(id, None);
                    self.broke();
                }
                return Ok(());
            }
        };
        self.count(name);
        self.say(|| format!("{id:?} was {before:?}, is {state}"));
        match operation {
            Operation::Hold => self.model.hold(id, true),
            Operation::Release => self.model.hold(id, false),
            Operation::GiveUp if state == DeliveryState::Overdue => self.model.overdue(id),
            Operation::GiveUp => {
                if let Some(number) = self.model.given_up(id) {
                    self.given_up(number);
                }
            }
            Operation::Retry { .. } | Operation::Resend { .. } => {
                self.model.retried(id);
            }
        }
        Ok(())
    }

    /// A receiver will send a receipt.
    pub fn owes(&mut self, from: usize, about: usize, code: &'static str) {
        debug_assert!(from < RECEIVERS.len());
        self.receipts += 1;
        self.owed.push(Receipt { from, about, code, number: self.receipts });
    }
}
