//! The receiver's word on to the sender, in the sender's own format: a receipt inside an answer, one that came as a
//! message and that no route leads further, and a silence that has ended.
//!
//! Promises: one receipt for each delivery, under ids that follow from it, so that it is made once however often and
//! in whatever form the word comes, and the first word stands; it quotes the message as its sender knows it; the
//! reasons are those that the receiver gave. Never: a receipt where our verdict was the answer.

use super::read::Read;
use super::{Arena, Engine, apart, catalogue, told};
use crate::config::{Answers, Endpoint, EndpointSyntax};
use crate::mapping::Translation;
use crate::message::{
    AuditAction, AuditRecord, DeliveryId, EnvelopeId, Event, KnownAbout, MessageId, NewDelivery,
    Output, PartyName, ReceiptCode, Syntax, ToldIssue, Unit, Verdict,
};
use crate::receipt;
use crate::route::Reason;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The namespace of such receipts' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f7b_91c4_1e55_4c0d_9a16_07d8_44e3_b9a2);
/// How long such a receipt is worth delivering: as long as a sender may resend.
const LIVES: SignedDuration = SignedDuration::from_hours(72);
/// What such receipts are called where others have their event.
const EVENT: &str = "receipt";

/// What a receiver says about a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// What it comes to.
    pub code: ReceiptCode,
    /// Why, as far as it says so.
    pub reasons: Vec<ToldIssue>,
}

impl Word {
    /// What a silence comes to that has lasted too long.
    pub fn silence() -> Word {
        let reasons = vec![told::about(&catalogue::UNANSWERED)];
        Word { code: ReceiptCode::FatalError, reasons }
    }
}

impl Engine {
    /// The unit that carries a receiver's last word about a delivery to its message's sender; none: our verdict
    /// was the answer, or the sender has no endpoint for receipts of its format.
    pub fn bridged(
        &self,
        unit: &Unit,
        position: DeliveryId,
        word: &Word,
        now: Timestamp,
    ) -> Option<Unit> {
        let delivery = unit.deliveries.get(usize::from(position.index))?;
        let route = self.config.route(&delivery.route)?;
        if route.answers != Answers::Receiver || word.code == ReceiptCode::TransientError {
            return None;
        }
        let mut arena = Arena::new(self);
        let read = self.reread(unit, &mut arena, now)?;
        let party = [&read.sender, &read.incoming.party];
        let endpoint = party.into_iter().find_map(|party| self.receipts_to(party))?;
        let DeliveryId { unit: at, index } = position;
        let place = format!("{}/{}/{index}/{}", at.partition, at.sequence, unit.message.0);
        let id = Uuid::new_v5(&NAMESPACE, place.as_bytes());
        let refused = word.code != ReceiptCode::Ok && word.reasons.is_empty();
        let plain = refused.then(|| told::about(&catalogue::RECEIVER_REFUSED));
        let reasons: Vec<ToldIssue> = word.reasons.iter().cloned().chain(plain).collect();
        let (syntax, bytes) = self.word_for(&read, endpoint, (word.code, &reasons), now, id)?;
        let message = MessageId(receipt::header_id(&id).to_string().into());
        let envelope = EnvelopeId(id.to_string().into());
        let output = Output { syntax, bytes: bytes.clone(), message, envelope, map: None };
        let ends = (&delivery.receiver, &endpoint.party.value);
        let output = self.enveloped(endpoint, ends, output, now).ok()?;
        Some(on_its_way(unit, delivery, endpoint, (bytes, output), at, (now, self.config.hash)))
    }

