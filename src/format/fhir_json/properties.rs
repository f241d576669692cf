//! What the reader notes about the properties of an object: which were there, and where their nodes are.
//!
//! Promises: a property costs the same in an object of ten thousand as in one of ten.

use super::read::Reader;
use crate::format::catalogue as kinds;
use crate::format::limits::{self, Stop};
use crate::message::{Arg, Issue, Place};
use crate::tree::{Kind, Marks, NameId, NodeId, State};

/// Properties beyond which an object's are found by hash.
const FEW: usize = 32;

/// Set in a property's key when its name began with an underscore.
pub(super) const SHADOW: u32 = 1 << 31;

/// What is noted about a property: its key, where it begins, its first node, and how many nodes.
type Property = [u32; 4];

/// One property while its value is read.
pub(super) struct Run {
    pub(super) parent: NodeId,
    pub(super) name: NameId,
    pub(super) shadow: bool,
    pub(super) narrative: bool,
    pub(super) depth: u32,
    /// The next node that the other half of the property left for this one, and how many are left.
    pub(super) left: Option<NodeId>,
    pub(super) remaining: u32,
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Reader<'_> {
    #[cold]
    pub(super) fn misfit(&mut self, what: &'static str, offset: usize) -> Result<(), Stop> {
        self.scan.faults.note(Issue::at(&kinds::JSON_SHADOW, offset).arg(Arg::Static(what)))
    }

    /// Notes a property; gives the place of its twin with or without the underscore, if it was there.
    pub(super) fn register(
        &mut self,
        object: NodeId,
        start: usize,
        key: u32,
        offset: usize,
    ) -> Result<Option<usize>, Stop> {
        let rows = &mut self.work.rows;
        let count = rows.len() - start;
        let mut twin = None;
        let mut double = false;
        if count < FEW {
            for (at, row) in rows[start..].iter().enumerate() {
                double |= row[0] == key;
                if row[0] == key ^ SHADOW {
                    twin = Some(start + at);
                }
            }
        } else {
            let index = &mut self.work.index;
            if count == FEW {
                for (at, row) in rows.iter().enumerate().skip(start) {
                    index.insert((object.0, row[0]), at as u32);
                }
            }
            twin = index.get(&(object.0, key ^ SHADOW)).map(|at| *at as usize);
            double = index.insert((object.0, key), rows.len() as u32).is_some();
        }
        let row: Property = [key, offset as u32, 0, 0];
        rows.push(row);
        if double {
            let place = Place { node: Some(object), offset: Some(offset as u32), list: false };
            self.scan.faults.note(Issue::new(&kinds::JSON_DUPLICATE_KEY, place))?;
        }
        Ok(twin)
    }

    /// The node that takes the next value of a property: its twin's, or a new one.
    pub(super) fn slot(&mut self, run: &mut Run, offset: usize) -> Result<NodeId, Stop> {
        let node = match run.left.filter(|_| run.remaining > 0) {
            Some(node) => {
                run.remaining -= 1;
                run.left = self.tree.next_sibling(node);
                if !run.shadow {
                    self.tree.node_mut(node).offset = offset as u32;
                }
                node
            }
            None => {
                if self.tree.len() >= self.most {
                    return Err(self.scan.faults.end(&kinds::TOO_MANY_NODES, offset));
                }
                if run.depth > limits::DEPTH {
                    return Err(self.scan.faults.end(&kinds::TOO_DEEP, offset));
                }
                self.tree.add(Some(run.parent), Kind::Element, run.name, offset as u32)
            }
        };
        if run.count == 0 {
            run.first = node.0;
        }
        if self.scan.comment.is_some() {
            self.comment(node)?;
        }
        run.count += 1;
        Ok(node)
    }

    /// Tells of a comment before a node, which is what it is about.
    #[cold]
    pub(super) fn comment(&mut self, node: NodeId) -> Result<(), Stop> {
        let Some(at) = self.scan.comment.take().filter(|_| !self.comments) else { return Ok(()) };
        let place = Place { node: Some(node), offset: Some(at as u32), list: false };
        self.scan.faults.note(Issue::new(&kinds::JSON_COMMENT, place))
    }

    /// Tells of a comma too many or too few: in an object, or in the array that a node ends so far.
    #[cold]
    pub(super) fn comma(
        &mut self,
        node: NodeId,
        list: bool,
        what: &'static str,
    ) -> Result<(), Stop> {
        let place = Place { node: Some(node), offset: Some(self.scan.at as u32), list };
        self.scan.faults.note(Issue::new(&kinds::JSON_COMMA, place).arg(Arg::Static(what)))
    }

    /// An array without anything in it: a node that is no element stands for it.
    #[cold]
    pub(super) fn empty_array(&mut self, run: &Run, start: usize) -> Result<(), Stop> {
        let mut place = Place { node: None, offset: Some(start as u32), list: true };
        if run.left.is_none() && self.tree.len() < self.most {
            place.node = Some(self.tree.add(Some(run.parent), Kind::Raw, run.name, start as u32));
        }
        self.scan.faults.note(Issue::new(&kinds::JSON_EMPTY_ARRAY, place))
    }

    /// Places that are neither filled nor extended.
    pub(super) fn check_nulls(&mut self, parent: NodeId) -> Result<(), Stop> {
        let mut next = self.tree.first_child(parent);
        while let Some(id) = next {
            let node = self.tree.node(id);
            if matches!(node.state, State::Null | State::Absent)
                && self.tree.first_child(id).is_none()
                && !node.marks.has(Marks::RESOURCE)
            {
                let list = node.marks.has(Marks::IN_ARRAY);
                let place = Place { node: Some(id), offset: Some(node.offset), list };
                self.scan.faults.note(Issue::new(&kinds::JSON_NULL, place))?;
                self.tree.node_mut(id).state = State::Null;
            }
            next = self.tree.next_sibling(id);
        }
        Ok(())
    }

    /// An array inside an array, which no tree holds; its brackets are followed, its strings checked.
    pub(super) fn skip_array(&mut self, depth: u32) -> Result<(), Stop> {
        let mut open = 0;
        loop {
            match self.scan.next() {
                b'[' | b'{' => {
                    open += 1;
                    if depth + open > limits::DEPTH {
                        return Err(self.scan.faults.end(&kinds::TOO_DEEP, self.scan.at));
                    }
                    self.scan.at += 1;
                }
                b']' | b'}' => {
                    open -= 1;
                    self.scan.at += 1;
                }
                b'"' => {
                    self.scan.string()?;
                }
                _ if self.scan.at >= self.text.len() => {
                    return Err(self.scan.unexpected(""));
                }
                _ => self.scan.at += 1,
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}
