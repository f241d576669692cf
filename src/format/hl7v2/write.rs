//! A tree to HL7 v2.
//!
//! Promises: a message as it was read is written byte for byte; any other tree of a model in definition order,
//! with the usual delimiters, escaped. Positions come from the elements' names. Never: writes half a message,
//! or a character that the charset does not have.

use super::{USUAL, alike, escape};
use crate::format::charset::Charset;
use crate::format::order::{Ordered, Range};
use crate::format::{Scratch, Unwritable};
use crate::tree::types::Table;
use crate::tree::{Delimiters, Escape, Kind, NodeId, Slice, State, Tree};

/// Writes a node, which is a message's root, in a charset: the one that its MSH-18 names.
pub fn write(
    tree: &Tree,
    table: &Table,
    node: NodeId,
    charset: Charset,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    write_with(tree, table, node, charset, &mut Scratch::new(), out)
}

/// The same with memory that is used again.
pub fn write_with(
    tree: &Tree,
    table: &Table,
    node: NodeId,
    charset: Charset,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    let read = tree.header.delimiters;
    let Scratch { ordered, text, value, .. } = scratch;
    text.clear();
    if tree.header.byte_order_mark && read.is_some() {
        text.push('\u{feff}');
    }
    let mut writer = Writer {
        tree,
        table,
        delimiters: read.unwrap_or(USUAL),
        read: read.is_some(),
        ordered,
        text,
        decoded: value,
    };
    // what a fault left behind is no other message's
    writer.ordered.clear();
    writer.group(node)?;
    if !charset.has_all(writer.text) {
        return Err(Unwritable { node, why: "a character that the message's charset lacks" });
    }
    charset.encode(writer.text, out);
    Ok(())
}

struct Writer<'a> {
    tree: &'a Tree,
    table: &'a Table,
    delimiters: Delimiters,
    /// Whether the tree was read from HL7 v2: its order is then the message's own.
    read: bool,
    ordered: &'a mut Ordered,
    text: &'a mut String,
    /// One value, where it has to be decoded.
    decoded: &'a mut String,
}

impl<'a> Writer<'a> {
    /// A node's children on the stack: as they came, or in the model's order.
    fn children(&mut self, node: NodeId) -> Range {
        match self.read {
            true => self.ordered.push_as_they_stand(self.tree, node),
            false => self.ordered.push(self.tree, self.table, node),
        }
    }

    /// A message or a group: segments, each with what ends it.
    fn group(&mut self, node: NodeId) -> Result<(), Unwritable> {
        let tree = self.tree;
        let range = self.children(node);
        for place in range.start..range.end {
            let child = self.ordered.node(place);
            let one = tree.node(child);
            let name = tree.name_text(one.name);
            if one.kind == Kind::Raw {
                self.raw(one.value);
            } else if is_segment(name) {
                self.segment(child, name)?;
                // what ended it in the message that was read stands behind it
                let next = (place + 1 < range.end).then(|| self.ordered.node(place + 1));
                let ended = next.is_some_and(|n| self.read && tree.node(n).kind == Kind::Raw);
                if !ended {
                    self.text.push_str(self.delimiters.end);
                }
            } else {
                self.group(child)?;
            }
        }
        self.ordered.pop(range);
        Ok(())
    }

    /// What was kept only so that its own message is written as it came.
    fn raw(&mut self, value: Slice) {
        if self.read {
            self.text.push_str(self.tree.raw_slice(value));
        }
    }

    fn segment(&mut self, node: NodeId, name: &str) -> Result<(), Unwritable> {
        self.text.push_str(name);
        let header = name == "MSH";
        let mut at = 0;
        if header {
            let d = self.delimiters;
            let declared = self.tree.child(node, "MSH.2").filter(|_| self.read);
            self.text.push(char::from(d.field));
            match declared.and_then(|n| self.tree.value(n)) {
                Some(value) => self.text.push_str(self.tree.raw_slice(value)),
                None => {
                    for byte in [d.component, d.repetition, d.escape, d.subcomponent] {
                        self.text.push(char::from(byte));
                    }
                }
            }
            at = 2;
        }
        let range = self.children(node);
        for entry in range.start..range.end {
            let child = self.ordered.node(entry);
            let one = self.tree.node(child);
            if one.kind == Kind::Raw {
                self.raw(one.value);
                continue;
            }
            let place = self.place(child)?;
            if header && place <= 2 {
                continue;
            }
            if place == at && at > 0 {
                self.text.push(char::from(self.delimiters.repetition));
            }
            self.delimit(&mut at, place, self.delimiters.field, 0, child)?;
            self.parts(child, self.delimiters.component)?;
        }
        self.ordered.pop(range);
        Ok(())
    }

