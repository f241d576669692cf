//! Acknowledgements of HL7 v2 as a transport gives and takes them: a code, the control id it is about, an error.
//!
//! Promises: exchange.md's rows for `MSA-1`, both ways; the sender's own delimiters, version and processing id.
//! Source: HL7 v2.5.1 chapter 2 (2.9.2, 2.9.3, `MSH`, `MSA`, `ERR`), tables 0008 and 0357.
//! Never: a value of the message beyond its head.

use crate::format::mllp::Head;
use crate::message::ReceiptCode;
use jiff::Timestamp;

/// What is wrong, of table 0357.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// 100: the segments are not in order, or there are none.
    Segments,
    /// 101: a required field is missing.
    Missing,
    /// 102: of another type, or in characters that are not taken.
    Type,
    /// 104: longer than allowed.
    TooLong,
    /// 199: another fault of the content.
    Other,
    /// 206: the record is locked: it is being decided.
    Locked,
    /// 207: our fault, or none of the content's.
    Internal,
}

impl Condition {
    fn coded(self) -> (&'static str, &'static str) {
        match self {
            Condition::Segments => ("100", "Segment sequence error"),
            Condition::Missing => ("101", "Required field missing"),
            Condition::Type => ("102", "Data type error"),
            Condition::TooLong => ("104", "Value too long"),
            Condition::Other => ("199", "Content error"),
            Condition::Locked => ("206", "Application record locked"),
            Condition::Internal => ("207", "Application internal error"),
        }
    }
}

/// An acknowledgement: `MSA-1`, and what is wrong if something is. `id` is its own control id.
pub fn msa(
    head: &Head<'_>,
    code: &str,
    condition: Option<Condition>,
    now: Timestamp,
    id: &str,
) -> Vec<u8> {
    let field = head.field;
    let one = |at: usize, usual: u8| head.encoding.get(at).copied().unwrap_or(usual);
    let (component, sub) = (one(0, b'^'), one(3, b'&'));
    let mut out = Vec::with_capacity(256);
    let mut segment = |name: &str, fields: &[&[u8]]| {
        out.extend_from_slice(name.as_bytes());
        for value in fields {
            out.push(field);
            out.extend_from_slice(value);
        }
        out.push(b'\r');
    };
    let when = now.strftime("%Y%m%d%H%M%S+0000").to_string();
    let [from, place, to, other] = head.parties;
    let kind = kind(head, component);
    segment(
        "MSH",
        &[
            head.encoding,
            to,
            other,
            from,
            place,
            when.as_bytes(),
            b"",
            &kind,
            id.as_bytes(),
            head.processing,
            head.version,
        ],
    );
    let (number, text) = condition.map_or(("", ""), Condition::coded);
    match condition {
        None => segment("MSA", &[code.as_bytes(), head.control]),
        // Before 2.5 there is no ERR-3: the text stands in MSA-3 too.
        Some(_) => segment("MSA", &[code.as_bytes(), head.control, text.as_bytes()]),
    }
    if condition.is_some() {
        let joined = |parts: [&str; 3], by: u8| parts.join(&char::from(by).to_string());
        match newer(head.version) {
            true => {
                let said = joined([number, text, "HL70357"], component);
                segment("ERR", &[b"", b"", said.as_bytes(), b"E"]);
            }
            false => {
                let mut said = vec![component; 3];
                said.extend(joined([number, text, "HL70357"], sub).into_bytes());
                segment("ERR", &[&said]);
            }
        }
    }
    out
}

/// `ACK`, with the trigger of what it answers.
fn kind(head: &Head<'_>, component: u8) -> Vec<u8> {
    let mut kind = b"ACK".to_vec();
    if let Some(trigger) = head.kind.split(|byte| *byte == component).nth(1) {
        kind.push(component);
        kind.extend_from_slice(trigger);
    }
    kind
}

