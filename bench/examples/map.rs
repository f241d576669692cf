//! Loops one mapping case alone, for instruction counts: `map [read|map|write|all|value] [turns] [bytes]`.
//! Run it under `valgrind --tool=callgrind --toggle-collect='*turn*'`.
#![forbid(unsafe_code)]

#[path = "../src/inputs.rs"]
#[allow(dead_code, reason = "the bench uses more of it")]
mod inputs;

use bytes::Bytes;
use bytestring::ByteString;
use serde_json::Value;
use stafett::config::Route;
use stafett::definitions::typing;
use stafett::engine::{Engine, World};
use stafett::format;
use stafett::mapping::{self, IdSeed, Inputs, Limits, Memory, Plan};
use stafett::message::Issue;
use stafett::tree::{NodeId, Tree};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

struct Case<'a> {
    engine: &'a Engine,
    route: &'a Route,
    plan: Arc<Plan>,
    what: String,
    json: Bytes,
    text: ByteString,
    source: Tree,
    target: Tree,
    issues: Vec<Issue>,
    memory: Memory,
    value: Value,
    out: Vec<u8>,
}

impl Case<'_> {
    fn read(&mut self) {
        self.source.reset(self.engine.library.names());
        self.issues.clear();
        format::fhir_json::read(self.text.clone(), &mut self.source, &mut self.issues);
        typing::type_tree(&mut self.source, self.engine.library.table(), &mut self.issues);
    }

    fn map(&mut self) {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let world = World::new(self.engine, self.route, now);
        let engine = mapping::Engine {
            message_id: "0123456789ABCD",
            envelope_id: "EFGHJKMNPQRSTV",
            now: "2026-11-25T12:00:00Z",
        };
        let inputs = Inputs {
            sources: &[&self.source],
            now,
            engine,
            parameters: &[("episodeStatus", "inaktiv")],
            ids: IdSeed { message: "m", destination: "d", generation: 0 },
            limits: Limits::default(),
        };
        self.issues.clear();
        let ran =
            self.plan.run(&inputs, &mut self.target, &world, &mut self.memory, &mut self.issues);
        black_box(ran.is_ok());
    }

    fn write(&mut self) {
        self.out.clear();
        let root = self.target.root().unwrap_or(NodeId(0));
        let (table, utf8) = (self.engine.library.table(), format::charset::Charset::Utf8);
        black_box(format::xml::write(&self.target, table, root, utf8, &mut self.out).is_ok());
    }

    #[inline(never)]
    fn turn(&mut self) {
        match &*self.what {
            "read" => self.read(),
            "map" => self.map(),
            "write" => self.write(),
            "value" => {
                black_box(serde_json::from_slice::<Value>(&self.json).is_ok());
                black_box(self.value.to_string());
            }
            _ => {
                self.read();
                self.map();
                self.write();
            }
        }
    }
}

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_else(|| "all".to_owned());
    let turns: u32 = arguments.next().map_or(Ok(1), |n| n.parse()).map_err(|_| "turns?")?;
    let bytes = arguments.next().map_or(Ok(12_000), |n| n.parse()).map_err(|_| "bytes?")?;
    let engine = inputs::engine()?;
    let route = engine.config.routes.iter().find(|route| route.map.is_some());
    let route = route.ok_or("no route with a map")?;
    let plan = engine.plan_of(route).ok_or("no plan")?;
    let json = inputs::grown("care-communication-to-koebenhavn.json", bytes)?;
    let names = engine.library.names();
    let mut case = Case {
        engine: &engine,
        route,
        plan: Arc::clone(plan),
        what: "all".into(),
        text: ByteString::try_from(json.clone()).map_err(|e| e.to_string())?,
        json,
        source: Tree::new(names.clone()),
        target: Tree::new(names.clone()),
        issues: Vec::new(),
        memory: Memory::new(),
        value: Value::Null,
        out: Vec::new(),
    };
    // twice to warm up
    case.turn();
    case.turn();
    let mut made = String::new();
    let root = case.target.root().ok_or("nothing was made")?;
    format::fhir_json::write(&case.target, engine.library.table(), root, &mut made);
    case.value = serde_json::from_str(&made).map_err(|e| e.to_string())?;
    case.what = what;
    let start = Instant::now();
    for _ in 0..turns {
        case.turn();
    }
    let each = start.elapsed().as_secs_f64() / f64::from(turns);
    println!(
        "{}: {:.1} µs a turn, {} bytes to {}",
        case.what,
        each * 1e6,
        case.json.len(),
        case.out.len()
    );
    Ok(())
}
