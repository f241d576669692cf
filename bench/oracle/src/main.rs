//! Readers of other hands behind a pipe: fhirbolt for FHIR, fml-model for maps.
//!
//! Promises: one request a line on standard input, one JSON answer a line on standard output:
//! `{"do": "json" | "xml" | "fml", "path": "...", "times": n}`. A file is read, and written back as the other
//! side understood it; the shortest of `times` readings is told. Never: judges, or survives what kills the
//! library it wraps: whoever asks starts it again.

use fhirbolt::model::r4::Resource;
use fhirbolt::serde::{DeserializationConfig, DeserializationMode};
use fml_model::model::{Rule, StructureMap};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::time::Instant;

fn main() {
    // what panics inside a library is an answer, not a report
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let request: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        let answer = std::panic::catch_unwind(|| answer(&request))
            .unwrap_or_else(|_| json!({"ok": false, "why": "the library panicked"}));
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn answer(request: &Value) -> Value {
    let path = request["path"].as_str().unwrap_or_default();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return json!({"ok": false, "why": error.to_string()}),
    };
    let times = request["times"].as_u64().unwrap_or(1).max(1);
    let strict = request["strict"] == true;
    match request["do"].as_str() {
        Some("json") => fhir(&text, times, |text| fhirbolt::json::from_str(text, mode(strict))),
        Some("xml") => fhir(&text, times, |text| fhirbolt::xml::from_str(text, mode(strict))),
        Some("fml") => map(&text, times),
        _ => json!({"ok": false, "why": "no such request"}),
    }
}

fn mode(strict: bool) -> Option<DeserializationConfig> {
    let mode = if strict { DeserializationMode::Strict } else { DeserializationMode::Lax };
    Some(DeserializationConfig { mode })
}

/// Reads a resource, and writes it as JSON.
fn fhir<E: std::fmt::Display>(
    text: &str,
    times: u64,
    read: impl Fn(&str) -> Result<Resource, E>,
) -> Value {
    let (resource, nanos) = shortest(times, || read(text));
    let resource = match resource {
        Ok(resource) => resource,
        Err(error) => return json!({"ok": false, "why": error.to_string(), "nanos": nanos}),
    };
    let (written, writing) = shortest(times, || fhirbolt::json::to_string(&resource, None));
    match written {
        Ok(written) => json!({"ok": true, "json": written, "nanos": nanos, "writing": writing}),
        Err(error) => json!({"ok": false, "why": format!("not written: {error}")}),
    }
}

/// Parses and compiles a map, and counts what is in it.
fn map(text: &str, times: u64) -> Value {
    let parse = fml_syntax::parse(text);
    let lossless = parse.syntax().to_string() == text;
    let (compiled, nanos) = shortest(times, || fml_model::compile(text));
    let error = |d: &&fml_syntax::Diagnostic| d.severity == fml_syntax::Severity::Error;
    let faults: Vec<Value> = compiled
        .diagnostics
        .iter()
        .filter(error)
        .map(|d| json!({"at": usize::from(d.range.start()), "text": d.message}))
        .collect();
    json!({
        "ok": !parse.has_errors() && faults.is_empty(),
        "faults": faults,
        "lossless": lossless,
        "nanos": nanos,
        "counts": counts(&compiled.map),
    })
}

fn counts(map: &StructureMap) -> Value {
    let mut all = [0usize; 4];
    map.group.iter().for_each(|group| rules(&group.rule, &mut all));
    let inputs: usize = map.group.iter().map(|group| group.input.len()).sum();
    json!({
        "groups": map.group.len(),
        "parameters": inputs,
        "rules": all[0],
        "sources": all[1],
        "targets": all[2],
        "calls": all[3],
        "conceptMaps": map.contained.len(),
        "uses": map.structure.len(),
        "imports": map.import.len(),
    })
}

fn rules(rules_: &[Rule], all: &mut [usize; 4]) {
    for rule in rules_ {
        all[0] += 1;
        all[1] += rule.source.len();
        all[2] += rule.target.len();
        all[3] += rule.dependent.len();
        rules(&rule.rule, all);
    }
}

/// What came first, and the shortest time it took.
fn shortest<T>(times: u64, mut run: impl FnMut() -> T) -> (T, u64) {
    let mut timed = || {
        let start = Instant::now();
        let came = run();
        (came, start.elapsed().as_nanos() as u64)
    };
    let (first, mut best) = timed();
    for _ in 1..times {
        best = best.min(timed().1);
    }
    (first, best)
}
