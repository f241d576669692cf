//! The ledger: what the journal implies now, in a database, for people's questions.
//!
//! Promises: it is a function of the journal, row for row, whether it followed the journal or was made anew
//! from it; a question is answered with everything that was durable when it was asked. Never: acknowledges
//! anything, decides anything, or is missed when it is deleted.

mod project;
mod query;
mod rows;
mod schema;
mod write;

pub use rows::{
    AuditRow, CounterRow, DeliveryFilter, IssueRow, LaneRow, MessageDetail, MessageFilter,
    MessageRow, OutputRow, QueueRow,
};

use super::delivery::Delivery;
use super::entry::Entry;
use super::log::Log;
use crate::message::{Error, ErrorKind, Position};
use project::Gathering;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries projected in one transaction.
const BATCH: usize = 2_048;
/// Entries after which others may have the processor.
const FEW: u64 = 16;
/// What a connection keeps of the file in memory.
const CACHE_KIB: i64 = 8_192;
/// Pages of the write-ahead file after which it is moved into the ledger: 4 MB, so that the disk is not kept from the
/// journal's syncs for long.
const CHECKPOINT_PAGES: i64 = 1_024;

/// The ledger.
pub struct Ledger {
    writer: Mutex<Connection>,
    /// Readers of a file do not wait for its writer.
    reader: Option<Mutex<Connection>>,
    /// How many wait for it to be up to date.
    asking: AtomicUsize,
}

fn storage(cause: rusqlite::Error) -> Error {
    Error::new(ErrorKind::Storage, "the ledger cannot be used").cause(cause)
}

/// An enumeration's word.
fn word<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

/// The enumeration that a word is.
fn unword<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_str(&format!("\"{word}\"")).ok()
}

impl Ledger {
    /// A ledger in memory.
    pub fn in_memory() -> Result<Ledger, Error> {
        let tables = Connection::open_in_memory().map_err(storage)?;
        prepare(&tables, "").map_err(storage)?;
        Ok(Ledger { writer: Mutex::new(tables), reader: None, asking: AtomicUsize::new(0) })
    }

    /// The ledger in a file, if it follows this journal and has not run ahead of it; else a new one.
    pub fn open(file: &Path, journal: &str, last: u64) -> Result<Ledger, Error> {
        if let Ok(ledger) = Ledger::existing(file, journal, last) {
            return Ok(ledger);
        }
        Ledger::create(file, journal)
    }

    fn existing(file: &Path, journal: &str, last: u64) -> Result<Ledger, Error> {
        if !file.exists() {
            return Err(Error::new(ErrorKind::Storage, "there is no ledger"));
        }
        let ledger = Ledger::look_at(file)?;
        let sql = "SELECT value FROM meta WHERE key = 'journal'";
        let follows: String = ledger.ask(|tables| tables.query_row(sql, [], |row| row.get(0)))?;
        if follows != journal || ledger.progress(0)? > last {
            return Err(Error::new(ErrorKind::Storage, "the ledger follows another journal"));
        }
        Ok(ledger)
    }

    /// The ledger in a file, whatever it follows; an error if it is none or of another version.
    pub fn look_at(file: &Path) -> Result<Ledger, Error> {
        let tables = connect(file).map_err(storage)?;
        let sql = "SELECT value FROM meta WHERE key = 'version'";
        let version: String = tables.query_row(sql, [], |row| row.get(0)).map_err(storage)?;
        if version != schema::VERSION {
            return Err(Error::new(ErrorKind::Storage, "the ledger has another version"));
        }
        Ledger::over(tables, file)
    }

