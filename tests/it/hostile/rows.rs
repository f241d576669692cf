//! The bad inputs themselves: bytes, and what each must be answered.

use crate::exchange;
use crate::path::system::{admission, published};
use bytes::Bytes;
use libtest_mimic::Failed;
use serde_json::Value;
use stafett::message::{Severity, Syntax};

/// What must be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// This HTTP status, no receipt, nothing stored.
    NoVerdict(u16),
    /// HTTP 200 with an acknowledgement of this code.
    Receipt(&'static str),
}

/// A bad input.
pub struct Bad {
    /// Its row in the checklist.
    pub row: u32,
    /// What of the row it is.
    pub what: String,
    /// How it is declared.
    pub syntax: Syntax,
    /// Its bytes.
    pub body: Bytes,
    /// Whether the town sends it.
    pub from_town: bool,
    /// The ids of message and envelope that it would have.
    pub ids: (String, String),
    /// What must be answered.
    pub expect: Expect,
}

/// All of them.
pub fn all() -> Result<Vec<Bad>, Failed> {
    let mut all = syntax()?;
    all.extend(xml()?);
    all.extend(content()?);
    Ok(all)
}

fn ids(number: u32) -> (String, String) {
    let id = |n: u32| format!("{number:08x}-0000-4000-8000-00000000000{n}");
    (id(2), id(1))
}

fn bad(
    row: u32,
    what: &str,
    syntax: Syntax,
    number: u32,
    body: impl Into<Bytes>,
    status: u16,
) -> Bad {
    Bad {
        row,
        what: what.to_owned(),
        syntax,
        body: body.into(),
        from_town: false,
        ids: ids(number),
        expect: Expect::NoVerdict(status),
    }
}

/// What is no JSON, or no JSON that readers agree on.
fn syntax() -> Result<Vec<Bad>, Failed> {
    let number = 0x0200_0000;
    let good = admission(number)?.to_string();
    let json = |row, what: &str, body: Bytes, status| {
        bad(row, what, Syntax::FhirJson, number, body, status)
    };
    let edit = |from: &str, to: &str| Bytes::from(good.replacen(from, to, 1));
    let mut invalid = good.clone().into_bytes();
    if let Some(at) = good.find("\"hospital-notification-message\"") {
        invalid[at + 3] = 0xFF;
    }
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep =
        format!("{{\"resourceType\":\"Bundle\",\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let no_type = good.replacen("\"resourceType\":\"Bundle\"", "\"a\":1", 1);
    let other_type = good.replacen("\"resourceType\":\"Bundle\"", "\"resourceType\":\"Bundel\"", 1);
    let mut no_id: Value = serde_json::from_str(&good)?;
    if let Some(header) = no_id["entry"][0]["resource"].as_object_mut() {
        header.remove("id");
    }
    Ok(vec![
        json(1, "nothing", Bytes::new(), 400),
        json(1, "white space", Bytes::from_static(b" \n"), 400),
        json(2, "text", Bytes::from_static(b"hello"), 400),
        json(3, "cut in the middle", Bytes::from(good[..good.len() / 2].to_owned()), 400),
        json(4, "two documents", Bytes::from(format!("{good}{{}}")), 400),
        json(5, "invalid UTF-8", Bytes::from(invalid), 400),
        json(5, "a lone surrogate", edit("\"text\"", "\"a\\ud800\":1,\"text\""), 400),
        json(5, "NUL", edit("\"message\"", "\"message\\u0000\""), 400),
        json(5, "U+0001", edit("\"message\"", "\"message\u{1}\""), 400),
        json(6, "UTF-16", Bytes::from(utf16), 415),
        json(15, "too deep", Bytes::from(deep), 400),
        json(
            18,
            "a key twice",
            edit("\"type\":\"message\"", "\"type\":\"message\",\"type\":\"message\""),
            400,
        ),
        json(19, "no resourceType", Bytes::from(no_type), 422),
        json(19, "an unknown resourceType", Bytes::from(other_type), 422),
        json(22, "no message id", Bytes::from(no_id.to_string()), 422),
        json(
            70,
            "a batch file",
            Bytes::from_static(b"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[]}"),
            422,
        ),
    ])
}

