//! The XML declaration.

use super::{Document, is_space};
use crate::format::catalogue as kinds;
use crate::format::charset::Charset;
use crate::format::limits::Stop;

/// What the document's first bytes said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared {
    /// A byte-order mark came first.
    pub byte_order_mark: bool,
    /// There was a declaration.
    pub declaration: bool,
    /// It named this charset.
    pub charset: Option<Charset>,
}

impl Document<'_> {
    /// Reads the declaration, if there is one. To be called first.
    pub fn declaration(&mut self) -> Result<Declared, Stop> {
        let start = self.at;
        let mut declared = Declared { byte_order_mark: start > 0, ..Declared::default() };
        let Some(rest) = self.text[start..].strip_prefix("<?xml") else { return Ok(declared) };
        if !rest.as_bytes().first().is_some_and(|b| is_space(*b)) {
            // `<?xml?>`, or an instruction whose name only begins like this.
            return Ok(declared);
        }
        let Some(length) = memchr::memmem::find(rest.as_bytes(), b"?>") else {
            return self.truncated();
        };
        let Some((version, encoding)) = parts(&rest[..length]) else {
            return self.kind(&kinds::XML_DECLARATION, start);
        };
        if version != "1.0" {
            return self.kind(&kinds::XML_DECLARATION, start);
        }
        declared.declaration = true;
        if let Some(label) = encoding {
            declared.charset = Charset::named(label);
            if declared.charset.is_none() {
                return self.kind(&kinds::CHARSET_UNSUPPORTED, start);
            }
        }
        self.at = start + "<?xml".len() + length + "?>".len();
        Ok(declared)
    }
}

/// The version and the encoding, if the declaration follows its grammar.
fn parts(text: &str) -> Option<(&str, Option<&str>)> {
    let (version, rest) = pseudo_attribute(text, "version")?;
    let version = version?;
    let (encoding, rest) = pseudo_attribute(rest, "encoding")?;
    let (standalone, rest) = pseudo_attribute(rest, "standalone")?;
    let good = standalone.is_none_or(|value| matches!(value, "yes" | "no"))
        && encoding.is_none_or(|label| label.starts_with(|c: char| c.is_ascii_alphabetic()))
        && rest.bytes().all(is_space);
    good.then_some((version, encoding))
}

/// ` name="value"`, if it comes next; and what follows. None if it is there and wrong.
fn pseudo_attribute<'a>(text: &'a str, name: &str) -> Option<(Option<&'a str>, &'a str)> {
    let skip = |text: &'a str| text.trim_start_matches([' ', '\t', '\r', '\n']);
    let Some(rest) = skip(text).strip_prefix(name) else { return Some((None, text)) };
    if skip(text).len() == text.len() {
        return None;
    }
    let rest = skip(skip(rest).strip_prefix('=')?);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = rest[1..].split_once(quote)?;
    Some((Some(value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_the_declaration() {
        assert_eq!(parts(" version='1.0'"), Some(("1.0", None)));
        assert_eq!(parts(" version = \"1.0\" encoding='UTF-8' "), Some(("1.0", Some("UTF-8"))));
        assert!(parts("\nversion='1.0'\tencoding='a' standalone='yes' ").is_some());
        for bad in [
            "",
            " encoding='UTF-8'",
            " version='1.0'encoding='UTF-8'",
            " version='1.0' standalone='maybe'",
            " version='1.0' standalone='yes' encoding='UTF-8'",
            " version=1.0",
            " version='1.0\"",
            " version='1.0' x",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
