//! From journal to tables: what each entry makes of them. The same for the live ledger and a rebuilt one.
//!
//! Never looks beyond its entry and the rows it changes; never reads a clock.

use super::word;
use super::write::{
    add, audit, delivery, each_open, find, progress, project_message, project_parts, save,
};
use crate::message::sabotage::broken;
use crate::message::{AuditAction, AuditRecord, DeliveryId, Position, ReceiptCode, Unit, Verdict};
use crate::store::delivery::{Change, Delivery};
use crate::store::entry::{Entry, Step};
use crate::store::state::DeliveryState;
use jiff::SignedDuration;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

type Done = rusqlite::Result<()>;

/// What some entries make of the tables, in one transaction of the caller's. A delivery that several of them change,
/// and a counter that they move, are written once, when the gathering ends.
pub struct Gathering<'a> {
    tables: &'a Connection,
    progress: BTreeMap<u16, u64>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    counters: BTreeMap<(&'static str, Box<str>, Box<str>), i64>,
}

impl<'a> Gathering<'a> {
    /// Nothing gathered yet.
    pub fn new(tables: &'a Connection) -> Gathering<'a> {
        Gathering {
            tables,
            progress: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            counters: BTreeMap::new(),
        }
    }

    /// Projects one entry.
    pub fn entry(&mut self, position: Position, entry: &Entry) -> Done {
        match entry {
            Entry::Unit(unit) => self.unit(position, unit)?,
            Entry::Steps(steps) => {
                for (step, n) in steps.iter().zip(0..) {
                    self.step(position, n, step)?;
                }
            }
            Entry::Jumped { by, audit: record } => {
                self.write_deliveries()?;
                let by = SignedDuration::from_nanos(*by);
                each_open(self.tables, position.partition, &|one| one.shift(by))?;
                audit(self.tables, position, 0, position, record)?;
            }
            Entry::Restored { audit: record, .. } => {
                self.write_deliveries()?;
                each_open(self.tables, position.partition, &|one| one.possible_duplicate = true)?;
                audit(self.tables, position, 0, position, record)?;
            }
            // resolved by whoever reads the log
            Entry::Together(_) | Entry::Member { .. } => {}
            Entry::Note { unit, audit: record } => audit(self.tables, position, 0, *unit, record)?,
        }
        self.passed(position);
        Ok(())
    }

    /// Notes that everything up to a position is projected.
    pub fn passed(&mut self, position: Position) {
        self.progress.insert(position.partition, position.sequence);
    }

    /// Writes what is still in hand.
    pub fn end(mut self) -> Done {
        self.write_deliveries()?;
        for ((name, route, event), n) in std::mem::take(&mut self.counters) {
            add(self.tables, name, &route, &event, n)?;
        }
        for (partition, sequence) in std::mem::take(&mut self.progress) {
            progress(self.tables, Position { partition, sequence })?;
        }
        Ok(())
    }

    fn write_deliveries(&mut self) -> Done {
        std::mem::take(&mut self.deliveries).values().try_for_each(|one| save(self.tables, one))
    }

    fn count(&mut self, name: &'static str, route: &str, event: &str) {
        *self.counters.entry((name, route.into(), event.into())).or_default() += 1;
    }

    fn unit(&mut self, at: Position, unit: &Unit) -> Done {
        let state = match (&unit.quarantine, unit.verdict) {
            (Some(_), _) => "quarantined",
            (None, Verdict::Accepted) => "accepted",
            (None, Verdict::Refused) => "refused",
        };
        project_message(self.tables, at, unit, state)?;
        project_parts(self.tables, at, unit)?;
        for (new, index) in unit.deliveries.iter().zip(0..) {
            let id = DeliveryId { unit: at, index };
            self.deliveries.insert(id, Delivery::new(id, unit, new));
        }
        for (record, n) in unit.audit.iter().zip(0..) {
            audit(self.tables, at, n, at, record)?;
        }
        self.count("received", "", &unit.event.0);
        self.count(state, "", &unit.event.0);
        if let Some(receipt) = &unit.receipt_for {
            self.receive(at, unit, &receipt.message.0, receipt.code)?;
        }
        Ok(())
    }

    /// A receipt came as a message: it settles the newest delivery of what it answers.
    fn receive(&mut self, at: Position, unit: &Unit, message: &str, code: ReceiptCode) -> Done {
        // Rows are looked for by what they hold, so they have to be there.
        self.write_deliveries()?;
        let receiver = unit.speaker();
        let mut find = self.tables.prepare_cached(
            "SELECT * FROM deliveries WHERE receiver = ?1 AND message = ?2
             ORDER BY partition DESC, sequence DESC, n DESC LIMIT 1",
        )?;
        let found = find.query_row(params![&*receiver.0, message], delivery).optional()?;
        let Some(mut delivery) = found.filter(|found| !found.is_final()) else { return Ok(()) };
        let (id, before) = (delivery.id, delivery.state);
        delivery.apply(&Change::Receipt(code), unit.received);
        self.count_change(&delivery, before, &Change::Receipt(code));
        self.deliveries.insert(id, delivery);
        let record = AuditRecord {
            at: unit.received,
            action: AuditAction::ReceiptReceived,
            actor: receiver.0.clone(),
            delivery: Some(id.index),
            outcome: Some(word(&code).into()),
        };
        audit(self.tables, at, unit.audit.len(), id.unit, &record)
    }

    fn step(&mut self, at: Position, n: usize, step: &Step) -> Done {
        let id = step.delivery;
        if !broken("no-record") {
            audit(self.tables, at, n, id.unit, &step.audit)?;
        }
        let known = self.deliveries.remove(&id);
        let Some(mut delivery) =
            known.map_or_else(|| find(self.tables, id), |known| Ok(Some(known)))?
        else {
            return Ok(());
        };
        let before = delivery.state;
        delivery.apply(&step.change, step.audit.at);
        self.count_change(&delivery, before, &step.change);
        self.deliveries.insert(id, delivery);
        Ok(())
    }

    /// The counters that a change of a delivery moves.
    fn count_change(&mut self, delivery: &Delivery, before: DeliveryState, change: &Change) {
        let (route, event, now) = (&*delivery.route, &*delivery.event, delivery.state);
        match change {
            Change::Sending { .. } => self.count("attempts", route, event),
            Change::Resend { .. } => self.count("resent", route, event),
            Change::Settle { outcome: crate::message::AttemptOutcome::Sent { .. }, .. } => {
                self.count("delivered", route, event);
            }
            Change::Settle { .. } if now == DeliveryState::Waiting => {
                self.count("retried", route, event);
            }
            _ => {}
        }
        let reached = match now {
            _ if now == before => return,
            DeliveryState::Confirmed => "confirmed",
            DeliveryState::Rejected => "rejected",
            DeliveryState::Overdue => "overdue",
            DeliveryState::DeadLetter => "dead",
            DeliveryState::Expired => "expired",
            _ => return,
        };
        self.count(reached, route, event);
    }
}
