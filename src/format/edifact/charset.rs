//! UNB's first component: which charset an interchange says it is in, found before it is decoded.
//!
//! Promises: UNOA to UNOC are read as ISO 8859-1, of which the first two are parts; UNOW is UTF-8. Rule: ISO
//! 9735, part 1, code list 1. Never: guesses.

use super::letters::component;
use crate::format::charset::Charset;
use crate::tree::Tree;

/// The name by which the charset room knows what UNB says; unknown names come back as they are. None: there is
/// no UNB.
pub fn declared(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let after = match bytes.strip_prefix(b"UNA") {
        Some(marks) => marks.get(6..)?.trim_ascii_start(),
        None => bytes,
    };
    let level = after.strip_prefix(b"UNB")?.get(1..5)?;
    std::str::from_utf8(level).ok().map(charset_name)
}

/// The charset's name for a syntax identifier (0001).
fn charset_name(level: &str) -> &str {
    match level {
        "UNOA" | "UNOB" | "UNOC" => "iso-8859-1",
        "UNOW" => "utf-8",
        other => other,
    }
}

/// The charset that an interchange is written in: the one that its header names.
pub fn charset(tree: &Tree) -> Charset {
    let header = tree.root().and_then(|root| tree.child(root, "UNB"));
    let level = header.and_then(|unb| component(tree, unb, 0, 0));
    level.and_then(|level| Charset::named(charset_name(&level))).unwrap_or(Charset::Latin1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_syntax_identifier_is_found_in_the_bytes() {
        assert_eq!(declared(b"UNA:+.? '\r\nUNB+UNOC:3+1"), Some("iso-8859-1"));
        assert_eq!(declared(b"UNB+UNOW:4+1"), Some("utf-8"));
        assert_eq!(declared(b"UNB+UNOD:3+1"), Some("UNOD"));
        assert_eq!(declared(b"UNH+1"), None);
        assert_eq!(declared(b"UNA:+"), None);
        assert_eq!(Charset::named(declared(b"UNB+UNOD:3+1").unwrap_or_default()), None);
    }
}
