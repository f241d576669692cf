//! Names, texts and expressions as a map's text writes them.
//!
//! Promises: the parser reads each back as what it was. Never: more quotes than are needed around a name.

use std::borrow::Cow;

/// A name: bare, or in backticks.
pub(super) fn ident(name: &str) -> Cow<'_, str> {
    match plain(name) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(quoted(name, '`')),
    }
}

/// A type's name: bare with its dots, or a text.
pub(super) fn type_word(name: &str) -> Cow<'_, str> {
    match name.split('.').all(plain) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(quoted(name, '"')),
    }
}

/// A code of a concept map.
pub(super) fn code(code: &str) -> Cow<'_, str> {
    let digits = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
    match digits || (plain(code) && !code.contains('-')) {
        true => Cow::Borrowed(code),
        false => Cow::Owned(quoted(code, '"')),
    }
}

/// A text in single quotes.
pub(super) fn single(text: &str) -> String {
    quoted(text, '\'')
}

/// A text in double quotes.
pub(super) fn double(text: &str) -> String {
    quoted(text, '"')
}

/// Whether a name needs no quotes: words and numbers joined by `-`, a word first.
fn plain(name: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = name.split('-');
    parts.next().is_some_and(word) && parts.all(|part| word(part) || number(part))
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A piece of the map's text with line feeds alone, and no blanks around.
pub(super) fn tidy(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    }
}

/// An expression in parentheses, if it is not in them already.
pub(super) fn enclosed(expression: &str) -> Cow<'_, str> {
    let tidied = tidy(expression);
    match is_enclosed(&tidied) {
        true => tidied,
        false => Cow::Owned(format!("({tidied})")),
    }
}

/// A literal as it is, anything else in parentheses.
pub(super) fn operand(expression: &str) -> Cow<'_, str> {
    let tidied = tidy(expression);
    let word = !tidied.is_empty() && tidied.chars().all(|c| c.is_alphanumeric() || c == '_');
    let mut chars = tidied.chars();
    let text = match (chars.next(), chars.next_back()) {
        (Some(open @ ('\'' | '"')), Some(close)) => open == close && !chars.as_str().contains(open),
        _ => false,
    };
    if word || text { tidied } else { enclosed(expression) }
}

fn is_enclosed(text: &str) -> bool {
    if !text.starts_with('(') {
        return false;
    }
    let (mut depth, mut quote, mut escaped) = (0u32, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth <= 1 => return at + 1 == text.len(),
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_where_they_are_needed() {
        assert_eq!(ident("src"), "src");
        assert_eq!(ident("rule-1"), "rule-1");
        assert_eq!(ident("a b"), "`a b`");
        assert_eq!(type_word("Bundle.entry"), "Bundle.entry");
        assert_eq!(type_word("http://x"), "\"http://x\"");
        assert_eq!(code("a-b"), "\"a-b\"");
        assert_eq!(single("it's\n"), "'it\\'s\\n'");
    }

    #[test]
    fn parentheses_where_they_are_needed() {
        assert_eq!(enclosed(" (a) and (b)"), "((a) and (b))");
        assert_eq!(enclosed("(a = ')' and (b))"), "(a = ')' and (b))");
        assert_eq!(operand("'x'"), "'x'");
        assert_eq!(operand("'x' & 'y'"), "('x' & 'y')");
    }
}
