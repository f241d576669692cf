//! The layer that makes sure of well-formedness, above quick-xml's search for where markup ends.
//!
//! Promises: names, nesting, attributes, namespaces, references, comments, the declaration and the limits
//! are checked before anybody sees an event; DOCTYPE is refused wherever it is met. No heap allocation once
//! its memory is warm. Never: expands or decodes anything; goes on after a fault, as XML demands.

mod chars;
mod declaration;
mod tags;

pub use chars::{is_char, is_name, is_space};
pub use tags::{Attribute, Name, Namespace};

use crate::format::catalogue as kinds;
use crate::format::limits::{self, Faults, Stop};
use crate::message::{Arg, Issue, IssueKind};
use quick_xml::parser::{Parser, PiParser};

/// The most bytes of one value, text, comment or instruction: what other parsers take.
const PIECE: usize = 10_000_000;

/// Memory for what is open.
pub type Rows = Vec<[u32; 4]>;

/// What is wrong, before it is known where.
pub enum Fault {
    /// The grammar, in a few words.
    Syntax(&'static str),
    /// A kind of its own.
    Kind(&'static IssueKind),
}

/// A place in the text that holds character data or an attribute's value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text {
    pub start: usize,
    pub end: usize,
    /// Whether there is a reference in it, or white space to normalise.
    pub escaped: bool,
}

/// What comes next in a document.
#[derive(Debug)]
pub enum Event {
    /// An element begins; its attributes are [`Document::attributes`].
    Start { offset: usize, name: Name },
    /// An element ends, also one that was empty.
    End { end: usize },
    /// Character data.
    Text(Text),
    /// The inside of a CDATA section.
    Literal(Text),
    /// A comment or a processing instruction.
    Dropped { offset: usize, stylesheet: bool },
    /// The end of the document, which is whole.
    Done,
}

/// A document being read.
pub struct Document<'a> {
    pub text: &'a str,
    pub faults: Faults<'a>,
    at: usize,
    /// Open elements: name's start, name's end, how many bindings were in scope before it, the mark.
    open: &'a mut Vec<[u32; 4]>,
    /// Namespaces in scope: prefix's start and end, URI's start and end.
    bindings: &'a mut Vec<[u32; 4]>,
    attributes: [Attribute; tags::MOST],
    count: usize,
    levels: usize,
    empty: bool,
    root_seen: bool,
    run: usize,
}

