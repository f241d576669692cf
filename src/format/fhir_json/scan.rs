//! The scanner: strings, numbers, words and white space of JSON, as places in the text.
//!
//! Promises: looks at every byte once; notes what is wrong inside a token and goes on behind it.

use crate::format::catalogue as kinds;
use crate::format::limits::{Faults, Stop};
use crate::format::seen::eight;
use crate::message::{Arg, Issue};

/// A token's place in the text; for strings, between the quotation marks.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub start: usize,
    pub end: usize,
    /// Whether there is a backslash in it.
    pub escaped: bool,
}

/// A place in the text, and where faults go.
pub struct Scanner<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    pub faults: Faults<'a>,
    /// Where a comment began that was not told yet.
    pub comment: Option<usize>,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// From here on a string is long enough to look at it in blocks.
const LONG: usize = 32;

/// The lowest byte of eight that is a quotation mark, a backslash, a control character, or one that
/// U+FFFE and U+FFFF begin with. Exact up to the lowest one.
#[inline]
fn special(word: u64) -> u64 {
    // with this bit turned a quotation mark stands next to the control characters, and no other byte does
    let low = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let found = (low | backslash) & !word & TOPS;
    if word & TOPS == 0 {
        return found;
    }
    let noncharacter = word ^ (ONES * 0xEF);
    found | (noncharacter.wrapping_sub(ONES) & !noncharacter & TOPS)
}

impl Scanner<'_> {
    /// The byte here; zero, which JSON never has, at the end.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and gives the byte behind it.
    #[inline]
    pub fn next(&mut self) -> u8 {
        match self.peek() {
            byte @ (b'!'..=b'.' | b'0'..) => byte,
            _ => self.skip_space(),
        }
    }

    /// The same where there is some, a comment, or the end.
    fn skip_space(&mut self) -> u8 {
        loop {
            match self.peek() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                b'/' if self.skip_comment() => {}
                byte => return byte,
            }
            // a line's indentation at once
            while let Some(word) = eight(self.bytes, self.at) {
                let other = word ^ (ONES * b' ' as u64);
                self.at += (other.trailing_zeros() / 8) as usize;
                if other != 0 {
                    break;
                }
            }
        }
    }

    /// Skips a comment, if there is one: it is read over, so that what comes behind it is seen, too.
    #[cold]
    fn skip_comment(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let length = match rest.get(1) {
            Some(b'/') => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            Some(b'*') => match rest[2..].windows(2).position(|w| w == b"*/") {
                Some(inner) => inner + 4,
                None => return false,
            },
            _ => return false,
        };
        self.comment.get_or_insert(self.at);
        self.at += length;
        true
    }

    /// Ends reading: something else was due here.
    #[cold]
    pub fn unexpected(&mut self, due: &'static str) -> Stop {
        if self.at >= self.bytes.len() {
            return self.faults.end(&kinds::JSON_TRUNCATED, self.at);
        }
        self.faults.stop(Issue::at(&kinds::JSON_SYNTAX, self.at).arg(Arg::Static(due)))
    }

    /// A string, from its opening quotation mark to behind its closing one.
    #[inline]
    pub fn string(&mut self) -> Result<Piece, Stop> {
        match self.short() {
            Some(piece) => Ok(piece),
            None => self.any_string(),
        }
    }

    /// A string of fewer than sixteen bytes with nothing special in it, as keys and codes are.
    #[inline]
    fn short(&mut self) -> Option<Piece> {
        let start = self.at + 1;
        let words = self.bytes.get(start..start + 16)?;
        let (first, second) = (eight(words, 0)?, eight(words, 8)?);
        let length = match (special(first), special(second)) {
            (0, 0) => return None,
            (0, found) => 8 + found.trailing_zeros() / 8,
            (found, _) => found.trailing_zeros() / 8,
        };
        let end = start + length as usize;
        (self.bytes[end] == b'"').then(|| {
            self.at = end + 1;
            Piece { start, end, escaped: false }
        })
    }

    fn any_string(&mut self) -> Result<Piece, Stop> {
        let start = self.at + 1;
        self.at = start;
        let mut escaped = false;
        loop {
            let mut long = self.at + LONG;
            while let Some(word) = eight(self.bytes, self.at) {
                if self.at >= long {
                    self.skip_plain();
                    long = usize::MAX;
                    continue;
                }
                let found = special(word);
                if found != 0 {
                    self.at += (found.trailing_zeros() / 8) as usize;
                    break;
                }
                self.at += 8;
            }
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Piece { start, end: self.at - 1, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0) => {
                    self.faults.at(&kinds::JSON_NUL, self.at)?;
                    self.at += 1;
                }
                Some(0x01..0x20) => {
                    self.faults.at(&kinds::JSON_CONTROL, self.at)?;
                    self.at += 1;
                }
                Some(0xEF) => {
                    if matches!(self.bytes.get(self.at + 1..self.at + 3), Some([0xBF, 0xBE | 0xBF]))
                    {
                        self.faults.at(&kinds::JSON_CONTROL, self.at)?;
                    }
                    self.at += 3;
                }
                Some(_) => self.at += 1,
                None => return Err(self.faults.end(&kinds::JSON_TRUNCATED, self.at)),
            }
        }
    }

    /// Skips whole blocks that have nothing special in them: what a long string mostly is.
    #[inline(never)]
    fn skip_plain(&mut self) {
        let (blocks, _) = self.bytes[self.at..].as_chunks::<64>();
        for block in blocks {
            // Without early exits, so that the compiler makes a few wide instructions of it.
            let special = block.iter().fold(0u8, |found, b| {
                let one = *b < 0x20 || *b == b'"' || *b == b'\\' || *b == 0xEF;
                found | u8::from(one)
            });
            if special != 0 {
                break;
            }
            self.at += block.len();
        }
    }

    /// An escape, from its backslash to behind it.
    fn escape(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 2;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'n' | b'r' | b't') => Ok(()),
            Some(b'b' | b'f') => self.faults.at(&kinds::JSON_CONTROL, start),
            Some(b'u') => self.unicode(start),
            Some(_) => {
                // The byte may begin a character of several bytes, or be the closing quotation mark's.
                self.at = start + 1;
                self.faults.at(&kinds::JSON_ESCAPE, start)
            }
            None => Err(self.faults.end(&kinds::JSON_TRUNCATED, start + 1)),
        }
    }

    fn unicode(&mut self, start: usize) -> Result<(), Stop> {
        let Some(code) = self.hex4(start + 2) else {
            return self.faults.at(&kinds::JSON_ESCAPE, start);
        };
        self.at = start + 6;
        match code {
            0 => self.faults.at(&kinds::JSON_NUL, start),
            0x09 | 0x0A | 0x0D => Ok(()),
            ..0x20 | 0xFFFE | 0xFFFF => self.faults.at(&kinds::JSON_CONTROL, start),
            0xD800..0xDC00 => {
                let follows = self.bytes.get(self.at..self.at + 2) == Some(b"\\u");
                let low = self.hex4(self.at + 2).filter(|_| follows);
                match low {
                    Some(0xDC00..0xE000) => {
                        self.at += 6;
                        Ok(())
                    }
                    _ => self.faults.at(&kinds::JSON_SURROGATE, start),
                }
            }
            0xDC00..0xE000 => self.faults.at(&kinds::JSON_SURROGATE, start),
            _ => Ok(()),
        }
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        self.bytes
            .get(at..at + 4)?
            .iter()
            .try_fold(0, |sum, byte| char::from(*byte).to_digit(16).map(|digit| sum * 16 + digit))
    }

    /// A number, its text untouched.
    pub fn number(&mut self) -> Result<Piece, Stop> {
        let start = self.at;
        while matches!(self.peek(), b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            self.at += 1;
        }
        if !is_number(&self.bytes[start..self.at]) {
            self.faults.at(&kinds::JSON_NUMBER, start)?;
        }
        Ok(Piece { start, end: self.at, escaped: false })
    }

    /// A word that is due here: `true`, `false`, `null`.
    pub fn word(&mut self, word: &'static str) -> Result<Piece, Stop> {
        let start = self.at;
        let end = start + word.len();
        if self.bytes.get(start..end) == Some(word.as_bytes()) {
            self.at = end;
            return Ok(Piece { start, end, escaped: false });
        }
        if word.as_bytes().starts_with(&self.bytes[start..]) {
            return Err(self.faults.end(&kinds::JSON_TRUNCATED, self.bytes.len()));
        }
        Err(self.unexpected("a value is due"))
    }
}

