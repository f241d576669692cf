//! HL7 v2 acknowledgements: MSH, MSA and an ERR for each issue, made from the message's own text.
//!
//! Promises: sender and receiver change places, MSA-2 is MSH-10 as it was written, delimiters are the
//! message's; an issue that has a place in the message names segment, field, component (ERR-2 from version 2.5, ERR-1
//! before). Codes are those of table 0357. Never: holds a value of the message beside its envelope.

use super::outcome::text;
use crate::format::hl7v2::{delimiters_of, encode};
use crate::message::{IssueType, ReceiptCode, Severity, ToldIssue};
use crate::tree::Delimiters;
use jiff::Timestamp;
use std::fmt::Write;
use uuid::Uuid;

/// The most issues that an acknowledgement tells.
const MOST: usize = 20;

/// What an acknowledgement is made of.
#[derive(Clone, Copy, Debug)]
pub struct Replying<'a> {
    /// The message that it answers, decoded.
    pub message: &'a str,
    /// What is said.
    pub code: ReceiptCode,
    /// Whether it says only that the message arrived: the receiver's own answer comes later.
    pub arrived: bool,
    /// What is wrong with the message.
    pub issues: &'a [ToldIssue],
    /// When.
    pub now: Timestamp,
    /// An id for the acknowledgement.
    pub id: Uuid,
}

/// The acknowledgement of a message, whose header must be readable.
pub fn acknowledge(replying: &Replying<'_>) -> Option<String> {
    let text = replying.message.trim_start_matches('\u{feff}');
    let delimiters = delimiters_of(text)?;
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let field = char::from(delimiters.field);
    let fields: Vec<&str> = text[..end].split(field).collect();
    // MSH-1 is the first delimiter itself
    let at = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
    if at(10).is_empty() {
        return None;
    }
    let worst = replying.issues.iter().filter(|one| one.severity >= Severity::Error);
    let told: Vec<&ToldIssue> = worst.take(MOST).collect();
    let code = code(replying, &told);
    let component = char::from(delimiters.component);
    let trigger = at(9).split(component).nth(1).unwrap_or_default();
    let now = replying.now.strftime("%Y%m%d%H%M%S+0000");
    let id = replying.id.simple().to_string();
    let mut out = format!("MSH{field}{}", at(2));
    let kind = match trigger {
        "" => "ACK".to_owned(),
        trigger => format!("ACK{component}{trigger}{component}ACK"),
    };
    let now = now.to_string();
    let head = [at(5), at(6), at(3), at(4), &now, "", &kind, &id[..20], at(11), at(12)];
    head.iter().for_each(|value| push(&mut out, field, value));
    if !at(18).is_empty() {
        out.extend(std::iter::repeat_n(field, 6));
        out.push_str(at(18));
    }
    out.push('\r');
    let _ = write!(out, "MSA{field}{code}{field}{}", at(10));
    let early = before(at(12).split(component).next().unwrap_or_default());
    if let (true, Some(first)) = (early, told.first()) {
        push(&mut out, field, &escaped(&text_of(first), &delimiters));
    }
    out.push('\r');
    let maker = Errors { text, delimiters };
    told.iter().for_each(|issue| maker.error(issue, early, &mut out));
    Some(out)
}

fn push(out: &mut String, field: char, value: &str) {
    out.push(field);
    out.push_str(value);
}

/// Whether a version is older than 2.5, whose ERR has one field.
fn before(version: &str) -> bool {
    let minor = version.strip_prefix("2.").and_then(|v| v.split('.').next()?.parse::<u8>().ok());
    minor.is_some_and(|minor| minor < 5)
}

