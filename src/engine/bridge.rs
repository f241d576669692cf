//! The receiver's word on to the sender: a receipt that came inside an answer, and a silence that has ended.
//!
//! Promises: one receipt for each delivery, under ids that follow from it, so that it is made once however often
//! it is asked for; in the sender's own language. Never: a receipt where our verdict was the answer.

use super::{Arena, Engine, apart, catalogue, told};
use crate::config::{Answers, EndpointSyntax};
use crate::message::{
    AuditAction, AuditRecord, DeliveryId, EnvelopeId, Event, MessageId, NewDelivery, Output,
    PartyName, ReceiptCode, Syntax, Unit, Verdict,
};
use crate::receipt;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The namespace of such receipts' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f7b_91c4_1e55_4c0d_9a16_07d8_44e3_b9a2);
/// How long such a receipt is worth delivering: as long as a sender may resend.
const LIVES: SignedDuration = SignedDuration::from_hours(72);
/// What such receipts are called where others have their event.
const EVENT: &str = "receipt";

impl Engine {
    /// The unit that carries a receiver's last word about a delivery to its message's sender; none: our verdict
    /// was the answer, or the sender has no endpoint for receipts. `silent`: the receiver has said nothing.
    pub fn bridged(
        &self,
        unit: &Unit,
        index: u16,
        position: DeliveryId,
        code: ReceiptCode,
        silent: bool,
        now: Timestamp,
    ) -> Option<Unit> {
        let delivery = unit.deliveries.get(usize::from(index))?;
        let route = self.config.route(&delivery.route)?;
        if route.answers != Answers::Receiver || code == ReceiptCode::TransientError {
            return None;
        }
        let mut arena = Arena::new(self);
        let read = self.reread(unit, &mut arena, now)?;
        let party = [&read.sender, &read.incoming.party];
        let endpoint = party.into_iter().find_map(|party| self.receipts_to(party))?;
        let DeliveryId { unit: at, index } = position;
        let place = format!("{}/{}/{index}/{}", at.partition, at.sequence, unit.message.0);
        let envelope = Uuid::new_v5(&NAMESPACE, place.as_bytes());
        let kind = match silent {
            true => &catalogue::UNANSWERED,
            false => &catalogue::RECEIVER_REFUSED,
        };
        let issues = [told::about(kind)];
        let json = self.acknowledgement(&read, code, &issues, now, envelope)?;
        let (syntax, bytes) = match endpoint.syntax {
            EndpointSyntax::FhirJson => (Syntax::FhirJson, Bytes::from(json)),
            EndpointSyntax::FhirXml => (Syntax::FhirXml, self.as_xml(json)),
            _ => return None,
        };
        let message = MessageId(receipt::header_id(&envelope).to_string().into());
        let envelope = EnvelopeId(envelope.to_string().into());
        let record = |action, outcome: Option<Box<str>>| AuditRecord {
            at: now,
            action,
            actor: delivery.receiver.0.clone(),
            delivery: None,
            outcome,
        };
        let output = Output { syntax, bytes: bytes.clone(), message, envelope, map: None };
        let ends = (&delivery.receiver, &endpoint.party.value);
        let output = self.enveloped(endpoint, ends, output, now).ok()?;
        let (syntax, bytes) = (output.syntax, output.bytes.clone());
        let (message, envelope) = (output.message.clone(), output.envelope.clone());
        Some(Unit {
            party: delivery.receiver.clone(),
            carrier: None,
            message: message.clone(),
            envelope: envelope.clone(),
            sender: unit.receiver.clone(),
            receiver: unit.sender.clone(),
            event: Event(EVENT.into()),
            conversation: unit.conversation.clone(),
            syntax,
            received: now,
            content_hash: *blake3::hash(&bytes).as_bytes(),
            original: bytes,
            verdict: Verdict::Accepted,
            issues: Vec::new(),
            quarantine: None,
            configuration: self.config.hash,
            receipt_for: None,
            outputs: vec![Output { bytes: Bytes::new(), ..output }],
            deliveries: vec![NewDelivery {
                route: apart::RECEIPTS.into(),
                receiver: PartyName(endpoint.party.value.0.clone()),
                endpoint: (*endpoint.name).into(),
                output: 0,
                lane: None,
                expires: now + LIVES,
                receipt_within: None,
            }],
            audit: vec![
                record(
                    AuditAction::Received,
                    Some(format!("of {}/{}", at.partition, at.sequence).into()),
                ),
                record(AuditAction::Accepted, None),
            ],
            read_at: None,
        })
    }
}
