//! The receiver's word on its way back to the sender, and alarms on their way to people.

use super::receiver::{Got, Peer};
use super::system::{HOSPITAL, Setup, System, admission, bytes};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::sync::Arc;

fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("{what}: expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

/// The town answers for itself, and the hospital takes receipts at the same peer.
fn receiver_answers(within: &str) -> Setup {
    let mut setup = Setup::default();
    setup.endpoints.push_str(
        "[[endpoint]]\nname = 'back'\nparty = 'hospital'\nurl = 'http://127.0.0.1:7103/'\n\
         syntax = 'fhir-json'\n",
    );
    setup.routes.push_str(&format!("answers = 'receiver'\nreceipt_within = '{within}'\n"));
    setup
}

fn header(got: &Got) -> Result<Value, Failed> {
    let bundle: Value = serde_json::from_slice(&got.body)?;
    Ok(bundle["entry"][0]["resource"].clone())
}

fn said(got: &Got) -> Result<(Value, Value), Failed> {
    let header = header(got)?;
    let response = &header["response"];
    Ok((response["identifier"].clone(), response["code"].clone()))
}

/// A receipt inside the answer, a yes and a no, is handed on once, as a message that is valid.
fn inside_the_answer() -> Result<(), Failed> {
    // What the town says is made by an engine of its own, that sees the hospital as its sender.
    let town = System::start()?;
    let good = town.json(HOSPITAL, bytes(&admission(21)?))?.text();
    let mut wrong = admission(22)?;
    wrong["entry"][0]["resource"]["nonsense"] = "x".into();
    let bad = town.json(HOSPITAL, bytes(&wrong))?.text();
    drop(town);
    let script = move |body: &[u8]| {
        let text = String::from_utf8_lossy(body);
        match (text.contains("00000015-0000"), text.contains("\"response\"")) {
            (_, true) => (200, String::new()),
            (true, false) => (200, good.clone()),
            (false, false) => (200, bad.clone()),
        }
    };
    let system = System::with(&receiver_answers("30 min"), &[], Arc::new(script))?;
    for (number, code) in [(21, "ok"), (22, "fatal-error")] {
        let message = admission(number)?;
        let answer = system.json(HOSPITAL, bytes(&message))?;
        is("a transport answer", (answer.status, answer.receipt()), (202, None))?;
        system.peer.next()?;
        let receipt = system.peer.next()?;
        let id = format!("{number:08x}-0000-4000-8000-000000000002");
        is("handed on", said(&receipt)?, (id.into(), code.into()))?;
        let running = system.running.as_ref().ok_or("it does not run")?;
        let told = running.pipeline.engine().receipt_in(
            "application/fhir+json",
            &receipt.body.clone().into(),
            jiff::Timestamp::now(),
        );
        is("valid", told.map(|told| told.valid), Some(true))?;
        let why = String::from_utf8_lossy(&receipt.body).contains("[MSG_BAD_FORMAT] [");
        is("why", why, code == "fatal-error")?;
    }
    is("nothing more", system.peer.rest().len(), 0)
}

/// Silence ends as a final no that the sender hears, at its endpoint and when it asks again.
fn silence() -> Result<(), Failed> {
    let system = System::with(&receiver_answers("1 s"), &[], Arc::new(|_| (202, String::new())))?;
    let message = admission(23)?;
    is("a transport answer", system.json(HOSPITAL, bytes(&message))?.status, 202)?;
    system.peer.next()?;
    let receipt = system.peer.next()?;
    let id = "00000017-0000-4000-8000-000000000002";
    is("handed on", said(&receipt)?, (id.into(), "fatal-error".into()))?;
    let again = system.json(HOSPITAL, bytes(&message))?;
    is("asked again", again.receipt(), Some("fatal-error".to_owned()))
}

/// An alarm reaches the webhook and the command, by names and codes only.
fn alarms() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let hook = runtime.block_on(Peer::start(0, &[], Arc::new(|_| (200, String::new()))))?;
    let folder = tempfile::TempDir::new()?;
    let pipe = folder.path().join("pipe");
    if !std::process::Command::new("mkfifo").arg(&pipe).status()?.success() {
        return Err("no pipe".into());
    }
    let mut setup = Setup::default();
    setup.stafett.push_str(&format!(
        "[alarms]\nwebhook = '{}'\ncommand = ['sh', '-c', 'cat > {}']\n",
        hook.url,
        pipe.display()
    ));
    let system = System::with(&setup, &[], Arc::new(|_| (404, String::new())))?;
    system.json(HOSPITAL, bytes(&admission(24)?))?;
    let got = hook.next()?;
    is("its type", got.content_type.as_str(), "application/json")?;
    let (tell, told) = std::sync::mpsc::channel();
    // Opening a pipe waits for its other end.
    std::thread::spawn(move || tell.send(std::fs::read(pipe)));
    let by_command = told.recv_timeout(std::time::Duration::from_secs(20))??;
    is("the same", String::from_utf8_lossy(&by_command), String::from_utf8_lossy(&got.body))?;
    let alarm: Value = serde_json::from_slice(&got.body)?;
    let told = (alarm["kind"].clone(), alarm["route"].clone(), alarm["count"].clone());
    is("what", told, ("dead-letter".into(), "to-town".into(), 1.into()))?;
    is("which", alarm["event"].clone(), "hospital-notification-message".into())
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/medcom-messages"), run)
    };
    vec![
        trial(
            "G9: a receipt inside an answer is handed on to whoever sent the message",
            inside_the_answer,
        ),
        trial(
            "G13: where the receiver answers, its silence reaches the sender as a final no",
            silence,
        ),
        support::trial(
            "alarms: a dead letter reaches the webhook and the command",
            Needs::DataAndTool("data/medcom-messages", "mkfifo"),
            alarms,
        ),
    ]
}
