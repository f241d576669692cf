//! What an id grows from where no key is given: the rule, the item's path, how often it was asked for there.
//!
//! Promises: a thousand items cost a thousand times one; two items of a rule never share an id. Never: a line of
//! the map, or a file's name.

use super::Machine;
use super::value::Value;
use crate::mapping::ids;
use crate::tree::{NameId, NodeId, Tree};

impl Machine<'_, '_> {
    /// Adds the rule, the item's path and the count of ids made there.
    pub(super) fn name_by_place(&mut self, at: Value, name: &mut String) {
        if let Some(rule) = self.plan.code.rules.get(self.rule.0 as usize) {
            // The path, not the line: an id must not change when a comment is added or a file renamed.
            ids::add(&rule.map, name);
            ids::add(&rule.path, name);
        }
        let key = match at {
            Value::Node(tree, node) => {
                ids::add_number(u32::from(tree), name);
                self.add_path(tree, node, name);
                (self.rule.0, tree, node.0)
            }
            // A value that the map made has no place: all of a rule are counted together.
            _ => (self.rule.0, u8::MAX, 0),
        };
        let count = self.memory.asked.entry(key).and_modify(|count| *count += 1).or_insert(0);
        ids::add_number(*count, name);
    }

    /// A node's path by the places of its ancestors among their alike.
    fn add_path(&mut self, tree: u8, node: NodeId, name: &mut String) {
        let place = usize::from(tree);
        if let Some(source) = self.sources.get(place)
            && self.memory.ordinals[place].is_empty()
        {
            number(source, &mut self.memory.ordinals[place]);
        }
        let of = self.sources.get(place).copied().unwrap_or(self.target);
        let mut at = node;
        while let Some(parent) = of.parent(at) {
            let own = of.node(at).name;
            // The target grows while it is asked about, so that its places are counted each time.
            let known = self.memory.ordinals.get(place).and_then(|all| all.get(at.0 as usize));
            let before = known.copied().unwrap_or_else(|| {
                let alike = of.children(parent).take_while(|n| *n != at);
                alike.filter(|n| of.node(*n).name == own).count() as u32
            });
            ids::add(of.name_text(own), name);
            ids::add_number(before, name);
            at = parent;
        }
    }
}

/// Numbers each node among its siblings of the same name.
fn number(tree: &Tree, ordinals: &mut Vec<u32>) {
    ordinals.resize(tree.len(), 0);
    let mut counts: Vec<(NameId, u32)> = Vec::new();
    for at in 0..tree.len() {
        counts.clear();
        for child in tree.children(NodeId(at as u32)) {
            let name = tree.node(child).name;
            // Siblings of a name mostly stand together: the last is looked at first.
            match counts.iter_mut().rev().find(|(known, _)| *known == name) {
                Some((_, count)) => {
                    *count += 1;
                    ordinals[child.0 as usize] = *count;
                }
                None => counts.push((name, 0)),
            }
        }
    }
}
