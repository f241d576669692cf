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

/// Projects one entry; the caller has a transaction open.
pub fn entry(tables: &Connection, position: Position, entry: &Entry) -> Done {
    match entry {
        Entry::Unit(unit) => project_unit(tables, position, unit)?,
        Entry::Steps(steps) => {
            for (step, n) in steps.iter().zip(0..) {
                project_step(tables, position, n, step)?;
            }
        }
        Entry::Jumped { by, audit: record } => {
            shift(tables, position.partition, *by)?;
            audit(tables, position, 0, position, record)?;
        }
        // resolved by whoever reads the log
        Entry::Together(_) | Entry::Member { .. } => {}
        Entry::Note { unit, audit: record } => audit(tables, position, 0, *unit, record)?,
    }
    progress(tables, position)
}

/// Notes that everything up to a position is projected.
pub fn progress(tables: &Connection, position: Position) -> Done {
    let mut set = tables.prepare_cached(
        "INSERT INTO progress VALUES (?1, ?2)
         ON CONFLICT (partition) DO UPDATE SET sequence = excluded.sequence",
    )?;
    set.execute(params![position.partition, position.sequence]).map(drop)
}

fn project_unit(tables: &Connection, at: Position, unit: &Unit) -> Done {
    let state = match (&unit.quarantine, unit.verdict) {
        (Some(_), _) => "quarantined",
        (None, Verdict::Accepted) => "accepted",
        (None, Verdict::Refused) => "refused",
    };
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
    project_parts(tables, at, unit)?;
    for (new, index) in unit.deliveries.iter().zip(0..) {
        let id = DeliveryId { unit: at, index };
        save(tables, &Delivery::new(id, unit, new), true)?;
    }
    for (record, n) in unit.audit.iter().zip(0..) {
        audit(tables, at, n, at, record)?;
    }
    count(tables, "received", "", &unit.event.0)?;
    count(tables, state, "", &unit.event.0)?;
    if let Some(receipt) = &unit.receipt_for {
        let (receiver, code) = (unit.speaker(), receipt.code);
        receive(tables, at, unit, &receiver, &receipt.message.0, code)?;
    }
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

/// A receipt came as a message: it settles the newest delivery of what it answers.
fn receive(
    tables: &Connection,
    at: Position,
    unit: &Unit,
    receiver: &PartyName,
    message: &str,
    code: ReceiptCode,
) -> Done {
    let mut find = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE receiver = ?1 AND message = ?2
         ORDER BY partition DESC, sequence DESC, n DESC LIMIT 1",
    )?;
    let found = find.query_row(params![&*receiver.0, message], delivery).optional()?;
    let Some(mut delivery) = found.filter(|found| !found.is_final()) else { return Ok(()) };
    let before = delivery.state;
    delivery.apply(&Change::Receipt(code), unit.received);
    save(tables, &delivery, false)?;
    count_change(tables, &delivery, before, &Change::Receipt(code))?;
    let record = AuditRecord {
        at: unit.received,
        action: AuditAction::ReceiptReceived,
        actor: receiver.0.clone(),
        delivery: Some(delivery.id.index),
        outcome: Some(word(&code).into()),
    };
    audit(tables, at, unit.audit.len(), delivery.id.unit, &record)
}

fn project_step(tables: &Connection, at: Position, n: usize, step: &Step) -> Done {
    let id = step.delivery;
    audit(tables, at, n, id.unit, &step.audit)?;
    let mut find = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND sequence = ?2 AND n = ?3",
    )?;
    let key = params![id.unit.partition, id.unit.sequence, id.index];
    let Some(mut delivery) = find.query_row(key, delivery).optional()? else { return Ok(()) };
    let before = delivery.state;
    delivery.apply(&step.change, step.audit.at);
    save(tables, &delivery, false)?;
    count_change(tables, &delivery, before, &step.change)
}

