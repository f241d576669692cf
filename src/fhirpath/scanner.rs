//! Patterns that are a row of character classes from the beginning to the end of a text (`^[0-9]{13}$`), as a
//! table: what packages write for identifiers.
//!
//! Promises: says of every text what the regular expression says, in one look at each byte, without a lock or
//! a cache. Never: takes a pattern that it does not understand wholly, or one for which it matters how much a
//! repetition takes.

/// One class with how often it comes.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// The ASCII characters, a bit each.
    class: u128,
    min: u32,
    max: u32,
}

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    parts: Box<[Part]>,
}

impl Scanner {
    /// The scanner for a pattern, if it is of the kind.
    pub fn of(pattern: &str) -> Option<Scanner> {
        let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?.as_bytes();
        let mut parts: Vec<Part> = Vec::new();
        while !rest.is_empty() {
            let (class, after) = class(rest)?;
            let (min, max, after) = times(after)?;
            parts.push(Part { class, min, max });
            rest = after;
        }
        let clear = (0..parts.len()).all(|at| is_clear(&parts[at..]));
        clear.then(|| Scanner { parts: parts.into() })
    }

    /// Whether a text is of the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0usize;
        for part in &self.parts {
            let most = bytes.len().min(at.saturating_add(part.max as usize));
            let first = at;
            while at < most && bytes[at] < 128 && part.class >> bytes[at] & 1 != 0 {
                at += 1;
            }
            if at - first < part.min as usize {
                return false;
            }
        }
        at == bytes.len()
    }
}

/// Whether taking as much as there is for the first part is right whatever follows.
fn is_clear(parts: &[Part]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return true };
    if first.min == first.max {
        return true;
    }
    for part in rest {
        if part.class & first.class != 0 {
            return false;
        }
        if part.min > 0 {
            return true;
        }
    }
    true
}

/// Characters that stand for themselves everywhere in a pattern.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'/' | b'@' | b',' | b'=' | b'%')
}

/// The class that a pattern begins with, and the rest.
fn class(rest: &[u8]) -> Option<(u128, &[u8])> {
    match rest {
        [b'\\', byte @ (b'.' | b'-' | b'/' | b'+'), after @ ..] => Some((1 << byte, after)),
        [b'[', after @ ..] => set(after),
        [byte, after @ ..] if is_plain(*byte) || *byte == b'-' => Some((1 << byte, after)),
        _ => None,
    }
}

/// What stands between brackets.
fn set(mut rest: &[u8]) -> Option<(u128, &[u8])> {
    let mut class = 0u128;
    loop {
        rest = match rest {
            [b']', after @ ..] if class != 0 => return Some((class, after)),
            [from, b'-', to, after @ ..] if *to != b']' => {
                let alike = from.is_ascii_digit() && to.is_ascii_digit()
                    || from.is_ascii_lowercase() && to.is_ascii_lowercase()
                    || from.is_ascii_uppercase() && to.is_ascii_uppercase();
                if !alike || from > to {
                    return None;
                }
                (*from..=*to).for_each(|byte| class |= 1 << byte);
                after
            }
            [b'-', b']', after @ ..] if class != 0 => return Some((class | 1 << b'-', after)),
            [byte, after @ ..] if is_plain(*byte) || *byte == b'.' => {
                class |= 1 << byte;
                after
            }
            _ => return None,
        };
    }
}

/// How often the class before comes: fewest, most, and the rest. Most is fewer than any text is long.
fn times(rest: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (min, max, after) = match rest {
        [b'*', after @ ..] => (0, u32::MAX, after),
        [b'+', after @ ..] => (1, u32::MAX, after),
        [b'?', after @ ..] => (0, 1, after),
        [b'{', after @ ..] => {
            let end = after.iter().position(|b| *b == b'}')?;
            let inner = std::str::from_utf8(&after[..end]).ok()?;
            let number = |text: &str| {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| text.parse::<u32>().ok()).flatten().filter(|n| *n <= 1_000)
            };
            let (min, max) = match inner.split_once(',') {
                None => (number(inner)?, number(inner)?),
                Some((min, "")) => (number(min)?, u32::MAX),
                Some((min, max)) => (number(min)?, number(max)?),
            };
            if min > max {
                return None;
            }
            (min, max, &after[end + 1..])
        }
        _ => return Some((1, 1, rest)),
    };
    // lazy and possessive repetitions, and repetitions of repetitions
    (!matches!(after, [b'?' | b'*' | b'+' | b'{', ..])).then_some((min, max, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAKEN: [&str; 9] = [
        "^[0-9]{13}$",
        "^[0-9]{11,}$",
        "^urn:uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-5[0-9a-fA-F]{3}-[89abAB]$",
        "^[A-Z]+-?[0-9]{1,3}$",
        "^a*b?c+$",
        r"^[0-9]+\.[0-9]*$",
        "^[a-z_.-]{2,4}$",
        "^$",
        "^a{0}b$",
    ];

    #[test]
    fn what_is_not_wholly_understood_is_left_to_others() {
        let others = [
            "[0-9]+",
            "^[0-9]+",
            "^a|b$",
            "^(a)$",
            "^[^a]$",
            r"^\d$",
            "^.$",
            "^a+a$",
            "^a?b?a$",
            "^a{2}?$",
            "^a+?$",
            "^[a-Z]$",
            "^[]a]$",
            "^[a&&b]$",
            "^a{3,2}$",
            "^a**$",
            "^[æ]$",
            "^^a$",
            "^a{,3}$",
            "^[a-]b]$$",
        ];
        for pattern in others {
            assert!(Scanner::of(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn says_what_the_regular_expression_says(
            text in r"(urn:uuid:)?[0-9a-cA-Zæ.\n-]{0,16}|[0-9]{10,14}\n?|[A-C]{1,2}-?[0-9]{0,4}|[abc]{0,6}",
        ) {
            for pattern in TAKEN {
                let expected = crate::fhirpath::patterns::compile(pattern).unwrap().is_match(&text);
                prop_assert_eq!(Scanner::of(pattern).unwrap().matches(&text), expected, "{}", pattern);
            }
        }

        #[test]
        fn says_what_any_pattern_of_the_kind_says(
            parts in proptest::collection::vec(("[abx:-]|\\[[a-c]\\]|\\[0-9a\\]|\\[x-z_\\]", "|[*+?]|\\{[0-3]\\}|\\{1,\\}|\\{0,2\\}"), 0..5),
            texts in proptest::collection::vec("[abxyz0:_-]{0,8}", 8),
        ) {
            let inner: String = parts.iter().map(|(class, times)| format!("{class}{times}")).collect();
            let pattern = format!("^{inner}$");
            if let Some(scanner) = Scanner::of(&pattern) {
                let regex = crate::fhirpath::patterns::compile(&pattern).unwrap();
                for text in texts {
                    prop_assert_eq!(scanner.matches(&text), regex.is_match(&text), "{} {}", pattern, text);
                }
            }
        }
    }
}
