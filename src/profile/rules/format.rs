//! The forms of primitive values, checked natively: R4's regular expressions and what dates can exist.
//!
//! Promises: linear in the value, no allocation. Never: says what the value was.

/// How a primitive type's value is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `true` or `false`.
    Boolean,
    /// A signed number of 32 bits.
    Integer,
    /// From 0.
    Unsigned,
    /// From 1.
    Positive,
    /// A decimal.
    Decimal,
    /// Any text of at least one character.
    Text,
    /// No outer and no double white space.
    Code,
    /// 1 to 64 of A-Z, a-z, 0-9, `-`, `.`.
    Id,
    /// No white space.
    Uri,
    /// `urn:oid:`.
    Oid,
    /// `urn:uuid:`.
    Uuid,
    /// Base 64.
    Base64,
    /// A year, a month or a day.
    Date,
    /// A date, perhaps with a time and a zone.
    DateTime,
    /// A moment.
    Instant,
    /// A time of day.
    Time,
    /// Narrative, which has a rule of its own.
    Xhtml,
}

/// What is wrong with a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Its form.
    Form,
    /// It is longer than this.
    Long(u32),
    /// A decimal beyond what systems agree on.
    Range,
}

/// The longest string, in bytes.
pub const LONGEST: usize = 1024 * 1024;

impl Format {
    /// The format of a primitive type.
    pub fn of(type_name: &str) -> Option<Format> {
        Some(match type_name {
            "boolean" => Format::Boolean,
            "integer" => Format::Integer,
            "unsignedInt" => Format::Unsigned,
            "positiveInt" => Format::Positive,
            "decimal" => Format::Decimal,
            "string" | "markdown" => Format::Text,
            "code" => Format::Code,
            "id" => Format::Id,
            "uri" | "url" | "canonical" => Format::Uri,
            "oid" => Format::Oid,
            "uuid" => Format::Uuid,
            "base64Binary" => Format::Base64,
            "date" => Format::Date,
            "dateTime" => Format::DateTime,
            "instant" => Format::Instant,
            "time" => Format::Time,
            "xhtml" => Format::Xhtml,
            _ => return None,
        })
    }

    /// Checks a decoded value.
    pub fn check(self, text: &str) -> Result<(), Fault> {
        let good = match self {
            Format::Boolean => matches!(text, "true" | "false"),
            Format::Integer => integer(text).is_some(),
            Format::Unsigned => integer(text).is_some_and(|n| n >= 0),
            Format::Positive => integer(text).is_some_and(|n| n >= 1),
            Format::Decimal => return decimal(text),
            Format::Text if text.len() > LONGEST => return Err(Fault::Long(LONGEST as u32)),
            Format::Text => !text.is_empty(),
            Format::Code => code(text),
            Format::Id if text.len() > 64 => return Err(Fault::Long(64)),
            Format::Id => id(text),
            Format::Uri => uri(text),
            Format::Oid => text.strip_prefix("urn:oid:").is_some_and(oid),
            Format::Uuid => text.strip_prefix("urn:uuid:").is_some_and(uuid),
            Format::Base64 => base64(text),
            Format::Date => date(text.as_bytes()),
            Format::DateTime => date_time(text),
            Format::Instant => text.len() > 10 && date_time(text),
            Format::Time => time(text.as_bytes()),
            Format::Xhtml => true,
        };
        if good { Ok(()) } else { Err(Fault::Form) }
    }
}

