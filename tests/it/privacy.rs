//! No value of a message in a log, a metric or an error text.
//!
//! A unique token is planted in every string of a message, at trace level, accepted and refused; then everything
//! that the engine wrote is searched for it.

use crate::path::process::{NETWORK, Process, curl};
use crate::path::system::post;
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::message::Syntax;
use std::io::Read;

/// Strings that decide what a message is: with a token in them it would be another message, or none.
const KEPT: [&str; 16] = [
    "resourceType",
    "system",
    "url",
    "profile",
    "code",
    "type",
    "reference",
    "fullUrl",
    "status",
    "use",
    "role",
    "timestamp",
    "recorded",
    "occurredDateTime",
    "start",
    "end",
];

/// Plants tokens; one that was planted in what is checked by form gets the message refused.
fn plant(value: &mut Value, key: &str, everywhere: bool, tokens: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let form = KEPT.contains(&key) || key == "id" || key == "value" || key == "definition";
            if !form || (everywhere && !KEPT.contains(&key) && key != "id") {
                let token = format!("canary{:05}x", tokens.len());
                *text = match key {
                    "div" => text.replacen('>', &format!(">{token}"), 1),
                    _ => token.clone(),
                };
                tokens.push(token);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| plant(one, key, everywhere, tokens)),
        Value::Object(all) => {
            all.iter_mut().for_each(|(key, one)| plant(one, key, everywhere, tokens));
        }
        _ => {}
    }
}

fn run() -> Result<(), Failed> {
    let mut engine = Process::start(&[], "trace")?;
    let (tokens, told, verdicts) = play(&engine)?;
    engine.stop()?;
    let mut log = String::new();
    std::fs::File::open(engine.folder.path().join("log"))?.read_to_string(&mut log)?;
    if !log.contains("\"accepted\"") || !log.contains("\"refused\"") {
        return Err(format!("the log is not at work; verdicts: {verdicts:?}").into());
    }
    let leaks = |what: &str, text: &str| -> Vec<String> {
        let around = |at: usize| {
            text.get(at.saturating_sub(200)..(at + 60).min(text.len())).unwrap_or_default()
        };
        let found = tokens.iter().filter_map(|token| text.find(token.as_str()));
        found.map(|at| format!("{what}: {}", around(at))).collect()
    };
    let mut found = leaks("log", &log);
    found.extend(leaks("answers and metrics", &told));
    match found.is_empty() {
        true => Ok(()),
        false => Err(found.join("\n").into()),
    }
}

type Played = (Vec<String>, String, Vec<String>);

fn play(engine: &Process) -> Result<Played, Failed> {
    let mut tokens = Vec::new();
    let mut told = String::new();
    let mut verdicts = Vec::new();
    let messages = support::root().join(NETWORK).join("messages");
    for (number, name) in
        ["hospital-notification-admission.json", "care-communication-to-koebenhavn.json"]
            .into_iter()
            .enumerate()
    {
        for everywhere in [false, true] {
            let text = std::fs::read_to_string(messages.join(name))?;
            let mut value: Value = serde_json::from_str(&text)?;
            plant(&mut value, "", everywhere, &mut tokens);
            let new = format!("{}{}", number, u8::from(everywhere));
            let id = format!("000000{new}-0000-4000-8000-000000000001");
            let header = value["entry"][0]["resource"]["id"].as_str().ok_or("no id")?.to_owned();
            let envelope = value["id"].as_str().ok_or("no id")?.to_owned();
            let text = value.to_string().replace(&envelope, &id);
            let text = text.replace(&header, &id.replace("8000", "9000"));
            // Whoever may send is found by identifiers: those of the organisations stay.
            let original: Value =
                serde_json::from_str(&std::fs::read_to_string(messages.join(name))?)?;
            let mut value: Value = serde_json::from_str(&text)?;
            keep_organisations(&mut value, &original);
            let file = engine.folder.path().join("body.json");
            std::fs::write(&file, value.to_string())?;
            let answer = engine.send(&file)?;
            let answer: Value = serde_json::from_str(&answer)?;
            let code = answer["entry"][0]["resource"]["response"]["code"].to_string();
            verdicts.push(code);
            // What a receipt says of its own: the issues. Its two ends are the message's, by design.
            for entry in answer["entry"].as_array().into_iter().flatten() {
                if entry["resource"]["resourceType"] == "OperationOutcome" {
                    told.push_str(&entry.to_string());
                }
            }
        }
    }
    one_by_one(engine, &mut tokens, &mut told)?;
    told.push_str(&curl(&[&format!("{}/metrics", engine.operations)])?);
    if !told.contains("stafett_messages_received_total") {
        return Err("no metrics".into());
    }
    if !verdicts.iter().any(|v| v == "\"ok\"") || !verdicts.iter().any(|v| v == "\"fatal-error\"") {
        return Err(format!("not both verdicts: {verdicts:?}").into());
    }
    Ok((tokens, told, verdicts))
}

