//! What a projection writes and reads of single rows.
//!
//! Never decides what a row holds; never reads a clock.

use super::word;
use crate::message::{AuditRecord, DeliveryId, PartyName, Position, Unit};
use crate::store::delivery::{Delivery, Resent};
use crate::store::state::DeliveryState;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

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

/// Notes that everything up to a position is projected.
pub fn progress(tables: &Connection, position: Position) -> Done {
    let mut set = tables.prepare_cached(
        "INSERT INTO progress VALUES (?1, ?2)
         ON CONFLICT (partition) DO UPDATE SET sequence = excluded.sequence",
    )?;
    set.execute(params![position.partition, position.sequence]).map(drop)
}

/// The row of a delivery, if there is one.
pub fn find(tables: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Delivery>> {
    let mut find = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND sequence = ?2 AND n = ?3",
    )?;
    let key = params![id.unit.partition, id.unit.sequence, id.index];
    find.query_row(key, delivery).optional()
}

/// A message's own row.
pub fn project_message(tables: &Connection, at: Position, unit: &Unit, state: &str) -> Done {
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
pub fn project_parts(tables: &Connection, at: Position, unit: &Unit) -> Done {
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
pub fn each_open(tables: &Connection, partition: u16, change: &dyn Fn(&mut Delivery)) -> Done {
    let mut all = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND state NOT IN ('confirmed', 'rejected')",
    )?;
    let rows = all.query_map([partition], delivery)?;
    for found in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        let mut delivery = found;
        if !delivery.is_final() {
            change(&mut delivery);
            save(tables, &delivery)?;
        }
    }
    Ok(())
}

/// Moves a counter.
pub fn add(tables: &Connection, name: &str, route: &str, event: &str, n: i64) -> Done {
    let mut add = tables.prepare_cached(
        "INSERT INTO counters VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name, route, event) DO UPDATE SET n = n + excluded.n",
    )?;
    add.execute(params![name, route, event, n]).map(drop)
}

/// A record of the audit.
pub fn audit(
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

/// Writes a delivery's row, or anew what changes of it.
pub fn save(tables: &Connection, delivery: &Delivery) -> Done {
    let id = delivery.id;
    let mut save = tables.prepare_cached(
        "INSERT INTO deliveries VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,
         ?18,?19,?20,?21,?22,?23,?24,?25,?26,?27)
         ON CONFLICT DO UPDATE SET expires = excluded.expires, state = excluded.state,
         due = excluded.due, attempts = excluded.attempts, token = excluded.token,
         possible_duplicate = excluded.possible_duplicate, outside_lane = excluded.outside_lane,
         receipt = excluded.receipt, receipt_due = excluded.receipt_due, reason = excluded.reason,
         in_lane = excluded.in_lane, failures = excluded.failures, resends = excluded.resends,
         resent_in = excluded.resent_in, resent = excluded.resent",
    )?;
    save.execute(params![
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
