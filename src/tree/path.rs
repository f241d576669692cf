//! The FHIRPath expression that names a node: `Bundle.entry[0].resource.value.ofType(Quantity)`.

use super::types::{ElementId, Table, TypeId};
use super::{NodeId, Tree};
use std::fmt;

/// Writes a node's expression. An index stands where the element may repeat by its base definition (or
/// does repeat, where the definition is unknown); a choice says its type.
pub struct Expression<'a> {
    tree: &'a Tree,
    table: &'a Table,
    node: NodeId,
    list: bool,
}

impl<'a> Expression<'a> {
    /// The expression of `node`.
    pub fn new(tree: &'a Tree, table: &'a Table, node: NodeId) -> Expression<'a> {
        Expression { tree, table, node, list: false }
    }

    /// Of all the nodes of that name there, if `list`: without the last index.
    pub fn list(self, list: bool) -> Expression<'a> {
        Expression { list, ..self }
    }

    fn write(&self, node: NodeId, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = self.tree.node(node);
        let Some(parent) = self.tree.parent(node) else {
            // A type that nobody knows may be anything that a sender wrote: it is not repeated.
            let name = match self.tree.resource_type(node) {
                Some(name) if one.type_id != TypeId::NONE => name,
                Some(_) => "Resource",
                None => self.tree.name_text(one.name),
            };
            return out.write_str(name);
        };
        self.write(parent, out)?;
        if one.element == ElementId::NONE {
            delimited(self.tree.name_text(one.name), out)?;
            return self.write_index(node, parent, false, out);
        }
        let element = self.table.element(one.element);
        delimited(self.table.names().text(element.name), out)?;
        self.write_index(node, parent, element.max > 1, out)?;
        if element.choice && one.type_id != TypeId::NONE {
            write!(out, ".ofType({})", self.table.type_of(one.type_id).name)?;
        }
        Ok(())
    }

    fn write_index(
        &self,
        node: NodeId,
        parent: NodeId,
        repeats: bool,
        out: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let one = self.tree.node(node);
        if self.list && node == self.node {
            return Ok(());
        }
        let alike = |other: &NodeId| {
            let other = self.tree.node(*other);
            match one.element {
                ElementId::NONE => self.tree.name_text(other.name) == self.tree.name_text(one.name),
                element => other.element == element,
            }
        };
        let before = self.tree.children(parent).take_while(|n| *n != node).filter(alike).count();
        let after = self.tree.next_sibling(node).is_some_and(|n| alike(&n));
        if repeats || before > 0 || after {
            write!(out, "[{before}]")?;
        }
        Ok(())
    }
}

/// A step to a child; a name that FHIRPath would not read as one is delimited: `PID`.`PID.3`.
fn delimited(name: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if name.chars().all(plain) { write!(out, ".{name}") } else { write!(out, ".`{name}`") }
}

impl fmt::Display for Expression<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(self.node, out)
    }
}
