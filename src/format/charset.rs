//! Bytes to text and back, once, before anything else looks at them.
//!
//! Promises: valid UTF-8 is borrowed, not copied; a byte that the charset does not have is a fault and never
//! a replacement character; the transport, the byte-order mark and the XML declaration must agree. A
//! byte-order mark stays in the text, where readers note it. `ISO-8859-1` is read as what it says, not as
//! windows-1252: its bytes 0x80 to 0x9F are control characters, which gives a warning, and every byte comes
//! back as it was. Never: guesses.

use super::catalogue as kinds;
use crate::message::{Issue, IssueKind};
use bytes::Bytes;
use bytestring::ByteString;
use std::io::Write;

/// The charsets that are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Charset {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO-8859-1, C1 controls and all.
    Latin1,
    /// ISO-8859-15.
    Latin9,
    /// windows-1252; its five unassigned bytes are faults.
    Windows1252,
}

/// A text, and what it was written in.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The text.
    pub text: ByteString,
    /// Its charset.
    pub charset: Charset,
    /// A warning, if there is something odd about it.
    pub note: Option<Issue>,
}

const WINDOWS: [u16; 32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC,
    0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
];

const LATIN9: [(u8, char); 8] = [
    (0xA4, '€'),
    (0xA6, 'Š'),
    (0xA8, 'š'),
    (0xB4, 'Ž'),
    (0xB8, 'ž'),
    (0xBC, 'Œ'),
    (0xBD, 'œ'),
    (0xBE, 'Ÿ'),
];

impl Charset {
    /// The charset of a label, in whatever case.
    pub fn named(label: &str) -> Option<Charset> {
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(label));
        if is(&["utf-8", "utf8"]) {
            Some(Charset::Utf8)
        } else if is(&["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1"]) {
            Some(Charset::Latin1)
        } else if is(&["iso-8859-15", "iso8859-15", "iso_8859-15", "latin-9"]) {
            Some(Charset::Latin9)
        } else if is(&["windows-1252", "cp1252"]) {
            Some(Charset::Windows1252)
        } else {
            None
        }
    }

    /// Its name, as XML declarations and content types write it.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "UTF-8",
            Charset::Latin1 => "ISO-8859-1",
            Charset::Latin9 => "ISO-8859-15",
            Charset::Windows1252 => "windows-1252",
        }
    }

    /// The character of a byte; none if it has none. Not for UTF-8.
    fn char_of(self, byte: u8) -> Option<char> {
        match self {
            Charset::Windows1252 if (0x80..0xA0).contains(&byte) => {
                let code = WINDOWS[usize::from(byte - 0x80)];
                char::from_u32(code.into()).filter(|c| *c != '\0')
            }
            Charset::Latin9 => {
                let own = LATIN9.iter().find(|(b, _)| *b == byte);
                Some(own.map_or(char::from(byte), |(_, c)| *c))
            }
            _ => Some(char::from(byte)),
        }
    }

    /// The byte of a character; none if it has none. Not for UTF-8.
    fn byte_of(self, c: char) -> Option<u8> {
        let code = u32::from(c);
        match self {
            Charset::Windows1252 if !matches!(code, 0..0x80 | 0xA0..0x100) => {
                let at = WINDOWS.iter().position(|w| code != 0 && u32::from(*w) == code)?;
                Some(at as u8 + 0x80)
            }
            Charset::Latin9 => match LATIN9.iter().find(|(_, own)| *own == c) {
                Some((byte, _)) => Some(*byte),
                None => u8::try_from(code).ok().filter(|b| LATIN9.iter().all(|(own, _)| own != b)),
            },
            _ => u8::try_from(code).ok(),
        }
    }

    /// Whether every character of a text has bytes in this charset.
    pub fn has_all(self, text: &str) -> bool {
        self == Charset::Utf8 || text.chars().all(|c| self.byte_of(c).is_some())
    }

    /// Appends `text`; a character that the charset does not have becomes a numeric character reference,
    /// which is right in XML's text and attribute values and nowhere else.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) {
        if self == Charset::Utf8 || text.is_ascii() {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        for c in text.chars() {
            match self.byte_of(c) {
                Some(byte) => out.push(byte),
                None => {
                    let written = write!(out, "&#{};", u32::from(c));
                    debug_assert!(written.is_ok(), "a Vec takes everything");
                }
            }
        }
    }

    fn decode(self, bytes: &Bytes) -> Result<Decoded, Issue> {
        if self == Charset::Utf8 {
            let text = ByteString::try_from(bytes.clone()).map_err(|_| {
                let valid = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
                Issue::at(&kinds::CHARSET_INVALID, valid)
            })?;
            return Ok(Decoded { text, charset: self, note: None });
        }
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
        let mut note = None;
        for byte in bytes.iter() {
            match self.char_of(*byte) {
                Some(c) => {
                    if note.is_none() && ('\u{80}'..'\u{A0}').contains(&c) {
                        note = Some(Issue::at(&kinds::CHARSET_C1, text.len()));
                    }
                    text.push(c);
                }
                None => return Err(Issue::at(&kinds::CHARSET_INVALID, text.len())),
            }
        }
        Ok(Decoded { text: text.into(), charset: self, note })
    }
}

