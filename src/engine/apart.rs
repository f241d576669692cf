//! Receipts that travel as messages of their own: asked for by the sender, delivered to its endpoint.
//!
//! Promises: the receipt is committed with the verdict it tells, so that neither is true without the other.
//! Never: an address that a message named.

use super::decide::Decided;
use super::{Again, Carries, Engine, Read};
use crate::config::{Endpoint, EndpointSyntax};
use crate::message::{
    AuditAction, AuditRecord, EnvelopeId, Event, MessageId, NewDelivery, Output, PartyName,
    Position, ReceiptCode, Syntax, ToldIssue, Unit, Verdict,
};
use crate::receipt::{self, Ending};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// What such deliveries are called where others have the name of their route.
pub const RECEIPTS: &str = "receipts";

/// How long such a receipt is worth delivering: as long as a sender may resend.
const LIVES: SignedDuration = SignedDuration::from_hours(72);

impl Engine {
    /// Where receipts for a party's messages go, if it has a place for them.
    pub(super) fn receipts_to(&self, party: &PartyName) -> Option<&Endpoint> {
        match &self.config.party(party)?.receipts_to {
            Some(named) => self.config.endpoint(&named.value.0),
            None => {
                let mut own = self.config.endpoints.iter().filter(|one| one.party.value == *party);
                own.next().filter(|_| own.next().is_none())
            }
        }
    }

    /// Puts the receipts of a decision among what its commit makes due. False: there is none, or nowhere to
    /// deliver it, and it is told in the answer.
    pub fn send_apart(
        &self,
        read: &Read,
        decided: &mut Decided,
        now: Timestamp,
        envelope: Uuid,
    ) -> bool {
        let (ending, issues) = (decided.ending, &decided.unit.issues);
        let Some((endpoint, receipts)) = self.receipts(read, ending, issues, now, envelope) else {
            return false;
        };
        let unit = &mut decided.unit;
        for output in receipts {
            let at = u16::try_from(unit.outputs.len()).unwrap_or(u16::MAX);
            unit.outputs.push(output);
            unit.deliveries.push(due(endpoint, at, now));
        }
        true
    }

    /// The unit that carries the receipts of a message that came again. None: there is none, or nowhere to deliver it,
    /// and it is told in the answer; none in it: nothing is to be said.
    pub fn again_apart(
        &self,
        read: &Read,
        again: &Again,
        said: Option<ReceiptCode>,
        now: Timestamp,
        envelope: Uuid,
    ) -> Option<Option<Unit>> {
        let ending = self.ending_again(read, again, said);
        let (endpoint, receipts) = self.receipts(read, ending, &again.issues, now, envelope)?;
        let Some(first) = receipts.first() else { return Some(None) };
        let Position { partition, sequence } = again.position;
        let (actor, of) = ("stafett", format!("again {partition}/{sequence}"));
        let record = |action, outcome: Option<Box<str>>| AuditRecord {
            at: now,
            action,
            actor: actor.into(),
            delivery: None,
            outcome,
        };
        let deliveries = (0..receipts.len()).map(|at| due(endpoint, at as u16, now)).collect();
        Some(Some(Unit {
            party: PartyName(self.config.engine.name.0.clone()),
            carrier: None,
            message: first.message.clone(),
            envelope: first.envelope.clone(),
            sender: read.says.receiver.identifiers.first().cloned(),
            receiver: read.says.sender.identifiers.first().cloned(),
            event: Event("receipt".into()),
            conversation: read.says.conversation.clone(),
            syntax: first.syntax,
            received: now,
            content_hash: *blake3::hash(&first.bytes).as_bytes(),
            original: first.bytes.clone(),
            verdict: Verdict::Accepted,
            issues: Vec::new(),
            quarantine: None,
            configuration: self.config.hash,
            receipt_for: None,
            deliveries,
            audit: vec![
                record(AuditAction::Received, Some(of.into())),
                record(AuditAction::Accepted, None),
            ],
            outputs: receipts,
            read_at: None,
        }))
    }

    /// The receipts of a message as messages of their own: its acknowledgement, and that of the envelope it came
    /// in. None: they are told in the answer.
    fn receipts(
        &self,
        read: &Read,
        ending: Ending,
        issues: &[ToldIssue],
        now: Timestamp,
        envelope: Uuid,
    ) -> Option<(&Endpoint, Vec<Output>)> {
        let (_, code) = receipt::row(ending).receipt?;
        let party = [&read.sender, &read.incoming.party];
        let endpoint = party.into_iter().find_map(|party| self.receipts_to(party))?;
        let wrapped = match &read.wrapped {
            None => false,
            Some(wrapped) if wrapped.carries == Carries::Receipt => return None,
            // An envelope is answered in its own kind, or in the answer.
            Some(wrapped) => endpoint
                .envelope
                .as_ref()
                .map(|own| *own.value.0 == *wrapped.name)
                .filter(|same| *same)?,
        };
        // The final receiver's receipt is the one that counts, and it has said nothing yet.
        let silent = read.says.receipt_for.is_some() || self.only_arrived(read, ending);
        let own = match silent {
            true => None,
            false => self.own_receipt(read, endpoint, (code, issues), now, envelope),
        };
        if !wrapped {
            return own.map(|own| (endpoint, vec![own]));
        }
        let positive = code == ReceiptCode::Ok || own.is_some();
        let other = self.envelope_receipt(read, positive, issues, now, envelope);
        Some((endpoint, other.into_iter().chain(own).collect()))
    }

    /// The acknowledgement of a message, as its sender's endpoint wants it.
    fn own_receipt(
        &self,
        read: &Read,
        endpoint: &Endpoint,
        (code, issues): (ReceiptCode, &[ToldIssue]),
        now: Timestamp,
        envelope: Uuid,
    ) -> Option<Output> {
        let syntax = match (endpoint.syntax, read.wrapped.is_some()) {
            (EndpointSyntax::FhirJson, _) => Syntax::FhirJson,
            (EndpointSyntax::FhirXml, _) => Syntax::FhirXml,
            (_, true) => read.incoming.syntax,
            (own, false) if own == EndpointSyntax::of(read.incoming.syntax) => read.incoming.syntax,
            _ => return None,
        };
        let message = MessageId(receipt::header_id(&envelope).to_string().into());
        let id = EnvelopeId(envelope.to_string().into());
        let output = match syntax.is_fhir() {
            true => {
                let json = self.acknowledgement(read, code, issues, now, envelope)?;
                let bytes = match syntax {
                    Syntax::FhirJson => Bytes::from(json),
                    _ => self.as_xml(json),
                };
                Output { syntax, bytes, message, envelope: id, map: None }
            }
            // A letter's receipt is named by itself.
            false => {
                let bytes = self.own_words(read, (code, false), issues, now, envelope)?;
                Output { syntax, bytes, message, envelope: id, map: None }
            }
        };
        let from = read.receiver.as_ref().unwrap_or(&read.incoming.party);
        self.enveloped(endpoint, (from, &endpoint.party.value), output, now).ok()
    }
}

/// The delivery of a receipt.
fn due(endpoint: &Endpoint, output: u16, now: Timestamp) -> NewDelivery {
    NewDelivery {
        route: RECEIPTS.into(),
        receiver: endpoint.party.value.clone(),
        endpoint: (*endpoint.name).into(),
        output,
        lane: None,
        expires: now + LIVES,
        receipt_within: None,
    }
}
