//! The exchange rules on real messages, reported apart from the profiles; and every bad input about content,
//! told by one of the two with the code that the table wants.

use crate::profile::lab::{Seen, lab, messages};
use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::message::{IssueType, Severity};
use stafett::profile::Memory;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("exchange: published Bundles", Needs::Data("data/medcom-messages"), published),
        trial("exchange: every bad input is told", Needs::Data("data/bad-inputs.csv"), bad_inputs),
    ]
}

/// What is known of the published Bundles: nothing but ids that are no UUIDs, and one Bundle of another kind.
fn published() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (name, text) in messages(false)? {
        println!("{name}");
        for one in lab().exchange(&text) {
            println!("    {:?} {} {} {}", one.severity, one.id, one.expression, one.text);
            let known = name.starts_with("testscripts") || one.severity < Severity::Error;
            let expected = EXPECTED.contains(&(&name[..], one.id));
            if !known && !expected {
                wrong.push(format!("{name}: {} {}", one.id, one.expression));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// Findings on published Bundles that are right: (file, id).
const EXPECTED: &[(&str, &str)] = &[(
    // the only Provenance targets another message than the one it came with
    "acknowledgement-2.0.3/eb26be85-fdb7-454d-a980-95cba6d1745b.json",
    "exchange-newest-provenance",
)];

/// A bad input: its row, which message is made bad how, the code, who tells it.
pub struct Row {
    /// Its number in the table.
    pub number: u32,
    /// The message, by the beginning of its file's name.
    pub base: &'static str,
    /// What makes it bad.
    pub change: fn(&mut Value),
    codes: &'static [IssueType],
    severity: Severity,
}

const HOSPITAL: &str = "hospitalnotification-3.0.2/n73ccf30";
const LETTER: &str = "carecommunication-5.0.2/b56549f7";

impl Row {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }
}

fn row(number: u32, base: &'static str, code: IssueType, change: fn(&mut Value)) -> Row {
    let codes: &'static [IssueType] = Vec::leak(vec![code]);
    Row { number, base, change, codes, severity: Severity::Error }
}

fn resource<'v>(message: &'v mut Value, kind: &str) -> &'v mut Value {
    let entries = message["entry"].as_array_mut().expect("entries");
    let found = entries.iter_mut().find(|e| e["resource"]["resourceType"] == kind);
    &mut found.expect("a resource of the kind")["resource"]
}

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().expect("an object").remove(member);
}

fn narrative(message: &mut Value, inner: &str) {
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
    resource(message, "Patient")["text"] = json!({"status": "generated", "div": div});
}

/// The rows about content.
pub fn rows() -> Vec<Row> {
    use IssueType::{
        BusinessRule, CodeInvalid, Duplicate, Extension, Invariant, MultipleMatches, NotFound,
        NotSupported, Required, Security, Structure, TooLong, Value as ValueCode,
    };
    let mut rows = letters();
    rows.extend([
        row(20, HOSPITAL, Structure, |m| *m = m["entry"][1]["resource"].clone()),
        row(20, HOSPITAL, ValueCode, |m| m["type"] = "collection".into()),
        row(21, HOSPITAL, Required, |m| m["entry"].as_array_mut().expect("entries").swap(0, 1)),
        row(21, HOSPITAL, Required, |m| {
            let mut copy = m["entry"][0].clone();
            copy["fullUrl"] = "urn:uuid:11111111-1111-4111-8111-111111111111".into();
            m["entry"].as_array_mut().expect("entries").push(copy);
        }),
        row(22, HOSPITAL, Required, |m| remove(m, "id")),
        row(22, HOSPITAL, Required, |m| remove(&mut m["entry"][0]["resource"], "id")),
        row(23, HOSPITAL, TooLong, |m| m["id"] = "a".repeat(65).into()),
        row(24, HOSPITAL, Structure, |m| resource(m, "Patient")["unknown"] = 1.into()),
        row(25, HOSPITAL, Extension, |m| {
            let one = json!([{"url": "http://example.org/x", "valueBoolean": true}]);
            resource(m, "Patient")["modifierExtension"] = one;
        }),
        row(26, HOSPITAL, ValueCode, |m| resource(m, "Patient")["active"] = "true".into()),
        row(27, HOSPITAL, ValueCode, |m| resource(m, "Patient")["birthDate"] = "2024-02-30".into()),
        row(27, HOSPITAL, ValueCode, |m| {
            resource(m, "Encounter")["period"]["start"] = "2024-02-03T10:00:00".into();
        }),
        row(29, HOSPITAL, Required, |m| remove(resource(m, "Encounter"), "status")),
        row(30, HOSPITAL, Structure, |m| {
            let identifiers = resource(m, "Patient")["identifier"].as_array_mut().expect("some");
            let copy = identifiers[0].clone();
            identifiers.extend([copy.clone(), copy.clone(), copy]);
        }),
        row(31, HOSPITAL, Invariant, |m| resource(m, "Encounter")["period"]["end"] = "1990".into()),
        row(32, HOSPITAL, CodeInvalid, |m| resource(m, "Encounter")["status"] = "none".into()),
        row(35, HOSPITAL, ValueCode, |m| {
            resource(m, "Patient")["identifier"][0]["value"] = "3013479989".into();
        }),
        row(35, HOSPITAL, ValueCode, |m| {
            resource(m, "Patient")["identifier"][0]["system"] = "urn:oid:1.2.3".into();
        }),
        row(36, HOSPITAL, Required, |m| remove(resource(m, "Patient"), "identifier")),
        row(37, HOSPITAL, MultipleMatches, |m| {
            let mut copy = m["entry"][1].clone();
            copy["fullUrl"] = "urn:uuid:11111111-1111-4111-8111-111111111111".into();
            copy["resource"]["id"] = "11111111-1111-4111-8111-111111111111".into();
            m["entry"].as_array_mut().expect("entries").push(copy);
        }),
        row(38, HOSPITAL, NotFound, |m| {
            resource(m, "Encounter")["subject"]["reference"] = "Patient/nobody".into();
        }),
        row(38, HOSPITAL, Structure, |m| {
            let own = resource(m, "Organization")["id"].as_str().expect("an id").to_owned();
            let part = json!({"reference": format!("Organization/{own}")});
            resource(m, "Organization")["partOf"] = part;
        }),
        row(39, HOSPITAL, Duplicate, |m| {
            m["entry"][2]["fullUrl"] = m["entry"][1]["fullUrl"].clone()
        }),
        row(40, HOSPITAL, Security, |m| narrative(m, "<script>x</script>")),
        row(40, HOSPITAL, Security, |m| narrative(m, "<p onload='x'>a</p>")),
        row(40, HOSPITAL, Security, |m| narrative(m, "<iframe src='x'>a</iframe>")),
        row(40, HOSPITAL, Security, |m| narrative(m, "<a href='javascript:x'>a</a>")),
        row(41, HOSPITAL, Invariant, |m| narrative(m, " ")),
        row(43, HOSPITAL, NotSupported, |m| m["meta"]["profile"][0] = "http://x.dk/p".into()),
        row(43, LETTER, NotSupported, |m| {
            let claim = m["meta"]["profile"][0].as_str().expect("a claim").to_owned();
            m["meta"]["profile"][0] = format!("{claim}|99.0").into();
        }),
        row(44, HOSPITAL, NotSupported, |m| {
            m["entry"][0]["resource"]["eventCoding"]["code"] = "x".into()
        }),
        row(46, HOSPITAL, Required, |m| {
            remove(&mut m["entry"][0]["resource"]["destination"][0], "receiver");
        }),
        row(60, HOSPITAL, BusinessRule, |m| m["timestamp"] = "2026-11-25T12:06:00Z".into()),
    ]);
    // An extensible binding: a code of a system of one's own is told, and is no reason to refuse.
    let mut warned = row(34, HOSPITAL, CodeInvalid, |m| {
        let other = json!({"coding": [{"system": "http://x.dk", "code": "x"}]});
        resource(m, "Patient")["maritalStatus"] = other;
    });
    warned.severity = Severity::Warning;
    rows.push(warned);
    rows
}

