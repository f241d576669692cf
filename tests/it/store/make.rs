//! Units for the store's trials: invented parties, messages and times.

use jiff::{SignedDuration, Timestamp};
use stafett::message::{
    AuditAction, AuditRecord, EnvelopeId, Event, Identifier, IdentifierKind, MessageId,
    NewDelivery, Output, PartyName, ReceiptCode, ReceiptFor, Syntax, Unit, Verdict,
};

/// This many seconds after the trials' beginning.
pub fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-25T08:00:00Z".parse().expect("an instant");
    start + SignedDuration::from_secs(seconds)
}

pub fn party(name: &str) -> PartyName {
    PartyName(name.into())
}

pub fn message(id: &str) -> MessageId {
    MessageId(id.into())
}

pub fn envelope(id: &str) -> EnvelopeId {
    EnvelopeId(id.into())
}

/// A message from `from` called `id` in the envelope `e-id`, with nothing to deliver.
pub fn unit(from: &str, id: &str) -> Unit {
    Unit {
        party: party(from),
        carrier: None,
        message: message(id),
        envelope: envelope(&format!("e-{id}")),
        sender: Some(Identifier { kind: IdentifierKind::Sor, value: "440301000016005".into() }),
        receiver: Some(Identifier { kind: IdentifierKind::Gln, value: "5790000120406".into() }),
        event: Event("care-communication".into()),
        conversation: Some("c1".into()),
        syntax: Syntax::FhirJson,
        received: at(0),
        original: format!("{{\"resourceType\":\"Bundle\",\"id\":\"{id}\"}}").into_bytes().into(),
        content_hash: *blake3::hash(id.as_bytes()).as_bytes(),
        verdict: Verdict::Accepted,
        issues: Vec::new(),
        quarantine: None,
        configuration: [7; 32],
        receipt_for: None,
        outputs: Vec::new(),
        deliveries: Vec::new(),
        audit: vec![AuditRecord {
            at: at(0),
            action: AuditAction::Accepted,
            actor: from.into(),
            delivery: None,
            outcome: None,
        }],
        read_at: None,
    }
}

/// How a delivery is asked for.
#[derive(Clone)]
pub struct To {
    pub endpoint: &'static str,
    pub lane: Option<&'static str>,
    pub receipt_within: Option<u32>,
    pub expires: i64,
}

impl Default for To {
    fn default() -> To {
        PLAIN
    }
}

pub const PLAIN: To = To { endpoint: "north", lane: None, receipt_within: None, expires: 86_400 };

/// The same unit with one more delivery, to the party of the endpoint's name.
pub fn deliver(mut unit: Unit, to: &To) -> Unit {
    let output = unit.outputs.len() as u16;
    unit.outputs.push(Output {
        syntax: Syntax::FhirJson,
        bytes: bytes::Bytes::new(),
        message: unit.message.clone(),
        envelope: unit.envelope.clone(),
        map: None,
    });
    unit.deliveries.push(NewDelivery {
        route: format!("to-{}", to.endpoint).into(),
        receiver: party(to.endpoint),
        endpoint: to.endpoint.into(),
        output,
        lane: to.lane.map(Into::into),
        expires: at(to.expires),
        receipt_within: to.receipt_within,
    });
    unit
}

/// A receipt from `from` about `about`.
pub fn receipt(from: &str, id: &str, about: &str, code: ReceiptCode) -> Unit {
    let receipt_for = Some(ReceiptFor { message: message(about), code });
    Unit { receipt_for, event: Event("acknowledgement".into()), ..unit(from, id) }
}
