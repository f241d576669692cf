//! The tools from outside: exit codes, JSON, JUnit, what is written where.

use crate::path::process::copy;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let nothing = |name, run: fn() -> Result<(), Failed>| trial(name, Needs::Nothing, run);
    vec![
        nothing("maptools: exit codes", codes),
        nothing("maptools: check gives one object a finding, with its span", checked),
        nothing("maptools: a faulty import is told where only its user is asked for", import),
        nothing("maptools: a case that differs says which rule wrote it, in JSON too", differs),
        trial(
            "maptools: the JUnit report is XML with the right counts",
            Needs::Tool("xmllint"),
            junit,
        ),
        nothing("maptools: coverage counts each value and each rule once", coverage),
        trial("maptools: the coverage page is whole and alone", Needs::Tool("xmllint"), page),
        nothing("maptools: explain gives the bytes that a value came from", explained),
        nothing("maptools: fmt keeps what a map means and every comment", fmt),
        nothing("maptools: a round trip says what is lost, and where", roundtrip),
        nothing("maptools: run writes what was made, and says the rest", run),
    ]
}

/// A copy of the examples.
pub fn examples() -> Result<TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    copy(&support::root().join("docs/examples"), folder.path())?;
    Ok(folder)
}

/// Runs the tool in a folder.
pub fn stafett(folder: &Path, arguments: &[&str]) -> Result<Output, Failed> {
    let binary = env!("CARGO_BIN_EXE_stafett");
    Ok(Command::new(binary).current_dir(folder).arg("map").args(arguments).output()?)
}

/// What it printed, if it ended so.
pub fn printed(folder: &Path, arguments: &[&str], code: i32) -> Result<String, Failed> {
    let output = stafett(folder, arguments)?;
    let (out, err) = (&output.stdout, &output.stderr);
    let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    match output.status.code() == Some(code) {
        true => Ok(out.into_owned()),
        false => Err(format!("{arguments:?}: {:?}\n{out}{err}", output.status.code()).into()),
    }
}

pub const MAP: &str = "mappings/letter-to-message/letter-to-message.fml";
pub const LETTER: &str = "mappings/letter-to-message/tests/a-plain-letter/in.xml";
const UNKNOWN: &str = "mappings/letter-to-message/tests/a-status-nobody-knows/in.xml";

fn codes() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    for (arguments, code) in [
        (&["check", "mappings"][..], 0),
        (&["check", MAP], 0),
        (&["check", "wrong", "--with", "mappings"], 1),
        (&["check", "no-such-folder"], 2),
        (&["check", "mappings/letter-to-message/tests/a-plain-letter/case.toml"], 2),
        (&["test", "mappings"], 0),
        (&["test", "wrong"], 2),
        (&["test", "mappings", "--only", "no-such-case"], 2),
        (&["run", MAP, LETTER], 0),
        (&["run", "mappings/letter-to-message", LETTER], 0),
        (&["run", MAP, UNKNOWN], 1),
        (&["run", "wrong/wrong.fml", LETTER], 2),
        (&["run", MAP, "no-such-file"], 2),
        (&["run", MAP, MAP], 2),
        (&["coverage", MAP, LETTER], 0),
        (&["coverage", MAP, LETTER, "--threshold", "80"], 0),
        (&["coverage", MAP, LETTER, "--threshold", "90"], 1),
        (&["coverage", MAP, LETTER, "--threshold", "101"], 2),
        (&["coverage", LETTER], 2),
        (&["coverage", "wrong", LETTER, "--with", "mappings"], 2),
        (&["coverage", "mappings/message-to-letter", LETTER], 2),
        (&["explain", MAP, LETTER, "--at", "Bundle.timestamp"], 0),
        (&["explain", MAP, LETTER, "--at", "Bundle.signature"], 1),
        (&["explain", MAP, LETTER, "--at", "Patient.name"], 2),
        (&["explain", MAP, LETTER, "--at", "Bundle..id"], 2),
        (&["fmt", "--check", "mappings"], 0),
        (&["fmt", "no-such-file"], 2),
        (&["roundtrip", MAP, "mappings/message-to-letter", UNKNOWN], 1),
        (&["roundtrip", MAP, "no-such-map", LETTER], 2),
    ] {
        printed(at, arguments, code)?;
    }
    Ok(())
}

