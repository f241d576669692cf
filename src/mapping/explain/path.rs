//! Paths into a target: `Bundle.entry[1].resource.name`, as issues and differences write them.
//!
//! Promises: an element is called by its own name or by its wire name; without an index every repeat is meant.
//! Never: more of FHIRPath than names, indexes and `ofType(...)`.

use crate::tree::types::{ElementId, Table, TypeId};
use crate::tree::{NodeId, Tree};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: String,
    pub index: Option<usize>,
    pub of_type: Option<String>,
}

/// What a path meets.
pub enum Met {
    Nodes(Vec<NodeId>),
    /// The step below these finds nothing, or fewer than its index says.
    Nothing {
        parents: Vec<NodeId>,
        name: String,
        only: Option<usize>,
    },
}

/// Takes a path apart.
pub fn parse(path: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for part in path.split('.') {
        if let Some(name) = part.strip_prefix("ofType(").and_then(|p| p.strip_suffix(')')) {
            let last = steps.last_mut().ok_or("a path starts with a name")?;
            last.of_type = Some(name.to_owned());
            continue;
        }
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) if !rest.starts_with('x') => {
                let index = rest.strip_suffix(']').and_then(|index| index.parse().ok());
                (name, Some(index.ok_or(format!("`{part}`: an index is a number in brackets"))?))
            }
            Some((name, _)) => (name, None),
            None => (part, None),
        };
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)) {
            return Err(format!(
                "`{part}` is no step: a path is like Bundle.entry[1].resource.name"
            ));
        }
        steps.push(Step { name: name.to_owned(), index, of_type: None });
    }
    Ok(steps)
}

/// Follows a path from the root, whose name comes first.
pub fn find(tree: &Tree, table: &Table, root: NodeId, steps: &[Step]) -> Result<Met, String> {
    let (first, rest) = steps.split_first().ok_or("the path is empty")?;
    let called = tree.resource_type(root).unwrap_or(tree.name_text(tree.node(root).name));
    if first.name != called {
        return Err(format!(
            "the path starts with `{}`, and what was made is `{called}`",
            first.name
        ));
    }
    let mut nodes = vec![root];
    for step in rest {
        let mut next = Vec::new();
        let mut most = 0;
        for parent in &nodes {
            let alike = tree.children(*parent).filter(|child| is(tree, table, *child, step));
            let alike: Vec<NodeId> = alike.collect();
            most = most.max(alike.len());
            match step.index {
                None => next.extend(alike),
                Some(index) => next.extend(alike.get(index)),
            }
        }
        if next.is_empty() {
            let only = step.index.map(|_| most).filter(|most| *most > 0);
            return Ok(Met::Nothing { parents: nodes, name: step.name.clone(), only });
        }
        nodes = next;
    }
    Ok(Met::Nodes(nodes))
}

fn is(tree: &Tree, table: &Table, child: NodeId, step: &Step) -> bool {
    let one = tree.node(child);
    let by_element = one.element != ElementId::NONE
        && table.names().text(table.element(one.element).name) == step.name;
    let of_type = step.of_type.as_ref().is_none_or(|wanted| {
        let typed = one.type_id != TypeId::NONE && *table.type_of(one.type_id).name == **wanted;
        typed || tree.resource_type(child) == Some(wanted)
    });
    of_type && (by_element || tree.name_text(one.name) == step.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_indexes_and_types() {
        let steps = parse("Bundle.entry[1].resource.value[x].ofType(Quantity)").expect("a path");
        let names: Vec<_> = steps.iter().map(|s| (&*s.name, s.index)).collect();
        let wanted = [("Bundle", None), ("entry", Some(1)), ("resource", None), ("value", None)];
        assert_eq!(names, wanted);
        assert_eq!(steps[3].of_type.as_deref(), Some("Quantity"));
        for wrong in ["", "Bundle..entry", "Bundle.entry[a]", "a.b()", "Bundle.entry[1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
