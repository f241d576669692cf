//! The FHIR acknowledgement message: made from a template, so that its shape is data.
//!
//! Source: MedCom Acknowledgement 2.0 (two Provenance entries, no copy receivers, OperationOutcome unless
//! `ok`), FHIR R4 messaging (MessageHeader.response). Canonicals and code systems are a [`ProfileSet`]'s.

use super::codes::{Codes, CodingSystem};
use super::outcome::{issue_json, quoted};
use crate::message::{MessageId, ReceiptCode, ToldIssue};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write;
use uuid::Uuid;

const TEMPLATE: &str = include_str!("acknowledgement.json");

/// Which canonicals a family of profiles gives to the words of the template: `header` ->
/// `http://.../acknowledgement-header`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileSet {
    /// Its name in the configuration: `medcom-5.0`.
    pub name: Box<str>,
    /// Word to canonical.
    pub canonicals: BTreeMap<Box<str>, Box<str>>,
}

impl ProfileSet {
    /// The canonical of a word; empty when the set has none.
    pub fn canonical(&self, word: &str) -> &str {
        self.canonicals.get(word).map_or("", |canonical| canonical)
    }
}

/// One end of the acknowledgement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// (system, value) of its identifiers, in the order they are written.
    pub identifiers: Vec<(Box<str>, Box<str>)>,
    /// Its name.
    pub name: Box<str>,
    /// Its endpoint as messages name it.
    pub endpoint: Box<str>,
}

/// What an acknowledgement says.
pub struct Acknowledging<'a> {
    /// The family of profiles.
    pub profiles: &'a ProfileSet,
    /// The message that is acknowledged.
    pub message: &'a MessageId,
    /// What is said about it.
    pub code: ReceiptCode,
    /// Its issues.
    pub issues: &'a [ToldIssue],
    /// Which codes fit them.
    pub codes: &'a Codes,
    /// Who acknowledges.
    pub from: &'a Address,
    /// To whom.
    pub to: &'a Address,
    /// When the acknowledged message was sent, with a zone, as its newest Provenance says.
    pub occurred: &'a str,
    /// Its activity, as its newest Provenance says: `new-message`.
    pub activity: &'a str,
    /// The moment.
    pub now: Timestamp,
    /// A new id for each sending.
    pub envelope: Uuid,
}

/// The message id of the acknowledgement that is sent under an envelope id.
pub fn header_id(envelope: &Uuid) -> Uuid {
    Uuid::new_v5(envelope, b"header")
}

/// Writes an acknowledgement as FHIR JSON.
pub fn acknowledge(say: &Acknowledging<'_>) -> String {
    let id = |word: &str| Uuid::new_v5(&say.envelope, word.as_bytes()).to_string();
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    values.insert("envelope-id", say.envelope.to_string());
    values.insert("header-id", header_id(&say.envelope).to_string());
    values.insert("provenance-1-id", id("provenance-1"));
    values.insert("provenance-2-id", id("provenance-2"));
    values.insert("from-id", id("from"));
    values.insert("to-id", id("to"));
    values.insert("outcome-id", id("outcome"));
    values.insert("now", say.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
    values.insert("message-id", say.message.0.to_string());
    values.insert("acknowledged-occurred", say.occurred.to_owned());
    values.insert("acknowledged-activity", say.activity.to_owned());
    values.insert("code", code(say.code).to_owned());
    values.insert("from-endpoint", say.from.endpoint.to_string());
    values.insert("to-endpoint", say.to.endpoint.to_string());
    values.insert("from-name", say.from.name.to_string());
    values.insert("to-name", say.to.name.to_string());
    let refused = say.code != ReceiptCode::Ok;
    let mut out = String::with_capacity(TEMPLATE.len() + 512);
    for line in TEMPLATE.lines() {
        let line = match (line.strip_prefix("?refused "), refused) {
            (Some(rest), true) => rest,
            (Some(_), false) => continue,
            (None, _) => line,
        };
        fill(line.trim_start(), say, &values, &mut out);
    }
    out
}

/// The code of `MessageHeader.response.code`.
fn code(code: ReceiptCode) -> &'static str {
    match code {
        ReceiptCode::Ok => "ok",
        ReceiptCode::FatalError => "fatal-error",
        ReceiptCode::TransientError => "transient-error",
    }
}

