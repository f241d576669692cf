//! What a misspelled name in a message may have meant, where definitions say so.
//!
//! Promises: suggests names that definitions have, never what an element says; bounded work an issue.

use crate::definitions::typing;
use crate::message::{Issue, near};
use crate::tree::types::{Table, TypeId};
use crate::tree::{NodeId, Tree};

/// ``did you mean `birthDate`?`` for an unknown element, a resource type or a root.
pub(super) fn suggestion(tree: &Tree, table: &Table, issue: &Issue) -> Option<String> {
    let node = issue.place.node?;
    let id = issue.kind.id;
    if id == typing::UNKNOWN_ELEMENT.id {
        // the issue is about what holds the element, at the element's own place
        let at = issue.place.offset;
        let inside = tree.children(node).find(|c| Some(tree.node(*c).offset) == at);
        return element(tree, table, inside.unwrap_or(node));
    }
    if id == typing::UNKNOWN_TYPE.id {
        let resource = table.find("Resource")?;
        let all = (0..table.types().len()).map(|at| TypeId(at as u32));
        let resources = all.filter(|one| table.is_a(*one, resource));
        let names = resources.map(|one| &*table.type_of(one).name);
        return near::meant(tree.resource_type(node)?, names);
    }
    None
}

fn element(tree: &Tree, table: &Table, node: NodeId) -> Option<String> {
    let holder = tree.parent(node)?;
    let type_id = tree.node(holder).type_id;
    if type_id == TypeId::NONE {
        return None;
    }
    let names = table.names();
    let elements = table.type_of(type_id).elements.iter().map(|id| table.element(*id));
    let said = tree.name_text(tree.node(node).name);
    let mut known = Vec::new();
    for one in elements {
        // the bare name of a choice is no name on the wire: what was meant needs its type
        if one.choice && names.text(one.name) == said {
            let wires = one.alternatives.iter().map(|a| names.text(a.wire_name));
            let wires: Vec<String> = wires.take(4).map(|wire| format!("`{wire}`")).collect();
            return Some(format!("did you mean {}?", wires.join(" or ")));
        }
        known.extend(one.alternatives.iter().map(|a| names.text(a.wire_name)));
    }
    near::meant(said, known)
}