/// Decodes a document. `declared` is the transport's charset; `xml` says whether to look for an XML
/// declaration. Where nothing is said it is UTF-8.
pub fn decode(bytes: &Bytes, declared: Option<&str>, xml: bool) -> Result<Decoded, Issue> {
    let fault = |kind: &'static IssueKind| Issue::at(kind, 0);
    if looks_wide(bytes) {
        return Err(fault(&kinds::CHARSET_UNSUPPORTED));
    }
    let mut found: Option<Charset> = None;
    let mark = bytes.starts_with(b"\xEF\xBB\xBF").then_some("utf-8");
    let inside = if xml { declaration(bytes) } else { None };
    for label in [declared, mark, inside].into_iter().flatten() {
        let label = label.trim().trim_matches('"');
        let one = Charset::named(label).ok_or_else(|| fault(&kinds::CHARSET_UNSUPPORTED))?;
        if found.is_some_and(|other| other != one) {
            return Err(fault(&kinds::CHARSET_CONFLICT));
        }
        found = Some(one);
    }
    found.unwrap_or_default().decode(bytes)
}

/// Decodes FHIR, which is UTF-8 only: any other charset that is declared is not supported.
pub fn decode_fhir(bytes: &Bytes, declared: Option<&str>, xml: bool) -> Result<ByteString, Issue> {
    let unsupported = || Issue::at(&kinds::CHARSET_UNSUPPORTED, 0);
    match decode(bytes, declared, xml) {
        Ok(decoded) if decoded.charset == Charset::Utf8 => Ok(decoded.text),
        Ok(_) => Err(unsupported()),
        // Of two charsets at least one is not UTF-8.
        Err(issue) if issue.kind.id == kinds::CHARSET_CONFLICT.id => Err(unsupported()),
        Err(issue) => Err(issue),
    }
}

/// UTF-16 and UTF-32, marked or not: every text we take begins with an ASCII character or UTF-8's mark.
fn looks_wide(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..])
        || matches!(bytes, [0, b'<' | b'{' | 0, ..] | [b'<' | b'{', 0, ..])
}

