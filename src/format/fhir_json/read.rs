//! FHIR JSON to a tree.
//!
//! Promises: one pass; children in the document's order; a property's node begins at its name, an array's
//! nodes each at their own value. `_x` fills the nodes of `x`, whichever comes first.

use super::properties::{Run, SHADOW};
use super::scan::{Piece, Scanner};
use crate::format::catalogue as kinds;
use crate::format::limits::{self, Faults, Stop};
use crate::format::seen;
use crate::message::{Issue, Place};
use crate::tree::{BufferId, Escape, Kind, Marks, NameId, NodeId, Slice, State, Token, Tree, Work};
use bytestring::ByteString;

/// Where a resource may stand below another: only there a `resourceType` says what the object is.
/// (ExampleScenario has an element of that name.)
pub const RESOURCE_PLACES: [&str; 3] = ["resource", "contained", "outcome"];

/// Reads a resource into `tree`; false if the document is not to be used. The tree then holds what was
/// read up to the fault.
pub fn read(input: ByteString, tree: &mut Tree, issues: &mut Vec<Issue>) -> bool {
    read_with(input, tree, issues, false)
}

/// The same; comments are read over in silence if `comments`.
pub fn read_with(
    input: ByteString,
    tree: &mut Tree,
    issues: &mut Vec<Issue>,
    comments: bool,
) -> bool {
    let mut work = std::mem::take(&mut tree.work);
    work.clear();
    let buffer = tree.add_buffer(input.clone());
    let mut reader = Reader {
        scan: Scanner {
            bytes: input.as_bytes(),
            at: 0,
            faults: Faults::new(issues),
            comment: None,
        },
        comments,
        text: &input,
        most: tree.len() + limits::nodes(input.len()),
        tree,
        buffer,
        work: &mut work,
    };
    let done = reader.document();
    let usable = done.is_ok() && reader.scan.faults.usable();
    tree.work = work;
    usable
}

