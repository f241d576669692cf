//! The head of a map: `/// key = value`, and the comments between.
//!
//! Promises: a line that is no key and value stays a comment. Never: an error; nothing here is required.

use super::Parser;
use super::lexer::unquote;
use crate::mapping::ast::{Comment, Name};

impl Parser<'_> {
    /// Reads the head and stands at the first token after it.
    pub(super) fn header(&mut self) {
        let mut at = 0;
        loop {
            let rest = &self.text[at..];
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            at += rest.len() - trimmed.len();
            if trimmed.starts_with("/*") {
                let len = trimmed.find("*/").map_or(trimmed.len(), |end| end + 2);
                self.keep_comment(at, &trimmed[..len]);
                at += len;
                continue;
            }
            if !trimmed.starts_with("//") {
                break;
            }
            let line = trimmed.find('\n').map_or(trimmed, |end| &trimmed[..end]);
            let len = match trimmed.starts_with("///") {
                true => self.metadata(at, line).unwrap_or(line.len()),
                false => {
                    self.keep_comment(at, line);
                    line.len()
                }
            };
            at += len;
        }
        self.name_map();
        self.go_on(at);
    }

    fn name_map(&mut self) {
        let find = |key: &str| self.map.metadata.iter().find(|(k, _)| &**k == key);
        let (url, name) = (find("url").cloned(), find("name").cloned());
        self.map.url = url.map(|(_, value)| value).unwrap_or_default();
        self.map.name = name.map(|(_, value)| value).unwrap_or_default();
    }

    /// Where no head was at the top: the `/// key = value` lines further down.
    pub(super) fn late_header(&mut self) {
        for comment in std::mem::take(&mut self.lexer.comments) {
            match comment.text.starts_with("///") {
                true => {
                    self.metadata(comment.at as usize, &comment.text);
                }
                false => self.lexer.comments.push(comment),
            }
        }
        self.name_map();
    }

    fn keep_comment(&mut self, at: usize, line: &str) {
        self.lexer.comments.push(Comment { text: line.trim_end().into(), at: at as u32 });
    }

    /// One `/// key = value`; gives how much it took if that is not the line.
    fn metadata(&mut self, at: usize, line: &str) -> Option<usize> {
        let Some((key, value)) = line[3..].split_once('=') else {
            self.keep_comment(at, line);
            return None;
        };
        let key_at = at + 3 + (key.len() - key.trim_start().len());
        let value_at = at + 3 + key.len() + 1 + (value.len() - value.trim_start().len());
        let (text, end) = self.metadata_value(value_at, value.trim());
        let key = Name { text: key.trim().into(), at: key_at as u32 };
        self.map.metadata.push((key, Name { text, at: value_at as u32 }));
        end.map(|end| end - at)
    }

    fn metadata_value(&self, at: usize, value: &str) -> (Box<str>, Option<usize>) {
        if value.starts_with("\"\"\"") {
            let inner = &self.text[at + 3..];
            let end = inner.find("\"\"\"").unwrap_or(inner.len());
            let after = (at + 3 + end + 3).min(self.text.len());
            return (inner[..end].trim().into(), Some(after));
        }
        let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'));
        match quote.and_then(|q| value[1..].rfind(q)) {
            Some(end) => (unquote(&value[..end + 2]), None),
            None => (value.into(), None),
        }
    }
}
