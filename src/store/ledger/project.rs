//! From journal to tables: what each entry makes of them. The same for the live ledger and a rebuilt one.
//!
//! Never looks beyond its entry and the rows it changes; never reads a clock.

use super::word;
use crate::message::{
    AuditAction, AuditRecord, DeliveryId, PartyName, Position, ReceiptCode, Unit, Verdict,
};
use crate::store::delivery::{Change, Delivery, Resent};
use crate::store::entry::{Entry, Step};
use crate::store::state::DeliveryState;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

type Done = rusqlite::Result<()>;

/// Nanoseconds since 1970, as far as the column reaches.
pub fn nanos(at: Timestamp) -> i64 {
    let all = at.as_nanosecond();
    i64::try_from(all).unwrap_or(if all < 0 { i64::MIN } else { i64::MAX })
}

/// The instant of a column.
pub fn instant(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::MAX)
}

/// What some entries make of the tables, in one transaction of the caller's. A delivery that several of them change,
/// and a counter that they move, are written once, when the gathering ends.
pub struct Gathering<'a> {
    tables: &'a Connection,
    progress: BTreeMap<u16, u64>,
    deliveries: BTreeMap<DeliveryId, Gathered>,
    counters: BTreeMap<(&'static str, Box<str>, Box<str>), i64>,
}

/// A delivery in hand.
struct Gathered {
    delivery: Delivery,
    /// Whether the tables have no row of it yet.
    new: bool,
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
        for (_, Gathered { delivery, new }) in std::mem::take(&mut self.deliveries) {
            if new { insert(self.tables, &delivery)? } else { update(self.tables, &delivery)? }
        }
        Ok(())
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
            let delivery = Delivery::new(id, unit, new);
            self.deliveries.insert(id, Gathered { delivery, new: true });
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
        self.deliveries.insert(id, Gathered { delivery, new: false });
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
        audit(self.tables, at, n, id.unit, &step.audit)?;
        let mut gathered = match self.deliveries.remove(&id) {
            Some(gathered) => gathered,
            None => match find(self.tables, id)? {
                Some(delivery) => Gathered { delivery, new: false },
                None => return Ok(()),
            },
        };
        let before = gathered.delivery.state;
        gathered.delivery.apply(&step.change, step.audit.at);
        self.count_change(&gathered.delivery, before, &step.change);
        self.deliveries.insert(id, gathered);
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

/// Notes that everything up to a position is projected.
fn progress(tables: &Connection, position: Position) -> Done {
    let mut set = tables.prepare_cached(
        "INSERT INTO progress VALUES (?1, ?2)
         ON CONFLICT (partition) DO UPDATE SET sequence = excluded.sequence",
    )?;
    set.execute(params![position.partition, position.sequence]).map(drop)
}

fn find(tables: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Delivery>> {
    let mut find = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND sequence = ?2 AND n = ?3",
    )?;
    let key = params![id.unit.partition, id.unit.sequence, id.index];
    find.query_row(key, delivery).optional()
}

fn project_message(tables: &Connection, at: Position, unit: &Unit, state: &str) -> Done {
    let mut insert = tables.prepare_cached(
        "INSERT INTO messages VALUES
         (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)",
    )?;
    insert.execute(params![
        at.partition,
        at.sequence,
        &*unit.party.0,
        unit.carrier.as_ref().map(|carrier| &*carrier.0),
        &*unit.message.0,
        &*unit.envelope.0,
        unit.sender.as_ref().map(ToString::to_string),
        unit.receiver.as_ref().map(ToString::to_string),
        &*unit.event.0,
        unit.conversation.as_deref(),
        word(&unit.syntax),
        nanos(unit.received),
        state,
        unit.quarantine.as_deref(),
        unit.original.len(),
        &unit.content_hash[..],
        &unit.configuration[..],
        unit.receipt_for.as_ref().map(|receipt| &*receipt.message.0),
        unit.receipt_for.as_ref().map(|receipt| word(&receipt.code)),
    ])?;
    Ok(())
}

/// The issues that were told, and the outputs.
fn project_parts(tables: &Connection, at: Position, unit: &Unit) -> Done {
    let mut insert =
        tables.prepare_cached("INSERT INTO issues VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")?;
    for (n, issue) in unit.issues.iter().enumerate() {
        insert.execute(params![
            at.partition,
            at.sequence,
            n,
            word(&issue.severity),
            issue.code.code(),
            &*issue.id,
            issue.expression.as_deref(),
            issue.position.map(|(line, _)| line),
            issue.position.map(|(_, column)| column),
            issue.profile.as_deref(),
            &*issue.text,
        ])?;
    }
    let mut insert =
        tables.prepare_cached("INSERT INTO outputs VALUES (?1,?2,?3,?4,?5,?6,?7,?8)")?;
    for (n, output) in unit.outputs.iter().enumerate() {
        let untouched = output.bytes.is_empty();
        insert.execute(params![
            at.partition,
            at.sequence,
            n,
            word(&output.syntax),
            if untouched { unit.original.len() } else { output.bytes.len() },
            &*output.message.0,
            &*output.envelope.0,
            output.map.as_deref(),
        ])?;
    }
    Ok(())
}

/// Changes every delivery of a partition that is not over.
fn each_open(tables: &Connection, partition: u16, change: &dyn Fn(&mut Delivery)) -> Done {
    let mut all = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND state NOT IN ('confirmed', 'rejected')",
    )?;
    let rows = all.query_map([partition], delivery)?;
    for found in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        let mut delivery = found;
        if !delivery.is_final() {
            change(&mut delivery);
            update(tables, &delivery)?;
        }
    }
    Ok(())
}