/// Every string of every message alone, whatever it decides: ids, codes, references, dates, identifiers. Most of
/// these are refused, some are nobody's; each is looked at.
fn one_by_one(engine: &Process, tokens: &mut Vec<String>, told: &mut String) -> Result<(), Failed> {
    let folder = support::root().join(NETWORK).join("messages");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut answers = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let original: Value = serde_json::from_str(&text)?;
        let envelope = original["id"].as_str().ok_or("no id")?;
        let header = original["entry"][0]["resource"]["id"].as_str().ok_or("no id")?;
        let mut pointers = Vec::new();
        strings(&original, String::new(), &mut pointers);
        for pointer in pointers {
            // Ids of its own, so that it is judged and not recognised.
            let number = tokens.len();
            let new = |n: u32| format!("{number:08x}-0000-4000-a000-00000000000{n}");
            let text = text.replace(header, &new(2)).replace(envelope, &new(1));
            let mut value: Value = serde_json::from_str(&text)?;
            let token = format!("canary{number:05x}y");
            let place = value.pointer_mut(&pointer).ok_or("no such place")?;
            let text = place.as_str().unwrap_or_default();
            *place = match pointer.ends_with("/div") {
                true => text.replacen('>', &format!(">{token}"), 1).into(),
                false => token.clone().into(),
            };
            tokens.push(token);
            let body = value.to_string();
            let posting = post(
                engine.base.clone(),
                "simulated-hospital-token".to_owned(),
                Syntax::FhirJson,
                body.into(),
            );
            let answer: Value = serde_json::from_slice(&runtime.block_on(posting)?.body)?;
            answers += 1;
            if answer["resourceType"] == "OperationOutcome" {
                told.push_str(&answer.to_string());
            }
            for entry in answer["entry"].as_array().into_iter().flatten() {
                if entry["resource"]["resourceType"] == "OperationOutcome" {
                    told.push_str(&entry.to_string());
                }
            }
        }
    }
    let page = curl(&[&format!("{}/metrics", engine.operations)])?;
    let duplicates = page.lines().filter(|line| line.starts_with("stafett_messages_duplicate"));
    let count = |line: &str| line.rsplit(' ').next().and_then(|n| n.parse::<u64>().ok());
    let known: u64 = duplicates.filter_map(count).sum();
    println!("{answers} messages, one token each, {known} of them known before");
    if answers < 100 || known > 0 {
        return Err(format!("{known} of {answers} messages were recognised, not judged").into());
    }
    Ok(())
}

/// Where the strings of a value are.
fn strings(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(n, one)| strings(one, format!("{at}/{n}"), found));
        }
        Value::Object(all) => {
            all.iter().for_each(|(key, one)| strings(one, format!("{at}/{key}"), found));
        }
        _ => {}
    }
}

fn keep_organisations(value: &mut Value, original: &Value) {
    let originals = original["entry"].as_array().cloned().unwrap_or_default();
    for (entry, original) in value["entry"].as_array_mut().into_iter().flatten().zip(&originals) {
        if entry["resource"]["resourceType"] == "Organization" {
            entry["resource"]["identifier"] = original["resource"]["identifier"].clone();
        }
    }
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![support::trial(
        "privacy: tokens in every string of a message are in no log, metric or error text",
        Needs::Tool("curl"),
        run,
    )]
}
