//! Loops one case alone, for instruction counts: `validate [read|type|validate|all|value] [turns] [file]`.
//! Run it under `valgrind --tool=callgrind --toggle-collect='*turn*'`.
#![forbid(unsafe_code)]

#[path = "../src/inputs.rs"]
#[allow(dead_code, reason = "the bench uses more of it")]
mod inputs;

use bytes::Bytes;
use bytestring::ByteString;
use stafett::definitions::typing;
use stafett::engine::Engine;
use stafett::format;
use stafett::message::Issue;
use stafett::profile::{Memory, Request};
use stafett::tree::Tree;
use std::hint::black_box;
use std::time::Instant;

struct Case<'a> {
    engine: &'a Engine,
    what: String,
    json: Bytes,
    text: ByteString,
    tree: Tree,
    issues: Vec<Issue>,
    memory: Memory,
}

impl Case<'_> {
    fn read(&mut self) {
        self.tree.reset(self.engine.library.names());
        self.issues.clear();
        format::fhir_json::read(self.text.clone(), &mut self.tree, &mut self.issues);
    }

    fn types(&mut self) {
        typing::type_tree(&mut self.tree, self.engine.library.table(), &mut self.issues);
    }

    fn validate(&mut self) {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let validator = &self.engine.validator;
        let request = Request::default();
        validator.validate(&self.tree, &request, now, &mut self.memory, &mut self.issues);
    }

    #[inline(never)]
    fn turn(&mut self) {
        match &*self.what {
            "read" => self.read(),
            "type" => self.types(),
            "validate" => {
                self.issues.clear();
                self.validate();
            }
            "value" => {
                let value: Result<serde_json::Value, _> = serde_json::from_slice(&self.json);
                black_box(value.is_ok());
            }
            _ => {
                self.read();
                self.types();
                self.validate();
            }
        }
    }
}

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_else(|| "all".to_owned());
    let turns: u32 = arguments.next().map_or(Ok(1), |n| n.parse()).map_err(|_| "turns?")?;
    let engine = inputs::engine()?;
    let json = match arguments.next() {
        Some(file) => std::fs::read(&file).map(Bytes::from).map_err(|e| format!("{file}: {e}"))?,
        None => inputs::ten_kb()?,
    };
    let text = ByteString::try_from(json.clone()).map_err(|e| e.to_string())?;
    let tree = Tree::new(engine.library.names().clone());
    let (issues, memory) = (Vec::new(), Memory::new());
    let mut case = Case { engine: &engine, what: "all".into(), json, text, tree, issues, memory };
    // once to warm up, and to have a typed tree
    case.read();
    case.types();
    case.validate();
    let nodes = case.tree.len();
    for issue in &case.issues {
        eprintln!("{}", issue.kind.id);
    }
    case.what = what;
    let start = Instant::now();
    for _ in 0..turns {
        case.turn();
    }
    let each = start.elapsed().as_secs_f64() / f64::from(turns);
    println!(
        "{}: {:.1} µs a turn, {} bytes, {nodes} nodes",
        case.what,
        each * 1e6,
        case.json.len()
    );
    Ok(())
}
