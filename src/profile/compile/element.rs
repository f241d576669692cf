//! One ElementDefinition -> one spec, less what its base asks anyway.

use super::defs::last;
use super::{Compiler, Context};
use crate::definitions::Scope;
use crate::definitions::model::{ElementDefinition, Literal, Strength, StructureDefinition};
use crate::profile::program::{
    BUNDLED, Binding, Bounds, CONTAINED, ChildRule, LiteralId, ProgramId, REFERENCED, Reference,
    Spec, SpecId, Target, TypeProfiles,
};
use crate::tree::types::{ElementId, TypeId, TypeKind};
use std::sync::Arc;

impl Spec {
    /// A spec that asks nothing.
    pub(in crate::profile) fn empty(program: ProgramId, name: &str) -> Spec {
        Spec {
            program,
            name: name.into(),
            types: Box::default(),
            allowed: None,
            fixed: None,
            pattern: None,
            bounds: None,
            binding: None,
            reference: None,
            profiles: Box::default(),
            constraints: Box::default(),
            idle: None,
            children: Box::default(),
            counters: 0,
            descends: false,
            from: 0,
            places: Box::default(),
            required: 0,
            forbidden: 0,
            always: Box::default(),
        }
    }

    /// Whether it asks nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.types.is_empty()
            && self.fixed.is_none()
            && self.pattern.is_none()
            && self.bounds.is_none()
            && self.binding.is_none()
            && self.reference.is_none()
            && self.profiles.is_empty()
            && self.constraints.is_empty()
            && self.children.is_empty()
    }
}

impl<'a> Compiler<'a> {
    /// The spec of an element of a profile, whose nodes are of `elements` and `types`; `head` is the
    /// element that it is a slice of.
    pub(super) fn spec(
        &mut self,
        context: &mut Context<'a>,
        at: usize,
        elements: &[ElementId],
        types: &[TypeId],
        head: Option<usize>,
    ) -> Option<SpecId> {
        let element = context.element(at);
        let (structure, scope) = (context.structure, context.scope);
        let mut spec = Spec::empty(context.program, name_of(element));
        spec.types = self.restricted(elements, types);
        spec.allowed = self.allowed(&spec.types);
        spec.fixed = self.literal(element.fixed.as_ref());
        spec.pattern = self.literal(element.pattern.as_ref());
        spec.bounds = self.bounds(element);
        spec.binding = self.binding(structure, element, scope);
        spec.reference = self.reference(element, scope);
        spec.profiles = self.type_profiles(element, scope);
        let head = head.map(|h| context.element(h));
        spec.constraints = self.own_constraints(structure, element, (elements, types), head);
        self.drop_inherited(&mut spec, elements);
        let refers = element.content_reference.as_ref().and_then(|r| context.defs.referred(r));
        let id = if context.defs.children(at).is_empty() && refers.is_none() {
            (!spec.is_empty()).then(|| self.add(spec))?
        } else {
            // the number is known before the children, because an element may hold itself
            let id = self.add(spec);
            context.made.insert(at, id);
            let (children, counters) = self.children(context, at, types);
            let made = &mut self.programs.specs[id.0 as usize];
            (made.children, made.counters) = (children.into(), counters);
            if let Some(other) = refers {
                context.referring.push((id, other));
            } else if made.is_empty() && at != 0 {
                return None;
            }
            id
        };
        Some(id)
    }

    /// Leaves out what the base says in the same words.
    fn drop_inherited(&mut self, spec: &mut Spec, elements: &[ElementId]) {
        let [element] = elements else { return };
        let Some(base) = self.programs.base_elements[element.0 as usize] else { return };
        let base = &self.programs.specs[base.0 as usize];
        let same_set = |a: &Binding, b: &Binding| {
            a.strength == b.strength
                && a.canonical.split('|').next() == b.canonical.split('|').next()
                && a.max.as_ref().map(|m| &m.1) == b.max.as_ref().map(|m| &m.1)
        };
        if let (Some(own), Some(theirs)) = (&spec.binding, &base.binding)
            && same_set(own, theirs)
        {
            spec.binding = None;
        }
        if let (Some(own), Some(theirs)) = (&spec.reference, &base.reference)
            && own.names == theirs.names
            && own.ways == theirs.ways
        {
            spec.reference = None;
        }
        let names = |profiles: &[TypeProfiles]| {
            profiles.iter().map(|p| Arc::clone(&p.names)).collect::<Vec<_>>()
        };
        if names(&spec.profiles) == names(&base.profiles) {
            spec.profiles = Box::default();
        }
        if spec.fixed == base.fixed {
            spec.fixed = None;
        }
    }

