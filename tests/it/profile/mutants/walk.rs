//! Walks a message beside the definitions that it claims: every element of a definition with the places in
//! the message that are of it. Uses the library and the table only, nothing of the validator.

use serde_json::Value;
use stafett::definitions::model::{DiscriminatorKind, ElementDefinition, Slicing, TypeRef};
use stafett::definitions::{Library, PackageId, Scope, StructureRef};
use stafett::tree::types::{Table, TypeId};

/// A place in a message.
#[derive(Clone, Debug)]
pub struct Spot {
    pub pointer: String,
    pub expression: String,
}

/// An element of a definition, at one holder in a message.
pub struct Site<'a> {
    /// `Patient.name` of which definition.
    pub label: String,
    pub element: &'a ElementDefinition,
    pub scope: Scope,
    /// The element's name on the wire without a choice's type.
    pub name: &'a str,
    pub holder: Spot,
    pub holder_type: TypeId,
    /// The places that are of it.
    pub found: Vec<Found>,
    /// Whether the definition says something here beyond its slice's discriminators.
    pub discriminates: bool,
    /// How the element is sliced, and whether this is a slice of it.
    pub is_slice: bool,
}

/// One place that is of an element.
#[derive(Clone, Debug)]
pub struct Found {
    pub spot: Spot,
    pub type_id: TypeId,
}

/// The walker.
pub struct Walker<'a> {
    pub library: &'a Library,
    pub table: &'a Table,
    pub message: &'a Value,
    pub root: PackageId,
    pub sites: Vec<Site<'a>>,
}

#[derive(Clone, Copy)]
struct Def<'a> {
    structure: StructureRef<'a>,
    at: usize,
    scope: Scope,
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

impl<'a> Def<'a> {
    fn elements(&self) -> &'a [ElementDefinition] {
        &self.structure.definition.snapshot
    }

    fn element(&self) -> &'a ElementDefinition {
        &self.elements()[self.at]
    }

    /// The indices directly below; slices come right after their head.
    fn children(&self) -> Vec<usize> {
        let path = &self.element().path;
        let mut children = Vec::new();
        for (at, one) in self.elements().iter().enumerate().skip(self.at + 1) {
            match one.path.strip_prefix(&**path).and_then(|r| r.strip_prefix('.')) {
                Some(rest) if !rest.contains('.') => children.push(at),
                Some(_) => {}
                None => break,
            }
        }
        children
    }

    fn child(&self, name: &str) -> Option<Def<'a>> {
        let is = |at: &usize| last(&self.elements()[*at].path).trim_end_matches("[x]") == name;
        self.children().into_iter().find(is).map(|at| Def { at, ..*self })
    }
}

impl<'a> Walker<'a> {
    /// Walks a Bundle and all its resources.
    pub fn walk(&mut self) {
        let top = Spot { pointer: String::new(), expression: "Bundle".into() };
        self.resource(self.message, top);
        let entries = self.message.pointer("/entry").and_then(Value::as_array);
        for (at, entry) in entries.into_iter().flatten().enumerate() {
            let spot = Spot {
                pointer: format!("/entry/{at}/resource"),
                expression: format!("Bundle.entry[{at}].resource"),
            };
            if let Some(resource) = entry.get("resource") {
                self.resource(resource, spot);
            }
        }
    }

    fn resource(&mut self, value: &'a Value, spot: Spot) {
        let kind = value["resourceType"].as_str().unwrap_or("");
        let Some(type_id) = self.table.find(kind) else { return };
        let mut structures: Vec<StructureRef<'a>> = Vec::new();
        for claim in value.pointer("/meta/profile").and_then(Value::as_array).into_iter().flatten()
        {
            let claim = claim.as_str().unwrap_or("");
            structures.extend(self.library.structure(claim, Scope::of(self.root)));
        }
        structures.extend(self.library.type_definition(kind));
        for structure in structures {
            let scope = Scope { root: self.root, from: structure.package };
            self.below(Def { structure, at: 0, scope }, value, &spot, type_id, &[]);
        }
    }

    /// The elements below one, at one place.
    fn below(
        &mut self,
        def: Def<'a>,
        value: &'a Value,
        spot: &Spot,
        type_id: TypeId,
        discriminators: &[String],
    ) {
        let children = def.children();
        for at in &children {
            let child = Def { at: *at, ..def };
            let element = child.element();
            let head = children.iter().find(|c| def.elements()[**c].path == element.path);
            let head = Def { at: *head.unwrap_or(at), ..def };
            let is_slice = element.slice_name.is_some() && head.at != *at;
            let name = last(&element.path).trim_end_matches("[x]");
            let mut found = self.found(value, spot, type_id, name);
            let slicing = head.element().slicing.as_ref();
            if is_slice {
                let Some(slicing) = slicing else { continue };
                let told = |f: &Found| self.is_of(child, slicing, f);
                let all: Option<Vec<bool>> = found.iter().map(told).collect();
                let Some(all) = all else { continue };
                let mut keep = all.into_iter();
                found.retain(|_| keep.next() == Some(true));
            }
            let own: Vec<String> = match slicing.filter(|_| is_slice) {
                Some(slicing) => {
                    slicing.discriminators.iter().map(|d| d.path.to_string()).collect()
                }
                None => Vec::new(),
            };
            // a discriminator of the slice around, one step further down
            let inner = discriminators.iter().filter_map(|d| {
                let (first, rest) = d.split_once('.')?;
                (first == name).then(|| rest.to_owned())
            });
            let own: Vec<String> = own.into_iter().chain(inner).collect();
            for one in &found {
                self.into(child, one, &own);
            }
            let profile = &def.structure.definition.url;
            let version = def.structure.definition.version.as_deref().unwrap_or("");
            self.sites.push(Site {
                label: format!("{}|{version}#{}", last_part(profile), element.id),
                element,
                scope: def.scope,
                name,
                holder: spot.clone(),
                holder_type: type_id,
                found,
                discriminates: discriminators.iter().any(|d| d.split('.').next() == Some(name)),
                is_slice,
            });
        }
    }

