//! From what the intake answers to what is said on the wire: in the original mode one acknowledgement, in the
//! enhanced mode first whether the message was accepted, then what it came to.
//!
//! Promises: `CA` only for what is on disk; nothing that the message does not ask for; a bad word that no
//! application acknowledgement would carry is said at the accept level. Source: HL7 v2.5.1, 2.9.2 and 2.9.3.

use crate::format::mllp::{self, Head};
use crate::message::{Answer, ReceiptCode};
use crate::receipt::{self, Condition, Meant, meant};
use jiff::Timestamp;
use uuid::Uuid;

/// What is said, and whether the connection ends.
pub struct Said {
    /// Acknowledgements, in their order.
    pub frames: Vec<Vec<u8>>,
    /// Why it ends, if it does.
    pub close: Option<&'static str>,
}

impl Said {
    /// Nothing but these.
    pub fn frames(frames: impl IntoIterator<Item = Vec<u8>>) -> Said {
        Said { frames: frames.into_iter().collect(), close: None }
    }
}

/// An acknowledgement about a message that was not decided about: `code` is the original mode's, which is `CR` or
/// `CE` to a sender that knows both levels; none where such a one asks for none.
pub fn accept(head: &Head<'_>, code: &str, condition: Option<Condition>) -> Option<Vec<u8>> {
    let levels = [head.accept, head.application];
    let [accept, application] = levels.map(|level| level.wants(false, false));
    let code = match (head.enhanced(), code) {
        (false, code) => code,
        (true, _) if !accept && !application => return None,
        (true, "AR") if accept => "CR",
        (true, "AE") if accept => "CE",
        (true, code) => code,
    };
    Some(message(head, code, condition))
}

/// What the answer of the intake is on the wire.
pub fn said(head: &Head<'_>, answer: Answer) -> Said {
    let full = mllp::acknowledged(&answer.body).map(|said| meant(said.code, &said.errors));
    let (meaning, body) = match full {
        Some(meaning) => (meaning, answer.body.to_vec()),
        None => match bare(head, &answer) {
            Some(bare) => bare,
            // An impostor hears nothing, and is heard no further.
            None => return Said { frames: Vec::new(), close: Some("not-allowed") },
        },
    };
    let close = (answer.status == 413).then_some("too-long");
    if !head.enhanced() {
        return Said { frames: vec![body], close };
    }
    let taken = |frames: &mut Vec<Vec<u8>>| {
        if head.accept.wants(true, false) {
            frames.push(message(head, "CA", None));
        }
    };
    let mut frames = Vec::new();
    match meaning {
        Meant::Taken => taken(&mut frames),
        Meant::Receipt(ReceiptCode::Ok) => {
            taken(&mut frames);
            frames.extend(head.application.wants(true, false).then_some(body));
        }
        // What was refused is on disk with its verdict, and so accepted; unless that would be all that is heard.
        Meant::Receipt(ReceiptCode::FatalError) if answer.verdict => {
            if head.application.wants(false, false) {
                taken(&mut frames);
                frames.push(body);
            } else if head.accept.wants(false, false) {
                frames.push(at_accept_level(&body, head));
            }
        }
        _ if head.accept.wants(false, false) => frames.push(at_accept_level(&body, head)),
        _ => frames.extend(head.application.wants(false, false).then_some(body)),
    }
    Said { frames, close }
}

/// The same acknowledgement with `MSA-1` of the accept level: `AE` is `CE`, `AR` is `CR`.
fn at_accept_level(body: &[u8], head: &Head<'_>) -> Vec<u8> {
    let mark = [b"MSA", &[head.field][..], b"A"].concat();
    let mut body = body.to_vec();
    if let Some(at) = memchr::memmem::find(&body, &mark) {
        body[at + mark.len() - 1] = b'C';
    }
    body
}