/// MSA-1 (table 0008).
fn code(replying: &Replying<'_>, told: &[&ToldIssue]) -> &'static str {
    let rejects = told.iter().any(|one| matches!(number(one), 200..=203 | 206 | 207));
    match (replying.code, replying.arrived) {
        (ReceiptCode::Ok, false) => "AA",
        (ReceiptCode::Ok, true) => "CA",
        (ReceiptCode::FatalError, _) if !rejects => "AE",
        (ReceiptCode::FatalError | ReceiptCode::TransientError, _) => "AR",
    }
}

/// The error's number in table 0357.
fn number(issue: &ToldIssue) -> u16 {
    let id = &*issue.id;
    match issue.code {
        _ if id == "message-test" || id == "route-test-message" => 202,
        _ if id == "message-not-expressible" || id == "map-no-parameter" => 101,
        _ if id == "message-too-new" || id == "message-too-old" => 102,
        _ if id.starts_with("charset-") => 102,
        IssueType::NotSupported if id == "message-unknown-version" => 203,
        IssueType::NotSupported => 200,
        _ if id == "typing-unknown-root" => 200,
        IssueType::Structure if id.starts_with("hl7v2-") => 100,
        IssueType::Structure if id.ends_with("-max") => 198,
        IssueType::Required => 101,
        IssueType::Value | IssueType::Invalid => 102,
        IssueType::CodeInvalid => 103,
        IssueType::TooLong => 104,
        IssueType::NotFound => 204,
        IssueType::Duplicate => 205,
        IssueType::LockError => 206,
        IssueType::Throttled | IssueType::Transient | IssueType::NoStore => 207,
        IssueType::Exception => 207,
        _ => 199,
    }
}

/// What table 0357 calls a number.
fn meaning(number: u16) -> &'static str {
    match number {
        100 => "Segment sequence error",
        101 => "Required field missing",
        102 => "Data type error",
        103 => "Table value not found",
        104 => "Value too long",
        198 => "Non-Conformant Cardinality",
        200 => "Unsupported message type",
        202 => "Unsupported processing id",
        203 => "Unsupported version id",
        204 => "Unknown key identifier",
        205 => "Duplicate key identifier",
        206 => "Application record locked",
        207 => "Application internal error",
        _ => "Other HL7 Errors",
    }
}

/// An issue's text without its line, which ERR-2 says better.
fn text_of(issue: &ToldIssue) -> String {
    text(&ToldIssue { position: None, ..issue.clone() })
}

fn escaped(text: &str, delimiters: &Delimiters) -> String {
    let mut out = String::new();
    let _ = encode(text, delimiters, &mut out);
    out
}

struct Errors<'a> {
    text: &'a str,
    delimiters: Delimiters,
}

impl Errors<'_> {
    fn error(&self, issue: &ToldIssue, early: bool, out: &mut String) {
        let field = char::from(self.delimiters.field);
        let component = char::from(self.delimiters.component);
        let number = number(issue);
        let place = issue.position.and_then(|(line, column)| self.place(line, column));
        let said = if place.is_some() { text_of(issue) } else { text(issue) };
        let parts = place.map(|place| place.parts()).unwrap_or_default();
        let joined = |parts: &[String], by: char| {
            let all: Vec<&str> = parts.iter().map(String::as_str).collect();
            all.join(&by.to_string())
        };
        if early {
            let sub = char::from(self.delimiters.subcomponent);
            let code = [number.to_string(), meaning(number).to_owned(), "HL70357".to_owned()];
            let mut where_ = parts;
            where_.truncate(3);
            where_.resize(3, String::new());
            let (place, code) = (joined(&where_, component), joined(&code, sub));
            let _ = write!(out, "ERR{field}{place}{component}{code}\r");
            return;
        }
        let severity = match issue.severity {
            Severity::Information => "I",
            Severity::Warning => "W",
            Severity::Error => "E",
            Severity::Fatal => "F",
        };
        let said = escaped(&said, &self.delimiters);
        let _ = write!(
            out,
            "ERR{field}{field}{}{field}{number}{component}{}{component}HL70357{field}{severity}\
             {field}{field}{field}{field}{said}\r",
            joined(&parts, component),
            meaning(number)
        );
    }

    /// Where a line and column of the text are, in the message's own terms.
    fn place(&self, line: u32, column: u32) -> Option<Spot> {
        let text = self.text.replace("\r\n", "\r");
        let lines: Vec<&str> = text.split(['\r', '\n']).collect();
        let own = *lines.get(line as usize - 1)?;
        let name: String = own.chars().take(3).collect();
        let named =
            name.len() == 3 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let ends = own[3.min(own.len())..]
            .chars()
            .next()
            .is_none_or(|c| c == char::from(self.delimiters.field));
        // what is no segment has no place among segments
        if !named || !ends {
            return None;
        }
        let same = |one: &&&str| one.starts_with(&name);
        let sequence = lines[..line as usize].iter().filter(same).count();
        let (mut field, mut repetition, mut component, mut sub) = (0, 1, 1, 1);
        for c in own.chars().take(column as usize - 1) {
            let d = &self.delimiters;
            match u8::try_from(c).ok().filter(|c| *c != 0) {
                Some(c) if c == d.field => {
                    field += 1;
                    (repetition, component, sub) = (1, 1, 1);
                }
                Some(c) if c == d.repetition => {
                    repetition += 1;
                    (component, sub) = (1, 1);
                }
                Some(c) if c == d.component => {
                    component += 1;
                    sub = 1;
                }
                Some(c) if c == d.subcomponent => sub += 1,
                _ => {}
            }
        }
        // MSH-1 is the delimiter behind the name
        let field = if name == "MSH" && field > 0 { field + 1 } else { field };
        Some(Spot { name, sequence, rest: [field, repetition, component, sub] })
    }
}

