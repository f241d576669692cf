//! The bad inputs: every row of the checklist that is due for HTTP, sent to a running engine.
//!
//! After each one the engine must live, nothing may be left half stored, and the next good message passes.
//! Rows that are not due yet are printed as such.

mod rows;

use crate::path::system::{Answered, HOSPITAL, Setup, System, TOWN, admission, bytes};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use rows::{Bad, Expect};
use stafett::message::{EnvelopeId, MessageId, PartyName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![support::trial(
        "hostile: every bad input of the checklist, over HTTP",
        Needs::Data("data/bad-inputs.csv"),
        run,
    )]
}

/// A row of the checklist.
struct Listed {
    input: String,
    http: String,
    medcom: String,
    since: String,
}

fn checklist() -> Result<BTreeMap<u32, Listed>, Failed> {
    let text = std::fs::read_to_string(support::shared().join("data/bad-inputs.csv"))?;
    let mut all = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells = cells(line);
        if let [number, input, http, _, _, medcom, .., since] = &cells[..] {
            let listed = Listed {
                input: input.clone(),
                http: http.clone(),
                medcom: medcom.clone(),
                since: since.clone(),
            };
            all.insert(number.parse()?, listed);
        }
    }
    Ok(all)
}

/// The cells of a CSV line with quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells
}

fn run() -> Result<(), Failed> {
    let list = checklist()?;
    let system = System::start()?;
    let bads = rows::all()?;
    let mut wrong = Vec::new();
    for (at, bad) in bads.iter().enumerate() {
        let listed = list.get(&bad.row).ok_or("a row that the checklist does not have")?;
        let token = if bad.from_town { TOWN } else { HOSPITAL };
        let answer = system.post(token, bad.syntax, bad.body.clone())?;
        if let Err(why) = judge(bad, listed, &answer, &system) {
            wrong.push(format!("row {} ({}), {}: {why}", bad.row, listed.input, bad.what));
        }
        let good = system.json(HOSPITAL, bytes(&admission(0x0100_0000 + at as u32)?))?;
        if good.receipt().as_deref() != Some("ok") {
            wrong.push(format!("row {}: the next good message: {}", bad.row, good.text()));
            break;
        }
    }
    let elsewhere = elsewhere(&mut wrong)?;
    for (number, listed) in &list {
        let covered = bads.iter().any(|bad| bad.row == *number) || elsewhere.contains(number);
        match (listed.since.as_str(), covered) {
            ("path", false) => wrong.push(format!("row {number} ({}) has no trial", listed.input)),
            (_, true) => {}
            _ => println!("{number:>3} not yet ({}): {}", listed.since, listed.input),
        }
    }
    println!("{} bad inputs over HTTP, {} rows elsewhere", bads.len(), elsewhere.len());
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn judge(bad: &Bad, listed: &Listed, answer: &Answered, system: &System) -> Result<(), String> {
    let first_line = |text: String| text.chars().take(600).collect::<String>();
    match bad.expect {
        Expect::NoVerdict(status) => {
            if answer.status != status || answer.receipt().is_some() {
                let text = first_line(answer.text());
                return Err(format!("expected {status}, got {}: {text}", answer.status));
            }
            if !listed.http.contains(&status.to_string()) {
                return Err(format!("the checklist says {}, the trial {status}", listed.http));
            }
            let party = PartyName("hospital".into());
            let (message, envelope) = &bad.ids;
            let running = system.running.as_ref().ok_or("it does not run")?;
            let known = running.pipeline.store().known_about(
                &party,
                &MessageId(message.as_str().into()),
                &EnvelopeId(envelope.as_str().into()),
            );
            match known.map_err(|e| e.to_string())?.message {
                None => Ok(()),
                Some(_) => Err("a verdict was left behind".to_owned()),
            }
        }
        Expect::Receipt(code) => {
            if answer.receipt().as_deref() != Some(code) || answer.status != 200 {
                let text = answer.text();
                let outcome = text.find("OperationOutcome\",\"id").map_or(0, |at| at);
                let text = first_line(text[outcome..].to_owned());
                return Err(format!("expected {code}, got {}: {text}", answer.status));
            }
            let words = listed.medcom.split([' ', ',', '/', ';']);
            let wanted: Vec<&str> = words.filter(|word| word.starts_with("MSG_")).collect();
            let text = answer.text();
            let coded = |code: &&&str| text.contains(&format!("\"code\":\"{code}\""));
            if code == "fatal-error" && !wanted.is_empty() && !wanted.iter().any(|w| coded(&w)) {
                let outcome = text.find("OperationOutcome\",\"id").map_or("", |at| &text[at..]);
                return Err(format!("none of {wanted:?} in {}", first_line(outcome.to_owned())));
            }
            Ok(())
        }
    }
}

/// Rows whose cause is not in the message: limits, quotas, tokens, routes, the engine itself. They have
/// trials of their own, or are made here with another configuration.
fn elsewhere(wrong: &mut Vec<String>) -> Result<Vec<u32>, Failed> {
    let mut note = |row: u32, holds: bool, what: String| {
        if !holds {
            wrong.push(format!("row {row}: {what}"));
        }
    };
    // 45: a test message to an engine in production; 48: a receiver that does not take this type.
    let mut setup = Setup::default();
    setup.stafett = setup.stafett.replace("mode = 'test'\n", "");
    setup.routes = setup.routes.replace("'hospital-notification-message', ", "");
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let answer = system.json(HOSPITAL, bytes(&admission(1)?))?;
    let code = "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE";
    note(48, answer.receipt().as_deref() == Some("fatal-error"), answer.text());
    note(48, answer.text().contains(code), answer.text());
    let mut marked = admission(2)?;
    marked["meta"]["security"] = serde_json::json!([{
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"
    }]);
    let answer = system.json(HOSPITAL, bytes(&marked))?;
    note(45, answer.receipt().as_deref() == Some("fatal-error"), answer.text());
    note(45, answer.text().contains("route-test-message"), answer.text());
    // 57 with a route that answers a conflict instead of the verdict.
    let mut setup = Setup::default();
    setup.routes.push_str("conflict = '409'\n");
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let first = admission(3)?;
    system.json(HOSPITAL, bytes(&first))?;
    let mut other = first.clone();
    other["entry"][0]["resource"]["source"]["name"] = "another".into();
    let answer = system.json(HOSPITAL, bytes(&other))?;
    note(57, answer.status == 409 && answer.receipt().is_none(), answer.text());
    // The door's own trials (`front: ...`): 7 to 11, 54, 61, 62. The table of duplicates (`path: ...`): 50, 56
    // to 59. Packages (`definitions: ...`): 71. Panics and maps (`path: ...`, `letters: ...`): 63 to 66.
    // Certificates (`tls: ...`): 51, 52. Frames (`mllp: what is no frame ...`): 67.
    let mut rows = vec![7, 8, 9, 10, 11, 45, 48, 50, 51, 52, 54, 56, 57, 58, 59, 61, 62, 63];
    rows.extend([64, 65, 66, 67, 71]);
    Ok(rows)
}
