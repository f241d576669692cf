//! Values: a slice of a buffer, and how it was escaped there. Decoding happens on use.

use super::{BufferId, NodeId, State, Tree};
use std::borrow::Cow;

/// How a slice is written in its buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Escape {
    /// As it is.
    #[default]
    None,
    /// Inside a JSON string: `\n`, `\u00e6`.
    Json,
    /// XML character data: entities, and line ends to be normalised.
    XmlText,
    /// An XML attribute's value: entities, and white space to be normalised.
    XmlAttribute,
    /// HL7 v2 with the usual delimiters: `\F\`, `\S\`, `\T\`, `\R\` and `\E\`.
    Hl7,
}

/// A piece of one of a tree's buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    start: u32,
    len: u32,
    buffer: BufferId,
    escape: Escape,
}

impl Slice {
    /// The empty slice.
    pub const EMPTY: Slice = Slice { start: 0, len: 0, buffer: BufferId(0), escape: Escape::None };

    /// `len` bytes of a buffer from `start`. Buffers are below 4 GiB: every codec's limit is far lower.
    pub fn new(buffer: BufferId, start: usize, len: usize, escape: Escape) -> Slice {
        Slice { start: start as u32, len: len as u32, buffer, escape }
    }

    /// Whether there is nothing in it.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Its length in bytes, escapes undecoded.
    #[inline]
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Where it starts in its buffer.
    #[inline]
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The buffer it points into.
    #[inline]
    pub fn buffer(self) -> BufferId {
        self.buffer
    }

    /// How it is written there.
    #[inline]
    pub fn escape(self) -> Escape {
        self.escape
    }

    /// The same piece in another buffer, as when a tree shares another's input.
    pub fn in_buffer(self, buffer: BufferId) -> Slice {
        Slice { buffer, ..self }
    }
}

/// The longest text that is decoded on the stack, in bytes.
const SHORT: usize = 256;

impl Tree {
    /// A slice as it is written, escapes undecoded.
    #[inline]
    pub fn raw_slice(&self, slice: Slice) -> &str {
        &self.buffer(slice.buffer)[slice.start as usize..(slice.start + slice.len) as usize]
    }

    /// The same as bytes: what is only compared need not be looked at for where characters end.
    #[inline]
    pub fn raw_bytes(&self, slice: Slice) -> &[u8] {
        let buffer = self.buffer(slice.buffer).as_bytes();
        &buffer[slice.start as usize..(slice.start + slice.len) as usize]
    }

    /// A slice decoded; borrowed when there was nothing to decode.
    #[inline]
    pub fn decode(&self, slice: Slice) -> Cow<'_, str> {
        let raw = self.raw_slice(slice);
        match slice.escape {
            Escape::None => Cow::Borrowed(raw),
            _ => {
                let mut out = String::with_capacity(raw.len());
                Decoded::new(raw, slice.escape).write(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// A slice's characters, decoded one by one without an allocation.
    pub fn chars(&self, slice: Slice) -> Decoded<'_> {
        Decoded::new(self.raw_slice(slice), slice.escape)
    }

    /// Whether a slice decodes to `text`; allocates nothing.
    #[inline]
    pub fn slice_is(&self, slice: Slice, text: &str) -> bool {
        match slice.escape {
            Escape::None => slice.len() == text.len() && self.raw_bytes(slice) == text.as_bytes(),
            _ => self.chars(slice).eq(text.chars()),
        }
    }

    /// Whether a slice decodes to the same text as a slice of another tree; allocates nothing.
    #[inline]
    pub fn same_text(&self, slice: Slice, other: &Tree, of_other: Slice) -> bool {
        match (slice.escape, of_other.escape) {
            (Escape::None, Escape::None) => {
                slice.len == of_other.len && self.raw_bytes(slice) == other.raw_bytes(of_other)
            }
            (_, Escape::None) => self.slice_is(slice, other.raw_slice(of_other)),
            (Escape::None, _) => other.slice_is(of_other, self.raw_slice(slice)),
            _ => self.chars(slice).eq(other.chars(of_other)),
        }
    }

    /// Appends a decoded slice to `out`.
    pub fn decode_into(&self, slice: Slice, out: &mut String) {
        match slice.escape {
            Escape::None => out.push_str(self.raw_slice(slice)),
            _ => self.chars(slice).write(out),
        }
    }

    /// A node's decoded value: none unless its state is empty or present, and none for a resource.
    #[inline]
    pub fn text(&self, id: NodeId) -> Option<Cow<'_, str>> {
        self.value(id).map(|slice| self.decode(slice))
    }

    /// Hands over a node's decoded value, as [`Tree::text`] gives it; one of ordinary length is decoded
    /// without an allocation.
    pub fn with_text<T>(&self, id: NodeId, look: impl FnOnce(&str) -> T) -> Option<T> {
        let slice = self.value(id)?;
        if slice.escape == Escape::None {
            return Some(look(self.raw_slice(slice)));
        }
        let mut short = [0; SHORT];
        let mut filled = 0;
        for c in self.chars(slice) {
            let Some(room) = short.get_mut(filled..filled + c.len_utf8()) else {
                return Some(look(&self.decode(slice)));
            };
            filled += c.encode_utf8(room).len();
        }
        // what was encoded a character at a time is text
        std::str::from_utf8(&short[..filled]).ok().map(look)
    }

    /// A node's value slice: none unless its state is empty or present, and none for a resource.
    #[inline]
    pub fn value(&self, id: NodeId) -> Option<Slice> {
        let node = self.node(id);
        matches!(node.state, State::Empty | State::Present).then_some(node.value)
    }

    /// Whether a node has a value that decodes to `text`; allocates nothing.
    #[inline]
    pub fn text_is(&self, id: NodeId, text: &str) -> bool {
        self.value(id).is_some_and(|slice| self.slice_is(slice, text))
    }
}

/// The characters of an escaped slice. Readers refuse what cannot be decoded, so a fault here reads as
/// U+FFFD and never as a panic.
#[derive(Clone)]
pub struct Decoded<'a> {
    rest: &'a str,
    escape: Escape,
}

