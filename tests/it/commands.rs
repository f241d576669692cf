//! The command line: output forms and exit codes.

use crate::path::process::{NETWORK, Process, copy, curl};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use std::process::{Command, Output};

fn stafett(arguments: &[&str]) -> Result<Output, Failed> {
    let binary = env!("CARGO_BIN_EXE_stafett");
    Ok(Command::new(binary).current_dir(support::root()).args(arguments).output()?)
}

fn text(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr);
    format!("{}{err}", String::from_utf8_lossy(&output.stdout))
}

fn exits(output: &Output, code: i32) -> Result<(), Failed> {
    match output.status.code() {
        Some(found) if found == code => Ok(()),
        found => Err(format!("expected exit {code}, got {found:?}:\n{}", text(output)).into()),
    }
}

/// The demo as it is, and with one expectation changed.
fn demo() -> Result<(), Failed> {
    exits(&stafett(&["demo"])?, 0)?;
    let folder = tempfile::TempDir::new()?;
    let network = folder.path().join("fixtures/networks/planomraade-syd");
    copy(&support::root().join(NETWORK), &network)?;
    for name in ["fixtures/packages", "mappings"] {
        copy(&support::root().join(name), &folder.path().join(name))?;
    }
    let file = network.join("expected.toml");
    let expected = std::fs::read_to_string(&file)?;
    let changed = expected.replacen("attempts = 3", "attempts = 4", 1);
    if changed == expected {
        return Err("there was nothing to change".into());
    }
    std::fs::write(&file, changed)?;
    let path = network.to_string_lossy().into_owned();
    let output = stafett(&["demo", "--network", &path])?;
    exits(&output, 1)?;
    match text(&output).contains("NOT AS EXPECTED: 3 attempts") {
        true => Ok(()),
        false => Err(text(&output).into()),
    }
}

fn codes() -> Result<(), Failed> {
    exits(&stafett(&["--help"])?, 0)?;
    exits(&stafett(&["no-such-command"])?, 2)?;
    exits(&stafett(&["check", NETWORK])?, 0)?;
    exits(&stafett(&["check", "fixtures/config/broken"])?, 1)?;
    exits(&stafett(&["check", "no/such/folder"])?, 2)?;
    exits(&stafett(&["messages", "list", "--data", "no/such/folder"])?, 2)?;
    exits(&stafett(&["map", "test", "mappings/"])?, 0)
}

fn translated() -> Result<(), Failed> {
    let letter = format!("{NETWORK}/messages/letter-from-practice.xml");
    let output = stafett(&["translate", NETWORK, &letter, "--format", "json"])?;
    exits(&output, 0)?;
    let value: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let made: serde_json::Value =
        serde_json::from_str(value["outputs"][0]["text"].as_str().ok_or("no output")?)?;
    if made["resourceType"] != "Bundle" || value["verdict"] != "accepted" {
        return Err(value.to_string().into());
    }
    // What the schema demands of a letter, its model demands too: a patient has a number.
    // The letter is in ISO-8859-1: each byte is a character.
    let bytes = std::fs::read(support::root().join(&letter))?;
    let letter: String = bytes.into_iter().map(char::from).collect();
    let (start, rest) = letter.split_once("<CivilRegistrationNumber>").ok_or("no number")?;
    let (_, end) = rest.split_once("</CivilRegistrationNumber>").ok_or("no number")?;
    let folder = tempfile::TempDir::new()?;
    let file = folder.path().join("letter.xml");
    let bytes: Vec<u8> = start.chars().chain(end.chars()).map(|c| c as u8).collect();
    std::fs::write(&file, bytes)?;
    let output = stafett(&["translate", NETWORK, &file.to_string_lossy()])?;
    exits(&output, 1)?;
    if !text(&output).contains("ClinicalEmail[0].Patient") {
        return Err(text(&output).into());
    }
    let notice = format!("{NETWORK}/messages/hospital-notification-to-practice.json");
    exits(&stafett(&["translate", NETWORK, &notice])?, 1)
}

