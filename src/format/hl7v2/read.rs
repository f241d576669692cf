//! A message's segments, into the groups of its structure.
//!
//! Promises: goes on after a line that is no segment; a batch, a second message or a message without a usable
//! MSH is refused with its place.

use super::fields::Fields;
use super::grammar::{Grammar, Held};
use super::structure::{Cursor, Structure};
use crate::format::catalogue as kinds;
use crate::format::limits::{self, Faults, Stop};
use crate::message::Issue;
use crate::tree::{BufferId, Delimiters, Escape, Kind, Marks, NameId, NodeId, Slice, Token, Tree};
use bytestring::ByteString;

/// What a byte is, the finest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    Text,
    Escape,
    Sub,
    Component,
    Repetition,
    Field,
}

/// Reads a message into an empty tree over the grammar's names. False: nothing usable.
pub fn read(
    input: ByteString,
    grammar: &Grammar,
    tree: &mut Tree,
    issues: &mut Vec<Issue>,
) -> bool {
    let mut faults = Faults::new(issues);
    if input.len() > limits::BYTES {
        let _ = faults.end(&kinds::TOO_LARGE, 0);
        return false;
    }
    let buffer = tree.add_buffer(input.clone());
    let start = if input.starts_with('\u{feff}') { 3 } else { 0 };
    tree.header.byte_order_mark = start > 0;
    let head = match Head::read(&input, start, &mut faults) {
        Ok(head) => head,
        Err(Stop) => return false,
    };
    tree.header.delimiters = Some(head.delimiters);
    tree.header.extensible = true;
    let empty = Structure::default();
    let name = grammar.structure(head.code, head.trigger, head.named);
    let structure = name.and_then(|name| grammar.structures.get(name)).unwrap_or(&empty);
    let root = match name {
        Some(name) => tree.name_id(name),
        None => {
            let name = format!("{}_{}", head.code, head.trigger);
            tree.name_id(name.trim_end_matches('_'))
        }
    };
    let root = tree.add(None, Kind::Element, root, start as u32);
    let levels = levels(&head.delimiters);
    let fields = Fields {
        tree,
        text: &input,
        buffer,
        delimiters: head.delimiters,
        levels: &levels,
        grammar,
        faults,
        most: limits::nodes(input.len()),
    };
    let mut reader = Reader { fields, cursor: Cursor::new(structure, root), root };
    let whole = reader.segments(start).is_ok();
    whole && reader.fields.faults.usable()
}

/// What the first segment says about the message.
struct Head<'a> {
    delimiters: Delimiters,
    /// MSH-9: message code, trigger event, structure.
    code: &'a str,
    trigger: &'a str,
    named: &'a str,
}

impl<'a> Head<'a> {
    fn read(text: &'a str, start: usize, faults: &mut Faults<'_>) -> Result<Head<'a>, Stop> {
        let rest = &text[start..];
        if ["FHS", "BHS"].iter().any(|batch| rest.starts_with(batch)) {
            return Err(faults.end(&kinds::HL7V2_BATCH, start));
        }
        let bytes = rest.as_bytes();
        let end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        if !rest.starts_with("MSH") || end < 5 {
            return Err(faults.end(&kinds::HL7V2_MSH, start));
        }
        let field = bytes[3];
        let line = &bytes[..end];
        let encoding = line[4..].split(|b| *b == field).next().unwrap_or_default();
        let Some(mut delimiters) = delimiters(field, encoding) else {
            return Err(faults.end(&kinds::HL7V2_DELIMITERS, start + 3));
        };
        delimiters.end = match &bytes[end..] {
            [b'\r', b'\n', ..] => "\r\n",
            [b'\n', ..] => "\n",
            _ => "\r",
        };
        let mut from = 4 + encoding.len();
        let mut number = 2;
        while number < 9 && from < line.len() {
            from += 1;
            number += 1;
            let next = memchr::memchr(field, &line[from..]).map_or(line.len(), |n| from + n);
            if number == 9 {
                let mut parts = rest[from..next].split(char::from(delimiters.component));
                let mut part = || parts.next().unwrap_or_default();
                let (code, trigger, named) = (part(), part(), part());
                if !code.is_empty() {
                    return Ok(Head { delimiters, code, trigger, named });
                }
            }
            from = next;
        }
        Err(faults.end(&kinds::HL7V2_TYPE, start))
    }
}

/// The delimiters that a message's first segment declares; none if it is no usable MSH.
pub fn delimiters_of(text: &str) -> Option<Delimiters> {
    let rest = text.strip_prefix("MSH")?.as_bytes();
    let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
    let (field, line) = rest[..end].split_first()?;
    delimiters(*field, line.split(|b| b == field).next().unwrap_or_default())
}

