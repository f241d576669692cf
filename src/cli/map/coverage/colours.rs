//! A line of a map with its comments, texts and words of the language marked.
//!
//! Promises: what is shown is the line, escaped. Never: knows what a word means.

use super::page::escaped;
use crate::mapping::TRANSFORMS;

/// The words of the language.
const WORDS: &[&str] = &[
    "map",
    "uses",
    "imports",
    "alias",
    "as",
    "source",
    "target",
    "queried",
    "produced",
    "group",
    "extends",
    "then",
    "where",
    "check",
    "log",
    "default",
    "first",
    "last",
    "not_first",
    "not_last",
    "only_one",
    "share",
    "single",
    "conceptmap",
    "prefix",
    "unmapped",
    "for",
    "let",
];

/// A line as HTML.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (len, class) = match c {
            '/' if rest.starts_with("//") => (rest.len(), "k-comment"),
            '\'' | '"' | '`' => (quoted(rest, c), "k-string"),
            c if c.is_alphabetic() || c == '_' => {
                word(rest, text[..text.len() - rest.len()].ends_with('.'))
            }
            c => (c.len_utf8(), ""),
        };
        let (piece, after) = rest.split_at(len);
        match class {
            "" => out.push_str(&escaped(piece)),
            class => {
                out.push_str("<span class=\"");
                out.push_str(class);
                out.push_str("\">");
                out.push_str(&escaped(piece));
                out.push_str("</span>");
            }
        }
        rest = after;
    }
    out
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

fn word(text: &str, behind_dot: bool) -> (usize, &'static str) {
    let len = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, after) = text.split_at(len);
    // Beside a dot it is the name of an element or a variable.
    let named = behind_dot || after.starts_with('.');
    // A transform is one before a parenthesis only.
    let called = TRANSFORMS.contains(&word) && after.starts_with('(');
    (len, if !named && (called || WORDS.contains(&word)) { "k-word" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_the_line() {
        let text = r#"  a.b as x where x < 'it\'s' then g(x) "n"; // <why> & how"#;
        let html = line(text);
        let mut bare = String::new();
        let mut inside = false;
        for c in html.chars() {
            inside = inside && c != '>' || c == '<';
            if !inside && c != '>' {
                bare.push(c);
            }
        }
        assert_eq!(bare, escaped(text));
        assert!(html.contains("<span class=\"k-word\">then</span>"), "{html}");
        assert!(html.contains("<span class=\"k-comment\">// &lt;why"), "{html}");
        assert!(
            !line("patient.id = id").contains("span") && line("x = id('a')").contains("k-word")
        );
    }
}
