//! MSH-18: which charset a message says it is in, found before it is decoded.
//!
//! Promises: the first of MSH-18's repetitions counts; without it a message is UTF-8, of which ASCII is a
//! part. Rule: HL7 v2.8.2 section 2.14.9.18 and table 0211. Never: guesses.

use crate::format::charset::Charset;
use crate::tree::Tree;

/// The field that names the charset, counted from MSH-1, which is the delimiter itself.
const FIELD: usize = 18;

/// What MSH-18 says; none if it says nothing or there is no MSH.
pub fn declared(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let rest = bytes.strip_prefix(b"MSH")?;
    let delimiter = *rest.first()?;
    let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
    let line = &rest[..end];
    let field = line.split(|b| *b == delimiter).nth(FIELD - 1)?;
    let repetition = *rest.get(2)?;
    let first = field.split(|b| *b == repetition).next()?.trim_ascii();
    std::str::from_utf8(first).ok().filter(|name| !name.is_empty())
}

/// The charset that a message is written in: the one that its MSH-18 names.
pub fn charset(tree: &Tree) -> Charset {
    let header = tree.root().and_then(|root| tree.child(root, "MSH"));
    let label = header.and_then(|msh| tree.text(tree.child(msh, "MSH.18")?));
    label.and_then(|label| Charset::named(charset_name(label.trim()))).unwrap_or_default()
}

/// The name by which the charset room knows what MSH-18 says; unknown names come back as they are.
pub fn charset_name(label: &str) -> &str {
    match label {
        "ASCII" | "UNICODE UTF-8" | "UNICODE" | "UTF-8" | "UTF8" => "utf-8",
        "8859/1" => "iso-8859-1",
        "8859/15" => "iso-8859-15",
        "WINDOWS-1252" | "CP1252" => "windows-1252",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn msh_18_is_found_in_the_bytes() {
        let line = b"MSH|^~\\&|a|b|c|d|e||ACK|1|P|2.5||||||8859/1~UNICODE UTF-8\rPID|x";
        assert_eq!(declared(line), Some("8859/1"));
        assert_eq!(declared(b"MSH|^~\\&|a|b|c|d|e||ACK|1|P|2.5\rPID|||||||||||||||||8859/1"), None);
        assert_eq!(declared(b"PID|"), None);
        assert_eq!(declared(b"MSH"), None);
    }

    #[test]
    fn names_of_table_0211_lead_to_charsets() {
        for (label, expected) in [
            ("UNICODE UTF-8", Charset::Utf8),
            ("ASCII", Charset::Utf8),
            ("8859/1", Charset::Latin1),
            ("8859/15", Charset::Latin9),
            ("WINDOWS-1252", Charset::Windows1252),
        ] {
            assert_eq!(Charset::named(charset_name(label)), Some(expected), "{label}");
        }
        assert_eq!(Charset::named(charset_name("ISO IR87")), None);
    }
}