fn integer(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = digits == text;
    let good = match digits.as_bytes() {
        [b'0'] => plain,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if good { text.parse().ok() } else { None }
}

fn decimal(text: &str) -> Result<(), Fault> {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match rest.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (rest, None),
    };
    let (whole, part) = match number.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (number, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let whole_good = digits(whole) && (whole.len() == 1 || !whole.starts_with('0'));
    if !whole_good || !part.is_none_or(digits) {
        return Err(Fault::Form);
    }
    let scale: i64 = match exponent {
        None => 0,
        Some(e) if digits(e.strip_prefix(['-', '+']).unwrap_or(e)) => {
            e.parse().map_err(|_| Fault::Range)?
        }
        Some(_) => return Err(Fault::Form),
    };
    let length = whole.len() + part.map_or(0, str::len);
    let magnitude = whole.len() as i64 + scale.clamp(-100_000, 100_000);
    if length > 64 || !(-307..=308).contains(&magnitude) { Err(Fault::Range) } else { Ok(()) }
}

/// Whether a text is nothing but letters, digits and marks of ASCII; eight bytes at a time.
pub fn is_graphic(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // the top bit of a byte is set where it, or one before it, is another
    let other = |eight: &[u8; 8]| {
        let word = u64::from_le_bytes(*eight);
        word | word.wrapping_add(ONES) | word.wrapping_sub(ONES * 0x21)
    };
    let found = match bytes.last_chunk::<8>() {
        Some(last) => {
            let (whole, _) = bytes.as_chunks::<8>();
            whole.iter().fold(other(last), |found, eight| found | other(eight))
        }
        None => return !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic),
    };
    found & (ONES * 0x80) == 0
}

fn code(text: &str) -> bool {
    // most codes are letters and digits alone
    if is_graphic(text.as_bytes()) {
        return true;
    }
    let mut space = true;
    for c in text.chars() {
        match c.is_whitespace() {
            true if space => return false,
            white => space = white,
        }
    }
    !space
}

/// Whether it is a resource's id.
pub fn id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .fold(true, |good, b| good & (b.is_ascii_alphanumeric() | (b == b'-') | (b == b'.')))
}

fn uri(text: &str) -> bool {
    let plain = is_graphic(text.as_bytes());
    let spaceless = plain || (!text.is_empty() && !text.chars().any(char::is_whitespace));
    if !text.starts_with("urn:") {
        // an oid or a uuid is a URI only behind `urn:`
        return spaceless && !text.starts_with("oid:") && !text.starts_with("uuid:");
    }
    match (text.strip_prefix("urn:uuid:"), text.strip_prefix("urn:oid:")) {
        // a narrative is pointed into by a fragment
        (Some(rest), _) => spaceless && rest.split('#').next().is_some_and(uuid),
        (_, Some(rest)) => oid(rest),
        _ => spaceless,
    }
}

fn oid(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !matches!(bytes, [b'0'..=b'2', b'.', ..]) {
        return false;
    }
    // numbers without leading zeros, each behind a point
    let (mut before, mut zero) = (b'.', false);
    for byte in &bytes[2..] {
        match byte {
            b'0'..=b'9' if zero => return false,
            b'0' => zero = before == b'.',
            b'1'..=b'9' => {}
            b'.' if before != b'.' => zero = false,
            _ => return false,
        }
        before = *byte;
    }
    before != b'.'
}

/// Whether it is a uuid, in hexadecimal of either case.
pub fn uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn base64(text: &str) -> bool {
    let (mut count, mut padding) = (0usize, 0usize);
    for b in text.bytes() {
        match b {
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => count += 1,
            _ => return false,
        }
    }
    count > 0 && padding <= 2 && (count + padding).is_multiple_of(4)
}

fn two(bytes: &[u8], low: u8, high: u8) -> bool {
    matches!(bytes, [a @ b'0'..=b'9', b @ b'0'..=b'9']
        if (low..=high).contains(&((a - b'0') * 10 + (b - b'0'))))
}

fn date(bytes: &[u8]) -> bool {
    let year = bytes.get(..4).is_some_and(|y| y.iter().all(u8::is_ascii_digit) && y != b"0000");
    match bytes.len() {
        4 => year,
        7 => year && bytes[4] == b'-' && two(&bytes[5..], 1, 12),
        10 => year && bytes[4] == b'-' && bytes[7] == b'-' && day_exists(bytes),
        _ => false,
    }
}

/// Of `YYYY-MM-DD`.
fn day_exists(bytes: &[u8]) -> bool {
    if !two(&bytes[5..7], 1, 12) || !two(&bytes[8..10], 1, 31) {
        return false;
    }
    let number = |s: &[u8]| s.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0'));
    let (year, month, day) = (number(&bytes[..4]), number(&bytes[5..7]), number(&bytes[8..10]));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    day <= match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((day, rest)) = bytes.split_at_checked(10).filter(|(_, rest)| !rest.is_empty()) else {
        return date(bytes);
    };
    let [b'T', rest @ ..] = rest else { return false };
    let Some(zone) = rest.iter().position(|b| matches!(b, b'Z' | b'+' | b'-')) else {
        return false;
    };
    date(day) && time(&rest[..zone]) && zone_exists(&rest[zone..])
}

