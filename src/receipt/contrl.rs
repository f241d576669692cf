//! EDIFACT receipts: CTL03 (accepted) and CTL02 (refused), made from the interchange's own text.
//!
//! Promises: sender and receiver change places; the receipt quotes the interchange's and the letter's references, as
//! they were written; a refusal has one of five codes and a text by issue. Never: answers a receipt, or an
//! interchange whose references cannot be read.

use super::er7::Replying;
use super::outcome::text;
use crate::format::edifact::text::{COMPONENTS, components};
use crate::message::{IssueType, ReceiptCode, Severity, ToldIssue};
use jiff::tz::TimeZone;

/// The most issues that a receipt tells.
const MOST: usize = 5;

/// The zone of times in letters (exchange.md, identity).
const ZONE: &str = "Europe/Copenhagen";

/// The receipt of an interchange's letter.
pub fn acknowledge(replying: &Replying<'_>) -> Option<String> {
    let header = Header::of(replying.message)?;
    let (name, version, action) = match replying.code {
        ReceiptCode::Ok => ("CTL03", "C0330Q", "7"),
        ReceiptCode::FatalError => ("CTL02", "C0230Q", "4"),
        // temporary faults have no receipt: the sender sends again
        ReceiptCode::TransientError => return None,
    };
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let now = replying.now.to_zoned(zone).strftime("%y%m%d:%H%M").to_string();
    let id = replying.id.simple().to_string().to_uppercase();
    let (envelope, letter) = (&id[..14], &id[14..28]);
    let mut segments = vec![
        format!("UNB+UNOC:3+{}+{}+{now}+{envelope}", header.receiver, header.sender),
        format!("UNH+{letter}+CONTRL:D:93A:ZZ:{version}+{name}"),
        format!("UCI+{}+{}+{}+{action}", header.interchange, header.sender, header.receiver),
    ];
    let wrong = replying.issues.iter().filter(|one| one.severity >= Severity::Error);
    for issue in wrong.take(MOST).filter(|_| action == "4") {
        let lines: Vec<String> = components(&text(issue)).iter().map(|c| released(c)).collect();
        let shown = lines[..lines.len().min(COMPONENTS)].join(":");
        segments.push(format!("FTX+{}+P00++{shown}", refuse_code(issue)));
    }
    segments.push(format!("UCM+{}+{}+{action}", header.letter, header.kind));
    segments.push(format!("UNT+{}+{letter}", segments.len()));
    segments.push(format!("UNZ+1+{envelope}"));
    let lines: String = segments.iter().map(|one| format!("{one}'\r\n")).collect();
    Some(format!("UNA:+.? '\r\n{lines}"))
}

/// Whether an interchange asks for a receipt when it is accepted (0031).
pub fn asks(message: &str) -> bool {
    Header::of(message).is_some_and(|header| header.asks)
}

/// Why a letter is refused: not said, the receiver's id, the version, the syntax.
fn refuse_code(issue: &ToldIssue) -> &'static str {
    let of_receiver = issue.id.contains("receiver");
    match issue.code {
        _ if of_receiver => "MID",
        IssueType::NotSupported => "VER",
        IssueType::Structure | IssueType::Required => "SYN",
        _ => "NC",
    }
}

/// A text whose delimiters are released.
fn released(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '+' | ':' | '?' | '\'') {
            out.push('?');
        }
        // what ISO 8859-1 lacks
        out.push(if u32::from(c) < 256 { c } else { '.' });
    }
    out
}

/// What a receipt quotes, with the usual delimiters.
struct Header {
    sender: String,
    receiver: String,
    interchange: String,
    letter: String,
    kind: String,
    asks: bool,
}

