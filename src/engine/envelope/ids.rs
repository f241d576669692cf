//! Ids of letters as UUIDs, and times of sending where they stand.
//!
//! Promises: an id of a letter can be had again from its UUID. Never: two ids under one UUID for one sender.

use super::NAMESPACE;
use crate::message::MessageId;
use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// The most characters of an id that fits into a UUID.
const FITS: usize = 14;

/// An envelope of ours with another time of sending: the first that is written as ours are.
pub(super) fn replaced_time(before: &str, sent: &str) -> Option<String> {
    let is_time = |text: &str| {
        let shape = |(at, c): (usize, char)| match at {
            4 | 7 => c == '-',
            10 => c == 'T',
            13 | 16 => c == ':',
            19 => c == 'Z',
            _ => c.is_ascii_digit(),
        };
        text.len() == sent.len() && text.chars().enumerate().all(shape)
    };
    let start = (0..before.len()).find(|at| {
        before.as_bytes()[*at] == b'>'
            && before.get(at + 1..at + 1 + sent.len()).is_some_and(is_time)
    })? + 1;
    Some([&before[..start], sent, &before[start + sent.len()..]].concat())
}

/// A time as envelopes have it.
pub(super) fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A message's id as a UUID: itself, or, of at most 14 characters, those and a few bits of its sender, from which
/// it can be had again.
pub(super) fn fold(id: &str, sender: &str) -> Uuid {
    if let Ok(own) = Uuid::parse_str(id) {
        return own;
    }
    if id.len() > FITS || id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Uuid::new_v5(&NAMESPACE, [sender, id].join("\u{1f}").as_bytes());
    }
    let mut bits = id.bytes().fold(0u128, |bits, b| bits << 7 | u128::from(b));
    bits <<= 7 * (FITS - id.len());
    let hash = blake3::hash(sender.as_bytes());
    let bits = bits << 24
        | u128::from(u32::from_le_bytes([
            hash.as_bytes()[0],
            hash.as_bytes()[1],
            hash.as_bytes()[2],
            0,
        ]));
    // Of 122 bits the first 48, the next 12 and the last 62 stand around version and variant.
    let (first, second, third) = (bits >> 74, bits >> 62 & 0xfff, bits & ((1 << 62) - 1));
    let whole = first << 80 | second << 64 | third;
    Builder::from_custom_bytes(whole.to_be_bytes()).into_uuid()
}

/// The id that was folded into a UUID, or the UUID.
pub(super) fn unfold(text: &str) -> MessageId {
    let own = || MessageId(text.into());
    let Ok(uuid) = Uuid::parse_str(text) else { return own() };
    if uuid.get_version_num() != 8 {
        return own();
    }
    let whole = uuid.as_u128();
    let bits = (whole >> 80) << 74 | (whole >> 64 & 0xfff) << 62 | whole & ((1 << 62) - 1);
    let id: String = (0..FITS)
        .map(|at| (bits >> (24 + 7 * (FITS - 1 - at)) & 0x7f) as u8)
        .take_while(|b| *b != 0)
        .map(char::from)
        .collect();
    match id.bytes().all(|b| b.is_ascii_graphic()) && !id.is_empty() {
        true => MessageId(id.into()),
        false => own(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_letter_comes_back_out_of_its_uuid() {
        for id in ["1", "ABC123", "12345678901234", "x-y_z", "068dadff-12bb-406d-8c86-083974dc0180"]
        {
            let uuid = fold(id, "5790000000005");
            assert_eq!(*unfold(&uuid.to_string()).0, *id, "{uuid}");
        }
        assert_ne!(fold("1", "5790000000005"), fold("1", "5790000000012"));
        assert_eq!(fold("longer than fourteen", "a").get_version_num(), 5);
    }

    #[test]
    fn a_time_is_exchanged_where_it_stands() {
        let text = "<a>x</a><b>2026-11-25T12:00:00Z</b>";
        let other = replaced_time(text, "2026-11-26T13:00:00Z");
        assert_eq!(other.as_deref(), Some("<a>x</a><b>2026-11-26T13:00:00Z</b>"));
        assert_eq!(replaced_time("<a>x</a>", "2026-11-26T13:00:00Z"), None);
    }
}