/// MSH-1 and MSH-2: four delimiters, or fewer, and perhaps the truncation character, each a different mark.
fn delimiters(field: u8, encoding: &[u8]) -> Option<Delimiters> {
    let mark = |b: u8| b.is_ascii_punctuation() && b != b'"';
    let differs = |at: usize| encoding[at] != field && !encoding[..at].contains(&encoding[at]);
    let fine = |at: usize| mark(encoding[at]) && differs(at);
    if !(1..=5).contains(&encoding.len()) || !mark(field) || !(0..encoding.len()).all(fine) {
        return None;
    }
    let at = |place: usize| encoding.get(place).copied().unwrap_or_default();
    Some(Delimiters {
        field,
        component: at(0),
        repetition: at(1),
        escape: at(2),
        subcomponent: at(3),
        end: "\r",
    })
}

fn levels(delimiters: &Delimiters) -> [Level; 256] {
    let mut levels = [Level::Text; 256];
    for (byte, level) in [
        (delimiters.field, Level::Field),
        (delimiters.repetition, Level::Repetition),
        (delimiters.component, Level::Component),
        (delimiters.subcomponent, Level::Sub),
        (delimiters.escape, Level::Escape),
    ] {
        if byte != 0 {
            levels[usize::from(byte)] = level;
        }
    }
    levels
}

struct Reader<'a, 'i> {
    fields: Fields<'a, 'i>,
    cursor: Cursor<'a>,
    root: NodeId,
}

impl Reader<'_, '_> {
    fn segments(&mut self, start: usize) -> Result<(), Stop> {
        let text = self.fields.text;
        let bytes = text.as_bytes();
        let mut at = start;
        while at < bytes.len() {
            let end = memchr::memchr2(b'\r', b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
            let mut next = end;
            while next < bytes.len() && matches!(bytes[next], b'\r' | b'\n') {
                next += 1;
            }
            let parent = self.segment((at, end), at == start)?;
            if text[end..next] != *self.fields.delimiters.end {
                // another end than the first segment's, empty lines, or none at the very end
                self.fields.trailing(parent, (end, next))?;
            }
            at = next;
        }
        Ok(())
    }

    /// Reads one segment, and gives the group that it is in.
    fn segment(&mut self, (start, end): (usize, usize), first: bool) -> Result<NodeId, Stop> {
        let line = &self.fields.text.as_bytes()[start..end];
        let field = self.fields.delimiters.field;
        let name: [u8; 3] = match line {
            [a, b, c] => [*a, *b, *c],
            [a, b, c, d, ..] if *d == field => [*a, *b, *c],
            _ => return self.no_segment((start, end)),
        };
        let named = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if !name[0].is_ascii_uppercase() || !name.iter().all(named) {
            return self.no_segment((start, end));
        }
        if !first && matches!(&name, b"MSH" | b"FHS" | b"BHS" | b"BTS" | b"FTS") {
            return Err(self.fields.faults.end(&kinds::HL7V2_BATCH, start));
        }
        let slice = Slice::new(self.fields.buffer, start, 3, Escape::None);
        let id = self.fields.tree.name_of(slice);
        let parent = self.cursor.place(id, self.fields.tree, start as u32).unwrap_or(self.root);
        let node = self.fields.tree.add(Some(parent), Kind::Element, id, start as u32);
        let grammar = self.fields.grammar;
        let known = grammar.segments.get(&name);
        if !first {
            self.fields.segment(node, (start + 3, end), known, 1)?;
            return Ok(parent);
        }
        let encoding = line[4..].iter().position(|b| *b == field).map_or(line.len(), |n| n + 4);
        for (number, (from, to)) in [(3, 4), (4, encoding)].into_iter().enumerate() {
            let place = known.and_then(|k| k.all.get(number));
            let name = match place {
                Some(place) => place.name,
                None => self.fields.tree.name_id(if number == 0 { "MSH.1" } else { "MSH.2" }),
            };
            debug_assert!(place.is_none_or(|p| p.held == Held::Value));
            let offset = (start + from) as u32;
            let child = self.fields.tree.add(Some(node), Kind::Element, name, offset);
            let value = Slice::new(self.fields.buffer, start + from, to - from, Escape::None);
            self.fields.tree.set_value(child, value, Token::Text);
            self.fields.tree.node_mut(child).marks.set(Marks::SYNTAX);
        }
        self.fields.segment(node, (start + encoding, end), known, 3)?;
        Ok(parent)
    }

    /// A line that does not begin like a segment is kept, so that all of it can be shown, and refused.
    fn no_segment(&mut self, place: (usize, usize)) -> Result<NodeId, Stop> {
        self.fields.faults.at(&kinds::HL7V2_SEGMENT, place.0)?;
        let node = self.fields.tree.add(Some(self.root), Kind::Raw, NameId::NONE, place.0 as u32);
        let (start, end) = place;
        let value = Slice::new(BufferId(1), start, end - start, Escape::None);
        self.fields.tree.set_value(node, value, Token::Text);
        Ok(self.root)
    }
}
