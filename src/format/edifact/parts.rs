//! Inside a segment: where it ends, its elements and components, released characters; and binary packages,
//! which are none.

use super::read::Reader;
use crate::format::catalogue as kinds;
use crate::format::limits::Stop;
use crate::tree::{NodeId, Slice, State, Token};

impl Reader<'_, '_> {
    /// Where a segment's terminator stands.
    pub(super) fn end(&mut self, start: usize) -> Result<usize, Stop> {
        let bytes = self.text.as_bytes();
        let escape = self.delimiters.escape;
        let mut at = start;
        while let Some(byte) = bytes.get(at) {
            match *byte {
                b'\'' => return Ok(at),
                released if released == escape && escape != 0 => at += 2,
                _ => at += 1,
            }
        }
        Err(self.faults.end(&kinds::EDIFACT_TRUNCATED, start))
    }

    pub(super) fn elements(
        &mut self,
        segment: NodeId,
        start: usize,
        end: usize,
    ) -> Result<(), Stop> {
        let mut at = start;
        while at < end {
            let from = at + 1;
            let to = self.piece(from, end, self.delimiters.field);
            let element = self.add(segment, self.names.element, from)?;
            let mut part = from;
            while part <= to && to > from {
                let stop = self.piece(part, to, self.delimiters.component);
                let component = self.add(element, self.names.component, part)?;
                if stop > part {
                    let value = self.value(part, stop);
                    self.tree.set_value(component, value, Token::Text);
                } else {
                    self.tree.node_mut(component).state = State::Empty;
                }
                part = stop + 1;
            }
            at = to;
        }
        Ok(())
    }

    /// Where the piece that begins at `from` ends: at an unreleased delimiter.
    fn piece(&self, from: usize, end: usize, delimiter: u8) -> usize {
        let (bytes, escape) = (self.text.as_bytes(), self.delimiters.escape);
        let mut at = from;
        while at < end {
            match bytes[at] {
                byte if byte == delimiter => return at,
                byte if byte == escape && escape != 0 => at += 2,
                _ => at += 1,
            }
        }
        end
    }

    /// A value; released characters are decoded now, for which characters they are differs by interchange.
    fn value(&mut self, start: usize, end: usize) -> Slice {
        let raw = &self.text[start..end];
        let escape = char::from(self.delimiters.escape);
        if self.delimiters.escape == 0 || !raw.contains(escape) {
            return self.slice(start, end);
        }
        let kept = self.tree.scratch().len();
        let mut released = false;
        for c in raw.chars() {
            released = c == escape && !released;
            if !released {
                self.tree.scratch().push(c);
            }
        }
        self.tree.kept_since(kept)
    }

    /// A binary package: as many bytes as UNO's last element says, then UNP. Bytes are characters here, for the text is
    /// ISO 8859-1.
    pub(super) fn package(
        &mut self,
        parent: NodeId,
        header: NodeId,
        start: usize,
    ) -> Result<usize, Stop> {
        let last = self.tree.children(header).last();
        let length = last.and_then(|e| self.tree.text(self.tree.first_child(e)?));
        let length: Option<usize> = length.and_then(|text| text.parse().ok());
        let rest = &self.text[start..];
        let end = length.and_then(|length| match length {
            0 => Some(0),
            length => rest.char_indices().nth(length - 1).map(|(at, c)| at + c.len_utf8()),
        });
        let Some(end) = end.filter(|end| rest[*end..].starts_with("UNP")) else {
            let at = self.tree.node(header).offset as usize;
            return Err(self.faults.end(&kinds::EDIFACT_PACKAGE, at));
        };
        self.raw(parent, start, start + end)?;
        // within a message its two segments count, beside messages it counts as one itself
        match self.open.message {
            Some(_) => self.open.segments += 1,
            None => self.open.messages += 1,
        }
        let from = start + end;
        let end = self.end(from)?;
        let name = self.tree.name_id("UNP");
        let node = self.add(parent, name, from)?;
        self.elements(node, from + 3, end)?;
        Ok(end + 1)
    }
}