fn lines(text: &str) -> Result<Vec<Value>, Failed> {
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn checked() -> Result<(), Failed> {
    let folder = examples()?;
    let text =
        printed(folder.path(), &["check", "wrong", "--with", "mappings", "--format", "json"], 1)?;
    let found = lines(&text)?;
    let source = std::fs::read_to_string(folder.path().join("wrong/wrong.fml"))?;
    for one in &found {
        let number = |name: &str| one[name].as_u64().unwrap_or(0) as usize;
        let line = source.lines().nth(number("line") - 1).ok_or("no such line")?;
        let word = &line[number("column") - 1..number("endColumn") - 1];
        if !one["text"].as_str().is_some_and(|text| text.contains(&format!("`{word}`"))) {
            return Err(format!("{word}: {one}").into());
        }
    }
    let first = found.first().ok_or("no finding")?;
    let told = first["severity"] == "error" && first["id"] == "map-unknown-element";
    match told && first["help"].is_string() && first["file"] == "wrong/wrong.fml" {
        true => Ok(()),
        false => Err(text.into()),
    }
}

fn import() -> Result<(), Failed> {
    let folder = examples()?;
    let maps = folder.path().join("mappings/both");
    std::fs::create_dir(&maps)?;
    let head = "uses \"http://example.org/models/Letter\" alias Letter as source\n\
                uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias Bundle as target\n";
    std::fs::write(
        maps.join("user.fml"),
        format!(
            "map \"urn:user\" = \"user\"\n{head}imports \"urn:shared\"\n\
             group u(source s : Letter, target t : Bundle) {{ s -> t then shared(s, t); }}\n"
        ),
    )?;
    std::fs::write(
        maps.join("shared.fml"),
        format!(
            "map \"urn:shared\" = \"shared\"\n{head}\
             group shared(source s : Letter, target t : Bundle) {{ s.stauts -> t.type = 'x'; }}\n"
        ),
    )?;
    let text = printed(folder.path(), &["check", "mappings/both/user.fml"], 1)?;
    match text.contains("shared.fml:4:") && text.contains("map-unknown-element") {
        true => Ok(()),
        false => Err(text.into()),
    }
}

/// The examples with one expectation changed.
fn changed() -> Result<TempDir, Failed> {
    let folder = examples()?;
    let file = folder.path().join("mappings/letter-to-message/tests/a-plain-letter/out.json");
    let text = std::fs::read_to_string(&file)?;
    let other = text.replace("\"Berggren\"", "\"Bergman\"");
    if text == other {
        return Err("there was nothing to change".into());
    }
    std::fs::write(file, other)?;
    Ok(folder)
}

fn differs() -> Result<(), Failed> {
    let folder = changed()?;
    let text = printed(folder.path(), &["test", "mappings", "--format", "json"], 1)?;
    let cases = lines(&text)?;
    let case = cases.iter().find(|case| case["passed"] == false).ok_or("all pass")?;
    let one = &case["differences"][0];
    let rule = std::fs::read_to_string(folder.path().join(MAP))?
        .lines()
        .position(|line| line.contains("name.family = family"))
        .ok_or("no rule")?;
    let place = format!("{MAP}:{}", rule + 1);
    let told = one["expected"] == "Bergman" && one["made"] == "Berggren" && one["rule"] == place;
    if !told || case["losses"]["dropped"] != 2 {
        return Err(case.to_string().into());
    }
    // Blessed, it passes, and the file is as it was.
    printed(folder.path(), &["test", "mappings", "--bless"], 0)?;
    printed(folder.path(), &["test", "mappings"], 0)?;
    let out = "mappings/letter-to-message/tests/a-plain-letter/out.json";
    let blessed = std::fs::read_to_string(folder.path().join(out))?;
    let original = std::fs::read_to_string(support::root().join("docs/examples").join(out))?;
    match blessed == original {
        true => Ok(()),
        false => Err("a blessed file differs from what was blessed before".into()),
    }
}

fn junit() -> Result<(), Failed> {
    let folder = changed()?;
    let broken = folder.path().join("mappings/letter-to-message/tests/a-status-nobody-knows");
    std::fs::write(broken.join("in.xml"), "<Letter")?;
    printed(folder.path(), &["test", "mappings", "--junit", "report.xml"], 1)?;
    let file = folder.path().join("report.xml");
    let count = |path: &str| -> Result<String, Failed> {
        let output = Command::new("xmllint").args(["--xpath", path]).arg(&file).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    for (said, counted) in [
        ("string(/testsuites/@tests)", "count(//testcase)"),
        ("string(/testsuites/testsuite/@failures)", "count(//testcase/failure)"),
        ("string(/testsuites/@errors)", "count(//testcase/error)"),
    ] {
        let (said_count, count) = (count(said)?, count(counted)?);
        if said_count != count || count == "0" {
            return Err(format!("{said} is {said_count}, {counted} {count}").into());
        }
    }
    match count("string(//failure)")?.contains("Bergman") {
        true => Ok(()),
        false => Err(std::fs::read_to_string(&file)?.into()),
    }
}

fn run() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let case = at.join("mappings/letter-to-message/tests/a-plain-letter/out.json");
    let made = printed(at, &["run", MAP, LETTER], 0)?;
    if made != std::fs::read_to_string(&case)? {
        return Err(made.into());
    }
    if !printed(at, &["run", MAP, LETTER, "--out", "made.json"], 0)?.is_empty() {
        return Err("it goes to the file alone".into());
    }
    if std::fs::read_to_string(at.join("made.json"))? != made {
        return Err("the file is not what was made".into());
    }
    printed(at, &["run", MAP, UNKNOWN, "--out", "refused.json"], 1)?;
    if at.join("refused.json").exists() {
        return Err("a refused message leaves no file".into());
    }
    let json = printed(at, &["run", MAP, UNKNOWN, "--format", "json"], 1)?;
    let json: Value = serde_json::from_str(&json)?;
    let losses = &json["losses"];
    let told = json["refused"] == true
        && json["output"].is_null()
        && json["issues"][0]["id"] == "map-no-translation"
        && losses["dropped"] == 1
        && losses["elements"][0]["path"] == "Letter.id";
    match told && losses["elements"][0]["line"] == 2 {
        true => Ok(()),
        false => Err(json.to_string().into()),
    }
}

fn fmt() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let file = at.join(MAP);
    let tidy = std::fs::read_to_string(&file)?;
    let untidy = tidy.replace("  letter -> bundle.type", "// why\n letter  ->  bundle.type");
    std::fs::write(&file, &untidy)?;
    let said = printed(at, &["fmt", "--check", "mappings"], 1)?;
    if !said.contains(&format!("{MAP}:16: ")) || std::fs::read_to_string(&file)? != untidy {
        return Err(said.into());
    }
    printed(at, &["fmt", "--write", "mappings"], 0)?;
    let written = std::fs::read_to_string(&file)?;
    if written.replace("  // why\n", "") != tidy || printed(at, &["fmt", MAP], 0)? != written {
        return Err(written.into());
    }
    std::fs::write(&file, "group g(")?;
    printed(at, &["fmt", "--write", "mappings"], 2)?;
    match std::fs::read_to_string(&file)? == "group g(" {
        true => Ok(()),
        false => Err("a file with a fault was written".into()),
    }
}

