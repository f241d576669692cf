//! Regular expressions as FHIRPath and packages write them, made into ones of linear time.
//!
//! Promises: `.` matches line ends, a pattern is found anywhere; a look-ahead over single characters
//! (`(?!00)[0-9]{4}`) is written out as alternatives of classes, which is the same. Never: backtracks.
//! Anything else that needs it (back-references, look-behind, an open-ended look-ahead) is refused at load.

use regex::Regex;

/// The largest compiled size, in bytes, of a pattern and of its lazily built automaton.
const SIZE: usize = 1 << 20;

/// Compiles a pattern; none when it cannot be used.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    let build = |pattern: &str| {
        let mut builder = regex::RegexBuilder::new(pattern);
        builder.dot_matches_new_line(true).size_limit(SIZE).dfa_size_limit(SIZE).build().ok()
    };
    build(pattern).or_else(|| build(&without_look_ahead(pattern)?))
}

/// The pattern with each look-ahead over single characters written out.
fn without_look_ahead(pattern: &str) -> Option<String> {
    let (mut out, mut rest, mut found) = (String::new(), pattern, false);
    while let Some(c) = rest.chars().next() {
        let negative = rest.starts_with("(?!");
        if !negative && !rest.starts_with("(?=") {
            let len = match c {
                '\\' | '[' => atom(rest)?.1,
                c => c.len_utf8(),
            };
            out.push_str(&rest[..len]);
            rest = &rest[len..];
            continue;
        }
        found = true;
        let (ahead, after) = atoms(&rest[3..], usize::MAX)?;
        let after = after.strip_prefix(')')?;
        let (next, after) = atoms(after, ahead.len())?;
        if next.len() < ahead.len() {
            return None;
        }
        write_out(&ahead, &next, negative, &mut out);
        rest = after;
    }
    found.then_some(out)
}

/// `next` where it is, or is not, also `ahead`: as classes that intersect, or that differ in one place.
fn write_out(ahead: &[String], next: &[String], negative: bool, out: &mut String) {
    let both = |at: usize| format!("[{}&&{}]", next[at], ahead[at]);
    if !negative {
        (0..ahead.len()).for_each(|at| out.push_str(&both(at)));
        next[ahead.len()..].iter().for_each(|one| out.push_str(one));
        return;
    }
    out.push_str("(?:");
    for differs in 0..ahead.len() {
        if differs > 0 {
            out.push('|');
        }
        (0..differs).for_each(|at| out.push_str(&both(at)));
        out.push_str(&format!("[{}--{}]", next[differs], ahead[differs]));
        next[differs + 1..].iter().for_each(|one| out.push_str(one));
    }
    out.push(')');
}

/// At least `wanted` single-character atoms as classes, if so many stand there, and what follows them. An
/// atom that may be repeated other than `{n}` times ends them.
fn atoms(text: &str, wanted: usize) -> Option<(Vec<String>, &str)> {
    let (mut found, mut rest) = (Vec::new(), text);
    while found.len() < wanted {
        let Some((class, len)) = atom(rest) else { break };
        let after = &rest[len..];
        let (times, after) = match after.strip_prefix('{') {
            Some(braced) => {
                let (times, after) = braced.split_once('}')?;
                (times.parse().ok().filter(|times| *times <= 64)?, after)
            }
            None => (1, after),
        };
        if after.starts_with(['*', '+', '?', '{']) {
            return None;
        }
        found.extend(std::iter::repeat_n(class, times));
        rest = after;
    }
    Some((found, rest))
}

/// The single-character atom that a text begins with, as a class, and its length.
fn atom(text: &str) -> Option<(String, usize)> {
    let first = text.chars().next()?;
    match first {
        '(' | ')' | '|' | '*' | '+' | '?' | '{' | '^' | '$' => None,
        '.' => Some(("[\\s\\S]".to_owned(), 1)),
        '\\' => {
            let second = text[1..].chars().next()?;
            let anchor =
                matches!(second, 'b' | 'B' | 'A' | 'z' | 'Z' | 'p' | 'P' | 'x' | 'u' | 'c');
            let len = 1 + second.len_utf8();
            let back = second.is_ascii_digit();
            (!anchor && !back).then(|| (format!("[{}]", &text[..len]), len))
        }
        '[' => {
            let mut escaped = false;
            for (at, c) in text.char_indices().skip(1) {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    // a bracket inside a class is Java's nesting or a literal: not ours to guess
                    '[' => return None,
                    ']' if at > 1 && !text.starts_with("[^]") => {
                        return Some((text[..=at].to_owned(), at + 1));
                    }
                    _ => {}
                }
            }
            None
        }
        c => Some((format!("[{}]", regex::escape(c.encode_utf8(&mut [0; 4]))), c.len_utf8())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ahead_over_characters_is_written_out() {
        let leap = compile("^2902(?:(?!00)[02468][048]|[13579][26])$").unwrap();
        for (text, matches) in
            [("290204", true), ("290200", false), ("290212", true), ("290220", true)]
        {
            assert_eq!(leap.is_match(text), matches, "{text}");
        }
        let digits = compile("^(?!0000)[0-9]{4}x$").unwrap();
        assert!(digits.is_match("0001x") && digits.is_match("1000x") && !digits.is_match("0000x"));
        let ahead = compile(r"^(?=\d)\w(?!a).$").unwrap();
        assert!(ahead.is_match("1b") && !ahead.is_match("xb") && !ahead.is_match("1a"));
    }

    #[test]
    fn what_would_backtrack_is_refused() {
        let patterns =
            [r"(a)\1", "(?<=a)b", "(?!a*)b", "(?!ab)c", "(?!a|b)c", "(?!a)b*", "(?!a", "("];
        for pattern in patterns {
            assert!(compile(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn unanchored_and_dot_all() {
        assert!(compile("A.*B").unwrap().is_match("xA\nBx"));
        assert!(compile("(a{1000}){1000}").is_none());
    }
}
