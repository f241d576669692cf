//! A discriminator's path, followed through definitions -> what to look for in an item.
//!
//! The path is a restricted FHIRPath: names, `$this`, `resolve()`, `extension('url')`, `ofType(T)`. It may
//! leave the profile: into the profile of a type, the definition of an extension, a reference's targets.

use super::defs::Defs;
use super::{Compiler, Context};
use crate::definitions::model::{
    Discriminator, DiscriminatorKind, ElementDefinition, Strength, TypeRef,
};
use crate::definitions::{Scope, StructureRef};
use crate::profile::program::{Matcher, Step, Test};
use crate::tree::NameId;
use std::rc::Rc;

/// A place in some snapshot.
#[derive(Clone)]
struct Cursor<'a> {
    defs: Rc<Defs<'a>>,
    at: usize,
    scope: Scope,
}

impl<'a> Cursor<'a> {
    fn element(&self) -> &'a ElementDefinition {
        &self.defs.elements[self.at]
    }
}

impl<'a> Compiler<'a> {
    /// What tells items of the slice at `place` by one discriminator; none when nothing does.
    pub(super) fn matcher(
        &mut self,
        context: &Context<'a>,
        place: usize,
        discriminator: &Discriminator,
    ) -> Option<Matcher> {
        let start = Cursor { defs: Rc::clone(&context.defs), at: place, scope: context.scope };
        let mut cursors = vec![start];
        let mut path: Vec<Step> = Vec::new();
        // the latest place on the way that has a literal: it holds what the discriminator looks at
        let mut holder: Option<(usize, Vec<Test>)> = None;
        for part in parts(&discriminator.path) {
            let literal: Vec<Test> =
                cursors.iter().filter_map(|c| self.literal_test(c.element())).collect();
            if !literal.is_empty() {
                holder = Some((path.len(), literal));
            }
            let (step, next) = self.follow(&cursors, part, discriminator.kind)?;
            path.extend(step);
            cursors = next;
        }
        let tests: Vec<Test> =
            cursors.iter().flat_map(|c| self.tests(c, discriminator.kind)).collect();
        match (tests.is_empty(), holder) {
            (false, _) => Some(Matcher { path: path.into(), tests: tests.into() }),
            (true, Some((len, tests))) => {
                Some(Matcher { path: path[..len].into(), tests: tests.into() })
            }
            (true, None) => None,
        }
    }

    fn follow(
        &mut self,
        cursors: &[Cursor<'a>],
        part: &str,
        kind: DiscriminatorKind,
    ) -> Option<(Option<Step>, Vec<Cursor<'a>>)> {
        if part == "$this" {
            return Some((None, cursors.to_vec()));
        }
        if part == "resolve()" {
            let next = cursors.iter().flat_map(|c| self.resolved(c)).collect();
            return Some((Some(Step::Resolve), next));
        }
        if let Some(url) = argument(part, "extension") {
            let next = cursors.iter().flat_map(|c| self.extensions(c, url)).collect();
            return Some((Some(Step::Extension(url.into())), next));
        }
        if let Some(name) = argument(part, "ofType").or_else(|| argument(part, "as")) {
            let type_id = self.table.find(name)?;
            return Some((Some(Step::OfType(type_id)), cursors.to_vec()));
        }
        let name: NameId = self.table.names().find(part)?;
        let next = cursors.iter().flat_map(|c| self.below(c, part, kind)).collect();
        Some((Some(Step::Child(name)), next))
    }

    /// The places of a child: in this snapshot, else in the profiles of its types, else in the types.
    fn below(
        &mut self,
        cursor: &Cursor<'a>,
        name: &str,
        kind: DiscriminatorKind,
    ) -> Vec<Cursor<'a>> {
        let element = cursor.element();
        let referred = element.content_reference.as_ref().and_then(|r| cursor.defs.referred(r));
        let at = referred.unwrap_or(cursor.at);
        let here = |at| Cursor { at, ..cursor.clone() };
        let mut found = Vec::new();
        if let Some(child) = cursor.defs.child(at, name) {
            let slices = cursor.defs.slices(child).iter().map(|s| here(*s));
            let needed: Vec<_> =
                slices.clone().filter(|s| s.element().min.is_some_and(|m| m > 0)).collect();
            // a slice that must be there says more than what it is a slice of; of the type, any slice does
            let by_type = cursor.defs.elements[child].path.ends_with("[x]");
            let asks_type = kind == DiscriminatorKind::Type;
            if by_type && !needed.is_empty() {
                found = needed;
            } else {
                let any = slices.clone().next().is_some();
                found.extend((!(by_type && asks_type && any)).then(|| here(child)));
                found.extend(slices);
            }
        }
        let mut profiled = Vec::new();
        for one in &element.types {
            for root in self.roots(one, cursor.scope) {
                profiled.extend(root.defs.child(0, name).map(|at| Cursor { at, ..root.clone() }));
            }
        }
        // what is said here is narrower than what the type's profile says, where both say something
        let says = |c: &Cursor<'a>| c.element().fixed.is_some() || c.element().pattern.is_some();
        if found.iter().any(says) {
            return found;
        }
        match profiled.iter().any(says) || found.is_empty() {
            true => profiled,
            false => found,
        }
    }