fn roundtrip() -> Result<(), Failed> {
    let folder = examples()?;
    let back = "mappings/message-to-letter";
    let arguments = ["roundtrip", MAP, back, LETTER, "--format", "json"];
    let json: Value = serde_json::from_str(&printed(folder.path(), &arguments, 1)?)?;
    let changes = json["changes"].as_array().ok_or("no changes")?;
    let found = |path: &str| {
        let one = changes.iter().find(|one| one["path"] == path);
        one.map(|one| (one["kind"].clone(), one["there"].clone(), one["line"].clone()))
    };
    for (path, kind, there, line) in [
        ("Letter.id", "lost", "dropped", 2),
        ("Letter.sent", "changed", "read", 4),
        ("Letter.printed", "lost", "declared", 15),
    ] {
        if found(path) != Some((kind.into(), there.into(), line.into())) {
            return Err(format!("{path}: {json}").into());
        }
    }
    match changes.iter().any(|one| one["path"] == "Letter.text[0]") {
        true => Err("a text comes back".into()),
        false => Ok(()),
    }
}

fn explained() -> Result<(), Failed> {
    let folder = examples()?;
    let letter = std::fs::read_to_string(folder.path().join(LETTER))?;
    // Another place on the line, behind a letter of two bytes: columns are characters.
    let moved =
        letter.replace("<family>", "<!-- \u{f8} --><family>").replace("    <given>", "<given>");
    std::fs::write(folder.path().join(LETTER), &moved)?;
    let at = "Bundle.entry.resource.ofType(Patient).name";
    let text =
        printed(folder.path(), &["explain", MAP, LETTER, "--at", at, "--format", "json"], 0)?;
    let mut values = 0;
    for one in lines(&text)?.iter().filter(|one| one["value"].is_string()) {
        let from = &one["from"][0];
        let number = |name: &str| from[name].as_u64().unwrap_or(0) as usize;
        let line = moved.lines().nth(number("line") - 1).ok_or("no such line")?;
        let (start, end) = (number("column") - 1, number("endColumn") - 1);
        let word: String = line.chars().skip(start).take(end - start).collect();
        if one["value"] != *word {
            return Err(format!("{word}: {one}").into());
        }
        values += 1;
    }
    match values {
        3 => Ok(()),
        _ => Err(text.into()),
    }
}