pub(super) struct Reader<'a> {
    pub(super) scan: Scanner<'a>,
    pub(super) text: &'a str,
    pub(super) tree: &'a mut Tree,
    pub(super) buffer: BufferId,
    pub(super) most: usize,
    pub(super) work: &'a mut Work,
    pub(super) comments: bool,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.tree.header.charset = Some("UTF-8");
        if self.text.starts_with('\u{FEFF}') {
            self.tree.header.byte_order_mark = true;
            self.scan.at = '\u{FEFF}'.len_utf8();
        }
        if self.text.len() > limits::BYTES {
            return Err(self.scan.faults.end(&kinds::TOO_LARGE, 0));
        }
        match self.scan.next() {
            b'{' => {}
            _ if self.scan.at >= self.text.len() => {
                return Err(self.scan.faults.end(&kinds::EMPTY, 0));
            }
            b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                return Err(self.scan.faults.end(&kinds::JSON_NOT_OBJECT, self.scan.at));
            }
            _ => return Err(self.scan.unexpected("an object is due")),
        }
        let root = self.tree.add(None, Kind::Element, NameId::NONE, self.scan.at as u32);
        if self.scan.comment.is_some() {
            self.comment(root)?;
        }
        self.object(root, 1)?;
        match self.tree.resource_type(root) {
            Some(_) => {
                let name = self.tree.node(root).value;
                self.tree.node_mut(root).name = self.tree.name_of(name);
            }
            None => {
                let place = Place {
                    node: Some(root),
                    offset: Some(self.tree.node(root).offset),
                    list: false,
                };
                self.scan.faults.note(Issue::new(&kinds::RESOURCE_TYPE_MISSING, place))?;
            }
        }
        self.scan.next();
        if self.scan.comment.is_some() {
            self.comment(root)?;
        }
        if self.scan.at < self.text.len() {
            return Err(self.scan.faults.end(&kinds::JSON_TRAILING, self.scan.at));
        }
        Ok(())
    }

    /// The members of an object, from its opening brace to behind its closing one.
    fn object(&mut self, node: NodeId, depth: u32) -> Result<(), Stop> {
        let start = self.work.rows.len();
        let mut nulls = false;
        self.scan.at += 1;
        let mut byte = self.scan.next();
        while byte != b'}' {
            let offset = self.scan.at;
            let key = match byte {
                b'"' => self.scan.string()?,
                _ => self.bare(node, "a property's name is due")?,
            };
            if self.scan.next() != b':' {
                return Err(self.scan.unexpected("a colon is due"));
            }
            self.scan.at += 1;
            self.scan.next();
            nulls |= self.member(node, start, offset, key, depth)?;
            byte = self.scan.next();
            match byte {
                b',' => {
                    self.scan.at += 1;
                    byte = self.scan.next();
                    if byte == b'}' {
                        self.comma(node, false, "after the last property")?;
                    }
                }
                b'}' => {}
                b'"' => self.comma(node, false, "is missing before this property")?,
                _ => return Err(self.scan.unexpected("a comma or a closing brace is due")),
            }
        }
        self.scan.at += 1;
        self.work.rows.truncate(start);
        if nulls {
            self.check_nulls(node)?;
        }
        Ok(())
    }

    /// A key as text that needs no decoding.
    fn key(&mut self, piece: Piece) -> Slice {
        if !piece.escaped {
            let len = piece.end - piece.start;
            return Slice::new(self.buffer, piece.start, len, Escape::None);
        }
        let escaped = Slice::new(self.buffer, piece.start, piece.end - piece.start, Escape::Json);
        let decoded = self.tree.decode(escaped).into_owned();
        self.tree.keep(&decoded)
    }

    /// A property, its value included. True if there was a null in it.
    fn member(
        &mut self,
        parent: NodeId,
        start: usize,
        offset: usize,
        piece: Piece,
        depth: u32,
    ) -> Result<bool, Stop> {
        let decoded = piece.escaped.then(|| self.key(piece));
        let text = match decoded {
            None => &self.scan.bytes[piece.start..piece.end],
            Some(key) => self.tree.raw_slice(key).as_bytes(),
        };
        let shadow = text.len() > 1 && text[0] == b'_';
        let narrative = text == b"div";
        let resource_type = text == b"resourceType" && self.may_be_resource(parent);
        let skip = usize::from(shadow);
        let name = match decoded {
            None => {
                let (start, end) = (piece.start + skip, piece.end);
                let key = Slice::new(self.buffer, start, end - start, Escape::None);
                let place = (self.scan.bytes, start, end);
                let known = self.tree.names().len() as u32;
                let slots = &mut self.work.spellings;
                seen::name(slots, known, place, || self.tree.name_of(key))
            }
            Some(key) => {
                let (start, length) = (key.start() + skip, key.len() - skip);
                self.tree.name_of(Slice::new(key.buffer(), start, length, Escape::None))
            }
        };
        let shadow_bit = if shadow { SHADOW } else { 0 };
        let twin = self.register(parent, start, name.0 | shadow_bit, offset)?;
        if resource_type && self.scan.peek() == b'"' {
            let value = self.scan.string()?;
            let value = self.key(value);
            self.tree.set_resource_type(parent, value);
            return Ok(false);
        }
        let place = self.work.rows.len() - 1;
        let twin = twin.map(|place| self.work.rows[place]);
        let mut run = Run {
            parent,
            name,
            shadow,
            narrative,
            depth: depth + 1,
            left: twin.filter(|twin| twin[3] > 0).map(|twin| NodeId(twin[2])),
            remaining: twin.map_or(0, |twin| twin[3]),
            first: 0,
            count: 0,
        };
        let nulls = match self.scan.peek() {
            b'[' => self.array(&mut run)?,
            _ => {
                let node = self.slot(&mut run, offset)?;
                let many = self.tree.node(node).marks.has(Marks::IN_ARRAY);
                if twin.is_some() && many {
                    self.misfit("one is an array, the other is not", offset)?;
                }
                self.value(&run, node)?
            }
        };
        self.work.rows[place][2] = run.first;
        self.work.rows[place][3] = run.count;
        Ok(nulls)
    }

    fn may_be_resource(&self, node: NodeId) -> bool {
        let name = self.tree.node(node).name;
        self.tree.parent(node).is_none() || RESOURCE_PLACES.contains(&self.tree.name_text(name))
    }

    /// An array, from its opening bracket to behind its closing one.
    fn array(&mut self, run: &mut Run) -> Result<bool, Stop> {
        let start = self.scan.at;
        let mut nulls = false;
        self.scan.at += 1;
        let mut byte = self.scan.next();
        if byte == b']' {
            self.scan.at += 1;
            self.empty_array(run, start)?;
            return Ok(false);
        }
        let twin = run.left.is_some();
        loop {
            let offset = self.scan.at;
            if byte == b'[' {
                self.scan.faults.at(&kinds::JSON_NESTED_ARRAY, offset)?;
                self.skip_array(run.depth + 1)?;
            } else {
                let node = self.slot(run, offset)?;
                if twin && run.count == 1 && !self.tree.node(node).marks.has(Marks::IN_ARRAY) {
                    self.misfit("one is an array, the other is not", offset)?;
                }
                self.tree.node_mut(node).marks.set(Marks::IN_ARRAY);
                nulls |= self.value(run, node)?;
            }
            byte = self.scan.next();
            self.scan.at += 1;
            match byte {
                b',' => {
                    byte = self.scan.next();
                    if byte == b']' {
                        self.trailing(run)?;
                        self.scan.at += 1;
                        return Ok(nulls);
                    }
                }
                b']' => return Ok(nulls),
                b'{' | b'"' => {
                    self.scan.at -= 1;
                    self.between(run)?;
                }
                _ => {
                    self.scan.at -= 1;
                    return Err(self.scan.unexpected("a comma or a closing bracket is due"));
                }
            }
        }
    }

    /// A word without the quotation marks that it needs.
    #[cold]
    fn bare(&mut self, node: NodeId, due: &'static str) -> Result<Piece, Stop> {
        let start = self.scan.at;
        let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let length = self.scan.bytes[start..].iter().take_while(|b| word(b)).count();
        if length == 0 || !self.scan.peek().is_ascii_alphabetic() {
            return Err(self.scan.unexpected(due));
        }
        let place = Place { node: Some(node), offset: Some(start as u32), list: false };
        self.scan.faults.note(Issue::new(&kinds::JSON_QUOTES, place))?;
        self.scan.at += length;
        Ok(Piece { start, end: start + length, escaped: false })
    }

    #[cold]
    fn trailing(&mut self, run: &Run) -> Result<(), Stop> {
        self.comma_in_array(run, "after the last value")
    }

    #[cold]
    fn between(&mut self, run: &Run) -> Result<(), Stop> {
        self.comma_in_array(run, "is missing before this value")
    }

    fn comma_in_array(&mut self, run: &Run, what: &'static str) -> Result<(), Stop> {
        // of nothing but nested arrays there is no node
        let node = if run.count > 0 { NodeId(run.first) } else { run.parent };
        self.comma(node, run.count > 0, what)
    }

    /// A value that is no array, into its node. True if it is null.
    fn value(&mut self, run: &Run, node: NodeId) -> Result<bool, Stop> {
        let offset = self.scan.at;
        let byte = self.scan.peek();
        if run.shadow {
            self.tree.node_mut(node).marks.set(Marks::SHADOWED);
        }
        if run.shadow && !matches!(byte, b'{' | b'n') {
            self.misfit("below the underscore there is an object or null", offset)?;
        }
        let (piece, token) = match byte {
            b'{' => {
                self.braces(run, node)?;
                return Ok(false);
            }
            b'"' => (self.scan.string()?, Token::String),
            b'-' | b'+' | b'.' | b'0'..=b'9' => (self.scan.number()?, Token::Number),
            b't' => (self.scan.word("true")?, Token::Boolean),
            b'f' => (self.scan.word("false")?, Token::Boolean),
            b'n' => {
                self.scan.word("null")?;
                if !run.shadow {
                    self.tree.node_mut(node).state = State::Null;
                }
                return Ok(true);
            }
            _ => (self.bare(node, "a value is due")?, Token::String),
        };
        if run.shadow {
            return Ok(false);
        }
        let escape = if piece.escaped { Escape::Json } else { Escape::None };
        let value = Slice::new(self.buffer, piece.start, piece.end - piece.start, escape);
        self.tree.set_value(node, value, token);
        if run.narrative && token == Token::String {
            self.tree.node_mut(node).kind = Kind::Xhtml;
        }
        Ok(false)
    }

    fn braces(&mut self, run: &Run, node: NodeId) -> Result<(), Stop> {
        let before = self.tree.node(node);
        let misfit = match run.shadow {
            false => self.tree.first_child(node).is_some(),
            true => before.token == Token::Object,
        };
        if misfit {
            self.misfit("an object has no underscore twin", self.scan.at)?;
        }
        self.object(node, run.depth)?;
        if !run.shadow {
            let empty = self.tree.first_child(node).is_none();
            let node = self.tree.node_mut(node);
            node.token = Token::Object;
            if empty && !node.marks.has(Marks::RESOURCE) {
                node.state = State::Empty;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