impl<'a> Decoded<'a> {
    /// Decodes `raw`, as it would stand in a buffer.
    pub fn new(raw: &'a str, escape: Escape) -> Decoded<'a> {
        Decoded { rest: raw, escape }
    }

    /// Appends what is left to `out`, copying whole runs of what needs no decoding.
    fn write(mut self, out: &mut String) {
        loop {
            let bytes = self.rest.as_bytes();
            let plain = match self.escape {
                Escape::None => None,
                Escape::Json | Escape::Hl7 => memchr::memchr(b'\\', bytes),
                Escape::XmlText => memchr::memchr2(b'&', b'\r', bytes),
                Escape::XmlAttribute => {
                    bytes.iter().position(|b| matches!(b, b'&' | b'\r' | b'\n' | b'\t'))
                }
            };
            let plain = plain.unwrap_or(bytes.len());
            out.push_str(&self.rest[..plain]);
            self.rest = &self.rest[plain..];
            match self.next() {
                Some(c) => out.push(c),
                None => return,
            }
        }
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn json(&mut self) -> char {
        match self.take() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => self.json_unicode(),
            Some(other) => other,
            None => char::REPLACEMENT_CHARACTER,
        }
    }

    fn json_unicode(&mut self) -> char {
        let high = self.hex4();
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        match self.rest.strip_prefix("\\u") {
            Some(rest) => {
                self.rest = rest;
                let low = self.hex4();
                char::from_u32(
                    0x10000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF),
                )
                .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            None => char::REPLACEMENT_CHARACTER,
        }
    }

    fn hex4(&mut self) -> u32 {
        let digits = self.rest.get(..4).unwrap_or("");
        let value = u32::from_str_radix(digits, 16).unwrap_or(0xFFFD);
        self.rest = &self.rest[digits.len()..];
        value
    }

    /// A delimiter's escape; a backslash that begins none stands for itself.
    fn delimiter(&mut self) -> char {
        let mut letters = self.rest.chars();
        let delimiter = match (letters.next(), letters.next()) {
            (Some('F'), Some('\\')) => '|',
            (Some('S'), Some('\\')) => '^',
            (Some('T'), Some('\\')) => '&',
            (Some('R'), Some('\\')) => '~',
            (Some('E'), Some('\\')) => '\\',
            _ => return '\\',
        };
        self.rest = &self.rest[2..];
        delimiter
    }

    fn entity(&mut self) -> char {
        let Some(end) = self.rest.find(';') else { return char::REPLACEMENT_CHARACTER };
        let name = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        entity(name).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The character of a predefined or numeric XML entity, given without `&` and `;`.
pub fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

impl Iterator for Decoded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let c = self.take()?;
        Some(match (self.escape, c) {
            (Escape::Json, '\\') => self.json(),
            (Escape::XmlText | Escape::XmlAttribute, '&') => self.entity(),
            (Escape::Hl7, '\\') => self.delimiter(),
            (Escape::XmlText, '\r') => {
                self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
                '\n'
            }
            (Escape::XmlAttribute, '\r') => {
                self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
                ' '
            }
            (Escape::XmlAttribute, '\n' | '\t') => ' ',
            (_, c) => c,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &str, escape: Escape) -> String {
        let mut out = String::new();
        Decoded::new(raw, escape).write(&mut out);
        assert_eq!(out, Decoded::new(raw, escape).collect::<String>());
        out
    }

    #[test]
    fn json_escapes() {
        assert_eq!(decode(r#"a\"\\\/\n\u00e6\ud83d\ude00"#, Escape::Json), "a\"\\/\næ😀");
    }

    #[test]
    fn xml_entities_and_line_ends() {
        assert_eq!(decode("&lt;&#230;&#xe6;\r\n\r", Escape::XmlText), "<ææ\n\n");
        assert_eq!(decode("a\r\n\tb&#10;", Escape::XmlAttribute), "a  b\n");
    }

    #[test]
    fn delimiters_of_hl7_v2() {
        assert_eq!(decode("a\\F\\\\S\\\\T\\\\R\\\\E\\\\x", Escape::Hl7), "a|^&~\\\\x");
    }

    #[test]
    fn short_and_long_texts_are_handed_over_alike() {
        let mut tree = Tree::new(Default::default());
        let name = tree.name_id("x");
        let root = tree.add(None, crate::tree::Kind::Element, name, 0);
        for length in [0, SHORT - 2, SHORT - 1, SHORT, 3 * SHORT] {
            let raw = format!("&lt;&#230;{}", "b".repeat(length));
            let kept = tree.keep(&raw);
            let slice = Slice::new(kept.buffer(), kept.start(), kept.len(), Escape::XmlText);
            tree.set_value(root, slice, crate::tree::Token::Text);
            let text = tree.text(root).unwrap();
            assert_eq!(tree.with_text(root, |t| t == text), Some(true), "{length}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_replaced() {
        assert_eq!(decode("\\u12", Escape::Json), "\u{FFFD}12");
        assert_eq!(decode("&x;", Escape::XmlText), "\u{FFFD}");
    }
}