fn coverage() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let one = |arguments: &[&str]| -> Result<Value, Failed> {
        Ok(serde_json::from_str(&printed(at, arguments, 0)?)?)
    };
    let json = one(&["coverage", MAP, LETTER, "--format", "json"])?;
    let element = |json: &Value, path: &str| {
        let all = json["elements"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| one["path"] == path).unwrap_or_default()
    };
    for (path, state, count) in [
        ("Letter.patient.given", "read", 2),
        ("Letter.priority", "tested", 1),
        ("Letter.printed", "declared", 1),
        ("Letter.id", "dropped", 1),
    ] {
        let found = element(&json, path);
        let values = ["read", "tested", "declared", "dropped"].map(|name| found[name].as_u64());
        if found[state] != count || values.iter().flatten().sum::<u64>() != count {
            return Err(format!("{path}: {found}").into());
        }
    }
    let totals = &json["totals"];
    if totals["values"] != 12 || totals["rules"] != 12 || totals["fired"] != 10 {
        return Err(totals.to_string().into());
    }
    // Twice the messages: twice the values, the same rules. A refused one adds no value.
    let json = one(&["coverage", MAP, LETTER, LETTER, UNKNOWN, "--format", "json"])?;
    let twice = &json["totals"];
    match twice["values"] == 24 && twice["rules"] == 12 && json["messages"][2]["refused"] == true {
        true => Ok(()),
        false => Err(json.to_string().into()),
    }
}

/// Well-formed as HTML reads it, loads nothing, shows the map whole and, unless told not to, the message.
fn page() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let letter = std::fs::read_to_string(at.join(LETTER))?;
    let hostile = letter.replace("Nancy", "&lt;script&gt;'\"&amp;");
    std::fs::write(at.join(LETTER), hostile)?;
    printed(at, &["coverage", "mappings", "--html", "page.html"], 0)?;
    printed(at, &["coverage", MAP, LETTER, "--without-messages", "--html", "bare.html"], 0)?;
    let page = std::fs::read_to_string(at.join("page.html"))?;
    let bare = std::fs::read_to_string(at.join("bare.html"))?;
    let loads = ["src=", "<link", "@import", "url(", "http-equiv=\"refresh"];
    if let Some(what) = loads.iter().find(|what| page.contains(**what)) {
        return Err(format!("the page loads something: {what}").into());
    }
    if page.matches("<script").count() != 1 || !page.contains("&amp;lt;script&amp;gt;") {
        return Err("what a message says becomes a script".into());
    }
    if !page.contains("Berggren") || bare.contains("Berggren") {
        return Err("the message is shown where it should not, or not where it should".into());
    }
    let html = ["--html", "--noout"];
    let output = Command::new("xmllint").args(html).arg(at.join("page.html")).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // libxml2 knows the elements of HTML 4 only.
    let faults = said.lines().filter(|line| line.contains("error") && !line.contains("invalid"));
    let faults: Vec<_> = faults.collect();
    let lines = std::fs::read_to_string(at.join(MAP))?.lines().count();
    let shown = (1..=lines).filter(|line| page.contains(&format!("id=\"m0L{line}\""))).count();
    match faults.is_empty() && shown == lines {
        true => Ok(()),
        false => Err(format!("{shown} of {lines} lines; {faults:?}").into()),
    }
}
