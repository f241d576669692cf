//! Fields, components and sub-components of one segment.
//!
//! Promises: a value is one node under the name of its position; what trails behind the last value stays as
//! a raw node, so that nothing between two delimiters is lost.

use super::escape::{self, Found};
use super::grammar::{Grammar, Held, Position, Positions};
use super::read::Level;
use crate::format::catalogue as kinds;
use crate::format::limits::{Faults, Stop};
use crate::message::Issue;
use crate::tree::{
    BufferId, Delimiters, Escape, Kind, Marks, NameId, NodeId, Slice, State, Token, Tree,
};
use std::fmt::Write;

/// What fields are read with.
pub(super) struct Fields<'a, 'i> {
    pub tree: &'a mut Tree,
    pub text: &'a str,
    pub buffer: BufferId,
    pub delimiters: Delimiters,
    /// What each byte is.
    pub levels: &'a [Level; 256],
    pub grammar: &'a Grammar,
    pub faults: Faults<'i>,
    pub most: usize,
}

impl Fields<'_, '_> {
    /// Adds the fields of a segment that begins with its field delimiter at `start`; `first` is the number
    /// of the field behind that delimiter.
    pub fn segment(
        &mut self,
        segment: NodeId,
        (start, end): (usize, usize),
        known: Option<&Positions>,
        first: usize,
    ) -> Result<(), Stop> {
        let mut number = first;
        let mut at = start;
        let mut last = start;
        let mut varies = Held::Unknown;
        while at < end {
            let field = at + 1;
            let mut stop = field;
            let mut worst = Level::Text;
            let bytes = self.text.as_bytes();
            while stop < end {
                let level = self.levels[usize::from(bytes[stop])];
                if level == Level::Field {
                    break;
                }
                worst = worst.max(level);
                stop += 1;
            }
            if stop > field {
                let position = self.position(segment, known, number);
                let held = if position.held == Held::Varies { varies } else { position.held };
                let position = Position { held, ..position };
                self.field(segment, position, (field, stop), worst)?;
                last = stop;
                if number == 2 {
                    varies = self.grammar.composite(&self.text[field..stop]);
                }
            }
            number += 1;
            at = stop;
        }
        if last < end {
            self.trailing(segment, (last, end))?;
        }
        Ok(())
    }

    /// The name and type of a position; one of its own where nobody knows it.
    fn position(&mut self, parent: NodeId, known: Option<&Positions>, number: usize) -> Position {
        if let Some(position) = known.and_then(|k| k.all.get(number - 1)) {
            return *position;
        }
        let start = self.tree.scratch().len();
        match known {
            Some(known) => self.tree.scratch().push_str(&known.name),
            None => {
                let named = self.tree.name_text(self.tree.node(parent).name).to_owned();
                self.tree.scratch().push_str(&named);
            }
        }
        let _ = write!(self.tree.scratch(), ".{number}");
        let slice = self.tree.kept_since(start);
        Position { name: self.tree.name_of(slice), held: Held::Unknown }
    }

    fn field(
        &mut self,
        segment: NodeId,
        position: Position,
        (start, end): (usize, usize),
        worst: Level,
    ) -> Result<(), Stop> {
        if worst < Level::Repetition {
            return self.composite(segment, position, (start, end), worst, Level::Component);
        }
        let mut from = start;
        loop {
            let (to, inner) = self.piece(from, end, Level::Repetition);
            self.composite(segment, position, (from, to), inner, Level::Component)?;
            if to == end {
                return Ok(());
            }
            from = to + 1;
        }
    }

    /// Where the piece that begins at `from` ends, and the coarsest delimiter inside it.
    fn piece(&self, from: usize, end: usize, outer: Level) -> (usize, Level) {
        let mut worst = Level::Text;
        for (i, byte) in self.text.as_bytes()[from..end].iter().enumerate() {
            let level = self.levels[usize::from(*byte)];
            if level == outer {
                return (from + i, worst);
            }
            worst = worst.max(level);
        }
        (end, worst)
    }