impl<'a> Document<'a> {
    /// A document at its start. The bytes are looked through once for characters that XML does not have.
    pub fn open(
        text: &'a str,
        work: (&'a mut Rows, &'a mut Rows),
        faults: Faults<'a>,
    ) -> Result<Document<'a>, Stop> {
        work.0.clear();
        work.1.clear();
        let mut document = Document {
            text,
            faults,
            at: 0,
            open: work.0,
            bindings: work.1,
            attributes: [Attribute::default(); tags::MOST],
            count: 0,
            levels: limits::DEPTH as usize,
            empty: false,
            root_seen: false,
            run: 0,
        };
        if text.starts_with('\u{FEFF}') {
            document.at = '\u{FEFF}'.len_utf8();
        }
        if text.len() > limits::BYTES {
            return Err(document.fault(Fault::Kind(&kinds::TOO_LARGE), 0));
        }
        if text.bytes().skip(document.at).all(is_space) {
            return Err(document.fault(Fault::Kind(&kinds::EMPTY), 0));
        }
        if let Some(at) = chars::first_illegal(text) {
            return Err(document.fault(Fault::Kind(&kinds::XML_CHARACTER), at));
        }
        Ok(document)
    }

    /// The attributes of the element that began last, namespace declarations included.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes[..self.count]
    }

    /// Leaves a number with the innermost open element.
    pub fn mark(&mut self, mark: u32) {
        if let Some(open) = self.open.last_mut() {
            open[3] = mark;
        }
    }

    /// The number left with the element around the innermost open one.
    pub fn outer_mark(&self) -> Option<u32> {
        self.open.iter().rev().nth(1).map(|open| open[3])
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Lets the document be a level deeper, because one of its levels is none in the tree.
    pub fn allow_level(&mut self) {
        self.levels = (self.levels + 1).min(2 * limits::DEPTH as usize);
    }

    /// How many bindings were in scope before the innermost open element declared its own.
    pub fn bindings_outside(&self) -> usize {
        self.open.last().map_or(0, |open| open[2] as usize)
    }

    /// Ends reading.
    #[cold]
    pub fn fault(&mut self, fault: Fault, at: usize) -> Stop {
        match fault {
            Fault::Kind(kind) => self.faults.end(kind, at),
            Fault::Syntax(what) => {
                self.faults.stop(Issue::at(&kinds::XML_SYNTAX, at).arg(Arg::Static(what)))
            }
        }
    }

    fn kind<T>(&mut self, kind: &'static IssueKind, at: usize) -> Result<T, Stop> {
        Err(self.fault(Fault::Kind(kind), at))
    }

    fn syntax<T>(&mut self, what: &'static str, at: usize) -> Result<T, Stop> {
        Err(self.fault(Fault::Syntax(what), at))
    }

    fn truncated<T>(&mut self) -> Result<T, Stop> {
        self.kind(&kinds::XML_TRUNCATED, self.text.len())
    }

    /// The next event.
    pub fn next(&mut self) -> Result<Event, Stop> {
        if self.empty {
            self.empty = false;
            return Ok(self.close());
        }
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                None if !self.open.is_empty() => return self.truncated(),
                None if !self.root_seen => return self.syntax("there is no element", self.at),
                None => return Ok(Event::Done),
                Some(b'<') => {}
                Some(_) if self.open.is_empty() => {
                    self.outside()?;
                    continue;
                }
                Some(_) => return self.characters(),
            }
            return match bytes.get(self.at + 1) {
                None => self.truncated(),
                Some(b'/') => self.end_tag(),
                Some(b'!') => self.bang(),
                Some(b'?') => self.instruction(),
                Some(_) => self.start_tag(),
            };
        }
    }

    /// Outside the root there is only white space.
    fn outside(&mut self) -> Result<(), Stop> {
        while self.text.as_bytes().get(self.at).is_some_and(|b| is_space(*b)) {
            self.at += 1;
        }
        match self.text.as_bytes().get(self.at) {
            None | Some(b'<') => Ok(()),
            Some(_) if self.root_seen => self.kind(&kinds::XML_TRAILING, self.at),
            Some(_) => self.syntax("there is text before the first element", self.at),
        }
    }

    fn characters(&mut self) -> Result<Event, Stop> {
        let start = self.at;
        let rest = &self.text[start..];
        let Some(length) = memchr::memchr(b'<', rest.as_bytes()) else {
            return self.truncated();
        };
        let piece = &rest[..length];
        let mut escaped = false;
        for at in memchr::memchr3_iter(b'&', b'\r', b']', piece.as_bytes()) {
            match piece.as_bytes()[at] {
                b'&' => {
                    if let Err(fault) = chars::reference(&piece[at..]) {
                        return Err(self.fault(fault, start + at));
                    }
                    escaped = true;
                }
                b'\r' => escaped = true,
                _ if piece[at..].starts_with("]]>") => {
                    return self.syntax("`]]>` stands in text", start + at);
                }
                _ => {}
            }
        }
        self.at = start + length;
        self.long(length, start)?;
        Ok(Event::Text(Text { start, end: self.at, escaped }))
    }

    /// Counts a run of character data, which other parsers keep in one piece.
    fn long(&mut self, more: usize, at: usize) -> Result<(), Stop> {
        self.run += more;
        match self.run > PIECE {
            true => self.kind(&kinds::TOO_LARGE, at),
            false => Ok(()),
        }
    }

    fn bang(&mut self) -> Result<Event, Stop> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.starts_with("<!--") {
            return self.comment();
        }
        if rest.starts_with("<!DOCTYPE") {
            return self.kind(&kinds::XML_DOCTYPE, start);
        }
        if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            if self.open.is_empty() {
                return self.syntax("a CDATA section stands outside the root element", start);
            }
            let Some(length) = memchr::memmem::find(inside.as_bytes(), b"]]>") else {
                return self.truncated();
            };
            self.long(length, start)?;
            let start = start + "<![CDATA[".len();
            let end = start + length;
            self.at = end + "]]>".len();
            let escaped = self.text[start..end].contains('\r');
            return Ok(Event::Literal(Text { start, end, escaped }));
        }
        if ["<!--", "<!DOCTYPE", "<![CDATA["].iter().any(|whole| whole.starts_with(rest)) {
            return self.truncated();
        }
        self.syntax("neither a comment nor a CDATA section", start)
    }

    fn comment(&mut self) -> Result<Event, Stop> {
        let offset = self.at;
        let start = offset + "<!--".len();
        let Some(length) = memchr::memmem::find(&self.text.as_bytes()[start..], b"--") else {
            return self.truncated();
        };
        let end = start + length;
        match self.text.as_bytes().get(end + 2) {
            Some(b'>') if length <= PIECE => {}
            Some(b'>') => return self.kind(&kinds::TOO_LARGE, offset),
            Some(_) => return self.kind(&kinds::XML_COMMENT, end),
            None => return self.truncated(),
        }
        self.at = end + "-->".len();
        Ok(Event::Dropped { offset, stylesheet: false })
    }

    fn instruction(&mut self) -> Result<Event, Stop> {
        let offset = self.at;
        let rest = &self.text[offset..];
        let Some(length) = PiParser::default().feed(rest.as_bytes()) else {
            return self.truncated();
        };
        if length < "<??".len() {
            // `<?>`, whose question mark cannot be both the first and the last.
            return self.kind(&kinds::XML_NAME, offset + 2);
        }
        self.at = offset + length + 1;
        let inside = &rest["<?".len()..length - 1];
        let name = chars::name_length(inside);
        let (target, data) = inside.split_at(name);
        if target.eq_ignore_ascii_case("xml") {
            return self.kind(&kinds::XML_DECLARATION, offset);
        }
        if name == 0 || !(data.is_empty() || data.as_bytes().first().is_some_and(|b| is_space(*b)))
        {
            return self.kind(&kinds::XML_NAME, offset + 2);
        }
        if length > PIECE {
            return self.kind(&kinds::TOO_LARGE, offset);
        }
        Ok(Event::Dropped { offset, stylesheet: target == "xml-stylesheet" })
    }

    fn close(&mut self) -> Event {
        let open = self.open.pop().unwrap_or_default();
        self.bindings.truncate(open[2] as usize);
        self.run = 0;
        Event::End { end: self.at }
    }
}

#[cfg(test)]
mod tests;