    /// A new, empty ledger in a file, in place of what is there.
    pub fn create(file: &Path, journal: &str) -> Result<Ledger, Error> {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            match std::fs::remove_file(Path::new(&name)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    let note = "the old ledger cannot be removed";
                    return Err(Error::new(ErrorKind::Storage, note).cause(e));
                }
                _ => {}
            }
        }
        let tables = connect(file).map_err(storage)?;
        prepare(&tables, journal).map_err(storage)?;
        Ledger::over(tables, file)
    }

    fn over(tables: Connection, file: &Path) -> Result<Ledger, Error> {
        let reader = connect(file).map_err(storage)?;
        let (writer, reader) = (Mutex::new(tables), Some(Mutex::new(reader)));
        Ok(Ledger { writer, reader, asking: AtomicUsize::new(0) })
    }

    /// Whether it ends with its process.
    pub fn is_in_memory(&self) -> bool {
        self.reader.is_none()
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest record of a partition that is projected.
    pub fn progress(&self, partition: u16) -> Result<u64, Error> {
        progress(&self.writer(), partition).map_err(storage)
    }

    /// Begins a transaction for `project_one`.
    pub fn begin(&self) -> Result<(), Error> {
        self.writer().execute_batch("BEGIN").map_err(storage)
    }

    /// Projects one entry.
    pub fn project_one(&self, position: Position, entry: &Entry) -> Result<(), Error> {
        let tables = self.writer();
        let mut gathering = Gathering::new(&tables);
        gathering.entry(position, entry).map_err(storage)?;
        gathering.end().map_err(storage)
    }

    /// Ends the transaction.
    pub fn end(&self) -> Result<(), Error> {
        self.writer().execute_batch("COMMIT").map_err(storage)
    }

    /// Projects what is durable and not yet projected, some records at a time; a record that cannot be read
    /// is passed over, as the journal's opening reports it.
    pub fn catch_up(&self, log: &dyn Log, durable: &[u64]) -> Result<(), Error> {
        self.asking.fetch_add(1, Ordering::Relaxed);
        let all = self.follow(log, durable, &mut |_| ());
        self.asking.fetch_sub(1, Ordering::Relaxed);
        all
    }

    /// The same for whoever follows all the time: `rest` is called between a few records and the next, with how many
    /// are still to come, while nobody asks anything.
    pub fn follow(
        &self,
        log: &dyn Log,
        durable: &[u64],
        rest: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        for (partition, last) in (0..).zip(durable) {
            while self.catch_up_some(log, partition, *last, rest)? {}
        }
        Ok(())
    }

    fn catch_up_some(
        &self,
        log: &dyn Log,
        partition: u16,
        last: u64,
        rest: &mut dyn FnMut(u64),
    ) -> Result<bool, Error> {
        let mut tables = self.writer();
        let done = progress(&tables, partition).map_err(storage)?;
        let until = last.min(done + BATCH as u64);
        if done >= until {
            return Ok(false);
        }
        let batch = tables.transaction().map_err(storage)?;
        let mut gathering = Gathering::new(&batch);
        for sequence in done + 1..=until {
            let position = Position { partition, sequence };
            match log.entry(position) {
                Ok(entry) => gathering.entry(position, &entry).map_err(storage)?,
                Err(_) => gathering.passed(position),
            }
            if sequence.is_multiple_of(FEW) && self.asking.load(Ordering::Relaxed) == 0 {
                rest(last - sequence);
            }
        }
        gathering.end().map_err(storage)?;
        batch.commit().map_err(storage)?;
        Ok(until < last)
    }

    fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let tables = self.reader.as_ref().unwrap_or(&self.writer);
        let tables = tables.lock().unwrap_or_else(PoisonError::into_inner);
        ask(&tables).map_err(storage)
    }

    /// The messages that a filter lets through, the newest first.
    pub fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageRow>, Error> {
        self.ask(|tables| query::messages(tables, filter))
    }

    /// All that is known about one message.
    pub fn message(&self, at: Position) -> Result<Option<MessageDetail>, Error> {
        self.ask(|tables| query::message(tables, at))
    }

    /// The deliveries that a filter lets through, the oldest first.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, Error> {
        self.ask(|tables| query::deliveries(tables, filter))
    }

    /// What waits, by route.
    pub fn queues(&self) -> Result<Vec<QueueRow>, Error> {
        self.ask(query::queues)
    }

    /// The lanes in which something waits, and what each waits for.
    pub fn lanes(&self, limit: usize) -> Result<Vec<LaneRow>, Error> {
        self.ask(|tables| query::lanes(tables, limit))
    }

    /// Totals since the journal began.
    pub fn counters(&self) -> Result<Vec<CounterRow>, Error> {
        self.ask(query::counters)
    }

    /// A line for every row of every table that follows from the journal: two ledgers of one journal have
    /// the same.
    pub fn dump(&self) -> Result<Vec<String>, Error> {
        self.ask(|tables| {
            let mut lines = Vec::new();
            for (table, key) in schema::PROJECTED {
                let mut ask = tables.prepare(&format!("SELECT * FROM {table} ORDER BY {key}"))?;
                let columns = ask.column_count();
                let mut rows = ask.query([])?;
                while let Some(row) = rows.next()? {
                    let values = (0..columns).map(|n| row.get::<_, Value>(n));
                    let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
                    lines.push(format!("{table} {values:?}"));
                }
            }
            Ok(lines)
        })
    }

    /// Whether the database's own structure is sound.
    pub fn is_sound(&self) -> Result<bool, Error> {
        let check = |tables: &Connection| {
            tables.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
        };
        Ok(self.ask(check)? == "ok")
    }
}

