//! A tree to HL7 v2.
//!
//! Promises: a message as it was read is written byte for byte; any other tree of a model in definition order,
//! with the usual delimiters, escaped. Positions come from the elements' names. Never: writes half a message,
//! or a character that the charset does not have.

use super::{USUAL, alike, escape};
use crate::format::Unwritable;
use crate::format::charset::Charset;
use crate::format::order::Ordered;
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
    let read = tree.header.delimiters;
    let mut text = String::new();
    if tree.header.byte_order_mark && read.is_some() {
        text.push('\u{feff}');
    }
    let mut writer = Writer {
        tree,
        table,
        delimiters: read.unwrap_or(USUAL),
        read: read.is_some(),
        ordered: Ordered::default(),
        text,
    };
    writer.group(node)?;
    if !charset.has_all(&writer.text) {
        return Err(Unwritable { node, why: "a character that the message's charset lacks" });
    }
    charset.encode(&writer.text, out);
    Ok(())
}

struct Writer<'a> {
    tree: &'a Tree,
    table: &'a Table,
    delimiters: Delimiters,
    /// Whether the tree was read from HL7 v2: its order is then the message's own.
    read: bool,
    ordered: Ordered,
    text: String,
}

impl<'a> Writer<'a> {
    fn children(&mut self, node: NodeId) -> Vec<NodeId> {
        if self.read {
            return self.tree.children(node).collect();
        }
        let range = self.ordered.push(self.tree, self.table, node);
        let all = (range.start..range.end).map(|place| self.ordered.node(place)).collect();
        self.ordered.pop(range);
        all
    }

    /// A message or a group: segments, each with what ends it.
    fn group(&mut self, node: NodeId) -> Result<(), Unwritable> {
        let children = self.children(node);
        let raw = |at: usize| {
            children
                .get(at)
                .filter(|n: &&NodeId| self.read && self.tree.node(**n).kind == Kind::Raw)
        };
        let ends: Vec<bool> = (0..children.len()).map(|at| raw(at + 1).is_some()).collect();
        for (child, ended) in children.iter().zip(ends) {
            let one = self.tree.node(*child);
            let name = self.tree.name_text(one.name);
            if one.kind == Kind::Raw {
                self.raw(one.value);
            } else if is_segment(name) {
                self.segment(*child, name)?;
                if !ended {
                    self.text.push_str(self.delimiters.end);
                }
            } else {
                self.group(*child)?;
            }
        }
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
        for child in self.children(node) {
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
        for child in self.children(node) {
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
        let text = self.tree.decode(value);
        if let Some(raw) = self.as_it_came(node, &text) {
            self.text.push_str(raw);
            return Ok(());
        }
        escape::encode(&text, &self.delimiters, &mut self.text).map_err(|()| Unwritable {
            node,
            why: "a delimiter in a value, and no escape character",
        })
    }

    /// What stands in the input where a value was read, if it still means that value: escapes that were
    /// decoded on reading come back as they were.
    fn as_it_came(&self, node: NodeId, text: &str) -> Option<&'a str> {
        if !self.read || !self.tree.has_input() {
            return None;
        }
        let tree: &'a Tree = self.tree;
        let input = tree.buffer(crate::tree::BufferId(1));
        let rest = input.get(tree.node(node).offset as usize..)?;
        let d = self.delimiters;
        let ends = [d.field, d.component, d.subcomponent, d.repetition, b'\r', b'\n'];
        let end = rest.bytes().position(|b| b != 0 && ends.contains(&b)).unwrap_or(rest.len());
        let mut decoded = String::new();
        let _ = escape::decode(&rest[..end], &d, &mut decoded);
        (decoded == text).then_some(&rest[..end])
    }
}

/// Three upper-case letters or digits: a segment; a group's name has a dot.
fn is_segment(name: &str) -> bool {
    name.len() == 3 && !name.contains('.')
}