    /// The types, if they are fewer than the base's.
    fn restricted(&self, elements: &[ElementId], types: &[TypeId]) -> Box<[TypeId]> {
        let mut base = elements.iter().flat_map(|e| &self.table.element(*e).alternatives);
        if base.any(|a| !types.contains(&a.type_id)) { types.into() } else { Box::default() }
    }

    /// The types that are allowed, as issues say them.
    fn allowed(&self, types: &[TypeId]) -> Option<Arc<str>> {
        let names: Vec<&str> = types.iter().map(|t| &*self.table.type_of(*t).name).collect();
        (!names.is_empty()).then(|| format!(", only {}", names.join(" or ")).into())
    }

    /// The rules for what stands below an element, and how many counters their slicings need.
    fn children(
        &mut self,
        context: &mut Context<'a>,
        at: usize,
        types: &[TypeId],
    ) -> (Vec<ChildRule>, u32) {
        let mut rules: Vec<ChildRule> = Vec::new();
        let mut counters = 0;
        let defs = std::rc::Rc::clone(&context.defs);
        for child in defs.children(at) {
            let element = context.element(*child);
            let name = last(&element.path);
            let mut ids: Vec<ElementId> =
                types.iter().filter_map(|t| self.element_named(*t, name)).collect();
            ids.dedup();
            if ids.is_empty() && element.max != Some(0) {
                let text = format!("the type has no element `{name}`: it is not checked");
                self.warn(context.structure, name_of(element), "profile-element", text);
            }
            for id in ids {
                let rule = self.rule(context, *child, id, &mut counters);
                rules.extend(rule.filter(|_| !rules.iter().any(|r| r.element == id)));
            }
        }
        rules.sort_by_key(|r| r.element);
        (rules, counters)
    }

    fn rule(
        &mut self,
        context: &mut Context<'a>,
        at: usize,
        id: ElementId,
        counters: &mut u32,
    ) -> Option<ChildRule> {
        let element = context.element(at);
        let base = self.table.element(id);
        let min = element.min.filter(|m| *m > base.min).unwrap_or(0);
        let max = element.max.filter(|m| *m < base.max).unwrap_or(u32::MAX);
        let name = Arc::from(name_of(element));
        let (spec, slicing) = if max == 0 {
            (None, None)
        } else {
            let types = self.types_of(id, element);
            let spec = self.spec(context, at, &[id], &types, None);
            (spec, self.slicing(context, at, id, counters).map(Arc::new))
        };
        let asks = min > 0 || max < u32::MAX || spec.is_some() || slicing.is_some();
        asks.then_some(ChildRule { element: id, min, max, name, spec, slicing })
    }

    /// The types that an element's nodes may have by a profile.
    pub(super) fn types_of(&self, id: ElementId, element: &ElementDefinition) -> Vec<TypeId> {
        let base = &self.table.element(id).alternatives;
        let mut types = Vec::new();
        for alternative in base {
            if self.table.type_of(alternative.type_id).kind == TypeKind::Backbone {
                types.push(alternative.type_id);
                continue;
            }
            for named in element.types.iter().filter_map(|t| self.table.find(&t.code)) {
                if self.table.is_a(named, alternative.type_id) && !types.contains(&named) {
                    types.push(named);
                }
            }
        }
        match types.is_empty() {
            true => base.iter().map(|a| a.type_id).collect(),
            false => types,
        }
    }

    pub(super) fn literal(&mut self, literal: Option<&'a Literal>) -> Option<LiteralId> {
        literal.map(|l| self.literals.add(l))
    }

    pub(super) fn bounds(&mut self, element: &'a ElementDefinition) -> Option<Box<Bounds>> {
        let bounds = Bounds {
            min: self.literal(element.min_value.as_ref()),
            max: self.literal(element.max_value.as_ref()),
            max_length: element.max_length,
        };
        let some = bounds.min.is_some() || bounds.max.is_some() || bounds.max_length.is_some();
        some.then(|| Box::new(bounds))
    }

