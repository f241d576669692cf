//! A receipt on its way back through a map: it quotes the message as whoever sent it knows it.

use super::system::{HOSPITAL, Setup, System, TOWN};
use super::wire::latin;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::Syntax;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial(
        "path: a translated receipt quotes what was sent",
        Needs::Data("data/packages"),
        quotes,
    )]
}

fn quotes() -> Result<(), Failed> {
    let mut setup = Setup::default();
    let mappings = support::root().join("mappings");
    let endpoint = setup.endpoints.replace("fhir-json", "xml");
    setup.endpoints = endpoint.clone() + &endpoint.replace("'town'", "'hospital'");
    let route = setup.routes.clone();
    let events = "['hospital-notification-message', 'care-communication-message']";
    setup.routes = route.replace(events, "'XDIS91'")
        + &route
            .replace(events, "'acknowledgement-message'")
            .replace("to-town", "back")
            .replace(
                "sender = 'hospital'\nreceiver = 'town'",
                "sender = 'town'\nreceiver = 'hospital'",
            )
            .replace(
                "to = 'town'",
                "to = 'hospital'\nmap = 'https://stafett.example/maps/acknowledgement-to-xctl'",
            );
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let case = mappings.join("xdis91-to-carecommunication/tests/a-plain-letter/in.xml");
    let text: String = std::fs::read(case)?.into_iter().map(char::from).collect();
    let text =
        text.replace("5790000999019", "5790000209354").replace("5790000999026", "5790001348120");
    let answer = system.post(HOSPITAL, Syntax::Xml, latin(&text))?;
    let sent = system.peer.next()?;
    if answer.status != 202 || !String::from_utf8_lossy(&sent.body).contains("B2026110001") {
        return Err(format!("{} {}", answer.status, answer.text()).into());
    }
    let case = mappings.join("acknowledgement-to-xctl/tests/accepted/in.json");
    let receipt = std::fs::read_to_string(case)?
        .replace("8c1c9f2b-5b0c-5a73-9d2d-6f3a6a0b9c11", "B2026110001")
        .replace("9520000000028", "5790001348120")
        .replace("9520000000059", "5790000209354")
        .replace("9990021000016009", "953741000016009")
        .replace("9990051000016001", "265161000016000");
    let mut stranger = receipt.replace("B2026110001", "B2026110002");
    let ids: Vec<&str> = receipt.split("\"id\": \"").skip(1).map(|rest| &rest[..36]).collect();
    for id in ids.into_iter().take(2) {
        stranger = stranger.replace(id, &format!("f{}", &id[1..]));
    }
    let answer = system.json(TOWN, receipt.clone())?;
    if answer.status != 202 {
        return Err(format!("{} {}", answer.status, answer.text()).into());
    }
    let got = system.peer.next()?;
    let said = String::from_utf8_lossy(&got.body);
    for part in ["XCTL03", ">K2026110001<", ">B2026110001<", ">XD9134L<"] {
        if !said.contains(part) {
            return Err(
                format!("without {part}: {} {} {said}", answer.status, answer.text()).into()
            );
        }
    }
    // What was never sent cannot be quoted, and is not made up.
    let answer = system.json(TOWN, stranger)?;
    match answer.text().contains("map-not-in-directory") && system.peer.rest().is_empty() {
        true => Ok(()),
        false => Err(format!("{} {}", answer.status, answer.text()).into()),
    }
}