/// A place in a message: segment, which of its name, and field, repetition, component, sub-component.
struct Spot {
    name: String,
    sequence: usize,
    rest: [u32; 4],
}

impl Spot {
    /// ERR-2's components, as far as they say something.
    fn parts(&self) -> Vec<String> {
        let mut parts = vec![self.name.clone(), self.sequence.to_string()];
        let [field, repetition, component, sub] = self.rest;
        if field > 0 {
            parts.extend([field.to_string(), repetition.to_string()]);
            if component > 1 || sub > 1 {
                parts.push(component.to_string());
            }
            if sub > 1 {
                parts.push(sub.to_string());
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(code: IssueType, id: &str, position: Option<(u32, u32)>) -> ToldIssue {
        ToldIssue {
            severity: Severity::Error,
            code,
            id: id.into(),
            expression: None,
            position,
            profile: None,
            text: "a|b".into(),
        }
    }

    fn told(message: &str, code: ReceiptCode, issues: &[ToldIssue]) -> Option<String> {
        let (now, id) = (Timestamp::UNIX_EPOCH, Uuid::from_u128(7));
        acknowledge(&Replying { message, code, arrived: false, issues, now, id })
    }

    const MESSAGE: &str = "MSH|^~\\&|PAS|RH|EHR|KOM|2026||ADT^A01^ADT_A01|42|P|2.5.1||||||8859/1\rEVN||2026\rPID|||1^^^A&2~3^^^B&4\r";

    #[test]
    fn accepted() {
        let expected = "MSH|^~\\&|EHR|KOM|PAS|RH|19700101000000+0000||ACK^A01^ACK|\
                        00000000000000000000|P|2.5.1||||||8859/1\rMSA|AA|42\r";
        assert_eq!(told(MESSAGE, ReceiptCode::Ok, &[]).as_deref(), Some(expected));
        assert_eq!(told("PID|1", ReceiptCode::Ok, &[]), None);
        assert_eq!(told("MSH|^~\\&|a|b|c|d|2026||ADT^A01", ReceiptCode::Ok, &[]), None);
    }

    #[test]
    fn refused_with_its_place() {
        let message = MESSAGE;
        let one = issue(IssueType::Value, "profile-format", Some((3, 21)));
        let all = told(message, ReceiptCode::FatalError, &[one]).unwrap();
        let expected = "MSA|AE|42\rERR||PID^1^3^2^4^2|102^Data type error^HL70357|E||||\
                        [profile-format] a\\F\\b\r";
        assert!(all.ends_with(expected), "{all}");
        let early = message.replace("2.5.1", "2.4");
        let one = issue(IssueType::Required, "profile-min", Some((1, 10)));
        let all = told(&early, ReceiptCode::FatalError, &[one]).unwrap();
        let expected = "MSA|AE|42|[profile-min] a\\F\\b\r\
                        ERR|MSH^1^3^101&Required field missing&HL70357\r";
        assert!(all.ends_with(expected), "{all}");
    }

    #[test]
    fn not_the_contents_fault_is_a_rejection() {
        for (code, id, number) in [
            (IssueType::NotSupported, "route-unknown-event", "200^"),
            (IssueType::BusinessRule, "route-test-message", "202^"),
        ] {
            let all = told(MESSAGE, ReceiptCode::FatalError, &[issue(code, id, None)]).unwrap();
            assert!(all.contains("MSA|AR|42") && all.contains(&format!("ERR|||{number}")), "{all}");
        }
        let busy = issue(IssueType::LockError, "lock-error", None);
        let all = told(MESSAGE, ReceiptCode::TransientError, &[busy]).unwrap();
        assert!(all.contains("MSA|AR|42") && all.contains("206^"), "{all}");
    }
}
