//! Several letters in one interchange or envelope: each has its verdict and its receipt, and all are one commit.

use super::system::{HOSPITAL, Setup, System};
use super::wire::{latin, system};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::Syntax;
use stafett::store::MessageFilter;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("path: several letters of an interchange", Needs::Nothing, interchange),
        trial("path: several letters of an envelope in OIOXML", Needs::Nothing, envelope),
    ]
}

const HEAD: &str =
    "UNA:+.? '\r\nUNB+UNOC:3+5790000209354:14+5790001348120:14+261125:1210+K1++++1'\r\n";

fn letter(id: &str, kind: &str) -> String {
    format!(
        "UNH+{id}+MEDDIS:D:93A:UN:D9134L+{kind}'\r\nBGM+EPI++9'\r\nS14+14'\r\nFTX+NC+P00++bl\u{e5}'\r\n\
         UNT+5+{id}'\r\n"
    )
}

fn interchange() -> Result<(), Failed> {
    let system = system()?;
    let post = |text: &str| system.post(HOSPITAL, Syntax::Edifact, latin(text));
    let body = [&letter("B1", "DIS91"), &letter("B2", "DIS20"), &*letter("B3", "DIS91")].concat();
    let whole = format!("{HEAD}{body}UNZ+3+K1'\r\n");
    for what in ["first", "again"] {
        let answer = post(&whole)?;
        let text = answer.text();
        let parts = [
            "UCM+B1+MEDDIS:D:93A:UN:D9134L+7'",
            "FTX+VER+P00++[route-unknown-event]",
            "UCM+B2+MEDDIS:D:93A:UN:D9134L+4'",
            "UCM+B3+MEDDIS:D:93A:UN:D9134L+7'",
            "UNZ+3+",
        ];
        let missing = parts.iter().find(|part| !text.contains(**part));
        if answer.status != 200 || missing.is_some() {
            return Err(format!("{what}: {} {text}, without {missing:?}", answer.status).into());
        }
    }
    // Each accepted one goes on alone, byte for byte, in an envelope of its own.
    let mut delivered = [system.peer.next()?, system.peer.next()?];
    delivered.sort_by_key(|got| got.key.clone());
    let mut envelopes = Vec::new();
    for (got, id) in delivered.iter().zip(["B1", "B3"]) {
        let text: String = got.body.iter().copied().map(char::from).collect();
        let own = text.contains(&letter(id, "DIS91")) && text.contains("UNZ+1+");
        let envelope = text.split_once("UNZ+1+").map(|(_, rest)| rest[..14].to_owned());
        let twice = envelope.as_ref().is_some_and(|one| text.matches(&**one).count() == 2);
        if !own || !twice || text.matches("UNH").count() != 1 {
            return Err(text.into());
        }
        envelopes.push(envelope);
    }
    let rows = system
        .running
        .as_ref()
        .ok_or("it does not run")?
        .pipeline
        .store()
        .messages(&MessageFilter::default())?;
    if envelopes[0] == envelopes[1] || rows.len() != 3 || !system.peer.rest().is_empty() {
        return Err(format!("{envelopes:?}, {} rows", rows.len()).into());
    }
    let two = |one: &str, other: &str, id: &str| {
        let body = [letter(one, "DIS91"), letter(other, "DIS91")].concat();
        format!("{HEAD}{body}UNZ+2+K1'\r\n").replace("K1", id)
    };
    let known = "UCM+B1+MEDDIS:D:93A:UN:D9134L+7'";
    let new = "UCM+B4+MEDDIS:D:93A:UN:D9134L+4'";
    for (what, text, status, parts) in [
        // one that is known, and one that is new under a known envelope's id
        (
            "an earlier envelope",
            two("B1", "B4", "K1"),
            200,
            vec![known, new, "+CTL02'", "envelope-seen"],
        ),
        ("known beside new", two("B3", "B5", "K5"), 200, vec!["UCM+B3", "UCM+B5", "UNZ+2"]),
        ("an id twice", two("B6", "B6", "K6"), 422, vec!["message-id-twice", "CTL02", "UCM+B6"]),
        (
            "a wrong count",
            two("B7", "B8", "K7").replace("UNZ+2", "UNZ+3"),
            400,
            vec!["edifact-count"],
        ),
        (
            "one is cut",
            two("B7", "B8", "K7").replace("UNT+5+B8'", ""),
            400,
            vec!["edifact-unclosed"],
        ),
    ] {
        let answer = post(&text)?;
        let said = answer.text();
        let missing = parts.iter().find(|part| !said.contains(**part));
        if answer.status != status || missing.is_some() {
            return Err(format!("{what}: {} {said}, without {missing:?}", answer.status).into());
        }
    }
    Ok(())
}

fn envelope() -> Result<(), Failed> {
    let mut setup = Setup::default();
    let cut = setup.stafett.find("[definitions]").ok_or("no definitions")?;
    setup.stafett.truncate(cut);
    let mappings = support::root().join("mappings");
    setup.stafett += &format!("[mappings]\nfolders = [{mappings:?}]\n");
    setup.endpoints = setup.endpoints.replace("fhir-json", "xml");
    setup.routes = setup
        .routes
        .replace("['hospital-notification-message', 'care-communication-message']", "'XDIS91'");
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let case = mappings.join("xdis91-to-carecommunication/tests/a-plain-letter/in.xml");
    let text: String = std::fs::read(case)?.into_iter().map(char::from).collect();
    let sender = text.split("<EANIdentifier>").nth(1).ok_or("no sender")?[..13].to_owned();
    let receiver = text.split("<EANIdentifier>").nth(2).ok_or("no receiver")?[..13].to_owned();
    let text = text.replace(&sender, "5790000209354").replace(&receiver, "5790001348120");
    let start = text.find("<ClinicalEmail").ok_or("no letter")?;
    let end = text.rfind("</Emessage>").ok_or("no end")?;
    let one = &text[start..end];
    let id =
        one.split("<Identifier>").nth(1).and_then(|rest| rest.split('<').next()).ok_or("no id")?;
    let other = one.replace(id, "Other1");
    let whole = format!("{}{one}{other}{}", &text[..start], &text[end..]);
    let answer = system.post(HOSPITAL, Syntax::Xml, latin(&whole))?;
    if answer.status != 202 {
        return Err(format!("{} {}", answer.status, answer.text()).into());
    }
    let mut delivered = [system.peer.next()?, system.peer.next()?];
    delivered.sort_by_key(|got| !String::from_utf8_lossy(&got.body).contains(id));
    for (got, id) in delivered.iter().zip([id, "Other1"]) {
        let text = String::from_utf8_lossy(&got.body);
        if !text.contains(id) || text.matches("<ClinicalEmail").count() != 1 {
            return Err(text.into_owned().into());
        }
    }
    Ok(())
}