    /// What is below a place: said here, or by its type's profile, and by its type.
    fn into(&mut self, def: Def<'a>, found: &Found, discriminators: &[String]) {
        let Some(value) = self.message.pointer(&found.spot.pointer) else { return };
        if !value.is_object() || value.get("resourceType").is_some() {
            return;
        }
        if !def.children().is_empty() {
            self.below(def, value, &found.spot, found.type_id, discriminators);
        }
        let name = &self.table.type_of(found.type_id).name;
        let of_type = |t: &&TypeRef| *t.code == **name;
        let profiles = def.element().types.iter().find(of_type).map(|t| &t.profiles[..]);
        if let Some([only]) = profiles
            && let Some(structure) = self.library.structure(only, def.scope)
        {
            let scope = Scope { root: self.root, from: structure.package };
            let root = Def { structure, at: 0, scope };
            self.below(root, value, &found.spot, found.type_id, discriminators);
        }
        if let Some(structure) = self.library.type_definition(name) {
            let scope = Scope { root: self.root, from: structure.package };
            self.below(Def { structure, at: 0, scope }, value, &found.spot, found.type_id, &[]);
        }
    }

    /// The members of an object that are of an element.
    fn found(&self, value: &'a Value, spot: &Spot, type_id: TypeId, name: &str) -> Vec<Found> {
        let mut all = Vec::new();
        let elements = &self.table.type_of(type_id).elements;
        let names = self.table.names();
        let is = |e: &&_| names.text(self.table.element(**e).name) == name;
        let Some(element) = elements.iter().find(is).map(|e| self.table.element(*e)) else {
            return all;
        };
        for alternative in &element.alternatives {
            let wire = names.text(alternative.wire_name);
            let Some(member) = value.get(wire) else { continue };
            let many = member.as_array().map(Vec::len);
            for at in 0..many.unwrap_or(1) {
                let mut one = Spot {
                    pointer: format!("{}/{wire}", spot.pointer),
                    expression: format!("{}.{name}", spot.expression),
                };
                if many.is_some() {
                    one.pointer.push_str(&format!("/{at}"));
                    one.expression.push_str(&format!("[{at}]"));
                }
                if element.choice {
                    let of = &self.table.type_of(alternative.type_id).name;
                    one.expression.push_str(&format!(".ofType({of})"));
                }
                all.push(Found { spot: one, type_id: alternative.type_id });
            }
        }
        all
    }

    /// Whether a place belongs to a slice; none when that is not told by plain values or types.
    fn is_of(&self, slice: Def<'a>, slicing: &Slicing, found: &Found) -> Option<bool> {
        let value = self.message.pointer(&found.spot.pointer)?;
        let mut all = !slicing.discriminators.is_empty();
        for one in &slicing.discriminators {
            let path = one.path.trim_start_matches("$this").trim_start_matches('.');
            if path.contains('(') {
                return None;
            }
            match one.kind {
                DiscriminatorKind::Type if path.is_empty() => {
                    let name = &self.table.type_of(found.type_id).name;
                    all &= slice.element().types.iter().any(|t| *t.code == **name);
                }
                DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
                    let steps: Vec<&str> = path.split('.').filter(|s| !s.is_empty()).collect();
                    let literal = self.literal(slice, &steps)?;
                    all &= reach(value, &steps).iter().any(|v| contains(v, &literal));
                }
                _ => return None,
            }
        }
        Some(all)
    }

    fn literal(&self, def: Def<'a>, steps: &[&str]) -> Option<Value> {
        let element = def.element();
        if steps.is_empty() {
            let literal = element.fixed.as_ref().or(element.pattern.as_ref())?;
            return serde_json::from_str(&literal.json).ok();
        }
        let here = def.child(steps[0]).and_then(|c| self.literal(c, &steps[1..]));
        here.or_else(|| {
            let [only] = &element.types.first()?.profiles[..] else { return None };
            let structure = self.library.structure(only, def.scope)?;
            let scope = Scope { root: self.root, from: structure.package };
            self.literal(Def { structure, at: 0, scope }.child(steps[0])?, &steps[1..])
        })
    }
}

fn last_part(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// The values at the end of a path of names.
fn reach<'v>(value: &'v Value, steps: &[&str]) -> Vec<&'v Value> {
    match (value, steps) {
        (Value::Array(items), _) => items.iter().flat_map(|i| reach(i, steps)).collect(),
        (value, []) => vec![value],
        (value, [step, rest @ ..]) => match value.get(*step) {
            Some(next) => reach(next, rest),
            None => Vec::new(),
        },
    }
}

/// Whether a value has all that a literal has.
fn contains(value: &Value, literal: &Value) -> bool {
    match (value, literal) {
        (Value::Object(value), Value::Object(literal)) => {
            literal.iter().all(|(name, l)| value.get(name).is_some_and(|v| contains(v, l)))
        }
        (Value::Array(value), Value::Array(literal)) => {
            literal.iter().all(|l| value.iter().any(|v| contains(v, l)))
        }
        (value, literal) => value == literal,
    }
}
