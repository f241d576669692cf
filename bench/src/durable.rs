//! Durable accept: units of 5 kB in batches of 64, against a raw append and sync of the same bytes.

use crate::measure::Measured;
use crate::table::{Better, Line};
use bytes::Bytes;
use jiff::Timestamp;
use stafett::message::{EnvelopeId, Event, MessageId, PartyName, Syntax, Unit, Verdict};
use stafett::store::{self, Options, Store};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

const SIZE: usize = 5_000;
const SENDERS: usize = 64;
const BATCHES: usize = 40;
const ROUNDS: usize = 5;

/// The case.
pub fn case() -> Line {
    let (measured, note) = match measure() {
        Ok((measured, note)) => (Ok(measured), note),
        Err(why) => (Err(why), String::new()),
    };
    Line {
        case: "durable accept, 5 kB, 64 senders",
        against: "raw append + fdatasync",
        unit: "/s",
        goal: 0.5,
        better: Better::AtLeast,
        measured,
        note,
    }
}

fn measure() -> Result<(Measured, String), String> {
    let say = |e: std::io::Error| e.to_string();
    let folder = tempfile::TempDir::new().map_err(say)?;
    let store = store::open(&folder.path().join("data"), Options::default(), Timestamp::now())
        .map_err(|e| e.to_string())?;
    let mut raw = File::create(folder.path().join("raw")).map_err(say)?;
    raw.write_all(&vec![0; SIZE * SENDERS * BATCHES * (ROUNDS + 1)]).map_err(say)?;
    raw.sync_all().map_err(say)?;
    raw.seek(SeekFrom::Start(0)).map_err(say)?;
    // Bytes that do not compress, so that both write the same amount.
    let body: Vec<u8> = (0..SIZE)
        .scan(1u32, |x, _| {
            *x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*x >> 24) as u8)
        })
        .collect();
    let body = Bytes::from(body);
    let mut number = 0;
    let mut pairs = Vec::new();
    for round in 0..=ROUNDS {
        let own = own(&store, &body, &mut number)?;
        let yardstick = yardstick(&mut raw, &body).map_err(say)?;
        if round > 0 {
            pairs.push((own, yardstick));
        }
    }
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (value, yardstick) = pairs[ROUNDS / 2];
    let measured = Measured { value, yardstick, ratio: value / yardstick, allocations: None };
    Ok((measured, format!("sync {} µs", store.status().sync_micros)))
}

fn own(store: &dyn Store, body: &Bytes, number: &mut u64) -> Result<f64, String> {
    let start = Instant::now();
    for _ in 0..BATCHES {
        let units = (0..SENDERS).map(|_| {
            *number += 1;
            unit(body, *number)
        });
        store.commit(units.collect()).map_err(|e| e.to_string())?;
    }
    Ok((SENDERS * BATCHES) as f64 / start.elapsed().as_secs_f64())
}

fn yardstick(file: &mut File, body: &Bytes) -> std::io::Result<f64> {
    let batch: Vec<u8> = (0..SENDERS).flat_map(|_| body.iter().copied()).collect();
    let start = Instant::now();
    for _ in 0..BATCHES {
        file.write_all(&batch)?;
        file.sync_data()?;
    }
    Ok((SENDERS * BATCHES) as f64 / start.elapsed().as_secs_f64())
}

fn unit(body: &Bytes, number: u64) -> Unit {
    Unit {
        party: PartyName("hospital".into()),
        carrier: None,
        message: MessageId(format!("m-{number}").into()),
        envelope: EnvelopeId(format!("e-{number}").into()),
        sender: None,
        receiver: None,
        event: Event("hospital-notification-message".into()),
        conversation: None,
        syntax: Syntax::FhirJson,
        received: Timestamp::now(),
        original: body.clone(),
        content_hash: *blake3::hash(&number.to_le_bytes()).as_bytes(),
        verdict: Verdict::Accepted,
        issues: Vec::new(),
        quarantine: None,
        configuration: [0; 32],
        receipt_for: None,
        outputs: Vec::new(),
        deliveries: Vec::new(),
        audit: Vec::new(),
        read_at: None,
    }
}
