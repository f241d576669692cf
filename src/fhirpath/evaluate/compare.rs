//! Equality, equivalence and order of items.

use super::super::item::{Cell, Text};
use super::super::quantity::in_base;
use super::super::scene::NotEvaluable;
use super::{Run, Span};
use crate::tree::types::System;
use crate::tree::{Escape, NameId, NodeId};
use std::cmp::Ordering;

impl Run<'_> {
    /// `=` on collections: none when either is empty, or when a pair leaves it open.
    pub(super) fn equal(&mut self, a: Span, b: Span) -> Result<Option<bool>, NotEvaluable> {
        if a.len() == 0 || b.len() == 0 {
            return Ok(None);
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for i in 0..a.len() {
            match self.same(self.cell(a.start + i), self.cell(b.start + i))? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }

    /// `~` on collections: the order means nothing.
    pub(super) fn equivalent(&mut self, a: Span, b: Span) -> Result<bool, NotEvaluable> {
        if a.len() != b.len() {
            return Ok(false);
        }
        // what was matched is moved to the end of the second collection's copy
        let copy = Span { start: self.top(), end: self.top() + b.len() };
        self.copy(b)?;
        let mut left = copy.end;
        for i in a.start..a.end {
            let mut found = None;
            for j in copy.start..left {
                if self.alike(self.cell(i), self.cell(j))? {
                    found = Some(j);
                    break;
                }
            }
            let Some(j) = found else {
                self.memory.stack.truncate(copy.start);
                return Ok(false);
            };
            left -= 1;
            self.memory.stack.swap(j, left);
        }
        self.memory.stack.truncate(copy.start);
        Ok(true)
    }

    /// Whether two items are equal.
    pub(super) fn same(&mut self, a: Cell, b: Cell) -> Result<Option<bool>, NotEvaluable> {
        self.step(1)?;
        if a == b && matches!(a, Cell::Node(..)) {
            return Ok(Some(true));
        }
        let marks = (self.memory.decimals.len(), self.memory.moments.len());
        let quantities = self.memory.quantities.len();
        let result = match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => Ok(self.same_value(x, y)),
            (None, None) => self.same_node(a, b),
            _ => Ok(Some(false)),
        };
        // what was parsed for the comparison is not needed after it
        self.memory.decimals.truncate(marks.0);
        self.memory.moments.truncate(marks.1);
        self.memory.quantities.truncate(quantities);
        result
    }

    fn same_value(&self, a: Cell, b: Cell) -> Option<bool> {
        if let (Some(x), Some(y)) = (self.as_decimal(a), self.as_decimal(b)) {
            return Some(x == y);
        }
        match (a, b) {
            (Cell::Boolean(x), Cell::Boolean(y)) => Some(x == y),
            (Cell::Text(x), Cell::Text(y)) => Some(self.same_text(x, y)),
            (Cell::Moment(x), Cell::Moment(y)) => {
                let (x, y) = (&self.memory.moments[x as usize], &self.memory.moments[y as usize]);
                let time = |m: &super::super::Moment| m.kind == super::super::MomentKind::Time;
                match time(x) == time(y) {
                    true => x.compare(y).map(Ordering::is_eq),
                    false => Some(false),
                }
            }
            (Cell::FhirType(x), Cell::FhirType(y)) => Some(x == y),
            (Cell::SystemType(x), Cell::SystemType(y)) => Some(x == y),
            _ => self.quantities(a, b).map_or(Some(false), |pair| pair.map(|(x, y)| x == y)),
        }
    }

    /// Two quantities in a common unit; a plain number counts as one of unit `1`. None when either is no
    /// quantity, `Some(None)` when the units cannot be compared.
    pub(super) fn quantities(
        &self,
        a: Cell,
        b: Cell,
    ) -> Option<Option<(super::super::Decimal, super::super::Decimal)>> {
        if !matches!((a, b), (Cell::Quantity(_), _) | (_, Cell::Quantity(_))) {
            return None;
        }
        let part = |cell| match cell {
            Cell::Quantity(at) => Some(self.memory.quantities[at as usize]),
            other => self.as_decimal(other).map(|value| (value, Text::Scratch(0, 0))),
        };
        let (x, y) = (part(a)?, part(b)?);
        let (u, v) = (self.memory.text(x.1, self.scene), self.memory.text(y.1, self.scene));
        let one = |unit: &str| if unit.is_empty() { "1".to_owned() } else { unit.to_owned() };
        match u.is_empty() || v.is_empty() {
            true => Some(in_base((x.0, &one(&u)), (y.0, &one(&v)))),
            false => Some(in_base((x.0, &u), (y.0, &v))),
        }
    }

    /// Whether two texts are the same, decoded on the way and without a copy.
    pub(super) fn same_text(&self, a: Text, b: Text) -> bool {
        match (a, b) {
            (Text::Node(t, n), Text::Node(u, m)) => {
                let (one, other) = (self.tree(t), self.tree(u));
                match (one.value(n), other.value(m)) {
                    (Some(x), Some(y)) if y.escape() == Escape::None => {
                        one.slice_is(x, other.raw_slice(y))
                    }
                    (Some(x), Some(y)) => one.chars(x).eq(other.chars(y)),
                    _ => false,
                }
            }
            (Text::Node(t, n), scratch) | (scratch, Text::Node(t, n)) => {
                self.tree(t).text_is(n, &self.memory.text(scratch, self.scene))
            }
            _ => self.memory.text(a, self.scene) == self.memory.text(b, self.scene),
        }
    }

    /// Whether two nodes without a value have the same children, in order.
    fn same_node(&mut self, a: Cell, b: Cell) -> Result<Option<bool>, NotEvaluable> {
        let (Cell::Node(t, n), Cell::Node(u, m)) = (a, b) else { return Ok(Some(a == b)) };
        let (one, other) = (self.tree(t), self.tree(u));
        if one.resource_type(n) != other.resource_type(m) {
            return Ok(Some(false));
        }
        let (mut xs, mut ys) = (one.children(n), other.children(m));
        let mut all = Some(true);
        loop {
            match (xs.next(), ys.next()) {
                (None, None) => return Ok(all),
                (Some(x), Some(y)) if self.same_name((t, x), (u, y)) => {
                    match self.same(Cell::Node(t, x), Cell::Node(u, y))? {
                        Some(true) => {}
                        Some(false) => return Ok(Some(false)),
                        None => all = None,
                    }
                }
                _ => return Ok(Some(false)),
            }
        }
    }

    fn same_name(&self, a: (u8, NodeId), b: (u8, NodeId)) -> bool {
        let (one, other) = (self.tree(a.0), self.tree(b.0));
        let (x, y): (NameId, NameId) = (one.node(a.1).name, other.node(b.1).name);
        x == y || one.name_text(x) == other.name_text(y)
    }

    /// Whether two items are equivalent.
    pub(super) fn alike(&mut self, a: Cell, b: Cell) -> Result<bool, NotEvaluable> {
        self.step(1)?;
        if a == b && matches!(a, Cell::Node(..)) {
            return Ok(true);
        }
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => Ok(self.alike_value(x, y)),
            (None, None) => self.alike_node(a, b),
            _ => Ok(false),
        }
    }

    fn alike_value(&self, a: Cell, b: Cell) -> bool {
        let rounded = |x: super::super::Decimal, y: super::super::Decimal| {
            let places = x.normal().scale().min(y.normal().scale());
            x.round(places) == y.round(places)
        };
        if let (Some(x), Some(y)) = (self.as_decimal(a), self.as_decimal(b)) {
            return rounded(x, y);
        }
        match (a, b) {
            (Cell::Text(x), Cell::Text(y)) => {
                let (x, y) = (self.memory.text(x, self.scene), self.memory.text(y, self.scene));
                folded(&x).eq(folded(&y))
            }
            (Cell::Moment(x), Cell::Moment(y)) => {
                self.memory.moments[x as usize].equivalent(&self.memory.moments[y as usize])
            }
            (Cell::Quantity(_), _) | (_, Cell::Quantity(_)) => match self.quantities(a, b) {
                Some(Some((x, y))) => rounded(x, y),
                _ => self.same_duration(a, b),
            },
            _ => self.same_value(a, b) == Some(true),
        }
    }

    /// A calendar year is equivalent to `'a'`, a month to `'mo'`, though they are not equal.
    fn same_duration(&self, a: Cell, b: Cell) -> bool {
        let (Cell::Quantity(a), Cell::Quantity(b)) = (a, b) else { return false };
        let unit = |at: u32| {
            let text = self.memory.text(self.memory.quantities[at as usize].1, self.scene);
            match &*text {
                "year" | "years" => "a".to_owned(),
                "month" | "months" => "mo".to_owned(),
                _ => text.into_owned(),
            }
        };
        let value = |at: u32| self.memory.quantities[at as usize].0;
        in_base((value(a), &unit(a)), (value(b), &unit(b))).is_some_and(|(x, y)| x == y)
    }

    fn alike_node(&mut self, a: Cell, b: Cell) -> Result<bool, NotEvaluable> {
        let (Cell::Node(t, n), Cell::Node(u, m)) = (a, b) else { return Ok(a == b) };
        let (one, other) = (self.tree(t), self.tree(u));
        let (xs, ys) = (one.children(n), other.children(m));
        if xs.clone().count() != ys.clone().count() {
            return Ok(false);
        }
        for (x, y) in xs.zip(ys) {
            if !self.same_name((t, x), (u, y)) || !self.alike(Cell::Node(t, x), Cell::Node(u, y))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Which of two items comes first; none when that is open, an error when they have no order.
    pub(super) fn order(&mut self, a: Cell, b: Cell) -> Result<Option<Ordering>, NotEvaluable> {
        let (Some(a), Some(b)) = (self.value(a), self.value(b)) else {
            return Err(NotEvaluable::error("a comparison of what has no value"));
        };
        if let (Some(x), Some(y)) = (self.as_decimal(a), self.as_decimal(b)) {
            return Ok(Some(x.cmp(&y)));
        }
        match (a, b) {
            (Cell::Text(x), Cell::Text(y)) => {
                let (x, y) = (self.memory.text(x, self.scene), self.memory.text(y, self.scene));
                Ok(Some(x.cmp(&y)))
            }
            (Cell::Moment(x), Cell::Moment(y)) => {
                let (x, y) = (&self.memory.moments[x as usize], &self.memory.moments[y as usize]);
                let time = |system| system == System::Time;
                if time(super::moment_system(x)) != time(super::moment_system(y)) {
                    return Err(NotEvaluable::error("a comparison of a date with a time"));
                }
                Ok(x.compare(y))
            }
            _ => match self.quantities(a, b) {
                Some(pair) => Ok(pair.map(|(x, y)| x.cmp(&y))),
                None => Err(NotEvaluable::error("a comparison of values of different types")),
            },
        }
    }
}

/// A text for equivalence: in lower case, with every run of white space as one blank.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut blank = false;
    text.trim().chars().flat_map(char::to_lowercase).filter_map(move |c| {
        let was = std::mem::replace(&mut blank, c.is_whitespace());
        match c.is_whitespace() {
            true => (!was).then_some(' '),
            false => Some(c),
        }
    })
}
