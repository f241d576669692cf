//! The memory of an evaluation: a stack of cells and arenas for what does not fit one.
//!
//! Promises: kept from one evaluation to the next, so that a warm one allocates nothing. Bounded: what
//! outgrew [`KEEP`] is given back, regular expressions are at most [`REGEXES`].

use super::item::{Cell, Item, Text, Value, system_name};
use super::{Decimal, Moment, Scene, patterns};
use crate::tree::NodeId;
use regex::Regex;
use std::borrow::Cow;

/// How many regular expressions that were made at run time are kept.
const REGEXES: usize = 32;

/// How many regular expressions that were made at load are kept as our own.
const OWN: usize = 64;

/// How many cells, and bytes of text, are kept for the next evaluation.
const KEEP: usize = 1 << 20;

/// Memory for evaluations: one a worker, used for one expression after the other.
#[derive(Default)]
pub struct Memory {
    pub(super) stack: Vec<Cell>,
    pub(super) scratch: String,
    pub(super) decimals: Vec<Decimal>,
    pub(super) moments: Vec<Moment>,
    pub(super) quantities: Vec<(Decimal, Text)>,
    /// A second text, for what is made from the first.
    pub(super) spare: String,
    /// Where the variables lie on the stack.
    pub(super) variables: Vec<(u32, u32)>,
    pub(super) slots: Vec<u32>,
    regexes: Vec<(Box<str>, Option<Regex>)>,
    /// Our own of the expressions' regular expressions, each with a cache that nobody else asks for.
    own: Vec<Regex>,
    /// How many steps the last evaluation took.
    pub(super) steps: u64,
    /// The nodes whose values were used, if somebody wants to know.
    pub(super) reads: Option<Vec<(u8, NodeId)>>,
}

impl Memory {
    /// An empty memory.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// From now on notes the nodes whose values an evaluation uses; that they exist is not their value.
    pub fn note_reads(&mut self) {
        self.reads.get_or_insert_default();
    }

    /// The nodes (with their trees) whose values the last evaluation used; one may stand there twice.
    pub fn reads(&self) -> &[(u8, NodeId)] {
        self.reads.as_deref().unwrap_or_default()
    }

    /// How many steps the last evaluation took: operations, children looked at, pairs compared.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// This memory's own of a regular expression that many workers share: the shared one has a pool with a
    /// lock, a clone has a pool of its own over the same program.
    pub(super) fn own(&mut self, shared: &Regex) -> usize {
        // clones share the pattern's text, which lives as long as they do
        let same = |own: &Regex| std::ptr::eq(own.as_str(), shared.as_str());
        if let Some(known) = self.own.iter().position(same) {
            return known;
        }
        if self.own.len() == OWN {
            self.own.clear();
        }
        self.own.push(shared.clone());
        self.own.len() - 1
    }

    /// One of them, and the scratch.
    pub(super) fn own_with_scratch(&self, at: usize) -> (&Regex, &str) {
        (&self.own[at], &self.scratch)
    }

    pub(super) fn read(&mut self, tree: u8, node: NodeId) {
        if let Some(reads) = &mut self.reads
            && reads.last() != Some(&(tree, node))
        {
            reads.push((tree, node));
        }
    }

    pub(super) fn clear(&mut self) {
        if let Some(reads) = &mut self.reads {
            reads.clear();
        }
        if self.stack.capacity() > KEEP || self.scratch.capacity() > KEEP {
            self.stack = Vec::new();
            self.scratch = String::new();
            self.spare = String::new();
            self.slots = Vec::new();
        }
        self.stack.clear();
        self.scratch.clear();
        self.decimals.clear();
        self.moments.clear();
        self.quantities.clear();
        self.variables.clear();
    }

    pub(super) fn keep(&mut self, text: &str) -> Text {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        Text::Scratch(start as u32, text.len() as u32)
    }

    /// What was pushed to the scratch since it was `start` bytes long.
    pub(super) fn kept_since(&self, start: usize) -> Text {
        Text::Scratch(start as u32, (self.scratch.len() - start) as u32)
    }

    pub(super) fn decimal(&mut self, value: Decimal) -> Cell {
        self.decimals.push(value);
        Cell::Decimal(self.decimals.len() as u32 - 1)
    }

