//! Sets of items, so that `distinct`, `|`, `intersect` and their like are linear in their input.

use super::super::item::{Cell, Text};
use super::super::scene::NotEvaluable;
use super::{Done, Run, Span};

/// Below this many items a list is searched as it is.
const SMALL: usize = 8;

impl Run<'_> {
    /// Removes from the topmost span what is equal to an earlier item.
    pub(super) fn distinct(&mut self, span: Span) -> Done {
        let mut kept = span.start;
        let mut set = self.set(span.len());
        for at in span.start..span.end {
            let cell = self.cell(at);
            if self.find(&mut set, cell, Span { start: span.start, end: kept })?.is_none() {
                self.memory.stack[kept] = cell;
                self.insert(&mut set, cell, kept);
                kept += 1;
            }
        }
        self.give_back(set);
        self.memory.stack.truncate(kept);
        Ok(())
    }

    /// Keeps those items of the topmost-but-one span that are, or are not, in the topmost one.
    pub(super) fn keep_those(&mut self, items: Span, others: Span, inside: bool) -> Done {
        let mut set = self.set(others.len());
        for at in others.start..others.end {
            let cell = self.cell(at);
            self.insert(&mut set, cell, at);
        }
        let mut kept = items.start;
        for at in items.start..items.end {
            let cell = self.cell(at);
            if self.find(&mut set, cell, others)?.is_some() == inside {
                self.memory.stack[kept] = cell;
                kept += 1;
            }
        }
        self.give_back(set);
        self.memory.stack.truncate(kept);
        Ok(())
    }

    /// An empty set with room for `len` items; none when so few that a search is as good.
    pub(super) fn set(&mut self, len: usize) -> Option<Vec<u32>> {
        if len <= SMALL {
            return None;
        }
        let mut slots = std::mem::take(&mut self.memory.slots);
        slots.clear();
        slots.resize((len * 2).next_power_of_two(), u32::MAX);
        Some(slots)
    }

    pub(super) fn give_back(&mut self, set: Option<Vec<u32>>) {
        if let Some(slots) = set {
            self.memory.slots = slots;
        }
    }

    /// Adds the item that lies at `at` on the stack.
    pub(super) fn insert(&mut self, set: &mut Option<Vec<u32>>, cell: Cell, at: usize) {
        let Some(slots) = set else { return };
        let mask = slots.len() - 1;
        let mut slot = self.hash(cell, 0) as usize & mask;
        while slots[slot] != u32::MAX {
            slot = (slot + 1) & mask;
        }
        slots[slot] = at as u32;
    }

    /// Where on the stack an equal item of the set lies; `all` are its items.
    pub(super) fn find(
        &mut self,
        set: &mut Option<Vec<u32>>,
        cell: Cell,
        all: Span,
    ) -> Result<Option<usize>, NotEvaluable> {
        let Some(slots) = set else {
            for at in all.start..all.end {
                if self.same(self.cell(at), cell)? == Some(true) {
                    return Ok(Some(at));
                }
            }
            return Ok(None);
        };
        let mask = slots.len() - 1;
        let mut slot = self.hash(cell, 0) as usize & mask;
        while slots[slot] != u32::MAX {
            let at = slots[slot] as usize;
            if self.same(self.cell(at), cell)? == Some(true) {
                return Ok(Some(at));
            }
            slot = (slot + 1) & mask;
        }
        Ok(None)
    }

    /// Equal items have equal hashes: a number hashes by its value, a node by its value or its children.
    fn hash(&mut self, cell: Cell, depth: u8) -> u64 {
        let marks = (self.memory.decimals.len(), self.memory.moments.len());
        let quantities = self.memory.quantities.len();
        let hash = match self.value(cell) {
            Some(Cell::Boolean(value)) => mix(1, u64::from(value)),
            Some(Cell::Text(text)) => self.hash_text(text),
            Some(value @ (Cell::Integer(_) | Cell::Decimal(_))) => {
                let number = self.as_decimal(value).map(|d| d.normal().mantissa());
                mix(3, number.unwrap_or_default() as u64)
            }
            // moments of different precision and quantities of different units may be equal
            Some(Cell::Moment(_)) => 4,
            Some(Cell::Quantity(_)) => 5,
            Some(_) => 6,
            None => self.hash_node(cell, depth),
        };
        self.memory.decimals.truncate(marks.0);
        self.memory.moments.truncate(marks.1);
        self.memory.quantities.truncate(quantities);
        hash
    }

    fn hash_node(&mut self, cell: Cell, depth: u8) -> u64 {
        let Cell::Node(index, node) = cell else { return 7 };
        if depth > 3 {
            return 7;
        }
        let children = self.tree(index).children(node);
        children.fold(7, |sum, child| mix(sum, self.hash(Cell::Node(index, child), depth + 1)))
    }

    fn hash_text(&self, text: Text) -> u64 {
        let bytes = |sum, c: char| mix(sum, u64::from(u32::from(c)));
        match text {
            Text::Node(tree, node) => {
                let tree = self.tree(tree);
                tree.value(node).map_or(2, |slice| tree.chars(slice).fold(2, bytes))
            }
            scratch => self.memory.text(scratch, self.scene).chars().fold(2, bytes),
        }
    }
}

fn mix(sum: u64, more: u64) -> u64 {
    let mixed = (sum ^ more).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}