impl Header {
    /// Reads the first segments of a text; none: its references cannot be read.
    fn of(text: &str) -> Option<Header> {
        let marks = text.trim_start_matches('\u{feff}').trim_start();
        let (marks, rest) = match marks.strip_prefix("UNA") {
            Some(after) => (after.get(..6)?, after.get(6..)?),
            None => (":+.? '", marks),
        };
        let mark = |at: usize| marks.chars().nth(at);
        let (component, element, release) = (mark(0)?, mark(1)?, mark(3)?);
        let cut = |text: &str, by: char| pieces(text, by, release);
        let segments = cut(rest, mark(5)?);
        let named = |name: &str| {
            let own = segments.iter().map(|one| one.trim_start());
            own.filter(|one| one.starts_with(name)).map(|one| cut(one, element)).next()
        };
        let anew = |value: &str| -> String {
            let values = cut(value, component);
            let plain = values.iter().map(|one| released(&unreleased(one, release)));
            plain.collect::<Vec<_>>().join(":")
        };
        let (interchange, letter) = (named("UNB")?, named("UNH")?);
        let at = |all: &[String], place: usize| all.get(place).map(|v| anew(v)).unwrap_or_default();
        let header = Header {
            sender: at(&interchange, 2),
            receiver: at(&interchange, 3),
            interchange: at(&interchange, 5),
            letter: at(&letter, 1),
            kind: at(&letter, 2),
            asks: at(&interchange, 9) == "1",
        };
        let whole = !header.interchange.is_empty() && !header.letter.is_empty();
        Some(header).filter(|_| whole)
    }
}

/// A text cut at a delimiter that is not released.
fn pieces(text: &str, by: char, release: char) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut released = false;
    for c in text.chars() {
        if c == by && !released {
            all.push(String::new());
            continue;
        }
        released = c == release && release != ' ' && !released;
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all
}

fn unreleased(text: &str, release: char) -> String {
    let mut released = false;
    let keep = |c: &char| {
        released = *c == release && release != ' ' && !released;
        !released
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

    const LETTER: &str = "UNA:+.? '\r\nUNB+UNOC:3+5790000120400:14+5790000128700:14+261125:1210+K?+1++++1'\r\n\
                          UNH+B1+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nUNT+2+B1'\r\nUNZ+1+K?+1'";

    fn told(message: &str, code: ReceiptCode, issues: &[ToldIssue]) -> Option<String> {
        let (now, id) = (Timestamp::UNIX_EPOCH, Uuid::from_u128(0xABCD << 112));
        acknowledge(&Replying { message, code, arrived: false, issues, now, id })
    }

    #[test]
    fn accepted_and_refused() {
        assert!(asks(LETTER) && !asks(&LETTER.replace("++++1'", "'")));
        let expected = "UNA:+.? '\r\n\
            UNB+UNOC:3+5790000128700:14+5790000120400:14+700101:0100+ABCD0000000000'\r\n\
            UNH+00000000000000+CONTRL:D:93A:ZZ:C0330Q+CTL03'\r\n\
            UCI+K?+1+5790000120400:14+5790000128700:14+7'\r\n\
            UCM+B1+MEDDIS:D:93A:UN:D9134L+7'\r\nUNT+4+00000000000000'\r\nUNZ+1+ABCD0000000000'\r\n";
        assert_eq!(told(LETTER, ReceiptCode::Ok, &[]).as_deref(), Some(expected));
        let issue = ToldIssue {
            severity: Severity::Error,
            code: IssueType::NotFound,
            id: "route-unknown-receiver".into(),
            expression: None,
            position: Some((2, 30)),
            profile: None,
            text: "nobody".into(),
        };
        let refused = told(LETTER, ReceiptCode::FatalError, &[issue]).unwrap();
        let ftx = "+4'\r\nFTX+MID+P00++[route-unknown-receiver] 2?:30?: nobody'\r\nUCM+B1";
        assert!(refused.contains(ftx) && refused.contains("UNT+5+"), "{refused}");
        assert!(refused.contains("C0230Q+CTL02'"), "{refused}");
        assert_eq!(told(LETTER, ReceiptCode::TransientError, &[]), None);
        assert_eq!(told(&LETTER.replace("UNH+B1", "UNH+"), ReceiptCode::Ok, &[]), None);
        let own = LETTER.replace("UNA:+.? '", "UNA|*.! '").replace(':', "|").replace('+', "*");
        let own = own.replace("?*", "!*");
        assert!(told(&own, ReceiptCode::Ok, &[]).unwrap().contains("UCI+K*1+5790000120400:14+"));
    }
}