fn zone_exists(zone: &[u8]) -> bool {
    match zone {
        b"Z" => true,
        [b'+' | b'-', hours @ .., b':', m1, m2] => {
            let minutes = [*m1, *m2];
            (two(hours, 0, 13) && two(&minutes, 0, 59)) || (hours == b"14" && minutes == *b"00")
        }
        _ => false,
    }
}

fn time(bytes: &[u8]) -> bool {
    let Some((clock, part)) = bytes.split_at_checked(8) else { return false };
    let fraction = match part {
        [] => true,
        [b'.', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    fraction
        && two(&clock[..2], 0, 23)
        && clock[2] == b':'
        && two(&clock[3..5], 0, 59)
        && clock[5] == b':'
        && two(&clock[6..], 0, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_format_takes_and_refuses() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("boolean", &["true"], &["True", "1"]),
            ("integer", &["0", "-12", "2147483647"], &["01", "-0", "2147483648", "1.0", "1e3", ""]),
            ("positiveInt", &["1"], &["0", "-1"]),
            ("unsignedInt", &["0"], &["-1"]),
            (
                "decimal",
                &["0", "-0.0", "1.0E3", "1.10", "1e300"],
                &["1e400", ".5", "01", "1.", "e1"],
            ),
            ("code", &["a", "a b"], &["", " a", "a ", "a  b"]),
            ("id", &["A-1.b"], &["", "a_b", "æ"]),
            ("uri", &["http://x", "urn:oid:1.2.3"], &["a b", "urn:uuid:1", "urn:oid:1.02", ""]),
            ("oid", &["urn:oid:1.2.208"], &["1.2", "urn:oid:3.1", "urn:oid:1"]),
            ("uuid", &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"], &["urn:uuid:x"]),
            ("base64Binary", &["YQ==", "YW\nJj"], &["YQ=", "Y!==", "=YQ="]),
            (
                "date",
                &["2024", "2024-02", "2024-02-29"],
                &["2024-02-30", "2023-02-29", "0000", "24"],
            ),
            (
                "dateTime",
                &["2024-02-29T10:00:00+01:00", "2024", "2024-01-01T00:00:00.123Z"],
                &["2024-02-30", "2024-01-01T10:00:00", "2024-01-01T10:00Z", "2024-01T10:00:00Z"],
            ),
            ("instant", &["2024-01-01T10:00:00Z"], &["2024-01-01", "2024-01-01T24:00:00Z"]),
            ("time", &["10:00:00.5"], &["10:00", "25:00:00"]),
        ];
        for (name, good, bad) in cases {
            let format = Format::of(name).unwrap();
            for text in *good {
                assert_eq!(format.check(text), Ok(()), "{name} {text}");
            }
            for text in *bad {
                assert!(format.check(text).is_err(), "{name} {text}");
            }
        }
    }

    #[test]
    fn eight_bytes_at_a_time_say_what_each_says() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'~'; length];
                    text[at] = byte;
                    assert_eq!(is_graphic(&text), byte.is_ascii_graphic(), "{byte} at {at}");
                    text[..at].fill(b'!');
                    assert_eq!(is_graphic(&text), byte.is_ascii_graphic(), "{byte} at {at}");
                }
            }
        }
        assert!(!is_graphic(b""));
    }

    #[test]
    fn limits_have_faults_of_their_own() {
        assert_eq!(Format::Decimal.check(&"9".repeat(300)), Err(Fault::Range));
        assert_eq!(Format::Decimal.check("1e99999999999999999999"), Err(Fault::Range));
        assert_eq!(Format::Text.check(&"a".repeat(LONGEST + 1)), Err(Fault::Long(LONGEST as u32)));
        assert_eq!(Format::Id.check(&"a".repeat(65)), Err(Fault::Long(64)));
        assert_eq!(Format::Decimal.check(&"1".repeat(24)), Ok(()));
    }
}
