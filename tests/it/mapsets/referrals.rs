//! What becomes HL7 v2 or EDIFACT is read again; referrals as a whole: an engine makes one message of either format.

use super::{cases, mapping};
use crate::path::system::{HOSPITAL, Setup, System};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::config::ListenerKind;
use stafett::format::mllp::{acknowledged, framed};
use stafett::message::Syntax;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "mapsets: what is made in HL7 v2 or EDIFACT is read again, without a finding",
            Needs::Nothing,
            again,
        ),
        trial("mapsets: an engine makes one message of referrals", Needs::Nothing, engine),
    ]
}

/// What `stafett translate` says of a file, with nothing but what there is to choose from.
pub fn translated(file: &std::path::Path, more: &[&str]) -> Result<serde_json::Value, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    command.current_dir(support::root()).arg("translate").arg(file);
    let said = command.args(["--format", "json"]).args(more).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    serde_json::from_str(&text).map_err(|fault| format!("{fault}: {text}{told}").into())
}

/// Folders that make HL7 v2 or EDIFACT: the map that is found for what they make, what that is, how many there are.
const AGAIN: &[(&str, &str, &[&str], usize)] = &[
    ("referral-to-ref-i12", "ref-i12-to-referral", &["REF_I12"], 6),
    ("discharge-letter-to-mdm-t02", "mdm-t02-to-fhir", &["MDM_T02"], 9),
    ("acknowledgement-to-ctl", "", &["CTL02", "CTL03"], 6),
];

/// Each message that was made in HL7 v2 or EDIFACT: the map is found, and nothing is wrong with it.
fn again() -> Result<(), Failed> {
    for (folder, map, kinds, least) in AGAIN {
        let mut count = 0;
        for case in cases()?.iter().filter(|case| case.folder == *folder) {
            let made = case.file("out.hl7").or_else(|| case.file("out.edi"));
            let Some(file) = made else { continue };
            count += 1;
            read_again(&file, map, kinds)?;
        }
        if count < *least {
            return Err(format!("{folder}: {count}").into());
        }
    }
    let letter = mapping("xref01-to-referral/tests/a-plain-referral/in.xml");
    let said = translated(&letter, &["--to", "referral"])?;
    match said["recognised"]["event"].as_str() {
        Some("XREF01") => Ok(()),
        _ => Err(said.to_string().into()),
    }
}

/// A receipt becomes the one of OIOXML; what is not at hand there is no finding of the message.
fn read_again(file: &std::path::Path, map: &str, kinds: &[&str]) -> Result<(), Failed> {
    let said = translated(file, &[])?;
    let kind = said["recognised"]["type"].as_str().unwrap_or_default();
    let map = match map {
        "" => format!("{}-to-x{}", kind.to_lowercase(), kind.to_lowercase()),
        map => map.to_owned(),
    };
    let by = format!("https://stafett.example/maps/{map}");
    let issues = said["issues"].as_array().cloned().unwrap_or_default();
    let found = issues
        .iter()
        .any(|one| !["map-dropped", "map-log"].contains(&one["id"].as_str().unwrap_or_default()));
    let known = kinds.contains(&kind) && said["map"].as_str() == Some(&by);
    match known && said["refused"] == false && !found {
        true => Ok(()),
        false => Err(format!("{}: {said}", file.display()).into()),
    }
}

/// Practice and hospital, and a route for each format.
fn system() -> Result<System, Failed> {
    let mut setup = Setup::default();
    let cut = setup.stafett.find("[definitions]").ok_or("no definitions")?;
    setup.stafett.truncate(cut);
    setup.stafett += &format!(
        "[[listener]]\nname = 'practice'\naddress = '127.0.0.1:0'\nkind = 'mllp'\n\
         mllp = {{ party = 'hospital' }}\n[definitions]\nsupport = [{:?}]\n\
         [mappings]\nfolders = [{:?}]\n",
        mapping("referral-parts/profiles"),
        mapping("")
    );
    setup.parties = setup.parties.replacen("'sor:265161000016000'", "'gln:9520000000042'", 1);
    setup.parties = setup.parties.replacen("'sor:953741000016009'", "'gln:9520000000011'", 1);
    let events = "['hospital-notification-message', 'care-communication-message']";
    let route = |event: &str, map: &str| {
        let text = setup.routes.replace(events, &format!("['{event}']"));
        text.replacen("name = '", &format!("name = '{map}-"), 1)
            + &format!(
                "map = 'https://stafett.example/maps/{map}'\n\
                 target_profiles = ['https://stafett.example/fhir/StructureDefinition/referral-message']\n"
            )
    };
    let routes = route("REF^I12", "ref-i12-to-referral") + &route("XREF01", "xref01-to-referral");
    setup.routes = routes;
    System::with(&setup, &[], Arc::new(|_| (200, String::new())))
}

/// What was delivered: a message of a referral, of this person.
fn delivered(system: &System, person: &str) -> Result<(), Failed> {
    let body = String::from_utf8_lossy(&system.peer.next()?.body).into_owned();
    let bundle: serde_json::Value =
        serde_json::from_str(&body).map_err(|fault| format!("{fault}: {body}"))?;
    let header = &bundle["entry"][0]["resource"];
    let event = header["eventCoding"]["code"].as_str() == Some("referral-message");
    match event && body.contains(person) && body.contains("ServiceRequest") {
        true => Ok(()),
        false => Err(body.into()),
    }
}

/// HL7 v2 over MLLP, and OIOXML over HTTP.
fn engine() -> Result<(), Failed> {
    let system = system()?;
    let running = system.running.as_ref().ok_or("it does not run")?;
    let address = running.address(ListenerKind::Mllp).ok_or("no listener")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let message = mapping("ref-i12-to-referral/tests/a-plain-referral/in.hl7");
    stream.write_all(&framed(&std::fs::read(message)?))?;
    let (mut frame, mut byte) = (Vec::new(), [0]);
    while !frame.ends_with(b"\x1c\r") && stream.read(&mut byte)? == 1 {
        frame.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&frame).into_owned();
    let inner = frame.get(1..frame.len().saturating_sub(2)).ok_or("no answer")?;
    let said = acknowledged(inner).ok_or_else(|| text.clone())?;
    if said.code != b"AA" {
        return Err(text.into());
    }
    delivered(&system, "2509479989")?;
    let letter = mapping("xref01-to-referral/tests/with-everything/in.xml");
    let letter = std::fs::read_to_string(letter)?
        .replace("<EANIdentifier>5790000999019<", "<EANIdentifier>9520000000042<")
        .replace("<EANIdentifier>5790000999026<", "<EANIdentifier>9520000000011<");
    let answer = system.post(HOSPITAL, Syntax::Xml, letter.into_bytes())?;
    if answer.status >= 300 {
        return Err(answer.text().into());
    }
    delivered(&system, "2512489996")
}
