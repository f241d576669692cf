//! The mapping cases: reading, mapping and writing alone; long messages; sets of maps.

use crate::inputs;
use crate::measure::{Measured, times};
use crate::table::{Better, Line};
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::Value;
use stafett::config::Route;
use stafett::definitions::typing;
use stafett::engine::{Engine, World};
use stafett::format;
use stafett::mapping::{self, IdSeed, Inputs, Limits, Plan};
use stafett::tree::{NodeId, Tree};
use std::hint::black_box;
use std::sync::Arc;

/// All mapping cases.
pub fn all(engine: &Engine) -> Vec<Line> {
    let mut lines = vec![
        line("read + map + write, 12 kB", translate(engine, 12_000)),
        line("read + map + write, 8 kB without narratives", translate(engine, 0)),
    ];
    lines.extend(crate::mapsets::all());
    lines
}

fn line(case: &'static str, measured: Result<Measured, String>) -> Line {
    Line {
        case,
        against: "Value parse of the source + serialise of the target",
        unit: "s",
        goal: 1.0,
        better: Better::AtMost,
        measured,
        note: String::new(),
    }
}

/// A message on its way through a map, with all that is kept warm.
struct Way<'e> {
    engine: &'e Engine,
    route: &'e Route,
    plan: Arc<Plan>,
    text: ByteString,
    source: Tree,
    target: Tree,
    issues: Vec<stafett::message::Issue>,
    memory: mapping::Memory,
    out: Vec<u8>,
}

impl<'e> Way<'e> {
    fn new(engine: &'e Engine, json: &Bytes) -> Result<Way<'e>, String> {
        let route = engine.config.routes.iter().find(|route| route.map.is_some());
        let route = route.ok_or("no route with a map")?;
        let url = route.map.as_ref().map(|map| &*map.value).unwrap_or_default();
        let plan = engine.plans.find(url).ok_or("no plan")?;
        let names = engine.library.names();
        Ok(Way {
            engine,
            route,
            plan: Arc::clone(plan),
            text: ByteString::try_from(json.clone()).map_err(|e| e.to_string())?,
            source: Tree::new(names.clone()),
            target: Tree::new(names.clone()),
            issues: Vec::new(),
            memory: mapping::Memory::new(),
            out: Vec::new(),
        })
    }

    /// Reads, maps and writes, and nothing else.
    #[inline(never)]
    fn once(&mut self, now: jiff::Timestamp) -> bool {
        let (names, table) = (self.engine.library.names(), self.engine.library.table());
        self.source.reset(names);
        self.issues.clear();
        self.out.clear();
        format::fhir_json::read(self.text.clone(), &mut self.source, &mut self.issues);
        typing::type_tree(&mut self.source, table, &mut self.issues);
        let world = World::new(self.engine, self.route, now);
        let inputs = Inputs {
            sources: &[&self.source],
            now,
            engine: mapping::Engine {
                message_id: "0123456789ABCD",
                envelope_id: "EFGHJKMNPQRSTV",
                now: "2026-11-25T12:00:00Z",
            },
            parameters: &[("episodeStatus", "inaktiv")],
            ids: IdSeed { message: "m", destination: "d", generation: 0 },
            limits: Limits::default(),
        };
        let ran =
            self.plan.run(&inputs, &mut self.target, &world, &mut self.memory, &mut self.issues);
        let root = self.target.root().unwrap_or(NodeId(0));
        let charset = format::charset::Charset::Utf8;
        ran.is_ok() && format::xml::write(&self.target, table, root, charset, &mut self.out).is_ok()
    }

    /// What was made, as JSON would say it: the yardstick serialises the same content.
    fn target(&self) -> Result<Value, String> {
        let mut text = String::new();
        let root = self.target.root().ok_or("nothing was made")?;
        format::fhir_json::write(&self.target, self.engine.library.table(), root, &mut text);
        serde_json::from_str(&text).map_err(|e| e.to_string())
    }
}

fn message(at_least: usize) -> Result<Bytes, String> {
    inputs::grown("care-communication-to-koebenhavn.json", at_least)
}

/// A care communication to a letter.
fn translate(engine: &Engine, at_least: usize) -> Result<Measured, String> {
    let json = message(at_least)?;
    let mut way = Way::new(engine, &json)?;
    let now = jiff::Timestamp::now();
    if !way.once(now) || way.issues.iter().any(stafett::message::Issue::refuses) {
        return Err(format!("not translated: {:?}", way.issues));
    }
    let target = way.target()?;
    let yardstick =
        || (serde_json::from_slice::<Value>(&json).is_ok(), black_box(&target).to_string());
    Ok(times(|| way.once(now), yardstick))
}

/// Runs one case again and again, for a profiler.
pub fn repeat(engine: &Engine, at_least: usize, times: usize) -> Result<(), String> {
    let json = message(at_least)?;
    let mut way = Way::new(engine, &json)?;
    let now = jiff::Timestamp::now();
    for _ in 0..times {
        black_box(way.once(now));
    }
    println!("{} bytes to {} bytes, {} issues", json.len(), way.out.len(), way.issues.len());
    for _ in 0..times {
        yardstick(&json, &way.target()?);
    }
    Ok(())
}

#[inline(never)]
fn yardstick(json: &Bytes, target: &Value) {
    black_box(serde_json::from_slice::<Value>(json).is_ok());
    black_box(target.to_string());
}
