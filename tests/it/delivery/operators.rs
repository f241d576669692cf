//! What an operator does, over the engine's socket and in the audit: each with who and why.

use super::stage::{Seen, Stage, answer};
use crate::path::process::{NETWORK, Process, curl};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::message::{DeliveryId, Error};
use stafett::ops::operate::Deed;
use stafett::ops::socket::Control;
use stafett::store::{DeliveryState, Operator};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

const ANNA: Operator<'static> = Operator { actor: "anna", reason: Some("the ward called") };

fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("{what}: expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

fn deed(stage: &Stage, id: DeliveryId, deed: Deed) -> Result<DeliveryState, Error> {
    stage.within(|door| door.operate(id, deed, &ANNA))
}

/// Hold, release and skip act on a lane as they say, and leave who and why.
fn lanes() -> Result<(), Failed> {
    let script = |one: &Seen, _: &[Seen]| match one.message == "m1" {
        true => answer(500),
        false => answer(202),
    };
    let keys = "order = 'receipt'\nreceipt_within = '10 h'";
    let stage = Stage::new(&[("north", keys)], Arc::new(script))?;
    let lane = Some("h>north:1+receipt");
    let ids: Vec<DeliveryId> = ["m1", "m2", "m3"]
        .iter()
        .map(|id| stage.commit(id, "north", lane))
        .collect::<Result<_, _>>()?;
    stage.until(60);
    is("the lane waits", stage.times("m2"), Vec::new())?;
    is("skipped", deed(&stage, ids[0], Deed::Skip)?, DeliveryState::DeadLetter)?;
    stage.until(100);
    is("the lane goes on", stage.times("m2"), vec![60])?;
    is("and waits for the receipt", stage.times("m3"), Vec::new())?;
    is("held", deed(&stage, ids[2], Deed::Hold)?, DeliveryState::Held)?;
    // The receipt of the second never comes: whoever skips it says that it is not waited for.
    is("skipped", deed(&stage, ids[1], Deed::Skip)?, DeliveryState::Overdue)?;
    stage.until(200);
    is("it is held all the same", stage.times("m3"), Vec::new())?;
    is("released", deed(&stage, ids[2], Deed::Release)?, DeliveryState::Waiting)?;
    stage.until(300);
    is("and goes", stage.times("m3"), vec![200])?;
    if deed(&stage, ids[2], Deed::Release).is_ok() || deed(&stage, ids[2], Deed::Hold).is_ok() {
        return Err("what its state does not allow was done".into());
    }
    is("tried again", deed(&stage, ids[0], Deed::Retry)?, DeliveryState::Waiting)?;
    stage.until(301);
    is("at once, outside the order", stage.times("m1").last().copied(), Some(300))?;
    let detail = stage.store.message(ids[2].unit)?.ok_or("no message")?;
    let by: Vec<_> = detail
        .audit
        .iter()
        .filter(|row| row.actor == "anna")
        .map(|row| (row.action.as_str(), row.outcome.as_deref()))
        .collect();
    let why = Some("the ward called");
    is("audit", by, vec![("held", why), ("released", why)])
}

/// An operator's resend: a new envelope, flagged, and not outside what its state allows.
fn resend() -> Result<(), Failed> {
    let keys = "receipt_within = '10 h'";
    let stage = Stage::new(&[("north", keys)], Arc::new(|_, _| answer(202)))?;
    let id = stage.commit("m1", "north", Some("h>north:1"))?;
    stage.until(60);
    is("resent", deed(&stage, id, Deed::Resend)?, DeliveryState::Waiting)?;
    stage.until(61);
    let seen = stage.seen();
    let flags: Vec<_> = seen.iter().map(|one| (one.at, one.flagged)).collect();
    is("sent", flags, vec![(0, false), (60, true)])?;
    let own = |one: &Seen| -> Result<String, Failed> {
        let value: Value = serde_json::from_str(&one.body)?;
        Ok(value["id"].as_str().unwrap_or_default().to_owned())
    };
    is("another envelope", own(&seen[0])? == own(&seen[1])?, false)
}

struct Office {
    process: Process,
    data: PathBuf,
}

impl Office {
    fn open() -> Result<Office, Failed> {
        let process = Process::start(&[], "warn")?;
        let data = process.folder.path().join(NETWORK).join("data");
        Ok(Office { process, data })
    }

    /// A command of `stafett messages`; its exit code and what it printed.
    fn says(&self, arguments: &[&str]) -> Result<(i32, Value), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
        command.arg("messages").args(arguments).arg("--data").arg(&self.data);
        let output = command.args(["--format", "json"]).env_remove("USER").output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text + &error));
        Ok((output.status.code().unwrap_or(-1), value))
    }

    /// One with who and why.
    fn does(&self, arguments: &[&str]) -> Result<Value, Failed> {
        let by = ["--actor", "anna", "--reason", "a mended map"];
        match self.says(&[arguments, &by].concat())? {
            (0, value) => Ok(value),
            (code, value) => Err(format!("{arguments:?}: {code} {value}").into()),
        }
    }
}

