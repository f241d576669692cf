//! Steps along the tree, types of items, and the resource that an item is in.

use super::super::code::{How, Part, Test};
use super::super::item::{Cell, Text, system_name};
use super::super::scene::NotEvaluable;
use super::{Done, Run, Span};
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{Marks, NameId, NodeId};

impl Run<'_> {
    /// Replaces the topmost span by its items' children of a name.
    pub(super) fn children_named(&mut self, input: Span, name: NameId, how: How) -> Done {
        for at in input.start..input.end {
            let Cell::Node(index, node) = self.cell(at) else { continue };
            let tree = self.tree(index);
            let mut seen = 1;
            for child in tree.children(node) {
                seen += 1;
                let one = tree.node(child);
                let matches = match how {
                    How::Wire => one.name == name,
                    How::Element if one.element == ElementId::NONE => one.name == name,
                    How::Element => self.scene.table.element_name(one.element) == name,
                    How::Text(start, len) => {
                        let wanted = &self.code.texts[start as usize..(start + len) as usize];
                        tree.name_text(one.name) == wanted
                    }
                };
                if matches {
                    self.memory.stack.push(Cell::Node(index, child));
                }
            }
            self.step(seen)?;
        }
        self.close(input)
    }

    /// Replaces the topmost span by all its items' children.
    pub(super) fn children(&mut self, input: Span) -> Done {
        for at in input.start..input.end {
            let Cell::Node(index, node) = self.cell(at) else { continue };
            let before = self.top();
            let tree = self.tree(index);
            self.memory.stack.extend(tree.children(node).map(|c| Cell::Node(index, c)));
            self.step((self.top() - before) as u64)?;
        }
        self.close(input)
    }

    /// Replaces the topmost span by all that is below its items.
    pub(super) fn descendants(&mut self, input: Span) -> Done {
        for at in input.start..input.end {
            let Cell::Node(index, node) = self.cell(at) else { continue };
            let before = self.top();
            let tree = self.tree(index);
            let below = tree.descend(node).skip(1).map(|c| Cell::Node(index, c));
            self.memory.stack.extend(below);
            self.step((self.top() - before) as u64)?;
        }
        self.close(input)
    }

    /// Replaces the topmost span by a part of each item that is no node.
    pub(super) fn parts(&mut self, input: Span, part: Part) -> Done {
        for at in input.start..input.end {
            let found = match (self.cell(at), part) {
                (Cell::FhirType(id), Part::Name) => {
                    let scene = self.scene;
                    Some(Cell::Text(self.memory.keep(&scene.table.type_of(id).name)))
                }
                (Cell::SystemType(system), Part::Name) => {
                    Some(Cell::Text(self.memory.keep(system_name(system))))
                }
                (Cell::FhirType(_), _) => Some(Cell::Text(self.memory.keep("FHIR"))),
                (Cell::SystemType(_), _) => Some(Cell::Text(self.memory.keep("System"))),
                (Cell::Quantity(at), Part::Unit) => {
                    Some(Cell::Text(self.memory.quantities[at as usize].1))
                }
                (Cell::Quantity(at), _) => {
                    let value = self.memory.quantities[at as usize].0;
                    Some(self.memory.decimal(value))
                }
                (cell, _) => self.value(cell),
            };
            self.memory.stack.extend(found);
        }
        self.close(input)
    }

    fn fhir_type(&self, cell: Cell) -> Option<TypeId> {
        let (tree, node) = Self::node_of(cell)?;
        Some(self.tree(tree).node(node).type_id).filter(|id| *id != TypeId::NONE)
    }

    /// Whether an item is of a type or of a specialisation of it.
    pub(super) fn is(&self, cell: Cell, test: Test) -> bool {
        if let Cell::Node(..) = cell {
            let known = self.fhir_type(cell).zip(test.fhir);
            return known.is_some_and(|(own, wanted)| self.scene.table.is_a(own, wanted));
        }
        test.system.is_some() && self.system_of(cell) == test.system
    }

    /// The same, but a primitive must be of just that type.
    pub(super) fn is_exactly(&self, cell: Cell, test: Test) -> bool {
        match cell {
            Cell::Node(..) if test.exact => self.fhir_type(cell) == test.fhir,
            _ => self.is(cell, test),
        }
    }

    /// What `type()` yields for an item.
    pub(super) fn type_cell(&self, cell: Cell) -> Option<Cell> {
        match cell {
            Cell::Node(..) => self.fhir_type(cell).map(Cell::FhirType),
            _ => self.system_of(cell).map(Cell::SystemType),
        }
    }

    /// Pushes the resource that the focus is in, or the one that contains it.
    pub(super) fn resource(&mut self, root: bool) -> Done {
        if self.focus.len() == 0 {
            return Ok(());
        }
        let Some((index, node)) = Self::node_of(self.cell(self.focus.start)) else {
            return Err(NotEvaluable::error("the focus is in no resource"));
        };
        let found = self.resource_of(index, node);
        let found = if root { self.container(index, found) } else { found };
        self.push(Cell::Node(index, found));
        Ok(())
    }

    /// Pushes the resource that holds the one that the focus is; the focus where none does.
    pub(super) fn holder(&mut self) -> Done {
        if self.focus.len() == 0 {
            return Ok(());
        }
        let Some((index, node)) = Self::node_of(self.cell(self.focus.start)) else {
            return Err(NotEvaluable::error("the focus is in no resource"));
        };
        let above = self.tree(index).parent(node);
        let found = above.map_or(node, |above| self.resource_of(index, above));
        self.push(Cell::Node(index, found));
        Ok(())
    }

    /// The nearest resource at or above a node; the root of its tree when there is none.
    pub(super) fn resource_of(&self, index: u8, node: NodeId) -> NodeId {
        let tree = self.tree(index);
        let mut at = node;
        while !tree.node(at).marks.has(Marks::RESOURCE) {
            match tree.parent(at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    /// The resource that contains a contained one; another resource itself.
    pub(super) fn container(&self, index: u8, resource: NodeId) -> NodeId {
        let tree = self.tree(index);
        let mut at = resource;
        while tree.node(at).name == self.code.known.contained {
            match tree.parent(at) {
                Some(parent) => at = self.resource_of(index, parent),
                None => break,
            }
        }
        at
    }

    /// A text of the value of a node's child, if it has one.
    pub(super) fn child_value(&self, index: u8, node: NodeId, name: NameId) -> Option<Text> {
        let tree = self.tree(index);
        let child = tree.children(node).find(|c| tree.node(*c).name == name)?;
        tree.value(child).map(|_| Text::Node(index, child))
    }
}
