//! Receipts of HL7 v2 messages and EDIFACT letters, in their own syntax.
//!
//! Promises: what a message's own text says is quoted as it was written, also where the message could not be read
//! further. Never: answers a receipt.

use super::Engine;
use super::read::Read;
use crate::config::Answers;
use crate::format::charset::Charset;
use crate::message::{Answer, ReceiptCode, Syntax, ToldIssue};
use crate::receipt::{self, Ending, contrl, er7};
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    /// The answer in the message's own syntax, where it is HL7 v2 or EDIFACT and wants one.
    pub(super) fn in_its_own_words(
        &self,
        read: &Read,
        ending: Ending,
        issues: &[ToldIssue],
        now: Timestamp,
        id: Uuid,
    ) -> Option<Answer> {
        let row = receipt::row(ending);
        let (status, code) = row.receipt?;
        let (syntax, bytes) = (read.incoming.syntax, &read.incoming.bytes);
        let arrived = ending == Ending::Accepted && self.answers(read) == Answers::Receiver;
        let body = self.reply(syntax, bytes, (code, arrived), issues, now, id)?;
        Some(Answer {
            status,
            content_type: Some(receipt::content_type(syntax)),
            body,
            retry_after: row.retry_after,
            verdict: receipt::verdict(ending),
        })
    }

    /// A receipt made from a message's bytes alone: an HL7 v2 acknowledgement whose header could be read, or a
    /// letter's CTL. `arrived`: the message was taken, and its receiver will say more. None: another syntax, no usable
    /// header, or a letter that asks for nothing.
    pub fn reply(
        &self,
        syntax: Syntax,
        bytes: &Bytes,
        (code, arrived): (ReceiptCode, bool),
        issues: &[ToldIssue],
        now: Timestamp,
        id: Uuid,
    ) -> Option<Bytes> {
        if !matches!(syntax, Syntax::Hl7v2 | Syntax::Edifact) {
            return None;
        }
        // a header is nearly always readable as ISO 8859-1, even of a message that is not in its charset
        let decoded = self.library.wire().decode(syntax, bytes, None);
        let (text, charset) = match decoded {
            Ok(decoded) => (decoded.text.to_string(), decoded.charset),
            Err(_) => (bytes.iter().copied().map(char::from).collect(), Charset::Latin1),
        };
        let replying = er7::Replying { message: &text, code, arrived, issues, now, id };
        let reply = match syntax {
            Syntax::Hl7v2 => er7::acknowledge(&replying)?,
            _ if code == ReceiptCode::Ok && (arrived || !contrl::asks(&text)) => return None,
            _ => contrl::acknowledge(&replying)?,
        };
        let mut out = Vec::new();
        charset.encode(&reply, &mut out);
        Some(Bytes::from(out))
    }
}