    /// A repetition of a field, or a component: a value, or what stands between the delimiters of `level`.
    fn composite(
        &mut self,
        parent: NodeId,
        position: Position,
        (start, end): (usize, usize),
        worst: Level,
        level: Level,
    ) -> Result<(), Stop> {
        let node = self.add(parent, position.name, start)?;
        if start == end {
            self.tree.set_value(node, self.slice(start, end, Escape::None), Token::Text);
            return Ok(());
        }
        let parts = match position.held {
            Held::Composite(at) => Some(at),
            Held::Unknown if worst >= Level::Sub => None,
            // a value, however many delimiters it has
            _ => return self.single(node, (start, end), worst),
        };
        if &self.text[start..end] == "\"\"" {
            return self.value(node, (start, end));
        }
        let grammar = self.grammar;
        let known = parts.map(|at| &grammar.composites[usize::from(at)]);
        let (mut from, mut last, mut number) = (start, start, 1);
        loop {
            let (to, inner) = self.piece(from, end, level);
            if to > from {
                let position = self.position(node, known, number);
                if level == Level::Component {
                    self.composite(node, position, (from, to), inner, Level::Sub)?;
                } else {
                    let child = self.add(node, position.name, from)?;
                    self.value(child, (from, to))?;
                }
                last = to;
            }
            if to == end {
                break;
            }
            (from, number) = (to + 1, number + 1);
        }
        if last < end { self.trailing(node, (last, end)) } else { Ok(()) }
    }

    /// A value whose type has no parts: what follows a delimiter is kept, and reported unless empty.
    fn single(
        &mut self,
        node: NodeId,
        (start, end): (usize, usize),
        worst: Level,
    ) -> Result<(), Stop> {
        if worst < Level::Sub {
            return self.value(node, (start, end));
        }
        let parts = |byte: &u8| self.levels[usize::from(*byte)] >= Level::Sub;
        let bytes = &self.text.as_bytes()[start..end];
        let to = bytes.iter().position(parts).map_or(end, |n| start + n);
        if to > start {
            self.value(node, (start, to))?;
        }
        let empty = self.text.as_bytes()[to..end]
            .iter()
            .all(|byte| self.levels[usize::from(*byte)] > Level::Escape);
        if !empty {
            let issue = Issue::on(&kinds::HL7V2_PARTS, node);
            self.faults.note(issue)?;
        }
        self.trailing(node, (to, end))
    }

    fn value(&mut self, node: NodeId, (start, end): (usize, usize)) -> Result<(), Stop> {
        let raw = &self.text[start..end];
        if raw == "\"\"" {
            let one = self.tree.node_mut(node);
            one.value = Slice::new(self.buffer, start, end - start, Escape::None);
            one.state = State::Null;
            return Ok(());
        }
        let slice = match escape::find(raw, &self.delimiters) {
            Found::None => self.slice(start, end, Escape::None),
            Found::Plain => self.slice(start, end, Escape::Hl7),
            Found::Other => {
                let kept = self.tree.scratch().len();
                if escape::decode(raw, &self.delimiters, self.tree.scratch()).is_err() {
                    self.faults.note(Issue::on(&kinds::HL7V2_ESCAPE, node))?;
                }
                self.tree.kept_since(kept)
            }
        };
        self.tree.set_value(node, slice, Token::Text);
        Ok(())
    }

    fn slice(&self, start: usize, end: usize, escape: Escape) -> Slice {
        Slice::new(self.buffer, start, end - start, escape)
    }

    /// Keeps a text as it stands.
    pub fn trailing(&mut self, parent: NodeId, (start, end): (usize, usize)) -> Result<(), Stop> {
        self.room(start)?;
        let node = self.tree.add(Some(parent), Kind::Raw, NameId::NONE, start as u32);
        self.tree.set_value(node, self.slice(start, end, Escape::None), Token::Text);
        let says_nothing = |byte: &u8| {
            self.levels[usize::from(*byte)] > Level::Escape || matches!(byte, b'\r' | b'\n')
        };
        if self.text.as_bytes()[start..end].iter().all(says_nothing) {
            self.tree.node_mut(node).marks.set(Marks::SYNTAX);
        }
        Ok(())
    }

    fn add(&mut self, parent: NodeId, name: NameId, offset: usize) -> Result<NodeId, Stop> {
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