/// An acknowledgement by the answer's status alone, where the intake had none in this language; none: it is nobody
/// who may hear one.
fn bare(head: &Head<'_>, answer: &Answer) -> Option<(Meant, Vec<u8>)> {
    use ReceiptCode::{FatalError, Ok, TransientError};
    let (meaning, code, condition) = match answer.status {
        401 | 403 => return None,
        200..300 if answer.status == 202 => (Meant::Taken, "CA", None),
        200..300 => (Meant::Receipt(Ok), "AA", None),
        400 => (Meant::Receipt(FatalError), "AE", Some(Condition::Segments)),
        413 => (Meant::Receipt(FatalError), "AE", Some(Condition::TooLong)),
        415 => (Meant::Receipt(FatalError), "AE", Some(Condition::Type)),
        422 if !answer.verdict => (Meant::Receipt(FatalError), "AE", Some(Condition::Missing)),
        409 | 422 => (Meant::Receipt(FatalError), "AE", Some(Condition::Other)),
        _ => (Meant::Receipt(TransientError), "AR", Some(Condition::Internal)),
    };
    Some((meaning, message(head, code, condition)))
}

/// A head for a message that has none.
const NO_HEAD: Head<'_> = Head {
    field: b'|',
    encoding: b"^~\\&",
    parties: [b""; 4],
    kind: b"",
    control: b"",
    processing: b"P",
    version: b"2.5.1",
    accept: mllp::Asked::Silent,
    application: mllp::Asked::Silent,
    charset: b"",
};

fn message(head: &Head<'_>, code: &str, condition: Option<Condition>) -> Vec<u8> {
    let head = if head.field == 0 { &NO_HEAD } else { head };
    // MSH-10 has 20 characters in the older versions.
    let id = Uuid::new_v4().simple().to_string();
    receipt::msa(head, code, condition, Timestamp::now(), &id[..20])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const REFUSED: &str = "MSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AE|7\rERR|||102^x^HL70357|E\r";
    const ACCEPTED: &str = "MSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AA|7\r";

    fn answer(status: u16, verdict: bool, body: &'static str) -> Answer {
        let body = Bytes::from_static(body.as_bytes());
        Answer { status, content_type: None, body, retry_after: None, verdict, said: None }
    }

    /// The codes that are said to a message whose MSH-15 and MSH-16 are these.
    fn codes(levels: &str, answer: Answer) -> Vec<String> {
        let text = format!("MSH|^~\\&|a|b|c|d|2026||ADT^A01|7|P|2.5|||{levels}\r");
        let head = mllp::head(text.as_bytes()).unwrap();
        let code = |frame: &Vec<u8>| {
            let said = mllp::acknowledged(frame).unwrap();
            assert_eq!(said.control, b"7");
            String::from_utf8(said.code.to_vec()).unwrap()
        };
        said(&head, answer).frames.iter().map(code).collect()
    }

    #[test]
    fn by_mode() {
        let cases: [(&str, [&[&str]; 4]); 6] = [
            ("|", [&["AA"], &["AE"], &["CA"], &["AR"]]),
            ("AL|AL", [&["CA", "AA"], &["CA", "AE"], &["CA"], &["CR"]]),
            ("AL|NE", [&["CA"], &["CE"], &["CA"], &["CR"]]),
            ("NE|AL", [&["AA"], &["AE"], &[], &["AR"]]),
            ("ER|ER", [&[], &["AE"], &[], &["CR"]]),
            ("NE|NE", [&[], &[], &[], &[]]),
        ];
        for (levels, expected) in cases {
            let answers = [
                answer(200, true, ACCEPTED),
                answer(200, true, REFUSED),
                answer(202, true, ""),
                answer(503, false, ""),
            ];
            for (answer, expected) in answers.into_iter().zip(expected) {
                assert_eq!(codes(levels, answer), expected, "{levels}");
            }
        }
    }

    #[test]
    fn without_a_word_of_the_intake() {
        for (status, code) in [(200, "AA"), (400, "AE"), (415, "AE"), (422, "AE"), (500, "AR")] {
            assert_eq!(codes("|", answer(status, false, "{}")), [code], "{status}");
        }
        let impostor = said(&Head::default(), answer(403, false, "{}"));
        assert!(impostor.frames.is_empty() && impostor.close.is_some());
        let headless = said(&Head::default(), answer(400, false, "{}"));
        assert!(headless.frames[0].starts_with(b"MSH|^~\\&|"));
    }
}