/// What is no XML, or XML that opens doors.
fn xml() -> Result<Vec<Bad>, Failed> {
    let number = 0x0200_0001;
    let fhir = "xmlns=\"http://hl7.org/fhir\"";
    let xml = |row, what: &str, body: String, status| {
        bad(row, what, Syntax::FhirXml, number, body, status)
    };
    let attributes: String = (0..80_000).map(|n| format!(" a{n}=\"1\"")).collect();
    let deep = format!("<Bundle {fhir}>{}{}</Bundle>", "<a>".repeat(150), "</a>".repeat(150));
    Ok(vec![
        xml(2, "text", "hello".to_owned(), 400),
        xml(3, "cut", format!("<Bundle {fhir}><id value=\"1\""), 400),
        xml(3, "unclosed", format!("<Bundle {fhir}><type value=\"message\"/>"), 400),
        xml(4, "text behind it", format!("<Bundle {fhir}/>x"), 400),
        xml(5, "U+0001", format!("<Bundle {fhir}><id value=\"\u{1}\"/></Bundle>"), 400),
        xml(
            6,
            "another charset",
            format!("<?xml version=\"1.0\" encoding=\"EBCDIC-CP-US\"?><Bundle {fhir}/>"),
            415,
        ),
        xml(14, "DOCTYPE", format!("<!DOCTYPE Bundle [<!ENTITY a \"b\">]><Bundle {fhir}/>"), 400),
        xml(14, "an entity", format!("<Bundle {fhir}><id value=\"&a;\"/></Bundle>"), 400),
        xml(14, "a stylesheet", format!("<?xml-stylesheet href=\"a\"?><Bundle {fhir}/>"), 400),
        xml(15, "80,000 attributes", format!("<Bundle {fhir}{attributes}/>"), 400),
        xml(15, "too deep", deep, 400),
        xml(16, "two roots", format!("<Bundle {fhir}/><Bundle {fhir}/>"), 400),
        xml(16, "a mismatched tag", format!("<Bundle {fhir}></Bundel>"), 400),
        xml(16, "an unbound prefix", "<f:Bundle/>".to_owned(), 400),
        xml(
            17,
            "wrong namespace",
            "<Bundle xmlns=\"urn:x\"><type value=\"message\"/></Bundle>".to_owned(),
            422,
        ),
    ])
}

/// What is well formed and wrong.
fn content() -> Result<Vec<Bad>, Failed> {
    let mut all = Vec::new();
    for (at, row) in exchange::rows().iter().enumerate() {
        let number = 0x0300_0000 + at as u32;
        let (folder, start) = row.base.split_once('/').ok_or("a base without a folder")?;
        let message = published(folder, start)?;
        let own = message["entry"][0]["resource"]["id"].as_str().ok_or("no id")?.to_owned();
        let (id, envelope) = ids(number);
        let mut message: Value = serde_json::from_str(&message.to_string().replace(&own, &id))?;
        message["id"] = envelope.clone().into();
        (row.change)(&mut message);
        if row.number == 60 {
            // A running engine has its own clock, so that "the future" moves.
            let later = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
            message["timestamp"] = later.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
        }
        let sender = message.to_string();
        let header_sender =
            published(folder, start)?["entry"][0]["resource"]["sender"]["reference"].clone();
        let from_town = !hospital_sends(&published(folder, start)?, header_sender.as_str());
        let expect = match row.number {
            // Without a Bundle or a header there is nobody to answer; a header without an id alike.
            20 if message["resourceType"] != "Bundle" => Expect::NoVerdict(422),
            22 if message["entry"][0]["resource"]["id"].is_null() => Expect::NoVerdict(422),
            _ if row.severity() < Severity::Error => Expect::Receipt("ok"),
            _ => Expect::Receipt("fatal-error"),
        };
        all.push(Bad {
            row: row.number,
            what: format!("case {at}"),
            syntax: Syntax::FhirJson,
            body: Bytes::from(exchange::unquote(&sender)),
            from_town,
            ids: (id, envelope),
            expect,
        });
    }
    all.push(unknown_receiver()?);
    Ok(all)
}

fn hospital_sends(message: &Value, reference: Option<&str>) -> bool {
    let id = reference.and_then(|r| r.rsplit('/').next()).unwrap_or_default();
    let entries = message["entry"].as_array().map_or(&[][..], |all| all);
    let found = entries.iter().find(|entry| entry["resource"]["id"] == *id);
    found.is_some_and(|entry| entry.to_string().contains("265161000016000"))
}

fn unknown_receiver() -> Result<Bad, Failed> {
    let number = 0x0400_0000;
    let text = admission(number)?.to_string();
    let text = text
        .replace("953741000016009", "440911000016009")
        .replace("5790001348120", "5790000120406");
    Ok(Bad {
        row: 47,
        what: "nobody's identifiers".to_owned(),
        syntax: Syntax::FhirJson,
        body: Bytes::from(text),
        from_town: false,
        ids: ids(number),
        expect: Expect::Receipt("fatal-error"),
    })
}
