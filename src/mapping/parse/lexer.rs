//! Words of the mapping language, and the extent of the FHIRPath between them.
//!
//! Promises: never panics and always moves on; a comment is kept, wherever it stands.
//! Never: reads FHIRPath; it only knows where one ends.

use crate::mapping::ast::Comment;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word.
    Word,
    /// A word in backticks.
    Quoted,
    /// A text in single quotes.
    Single,
    /// A text in double quotes.
    Double,
    /// A number.
    Number,
    /// Anything else: the longest operator that fits.
    Symbol,
    /// The end.
    End,
}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

const SYMBOLS: &[&str] =
    &["->", "..", "<<", ">>", "==", "!=", "<=", ">=", "<-", ">-", "--", "||", "::"];

/// Cuts a text into tokens, one at a time.
pub struct Lexer<'a> {
    text: &'a str,
    /// The comments met so far.
    pub comments: Vec<Comment>,
    seen: usize,
}

impl<'a> Lexer<'a> {
    /// A lexer over a text.
    pub fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, comments: Vec::new(), seen: 0 }
    }

    /// The token that starts at or after `from`.
    pub fn token(&mut self, from: usize) -> Token {
        let start = self.skip(from);
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else {
            return Token { kind: Kind::End, start, end: start };
        };
        let (kind, len) = match first {
            '\'' => (Kind::Single, quoted(rest, '\'')),
            '"' => (Kind::Double, quoted(rest, '"')),
            '`' => (Kind::Quoted, quoted(rest, '`')),
            c if c.is_alphabetic() || c == '_' => {
                (Kind::Word, run(rest, |c| c.is_alphanumeric() || c == '_'))
            }
            c if c.is_ascii_digit() => (Kind::Number, number(rest)),
            c => {
                let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s));
                (Kind::Symbol, symbol.map_or(c.len_utf8(), |s| s.len()))
            }
        };
        Token { kind, start, end: start + len }
    }

    /// Passes over white space and comments, which are kept the first time they are met.
    fn skip(&mut self, from: usize) -> usize {
        let mut at = from;
        loop {
            let rest = &self.text[at..];
            let space = rest.len() - rest.trim_start_matches(blank).len();
            at += space;
            let rest = &self.text[at..];
            let len = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return at;
            };
            if at >= self.seen {
                let text = rest[..len].trim_end().into();
                self.comments.push(Comment { text, at: at as u32 });
                self.seen = at + len;
            }
            at += len;
        }
    }
}

fn blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let whole = run(text, |c| c.is_ascii_digit());
    let rest = &text[whole..];
    match rest.strip_prefix('.') {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            whole + 1 + run(digits, |c| c.is_ascii_digit())
        }
        _ => whole,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Takes the quotes and escapes off a quoted token.
pub fn unquote(text: &str) -> Box<str> {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            _ => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('f') => out.push('\u{c}'),
                Some('u') => {
                    let hex: String = chars.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                    out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some(other) => out.push(other),
                None => {}
            },
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        let mut at = 0;
        loop {
            let token = lexer.token(at);
            if token.kind == Kind::End {
                return tokens;
            }
            tokens.push(&text[token.start..token.end]);
            at = token.end;
        }
    }

    #[test]
    fn cuts_words_symbols_and_texts() {
        let text = "src.a as `b c` -> x = 1.5, 0..1 'it\\'s' /* no */ // end\n <<type+>>";
        let expected = [
            "src", ".", "a", "as", "`b c`", "->", "x", "=", "1.5", ",", "0", "..", "1", "'it\\'s'",
            "<<", "type", "+", ">>",
        ];
        assert_eq!(all(text), expected);
    }

    #[test]
    fn an_open_quote_ends_with_the_text() {
        assert_eq!(all("'abc"), ["'abc"]);
        assert_eq!(&*unquote("'it\\'s\\n\\u00e6'"), "it's\næ");
    }
}
