//! Bytes of an interchange, already decoded, into the tree.
//!
//! Promises: every fault has its segment's place; the envelopes are checked as they close, so that what is
//! accepted is whole. Never: reads a binary package as segments.

use super::triggers;
use crate::format::catalogue as kinds;
use crate::format::limits::{self, Faults, Stop};
use crate::message::{Arg, Issue, IssueKind};
use crate::tree::{BufferId, Delimiters, Escape, Kind, Marks, NameId, NodeId, Slice, Token, Tree};
use bytestring::ByteString;

/// Reads an interchange into an empty tree. False: nothing usable.
pub fn read(input: ByteString, tree: &mut Tree, issues: &mut Vec<Issue>) -> bool {
    let mut faults = Faults::new(issues);
    if input.len() > limits::BYTES {
        let _ = faults.end(&kinds::TOO_LARGE, 0);
        return false;
    }
    let buffer = tree.add_buffer(input.clone());
    let names = Names {
        element: tree.name_id("Elm"),
        component: tree.name_id("SubElm"),
        message: tree.name_id("Brev"),
        content: tree.name_id("BrevIndhold"),
    };
    let name = tree.name_id("Edifact");
    let root = tree.add(None, Kind::Element, name, 0);
    let mut reader = Reader {
        tree,
        text: &input,
        buffer,
        delimiters: super::USUAL,
        faults,
        names,
        most: limits::nodes(input.len()),
        root,
        open: Open::default(),
    };
    let whole = reader.interchange().is_ok();
    whole && reader.faults.usable()
}

pub(super) struct Names {
    pub(super) element: NameId,
    pub(super) component: NameId,
    pub(super) message: NameId,
    pub(super) content: NameId,
}

