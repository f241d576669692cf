//! One primitive's text as another's.
//!
//! Promises: what comes out is a value of the wanted type, or nothing comes out; nothing is rounded or cut
//! unless the map says `cast`. Never: shows the text it was given.

use crate::tree::types::Primitive;
use std::borrow::Cow;

/// The text as a value of `to`; none when it is not one. With `cast` the map asked for it: a date is cut out
/// of a date and time, `1` is true, a time gets its seconds.
pub fn convert(to: Primitive, text: &str, cast: bool) -> Option<Cow<'_, str>> {
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    let fits = |ok: bool| ok.then_some(Cow::Borrowed(trimmed));
    match to {
        Primitive::String | Primitive::Markdown => {
            (!text.is_empty()).then_some(Cow::Borrowed(text))
        }
        Primitive::Boolean => match trimmed {
            "true" | "false" => fits(true),
            "1" if cast => Some(Cow::Borrowed("true")),
            "0" if cast => Some(Cow::Borrowed("false")),
            _ => None,
        },
        Primitive::Integer => fits(is_integer(trimmed, i64::from(i32::MIN))),
        Primitive::UnsignedInt => fits(is_integer(trimmed, 0)),
        Primitive::PositiveInt => fits(is_integer(trimmed, 1)),
        Primitive::Decimal => fits(is_decimal(trimmed)),
        Primitive::Date if cast && trimmed.len() > 10 => {
            let date = trimmed.get(..10)?;
            (is_date_time(trimmed, false) && is_date(date)).then_some(Cow::Borrowed(date))
        }
        Primitive::Date => fits(is_date(trimmed)),
        Primitive::DateTime => fits(is_date(trimmed) || is_date_time(trimmed, true)),
        Primitive::Instant => fits(is_date_time(trimmed, true)),
        Primitive::Time if cast && trimmed.len() == 5 => {
            let time = format!("{trimmed}:00");
            is_time(&time).then_some(Cow::Owned(time))
        }
        Primitive::Time => fits(is_time(trimmed)),
        Primitive::Code => {
            let inside = trimmed.contains("  ") || trimmed.contains(['\t', '\r', '\n']);
            fits(!trimmed.is_empty() && !inside)
        }
        Primitive::Id => fits(is_id(trimmed)),
        Primitive::Uri
        | Primitive::Url
        | Primitive::Canonical
        | Primitive::Oid
        | Primitive::Uuid => fits(!trimmed.is_empty() && !trimmed.contains(char::is_whitespace)),
        Primitive::Base64Binary => fits(!trimmed.is_empty() && trimmed.bytes().all(is_base64)),
        Primitive::Xhtml => (!text.is_empty()).then_some(Cow::Borrowed(text)),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_integer(text: &str, least: i64) -> bool {
    let bare = text.strip_prefix('-').unwrap_or(text);
    let canonical = bare == "0" || !bare.starts_with('0');
    digits(bare) && canonical && text.parse::<i32>().is_ok_and(|n| i64::from(n) >= least)
}

fn is_decimal(text: &str) -> bool {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let bare = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = match bare.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (bare, None),
    };
    let whole_fits = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let sign = |e: &str| digits(e.strip_prefix(['-', '+']).unwrap_or(e));
    whole_fits && fraction.is_none_or(digits) && exponent.is_none_or(sign)
}

fn number(text: &str, from: u32, to: u32) -> bool {
    digits(text) && text.parse::<u32>().is_ok_and(|n| (from..=to).contains(&n))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let year = parts.next().is_some_and(|y| y.len() == 4 && number(y, 1, 9999));
    let month = parts.next();
    let day = parts.next();
    let whole = match (month, day) {
        (None, _) => true,
        (Some(month), None) => month.len() == 2 && number(month, 1, 12),
        (Some(_), Some(day)) => day.len() == 2 && text.parse::<jiff::civil::Date>().is_ok(),
    };
    year && whole && parts.next().is_none()
}

/// `hh:mm:ss` with or without fractions.
fn is_time(text: &str) -> bool {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    clock.len() == 8
        && clock.as_bytes()[2] == b':'
        && clock.as_bytes()[5] == b':'
        && clock.get(..2).is_some_and(|h| number(h, 0, 23))
        && clock.get(3..5).is_some_and(|m| number(m, 0, 59))
        && clock.get(6..).is_some_and(|s| number(s, 0, 60))
        && fraction.is_none_or(digits)
}

fn is_date_time(text: &str, zoned: bool) -> bool {
    let Some((date, rest)) = text.split_once('T') else { return false };
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    let zone_fits = match zone {
        "" => !zoned,
        "Z" => true,
        offset => {
            offset.len() == 6
                && offset.get(1..3).is_some_and(|h| number(h, 0, 14))
                && offset.as_bytes()[3] == b':'
                && offset.get(4..).is_some_and(|m| number(m, 0, 59))
        }
    };
    let time_fits = is_time(time) || (!zoned && time.len() == 5 && is_time(&format!("{time}:00")));
    date.len() == 10 && is_date(date) && time_fits && zone_fits
}

fn is_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_passes_and_what_does_not_is_none() {
        let cases = [
            (Primitive::Integer, "12", Some("12")),
            (Primitive::Integer, "notanumber", None),
            (Primitive::Integer, "1.0", None),
            (Primitive::PositiveInt, "0", None),
            (Primitive::Decimal, "-1.50e3", Some("-1.50e3")),
            (Primitive::Decimal, ".5", None),
            (Primitive::Date, "2024-02-30", None),
            (Primitive::Date, " 2024-02 ", Some("2024-02")),
            (Primitive::Date, "2024-02-03T10:00:00Z", None),
            (Primitive::DateTime, "2024-02-03T10:00:00", None),
            (
                Primitive::DateTime,
                "2024-02-03T10:00:00.5+01:00",
                Some("2024-02-03T10:00:00.5+01:00"),
            ),
            (Primitive::Instant, "2024-02-03", None),
            (Primitive::Time, "12:10", None),
            (Primitive::Code, "a  b", None),
            (Primitive::Id, "a/b", None),
            (Primitive::Boolean, "1", None),
            (Primitive::String, " x ", Some(" x ")),
            (Primitive::Uri, "urn: x", None),
        ];
        for (to, text, expected) in cases {
            assert_eq!(convert(to, text, false).as_deref(), expected, "{to:?} {text}");
        }
    }

    #[test]
    fn a_cast_may_cut_and_complete() {
        let cut = convert(Primitive::Date, "2024-02-03T10:00:00Z", true);
        assert_eq!(cut.as_deref(), Some("2024-02-03"));
        assert_eq!(convert(Primitive::Time, "12:10", true).as_deref(), Some("12:10:00"));
        assert_eq!(convert(Primitive::Boolean, "1", true).as_deref(), Some("true"));
        assert_eq!(convert(Primitive::Date, "nonsense, really", true), None);
    }
}
