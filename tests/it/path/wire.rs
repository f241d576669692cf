//! HL7 v2 and EDIFACT over HTTP: each is answered in its own language, with the place of what is wrong.

use super::system::{HOSPITAL, Setup, System};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::Syntax;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("path: HL7 v2 gets acknowledgements with located errors", Needs::Nothing, messages),
        trial("path: letters in EDIFACT get receipts where they ask", Needs::Nothing, letters),
    ]
}

/// Two parties, and routes that pass messages on as they are.
pub(super) fn system() -> Result<System, Failed> {
    let mut setup = Setup::default();
    let cut = setup.stafett.find("[definitions]").ok_or("no definitions")?;
    setup.stafett.truncate(cut);
    setup.parties = setup.parties.replacen("'sor:265161000016000'", "'organisation:RH'", 1);
    setup.parties = setup.parties.replacen("'sor:953741000016009'", "'organisation:KOM'", 1);
    setup.endpoints = setup.endpoints.replace("fhir-json", "hl7v2")
        + "[[endpoint]]\nname = 'letters'\nparty = 'town'\nurl = 'http://127.0.0.1:7102/'\n\
           syntax = 'edifact'\n";
    setup.routes = setup.routes.replace(
        "['hospital-notification-message', 'care-communication-message']",
        "['ADT^A01', 'ADT^A08']",
    ) + "[[route]]\nname = 'letters'\nsender = 'hospital'\nreceiver = 'town'\nevent = 'DIS91'\n\
         to = 'letters'\nretry = { first = '5 ms', cap = '50 ms', give_up = '1 days' }\n";
    System::with(&setup, &[], Arc::new(|_| (200, String::new())))
}

const ADMISSION: &str = "MSH|^~\\&|PAS|RH|EHR|KOM|20261125121000+0100||ADT^A01^ADT_A01|42|P|2.5.1||||||8859/1\r\
    EVN||202611251200\rPID|||2512489996^^^CPR^NNDNK||Mathias\u{e6}^Bruno\rPV1||I\r";

pub(super) fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| c as u8).collect()
}

fn messages() -> Result<(), Failed> {
    let system = system()?;
    let post = |text: &str| system.post(HOSPITAL, Syntax::Hl7v2, latin(text));
    let first = post(ADMISSION)?;
    let text = first.text().replace('\r', "\n");
    let head = text.starts_with("MSH|^~\\&|EHR|KOM|PAS|RH|") && text.contains("||ACK^A01^ACK|");
    if first.status != 200 || !head || !text.ends_with("|P|2.5.1||||||8859/1\nMSA|AA|42\n") {
        return Err(format!("{} {text}", first.status).into());
    }
    if first.content_type != "x-application/hl7-v2+er7" {
        return Err(first.content_type.into());
    }
    let delivered = system.peer.next()?.body;
    if delivered != latin(ADMISSION) {
        return Err(String::from_utf8_lossy(&delivered).into_owned().into());
    }
    let other = ADMISSION.replace("|42|", "|43|");
    for (what, text, status, parts) in [
        ("again, at another time", ADMISSION.replace("1210", "1211"), 200, vec!["MSA|AA|42\r"]),
        // the same id of another application is another message
        ("another application", ADMISSION.replace("|PAS|", "|LAB|"), 200, vec!["MSA|AA|42\r"]),
        (
            "a field that must be there",
            other.replace("PV1||I", "PV1|1"),
            200,
            vec!["MSA|AE|43\r", "ERR||PV1^1", "|101^Required field missing^HL70357|E|"],
        ),
        (
            "a segment that must be there",
            other.replace("|43|", "|44|").replace("EVN||202611251200\r", ""),
            200,
            vec!["MSA|AE|44\r", "|101^Required field missing"],
        ),
        (
            "nobody's",
            other.replace("|43|", "|45|").replace("|KOM|", "|BY|"),
            200,
            vec!["MSA|AE|45\r", "|204^Unknown key identifier"],
        ),
        (
            "an event of no route",
            other.replace("|43|", "|46|").replace("A01", "A04"),
            200,
            vec!["MSA|AR|46\r", "|200^Unsupported message type"],
        ),
        (
            "an older version",
            other.replace("|43|", "|47|").replace("2.5.1", "2.3").replace("PV1||I", "PV1|1"),
            200,
            vec!["MSA|AE|47|[", "ERR|PV1^1^^101&Required field missing&HL70357\r"],
        ),
        ("no id", other.replace("|43|", "||"), 422, vec!["message-no-id"]),
        ("a charset", other.replace("8859/1", "8859/7"), 415, vec!["charset-unsupported"]),
        ("a batch", format!("FHS|^~\\&|\r{other}").replace("\u{e6}", ""), 422, vec!["hl7v2-batch"]),
        ("a line that is none", format!("{other}hello\r"), 400, vec!["hl7v2-segment", "5:1"]),
        ("someone else's", other.replace("|RH|", "|KOM|"), 403, vec![]),
    ] {
        let answer = post(&text)?;
        let said = answer.text();
        let missing = parts.iter().find(|part| !said.contains(**part));
        if answer.status != status || missing.is_some() {
            let said = said.replace('\r', "\n");
            return Err(format!("{what}: {} {said}, without {missing:?}", answer.status).into());
        }
    }
    Ok(())
}

const LETTER: &str = "UNA:+.? '\r\nUNB+UNOC:3+5790000209354:14+5790001348120:14+261125:1210+K1++++1'\r\n\
    UNH+B1+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nBGM+EPI++9'\r\nS14+14'\r\nFTX+NC+P00++bl\u{e5}'\r\nUNT+5+B1'\r\n\
    UNZ+1+K1'\r\n";

fn letters() -> Result<(), Failed> {
    let system = system()?;
    let post = |text: &str| system.post(HOSPITAL, Syntax::Edifact, latin(text));
    let first = post(LETTER)?;
    let text = first.text();
    let uci = "UCI+K1+5790000209354:14+5790001348120:14+7'";
    if first.status != 200 || !text.contains(uci) || !text.contains("+CTL03'") {
        return Err(format!("{} {text}", first.status).into());
    }
    if system.peer.next()?.body != latin(LETTER) {
        return Err("not delivered as it came".into());
    }
    let other = LETTER.replace("B1", "B2").replace("K1", "K2");
    for (what, text, status, parts) in [
        ("again", LETTER.to_owned(), 200, vec!["UCM+B1+MEDDIS:D:93A:UN:D9134L+7'"]),
        ("not asked for", other.replace("++++1'", "'"), 202, vec!["accepted"]),
        (
            "an envelope's id again",
            LETTER.replace("B1", "B9"),
            200,
            vec!["+CTL02'", "UCM+B9+MEDDIS:D:93A:UN:D9134L+4'"],
        ),
        (
            "nobody's",
            other.replace("B2", "B4").replace("K2", "K4").replace("5790001348120", "5790000120406"),
            200,
            vec!["C0230Q+CTL02'", "FTX+MID+P00++[route-unknown-receiver]"],
        ),
        (
            "a kind of no route",
            other.replace("B2", "B5").replace("K2", "K5").replace("DIS91", "DIS20"),
            200,
            vec!["+CTL02'", "FTX+VER+P00++[route-unknown-event]"],
        ),
        (
            "a wrong count",
            other.replace("UNT+5", "UNT+4"),
            400,
            vec!["UCM+B2", "edifact-count", "7?:1"],
        ),
        ("cut off", other[..60].to_owned(), 400, vec!["edifact-truncated"]),
        ("a charset", other.replace("UNOC", "UNOD"), 415, vec!["charset-unsupported"]),
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
