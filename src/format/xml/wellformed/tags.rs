//! Start and end tags: names, attributes, namespaces.

use super::chars::{is_space, name_length, reference};
use super::{Document, Event, PIECE, Text};
use crate::format::catalogue as kinds;
use crate::format::limits::Stop;
use quick_xml::parser::{ElementParser, Parser};

/// The most attributes of an element.
pub const MOST: usize = 64;

/// The most namespaces in scope.
const BINDINGS: usize = 256;

/// The most bytes of a name.
const NAME: usize = 10_000;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Which namespace a name is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Namespace {
    /// None.
    #[default]
    None,
    /// That of `xml:lang`.
    Xml,
    /// The one of this binding; see [`Document::uri`].
    Bound(u32),
}

/// A name's place in the text, and its namespace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Name {
    pub start: usize,
    /// Where the local name begins: behind the colon, if there is one.
    pub local: usize,
    pub end: usize,
    pub namespace: Namespace,
}

/// An attribute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attribute {
    pub name: Name,
    pub value: Text,
    /// It declares a namespace and is nothing else.
    pub declares: bool,
}

impl Name {
    fn prefixed(&self) -> bool {
        self.local > self.start
    }
}

impl Document<'_> {
    /// The URI of a namespace.
    pub fn uri(&self, namespace: Namespace) -> &str {
        match namespace {
            Namespace::None => "",
            Namespace::Xml => XML,
            Namespace::Bound(at) => {
                let binding = self.bindings[at as usize];
                &self.text[binding[2] as usize..binding[3] as usize]
            }
        }
    }

    /// Where the URI of a namespace stands in the text; none if it does not.
    pub fn uri_place(&self, namespace: Namespace) -> Option<(usize, usize)> {
        match namespace {
            Namespace::Bound(at) => {
                let binding = self.bindings[at as usize];
                Some((binding[2] as usize, binding[3] as usize))
            }
            _ => None,
        }
    }

    /// The prefix of a binding; empty for the default namespace.
    pub fn prefix(&self, binding: usize) -> &str {
        let binding = self.bindings[binding];
        &self.text[binding[0] as usize..binding[1] as usize]
    }

    /// The local part of a name.
    pub fn local(&self, name: Name) -> &str {
        &self.text[name.local..name.end]
    }

    fn spaces(&self, mut at: usize) -> usize {
        while self.text.as_bytes().get(at).is_some_and(|b| is_space(*b)) {
            at += 1;
        }
        at
    }

    /// A qualified name that begins at `start`.
    fn name(&mut self, start: usize) -> Result<Name, Stop> {
        let first = start + name_length(&self.text[start..]);
        let mut name = Name { start, local: start, end: first, namespace: Namespace::None };
        if self.text.as_bytes().get(first) == Some(&b':') {
            name.local = first + 1;
            name.end = first + 1 + name_length(&self.text[first + 1..]);
        }
        let long = name.end - start > NAME;
        if first == start || name.local == name.end || long {
            return self.kind(&kinds::XML_NAME, start);
        }
        Ok(name)
    }

    pub(super) fn start_tag(&mut self) -> Result<Event, Stop> {
        let offset = self.at;
        if self.open.is_empty() && self.root_seen {
            return self.kind(&kinds::XML_TWO_ROOTS, offset);
        }
        let rest = &self.text.as_bytes()[offset..];
        let Some(length) = ElementParser::default().feed(rest) else {
            // A tag that never ends may begin with something that is no tag.
            self.name(offset + 1)?;
            return self.truncated();
        };
        if self.open.len() >= self.levels {
            return self.kind(&kinds::TOO_DEEP, offset);
        }
        self.empty = rest[length - 1] == b'/';
        let end = offset + length - usize::from(self.empty);
        let mut name = self.name(offset + 1)?;
        self.read_attributes(name.end, end)?;
        let before = self.bindings.len();
        self.declare()?;
        self.resolve(&mut name)?;
        self.open.push([name.start as u32, name.end as u32, before as u32, 0]);
        self.at = offset + length + 1;
        self.root_seen = true;
        self.run = 0;
        Ok(Event::Start { offset, name })
    }

    fn read_attributes(&mut self, mut at: usize, end: usize) -> Result<(), Stop> {
        self.count = 0;
        loop {
            let next = self.spaces(at);
            if next >= end {
                return Ok(());
            }
            if next == at {
                return self.syntax("white space is due between attributes", at);
            }
            let name = self.name(next)?;
            at = self.spaces(name.end);
            if self.text.as_bytes()[at] != b'=' {
                return self.syntax("an equals sign is due", at);
            }
            at = self.spaces(at + 1);
            let quote = self.text.as_bytes()[at];
            if !matches!(quote, b'"' | b'\'') {
                return self.syntax("a quotation mark is due", at);
            }
            let start = at + 1;
            let inside = &self.text.as_bytes()[start..end.max(start)];
            let Some(length) = memchr::memchr(quote, inside) else {
                return self.syntax("the quotation mark is not closed", at);
            };
            let value = self.value(start, start + length)?;
            if self.count == MOST {
                return self.kind(&kinds::XML_ATTRIBUTES, next);
            }
            self.attributes[self.count] = Attribute { name, value, declares: false };
            self.count += 1;
            at = start + length + 1;
        }
    }

    fn value(&mut self, start: usize, end: usize) -> Result<Text, Stop> {
        let raw = &self.text[start..end];
        let mut escaped = false;
        for at in memchr::memchr2_iter(b'&', b'<', raw.as_bytes()) {
            if raw.as_bytes()[at] == b'<' {
                return self.syntax("a less-than sign stands in a value", start + at);
            }
            if let Err(fault) = reference(&raw[at..]) {
                return Err(self.fault(fault, start + at));
            }
            escaped = true;
        }
        if raw.len() > PIECE {
            return self.kind(&kinds::TOO_LARGE, start);
        }
        escaped |= memchr::memchr3(b'\n', b'\r', b'\t', raw.as_bytes()).is_some();
        Ok(Text { start, end, escaped })
    }

    /// Brings the namespaces that the tag declares into scope.
    fn declare(&mut self) -> Result<(), Stop> {
        for at in 0..self.count {
            let Attribute { name, value, .. } = self.attributes[at];
            let prefix = match &self.text[name.start..name.end] {
                "xmlns" => "",
                whole => match whole.strip_prefix("xmlns:") {
                    Some(prefix) => prefix,
                    None => continue,
                },
            };
            let uri = &self.text[value.start..value.end];
            let fine = uri.bytes().all(uri_byte)
                && uri != XMLNS
                && (uri == XML) == (prefix == "xml")
                && prefix != "xmlns"
                && (prefix.is_empty() || !uri.is_empty());
            if !fine {
                return self.kind(&kinds::XML_NAMESPACE, name.start);
            }
            if self.bindings.len() >= BINDINGS {
                return self.kind(&kinds::XML_ATTRIBUTES, name.start);
            }
            let start = name.end - prefix.len();
            let row = [start, name.end, value.start, value.end].map(|n| n as u32);
            self.bindings.push(row);
            self.attributes[at].declares = true;
        }
        Ok(())
    }

    /// Finds the namespaces of the tag's name and attributes, and attributes that are there twice.
    fn resolve(&mut self, name: &mut Name) -> Result<(), Stop> {
        name.namespace = self.find(*name)?;
        for at in 0..self.count {
            let mut one = self.attributes[at];
            if one.name.prefixed() && !one.declares {
                one.name.namespace = self.find(one.name)?;
                self.attributes[at] = one;
            }
            for earlier in 0..at {
                let other = self.attributes[earlier];
                let same = self.local(one.name) == self.local(other.name)
                    && one.declares == other.declares
                    && match one.declares {
                        true => one.name.prefixed() == other.name.prefixed(),
                        false => self.uri(one.name.namespace) == self.uri(other.name.namespace),
                    };
                if same {
                    return self.kind(&kinds::XML_ATTRIBUTE_TWICE, one.name.start);
                }
            }
        }
        Ok(())
    }

    fn find(&mut self, name: Name) -> Result<Namespace, Stop> {
        let prefix = match name.prefixed() {
            true => &self.text[name.start..name.local - 1],
            false => "",
        };
        if prefix == "xml" {
            return Ok(Namespace::Xml);
        }
        let found = (0..self.bindings.len()).rev().find(|at| self.prefix(*at) == prefix);
        match found {
            Some(at) if self.bindings[at][2] == self.bindings[at][3] => Ok(Namespace::None),
            Some(at) => Ok(Namespace::Bound(at as u32)),
            None if prefix.is_empty() => Ok(Namespace::None),
            None => self.kind(&kinds::XML_PREFIX, name.start),
        }
    }

    pub(super) fn end_tag(&mut self) -> Result<Event, Stop> {
        let offset = self.at;
        let start = offset + 2;
        let Some(length) = memchr::memchr(b'>', &self.text.as_bytes()[start..]) else {
            return self.truncated();
        };
        let inside = self.text[start..start + length].trim_end_matches([' ', '\t', '\r', '\n']);
        let open = self.open.last().map(|open| &self.text[open[0] as usize..open[1] as usize]);
        if open != Some(inside) {
            return self.kind(&kinds::XML_TAG, offset);
        }
        self.at = start + length + 1;
        Ok(self.close())
    }
}

/// What may stand in a namespace: a URI as it is, without references or escapes to resolve.
fn uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'&<>\\^`{|}".contains(&byte)
}
