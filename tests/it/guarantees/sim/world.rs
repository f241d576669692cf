//! One simulated day: the real store over a disk that fails or in memory, the real decisions, gate and schedules;
//! senders, receivers, operators, clock and power are dice.
//!
//! Every wait is for one answer, so that a seed gives the same day every time.

use super::model::{End, Model};
use super::shop::{Note, RECEIVERS, Receipt, Shop};
use crate::guarantees::checker::{Seen, Told};
use crate::store::make::{at, unit};
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Failed;
use stafett::deliver::Reply;
use stafett::deliver::gate::Gate;
use stafett::message::{Error, ReceiptCode, Unit};
use stafett::store::disk::{Fault, SimDisk};
use stafett::store::journal::Settings;
use stafett::store::{Claim, Done, Keeper, Options, Store, memory, open_on};
use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

/// Numbers from a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        dice.next();
        dice
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        ((self.next() >> 33) % sides as u64) as usize
    }
}

/// An attempt whose answer is on its way.
pub struct Flight {
    pub claim: Claim,
    pub number: usize,
    pub reply: Reply,
    pub receipt: Option<ReceiptCode>,
}

/// A day.
pub struct World<'a> {
    pub dice: Dice,
    pub shop: &'a mut Shop,
    /// None: the store in memory, of two partitions.
    disk: Option<SimDisk>,
    store: Option<Arc<Keeper>>,
    pub now: Timestamp,
    /// Which configuration is in force.
    pub engine: usize,
    pub seen: Vec<Seen>,
    pub model: Model,
    pub gates: [Gate; 2],
    pub flying: Vec<Flight>,
    /// Receipts that receivers still owe, or send once more.
    pub owed: Vec<Receipt>,
    pub receipts: usize,
    /// The last number of each lane that was handed in, and whether its sender knows a verdict.
    pub begun: BTreeMap<String, usize>,
    pub counts: BTreeMap<&'static str, usize>,
    /// The disk has failed under the store.
    pub failed: bool,
    /// Nobody is bad any more.
    pub calm: bool,
    pub steps: usize,
    /// Says what happens.
    loud: bool,
    mark: Unit,
}

fn options() -> Options {
    Options { journal: Settings { segment_bytes: 32 << 10, compress: true, ahead: false } }
}

/// Asks, and waits for the one answer.
pub fn wait<T: Send + 'static>(ask: impl FnOnce(Done<T>)) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    ask(Box::new(move |result| drop(send.send(result))));
    receive.recv().expect("every question is answered")
}

