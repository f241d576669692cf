//! From a differential's element to its place in the snapshot, making what is not there yet.

use super::super::library::{Library, Scope, StructureRef};
use super::super::model::{
    Constraint, Discriminator, DiscriminatorKind, ElementDefinition, Slicing, SlicingRules,
    StructureDefinition, TypeRef,
};
use super::node::{self, Node, Step};
use super::{Unsure, merge};
use std::collections::HashSet;

/// The deepest path that is walked.
const DEPTH: usize = 40;

pub(super) struct Walk<'a> {
    library: &'a Library,
    scope: Scope,
    url: &'a str,
    /// A specialisation adds elements of its own; a profile may not.
    adds: bool,
    /// The paths of elements that the differential says a slicing of.
    says_slicing: HashSet<&'a str>,
}

impl<'a> Walk<'a> {
    pub fn new(library: &'a Library, scope: Scope, of: &'a StructureDefinition) -> Walk<'a> {
        let sliced = of.differential.iter().filter(|e| e.slicing.is_some());
        let says_slicing = sliced.map(|e| &*e.path).collect();
        Walk { library, scope, url: &of.url, adds: !of.constrains, says_slicing }
    }

    /// Follows `steps` down from `node` and lays `own` over what is there.
    pub fn apply(
        &self,
        node: &mut Node,
        steps: &[Step],
        own: &ElementDefinition,
    ) -> Result<(), Unsure> {
        if steps.len() > DEPTH {
            return Err(Unsure::new("the path is too deep"));
        }
        let Some((step, rest)) = steps.split_first() else {
            merge::over(&mut node.def, own, self.url);
            if let [TypeRef { profiles, .. }] = &own.types[..]
                && let [profile] = &profiles[..]
                && let Some((canonical, element)) = profile.split_once('#')
            {
                return self.takes(node, canonical, element);
            }
            let profiled = matches!(&own.types[..], [only] if only.profiles.len() == 1);
            if profiled && !node.children.is_empty() {
                // what was walked into before is now of that profile
                node.children = self.opened(&own.types)?;
            }
            return Ok(());
        };
        if node.children.is_empty() {
            self.open(node)?;
        }
        let at = self.child(node, step)?;
        self.apply(&mut node.children[at], rest, own)?;
        let said = self.says_slicing.contains(&*own.path) || step.slice.is_none();
        let name = node.children[at].name.clone();
        if rest.is_empty() && name.ends_with("[x]") {
            close_choice(node, &name, at, !said);
        }
        Ok(())
    }

    /// The place of the child that a step means, made if need be.
    fn child(&self, node: &mut Node, step: &Step) -> Result<usize, Unsure> {
        let (whole, slice) = match node.child(&step.name, None) {
            Some(whole) => (whole, step.slice.clone()),
            None => match choice(node, &step.name) {
                Some(whole) => (whole, Some(step.slice.as_ref().unwrap_or(&step.name).clone())),
                None if self.adds => {
                    node.children.push(Node::bare(&step.name));
                    (node.children.len() - 1, None)
                }
                None => return Err(Unsure::new(format!("there is no element `{}`", step.name))),
            },
        };
        let Some(slice) = slice else { return Ok(whole) };
        let name = node.children[whole].name.clone();
        match node.child(&name, Some(&slice)) {
            Some(at) => Ok(at),
            None => make_slice(node, whole, slice),
        }
    }

    /// Gives an element the children that its type, profile or content reference has.
    fn open(&self, node: &mut Node) -> Result<(), Unsure> {
        if let Some(reference) = node.def.content_reference.take() {
            let path = reference.rsplit('#').next().unwrap_or_default();
            let found = self.referenced(path)?;
            node.def.types = found.def.types;
            node.children = found.children;
            return Ok(());
        }
        match self.opened(&node.def.types) {
            Ok(children) => node.children = children,
            Err(_) if self.adds => {}
            Err(unsure) => return Err(unsure),
        }
        Ok(())
    }

    /// Gives an element what an element of another definition has.
    fn takes(&self, node: &mut Node, canonical: &str, element: &str) -> Result<(), Unsure> {
        let lost = || Unsure::new(format!("{canonical} has no element {element}"));
        let found = self.library.structure(canonical, self.scope).ok_or_else(lost)?;
        let waits = || Unsure::waits_for(&found.definition.url);
        let mut other = node::tree(&found.definition.snapshot).ok_or_else(waits)?;
        for part in element.split('.').skip(1) {
            let (name, slice) = match part.split_once(':') {
                Some((name, slice)) => (name, Some(slice)),
                None => (part, None),
            };
            let at = other.child(name, slice).ok_or_else(lost)?;
            other = other.children.swap_remove(at);
        }
        let new = |c: &&Constraint| node.def.constraints.iter().all(|own| own.key != c.key);
        let more: Vec<Constraint> = other.def.constraints.iter().filter(new).cloned().collect();
        node.def.constraints.extend(more);
        node.def.types = other.def.types;
        node.children = other.children;
        Ok(())
    }

    fn referenced(&self, path: &str) -> Result<Node, Unsure> {
        let mut names = path.split('.');
        let type_name = names.next().unwrap_or_default();
        let lost = || Unsure::new(format!("the content reference {path} leads nowhere"));
        let found = self.library.type_definition(type_name).ok_or_else(lost)?;
        let mut node = node::tree(&found.definition.snapshot).ok_or_else(lost)?;
        for name in names {
            let at = node.child(name, None).ok_or_else(lost)?;
            node = node.children.swap_remove(at);
        }
        Ok(node)
    }

    /// The children of what has these types.
    fn opened(&self, types: &[TypeRef]) -> Result<Vec<Node>, Unsure> {
        let Some(first) = types.first() else {
            return Err(Unsure::new("an element without a type has nothing below it"));
        };
        let one_type = types.iter().all(|t| t.code == first.code);
        let found = match (&first.profiles[..], types) {
            // a profile that is not loaded is listed as missing; its type's elements are sure all the same
            ([profile], [_]) => match self.library.structure(profile, self.scope) {
                Some(found) => found,
                None => self.of_type(&first.code)?,
            },
            // of several types only what every element has is sure
            _ if !one_type => self.of_type("Element")?,
            _ => self.of_type(&first.code)?,
        };
        let tree = node::tree(&found.definition.snapshot);
        tree.map(|t| t.children).ok_or_else(|| Unsure::waits_for(&found.definition.url))
    }

    fn of_type(&self, code: &str) -> Result<StructureRef<'a>, Unsure> {
        let found = self.library.type_definition(code);
        let found = found.or_else(|| self.library.structure(code, self.scope));
        found.ok_or_else(|| Unsure::new(format!("the type {code} is not known")))
    }
}