/// The encoding that an XML declaration names. Whether the declaration is right is the reader's to say.
pub fn declaration(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let rest = bytes.strip_prefix(b"<?xml")?;
    rest.first().filter(|b| b.is_ascii_whitespace())?;
    let head = &rest[..memchr::memmem::find(rest, b"?>")?];
    let at = memchr::memmem::find(head, b"encoding")?;
    let value = head[at + b"encoding".len()..].trim_ascii_start().strip_prefix(b"=")?;
    let value = value.trim_ascii_start();
    let quote = *value.first().filter(|b| matches!(b, b'"' | b'\''))?;
    let end = memchr::memchr(quote, &value[1..])?;
    std::str::from_utf8(&value[1..=end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(bytes: &'static [u8], declared: Option<&str>, xml: bool) -> &'static str {
        match decode(&Bytes::from_static(bytes), declared, xml) {
            Ok(decoded) => decoded.charset.name(),
            Err(issue) => issue.kind.id,
        }
    }

    #[test]
    fn what_is_said_decides_and_must_agree() {
        assert_eq!(id(b"{}", None, false), "UTF-8");
        assert_eq!(
            id(b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", None, true),
            "ISO-8859-1"
        );
        assert_eq!(
            id(b"\xEF\xBB\xBF<?xml version='1.0' encoding = \"Utf-8\"?><a/>", None, true),
            "UTF-8"
        );
        assert_eq!(id(b"<a/>", Some("Windows-1252"), true), "windows-1252");
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>";
        assert_eq!(id(latin, Some("utf-8"), true), "charset-conflict");
        assert_eq!(id(latin, Some("utf-8"), false), "UTF-8");
        assert_eq!(
            id(b"<?xml version='1.0' encoding='UTF-16'?><a/>", None, true),
            "charset-unsupported"
        );
        assert_eq!(id(b"{}", Some("koi8-r"), false), "charset-unsupported");
        assert_eq!(id(b"\xFF\xFE{\0", None, false), "charset-unsupported");
        assert_eq!(id(b"{\0}\0", None, false), "charset-unsupported");
    }

    #[test]
    fn bytes_that_the_charset_lacks_are_faults() {
        assert_eq!(id(b"{\"\xE6\"}", None, false), "charset-invalid-byte");
        assert_eq!(id(b"\x81", Some("windows-1252"), false), "charset-invalid-byte");
        let issue = decode(&Bytes::from_static(b"ab\xE6"), None, false).unwrap_err();
        assert_eq!(issue.place.offset, Some(2));
    }

    #[test]
    fn fhir_is_utf_8() {
        let bytes = Bytes::from_static(b"{}");
        assert!(decode_fhir(&bytes, Some("UTF-8"), false).is_ok());
        let issue = decode_fhir(&bytes, Some("iso-8859-1"), false).unwrap_err();
        assert_eq!(issue.kind.id, "charset-unsupported");
        let bytes = Bytes::from_static(b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>");
        let issue = decode_fhir(&bytes, Some("utf-8"), true).unwrap_err();
        assert_eq!(issue.kind.id, "charset-unsupported");
    }

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for charset in [Charset::Latin1, Charset::Latin9, Charset::Windows1252] {
            let unassigned = |b: &u8| {
                charset == Charset::Windows1252 && matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)
            };
            let bytes: Vec<u8> = all.iter().copied().filter(|b| !unassigned(b)).collect();
            let decoded = charset.decode(&Bytes::from(bytes.clone())).unwrap();
            let mut out = Vec::new();
            charset.encode(&decoded.text, &mut out);
            assert_eq!(out, bytes, "{charset:?}");
            assert_eq!(decoded.note.is_some(), charset != Charset::Windows1252);
        }
    }

    #[test]
    fn what_has_no_byte_becomes_a_reference() {
        let mut out = Vec::new();
        Charset::Latin1.encode("æ€", &mut out);
        assert_eq!(out, b"\xE6&#8364;");
        out.clear();
        Charset::Windows1252.encode("€\u{81}", &mut out);
        assert_eq!(out, b"\x80&#129;");
        out.clear();
        Charset::Latin9.encode("€\u{A4}", &mut out);
        assert_eq!(out, b"\xA4&#164;");
        assert!(!Charset::Latin1.has_all("€") && Charset::Latin9.has_all("€"));
    }
}
