//! `stafett translate FILE`: the message recognised, its map found, and what there is to say.

use super::tools::examples;
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let nothing = |name, run: fn() -> Result<(), Failed>| trial(name, Needs::Nothing, run);
    vec![
        nothing("maptools: translate finds the map of a message", found),
        nothing("maptools: translate names the maps where there are several", several),
        nothing("maptools: translate goes over two maps where none leads there", chained),
        nothing("maptools: translate takes each letter of an interchange", letters),
        nothing("maptools: translate refuses what is broken, at its place", broken),
    ]
}

const ADMISSION: &str = "wire/admission-to-message/tests/an-admission/in.hl7";
const LETTER: &str = "wire/letter-to-message/tests/a-letter/in.edi";
const BUNDLE: &str = "wire/message-to-letter/tests/a-letter/in.json";

fn translate(at: &Path, arguments: &[&str], code: i32) -> Result<(String, String), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    command.current_dir(at).arg("translate").args(arguments);
    let output = command.args(["--mappings", "wire"]).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    match output.status.code() == Some(code) {
        true => Ok((out, err)),
        false => Err(format!("{arguments:?}: {:?}\n{out}{err}", output.status.code()).into()),
    }
}

fn found() -> Result<(), Failed> {
    let folder = examples()?;
    for (file, kind, event, version, map) in [
        (ADMISSION, "ADT_A01", "ADT^A01", "2.5.1", "http://example.org/maps/admission-to-message"),
        (LETTER, "DIS91", "DIS91", "D9134L", "http://example.org/maps/edifact-letter-to-message"),
    ] {
        let (out, _) = translate(folder.path(), &[file, "--format", "json"], 0)?;
        let value: Value = serde_json::from_str(&out)?;
        let said = &value["recognised"];
        let all = [&said["type"], &said["event"], &said["version"], &value["map"]];
        if all.map(Value::as_str) != [kind, event, version, map].map(Some) {
            return Err(out.into());
        }
        let sums = ["read", "declared", "dropped"].map(|one| value["losses"][one].as_u64());
        if value["refused"] != false || sums.contains(&None) || value["output"].is_null() {
            return Err(out.into());
        }
    }
    Ok(())
}

/// No map leads from an admission to a letter: two do, and each says what it loses.
fn chained() -> Result<(), Failed> {
    let folder = examples()?;
    let asked = [ADMISSION, "--to", "edifact", "--format", "json"];
    let (out, _) = translate(folder.path(), &asked, 0)?;
    let value: Value = serde_json::from_str(&out)?;
    let maps = [&value["map"], &value["then"][0]["map"]].map(Value::as_str);
    let url = "http://example.org/maps/";
    let wanted = ["admission-to-message", "message-to-edifact-letter"].map(|m| format!("{url}{m}"));
    let sums = [&value, &value["then"][0]].map(|one| one["losses"]["dropped"].as_u64());
    let all = value["allLosses"]["dropped"].as_u64();
    let letter = value["output"].as_str().is_some_and(|text| text.starts_with("UNA:+.? '"));
    let of_all = sums[0].zip(sums[1]).map(|(one, two)| one + two);
    match letter && maps == wanted.each_ref().map(|m| Some(&**m)) && all.is_some() && all == of_all
    {
        true => Ok(()),
        false => Err(out.into()),
    }
}

fn several() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let (_, err) = translate(at, &[BUNDLE], 2)?;
    if !err.contains("several maps read it: message-to-admission, message-to-letter") {
        return Err(err.into());
    }
    for (arguments, start) in [
        (["--to", "edifact"], "UNA:+.? '"),
        (["--to", "letter"], "UNA:+.? '"),
        (["--to", "hl7v2"], "MSH|"),
        (["--map", "message-to-admission"], "MSH|"),
        (["--map", "http://example.org/maps/message-to-edifact-letter"], "UNA:+.? '"),
    ] {
        let (out, _) = translate(at, &[BUNDLE, arguments[0], arguments[1]], 0)?;
        if !out.starts_with(start) {
            return Err(format!("{arguments:?}: {out}").into());
        }
    }
    let (_, err) = translate(at, &[BUNDLE, "--to", "fhir"], 2)?;
    let none = err.contains("and no two of them, lead to `fhir`; there are message-to-admission");
    let (_, other) = translate(at, &["letter-to-message.md", "--map", "no-such-map"], 2)?;
    if none && !other.is_empty() { Ok(()) } else { Err(format!("{err}{other}").into()) }
}

fn letters() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let text: String = std::fs::read(at.join(LETTER))?.into_iter().map(char::from).collect();
    let second = "UNH+B2+MEDDIS:D:93A:UN:D9134L+DIS91'BGM+EPI'S07+07'PNA+PAT+010'UNT+5+B2'UNZ+2";
    std::fs::write(at.join("two.edi"), text.replace("UNZ+1", second).into_bytes())?;
    translate(at, &["two.edi", "--out", "made.json"], 0)?;
    for (file, id) in [("made-1.json", "B1"), ("made-2.json", "B2")] {
        let value: Value = serde_json::from_slice(&std::fs::read(at.join(file))?)?;
        if value["identifier"]["value"] != id {
            return Err(format!("{file}: {value}").into());
        }
    }
    let (out, _) = translate(at, &["two.edi#2", "--format", "json"], 0)?;
    if out.lines().count() == 1 && out.contains("B2") { Ok(()) } else { Err(out.into()) }
}

fn broken() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let text: String = std::fs::read(at.join(LETTER))?.into_iter().map(char::from).collect();
    let write = |text: String| std::fs::write(at.join("x.edi"), text.into_bytes());
    for (from, to, id, line) in [
        ("UNT+8", "UNT+9", "edifact-count", 10),
        ("UNZ+1+K1'", "", "edifact-unclosed", 2),
        ("UNOC", "UNOD", "charset-unsupported", 0),
    ] {
        write(text.replace(from, to))?;
        let (out, _) = translate(at, &["x.edi", "--format", "json"], 1)?;
        let value: Value = serde_json::from_str(&out)?;
        let issue = &value["issues"][0];
        let at = |issue: &Value| issue["position"][0].as_u64().unwrap_or(0);
        if issue["id"] != id || at(issue) != line || value["refused"] != true {
            return Err(out.into());
        }
    }
    write(text.replace("DIS91'", "DIS20'"))?;
    let (_, err) = translate(at, &["x.edi"], 2)?;
    if err.contains("no map reads it") { Ok(()) } else { Err(err.into()) }
}