/// Replay by party: a dry run counts; what comes out the same keeps its ids; what does not is a new generation.
fn replay() -> Result<(), Failed> {
    let office = Office::open()?;
    let messages = support::root().join(NETWORK).join("messages");
    for name in ["care-communication-to-koebenhavn.json", "care-communication-to-practice.json"] {
        office.process.send(&messages.join(name))?;
    }
    let party = ["replay", "--party", "amager-og-hvidovre-hospital"];
    let (code, said) = office.says(&[&party[..], &["--reason", "x"]].concat())?;
    is("nobody is not enough", (code, said.to_string().contains("actor")), (1, true))?;
    let (code, _) = office.says(&["replay", "--actor", "a", "--reason", "x"])?;
    is("everything is never meant", code, 1)?;
    let dry = office.does(&[&party[..], &["--dry-run"]].concat())?;
    let counts =
        |value: &Value| (value["count"].clone(), value["same"].clone(), value["sent"].clone());
    is("all the same", counts(&dry), (2.into(), 2.into(), false.into()))?;
    is("to whom", dry["receivers"]["koebenhavns-kommune"].clone(), 1.into())?;
    let (_, list) = office.says(&["list"])?;
    is("a dry run sends nothing", list.as_array().map(Vec::len), Some(2))?;

    // The map's default for one of the two routes changes, while the engine runs.
    let routes = office.process.folder.path().join(NETWORK).join("routes.toml");
    let text = std::fs::read_to_string(&routes)?;
    let changed = text.replacen("episodeStatus = \"inaktiv\"", "episodeStatus = \"aktiv\"", 1);
    std::fs::write(&routes, changed)?;
    let socket = office.data.join("socket");
    let socket = socket.to_string_lossy().into_owned();
    let said = curl(&["--unix-socket", &socket, "-X", "POST", "http://localhost/reload"])?;
    is(&said, said.contains("\"active\":true"), true)?;
    let done = office.does(&party)?;
    is("one differs", counts(&done), (2.into(), 1.into(), true.into()))?;
    let (_, list) = office.says(&["list"])?;
    let rows = list.as_array().cloned().unwrap_or_default();
    is("messages", rows.len(), 4)?;
    let show = |row: &Value| -> Result<Value, Failed> {
        let at = format!("{}/{}", row["position"]["partition"], row["position"]["sequence"]);
        Ok(office.says(&["show", &at])?.1)
    };
    let mut generations = 0;
    for row in rows.iter().filter(|row| row["message"].to_string().contains(";generation=")) {
        let (again, id) = (show(row)?, row["message"].as_str().unwrap_or_default());
        let first =
            rows.iter().find(|one| one["message"] == id.split(';').next().unwrap_or_default());
        let first = show(first.ok_or("no first one")?)?;
        let same = row["receiver"] != first["receiver"]
            || again["outputs"][0]["message"] == first["outputs"][0]["message"];
        let told = again["audit"][0].clone();
        let action = if same { "replayed-same" } else { "replayed" };
        is("told", told["action"].clone(), action.into())?;
        is(
            "by whom",
            (told["actor"].clone(), told["outcome"].clone()),
            ("anna".into(), "a mended map".into()),
        )?;
        let delivery = &again["deliveries"][0];
        is("flagged only if the same", delivery["possible_duplicate"].clone(), same.into())?;
        let noted = first["audit"].to_string().contains(&format!("\"action\":\"{action}\""));
        is("the first one's story goes on", noted, true)?;
        generations += 1;
    }
    is("generations", generations, 2)?;
    let (_, second) = office.says(&["list", "--message", "no-such"])?;
    is("and the verdicts are untouched", second.as_array().map(Vec::len), Some(0))
}

