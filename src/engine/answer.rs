//! How a verdict is told to whoever waits for it: a receipt in the message's own language where there is
//! one, else an OperationOutcome.

use super::read::{Read, Unread};
use super::sets::FAMILY;
use super::{Engine, Incoming, told};
use crate::config::Answers;
use crate::definitions::typing;
use crate::format;
use crate::message::{Answer, MessageId, ReceiptCode, ReceiptFor, Syntax, ToldIssue};
use crate::receipt::{self, Acknowledging, Ending, ProfileSet};
use crate::tree::Tree;
use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    /// The answer to a submission that got no verdict: in its own language where its header could be read.
    pub fn answer_unread(
        &self,
        unread: &Unread,
        incoming: &Incoming,
        syntax: Syntax,
        now: Timestamp,
        id: Uuid,
    ) -> Answer {
        if unread.issues.is_empty() {
            return receipt::plain(unread.ending, syntax);
        }
        let answer = receipt::answer(unread.ending, &unread.issues, syntax);
        if incoming.syntax != syntax {
            return answer;
        }
        match self.reply_unread(incoming, &unread.issues, now, id) {
            Some(body) => {
                Answer { body, content_type: Some(receipt::content_type(syntax)), ..answer }
            }
            None => answer,
        }
    }

    /// The answer that tells a verdict. `envelope` is new for every answer.
    pub fn answer(
        &self,
        read: &Read,
        ending: Ending,
        issues: &[ToldIssue],
        syntax: Syntax,
        now: Timestamp,
        envelope: Uuid,
    ) -> Answer {
        let own = read.says.receipt_for.is_none() && !self.only_arrived(read, ending);
        let said = receipt::row(ending).receipt.map(|(_, code)| code).filter(|_| own);
        Answer { said, ..self.written(read, ending, issues, syntax, now, envelope) }
    }

    fn written(
        &self,
        read: &Read,
        ending: Ending,
        issues: &[ToldIssue],
        syntax: Syntax,
        now: Timestamp,
        envelope: Uuid,
    ) -> Answer {
        if read.wrapped.is_some() {
            return self.answer_enveloped(read, ending, issues, (now, envelope));
        }
        let is_receipt = read.says.receipt_for.is_some();
        let Some((_, code)) = receipt::row(ending).receipt.filter(|_| !is_receipt) else {
            return self.outcome(ending, issues, syntax);
        };
        if read.incoming.syntax == syntax
            && let Some(answer) = self.in_its_own_words(read, ending, issues, now, envelope)
        {
            return answer;
        }
        // The final receiver's receipt is the one that counts: ours says only that the message arrived.
        if self.only_arrived(read, ending) {
            return self.outcome(ending, issues, syntax);
        }
        let Some(json) = self.acknowledgement(read, code, issues, now, envelope) else {
            return self.outcome(ending, issues, syntax);
        };
        let xml = matches!(syntax, Syntax::FhirXml | Syntax::Xml);
        let (syntax, body) = match xml {
            false => (Syntax::FhirJson, Bytes::from(json)),
            true => (Syntax::FhirXml, self.as_xml(json)),
        };
        receipt::in_receipt(ending, syntax, body)
    }

    /// The answer to a message that came again on a route where the receiver answers: the transport's answer
    /// until the receiver has said something, then that.
    pub fn answer_again(
        &self,
        read: &Read,
        again: &super::Again,
        said: Option<ReceiptCode>,
        syntax: Syntax,
        now: Timestamp,
        envelope: Uuid,
    ) -> Answer {
        let ending = self.ending_again(read, again, said);
        self.answer(read, ending, &again.issues, syntax, now, envelope)
    }

    /// How a message that came again ends, where its receiver has said this about it.
    pub fn ending_again(
        &self,
        read: &Read,
        again: &super::Again,
        said: Option<ReceiptCode>,
    ) -> Ending {
        match said.filter(|_| self.answers(read) == Answers::Receiver) {
            Some(ReceiptCode::Ok) => Ending::AcceptedByReceiver,
            Some(ReceiptCode::FatalError) => Ending::Refused,
            Some(ReceiptCode::TransientError) | None => again.ending,
        }
    }

    /// Whether an ending says only that the message has arrived: its receiver will say more.
    pub(super) fn only_arrived(&self, read: &Read, ending: Ending) -> bool {
        ending == Ending::Accepted && self.answers(read) == Answers::Receiver
    }

    /// Whether the receiver's receipt is the one that counts.
    pub fn receiver_answers(&self, read: &Read) -> bool {
        self.answers(read) == Answers::Receiver
    }

    fn outcome(&self, ending: Ending, issues: &[ToldIssue], syntax: Syntax) -> Answer {
        match issues.is_empty() {
            true => receipt::plain(ending, syntax),
            false => receipt::answer(ending, issues, syntax),
        }
    }

    /// The acknowledgement as FHIR JSON, where the message is a FHIR message of a family of profiles.
    pub fn acknowledgement(
        &self,
        read: &Read,
        code: ReceiptCode,
        issues: &[ToldIssue],
        now: Timestamp,
        envelope: Uuid,
    ) -> Option<String> {
        let parts = read.parts.as_ref()?;
        let profiles = self.profile_set(&parts.profiles)?;
        let issues = match code {
            ReceiptCode::Ok => Vec::new(),
            _ => told::for_receipt(issues),
        };
        let occurred =
            if parts.occurred.is_empty() { now.to_string() } else { parts.occurred.to_string() };
        let activity = if parts.activity.is_empty() { "new-message" } else { &parts.activity };
        Some(receipt::acknowledge(&Acknowledging {
            profiles,
            message: &read.message,
            code,
            issues: &issues,
            codes: &self.codes,
            from: &parts.destination,
            to: &parts.source,
            occurred: &occurred,
            activity,
            now,
            envelope,
        }))
    }

    /// The family of profiles that a message's claims belong to.
    fn profile_set(&self, claimed: &[Box<str>]) -> Option<&ProfileSet> {
        let ours = |set: &&ProfileSet| {
            let family = set.canonical(FAMILY);
            !family.is_empty() && claimed.iter().any(|claim| claim.starts_with(family))
        };
        self.profile_sets.iter().find(ours).or(self.profile_sets.first())
    }

    pub(super) fn answers(&self, read: &Read) -> Answers {
        self.routes_of(read).next().map_or(Answers::Engine, |route| route.answers)
    }

    pub(super) fn as_xml(&self, json: String) -> Bytes {
        let mut tree = Tree::new(self.library.names().clone());
        let mut issues = Vec::new();
        format::fhir_json::read(ByteString::from(json), &mut tree, &mut issues);
        typing::type_tree(&mut tree, self.library.table(), &mut issues);
        let mut out = String::new();
        if let Some(root) = tree.root() {
            format::fhir_xml::write(&tree, self.library.table(), root, &mut out);
        }
        Bytes::from(out)
    }
}

