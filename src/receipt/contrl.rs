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
use uuid::Uuid;

/// The most issues that a receipt tells.
const MOST: usize = 5;

/// The zone of times in letters (exchange.md, identity).
const ZONE: &str = "Europe/Copenhagen";

/// The receipt of an interchange's letter.
pub fn acknowledge(replying: &Replying<'_>) -> Option<String> {
    acknowledge_all(std::slice::from_ref(replying))
}

/// The receipts of several letters of one interchange, in one interchange.
pub fn acknowledge_all(replies: &[Replying<'_>]) -> Option<String> {
    let first = replies.first()?;
    let header = Header::all(first.message).into_iter().next()?;
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let now = first.now.to_zoned(zone).strftime("%y%m%d:%H%M").to_string();
    let envelope = &first.id.simple().to_string().to_uppercase()[..14];
    let mut segments =
        vec![format!("UNB+UNOC:3+{}+{}+{now}+{envelope}", header.receiver, header.sender)];
    let count: usize = replies.iter().map(|one| letters(one, &mut segments)).sum();
    if count == 0 {
        return None;
    }
    segments.push(format!("UNZ+{count}+{envelope}"));
    let lines: String = segments.iter().map(|one| format!("{one}'\r\n")).collect();
    Some(format!("UNA:+.? '\r\n{lines}"))
}

/// The segments of a text's letters' receipts, and how many these are: an interchange that was broken had several.
fn letters(replying: &Replying<'_>, segments: &mut Vec<String>) -> usize {
    let (name, version, action) = match replying.code {
        ReceiptCode::Ok => ("CTL03", "C0330Q", "7"),
        ReceiptCode::FatalError => ("CTL02", "C0230Q", "4"),
        // temporary faults have no receipt: the sender sends again
        ReceiptCode::TransientError => return 0,
    };
    let all = Header::all(replying.message);
    for (header, number) in all.iter().zip(0u32..) {
        let own = match number {
            0 => replying.id,
            number => Uuid::new_v5(&replying.id, &number.to_be_bytes()),
        };
        let id = &own.simple().to_string().to_uppercase()[14..28];
        let before = segments.len();
        let Header { sender, receiver, interchange, letter, kind, .. } = header;
        segments.push(format!("UNH+{id}+CONTRL:D:93A:ZZ:{version}+{name}"));
        segments.push(format!("UCI+{interchange}+{sender}+{receiver}+{action}"));
        let wrong = replying.issues.iter().filter(|one| one.severity >= Severity::Error);
        for issue in wrong.take(MOST).filter(|_| action == "4") {
            let lines: Vec<String> = components(&text(issue)).iter().map(|c| released(c)).collect();
            let shown = lines[..lines.len().min(COMPONENTS)].join(":");
            segments.push(format!("FTX+{}+P00++{shown}", refuse_code(issue)));
        }
        segments.push(format!("UCM+{letter}+{kind}+{action}"));
        segments.push(format!("UNT+{}+{id}", segments.len() - before + 1));
    }
    all.len()
}

/// Who an interchange says that it is from, and by which kind of number.
pub fn sender(message: &str) -> Option<(String, String)> {
    let header = Header::all(message).into_iter().next()?;
    let (value, kind) = header.sender.split_once(':')?;
    Some((value.to_owned(), kind.split(':').next().unwrap_or_default().to_owned()))
}

/// Whether a letter is told what is said about it: an acceptance that it asks for, and every refusal.
pub fn wanted(replying: &Replying<'_>) -> bool {
    match replying.code {
        ReceiptCode::Ok => !replying.arrived && asks(replying.message),
        ReceiptCode::FatalError => true,
        ReceiptCode::TransientError => false,
    }
}

/// Whether an interchange asks for a receipt when it is accepted (0031).
pub fn asks(message: &str) -> bool {
    Header::all(message).first().is_some_and(|header| header.asks)
}

/// Why a letter is refused: not said, the receiver's id, the version, the syntax.
fn refuse_code(issue: &ToldIssue) -> &'static str {
    // what the receiver refused is not about its id
    let of_receiver = ["-no-receiver", "-unknown-receiver", "exchange-receiver", "MSG_Receiver_"];
    match issue.code {
        _ if of_receiver.iter().any(|part| issue.id.contains(part)) => "MID",
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
    /// The headers of a text's letters, by its whole segments; empty: its references cannot be read.
    fn all(text: &str) -> Vec<Header> {
        Header::read(text).unwrap_or_default()
    }

    fn read(text: &str) -> Option<Vec<Header>> {
        let marks = text.trim_start_matches('\u{feff}').trim_start();
        let (marks, rest) = match marks.strip_prefix("UNA") {
            Some(after) => (after.get(..6)?, after.get(6..)?),
            None => (":+.? '", marks),
        };
        let mark = |at: usize| marks.chars().nth(at);
        let (component, element, release) = (mark(0)?, mark(1)?, mark(3)?);
        let cut = |text: &str, by: char| pieces(text, by, release);
        let mut segments = cut(rest, mark(5)?);
        // what no terminator ends is no segment
        segments.pop();
        let named = |name: &'static str| {
            let own = segments.iter().map(|one| one.trim_start());
            own.filter(move |one| one.starts_with(name)).map(move |one| cut(one, element))
        };
        let anew = |value: &str| -> String {
            let values = cut(value, component);
            let plain = values.iter().map(|one| released(&unreleased(one, release)));
            plain.collect::<Vec<_>>().join(":")
        };
        let at = |all: &[String], place: usize| all.get(place).map(|v| anew(v)).unwrap_or_default();
        let interchange = named("UNB").next()?;
        let header = |letter: Vec<String>| Header {
            sender: at(&interchange, 2),
            receiver: at(&interchange, 3),
            interchange: at(&interchange, 5),
            letter: at(&letter, 1),
            kind: at(&letter, 2),
            asks: at(&interchange, 9) == "1",
        };
        let whole = |one: &Header| !one.interchange.is_empty() && !one.letter.is_empty();
        Some(named("UNH").map(header).filter(whole).collect())
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
