//! Keys of verdicts: so many bits of a strong hash that two never meet.
//!
//! Never: a key from which what it was made of can be read.

use crate::message::{EnvelopeId, MessageId, PartyName};

/// A key.
pub type Print = u128;

/// A strong hash of a few texts, which may hold anything.
pub fn print(kind: &str, texts: &[&str]) -> Print {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(half)
}

/// The key of the verdict on a party's message.
pub fn message_key(party: &PartyName, message: &MessageId) -> Print {
    print("message", &[&party.0, &message.0])
}

/// The key of a party's envelope.
pub fn envelope_key(party: &PartyName, envelope: &EnvelopeId) -> Print {
    print("envelope", &[&party.0, &envelope.0])
}
