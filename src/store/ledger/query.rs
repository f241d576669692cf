//! Questions. Each is answered through an index; lists are limited.

use super::rows::{
    AuditRow, CounterRow, DeliveryFilter, IssueRow, LaneRow, MessageDetail, MessageFilter,
    MessageRow, OutputRow, QueueRow,
};
use super::write::{delivery, instant, nanos};
use crate::message::Position;
use crate::store::delivery::Delivery;
use crate::store::state::DeliveryState;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

type Answer<T> = rusqlite::Result<T>;

/// A list that says no limit has this many.
const LIMIT: usize = 100;
const OPEN: &str = "('waiting', 'claimed', 'in-flight', 'held')";

/// Conditions and their values.
#[derive(Default)]
struct Where {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Where {
    fn and(&mut self, condition: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value.into());
        }
    }

    fn sql(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

/// The question that a filter is, and its values.
pub fn messages_sql(filter: &MessageFilter) -> (String, Vec<Value>) {
    let mut by = Where::default();
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    match filter.state.as_deref().map(|state| (state, DeliveryState::named(state))) {
        Some((state, None)) => by.and("state = ?", Some(state.to_owned())),
        Some((state, Some(_))) => by.and(
            "(partition, sequence) IN (SELECT partition, sequence FROM deliveries WHERE state = ?)",
            Some(state.to_owned()),
        ),
        None => {}
    }
    by.and("party = ?", text(&filter.party));
    by.and("sender = ?", text(&filter.sender));
    by.and("receiver = ?", text(&filter.receiver));
    by.and("event = ?", text(&filter.event));
    by.and("envelope = ?", text(&filter.envelope));
    by.and("conversation = ?", text(&filter.conversation));
    if let Some(message) = &filter.message {
        by.and(
            "(message = ? OR (partition, sequence) IN \
             (SELECT partition, sequence FROM outputs WHERE message = ?))",
            Some(message.clone()),
        );
        by.values.push(Value::Text(message.clone()));
    }
    by.and(
        "(partition, sequence) IN (SELECT partition, sequence FROM issues WHERE id = ?)",
        text(&filter.issue),
    );
    by.and("received >= ?", filter.from.map(nanos));
    by.and("received < ?", filter.until.map(nanos));
    // A few rows found by their key are sorted; the plus keeps the planner from walking by time instead.
    let few = filter.message.is_some() || filter.issue.is_some();
    let sql = format!(
        "SELECT * FROM messages{} ORDER BY {}received DESC, partition DESC, sequence DESC LIMIT {}",
        by.sql(),
        if few { "+" } else { "" },
        limit(filter.limit)
    );
    (sql, by.values)
}

/// The question that a filter is, and its values.
pub fn deliveries_sql(filter: &DeliveryFilter) -> (String, Vec<Value>) {
    let mut by = Where::default();
    by.and("state = ?", filter.state.map(|state| state.name().to_owned()));
    by.and("route = ?", filter.route.clone());
    by.and("receiver = ?", filter.receiver.clone());
    by.and("lane = ?", filter.lane.clone());
    by.and("receipt_due < ?", filter.receipt_due_before.map(nanos));
    let sql = format!(
        "SELECT * FROM deliveries{} ORDER BY since, partition, sequence, n LIMIT {}",
        by.sql(),
        limit(filter.limit)
    );
    (sql, by.values)
}

fn limit(asked: usize) -> usize {
    if asked == 0 { LIMIT } else { asked.min(100_000) }
}

/// The messages that a filter lets through, the newest first.
pub fn messages(tables: &Connection, filter: &MessageFilter) -> Answer<Vec<MessageRow>> {
    let (sql, values) = messages_sql(filter);
    let mut ask = tables.prepare_cached(&sql)?;
    let rows = ask.query_map(params_from_iter(values), message_row)?;
    let mut rows = rows.collect::<Answer<Vec<_>>>()?;
    for row in &mut rows {
        row.deliveries = deliveries_of(tables, row.position)?;
    }
    Ok(rows)
}

/// The deliveries that a filter lets through, the oldest first.
pub fn deliveries(tables: &Connection, filter: &DeliveryFilter) -> Answer<Vec<Delivery>> {
    let (sql, values) = deliveries_sql(filter);
    let mut ask = tables.prepare_cached(&sql)?;
    ask.query_map(params_from_iter(values), delivery)?.collect()
}

fn deliveries_of(tables: &Connection, at: Position) -> Answer<Vec<Delivery>> {
    let mut ask = tables.prepare_cached(
        "SELECT * FROM deliveries WHERE partition = ?1 AND sequence = ?2 ORDER BY n",
    )?;
    ask.query_map(params![at.partition, at.sequence], delivery)?.collect()
}

fn message_row(row: &Row<'_>) -> Answer<MessageRow> {
    Ok(MessageRow {
        position: Position { partition: row.get("partition")?, sequence: row.get("sequence")? },
        party: row.get("party")?,
        carrier: row.get("carrier")?,
        message: row.get("message")?,
        envelope: row.get("envelope")?,
        sender: row.get("sender")?,
        receiver: row.get("receiver")?,
        event: row.get("event")?,
        conversation: row.get("conversation")?,
        syntax: row.get("syntax")?,
        received: instant(row.get("received")?),
        state: row.get("state")?,
        quarantine: row.get("quarantine")?,
        size: row.get("size")?,
        receipt_for: row.get("receipt_message")?,
        receipt_code: row.get("receipt_code")?,
        deliveries: Vec::new(),
    })
}

/// All that is known about one message.
pub fn message(tables: &Connection, at: Position) -> Answer<Option<MessageDetail>> {
    let mut ask =
        tables.prepare_cached("SELECT * FROM messages WHERE partition = ?1 AND sequence = ?2")?;
    let key = params![at.partition, at.sequence];
    let found = ask.query_row(key, |row| {
        let hashes: (Vec<u8>, Vec<u8>) = (row.get("content_hash")?, row.get("configuration")?);
        Ok((message_row(row)?, hashes))
    });
    let Some((mut row, (content, configuration))) = found.optional()? else { return Ok(None) };
    row.deliveries = deliveries_of(tables, at)?;
    Ok(Some(MessageDetail {
        row,
        content_hash: hexadecimal(&content),
        configuration: hexadecimal(&configuration),
        issues: issues_of(tables, at)?,
        outputs: outputs_of(tables, at)?,
        audit: audit_of(tables, at)?,
    }))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn issues_of(tables: &Connection, at: Position) -> Answer<Vec<IssueRow>> {
    let mut ask = tables
        .prepare_cached("SELECT * FROM issues WHERE partition = ?1 AND sequence = ?2 ORDER BY n")?;
    let rows = ask.query_map(params![at.partition, at.sequence], |row| {
        Ok(IssueRow {
            severity: row.get("severity")?,
            code: row.get("code")?,
            id: row.get("id")?,
            expression: row.get("expression")?,
            line: row.get("line")?,
            column: row.get("col")?,
            profile: row.get("profile")?,
            text: row.get("text")?,
        })
    })?;
    rows.collect()
}

fn outputs_of(tables: &Connection, at: Position) -> Answer<Vec<OutputRow>> {
    let mut ask = tables.prepare_cached(
        "SELECT * FROM outputs WHERE partition = ?1 AND sequence = ?2 ORDER BY n",
    )?;
    let rows = ask.query_map(params![at.partition, at.sequence], |row| {
        Ok(OutputRow {
            syntax: row.get("syntax")?,
            size: row.get("size")?,
            message: row.get("message")?,
            envelope: row.get("envelope")?,
            map: row.get("map")?,
        })
    })?;
    rows.collect()
}

fn audit_of(tables: &Connection, at: Position) -> Answer<Vec<AuditRow>> {
    let mut ask = tables.prepare_cached(
        "SELECT * FROM audit WHERE unit_partition = ?1 AND unit_sequence = ?2
         ORDER BY at, partition, sequence, n",
    )?;
    let rows = ask.query_map(params![at.partition, at.sequence], |row| {
        Ok(AuditRow {
            at: instant(row.get("at")?),
            action: row.get("action")?,
            actor: row.get("actor")?,
            delivery: row.get("delivery")?,
            outcome: row.get("outcome")?,
            record: Position { partition: row.get("partition")?, sequence: row.get("sequence")? },
        })
    })?;
    rows.collect()
}

/// What waits, by route.
pub fn queues(tables: &Connection) -> Answer<Vec<QueueRow>> {
    let mut ask = tables.prepare_cached(&format!(
        "SELECT route, count(*) AS waiting, min(since) AS oldest FROM deliveries
         WHERE state IN {OPEN} GROUP BY route ORDER BY route"
    ))?;
    let rows = ask.query_map([], |row| {
        Ok(QueueRow {
            route: row.get("route")?,
            waiting: row.get("waiting")?,
            oldest: instant(row.get("oldest")?),
        })
    })?;
    rows.collect()
}

/// The lanes in which something waits, those that have waited longest first, and what each waits for.
pub fn lanes(tables: &Connection, asked: usize) -> Answer<Vec<LaneRow>> {
    let mut ask = tables.prepare_cached(&format!(
        "SELECT * FROM
           (SELECT *, count(*) OVER (PARTITION BY lane) AS waiting, row_number() OVER
             (PARTITION BY lane ORDER BY partition, sequence, n) AS place FROM deliveries
            WHERE in_lane = 1)
         WHERE place = 1 ORDER BY since, partition, sequence, n LIMIT {}",
        limit(asked)
    ))?;
    let rows = ask
        .query_map([], |row| Ok(LaneRow { waiting: row.get("waiting")?, first: delivery(row)? }))?;
    rows.collect()
}

/// Totals since the journal began.
pub fn counters(tables: &Connection) -> Answer<Vec<CounterRow>> {
    let mut ask = tables.prepare_cached("SELECT * FROM counters ORDER BY name, route, event")?;
    let rows = ask.query_map([], |row| {
        Ok(CounterRow {
            name: row.get("name")?,
            route: row.get("route")?,
            event: row.get("event")?,
            n: row.get("n")?,
        })
    })?;
    rows.collect()
}
