//! Receipts that travel as messages of their own: asked for by the sender, delivered to its endpoint.
//!
//! Promises: the receipt is committed with the verdict it tells, so that neither is true without the other.
//! Never: an address that a message named.

use super::decide::Decided;
use super::{Engine, Read};
use crate::config::{Answers, Endpoint, EndpointSyntax};
use crate::message::{EnvelopeId, MessageId, NewDelivery, Output, PartyName, Syntax};
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

    /// Puts the receipt of a decision among what its commit makes due. False: there is none, or nowhere to
    /// deliver it, and it is told in the answer.
    pub fn send_apart(
        &self,
        read: &Read,
        decided: &mut Decided,
        now: Timestamp,
        envelope: Uuid,
    ) -> bool {
        let Some((_, code)) = receipt::row(decided.ending).receipt else { return false };
        if read.says.receipt_for.is_some() {
            return false;
        }
        // The final receiver's receipt is the one that counts, and it has said nothing yet.
        if decided.ending == Ending::Accepted && self.answers(read) == Answers::Receiver {
            return false;
        }
        let party = [&read.sender, &read.incoming.party];
        let Some(endpoint) = party.into_iter().find_map(|party| self.receipts_to(party)) else {
            return false;
        };
        let syntax = match endpoint.syntax {
            EndpointSyntax::FhirJson => Syntax::FhirJson,
            EndpointSyntax::FhirXml => Syntax::FhirXml,
            _ => return false,
        };
        let issues = &decided.unit.issues;
        let Some(json) = self.acknowledgement(read, code, issues, now, envelope) else {
            return false;
        };
        let bytes = match syntax {
            Syntax::FhirJson => Bytes::from(json),
            _ => self.as_xml(json),
        };
        let unit = &mut decided.unit;
        let output = u16::try_from(unit.outputs.len()).unwrap_or(u16::MAX);
        unit.outputs.push(Output {
            syntax,
            bytes,
            message: MessageId(receipt::header_id(&envelope).to_string().into()),
            envelope: EnvelopeId(envelope.to_string().into()),
            map: None,
        });
        unit.deliveries.push(NewDelivery {
            route: RECEIPTS.into(),
            receiver: endpoint.party.value.clone(),
            endpoint: (*endpoint.name).into(),
            output,
            lane: None,
            expires: now + LIVES,
            receipt_within: None,
        });
        true
    }
}
