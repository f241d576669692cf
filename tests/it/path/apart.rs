//! `$process-message` with `async=true`: the receipt is a message of its own, committed with its verdict.

use super::receiver::Got;
use super::system::{HOSPITAL, Setup, System, admission, bytes};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::sync::Arc;

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/packages"), run)
    };
    vec![
        trial("apart: the receipt comes as a message of its own, after 202", followed),
        trial("apart: without an endpoint for it the receipt is in the answer", nowhere),
    ]
}

/// A hospital that is reached at the same peer as the town.
fn setup(at: &str) -> Setup {
    let mut setup = Setup::default();
    setup.endpoints += &format!(
        "[[endpoint]]\nname = 'back'\nparty = '{at}'\nurl = 'http://127.0.0.1:7103/'\n\
         syntax = 'fhir-json'\n"
    );
    setup
}

fn header(got: &Got) -> Result<Value, Failed> {
    let bundle: Value = serde_json::from_slice(&got.body)?;
    Ok(bundle["entry"][0]["resource"].clone())
}

fn followed() -> Result<(), Failed> {
    let mut system = System::with(&setup("hospital"), &[], Arc::new(|_| (200, String::new())))?;
    let answer = system.apart(HOSPITAL, bytes(&admission(1)?))?;
    if answer.status != 202 || answer.receipt().is_some() || !answer.text().contains("follows") {
        return Err(format!("{answer:?}").into());
    }
    // The message and its receipt, in whichever order.
    let came = [system.peer.next()?, system.peer.next()?];
    let headers = [header(&came[0])?, header(&came[1])?];
    let at = usize::from(!headers[0]["response"].is_object());
    let id = "00000001-0000-4000-8000-000000000002";
    if headers[at]["response"]["identifier"] != id || headers[at]["response"]["code"] != "ok" {
        return Err(format!("no receipt for it: {}", headers[at]).into());
    }
    if came[at].key != headers[at]["id"].as_str().unwrap_or_default() || came[1 - at].key != id {
        return Err("the keys of the deliveries are not the messages' ids".into());
    }
    // What is refused is taken all the same, and its receipt says so.
    let mut wrong = admission(2)?;
    wrong["entry"][0]["resource"]["nonsense"] = "x".into();
    let answer = system.apart(HOSPITAL, bytes(&wrong))?;
    let receipt = header(&system.peer.next()?)?;
    if answer.status != 202 || receipt["response"]["code"] != "fatal-error" {
        return Err(format!("{answer:?} {receipt}").into());
    }
    // A repeat hears the verdict the same way, in a receipt with an id of its own; nothing is delivered again.
    let again = system.apart(HOSPITAL, bytes(&admission(1)?))?;
    let receipt = header(&system.peer.next()?)?;
    let told = (&receipt["response"]["code"], &receipt["response"]["identifier"]);
    if again.status != 202 || told != (&"ok".into(), &id.into()) {
        return Err(format!("{again:?} {receipt}").into());
    }
    if receipt["id"] == headers[at]["id"] {
        return Err("the receipt came again under its old id".into());
    }
    system.stop();
    match system.peer.rest().len() {
        0 => Ok(()),
        more => Err(format!("{more} deliveries too many").into()),
    }
}

fn nowhere() -> Result<(), Failed> {
    let system = System::with(&setup("town"), &[], Arc::new(|_| (200, String::new())))?;
    let answer = system.apart(HOSPITAL, bytes(&admission(1)?))?;
    if (answer.status, answer.receipt().as_deref()) != (200, Some("ok")) {
        return Err(format!("{answer:?}").into());
    }
    system.peer.next()?;
    match system.peer.rest().len() {
        0 => Ok(()),
        more => Err(format!("{more} deliveries too many").into()),
    }
}