/// The choice that a name such as `valueQuantity` is a short form of.
fn choice(node: &Node, name: &str) -> Option<usize> {
    node.children.iter().position(|child| {
        let stem = child.name.strip_suffix("[x]");
        let suffix = stem.and_then(|stem| name.strip_prefix(stem));
        suffix.is_some_and(|s| child.slice.is_none() && of_suffix(&child.def, s).is_some())
    })
}

/// The one of an element's types whose name, begun with a capital, is `suffix`.
fn of_suffix<'d>(def: &'d ElementDefinition, suffix: &str) -> Option<&'d TypeRef> {
    def.types.iter().find(|one| {
        one.code.len() == suffix.len()
            && one.code.get(1..) == suffix.get(1..)
            && one.code.get(..1).is_some_and(|c| suffix.get(..1) == Some(&*c.to_ascii_uppercase()))
    })
}

/// Makes a slice of the child at `whole`: a copy of it (or of the slice that is sliced again), after its kin.
fn make_slice(node: &mut Node, whole: usize, slice: Box<str>) -> Result<usize, Unsure> {
    let name = node.children[whole].name.clone();
    let outer = slice.rsplit_once('/').and_then(|(outer, _)| node.child(&name, Some(outer)));
    let template = outer.unwrap_or(whole);
    say_slicing(&mut node.children[template], &name, &slice)?;
    let mut made = node.children[template].clone();
    made.def.types = made.narrowed.take().unwrap_or(made.def.types);
    made.def.slicing = None;
    made.def.min = Some(0);
    if let Some(stem) = name.strip_suffix("[x]") {
        let suffix = slice.strip_prefix(stem).unwrap_or_default();
        if let Some(one) = of_suffix(&made.def, suffix).cloned() {
            made.def.types = vec![one];
        }
        made.def.max = made.def.max.map(|max| max.min(1));
    }
    made.slice = Some(slice);
    let kin = |child: &Node| match outer {
        None => child.name == name,
        Some(_) => {
            let template = node.children[template].slice.as_deref().unwrap_or_default();
            child.name == name
                && child.slice.as_deref().is_some_and(|s| {
                    s.strip_prefix(template).is_some_and(|r| r.is_empty() || r.starts_with('/'))
                })
        }
    };
    let after = node.children.iter().rposition(kin).unwrap_or(template);
    node.children.insert(after + 1, made);
    Ok(after + 1)
}

/// Lets an element that is about to be sliced say how, when nobody said it.
fn say_slicing(node: &mut Node, name: &str, slice: &str) -> Result<(), Unsure> {
    if node.def.slicing.is_some() {
        return Ok(());
    }
    let (kind, path) = match name {
        "extension" | "modifierExtension" => (DiscriminatorKind::Value, "url"),
        name if name.ends_with("[x]") => {
            node.narrowed = Some(node.def.types.clone());
            (DiscriminatorKind::Type, "$this")
        }
        _ => {
            let why = format!("the slice `{slice}` of an element that says no slicing");
            return Err(Unsure::new(why));
        }
    };
    node.def.slicing = Some(Slicing {
        discriminators: vec![Discriminator { kind, path: path.into() }],
        rules: SlicingRules::Open,
        ordered: false,
    });
    Ok(())
}

/// A choice whose slices are named without a word of how it is sliced has just the types of these slices; so has
/// one that occurs once and has a slice that must occur.
fn close_choice(node: &mut Node, name: &str, at: usize, unsaid: bool) {
    let slice = &node.children[at];
    let bare = |t: &TypeRef| TypeRef { code: t.code.clone(), ..TypeRef::default() };
    let types: Vec<TypeRef> = slice.def.types.iter().map(bare).collect();
    let due = slice.slice.is_some() && slice.def.min.is_some_and(|min| min > 0);
    let is_slice = slice.slice.is_some();
    let Some(whole) = node.child(name, None) else { return };
    let whole = &mut node.children[whole];
    if !is_slice || !(unsaid || due && whole.def.max == Some(1)) {
        return;
    }
    let Some(slicing) = &mut whole.def.slicing else { return };
    let was_open =
        std::mem::replace(&mut slicing.rules, SlicingRules::Closed) != SlicingRules::Closed;
    // slices that the base has say themselves what it may be
    if !due && whole.narrowed.is_none() {
        return;
    }
    if was_open {
        whole.narrowed.get_or_insert(std::mem::take(&mut whole.def.types));
        whole.def.types.clear();
    }
    let new: Vec<TypeRef> = types.into_iter().filter(|t| !whole.def.types.contains(t)).collect();
    whole.def.types.extend(new);
}