/// Copies a line of the template, with what stands in its `{{...}}`.
fn fill(line: &str, say: &Acknowledging<'_>, values: &BTreeMap<&str, String>, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find("}}").map_or(rest.len(), |n| at + n);
        let word = &rest[at + 2..end];
        rest = rest.get(end + 2..).unwrap_or("");
        let value = |word: &str| values.get(word).map_or("", String::as_str);
        match word.split_once(':') {
            Some(("profile", word)) => out.push_str(&quoted(say.profiles.canonical(word))),
            Some(("list", "from")) => identifiers(say.from, out),
            Some(("list", "to")) => identifiers(say.to, out),
            Some(("list", _)) => issues(say, out),
            Some((kind, target)) => {
                let (type_name, word) = target.split_once('/').unwrap_or((target, ""));
                let base = if kind == "url" { say.profiles.canonical("base") } else { "" };
                out.push_str(&quoted(&format!("{base}{type_name}/{}", value(word))));
            }
            None => out.push_str(&quoted(value(word))),
        }
    }
    out.push_str(rest);
}

fn identifiers(address: &Address, out: &mut String) {
    for (at, (system, value)) in address.identifiers.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        let _ = write!(out, "{{\"system\":{},\"value\":{}}}", quoted(system), quoted(value));
    }
}

/// At most this many issues are told: a receipt is for people, and never larger than its message.
const MOST_ISSUES: usize = 100;

fn issues(say: &Acknowledging<'_>, out: &mut String) {
    for (at, issue) in say.issues.iter().take(MOST_ISSUES).enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        let coding = say.codes.of(issue).map(|coding| {
            let system = match coding.system {
                CodingSystem::Outcome => say.profiles.canonical("outcome-codes"),
                CodingSystem::Acknowledgement => say.profiles.canonical("error-codes"),
            };
            (system, &*coding.code)
        });
        issue_json(issue, coding.filter(|(system, _)| !system.is_empty()), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{IssueType, Severity};
    use serde_json::Value;

    fn made(code: ReceiptCode) -> Value {
        let profiles = ProfileSet {
            name: "t".into(),
            canonicals: [("base", "https://x.example/"), ("outcome-codes", "urn:o")]
                .map(|(k, v)| (k.into(), v.into()))
                .into(),
        };
        let issue = ToldIssue {
            severity: Severity::Error,
            code: IssueType::Required,
            id: "profile-min".into(),
            expression: Some("Bundle.entry[0]".into()),
            position: Some((1, 2)),
            profile: None,
            text: "a \"quoted\" word".into(),
        };
        let end = |name: &str| Address {
            identifiers: vec![("urn:a".into(), "1".into()), ("urn:b".into(), "2".into())],
            name: name.into(),
            endpoint: "https://e.example".into(),
        };
        let text = acknowledge(&Acknowledging {
            profiles: &profiles,
            message: &MessageId("m-1".into()),
            code,
            issues: &[issue],
            codes: &Codes::built_in().unwrap(),
            from: &end("Here"),
            to: &end("There"),
            occurred: "2026-01-02T03:04:05+01:00",
            activity: "new-message",
            now: "2026-01-02T03:04:06Z".parse().unwrap(),
            envelope: Uuid::from_u128(7),
        });
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    #[test]
    fn accepted_has_no_outcome() {
        let bundle = made(ReceiptCode::Ok);
        assert_eq!(bundle["entry"].as_array().unwrap().len(), 5);
        assert_eq!(bundle["entry"][0]["resource"]["response"]["code"], "ok");
        assert_eq!(bundle["entry"][0]["resource"]["response"]["identifier"], "m-1");
    }

    #[test]
    fn refused_tells_why() {
        let bundle = made(ReceiptCode::FatalError);
        let outcome = &bundle["entry"][5]["resource"];
        assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], "MSG_RESOURCE_REQUIRED");
        assert_eq!(outcome["issue"][0]["details"]["coding"][0]["system"], "urn:o");
        let details = &bundle["entry"][0]["resource"]["response"]["details"]["reference"];
        let id = outcome["id"].as_str().unwrap();
        assert_eq!(details.as_str().unwrap(), format!("OperationOutcome/{id}"));
        assert_eq!(
            bundle["entry"][5]["fullUrl"].as_str().unwrap(),
            format!("https://x.example/OperationOutcome/{id}")
        );
    }
}