    /// A receipt as a message's sender wants it at its endpoint. None: it takes another format there, or does not want
    /// this to be told.
    fn word_for(
        &self,
        read: &Read,
        endpoint: &Endpoint,
        (code, reasons): (ReceiptCode, &[ToldIssue]),
        now: Timestamp,
        id: Uuid,
    ) -> Option<(Syntax, Bytes)> {
        if !read.incoming.syntax.is_fhir() {
            let own = EndpointSyntax::of(read.incoming.syntax) == endpoint.syntax;
            let bytes = self.own_words(read, (code, false), reasons, now, id);
            return bytes
                .filter(|_| own || read.wrapped.is_some())
                .map(|b| (read.incoming.syntax, b));
        }
        let json = self.acknowledgement(read, code, reasons, now, id)?;
        match endpoint.syntax {
            EndpointSyntax::FhirJson => Some((Syntax::FhirJson, Bytes::from(json))),
            EndpointSyntax::FhirXml => Some((Syntax::FhirXml, self.as_xml(json))),
            _ => None,
        }
    }

    /// The receiver's word that a receipt is, on to whoever sent the message; none: a route is for that, or our verdict
    /// was the answer.
    pub(super) fn handed_on(
        &self,
        read: &Read,
        arena: &mut Arena,
        known: &KnownAbout,
        now: Timestamp,
    ) -> Option<Box<Unit>> {
        let before = known.sent.as_ref()?;
        let code = read.says.receipt_for.as_ref()?.code;
        let reasons = self.reasons(arena, read.incoming.syntax, now);
        let word = Word { code, reasons };
        self.bridged(&before.unit, before.delivery, &word, now).map(Box::new)
    }

    /// Why the receipt that stands in an arena refuses.
    pub(super) fn reasons(
        &self,
        arena: &mut Arena,
        syntax: Syntax,
        now: Timestamp,
    ) -> Vec<ToldIssue> {
        let trees = [&arena.tree];
        let scene = self.scene(&trees, &arena.references, now);
        let said = self.intakes.reasons(&scene, syntax, &mut arena.paths);
        said.into_iter().map(|reason| self.reason(reason)).collect()
    }

    /// A reason as an issue: under the code of an acknowledgement where it has one, else by its words.
    fn reason(&self, reason: Reason) -> ToldIssue {
        let Reason { code, text, maps } = reason;
        let through = |code: Box<str>, url: &str| {
            let map = self.concepts.iter().find(|map| *map.url == *url)?;
            match map.find(None, &code) {
                Translation::Found(concept) => Some(concept.code.clone()),
                _ => None,
            }
        };
        let known =
            code.clone().and_then(|code| maps.iter().map(|url| &**url).try_fold(code, through));
        let known = known.and_then(|code| Some((self.codes.means(&code)?, code)));
        let issue = told::about(&catalogue::RECEIVER_REFUSED);
        let said = match code {
            Some(code) if text.is_empty() => code,
            Some(code) if known.is_none() => format!("{code}: {text}").into(),
            _ => text,
        };
        match known {
            Some((kind, id)) => ToldIssue { code: kind, id, text: said, ..issue },
            None => ToldIssue { text: said, ..issue },
        }
    }
}

/// The unit of a receipt that is handed on.
fn on_its_way(
    unit: &Unit,
    delivery: &NewDelivery,
    endpoint: &Endpoint,
    (original, output): (Bytes, Output),
    at: crate::message::Position,
    (now, configuration): (Timestamp, [u8; 32]),
) -> Unit {
    let record = |action, outcome: Option<Box<str>>| AuditRecord {
        at: now,
        action,
        actor: delivery.receiver.0.clone(),
        delivery: None,
        outcome,
    };
    let (syntax, bytes) = (output.syntax, output.bytes.clone());
    // In an envelope, what is stored is the envelope.
    let original = if bytes.is_empty() { original } else { bytes };
    Unit {
        party: delivery.receiver.clone(),
        carrier: None,
        message: output.message.clone(),
        envelope: output.envelope.clone(),
        sender: unit.receiver.clone(),
        receiver: unit.sender.clone(),
        event: Event(EVENT.into()),
        conversation: unit.conversation.clone(),
        syntax,
        received: now,
        content_hash: *blake3::hash(&original).as_bytes(),
        original,
        verdict: Verdict::Accepted,
        issues: Vec::new(),
        quarantine: None,
        configuration,
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
    }
}