/// The commands on a running engine, over its socket.
fn asked() -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    let mut engine = Process::start(&[], "warn")?;
    let folder = support::root().join(NETWORK).join("messages");
    engine.send(&folder.join("hospital-notification-to-practice.json"))?;
    let data = engine.folder.path().join(NETWORK).join("data");
    let path = data.to_string_lossy().into_owned();
    let mode = std::fs::metadata(data.join("socket"))?.permissions().mode() & 0o777;
    if mode != 0o600 {
        return Err(format!("the socket has mode {mode:o}").into());
    }
    let list = stafett(&["messages", "list", "--data", &path, "--format", "json"])?;
    exits(&list, 0)?;
    let rows: serde_json::Value = serde_json::from_slice(&list.stdout)?;
    if rows[0]["state"] != "refused" || rows.as_array().map(Vec::len) != Some(1) {
        return Err(rows.to_string().into());
    }
    let show = stafett(&["messages", "show", "0/1", "--data", &path])?;
    exits(&show, 0)?;
    if !text(&show).contains("route-not-supported") {
        return Err(text(&show).into());
    }
    exits(&stafett(&["messages", "show", "0/99", "--data", &path])?, 1)?;
    let by = ["--actor", "anna", "--reason", "a test"];
    let retry = ["messages", "retry", "0/1/0", "--data", &path];
    exits(&stafett(&[&retry[..], &by[..]].concat())?, 1)?;
    // While it runs, nobody else opens its files.
    exits(&stafett(&["store", "verify", &path])?, 2)?;
    engine.stop()?;
    exits(&stafett(&["store", "verify", &path])?, 0)?;
    exits(&stafett(&["store", "rebuild", &path])?, 0)
}

/// The configuration is exchanged on request and at a signal; one with an error never is.
fn reloaded() -> Result<(), Failed> {
    let mut engine = Process::start(&[], "warn")?;
    let network = engine.folder.path().join(NETWORK);
    let data = network.join("data").to_string_lossy().into_owned();
    let ask = || stafett(&["reload", "--data", &data]);
    let directory = network.join("directory.csv");
    let whole = std::fs::read_to_string(&directory)?;

    std::fs::write(&directory, whole.replacen("gln", "gnl", 1))?;
    let refused = ask()?;
    exits(&refused, 1)?;
    let told = text(&refused);
    if !told.contains("directory.csv:1") || !told.contains("nothing was taken over") {
        return Err(told.into());
    }
    std::fs::write(&directory, &whole)?;
    let taken = ask()?;
    exits(&taken, 0)?;
    if !text(&taken).contains("is in force") {
        return Err(text(&taken).into());
    }
    engine.signal("HUP")?;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let page = format!("{}/metrics", engine.operations);
    loop {
        let page = curl(&[&page])?;
        let counted = |outcome: &str, count: u32| {
            page.contains(&format!("stafett_reloads_total{{outcome=\"{outcome}\"}} {count}"))
        };
        if counted("active", 2) && counted("refused", 1) {
            break;
        }
        if std::time::Instant::now() > until {
            return Err(format!("it was not reloaded at the signal:\n{page}").into());
        }
        std::thread::yield_now();
    }
    engine.stop()?;
    exits(&ask()?, 2)
}

/// One object a file, in the order of the files, valid or not.
fn validated() -> Result<(), Failed> {
    let package = "fixtures/packages/stafett.fhir.messages";
    let good = format!("{NETWORK}/messages/hospital-notification-admission.json");
    let bad = format!("{NETWORK}/messages/hospital-notification-invalid.json");
    let arguments =
        ["validate", &good, &bad, "--package", package, "--exchange", "--format", "json"];
    let output = stafett(&arguments)?;
    exits(&output, 1)?;
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let [first, second] = &lines[..] else { return Err(text(&output).into()) };
    let names = ["file", "valid", "version", "issues"];
    if names.iter().any(|name| first.get(name).is_none()) || first["valid"] != true {
        return Err(first.to_string().into());
    }
    let issues = second["issues"].as_array().ok_or("no issues")?;
    let error = issues.iter().find(|issue| issue["severity"] == "error").ok_or("no error")?;
    let has = ["code", "id", "expression", "line", "column", "profile", "text"];
    if second["valid"] != false || has.iter().any(|name| error.get(name).is_none()) {
        return Err(second.to_string().into());
    }
    exits(&stafett(&["validate", &good, "--package", package])?, 0)?;
    exits(&stafett(&["validate", "no-such-file"])?, 2)
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial("commands: the demo ends as expected, and says when it does not", demo),
        trial("commands: exit codes", codes),
        trial("commands: translate without an engine that runs", translated),
        support::trial("commands: on a running engine", Needs::Tool("curl"), asked),
        support::trial("commands: a running engine is reloaded", Needs::Tool("curl"), reloaded),
        trial("commands: validate, one object a file", validated),
    ]
}
