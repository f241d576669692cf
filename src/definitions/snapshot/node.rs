//! Elements as a tree, so that what is below an element can be copied, renamed and added to.

use super::super::model::{ElementDefinition, TypeRef};

/// One step of a path: an element's name, and the slice of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub name: Box<str>,
    pub slice: Option<Box<str>>,
}

/// An element and what is below it. A slice stands among its parent's children, after what it slices.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub name: Box<str>,
    pub slice: Option<Box<str>>,
    pub def: ElementDefinition,
    pub children: Vec<Node>,
    /// Of a choice that is sliced without saying so: the types it had before.
    pub narrowed: Option<Vec<TypeRef>>,
}

impl Node {
    pub fn bare(name: &str) -> Node {
        let def =
            ElementDefinition { min: Some(0), max: Some(u32::MAX), ..ElementDefinition::default() };
        Node { name: name.into(), slice: None, def, children: Vec::new(), narrowed: None }
    }

    /// The place of the child of that name and slice.
    pub fn child(&self, name: &str, slice: Option<&str>) -> Option<usize> {
        self.children.iter().position(|c| *c.name == *name && c.slice.as_deref() == slice)
    }

    /// Writes the elements out in order, each with the path and id of its place.
    pub fn flatten(self, out: &mut Vec<ElementDefinition>) {
        self.flatten_below("", "", out);
    }

    fn flatten_below(self, path: &str, id: &str, out: &mut Vec<ElementDefinition>) {
        let below = |above: &str, step: &str| match above {
            "" => step.to_owned(),
            above => format!("{above}.{step}"),
        };
        let path = below(path, &self.name);
        let id = match &self.slice {
            Some(slice) => below(id, &format!("{}:{slice}", self.name)),
            None => below(id, &self.name),
        };
        out.push(ElementDefinition {
            id: id.as_str().into(),
            path: path.as_str().into(),
            slice_name: self.slice,
            ..self.def
        });
        for child in self.children {
            child.flatten_below(&path, &id, out);
        }
    }
}

/// The tree of a snapshot; none of an empty one.
pub(super) fn tree(elements: &[ElementDefinition]) -> Option<Node> {
    let mut open: Vec<Node> = Vec::new();
    for element in elements {
        let depth = element.path.matches('.').count();
        while open.len() > depth {
            close(&mut open);
        }
        open.push(Node {
            name: element.path.rsplit('.').next().unwrap_or_default().into(),
            slice: element.slice_name.clone(),
            def: element.clone(),
            children: Vec::new(),
            narrowed: None,
        });
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop()
}

fn close(open: &mut Vec<Node>) {
    let Some(node) = open.pop() else { return };
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

/// The steps to a differential's element: by its id, or by its path among the slices that the element before it
/// was in.
pub(super) fn steps(element: &ElementDefinition, before: &[Step]) -> Vec<Step> {
    let names: Vec<&str> = element.path.split('.').collect();
    let parts: Vec<&str> = element.id.split('.').collect();
    let named = !element.id.is_empty() && parts.len() == names.len();
    let mut steps: Vec<Step> = Vec::with_capacity(names.len());
    let mut inside = true;
    for (at, name) in names.iter().enumerate() {
        let of_id = parts.get(at).filter(|_| named).map(|part| part.split_once(':'));
        let is_last = at + 1 == names.len();
        inside &= before.get(at).is_some_and(|step| *step.name == **name);
        let slice = match of_id {
            _ if is_last && element.slice_name.is_some() => element.slice_name.clone(),
            Some(split) => split.map(|(_, slice)| slice.into()),
            None if inside && !is_last => before[at].slice.clone(),
            None => None,
        };
        // an id may say value[x]:valueString where the path says valueString
        let name = match of_id {
            Some(Some((whole, _))) if whole.ends_with("[x]") => whole,
            _ => name,
        };
        steps.push(Step { name: name.into(), slice });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: &str, path: &str, slice: Option<&str>) -> ElementDefinition {
        ElementDefinition {
            id: id.into(),
            path: path.into(),
            slice_name: slice.map(Into::into),
            ..ElementDefinition::default()
        }
    }

    fn told(steps: &[Step]) -> String {
        let one = |s: &Step| match &s.slice {
            Some(slice) => format!("{}:{slice}", s.name),
            None => s.name.to_string(),
        };
        steps.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_come_from_the_id_or_from_the_element_before() {
        let first = steps(&element("", "Patient.identifier", Some("cpr")), &[]);
        assert_eq!(told(&first), "Patient identifier:cpr");
        let second = steps(&element("", "Patient.identifier.system", None), &first);
        assert_eq!(told(&second), "Patient identifier:cpr system");
        let named = element("Patient.identifier:x.value", "Patient.identifier.value", None);
        assert_eq!(told(&steps(&named, &second)), "Patient identifier:x value");
        let choice = element("O.value[x]:valueString", "O.valueString", Some("valueString"));
        assert_eq!(told(&steps(&choice, &[])), "O value[x]:valueString");
    }

    #[test]
    fn a_snapshot_comes_back_from_its_tree() {
        let all = [
            element("A", "A", None),
            element("A.b", "A.b", None),
            element("A.b.c", "A.b.c", None),
            element("A.b:x", "A.b", Some("x")),
            element("A.b:x.c", "A.b.c", None),
            element("A.d", "A.d", None),
        ];
        let mut out = Vec::new();
        tree(&all).unwrap().flatten(&mut out);
        assert_eq!(out, all);
    }
}