    /// The roots of the profiles that an element's type names, else of the type itself.
    fn roots(&mut self, one: &TypeRef, scope: Scope) -> Vec<Cursor<'a>> {
        let library = self.library;
        let mut structures: Vec<StructureRef<'a>> =
            one.profiles.iter().filter_map(|p| library.structure(p, scope)).collect();
        if structures.is_empty() {
            let core = format!("http://hl7.org/fhir/StructureDefinition/{}", one.code);
            structures.extend(library.structure(&core, scope));
        }
        structures.into_iter().map(|s| self.root(s, scope)).collect()
    }

    fn root(&mut self, found: StructureRef<'a>, scope: Scope) -> Cursor<'a> {
        let scope = Scope { root: scope.root, from: found.package };
        Cursor { defs: self.defs(found), at: 0, scope }
    }

    fn resolved(&mut self, cursor: &Cursor<'a>) -> Vec<Cursor<'a>> {
        let library = self.library;
        let mut found = Vec::new();
        for one in &cursor.element().types {
            for target in &one.target_profiles {
                let structure = library.structure(target, cursor.scope);
                found.extend(structure.map(|s| self.root(s, cursor.scope)));
            }
        }
        found
    }

    fn extensions(&mut self, cursor: &Cursor<'a>, url: &str) -> Vec<Cursor<'a>> {
        let library = self.library;
        let mut found = Vec::new();
        for kind in ["extension", "modifierExtension"] {
            let Some(head) = cursor.defs.child(cursor.at, kind) else { continue };
            for slice in cursor.defs.slices(head) {
                let types = &cursor.defs.elements[*slice].types;
                let profiles = || types.iter().flat_map(|t| &t.profiles);
                if profiles().any(|p| p.split('|').next() == Some(url)) {
                    // the slice itself, if it says something below; its definition otherwise
                    if cursor.defs.children(*slice).is_empty() {
                        let structures =
                            profiles().filter_map(|p| library.structure(p, cursor.scope));
                        let structures: Vec<_> = structures.collect();
                        found.extend(structures.into_iter().map(|s| self.root(s, cursor.scope)));
                    } else {
                        found.push(Cursor { at: *slice, ..cursor.clone() });
                    }
                }
            }
        }
        if found.is_empty() {
            let structure = library.structure(url, cursor.scope);
            found.extend(structure.map(|s| self.root(s, cursor.scope)));
        }
        found
    }

    fn literal_test(&mut self, element: &'a ElementDefinition) -> Option<Test> {
        let fixed = self.literal(element.fixed.as_ref()).map(Test::Fixed);
        fixed.or_else(|| self.literal(element.pattern.as_ref()).map(Test::Pattern))
    }

    fn tests(&mut self, cursor: &Cursor<'a>, kind: DiscriminatorKind) -> Option<Test> {
        let element = cursor.element();
        match kind {
            DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
                if element.max == Some(0) {
                    return exists(element);
                }
                self.literal_test(element).or_else(|| self.set_test(element, cursor.scope))
            }
            DiscriminatorKind::Exists => exists(element),
            DiscriminatorKind::Type => self.type_test(element, cursor),
            DiscriminatorKind::Profile => self.profile_test(element, cursor),
        }
    }

    fn set_test(&mut self, element: &ElementDefinition, scope: Scope) -> Option<Test> {
        let required = element.binding.as_ref().filter(|b| b.strength == Strength::Required);
        let set = required.and_then(|b| self.library.value_set(b.value_set.as_deref()?, scope));
        set.map(Test::InSet).or_else(|| exists(element))
    }

    fn type_test(&mut self, element: &ElementDefinition, cursor: &Cursor<'a>) -> Option<Test> {
        let mut types: Vec<_> =
            element.types.iter().filter_map(|t| self.table.find(&t.code)).collect();
        if cursor.at == 0 {
            types = self.table.find(&element.path).into_iter().collect();
        }
        (!types.is_empty()).then(|| Test::Type(types.into()))
    }

    fn profile_test(&mut self, element: &ElementDefinition, cursor: &Cursor<'a>) -> Option<Test> {
        let scope = cursor.scope;
        if cursor.at == 0 {
            let found = cursor.defs.structure;
            let program = self.program_of(found, scope.root);
            return Some(Test::Profile(Box::new([program])));
        }
        let profiles = element.types.iter().flat_map(|t| &t.profiles);
        let programs: Vec<_> = profiles.filter_map(|p| self.program_for(p, scope)).collect();
        match programs.is_empty() {
            true => self.type_test(element, cursor),
            false => Some(Test::Profile(programs.into())),
        }
    }
}

fn exists(element: &ElementDefinition) -> Option<Test> {
    match (element.min, element.max) {
        (_, Some(0)) => Some(Test::Exists(false)),
        (Some(1..), _) => Some(Test::Exists(true)),
        _ => None,
    }
}

/// `extension('url')` -> `url`.
fn argument<'p>(part: &'p str, function: &str) -> Option<&'p str> {
    let rest = part.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')?;
    Some(rest.trim_matches(['\'', '"', '`']))
}

/// The steps of a path; full stops in quotes and parentheses do not part them.
fn parts(path: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, c) in path.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            '.' if !quoted && depth == 0 => {
                parts.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[start..]);
    parts.retain(|p| !p.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_stops_in_arguments_do_not_part_a_path() {
        assert_eq!(
            parts("extension('http://a.b/c').value.code"),
            ["extension('http://a.b/c')", "value", "code"]
        );
        assert_eq!(parts("$this.resolve()"), ["$this", "resolve()"]);
        assert_eq!(argument("ofType(Coding)", "ofType"), Some("Coding"));
    }
}
