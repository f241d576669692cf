//! Receipts of HL7 v2 messages and EDIFACT letters, in their own syntax.
//!
//! Promises: what a message's own text says is quoted as it was written, also where the message could not be read
//! further. Never: answers a receipt.

use super::Engine;
use super::read::{Incoming, Read, day};
use crate::format::charset::Charset;
use crate::message::{Answer, Identifier, IdentifierKind, ReceiptCode, Syntax, ToldIssue};
use crate::receipt::{self, Ending, contrl, er7};
use crate::route::Identity;
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
        let (_, code) = receipt::row(ending).receipt?;
        let arrived = self.only_arrived(read, ending);
        let body = self.own_words(read, (code, arrived), issues, now, id)?;
        Some(receipt::in_receipt(ending, read.incoming.syntax, body))
    }

    /// What is said about a message that is no FHIR message, in its own format; none: there is no such way, or nobody
    /// wants it told.
    pub(super) fn own_words(
        &self,
        read: &Read,
        (code, arrived): (ReceiptCode, bool),
        issues: &[ToldIssue],
        now: Timestamp,
        id: Uuid,
    ) -> Option<Bytes> {
        let (syntax, bytes) = (read.incoming.syntax, &read.incoming.bytes);
        match read.says.receipt.as_ref() {
            Some(_) if arrived => None,
            Some(_) => self.through_map(read, code, issues, now, id),
            None => self.reply(syntax, bytes, (code, arrived), issues, now, id),
        }
    }

    /// A refusal of what could not be read to its end, whose header names whom it is for: nobody else hears one.
    pub(super) fn reply_unread(
        &self,
        incoming: &Incoming,
        issues: &[ToldIssue],
        now: Timestamp,
        id: Uuid,
    ) -> Option<Bytes> {
        let syntax = incoming.syntax;
        if syntax == Syntax::Edifact {
            let (text, _) = self.text_of(syntax, &incoming.bytes);
            let (value, kind) = contrl::sender(&text)?;
            let gln = Identifier::parse(IdentifierKind::Gln, &value).ok().filter(|_| kind == "14");
            let admitted = self.routes.admits(&incoming.party, gln.as_slice(), day(now));
            if !matches!(admitted, Identity::Own | Identity::Carrier { .. }) {
                return None;
            }
        }
        self.reply(syntax, &incoming.bytes, (ReceiptCode::FatalError, false), issues, now, id)
    }

    /// The text of a message of HL7 v2 or EDIFACT, also of one that is not in its charset: a header is nearly always
    /// readable as ISO 8859-1.
    fn text_of(&self, syntax: Syntax, bytes: &Bytes) -> (String, Charset) {
        match self.library.wire().decode(syntax, bytes, None) {
            Ok(decoded) => (decoded.text.to_string(), decoded.charset),
            Err(_) => (bytes.iter().copied().map(char::from).collect(), Charset::Latin1),
        }
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
        let (text, charset) = self.text_of(syntax, bytes);
        let replying = er7::Replying { message: &text, code, arrived, issues, now, id };
        let reply = match syntax {
            Syntax::Hl7v2 => er7::acknowledge(&replying)?,
            _ if !contrl::wanted(&replying) => return None,
            _ => contrl::acknowledge(&replying)?,
        };
        let mut out = Vec::new();
        charset.encode(&reply, &mut out);
        Some(Bytes::from(out))
    }
}