/// Whether it follows JSON's grammar of numbers.
pub fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> usize {
        text.iter().take_while(|b| b.is_ascii_digit()).count()
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(after) = rest.strip_prefix(b".") {
        let n = digits(after);
        if n == 0 {
            return false;
        }
        rest = &after[n..];
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let after = match after {
            [b'+' | b'-', after @ ..] => after,
            after => after,
        };
        return !after.is_empty() && digits(after) == after.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_of(text: &str) -> Vec<&'static str> {
        let mut issues = Vec::new();
        let mut scanner = Scanner {
            bytes: text.as_bytes(),
            at: 0,
            faults: Faults::new(&mut issues),
            comment: None,
        };
        let _ = scanner.string();
        issues.iter().map(|i| i.kind.id).collect()
    }

    #[test]
    fn numbers() {
        for good in ["0", "-0.0", "1.10", "1.0E3", "123456789012345678901234", "1e-7", "10"] {
            assert!(is_number(good.as_bytes()), "{good}");
        }
        for bad in ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "--1", "1.2.3", "1e5.0", "-a"] {
            assert!(!is_number(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn strings() {
        assert!(
            kinds_of(r#""plain text of some length \" \\ \/ \n \r \t æ \u00e6 \ud83d\ude00""#)
                .is_empty()
        );
        assert_eq!(kinds_of("\"abc"), ["json-truncated"]);
        assert_eq!(kinds_of("\"abc\\"), ["json-truncated"]);
        assert_eq!(kinds_of(r#""\q""#), ["json-escape"]);
        assert_eq!(kinds_of(r#""\u12""#), ["json-escape"]);
        assert_eq!(kinds_of(r#""\u+123""#), ["json-escape"]);
        assert_eq!(kinds_of(r#""\ud83d""#), ["json-lone-surrogate"]);
        assert_eq!(kinds_of(r#""\ud83d\u0041""#), ["json-lone-surrogate"]);
        assert_eq!(kinds_of(r#""\ude00""#), ["json-lone-surrogate"]);
        assert_eq!(kinds_of(r#""\u0000""#), ["json-nul"]);
        assert_eq!(kinds_of("\"\u{0}\""), ["json-nul"]);
        assert_eq!(kinds_of(r#""\u0001""#), ["json-control-character"]);
        assert_eq!(kinds_of("\"1234567\n12345678\t\""), ["json-control-character"; 2]);
    }

    #[test]
    fn every_position_of_a_special_byte_is_found() {
        for length in 0..20 {
            for special in ["\u{1}", "\\x", "\u{1f}"] {
                let text = format!("\"{}{special}{}\"", "æ".repeat(length), "b".repeat(9));
                assert_eq!(kinds_of(&text).len(), 1, "{text:?}");
            }
        }
    }
}