    pub(super) fn moment(&mut self, value: Moment) -> Cell {
        self.moments.push(value);
        Cell::Moment(self.moments.len() as u32 - 1)
    }

    pub(super) fn quantity(&mut self, value: Decimal, unit: Text) -> Cell {
        self.quantities.push((value, unit));
        Cell::Quantity(self.quantities.len() as u32 - 1)
    }

    /// A text of this memory or of the scene; a node's is borrowed only if it needs no decoding.
    pub(super) fn text<'a>(&'a self, text: Text, scene: &'a Scene<'_>) -> Cow<'a, str> {
        match text {
            Text::Scratch(start, len) => {
                Cow::Borrowed(&self.scratch[start as usize..(start + len) as usize])
            }
            Text::Node(tree, node) => {
                scene.trees[usize::from(tree)].text(node).unwrap_or(Cow::Borrowed(""))
            }
        }
    }

    /// The same text in this memory's own keeping, where it can be sliced.
    pub(super) fn settled(&mut self, text: Text, scene: &Scene<'_>) -> (usize, usize) {
        match text {
            Text::Scratch(start, len) => (start as usize, (start + len) as usize),
            Text::Node(tree, node) => {
                let start = self.scratch.len();
                let tree = scene.trees[usize::from(tree)];
                if let Some(slice) = tree.value(node) {
                    tree.decode_into(slice, &mut self.scratch);
                }
                (start, self.scratch.len())
            }
        }
    }

    pub(super) fn item<'a>(&'a self, cell: Cell, scene: &'a Scene<'_>) -> Item<'a> {
        Item::Value(match cell {
            Cell::Node(tree, node) => return Item::Node(tree, node),
            Cell::Boolean(value) => Value::Boolean(value),
            Cell::Integer(value) => Value::Integer(value),
            Cell::Decimal(at) => Value::Decimal(self.decimals[at as usize]),
            Cell::Text(text) => Value::String(self.text(text, scene)),
            Cell::Moment(at) => Value::Moment(self.moments[at as usize]),
            Cell::Quantity(at) => {
                let (value, unit) = self.quantities[at as usize];
                Value::Quantity(value, self.text(unit, scene))
            }
            Cell::FhirType(id) => Value::Type {
                namespace: "FHIR",
                name: Cow::Borrowed(&scene.table.type_of(id).name),
            },
            Cell::SystemType(system) => {
                Value::Type { namespace: "System", name: Cow::Borrowed(system_name(system)) }
            }
        })
    }

    /// Takes an item in; texts are copied.
    pub(super) fn cell(&mut self, item: &Item<'_>) -> Cell {
        match item {
            Item::Node(tree, node) => Cell::Node(*tree, NodeId(node.0)),
            Item::Value(value) => match value {
                Value::Boolean(value) => Cell::Boolean(*value),
                Value::Integer(value) => Cell::Integer(*value),
                Value::Decimal(value) => self.decimal(*value),
                Value::String(value) => Cell::Text(self.keep(value)),
                Value::Moment(value) => self.moment(*value),
                Value::Quantity(value, unit) => {
                    let unit = self.keep(unit);
                    self.quantity(*value, unit)
                }
                Value::Type { name, .. } => Cell::Text(self.keep(name)),
            },
        }
    }

    /// A regular expression made at run time: unanchored, `.` matches line ends too. Kept for the next
    /// time; none when it is not one.
    pub(super) fn regex(&mut self, pattern: &str) -> Option<Regex> {
        if let Some((_, found)) = self.regexes.iter().find(|(known, _)| **known == *pattern) {
            return found.clone();
        }
        if self.regexes.len() == REGEXES {
            self.regexes.remove(0);
        }
        let regex = patterns::compile(pattern);
        self.regexes.push((pattern.into(), regex.clone()));
        regex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regexes_are_bounded_and_dot_all() {
        let mut memory = Memory::new();
        for i in 0..REGEXES * 2 {
            assert!(memory.regex(&format!("a{i}")).is_some());
        }
        assert_eq!(memory.regexes.len(), REGEXES);
        assert!(memory.regex("A.*B").unwrap().is_match("xA\nB"));
        assert!(memory.regex("(").is_none());
    }

    #[test]
    fn a_cell_is_small() {
        assert!(size_of::<Cell>() <= 16);
    }
}