impl<'a> World<'a> {
    /// A day of this seed: one in five goes on in memory, where no disk can fail.
    pub fn new(seed: u64, shop: &'a mut Shop) -> Result<World<'a>, Failed> {
        let disk = (seed % 5 != 4).then(SimDisk::new);
        let mut mark = unit("nobody", "mark");
        mark.audit.clear();
        let mut world = World {
            dice: Dice::new(seed),
            shop,
            disk,
            store: None,
            now: at(0),
            engine: 0,
            seen: Vec::new(),
            model: Model::default(),
            gates: [Gate::default(), Gate::default()],
            flying: Vec::new(),
            owed: Vec::new(),
            receipts: 0,
            begun: BTreeMap::new(),
            counts: BTreeMap::new(),
            failed: false,
            calm: false,
            steps: 0,
            loud: std::env::var_os("STAFETT_SEED").is_some(),
            mark,
        };
        world.open()?;
        Ok(world)
    }

    pub fn count(&mut self, what: &'static str) {
        self.say(|| what.to_owned());
        *self.counts.entry(what).or_default() += 1;
    }

    /// Says what happened, where one seed is run again.
    pub fn say(&self, what: impl FnOnce() -> String) {
        if self.loud {
            println!("step {}, {}: {}", self.steps, self.now, what());
        }
    }

    pub fn store(&self) -> Arc<Keeper> {
        Arc::clone(self.store.as_ref().expect("a day has a store"))
    }

    fn open(&mut self) -> Result<(), Failed> {
        let store = match &self.disk {
            None => memory(2),
            Some(disk) => open_on(Arc::new(disk.clone()), options(), self.now)?,
        };
        self.store = Some(Arc::new(store));
        self.settle_down();
        Ok(())
    }

    /// Waits until everything that was asked for is written; says whether it is.
    pub fn settle_down(&mut self) -> bool {
        let mark = self.mark.clone();
        let store = self.store();
        let written = wait(|done| store.submit_together(vec![mark], done)).is_ok();
        if !written {
            self.broke();
        }
        written
    }

    /// What the store said no to because its disk has failed.
    pub fn broke(&mut self) {
        if !self.failed {
            self.failed = true;
            self.seen.push(Seen::Failed);
        }
    }

    /// Whether there is a disk that can fail.
    pub fn has_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// The disk will fail soon.
    pub fn plan(&mut self, fault: Fault) {
        let ahead = self.dice.roll(6) as u64;
        if let Some(disk) = &self.disk {
            disk.fail_at(disk.points() + ahead, fault);
        }
        self.count(match fault {
            Fault::Crash => "power cuts in a write",
            Fault::Eio => "broken disks",
            Fault::Enospc => "full disks",
        });
    }

    /// The process ends and starts again; with `power`, so does the machine.
    pub fn restart(&mut self, power: bool) -> Result<(), Failed> {
        let Some(disk) = self.disk.clone() else { return Ok(()) };
        // Nobody hears an answer any more; who had a message in hand keeps what it got.
        self.flying.clear();
        self.gates = [Gate::default(), Gate::default()];
        self.store = None;
        let seed = self.dice.next();
        self.disk = Some(if power { disk.after_crash(seed) } else { disk.copy() });
        self.count(if power { "power cuts" } else { "restarts" });
        (self.failed, self.calm) = (false, self.calm);
        self.seen.push(Seen::Restarted);
        self.open()?;
        let rotten = self.store().status().bad_records;
        if rotten > 0 {
            return Err(format!("{rotten} records have rotted: {:?}", self.store().bad()).into());
        }
        let store = self.store();
        for number in self.model.restarted(self.now, |id| store.delivery(id))? {
            self.given_up(number);
        }
        self.remembers_all()
    }

    /// Every verdict that was told is remembered.
    pub fn remembers_all(&mut self) -> Result<(), Failed> {
        let chosen = self.dice.roll(4);
        for number in self.model.told() {
            self.remembers(number, number % 4 == chosen)?;
        }
        Ok(())
    }

    /// One verdict that was told is remembered; if that is wanted, with the very text that it is about.
    pub fn remembers(&mut self, number: usize, whole: bool) -> Result<(), Failed> {
        let note = Note::first(number);
        let (party, id) = (stafett::message::PartyName(note.sender().into()), note.id());
        let (store, message) = (self.store(), stafett::message::MessageId(id.into()));
        let envelope = stafett::message::EnvelopeId("none".into());
        let known = store.known_about(&party, &message, &envelope)?.message;
        let Some(known) = known else {
            return Err(format!("m{number} was told a verdict that is not remembered").into());
        };
        self.model.remembered(number, known.verdict)?;
        if !whole {
            return Ok(());
        }
        let (text, unit) = (note.text(), store.unit(known.position)?);
        let original = String::from_utf8_lossy(&unit.original).into_owned();
        match original.contains(&format!("<text>{text}</text>")) {
            true => Ok(()),
            false => Err(format!("m{number} is stored with other words: {original}").into()),
        }
    }

    /// The clock is set: ten years at most.
    pub fn jump(&mut self) -> Result<(), Failed> {
        let most = SignedDuration::from_hours(24 * 3_650).as_secs() as usize;
        let far = self.dice.roll(3) == 0;
        let seconds = self.dice.roll(if far { most } else { 7_200 }) as i64;
        let back = self.now > at(0) || (!far && self.dice.roll(2) == 0);
        let by = SignedDuration::from_secs(if back { -seconds } else { seconds });
        self.now += by;
        self.count("clock jumps");
        let asked = self.store().jumped(by, self.now).is_ok();
        match self.settle_down() && asked {
            true => self.model.jumped(by),
            false => self.model.doubt_times(),
        }
        Ok(())
    }

    /// A sender is told something about its message.
    pub fn tell(&mut self, note: Note, told: Told) -> Result<(), Failed> {
        self.say(|| format!("{note:?} is told {told:?}"));
        self.seen.push(Seen::Told { message: note.id(), told });
        self.model.heard(note.number, told)
    }

    /// The engine has said that it delivers a message no more.
    pub fn given_up(&mut self, number: usize) {
        self.say(|| format!("m{number} is given up"));
        self.seen.push(Seen::GivenUp { message: format!("m{number}") });
    }

    /// All is delivered: what is stored is counted.
    pub fn end(&mut self) -> Result<(), Failed> {
        let (mut stored, store) = (BTreeMap::new(), self.store());
        for (partition, last) in (0u16..).zip(store.status().durable) {
            for sequence in 1..=last {
                let position = stafett::message::Position { partition, sequence };
                let Ok(unit) = store.unit(position) else { continue };
                if unit.receipt_for.is_none() && &*unit.party.0 != "nobody" {
                    *stored.entry(unit.message.0.to_string()).or_default() += 1;
                }
            }
        }
        self.seen.push(Seen::Ended { stored });
        let states = self.model.deliveries().map(|id| (id, store.delivery(id).map(|d| d.state)));
        let states: Vec<_> = states.collect();
        for (id, state) in states {
            self.model.ended(id, state.map_or(End::Over, End::Stands))?;
        }
        Ok(())
    }

    /// The place of a receiver among the two.
    pub fn receiver(endpoint: &str) -> usize {
        RECEIVERS.iter().position(|one| *one == endpoint).unwrap_or(0)
    }
}
