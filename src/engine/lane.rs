//! Which lane a delivery is in.
//!
//! Never: a lane's name from which a conversation or a patient could be told.

use super::Read;
use crate::config::{LaneKey, LaneOrder, Route};
use crate::message::{self, PartyName};

/// The lane: sender, receiver and a key that is hashed, since it may be a person's.
pub(super) fn lane(read: &Read, route: &Route, receiver: &PartyName) -> Option<Box<str>> {
    let key = blake3::derive_key("stafett 2026 lane key", b"");
    let conversation = read.says.conversation.as_deref();
    let conversation =
        conversation.map(|text| *blake3::keyed_hash(&key, text.as_bytes()).as_bytes());
    let patient = || read.says.patient.as_ref().map(|patient| patient.hash(&key));
    let hash = match route.lane {
        LaneKey::None => None,
        LaneKey::Patient => patient(),
        LaneKey::Conversation => conversation.or_else(patient),
    }?;
    let short = u64::from_le_bytes(hash[..8].try_into().ok()?);
    let by_receipt = route.order == LaneOrder::Receipt;
    Some(message::lane::lane(&read.sender, receiver, short, by_receipt))
}
