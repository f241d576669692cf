//! Values with a grammar of their own: durations, sizes, typed identifiers.
//!
//! Promises: what was read has its unit, its kind and its check digits. Never: guesses one.

use super::read::{Field, Reader};
use super::value::{from_text, parsed};
use crate::message::{Identifier, IdentifierKind};
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

from_text!(
    Duration,
    "a duration such as `\"30 s\"`, `\"10 min\"`, `\"14 days\"`",
    Some(Duration::from_secs(1)),
    duration
);
from_text!(Size, "a size such as `\"10 MB\"` or `\"64 KiB\"`", Some(Size(1)), size);
from_text!(Identifier, "an identifier such as `\"gln:5790000000005\"`", None, identifier);

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Size(pub u64);

/// A number and its unit: `("14", "days")`.
fn quantity(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let wanted = "a number and one of ms, s, min, h, days";
    let wrong = || format!("`{text}` is no duration: expected {wanted}");
    let (number, unit) = quantity(text.trim()).ok_or_else(wrong)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" | "seconds" | "second" => 1000,
        "min" | "minutes" | "minute" => 60_000,
        "h" | "hours" | "hour" => 3_600_000,
        "days" | "day" | "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    match number.checked_mul(milliseconds) {
        Some(0) => Err(format!("`{text}` is no time at all")),
        Some(n) if n <= 3650 * 86_400_000 => Ok(Duration::from_millis(n)),
        _ => Err(format!("`{text}` is longer than ten years")),
    }
}

fn size(text: &str) -> Result<Size, String> {
    let wrong = || {
        format!("`{text}` is no size: expected a number and one of B, kB, KiB, MB, MiB, GB, GiB")
    };
    let (number, unit) = quantity(text.trim()).ok_or_else(wrong)?;
    let bytes = match unit {
        "B" => 1,
        "kB" | "KB" => 1000,
        "KiB" => 1024,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    match number.checked_mul(bytes) {
        Some(0) | None => Err(wrong()),
        Some(n) => Ok(Size(n)),
    }
}

/// The kinds of identifiers, as they are written.
pub const KINDS: [(&str, IdentifierKind); 8] = [
    ("sor", IdentifierKind::Sor),
    ("gln", IdentifierKind::Gln),
    ("yder", IdentifierKind::Yder),
    ("sks", IdentifierKind::Sks),
    ("municipality", IdentifierKind::Municipality),
    ("her-id", IdentifierKind::HerId),
    ("hsa-id", IdentifierKind::HsaId),
    ("organisation", IdentifierKind::Organisation),
];

fn identifier(text: &str) -> Result<Identifier, String> {
    let kinds = || KINDS.map(|(word, _)| word).join(", ");
    let (kind, value) = text.split_once(':').ok_or_else(|| {
        format!("`{text}` has no kind: write `kind:value`, kinds are {}", kinds())
    })?;
    let (_, kind) = KINDS
        .iter()
        .find(|(word, _)| *word == kind)
        .ok_or_else(|| format!("`{kind}` is no kind of identifier; kinds are {}", kinds()))?;
    Identifier::parse(*kind, value).map_err(|what| format!("`{text}`: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_need_their_units() {
        assert_eq!(duration("14 days"), Ok(Duration::from_secs(14 * 86_400)));
        assert_eq!(duration("10min"), Ok(Duration::from_secs(600)));
        assert!(duration("10").is_err() && duration("0 s").is_err() && duration("9 år").is_err());
        assert_eq!(size("10 MB"), Ok(Size(10_000_000)));
        assert!(size("10").is_err() && size("99999999999999 GB").is_err());
    }

    #[test]
    fn identifiers_are_typed_and_checked() {
        assert!(identifier("gln:5790000120406").is_ok());
        assert!(identifier("gln:5790000120401").unwrap_err().contains("check digit"));
        assert!(identifier("5790000120406").unwrap_err().contains("no kind"));
        assert!(identifier("cpr:2512489996").unwrap_err().contains("no kind of identifier"));
    }
}
