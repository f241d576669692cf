//! The micro cases: one thread, warm, each in turns with its yardstick.

use crate::inputs;
use crate::measure::{Measured, times};
use crate::table::{Better, Line};
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::Value;
use stafett::definitions::typing;
use stafett::engine::{Arena, Engine, Outcome};
use stafett::format;
use stafett::message::KnownAbout;
use stafett::profile::{Memory, Request};
use stafett::tree::Tree;
use std::hint::black_box;

fn line(
    case: &'static str,
    against: &'static str,
    goal: f64,
    measured: Result<Measured, String>,
) -> Line {
    Line { case, against, unit: "s", goal, better: Better::AtMost, measured, note: String::new() }
}

fn parse(bytes: &Bytes) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// All micro cases.
pub fn all(engine: &Engine) -> Vec<Line> {
    vec![
        line("read FHIR JSON, 10 kB", "serde_json::Value", 0.35, read_json(engine)),
        line("read FHIR XML", "quick-xml's event loop", 2.5, read_xml(engine)),
        line("read + validate, 10 kB", "serde_json::Value", 1.0, read_validate(engine)),
        line(
            "read + map + write (here with both validations and routing)",
            "Value parse + serialise",
            1.0,
            translate(engine),
        ),
        line("bundle of 10,000 entries", "one of 1,000", 12.0, linear(engine)),
    ]
}

fn read_json(engine: &Engine) -> Result<Measured, String> {
    let json = inputs::ten_kb()?;
    let text = ByteString::try_from(json.clone()).map_err(|e| e.to_string())?;
    let mut tree = Tree::new(engine.library.names().clone());
    let mut issues = Vec::new();
    let names = engine.library.names();
    let own = || {
        tree.reset(names);
        issues.clear();
        format::fhir_json::read(text.clone(), &mut tree, &mut issues)
    };
    Ok(times(own, || parse(&json)))
}

fn read_xml(engine: &Engine) -> Result<Measured, String> {
    let xml = inputs::as_xml(engine, &inputs::ten_kb()?)?;
    let text = ByteString::try_from(xml.clone()).map_err(|e| e.to_string())?;
    let mut tree = Tree::new(engine.library.names().clone());
    let mut issues = Vec::new();
    let names = engine.library.names();
    let own = || {
        tree.reset(names);
        issues.clear();
        format::fhir_xml::read(text.clone(), &mut tree, &mut issues)
    };
    let yardstick = || {
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut events = 0usize;
        loop {
            match reader.read_event() {
                Ok(quick_xml::events::Event::Eof) | Err(_) => return events,
                Ok(event) => {
                    black_box(&event);
                    events += 1;
                }
            }
        }
    };
    Ok(times(own, yardstick))
}

fn read_validate(engine: &Engine) -> Result<Measured, String> {
    let json = inputs::ten_kb()?;
    let text = ByteString::try_from(json.clone()).map_err(|e| e.to_string())?;
    let mut tree = Tree::new(engine.library.names().clone());
    let (mut issues, mut memory) = (Vec::new(), Memory::new());
    let (names, table) = (engine.library.names(), engine.library.table());
    let now = jiff::Timestamp::now();
    let mut own = || {
        tree.reset(names);
        issues.clear();
        format::fhir_json::read(text.clone(), &mut tree, &mut issues);
        typing::type_tree(&mut tree, table, &mut issues);
        engine.validator.validate(&tree, &Request::default(), now, &mut memory, &mut issues)
    };
    let summary = own();
    if summary.errors > 0 {
        return Err(format!("the message has {} errors", summary.errors));
    }
    Ok(times(own, || parse(&json)))
}

/// The whole pure path of a care communication to a letter: read, validate, route, map, write.
fn translate(engine: &Engine) -> Result<Measured, String> {
    let json = inputs::message("care-communication-to-koebenhavn.json")?;
    let mut arena = Arena::new(engine);
    let known = KnownAbout::default();
    let now = jiff::Timestamp::now();
    let mut own = || {
        let read = inputs::read(engine, &mut arena, &json)?;
        match engine.decide(&read, &mut arena, &known, now, &mut ()) {
            Outcome::Commit(decided) if decided.unit.outputs.len() == 1 => Ok(decided.unit),
            other => Err(format!("not translated: {other:?}")),
        }
    };
    own()?;
    let yardstick = || parse(&json).map(|value| value.to_string());
    Ok(times(own, yardstick))
}

/// Reading and validating 10,000 entries against 1,000: 10 is linear.
fn linear(engine: &Engine) -> Result<Measured, String> {
    let (small, large) = (entries(engine, 1_000)?, entries(engine, 10_000)?);
    let now = jiff::Timestamp::now();
    let (mut issues, mut memory) = (Vec::new(), Memory::new());
    let mut once = |tree: &Tree| {
        issues.clear();
        engine.validator.validate(tree, &Request::default(), now, &mut memory, &mut issues)
    };
    once(&large);
    let begin = |tree: &Tree, once: &mut dyn FnMut(&Tree)| {
        let start = std::time::Instant::now();
        once(tree);
        start.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<(f64, f64)> = (0..5)
        .map(|_| {
            let mut run = |tree: &Tree| {
                black_box(once(tree));
            };
            (begin(&large, &mut run), begin(&small, &mut run))
        })
        .collect();
    ratios.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (value, yardstick) = ratios[2];
    Ok(Measured { value, yardstick, ratio: value / yardstick, allocations: None })
}

fn entries(engine: &Engine, count: usize) -> Result<Tree, String> {
    let mut text = String::from("{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
    for n in 0..count {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&format!(
            "{{\"fullUrl\":\"https://e.example/Patient/p{n}\",\"resource\":{{\"resourceType\":\"Patient\",\
             \"id\":\"p{n}\",\"active\":true,\"name\":[{{\"family\":\"F{n}\"}}],\
             \"generalPractitioner\":[{{\"reference\":\"Patient/p{n}\"}}]}}}}"
        ));
    }
    text.push_str("]}");
    inputs::tree(engine, &Bytes::from(text))
}