/// The rows that need an attachment, a decimal or a coded text.
fn letters() -> Vec<Row> {
    use IssueType::{CodeInvalid, TooLong, Value as ValueCode};
    fn file(message: &mut Value) -> &mut Value {
        let payload =
            resource(message, "Communication")["payload"].as_array_mut().expect("payload");
        let found = payload.iter_mut().find_map(|p| p.get_mut("contentAttachment"));
        found.expect("an attachment")
    }
    vec![
        row(28, LETTER, ValueCode, |m| m["total"] = "RAW1e400".into()),
        row(28, LETTER, ValueCode, |m| m["total"] = format!("RAW0.{}", "1".repeat(300)).into()),
        row(33, LETTER, CodeInvalid, |m| {
            resource(m, "Communication")["category"][0]["coding"][0]["code"] = "none".into();
        }),
        row(42, LETTER, TooLong, |m| file(m)["title"] = "a".repeat(1_100_000).into()),
        row(42, LETTER, ValueCode, |m| file(m)["data"] = "a!".into()),
        row(42, LETTER, ValueCode, |m| file(m)["hash"] = "YQ==".into()),
    ]
}

fn bad_inputs() -> Result<(), Failed> {
    let table = std::fs::read_to_string(shared().join("data/bad-inputs.csv"))?;
    let all = messages(true)?;
    let mut memory = Memory::new();
    let mut wrong = Vec::new();
    let rows = rows();
    for row in &rows {
        let base =
            all.iter().find(|(name, _)| name.starts_with(row.base)).ok_or("no such message")?;
        let mut message: Value = serde_json::from_str(&base.1)?;
        (row.change)(&mut message);
        let text = unquote(&message.to_string());
        let mut told: Vec<(&str, Seen)> = Vec::new();
        told.extend(lab().judge(&text, &mut memory).1.into_iter().map(|s| ("profile", s)));
        told.extend(lab().exchange(&text).into_iter().map(|s| ("exchange", s)));
        let fits = |s: &Seen| row.codes.contains(&s.code) && s.severity == row.severity;
        match told.iter().find(|(_, s)| fits(s)) {
            Some((room, one)) => {
                println!("{}: {room}: {} at {}", row.number, one.id, one.expression)
            }
            None => {
                let ids: Vec<String> = told
                    .iter()
                    .filter(|(_, s)| s.severity >= Severity::Error)
                    .map(|(_, s)| format!("{} ({})", s.id, s.code.code()))
                    .collect();
                wrong.push(format!("row {}: {:?} not told, but {ids:?}", row.number, row.codes));
            }
        }
    }
    for line in table.lines().skip(1) {
        let number: u32 = line.split(',').next().unwrap_or("").parse()?;
        let ours = (20..=44).contains(&number) || number == 46 || number == 60;
        if ours && !rows.iter().any(|r| r.number == number) {
            wrong.push(format!("row {number} has no trial"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// Numbers that serde_json does not hold are written as strings that begin with RAW.
pub fn unquote(text: &str) -> String {
    let mut parts = text.split("\"RAW");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (number, rest) = part.split_once('"').unwrap_or((part, ""));
        out.push_str(number);
        out.push_str(rest);
    }
    out
}