/// Whether a version is 2.5 or later.
fn newer(version: &[u8]) -> bool {
    let version = version.split(|byte| !byte.is_ascii_digit() && *byte != b'.').next();
    let text = std::str::from_utf8(version.unwrap_or_default()).unwrap_or_default();
    let mut numbers = text.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major, minor) >= (2, 5)
}

/// What an acknowledgement of a receiver comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meant {
    /// It has the message, and will say more, or not.
    Taken,
    /// It has said its last word.
    Receipt(ReceiptCode),
    /// Nothing that we know: whether it has the message is not known either.
    Unknown,
}

/// Reads `MSA-1` with the codes of its errors: `AE` with an internal error is temporary, `AR` with a fault of the
/// content is final.
pub fn meant(code: &[u8], errors: &[&[u8]]) -> Meant {
    let number = |code: &&[u8]| std::str::from_utf8(code).ok()?.parse::<u16>().ok();
    let numbers = || errors.iter().filter_map(number);
    let content = |n: u16| matches!(n, 100..=203);
    match code {
        b"AA" => Meant::Receipt(ReceiptCode::Ok),
        b"CA" => Meant::Taken,
        b"AE" | b"CE" => match numbers().any(|n| n == 207) && !numbers().any(content) {
            true => Meant::Receipt(ReceiptCode::TransientError),
            false => Meant::Receipt(ReceiptCode::FatalError),
        },
        b"AR" | b"CR" => match numbers().any(content) {
            true => Meant::Receipt(ReceiptCode::FatalError),
            false => Meant::Receipt(ReceiptCode::TransientError),
        },
        _ => Meant::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::mllp;

    fn made(message: &[u8], code: &str, condition: Option<Condition>) -> String {
        let head = mllp::head(message).unwrap();
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        String::from_utf8(msa(&head, code, condition, now, "77")).unwrap()
    }

    #[test]
    fn in_the_senders_own_language() {
        let message = b"MSH|^~\\&|LAB|H|EHR|T|20260102||ORU^R01^ORU_R01|42|P|2.5.1\r";
        let expected = "MSH|^~\\&|EHR|T|LAB|H|20260102030405+0000||ACK^R01|77|P|2.5.1\rMSA|AA|42\r";
        assert_eq!(made(message, "AA", None), expected);
        let said = made(message, "AR", Some(Condition::Internal));
        assert!(said.ends_with(
            "MSA|AR|42|Application internal error\r\
             ERR|||207^Application internal error^HL70357|E\r"
        ));
        let old = made(b"MSH#$~\\%#A#B#C#D###ADT$A01#1#P#2.3\r", "AE", Some(Condition::TooLong));
        assert!(old.ends_with("MSA#AE#1#Value too long\rERR#$$$104%Value too long%HL70357\r"));
        assert!(old.starts_with("MSH#$~\\%#C#D#A#B#"));
    }

    #[test]
    fn row_by_row() {
        use ReceiptCode::{FatalError, Ok, TransientError};
        type Case = (&'static [u8], &'static [&'static [u8]], Meant);
        let cases: [Case; 13] = [
            (b"AA", &[], Meant::Receipt(Ok)),
            (b"CA", &[], Meant::Taken),
            (b"AE", &[], Meant::Receipt(FatalError)),
            (b"CE", &[b"101"], Meant::Receipt(FatalError)),
            (b"AE", &[b"207"], Meant::Receipt(TransientError)),
            (b"AE", &[b"207", b"102"], Meant::Receipt(FatalError)),
            (b"AR", &[], Meant::Receipt(TransientError)),
            (b"CR", &[b"207"], Meant::Receipt(TransientError)),
            (b"AR", &[b"200"], Meant::Receipt(FatalError)),
            (b"AR", &[b"203"], Meant::Receipt(FatalError)),
            (b"AR", &[b"102"], Meant::Receipt(FatalError)),
            (b"AR", &[b"204"], Meant::Receipt(TransientError)),
            (b"aa", &[], Meant::Unknown),
        ];
        for (code, errors, expected) in cases {
            assert_eq!(meant(code, errors), expected, "{code:?} {errors:?}");
        }
    }
}
