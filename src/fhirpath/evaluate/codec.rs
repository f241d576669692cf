//! `encode`, `decode`, `escape` and `unescape`.

use super::super::code::OpId;
use super::super::functions::Function;
use super::super::item::Cell;
use super::{Done, Run, Span};
use crate::tree::{Decoded, Escape, entity};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

impl Run<'_> {
    /// Empty for a format that FHIRPath does not name, and for what is not in its format.
    pub(super) fn coded(&mut self, function: Function, input: Span, argument: OpId) -> Done {
        let text = self.only_text(input)?;
        let span = self.eval(argument)?;
        let format = self.only_text(span)?;
        let (Some(text), Some(format)) = (text, format) else {
            return self.answer_maybe(input.start, None);
        };
        let (text, format) =
            (self.memory.text(text, self.scene), self.memory.text(format, self.scene));
        let made = match (function, &*format) {
            (Function::Encode, "base64") => Some(STANDARD.encode(text.as_bytes())),
            (Function::Encode, "urlbase64") => Some(URL_SAFE.encode(text.as_bytes())),
            (Function::Encode, "hex") => {
                Some(text.bytes().map(|byte| format!("{byte:02x}")).collect())
            }
            (Function::Decode, "base64") => utf8(STANDARD.decode(text.as_bytes()).ok()),
            (Function::Decode, "urlbase64") => utf8(URL_SAFE.decode(text.as_bytes()).ok()),
            (Function::Decode, "hex") => utf8(unhex(&text)),
            (Function::Escape, "html") => Some(escape_html(&text)),
            (Function::Escape, "json") => Some(escape_json(&text)),
            (Function::Unescape, "html") => Some(unescape_html(&text)),
            (Function::Unescape, "json") => Some(Decoded::new(&text, Escape::Json).collect()),
            _ => None,
        };
        let cell = made.map(|made| Cell::Text(self.memory.keep(&made)));
        self.answer_maybe(input.start, cell)
    }
}

fn utf8(bytes: Option<Vec<u8>>) -> Option<String> {
    String::from_utf8(bytes?).ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    pairs.map(byte).collect()
}

fn escape_html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn escape_json(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn unescape_html(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let found =
            rest[1..].split_once(';').and_then(|(name, after)| Some((entity(name)?, after)));
        match found {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