/// Bytes in the place of others: valid, under ids of their own; else nothing is sent and it says why.
fn edit() -> Result<(), Failed> {
    let office = Office::open()?;
    let messages = support::root().join(NETWORK).join("messages");
    let file = messages.join("hospital-notification-admission.json");
    office.process.send(&file)?;
    let (_, list) = office.says(&["list"])?;
    let position = &list[0]["position"];
    let delivery = format!("{}/{}/0", position["partition"], position["sequence"]);
    let bad = office.process.folder.path().join("bad.xml");
    std::fs::write(&bad, "<Bundle xmlns='http://hl7.org/fhir'><type value='message'/></Bundle>")?;
    let by = ["--actor", "anna", "--reason", "a typing error"];
    let path = bad.to_string_lossy().into_owned();
    let (code, said) = office.says(&[&["edit", &delivery, "--file", &path], &by[..]].concat())?;
    is("not valid", (code, said.to_string().contains("output-")), (1, true))?;
    let (_, list) = office.says(&["list"])?;
    is("nothing was sent", list.as_array().map(Vec::len), Some(1))?;
    let (code, said) = office.says(&[&["hold", &delivery], &by[..]].concat())?;
    is("held", (code, said["state"].clone()), (0, "held".into()))?;
    let (code, said) = office.says(&[&["skip", &delivery], &by[..]].concat())?;
    is("skipped", (code, said["state"].clone()), (0, "dead-letter".into()))?;
    let (code, said) = office.says(&["retry", &delivery, "--actor", "anna", "--reason", " "])?;
    is("no reason", (code, said.to_string().contains("reason")), (1, true))
}

/// Every command of `stafett messages` and every key of `[alarms]` and schedules is on the page.
fn page() -> Result<(), Failed> {
    let page = std::fs::read_to_string(support::root().join("docs/operations.md"))?;
    let output =
        Command::new(env!("CARGO_BIN_EXE_stafett")).args(["messages", "--help"]).output()?;
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let named =
        commands.map_while(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let names: Vec<&str> = named.filter_map(|line| line.split(' ').next()).collect();
    is("commands", names.len() > 8, true)?;
    for name in names.iter().filter(|name| **name != "help") {
        is(name, page.contains(&format!("`stafett messages {name}")), true)?;
    }
    for word in ["medcom", "edi-2.0", "ebxml", "mllp", "plain"] {
        is(word, page.contains(&format!("`{word}`")), true)?;
    }
    Ok(())
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    let curl =
        |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Tool("curl"), run);
    vec![
        trial("G16: the page of operations has every command", page),
        trial("G16: hold, release, skip and retry do as they say, with who and why", lanes),
        trial("G16: an operator's resend has an envelope of its own and is flagged", resend),
        curl(
            "G16: a replay's dry run counts, the same bytes keep their ids, others are a new generation",
            replay,
        ),
        curl("G16: bytes in the place of others are valid or nothing is sent", edit),
    ]
}