fn progress(tables: &Connection, partition: u16) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(max(sequence), 0) FROM progress WHERE partition = ?1";
    tables.prepare_cached(sql)?.query_row([partition], |row| row.get(0))
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let tables = Connection::open(file)?;
    tables.pragma_update(None, "journal_mode", "WAL")?;
    tables.pragma_update(None, "synchronous", "NORMAL")?;
    // What the batches of a busy minute touch stays in memory, and goes to the file in larger pieces.
    tables.pragma_update(None, "cache_size", -CACHE_KIB)?;
    tables.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    tables.set_prepared_statement_cache_capacity(64);
    tables.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(tables)
}

fn prepare(tables: &Connection, journal: &str) -> rusqlite::Result<()> {
    tables.execute_batch(schema::TABLES)?;
    let mut set = tables.prepare("INSERT INTO meta VALUES (?1, ?2)")?;
    set.execute(["version", schema::VERSION])?;
    set.execute(["journal", journal])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::state::DeliveryState;
    use rusqlite::params_from_iter;

    /// No operator's question walks through a whole table.
    #[test]
    fn every_filter_has_its_index() {
        let ledger = Ledger::in_memory().unwrap();
        let some = || Some("x".to_owned());
        let now = Some(jiff::Timestamp::UNIX_EPOCH);
        let plain = MessageFilter::default;
        let filters = [
            MessageFilter { state: some(), ..plain() },
            MessageFilter { state: Some("dead-letter".into()), ..plain() },
            MessageFilter { party: some(), ..plain() },
            MessageFilter { sender: some(), ..plain() },
            MessageFilter { receiver: some(), ..plain() },
            MessageFilter { event: some(), ..plain() },
            MessageFilter { message: some(), ..plain() },
            MessageFilter { envelope: some(), ..plain() },
            MessageFilter { conversation: some(), ..plain() },
            MessageFilter { issue: some(), ..plain() },
            MessageFilter { from: now, ..plain() },
        ];
        let plain = DeliveryFilter::default;
        let deliveries = [
            DeliveryFilter { state: Some(DeliveryState::Sent), ..plain() },
            DeliveryFilter { route: some(), ..plain() },
            DeliveryFilter { receiver: some(), ..plain() },
            DeliveryFilter { lane: some(), ..plain() },
            DeliveryFilter { receipt_due_before: now, ..plain() },
        ];
        let asked = filters.iter().map(query::messages_sql);
        for (sql, values) in asked.chain(deliveries.iter().map(query::deliveries_sql)) {
            let tables = ledger.writer();
            let mut plan = tables.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let rows = plan.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            for step in rows.unwrap() {
                let step = step.unwrap();
                assert!(!step.starts_with("SCAN") || step.contains("SUBQUERY"), "{sql}: {step}");
            }
        }
    }
}