    pub(super) fn binding(
        &mut self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
        scope: Scope,
    ) -> Option<Box<Binding>> {
        let binding = element.binding.as_ref()?;
        let weak = matches!(binding.strength, Strength::Example | Strength::Preferred);
        if weak && binding.max_value_set.is_none() {
            return None;
        }
        let canonical = binding.value_set.as_deref()?;
        let find = |canonical: &str| self.library.value_set(canonical, scope);
        let set = find(canonical);
        let max = binding.max_value_set.as_deref().map(|m| (find(m), Arc::from(m)));
        let relaxed = RELAXED.iter().find(|(of, path, set, ..)| {
            *path == &*element.path
                && canonical.split('|').next() == Some(set)
                && self.builds_on(structure, scope, of)
        });
        let strength = relaxed.map_or(binding.strength, |(_, _, _, strength, _)| *strength);
        let canonical = Arc::from(canonical);
        Some(Box::new(Binding { strength, set, canonical, max }))
    }

    /// Whether a profile is that of a canonical or has its elements from it.
    fn builds_on(
        &self,
        structure: &StructureDefinition,
        mut scope: Scope,
        canonical: &str,
    ) -> bool {
        let mut at = structure;
        for _ in 0..DEEPEST {
            if &*at.url == canonical {
                return true;
            }
            let base = at.base.as_deref().and_then(|base| self.library.structure(base, scope));
            let Some(base) = base else { return false };
            (at, scope) = (base.definition, scope.seen_from(base.package));
        }
        false
    }

    pub(super) fn reference(
        &mut self,
        element: &ElementDefinition,
        scope: Scope,
    ) -> Option<Box<Reference>> {
        let mut ways = 0;
        let mut names: Vec<&str> = Vec::new();
        for one in element.types.iter().filter(|t| &*t.code == "Reference") {
            for way in &one.aggregation {
                ways |= match &**way {
                    "contained" => CONTAINED,
                    "bundled" => BUNDLED,
                    _ => REFERENCED,
                };
            }
            names.extend(one.target_profiles.iter().map(|p| &**p));
        }
        if names.is_empty() && ways == 0 {
            return None;
        }
        let targets: Vec<Target> = names.iter().map(|n| self.target(n, scope)).collect();
        let names = names.join(", ").into();
        Some(Box::new(Reference { targets: targets.into(), names, ways }))
    }

    fn target(&mut self, canonical: &str, scope: Scope) -> Target {
        let core = canonical.strip_prefix("http://hl7.org/fhir/StructureDefinition/");
        if let Some(type_id) = core.and_then(|name| self.table.find(name)) {
            return Target { type_id, program: None, missing: false };
        }
        match self.program_for(canonical, scope) {
            Some(program) => {
                let type_id = self.programs.programs[program.0 as usize].type_id;
                Target { type_id, program: Some(program), missing: false }
            }
            // what is named and not defined is listed once when the library is made
            None => Target { type_id: TypeId::NONE, program: None, missing: true },
        }
    }

    pub(super) fn type_profiles(
        &mut self,
        element: &ElementDefinition,
        scope: Scope,
    ) -> Box<[TypeProfiles]> {
        let mut all = Vec::new();
        for one in element.types.iter().filter(|t| !t.profiles.is_empty()) {
            let Some(type_id) = self.table.find(&one.code) else { continue };
            let mut any_of = Vec::new();
            for canonical in &one.profiles {
                any_of.extend(self.program_for(canonical, scope));
            }
            let incomplete = any_of.len() < one.profiles.len();
            let names = one.profiles.join(", ").into();
            all.push(TypeProfiles { type_id, any_of: any_of.into(), names, incomplete });
        }
        all.into()
    }
}

/// How many profiles one builds on are looked at.
const DEEPEST: usize = 32;

/// Bindings of R4's own profiles that are known to be faulty, there and in what builds on them: (profile, path,
/// value set, the strength it is given, why). Who says the same in another profile means it.
const RELAXED: &[(&str, &str, &str, Strength, &str)] = &[(
    "http://hl7.org/fhir/StructureDefinition/vitalsigns",
    "Observation.component.value[x]",
    "http://hl7.org/fhir/ValueSet/ucum-vitals-common",
    Strength::Extensible,
    "the units of the vital signs themselves; a component may be of any kind, a flow rate for one",
)];

/// What an element is called in texts.
pub(super) fn name_of(element: &ElementDefinition) -> &str {
    if element.id.is_empty() { &element.path } else { &element.id }
}
