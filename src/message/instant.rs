//! How an instant is written by serde: as text where people read it, as nanoseconds where they do not.
//!
//! For `#[serde(with = "...")]`. Keeps every digit that a [`Timestamp`] has.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes an instant.
pub fn serialize<S: Serializer>(instant: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    if out.is_human_readable() {
        return instant.serialize(out);
    }
    out.serialize_i128(instant.as_nanosecond())
}

/// Reads an instant.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    if from.is_human_readable() {
        return Timestamp::deserialize(from);
    }
    Timestamp::from_nanosecond(i128::deserialize(from)?).map_err(D::Error::custom)
}

/// The same for an instant that may be missing.
pub mod maybe {
    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes an instant, or that there is none.
    pub fn serialize<S: Serializer>(it: &Option<Timestamp>, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() {
            return it.serialize(out);
        }
        it.map(|instant| instant.as_nanosecond()).serialize(out)
    }

    /// Reads an instant, or that there is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        if from.is_human_readable() {
            return Option::<Timestamp>::deserialize(from);
        }
        let nanoseconds = Option::<i128>::deserialize(from)?;
        nanoseconds.map(Timestamp::from_nanosecond).transpose().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Two {
        #[serde(with = "super")]
        one: Timestamp,
        #[serde(with = "super::maybe")]
        other: Option<Timestamp>,
    }

    #[test]
    fn an_instant_keeps_its_nanoseconds_both_ways() {
        let one: Timestamp = "2026-11-25T09:30:00.123456789Z".parse().unwrap();
        for two in [Two { one, other: None }, Two { one, other: Some(Timestamp::MAX) }] {
            let bytes = postcard::to_stdvec(&two).unwrap();
            assert_eq!(postcard::from_bytes::<Two>(&bytes).unwrap(), two);
            let text = serde_json::to_string(&two).unwrap();
            assert!(text.contains("2026-11-25T09:30:00.123456789Z"), "{text}");
            assert_eq!(serde_json::from_str::<Two>(&text).unwrap(), two);
        }
    }
}