/// What an answer over a transport says as a receipt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The message that it answers, by the id that its receiver saw.
    pub message: MessageId,
    /// What it says.
    pub code: ReceiptCode,
    /// Whether it is valid by the profiles that it claims. One that is not is believed, and reported.
    pub valid: bool,
    /// Why, as far as it says so.
    pub reasons: Vec<ToldIssue>,
}

impl Engine {
    /// The receipt that an answer's body holds, if it holds one.
    pub fn receipt_in(&self, content_type: &str, body: &Bytes, now: Timestamp) -> Option<Told> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let syntax = match essence {
            "application/fhir+json" => Syntax::FhirJson,
            "application/fhir+xml" => Syntax::FhirXml,
            "x-application/hl7-v2+er7" | "application/hl7-v2" => Syntax::Hl7v2,
            "application/edifact" => Syntax::Edifact,
            "application/xml" | "text/xml" => Syntax::Xml,
            _ => return None,
        };
        let mut arena = super::Arena::new(self);
        let wire = self.library.wire();
        let text = wire.decode(syntax, body, None).ok()?.text;
        let (tree, issues) = (&mut arena.tree, &mut arena.issues);
        if !wire.read(syntax, text, tree, issues) || told::refuse(issues) {
            return None;
        }
        wire.type_tree(syntax, tree, issues);
        arena.references.build(&arena.tree);
        let says = {
            let trees = [&arena.tree];
            let scene = self.scene(&trees, &arena.references, now);
            self.intakes.extract(&scene, syntax, &mut arena.paths)?
        };
        let ReceiptFor { message, code } = says.receipt_for?;
        let request = crate::profile::Request::default();
        let (tree, issues) = (&arena.tree, &mut arena.issues);
        self.validator.validate(tree, &request, now, &mut arena.validation, issues);
        let valid = !told::refuse(&arena.issues);
        let reasons = self.reasons(&mut arena, syntax, now);
        Some(Told { message, code, valid, reasons })
    }
}