/// The envelopes that are open.
#[derive(Default)]
pub(super) struct Open<'a> {
    /// Where UNB stands, and its reference (0020).
    pub(super) interchange: Option<(usize, &'a str)>,
    /// Where UNH stands, and its reference (0062).
    pub(super) message: Option<(usize, &'a str)>,
    /// The node that the message's segments belong below, and the trigger segment among them.
    pub(super) content: Option<NodeId>,
    pub(super) group: Option<NodeId>,
    pub(super) brev: Option<NodeId>,
    /// How many segments the message has so far, UNH included.
    pub(super) segments: u64,
    /// How many messages the interchange has so far; binary packages count as one each.
    pub(super) messages: u64,
    pub(super) closed: bool,
}

pub(super) struct Reader<'a, 'i> {
    pub(super) tree: &'a mut Tree,
    pub(super) text: &'a str,
    pub(super) buffer: BufferId,
    pub(super) delimiters: Delimiters,
    pub(super) faults: Faults<'i>,
    pub(super) names: Names,
    pub(super) most: usize,
    pub(super) root: NodeId,
    pub(super) open: Open<'a>,
}

impl<'a> Reader<'a, '_> {
    fn interchange(&mut self) -> Result<(), Stop> {
        let start = self.advice()?;
        self.line_ends(start);
        self.tree.header.delimiters = Some(self.delimiters);
        let mut at = self.between(start)?;
        while at < self.text.len() {
            let end = self.segment(at)?;
            at = self.between(end)?;
        }
        match (self.open.interchange, self.open.message, self.open.closed) {
            (None, ..) => Err(self.faults.end(&kinds::EDIFACT_UNB, 0)),
            (_, Some((at, _)), _) => Err(self.missing("UNT", at)),
            (Some((at, _)), _, false) => Err(self.missing("UNZ", at)),
            _ => Ok(()),
        }
    }

    fn missing(&mut self, segment: &'static str, at: usize) -> Stop {
        let issue = Issue::at(&kinds::EDIFACT_UNCLOSED, at).arg(Arg::Static(segment));
        self.faults.stop(issue)
    }

    /// UNA: the delimiters, where an interchange says them.
    fn advice(&mut self) -> Result<usize, Stop> {
        let Some(marks) = self.text.strip_prefix("UNA") else { return Ok(0) };
        let Some(marks) = marks.as_bytes().get(..6).filter(|m| m.is_ascii()) else {
            return Err(self.faults.end(&kinds::EDIFACT_UNA, 0));
        };
        let &[component, field, _, escape, _, end] = marks else {
            return Err(self.faults.end(&kinds::EDIFACT_UNA, 0));
        };
        let mut different = [component, field, escape, end];
        different.sort_unstable();
        let alike = different.windows(2).any(|pair| pair[0] == pair[1]);
        let letters = different.iter().any(|m| m.is_ascii_alphanumeric());
        // a terminator of one's own cannot be a static text; nobody in the networks uses one
        if alike || letters || end != b'\'' {
            return Err(self.faults.end(&kinds::EDIFACT_UNA, 0));
        }
        let escape = if escape == b' ' { 0 } else { escape };
        self.delimiters = Delimiters { field, component, escape, ..super::USUAL };
        let name = self.tree.name_id("UNA");
        let node = self.add(self.root, name, 0)?;
        self.tree.set_value(node, self.slice(3, 8), Token::Text);
        self.tree.node_mut(node).marks.set(Marks::SYNTAX);
        Ok(9)
    }

    /// What stands between segments is what stands behind the first of them.
    fn line_ends(&mut self, start: usize) {
        let rest = &self.text[start..];
        let first = match start {
            0 => rest.find('\'').map_or("", |n| &rest[n + 1..]),
            _ => rest,
        };
        self.delimiters.end = match first.as_bytes() {
            [b'\r', b'\n', ..] => "'\r\n",
            [b'\n', ..] => "'\n",
            [b'\r', ..] => "'\r",
            _ => "'",
        };
    }

    /// Where the next segment begins; white space unlike that behind the first segment is kept.
    fn between(&mut self, at: usize) -> Result<usize, Stop> {
        let rest = &self.text.as_bytes()[at..];
        let next = at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let usual = if at == 0 { "" } else { &self.delimiters.end[1..] };
        if self.text[at..next] != *usual {
            let parent = self.open.group.or(self.open.content).or(self.open.brev);
            self.raw(parent.unwrap_or(self.root), at, next)?;
        }
        Ok(next)
    }

    /// Reads the segment that begins at `start`, and gives the place behind its terminator.
    fn segment(&mut self, start: usize) -> Result<usize, Stop> {
        let end = self.end(start)?;
        let bytes = self.text.as_bytes();
        let named = bytes[start..end].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let name = &self.text[start..start + named];
        let delimited = start + named == end || bytes[start + named] == self.delimiters.field;
        if named != 3 || !delimited || name.bytes().any(|b| b.is_ascii_lowercase()) {
            self.faults.at(&kinds::EDIFACT_SEGMENT, start)?;
            return Ok(end + 1);
        }
        let parent = self.envelope(name, start, end)?;
        let id = self.tree.name_id(name);
        let node = self.add(parent, id, start)?;
        self.elements(node, start + 3, end)?;
        self.syntax_alone(name, node);
        if triggers(name) {
            self.open.group = Some(node);
        }
        if name == "UNO" {
            return self.package(parent, node, end + 1);
        }
        self.close(name, node, start)?;
        Ok(end + 1)
    }

    /// Counts, their references and the syntax identifier belong to the syntax.
    fn syntax_alone(&mut self, name: &str, segment: NodeId) {
        let elements = match name {
            "UNT" | "UNZ" => 2,
            "UNB" => 1,
            _ => return,
        };
        let mut element = self.tree.first_child(segment);
        for _ in 0..elements {
            let Some(one) = element else { return };
            let mut component = self.tree.first_child(one);
            while let Some(value) = component {
                self.tree.node_mut(value).marks.set(Marks::SYNTAX);
                component = self.tree.next_sibling(value);
            }
            element = self.tree.next_sibling(one);
        }
    }

    /// The node that a segment belongs below; envelopes open here.
    fn envelope(&mut self, name: &str, start: usize, end: usize) -> Result<NodeId, Stop> {
        if self.open.closed {
            return Err(self.faults.end(&kinds::EDIFACT_AFTER, start));
        }
        match name {
            "UNB" if self.open.interchange.is_some() => {
                Err(self.faults.end(&kinds::EDIFACT_TWICE, start))
            }
            "UNB" => {
                let reference = self.reference(start, end, 5, &kinds::EDIFACT_REFERENCE_MISSING)?;
                self.open.interchange = Some((start, reference));
                Ok(self.root)
            }
            _ if self.open.interchange.is_none() => {
                Err(self.faults.end(&kinds::EDIFACT_UNB, start))
            }
            "UNG" | "UNE" => Err(self.faults.end(&kinds::EDIFACT_GROUPS, start)),
            "UNH" if self.open.message.is_some() => {
                Err(self.faults.end(&kinds::EDIFACT_TWICE, start))
            }
            "UNH" => {
                let reference = self.reference(start, end, 1, &kinds::EDIFACT_REFERENCE_MISSING)?;
                self.reference(start, end, 2, &kinds::EDIFACT_TYPE)?;
                self.open.message = Some((start, reference));
                (self.open.segments, self.open.group) = (1, None);
                let brev = self.add(self.root, self.names.message, start)?;
                self.open.brev = Some(brev);
                Ok(brev)
            }
            "UNZ" if self.open.message.is_some() => Err(self.missing("UNT", start)),
            "UNZ" => Ok(self.root),
            "UNO" if self.open.message.is_none() => Ok(self.root),
            _ if self.open.message.is_none() => {
                Err(self.faults.end(&kinds::EDIFACT_OUTSIDE, start))
            }
            "UNT" => {
                self.open.segments += 1;
                (self.open.content, self.open.group) = (None, None);
                Ok(self.open.brev.unwrap_or(self.root))
            }
            _ => {
                self.open.segments += 1;
                let content = match self.open.content {
                    Some(content) => content,
                    None => {
                        let parent = self.open.brev.unwrap_or(self.root);
                        self.add(parent, self.names.content, start)?
                    }
                };
                self.open.content = Some(content);
                if triggers(name) {
                    self.open.group = None;
                }
                Ok(self.open.group.unwrap_or(content))
            }
        }
    }

    /// The first component of a segment's element, which must not be empty.
    fn reference(
        &mut self,
        start: usize,
        end: usize,
        place: usize,
        kind: &'static IssueKind,
    ) -> Result<&'a str, Stop> {
        let field = char::from(self.delimiters.field);
        let found = self.text[start..end].split(field).nth(place).unwrap_or_default();
        let found = found.split(char::from(self.delimiters.component)).next().unwrap_or_default();
        if found.is_empty() { Err(self.faults.end(kind, start)) } else { Ok(found) }
    }

    /// Checks the references and counts of an envelope that closes.
    fn close(&mut self, name: &str, node: NodeId, start: usize) -> Result<(), Stop> {
        let (opened, counted) = match name {
            "UNT" => (self.open.message.take(), self.open.segments),
            "UNZ" => (self.open.interchange, self.open.messages),
            _ => return Ok(()),
        };
        let element = |n: usize| self.tree.children(node).nth(n).and_then(|e| self.only(e));
        let count = element(0).and_then(|text| text.parse::<u64>().ok());
        let same = element(1) == opened.map(|(_, reference)| reference);
        if count != Some(counted) {
            let issue = Issue::at(&kinds::EDIFACT_COUNT, start).arg(Arg::Number(counted));
            self.faults.note(issue)?;
        }
        if !same {
            self.faults.at(&kinds::EDIFACT_REFERENCE, start)?;
        }
        if name == "UNT" {
            self.open.messages += 1;
            self.open.brev = None;
        } else {
            self.open.closed = true;
        }
        Ok(())
    }

    /// The value of an element that has one component.
    pub(super) fn only(&self, element: NodeId) -> Option<&str> {
        let component = self.tree.first_child(element)?;
        let alone = self.tree.next_sibling(component).is_none();
        self.tree.value(component).filter(|_| alone).map(|value| self.tree.raw_slice(value))
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> Slice {
        Slice::new(self.buffer, start, end - start, Escape::None)
    }

    pub(super) fn raw(&mut self, parent: NodeId, start: usize, end: usize) -> Result<(), Stop> {
        self.room(start)?;
        let node = self.tree.add(Some(parent), Kind::Raw, NameId::NONE, start as u32);
        self.tree.set_value(node, self.slice(start, end), Token::Text);
        // white space between segments says nothing; a package's bytes do
        if self.text[start..end].bytes().all(|b| b.is_ascii_whitespace()) {
            self.tree.node_mut(node).marks.set(Marks::SYNTAX);
        }
        Ok(())
    }

    pub(super) fn add(
        &mut self,
        parent: NodeId,
        name: NameId,
        offset: usize,
    ) -> Result<NodeId, Stop> {
        self.room(offset)?;
        Ok(self.tree.add(Some(parent), Kind::Element, name, offset as u32))
    }

    fn room(&mut self, offset: usize) -> Result<(), Stop> {
        match self.tree.len() < self.most {
            true => Ok(()),
            false => Err(self.faults.end(&kinds::TOO_MANY_NODES, offset)),
        }
    }
}
