//! Rows of places: elements whose meaning is where they stand among their like.
//!
//! Promises: a place without a value keeps those after it where they are.

use super::Machine;
use super::value::Value;
use super::write::Spot;
use crate::mapping::plan::{List, Step};
use crate::tree::types::{ElementId, Representation};
use crate::tree::{NodeId, State};

impl Machine<'_, '_> {
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
}
