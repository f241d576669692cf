//! A tree to EDIFACT.
//!
//! Promises: an interchange as it was read is written byte for byte; any other has the usual delimiters, and
//! counts and references that are right whatever its map said. Never: writes a character that the charset
//! lacks.

use super::{USUAL, triggers};
use crate::format::charset::Charset;
use crate::format::{Scratch, Unwritable};
use crate::tree::{BufferId, Delimiters, Kind, NodeId, Slice, Tree};
use std::fmt::Write;

/// Writes an interchange, which is the node, in a charset: ISO 8859-1 for what declares UNOC.
pub fn write(
    tree: &Tree,
    node: NodeId,
    charset: Charset,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    write_with(tree, node, charset, &mut Scratch::new(), out)
}

/// The same with memory that is used again.
pub fn write_with(
    tree: &Tree,
    node: NodeId,
    charset: Charset,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    scratch.text.clear();
    let read = tree.header.delimiters;
    let mut writer = Writer {
        tree,
        delimiters: read.unwrap_or(Delimiters { end: "'\r\n", ..USUAL }),
        read: read.is_some(),
        text: &mut scratch.text,
        decoded: &mut scratch.value,
        pending: false,
        segments: 0,
        messages: 0,
    };
    writer.below(node)?;
    writer.finish();
    if !charset.has_all(writer.text) {
        return Err(Unwritable { node, why: "a character that the interchange's charset lacks" });
    }
    charset.encode(writer.text, out);
    Ok(())
}

struct Writer<'a> {
    tree: &'a Tree,
    delimiters: Delimiters,
    /// Whether the tree was read from EDIFACT: everything is then as it came.
    read: bool,
    text: &'a mut String,
    /// One value.
    decoded: &'a mut String,
    /// A segment has ended, and what follows its terminator is not written yet.
    pending: bool,
    segments: u64,
    messages: u64,
}

impl<'a> Writer<'a> {
    fn below(&mut self, node: NodeId) -> Result<(), Unwritable> {
        for child in self.tree.children(node) {
            let one = self.tree.node(child);
            let name = self.tree.name_text(one.name);
            match name {
                // kept only so that its own interchange is written as it came; a package's bytes always
                _ if one.kind == Kind::Raw && !self.read && self.is_blank(one.value) => {}
                _ if one.kind == Kind::Raw => {
                    self.pending = false;
                    self.text.push_str(self.tree.raw_slice(one.value));
                }
                // of the segment that holds it, which has written it
                "Elm" => {}
                "Brev" | "BrevIndhold" => {
                    if name == "Brev" {
                        (self.segments, self.messages) = (0, self.messages + 1);
                    }
                    self.below(child)?;
                }
                "UNA" => {
                    self.text.push_str("UNA");
                    if let Some(value) = self.tree.value(child) {
                        self.tree.decode_into(value, self.text);
                    }
                    self.terminate();
                }
                _ => {
                    self.segment(child, name)?;
                    if triggers(name) {
                        self.below(child)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn is_blank(&self, value: Slice) -> bool {
        self.tree.raw_slice(value).bytes().all(|b| b.is_ascii_whitespace())
    }

    fn finish(&mut self) {
        if std::mem::take(&mut self.pending) {
            self.text.push_str(&self.delimiters.end[1..]);
        }
    }

    fn terminate(&mut self) {
        self.text.push_str(&self.delimiters.end[..1]);
        self.pending = true;
    }

    fn segment(&mut self, node: NodeId, name: &str) -> Result<(), Unwritable> {
        self.finish();
        if name.len() != 3 || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Unwritable { node, why: "not the name of a segment" });
        }
        self.segments += 1;
        self.text.push_str(name);
        let elements = self.tree.children_named(node, "Elm");
        for (place, element) in elements.enumerate() {
            self.text.push(char::from(self.delimiters.field));
            if place == 0 && !self.read && matches!(name, "UNT" | "UNZ") {
                let count = if name == "UNT" { self.segments } else { self.messages };
                let written = write!(self.text, "{count}");
                debug_assert!(written.is_ok(), "a text takes everything");
                continue;
            }
            let mut first = true;
            for component in self.tree.children_named(element, "SubElm") {
                if !std::mem::take(&mut first) {
                    self.text.push(char::from(self.delimiters.component));
                }
                if let Some(value) = self.tree.value(component) {
                    self.value(component, value)?;
                }
            }
        }
        self.terminate();
        Ok(())
    }

    fn value(&mut self, node: NodeId, value: Slice) -> Result<(), Unwritable> {
        let d = self.delimiters;
        if self.read && value.buffer() == BufferId(1) {
            self.tree.decode_into(value, self.text);
            return Ok(());
        }
        let start = self.text.len();
        self.decoded.clear();
        self.tree.decode_into(value, self.decoded);
        for c in self.decoded.chars() {
            let marks = [d.field, d.component, d.escape, b'\''];
            if u8::try_from(c).is_ok_and(|c| c != 0 && marks.contains(&c)) {
                if d.escape == 0 {
                    return Err(Unwritable { node, why: "a delimiter, and no release character" });
                }
                self.text.push(char::from(d.escape));
            }
            self.text.push(c);
        }
        if let Some(raw) = self.as_it_came(node, self.decoded) {
            self.text.truncate(start);
            self.text.push_str(raw);
        }
        Ok(())
    }

    /// What stands in the input where a value was read, if it still means that value: a sender may release
    /// characters that need it not.
    fn as_it_came(&self, node: NodeId, text: &str) -> Option<&'a str> {
        if !self.read || !self.tree.has_input() {
            return None;
        }
        let tree: &'a Tree = self.tree;
        let rest = tree.buffer(BufferId(1)).get(tree.node(node).offset as usize..)?;
        let escape = char::from(self.delimiters.escape);
        let d = self.delimiters;
        let ends =
            |c: char| u8::try_from(c).is_ok_and(|c| [d.field, d.component, b'\''].contains(&c));
        let mut wanted = text.chars().peekable();
        let mut released = false;
        for (at, c) in rest.char_indices() {
            if wanted.peek().is_none() {
                return (!released && ends(c)).then_some(&rest[..at]);
            }
            released = c == escape && !released;
            if !released && wanted.next() != Some(c) {
                return None;
            }
        }
        None
    }
}