/// The counters that a change of a delivery moves.
fn count_change(
    tables: &Connection,
    delivery: &Delivery,
    before: DeliveryState,
    change: &Change,
) -> Done {
    let (route, event, now) = (&*delivery.route, &*delivery.event, delivery.state);
    match change {
        Change::Sending { .. } => count(tables, "attempts", route, event)?,
        Change::Resend { .. } => count(tables, "resent", route, event)?,
        Change::Settle { outcome: crate::message::AttemptOutcome::Sent { .. }, .. } => {
            count(tables, "delivered", route, event)?;
        }
        Change::Settle { .. } if now == DeliveryState::Waiting => {
            count(tables, "retried", route, event)?;
        }
        _ => {}
    }
    let reached = match now {
        _ if now == before => None,
        DeliveryState::Confirmed => Some("confirmed"),
        DeliveryState::Rejected => Some("rejected"),
        DeliveryState::Overdue => Some("overdue"),
        DeliveryState::DeadLetter => Some("dead"),
        DeliveryState::Expired => Some("expired"),
        _ => None,
    };
    reached.map_or(Ok(()), |name| count(tables, name, route, event))
}

/// The clock jumped: what is not over waits for as long as before.
fn shift(tables: &Connection, partition: u16, by: i64) -> Done {
    let mut all = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND state NOT IN ('confirmed', 'rejected')",
    )?;
    let rows = all.query_map([partition], delivery)?;
    for found in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        let mut delivery = found;
        if !delivery.is_final() {
            delivery.shift(SignedDuration::from_nanos(by));
            save(tables, &delivery, false)?;
        }
    }
    Ok(())
}

fn count(tables: &Connection, name: &str, route: &str, event: &str) -> Done {
    let mut add = tables.prepare_cached(
        "INSERT INTO counters VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (name, route, event) DO UPDATE SET n = n + 1",
    )?;
    add.execute(params![name, route, event]).map(drop)
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

/// Writes a delivery's row.
fn save(tables: &Connection, delivery: &Delivery, new: bool) -> Done {
    let id = delivery.id;
    if !new {
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
        return Ok(());
    }
    let mut insert = tables.prepare_cached(
        "INSERT INTO deliveries VALUES
         (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,0,0,?17,0,NULL,NULL,NULL,?16,0,0,NULL,NULL)",
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
        delivery.in_lane(),
        delivery.possible_duplicate,
    ])?;
    Ok(())
}

/// A delivery of its row.
pub fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let text = |at: &str| row.get::<_, String>(at).map(String::into_boxed_str);
    let maybe = |at: &str| row.get::<_, Option<String>>(at).map(|t| t.map(String::into_boxed_str));
    let state: String = row.get("state")?;
    let receipt: Option<String> = row.get("receipt")?;
    let resent: Option<i64> = row.get("resent")?;
    Ok(Delivery {
        id: DeliveryId {
            unit: Position { partition: row.get("partition")?, sequence: row.get("sequence")? },
            index: row.get("n")?,
        },
        route: text("route")?,
        receiver: PartyName(text("receiver")?),
        endpoint: text("endpoint")?,
        output: row.get("output")?,
        lane: maybe("lane")?,
        message: crate::message::MessageId(text("message")?),
        event: text("event")?,
        since: instant(row.get("since")?),
        expires: instant(row.get("expires")?),
        receipt_within: row.get("receipt_within")?,
        state: DeliveryState::named(&state).unwrap_or(DeliveryState::Held),
        due: instant(row.get("due")?),
        attempts: row.get("attempts")?,
        failures: row.get("failures")?,
        resends: row.get("resends")?,
        resent: maybe("resent_in")?.zip(resent).map(|(envelope, sent)| Resent {
            envelope: crate::message::EnvelopeId(envelope),
            sent: instant(sent),
        }),
        token: row.get("token")?,
        possible_duplicate: row.get("possible_duplicate")?,
        outside_lane: row.get("outside_lane")?,
        receipt: receipt.and_then(|code| super::unword(&code)),
        receipt_due: row.get::<_, Option<i64>>("receipt_due")?.map(instant),
        reason: maybe("reason")?,
    })
}
