//! Characters, names and references, as XML 1.0 (fifth edition) and its namespaces define them.

use super::Fault;
use crate::format::catalogue as kinds;
use crate::tree::entity;

const NAME: u8 = 1;
const START: u8 = 2;

/// What each ASCII character may be in a name without a colon.
static CLASSES: [u8; 128] = {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => NAME | START,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    table
};

fn starts_name(c: char) -> bool {
    matches!(c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The length of the name without a colon that `text` begins with; zero if it does not.
#[inline]
pub fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let wanted = if at == 0 { START } else { NAME };
        match CLASSES.get(usize::from(*byte)) {
            Some(class) if class & wanted != 0 => at += 1,
            Some(_) => break,
            None => {
                let Some(c) = text[at..].chars().next() else { break };
                if !(if at == 0 { starts_name(c) } else { continues_name(c) }) {
                    break;
                }
                at += c.len_utf8();
            }
        }
    }
    at
}

/// Whether `text` is a name without a colon.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

/// Whether XML has the character.
pub fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The first character that XML does not have.
pub fn first_illegal(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // U+FFFE and U+FFFF begin with 0xEF, as many a legal character does.
    let suspect = |b: u8| (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0xEF;
    let illegal = |at: usize| {
        let tail = bytes.get(at + 1..at + 3);
        bytes[at] != 0xEF || matches!(tail, Some([0xBF, 0xBE | 0xBF]))
    };
    let (blocks, rest) = bytes.as_chunks::<64>();
    for (block, at) in blocks.iter().zip((0..).step_by(64)) {
        // Without early exits, so that the compiler makes a few wide instructions of it.
        let any = block.iter().fold(0u8, |found, b| found | u8::from(suspect(*b)));
        if any != 0 {
            let found = (at..at + 64).find(|at| suspect(bytes[*at]) && illegal(*at));
            if found.is_some() {
                return found;
            }
        }
    }
    (bytes.len() - rest.len()..bytes.len()).find(|at| suspect(bytes[*at]) && illegal(*at))
}

/// Checks the reference that begins with the `&` at the start of `text`; gives its length.
pub fn reference(text: &str) -> Result<usize, Fault> {
    // The longest that means anything is far shorter; leading zeros are not worth more.
    let window = text.as_bytes().get(..64.min(text.len())).unwrap_or_default();
    let Some(end) = memchr::memchr(b';', window) else {
        return Err(Fault::Syntax("an ampersand begins a reference, which ends in a semicolon"));
    };
    let name = &text[1..end];
    if let Some(number) = name.strip_prefix('#') {
        let (digits, hex) = match number.strip_prefix('x') {
            Some(digits) => (digits, true),
            None => (number, false),
        };
        let all = |b: u8| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
        if digits.is_empty() || !digits.bytes().all(all) {
            return Err(Fault::Syntax("a numeric reference has digits and nothing else"));
        }
        return match entity(name).filter(|c| is_char(*c)) {
            Some(_) => Ok(end + 1),
            None => Err(Fault::Kind(&kinds::XML_CHARACTER)),
        };
    }
    if !is_name(name) {
        return Err(Fault::Syntax("a reference is a name"));
    }
    match entity(name) {
        Some(_) => Ok(end + 1),
        None => Err(Fault::Kind(&kinds::XML_ENTITY)),
    }
}

/// Whether a byte is XML's white space.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(name_length("abc:d"), 3);
        assert_eq!(name_length("æb-1.2 x"), "æb-1.2".len());
        assert_eq!(name_length("1a"), 0);
        assert_eq!(name_length("-a"), 0);
        assert_eq!(name_length("a\u{D7}b"), 1);
        assert!(is_name("a\u{B7}") && !is_name("\u{B7}a") && !is_name(""));
    }

    #[test]
    fn characters() {
        assert_eq!(first_illegal("abc\t\r\n æ\u{80}\u{FFFD}"), None);
        assert_eq!(first_illegal(&format!("{}\u{1}", "a".repeat(100))), Some(100));
        assert_eq!(first_illegal("a\u{FFFE}\u{1}"), Some(1));
        assert_eq!(first_illegal("a\u{1}\u{FFFF}"), Some(1));
    }

    #[test]
    fn references() {
        for good in ["&lt;", "&#10;", "&#x1F600; more", "&#0065;"] {
            assert!(reference(good).is_ok(), "{good}");
        }
        for bad in
            ["&", "&;", "&nbsp;", "&#;", "&#x;", "&#+65;", "&#0;", "&#xFFFE;", "&#xD800;", "&a b;"]
        {
            assert!(reference(bad).is_err(), "{bad}");
        }
    }
}