    /// Writes as many delimiters as lie between the position reached and the next one.
    fn delimit(
        &mut self,
        at: &mut usize,
        place: usize,
        delimiter: u8,
        first: usize,
        node: NodeId,
    ) -> Result<(), Unwritable> {
        if place < *at || (first > 0 && place == *at) {
            return Err(Unwritable { node, why: "a position that repeats and may not" });
        }
        let from = (*at).max(first);
        if place > from && delimiter == 0 {
            return Err(Unwritable { node, why: "the message declares no delimiter for this" });
        }
        (from..place).for_each(|_| self.text.push(char::from(delimiter)));
        *at = place;
        Ok(())
    }

    /// A field's or a component's value or parts; `delimiter` stands between these.
    fn parts(&mut self, node: NodeId, delimiter: u8) -> Result<(), Unwritable> {
        let one = *self.tree.node(node);
        match one.state {
            State::Null => self.text.push_str("\"\""),
            State::Present => self.value(node, one.value)?,
            State::Absent | State::Empty => {}
        }
        let mut at = 0;
        let range = self.children(node);
        for entry in range.start..range.end {
            let child = self.ordered.node(entry);
            let inner = self.tree.node(child);
            match inner.kind {
                Kind::Raw => self.raw(inner.value),
                Kind::Text => self.value(child, inner.value)?,
                _ => {
                    let place = self.place(child)?;
                    self.delimit(&mut at, place, delimiter, 1, child)?;
                    self.parts(child, self.delimiters.subcomponent)?;
                }
            }
        }
        self.ordered.pop(range);
        Ok(())
    }

    /// The number that an element's name ends in.
    fn place(&self, node: NodeId) -> Result<usize, Unwritable> {
        let name = self.tree.name_text(self.tree.node(node).name);
        let number = name.rsplit('.').next().and_then(|n| n.parse().ok());
        number
            .filter(|n| (1..1_000).contains(n))
            .ok_or(Unwritable { node, why: "an element whose name does not end in its position" })
    }

    fn value(&mut self, node: NodeId, value: Slice) -> Result<(), Unwritable> {
        let raw = self.tree.raw_slice(value);
        let usual = alike(&self.delimiters, &USUAL);
        let kept = self.read && value.buffer().0 == 1;
        if kept || (value.escape() == Escape::Hl7 && usual) {
            self.text.push_str(raw);
            return Ok(());
        }
        self.decoded.clear();
        self.tree.decode_into(value, self.decoded);
        if self.as_it_came(node) {
            return Ok(());
        }
        escape::encode(self.decoded, &self.delimiters, self.text).map_err(|()| Unwritable {
            node,
            why: "a delimiter in a value, and no escape character",
        })
    }

    /// Writes what stands in the input where a value was read, if it still means that value: escapes that were
    /// decoded on reading come back as they were.
    fn as_it_came(&mut self, node: NodeId) -> bool {
        if !self.read || !self.tree.has_input() {
            return false;
        }
        let tree: &'a Tree = self.tree;
        let input = tree.buffer(crate::tree::BufferId(1));
        let Some(rest) = input.get(tree.node(node).offset as usize..) else { return false };
        let d = self.delimiters;
        let ends = [d.field, d.component, d.subcomponent, d.repetition, b'\r', b'\n'];
        let end = rest.bytes().position(|b| b != 0 && ends.contains(&b)).unwrap_or(rest.len());
        // decoded behind what is written, to be compared and taken back
        let written = self.text.len();
        let _ = escape::decode(&rest[..end], &d, self.text);
        let same = self.text[written..] == **self.decoded;
        self.text.truncate(written);
        if same {
            self.text.push_str(&rest[..end]);
        }
        same
    }
}

/// Three upper-case letters or digits: a segment; a group's name has a dot.
fn is_segment(name: &str) -> bool {
    name.len() == 3 && !name.contains('.')
}
