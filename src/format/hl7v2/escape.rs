//! Escapes: what stands between two escape characters, as text.
//!
//! Promises: delimiters, line breaks and bytes in hexadecimal become the characters they stand for; a start
//! or end of highlighting is left out; what is none of these is kept as it stands and reported. Rule: HL7
//! v2.8.2 section 2.7. Never: changes what it does not know.

use crate::tree::Delimiters;

/// How a value's escapes are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// There are none.
    None,
    /// Only those of the usual delimiters, which the tree decodes on use.
    Plain,
    /// Others: decode them now.
    Other,
}

/// What kinds of escapes a value has.
pub(super) fn find(raw: &str, delimiters: &Delimiters) -> Found {
    let escape = delimiters.escape;
    if escape == 0 || !raw.as_bytes().contains(&escape) {
        return Found::None;
    }
    if !super::alike(delimiters, &super::USUAL) {
        return Found::Other;
    }
    let mut rest = raw.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        match &rest[at..] {
            [_, b'F' | b'S' | b'T' | b'R' | b'E', b'\\', after @ ..] => rest = after,
            _ => return Found::Other,
        }
    }
    Found::Plain
}

/// Appends a value with its escapes decoded. `Err`: where one is that nobody knows; the text is complete
/// all the same.
pub(super) fn decode(raw: &str, delimiters: &Delimiters, out: &mut String) -> Result<(), usize> {
    let escape = char::from(delimiters.escape);
    let mut unknown = Ok(());
    let mut rest = raw;
    while let Some(at) = rest.find(escape) {
        out.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        let known = inside.find(escape).filter(|end| one(&inside[..*end], delimiters, out));
        rest = match known {
            Some(end) => &inside[end + 1..],
            None => {
                unknown = unknown.and(Err(raw.len() - rest.len() + at));
                out.push(escape);
                inside
            }
        };
    }
    out.push_str(rest);
    unknown
}

/// Appends what one escape stands for; whether it is known.
fn one(inside: &str, delimiters: &Delimiters, out: &mut String) -> bool {
    let delimiter = match inside {
        "F" => delimiters.field,
        "S" => delimiters.component,
        "T" => delimiters.subcomponent,
        "R" => delimiters.repetition,
        "E" => delimiters.escape,
        "H" | "N" => return true,
        ".br" | ".sp" | ".ce" => b'\n',
        "P" => b'#',
        _ => return hexadecimal(inside, out) || command(inside, out),
    };
    if delimiter != 0 {
        out.push(char::from(delimiter));
    }
    delimiter != 0
}

/// `X0D0A`: bytes. UTF-8 where they are, else one character each.
fn hexadecimal(inside: &str, out: &mut String) -> bool {
    let Some(digits) = inside.strip_prefix('X').filter(|d| !d.is_empty() && d.len() % 2 == 0)
    else {
        return false;
    };
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let Some(bytes) = bytes else { return false };
    match String::from_utf8(bytes) {
        Ok(text) => out.push_str(&text),
        Err(not) => out.extend(not.as_bytes().iter().copied().map(char::from)),
    }
    true
}

/// The formatting commands of FT: those that break a line do, the others are about looks alone.
fn command(inside: &str, out: &mut String) -> bool {
    let Some(command) = inside.strip_prefix('.') else { return false };
    let number = command.get(2..).is_some_and(|n| {
        let n = n.trim_start_matches(['+', '-']);
        !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())
    });
    match command.get(..2) {
        Some("sp") if number => {
            let lines: u8 = command[2..].trim_start_matches('+').parse().unwrap_or(1);
            out.extend(std::iter::repeat_n('\n', usize::from(lines.clamp(1, 100))));
            true
        }
        Some("in" | "ti" | "sk") if number => true,
        Some("fi" | "nf") => command.len() == 2,
        _ => false,
    }
}

/// Appends a text with what would be read as a delimiter escaped; a line break becomes `\.br\`.
///
/// Other control characters become hexadecimal. Without an escape character a delimiter cannot be written:
/// `Err`.
#[allow(clippy::result_unit_err, reason = "there is one way in which it fails")]
pub fn encode(text: &str, delimiters: &Delimiters, out: &mut String) -> Result<(), ()> {
    let special = [
        (delimiters.field, "F"),
        (delimiters.component, "S"),
        (delimiters.subcomponent, "T"),
        (delimiters.repetition, "R"),
        (delimiters.escape, "E"),
    ];
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let own = special.iter().find(|(d, _)| *d != 0 && char::from(*d) == c);
        let hex: [u8; 3];
        let name = match (own, c) {
            (Some((_, name)), _) => *name,
            (None, '\r') => {
                characters.next_if_eq(&'\n');
                ".br"
            }
            (None, '\n') => ".br",
            (None, '\0'..' ') => {
                let code = u32::from(c) as u8;
                hex = [
                    b'X',
                    b"01"[usize::from(code >> 4)],
                    b"0123456789ABCDEF"[usize::from(code & 15)],
                ];
                std::str::from_utf8(&hex).unwrap_or_default()
            }
            _ => {
                out.push(c);
                continue;
            }
        };
        if delimiters.escape == 0 {
            return Err(());
        }
        let escape = char::from(delimiters.escape);
        out.push(escape);
        out.push_str(name);
        out.push(escape);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::USUAL;
    use super::*;

    fn text(raw: &str) -> (String, Result<(), usize>) {
        let mut out = String::new();
        let known = decode(raw, &USUAL, &mut out);
        (out, known)
    }

    #[test]
    fn what_stands_for_characters() {
        for (raw, expected) in [
            (r"a\F\b\S\\T\\R\\E\", r"a|b^&~\"),
            (r"a\.br\b\.sp2\c", "a\nb\n\nc"),
            (r"\H\bold\N\ \.in+4\", "bold "),
            (r"\X0D0A\", "\r\n"),
            (r"\XC3A6\\XE6\", "ææ"),
        ] {
            assert_eq!(text(raw), (expected.to_owned(), Ok(())), "{raw}");
        }
    }

    #[test]
    fn what_nobody_knows_is_kept_and_said() {
        assert_eq!(text(r"ab\Zx\"), (r"ab\Zx\".to_owned(), Err(2)));
        assert_eq!(text(r"C:\dir"), (r"C:\dir".to_owned(), Err(2)));
        assert_eq!(text(r"\X1\"), (r"\X1\".to_owned(), Err(0)));
        assert_eq!(text(r"5\\F\"), (r"5\|".to_owned(), Err(1)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for one in ["a|b^c&d~e\\f", "1\n2", "\u{7}tab\t", "æøå €"] {
            let mut out = String::new();
            encode(one, &USUAL, &mut out).unwrap();
            assert_eq!(text(&out), (one.to_owned(), Ok(())), "{out}");
        }
        let none = Delimiters { escape: 0, ..USUAL };
        assert!(encode("a|b", &none, &mut String::new()).is_err());
    }

    #[test]
    fn usual_escapes_are_left_to_the_tree() {
        assert_eq!(find("plain", &USUAL), Found::None);
        assert_eq!(find(r"a\F\b\E\", &USUAL), Found::Plain);
        assert_eq!(find(r"a\.br\b", &USUAL), Found::Other);
        assert_eq!(find("a$F$", &Delimiters { escape: b'$', ..USUAL }), Found::Other);
    }
}