fn add(tables: &Connection, name: &str, route: &str, event: &str, n: i64) -> Done {
    let mut add = tables.prepare_cached(
        "INSERT INTO counters VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name, route, event) DO UPDATE SET n = n + excluded.n",
    )?;
    add.execute(params![name, route, event, n]).map(drop)
}

fn audit(
    tables: &Connection,
    at: Position,
    n: usize,
    unit: Position,
    record: &AuditRecord,
) -> Done {
    let mut insert =
        tables.prepare_cached("INSERT INTO audit VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)")?;
    insert.execute(params![
        at.partition,
        at.sequence,
        n,
        unit.partition,
        unit.sequence,
        record.delivery,
        nanos(record.at),
        word(&record.action),
        &*record.actor,
        record.outcome.as_deref(),
    ])?;
    Ok(())
}

/// Writes anew what changes of a delivery's row.
fn update(tables: &Connection, delivery: &Delivery) -> Done {
    let id = delivery.id;
    let mut update = tables.prepare_cached(
        "UPDATE deliveries SET expires = ?4, state = ?5, due = ?6, attempts = ?7, token = ?8,
         possible_duplicate = ?9, outside_lane = ?10, receipt = ?11, receipt_due = ?12,
         reason = ?13, in_lane = ?14, failures = ?15, resends = ?16, resent_in = ?17, resent = ?18
         WHERE partition = ?1 AND sequence = ?2 AND n = ?3",
    )?;
    update.execute(params![
        id.unit.partition,
        id.unit.sequence,
        id.index,
        nanos(delivery.expires),
        delivery.state.name(),
        nanos(delivery.due),
        delivery.attempts,
        delivery.token,
        delivery.possible_duplicate,
        delivery.outside_lane,
        delivery.receipt.map(|code| word(&code)),
        delivery.receipt_due.map(nanos),
        delivery.reason.as_deref(),
        delivery.in_lane(),
        delivery.failures,
        delivery.resends,
        delivery.resent.as_ref().map(|resent| &*resent.envelope.0),
        delivery.resent.as_ref().map(|resent| nanos(resent.sent)),
    ])?;
    Ok(())
}

/// Writes a delivery's first row.
fn insert(tables: &Connection, delivery: &Delivery) -> Done {
    let id = delivery.id;
    let mut insert = tables.prepare_cached(
        "INSERT INTO deliveries VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,
         ?18,?19,?20,?21,?22,?23,?24,?25,?26,?27)",
    )?;
    insert.execute(params![
        id.unit.partition,
        id.unit.sequence,
        id.index,
        &*delivery.route,
        &*delivery.receiver.0,
        &*delivery.endpoint,
        delivery.output,
        delivery.lane.as_deref(),
        &*delivery.message.0,
        &*delivery.event,
        nanos(delivery.since),
        nanos(delivery.expires),
        delivery.receipt_within,
        delivery.state.name(),
        nanos(delivery.due),
        delivery.attempts,
        delivery.token,
        delivery.possible_duplicate,
        delivery.outside_lane,
        delivery.receipt.map(|code| word(&code)),
        delivery.receipt_due.map(nanos),
        delivery.reason.as_deref(),
        delivery.in_lane(),
        delivery.failures,
        delivery.resends,
        delivery.resent.as_ref().map(|resent| &*resent.envelope.0),
        delivery.resent.as_ref().map(|resent| nanos(resent.sent)),
    ])?;
    Ok(())
}

/// A delivery of its row: all columns in the tables' order, which is cheaper than to ask for each by its name.
pub fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let text = |at: usize| row.get::<_, String>(at).map(String::into_boxed_str);
    let maybe = |at: usize| row.get::<_, Option<String>>(at).map(|t| t.map(String::into_boxed_str));
    let resent: Option<i64> = row.get(26)?;
    Ok(Delivery {
        id: DeliveryId {
            unit: Position { partition: row.get(0)?, sequence: row.get(1)? },
            index: row.get(2)?,
        },
        route: text(3)?,
        receiver: PartyName(text(4)?),
        endpoint: text(5)?,
        output: row.get(6)?,
        lane: maybe(7)?,
        message: crate::message::MessageId(text(8)?),
        event: text(9)?,
        since: instant(row.get(10)?),
        expires: instant(row.get(11)?),
        receipt_within: row.get(12)?,
        state: DeliveryState::named(&text(13)?).unwrap_or(DeliveryState::Held),
        due: instant(row.get(14)?),
        attempts: row.get(15)?,
        token: row.get(16)?,
        possible_duplicate: row.get(17)?,
        outside_lane: row.get(18)?,
        receipt: maybe(19)?.and_then(|code| super::unword(&code)),
        receipt_due: row.get::<_, Option<i64>>(20)?.map(instant),
        reason: maybe(21)?,
        // 22 is whether it is in its lane, which follows from the others.
        failures: row.get(23)?,
        resends: row.get(24)?,
        resent: maybe(25)?.zip(resent).map(|(envelope, sent)| Resent {
            envelope: crate::message::EnvelopeId(envelope),
            sent: instant(sent),
        }),
    })
}
