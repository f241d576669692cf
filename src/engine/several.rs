//! A transmission of several messages: each is read, decided and answered by itself, all are committed as one.
//!
//! Promises: a message that is cut out keeps the envelope and every byte of its own; what stands behind it, up to the
//! next, is its own too. Never: half a transmission, or one receipt for all.

use super::{Arena, Engine, Incoming, Read, Unread, catalogue};
use crate::format::{charset::Charset, edifact, xml};
use crate::message::{self, Answer, AuditAction, Issue, Severity, Syntax, ToldIssue, Unit};
use crate::receipt::{self, Ending, contrl, er7};
use crate::tree::{BufferId, NodeId, Tree};
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

/// A message's place in its transmission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Which it is, from 1.
    pub number: u16,
    /// Of how many.
    pub of: u16,
}

impl Part {
    /// As an audit record names it.
    pub(super) fn code(self) -> Box<str> {
        format!("message-{}-of-{}", self.number, self.of).into()
    }
}

/// The place of a message that was kept: its audit says it.
pub(super) fn place_of(unit: &Unit) -> Option<Part> {
    let received = unit.audit.iter().find(|one| one.action == AuditAction::Received)?;
    let (number, of) = received.outcome.as_deref()?.strip_prefix("message-")?.split_once("-of-")?;
    Some(Part { number: number.parse().ok()?, of: of.parse().ok()? })
}

/// A message of a transmission, and what is said about it.
pub struct Heard<'a> {
    /// The message.
    pub read: &'a Read,
    /// How it ended.
    pub ending: Ending,
    /// What is told.
    pub issues: &'a [ToldIssue],
}

impl Engine {
    /// The messages of a transmission that was read into a tree, each with the envelope around it. None: it holds
    /// one, or they cannot be told apart byte for byte.
    pub fn split(&self, whole: &Incoming, unread: &Unread, tree: &Tree) -> Option<Vec<Incoming>> {
        let of = u16::try_from(unread.letters.len()).ok().filter(|of| *of > 1)?;
        let charset = whole.charset.as_deref();
        let decoded = self.library.wire().decode(whole.syntax, &whole.bytes, charset).ok()?;
        let text = tree.has_input().then(|| tree.buffer(BufferId(1)))?;
        let encoded = |text: &str| encoded(text, decoded.charset);
        if text != &*decoded.text || encoded(text) != whole.bytes {
            return None;
        }
        let ranges = ranges(whole.syntax, &unread.letters, tree, text)?;
        let one = |at: usize| -> Option<Incoming> {
            let kept = match whole.syntax {
                Syntax::Edifact => edifact::alone(tree, text, &ranges, at)?,
                _ => [
                    &text[..ranges[0].start],
                    &text[ranges[at].clone()],
                    &text[ranges[of as usize - 1].end..],
                ]
                .concat(),
            };
            let place = Some(Part { number: at as u16 + 1, of });
            Some(Incoming { bytes: encoded(&kept), place, ..whole.clone() })
        };
        (0..usize::from(of)).map(one).collect()
    }

    /// What is said of a transmission with a message id that stands in it twice.
    pub fn twice(&self, arena: &mut Arena) -> Box<Unread> {
        let place = message::Place { node: arena.tree.root(), ..message::Place::default() };
        arena.issues.push(Issue::new(&catalogue::ID_TWICE, place));
        self.unread(Ending::Unidentified, arena)
    }

    /// The answer that tells the verdicts of a transmission's messages: a receipt for each that wants one, in their
    /// own syntax, or what was found, by message.
    pub fn answer_several(
        &self,
        heard: &[Heard<'_>],
        syntax: Syntax,
        now: Timestamp,
        id: Uuid,
    ) -> Answer {
        let refused = |one: &&Heard<'_>| one.ending != Ending::Accepted;
        let Some(worst) = heard.iter().find(refused).or(heard.first()) else {
            return receipt::plain(Ending::Broken, syntax);
        };
        let own = heard.iter().all(|one| one.read.incoming.syntax == syntax);
        if own
            && syntax == Syntax::Edifact
            && let Some(body) = self.interchange(heard, now, id)
        {
            return receipt::in_receipt(worst.ending, syntax, body);
        }
        let mut told = Vec::new();
        for (one, number) in heard.iter().zip(1..) {
            let say = |issue: &ToldIssue| {
                let text = format!("message {number}: {}", issue.text).into();
                ToldIssue { text, ..issue.clone() }
            };
            told.extend(one.issues.iter().filter(|i| i.severity > Severity::Information).map(say));
        }
        match told.is_empty() {
            true => receipt::plain(worst.ending, syntax),
            false => receipt::answer(worst.ending, &told, syntax),
        }
    }

    /// The receipts of letters in one interchange; none where nobody asked for one.
    fn interchange(&self, heard: &[Heard<'_>], now: Timestamp, id: Uuid) -> Option<Bytes> {
        let mut texts = Vec::new();
        let mut charset = Charset::Latin1;
        for one in heard {
            let bytes = &one.read.incoming.bytes;
            let decoded = self.library.wire().decode(Syntax::Edifact, bytes, None).ok()?;
            charset = decoded.charset;
            texts.push(decoded.text);
        }
        let mut replies = Vec::new();
        for (one, text) in heard.iter().zip(&texts) {
            let Some((_, code)) = receipt::row(one.ending).receipt else { continue };
            let arrived = self.only_arrived(one.read, one.ending);
            let id = Uuid::new_v5(&id, &replies.len().to_be_bytes());
            let (message, issues) = (&**text, one.issues);
            let reply = er7::Replying { message, code, arrived, issues, now, id };
            if contrl::wanted(&reply) {
                replies.push(reply);
            }
        }
        Some(encoded(&contrl::acknowledge_all(&replies)?, charset))
    }
}

fn encoded(text: &str, charset: Charset) -> Bytes {
    let mut out = Vec::with_capacity(text.len());
    charset.encode(text, &mut out);
    Bytes::from(out)
}

/// Where each message stands in the text, with what follows it up to the next.
fn ranges(
    syntax: Syntax,
    letters: &[NodeId],
    tree: &Tree,
    text: &str,
) -> Option<Vec<std::ops::Range<usize>>> {
    let at = |node: NodeId| tree.node(node).offset as usize;
    let end = match syntax {
        Syntax::Edifact => edifact::closing(tree)?,
        Syntax::Xml => xml::closing(text)?,
        _ => return None,
    };
    let starts = letters.iter().map(|one| at(*one));
    let ends = letters.iter().skip(1).map(|one| at(*one)).chain([end]);
    let ranges: Vec<_> = starts.zip(ends).map(|(start, end)| start..end).collect();
    let whole = ranges.iter().all(|one| one.start < one.end && text.get(one.clone()).is_some());
    whole.then_some(ranges)
}
