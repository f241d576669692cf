//! Rows of places: elements whose meaning is where they stand among their like; EDIFACT's free text in them.
//!
//! Promises: a place without a value keeps those after it where they are.

use super::Machine;
use super::value::Value;
use super::write::Spot;
use crate::format::edifact::text;
use crate::mapping::plan::{List, Step, Target};
use crate::tree::types::{ElementId, Representation, TypeId};
use crate::tree::{NodeId, State, Token};

impl<'p> Machine<'p, '_> {
    /// Where an element is one of a row of places, one without a value keeps the others where they are.
    pub(super) fn empty_place(
        &mut self,
        parent: NodeId,
        step: &Step,
        list: List,
        at: Value,
    ) -> Value {
        match self.spot(parent, step, None) {
            Some(spot) if self.is_place(spot) => {
                let node = self.place(parent, spot, list, at);
                self.target.node_mut(node).state = State::Empty;
                Value::Node(self.target_tree(), node)
            }
            _ => Value::None,
        }
    }

    fn is_place(&self, spot: Spot) -> bool {
        spot.element != ElementId::NONE
            && self.plan.code.table.element(spot.element).representation == Representation::Place
    }

    /// EDIFACT's free text below an item.
    pub(super) fn free_text(&mut self, value: Value, qualifier: Option<&str>) -> Value {
        let Value::Node(tree, top) = value else { return value };
        let mut out = std::mem::take(&mut self.memory.name);
        out.clear();
        let of = self.sources.get(usize::from(tree)).copied().unwrap_or(self.target);
        let segments = text::segments(of, top, qualifier);
        text::text(of, &segments, &mut out);
        let made = match segments.is_empty() {
            true => Value::None,
            false => self.keep(&out, self.plan.code.facts.primitives.string),
        };
        self.memory.name = out;
        segments.into_iter().for_each(|one| self.mark_all_read(tree, one));
        made
    }

    /// Text as segments of EDIFACT's free text: `first` are their elements before it. Gives the last one.
    pub(super) fn free_segments(
        &mut self,
        target: &'p Target,
        first: &'p [Box<str>],
        value: Value,
        frame: usize,
        at: Value,
    ) -> Value {
        let Some(text) = self.take_text(value) else { return Value::None };
        let components = text::components(&text);
        self.memory.text = text;
        let mut made = Value::None;
        for five in components.chunks(text::COMPONENTS) {
            made = self.make(target, frame, None, at);
            let Value::Node(_, segment) = made else { return Value::None };
            for place in 0..text::ELEMENT {
                let values = first.get(place).map_or(&[][..], std::slice::from_ref);
                self.element_of(segment, values.iter().map(|one| &**one));
            }
            self.element_of(segment, five.iter().map(String::as_str));
        }
        made
    }

    /// The next place of a row, with a row of values in it.
    fn element_of<'v>(&mut self, row: NodeId, values: impl Iterator<Item = &'v str>) {
        let Some(element) = self.next_place(row) else { return };
        for value in values {
            if let Some(place) = self.next_place(element) {
                let slice = self.target.keep(value);
                self.target.set_value(place, slice, Token::Text);
            }
        }
    }

    /// A new node for the places of a node's type.
    fn next_place(&mut self, row: NodeId) -> Option<NodeId> {
        let table = &self.plan.code.table;
        let type_id = Some(self.target.node(row).type_id).filter(|id| *id != TypeId::NONE)?;
        let is_place =
            |one: &&ElementId| table.element(**one).representation == Representation::Place;
        let element = *table.type_of(type_id).elements.iter().find(is_place)?;
        let spot = self.spot(row, &Step::Element(element), None)?;
        Some(self.fresh(row, spot))
    }
}
