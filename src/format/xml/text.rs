//! Text as XML writes it.
//!
//! Promises: what is written reads back as it was, line ends and tabs included; a character that XML does
//! not have becomes U+FFFD, since no reference to it would be legal either.

use super::wellformed::is_char;
use crate::tree::{Slice, Tree};

/// Where text is to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Between tags.
    Text,
    /// Between quotation marks.
    Value,
}

/// Appends a slice, decoded from what it was and escaped for XML.
pub fn push_slice(tree: &Tree, slice: Slice, place: Place, out: &mut String) {
    match slice.escape() {
        crate::tree::Escape::None => push(tree.raw_slice(slice), place, out),
        _ => tree.chars(slice).for_each(|c| push_char(c, place, out)),
    }
}

/// Appends text, escaped for XML.
pub fn push(text: &str, place: Place, out: &mut String) {
    let mut rest = text;
    let plain = |b: u8| b >= 0x20 && !matches!(b, b'<' | b'>' | b'&' | b'"') && b != 0xEF;
    while let Some(at) = rest.bytes().position(|b| !plain(b)) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(c) = rest.chars().next() {
            push_char(c, place, out);
            rest = &rest[c.len_utf8()..];
        }
    }
    out.push_str(rest);
}

fn push_char(c: char, place: Place, out: &mut String) {
    match (c, place) {
        ('<', _) => out.push_str("&lt;"),
        ('>', _) => out.push_str("&gt;"),
        ('&', _) => out.push_str("&amp;"),
        ('"', Place::Value) => out.push_str("&quot;"),
        ('\r', _) => out.push_str("&#13;"),
        ('\n', Place::Value) => out.push_str("&#10;"),
        ('\t', Place::Value) => out.push_str("&#9;"),
        (c, _) if is_char(c) => out.push(c),
        _ => out.push(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let mut out = String::new();
        push("a<b>\"&\r\n\t\u{1}\u{FFFF}ｆ", Place::Text, &mut out);
        assert_eq!(out, "a&lt;b&gt;\"&amp;&#13;\n\t\u{FFFD}\u{FFFD}ｆ");
        out.clear();
        push("\"\r\n\tæ", Place::Value, &mut out);
        assert_eq!(out, "&quot;&#13;&#10;&#9;æ");
    }
}
