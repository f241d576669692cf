//! Which programs ask all that others ask, so that who meets a profile meets what it builds on.
//!
//! A resource claims one profile, while references to it ask for the one that profile builds on. Promises:
//! only what can be shown spec by spec is said; a specialisation that relaxes something implies nothing.
//! Never: looks at more than what may refuse a message: warnings are nobody's proof.

use super::Compiler;
use crate::definitions::model::{SlicingRules, Strength};
use crate::definitions::{PackageId, Scope};
use crate::message::Severity;
use crate::profile::program::{
    Binding, Bounds, ChildRule, Matcher, ProgramId, Programs, Reference, Slice, Slicing, Spec,
    SpecId, Target, Test, TypeProfiles,
};
use crate::tree::types::{Table, TypeId};
use std::collections::HashSet;
use std::sync::Arc;

/// How many profiles up a profile's line is followed.
const LINE: usize = 16;

impl Compiler<'_> {
    /// The programs that references ask for, each with those of the profiles that build on it.
    pub(super) fn lines(&self) -> Vec<(ProgramId, ProgramId)> {
        let references = self.programs.specs.iter().filter_map(|spec| spec.reference.as_ref());
        let targets = references.flat_map(|of| &of.targets).filter_map(|target| target.program);
        let asked: HashSet<ProgramId> = targets.collect();
        let mut lines = Vec::new();
        for ((definition, root), program) in &self.by_structure {
            let mut at = self.library.structure_of(*definition);
            for _ in 0..LINE {
                let Some(found) = at else { break };
                let Some(base) = found.definition.base.as_deref() else { break };
                let scope = Scope { root: *root, from: found.package };
                at = self.library.structure(base, scope).filter(|b| b.definition.constrains);
                let Some(base) = at else { break };
                let core = base.package == PackageId::CORE;
                let root = if core { PackageId::CORE } else { *root };
                if let Some(other) = self.by_structure.get(&(base.id, root))
                    && asked.contains(other)
                {
                    lines.push((*program, *other));
                }
            }
        }
        lines.sort_unstable();
        lines
    }
}

/// Notes with each program which of `lines` it implies.
pub(super) fn note(programs: &mut Programs, table: &Table, mut lines: Vec<(ProgramId, ProgramId)>) {
    // profiles lead to each other in circles: all is believed until it is refuted
    loop {
        let believed: HashSet<(ProgramId, ProgramId)> = lines.iter().copied().collect();
        let proof = Proof { programs, table, believed: &believed };
        let before = lines.len();
        lines.retain(|(program, other)| proof.program(*program, *other));
        if lines.len() == before {
            break;
        }
    }
    for (program, other) in lines {
        programs.programs[program.0 as usize].implies.push(other);
    }
}

struct Proof<'a> {
    programs: &'a Programs,
    table: &'a Table,
    believed: &'a HashSet<(ProgramId, ProgramId)>,
}

/// The pairs of specs that are being looked at: an element that holds itself is what it is.
type Seen = HashSet<(SpecId, SpecId)>;

impl Proof<'_> {
    fn program(&self, program: ProgramId, other: ProgramId) -> bool {
        let root = |id: ProgramId| self.programs.programs[id.0 as usize].root;
        match (root(program), root(other)) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(wanted)) => self.spec(own, wanted, &mut Seen::new()),
        }
    }

    /// Whether `own` asks all that `wanted` asks.
    fn spec(&self, own: SpecId, wanted: SpecId, seen: &mut Seen) -> bool {
        if own == wanted || !seen.insert((own, wanted)) {
            return true;
        }
        let (own, wanted) = (self.at(own), self.at(wanted));
        let constraint = |id: &crate::profile::program::ConstraintId| {
            let severity = self.programs.constraints[id.0 as usize].severity;
            severity < Severity::Error || own.constraints.contains(id)
        };
        let types = wanted.types.is_empty()
            || (!own.types.is_empty() && own.types.iter().all(|t| wanted.types.contains(t)));
        types
            && (wanted.fixed.is_none() || wanted.fixed == own.fixed)
            && (wanted.pattern.is_none() || wanted.pattern == own.pattern)
            && bounds(own.bounds.as_deref(), wanted.bounds.as_deref())
            && binding(own.binding.as_deref(), wanted.binding.as_deref())
            && self.reference(own.reference.as_deref(), wanted.reference.as_deref())
            && wanted.profiles.iter().all(|p| own.profiles.iter().any(|o| self.profiles(o, p)))
            && wanted.constraints.iter().all(constraint)
            && wanted.children.iter().all(|rule| self.child(own, rule, seen))
    }

    fn at(&self, id: SpecId) -> &Spec {
        &self.programs.specs[id.0 as usize]
    }

    fn implies(&self, own: ProgramId, wanted: ProgramId) -> bool {
        own == wanted || self.believed.contains(&(own, wanted))
    }

    fn profiles(&self, own: &TypeProfiles, wanted: &TypeProfiles) -> bool {
        let each = |o: &ProgramId| wanted.any_of.iter().any(|w| self.implies(*o, *w));
        own.type_id == wanted.type_id
            && !own.any_of.is_empty()
            && own.any_of.iter().all(each)
            && (!own.incomplete || wanted.incomplete)
    }

    fn reference(&self, own: Option<&Reference>, wanted: Option<&Reference>) -> bool {
        let Some(wanted) = wanted else { return true };
        let Some(own) = own else { return false };
        let fits = |is: TypeId, of: TypeId| {
            of == TypeId::NONE || (is != TypeId::NONE && self.table.is_a(is, of))
        };
        let leads = |o: &Target, w: &Target| {
            let known = !o.missing && !w.missing;
            let same =
                o.missing && w.missing && o.type_id == w.type_id && own.names == wanted.names;
            let program = match (o.program, w.program) {
                (_, None) => true,
                (Some(o), Some(w)) => self.implies(o, w),
                (None, Some(_)) => false,
            };
            same || (known && program && fits(o.type_id, w.type_id))
        };
        let ways = wanted.ways == 0 || (own.ways != 0 && own.ways & !wanted.ways == 0);
        let each = |o: &Target| wanted.targets.iter().any(|w| leads(o, w));
        ways && (wanted.targets.is_empty()
            || (!own.targets.is_empty() && own.targets.iter().all(each)))
    }

    fn child(&self, own: &Spec, wanted: &ChildRule, seen: &mut Seen) -> bool {
        let asks = wanted.min > 0 || wanted.max < u32::MAX;
        let Some(rule) = own.rule(wanted.element) else {
            return !asks && wanted.spec.is_none() && wanted.slicing.is_none();
        };
        if rule.min < wanted.min || rule.max > wanted.max {
            return false;
        }
        if rule.max == 0 {
            return true;
        }
        let spec = wanted.spec.is_none_or(|w| rule.spec.is_some_and(|o| self.spec(o, w, seen)));
        spec && match (&rule.slicing, &wanted.slicing) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(wanted)) => self.slicing(own, wanted, seen),
        }
    }

    /// Slices that are added come after all others, so that every item belongs where it belonged.
    fn slicing(&self, own: &Slicing, wanted: &Slicing, seen: &mut Seen) -> bool {
        let added = own.slices.len() > wanted.slices.len();
        let rules = match wanted.rules {
            SlicingRules::Open => true,
            rules => rules == own.rules && !added,
        };
        let order = !wanted.ordered || (own.ordered && !added);
        let mut pairs = own.slices.iter().zip(&wanted.slices);
        rules
            && order
            && own.slices.len() >= wanted.slices.len()
            && pairs.all(|(own, wanted)| self.slice(own, wanted, seen))
    }

    fn slice(&self, own: &Slice, wanted: &Slice, seen: &mut Seen) -> bool {
        let alike = own.name == wanted.name
            && own.parent == wanted.parent
            && own.default == wanted.default
            && own.undecidable == wanted.undecidable
            && own.matchers.len() == wanted.matchers.len()
            && own.matchers.iter().zip(&wanted.matchers).all(|(o, w)| same_matcher(o, w))
            && (wanted.one_of == 0 || wanted.one_of == own.one_of);
        let mut spec = || {
            own.max == 0
                || wanted.spec.is_none_or(|w| own.spec.is_some_and(|o| self.spec(o, w, seen)))
        };
        alike && own.min >= wanted.min && own.max <= wanted.max && spec()
    }
}

fn same_matcher(own: &Matcher, wanted: &Matcher) -> bool {
    let same = |(own, wanted): (&Test, &Test)| match (own, wanted) {
        (Test::Fixed(o), Test::Fixed(w)) | (Test::Pattern(o), Test::Pattern(w)) => o == w,
        (Test::InSet(o), Test::InSet(w)) => Arc::ptr_eq(o, w),
        (Test::Exists(o), Test::Exists(w)) => o == w,
        (Test::Type(o), Test::Type(w)) => o == w,
        (Test::Profile(o), Test::Profile(w)) => o == w,
        _ => false,
    };
    own.path == wanted.path
        && own.tests.len() == wanted.tests.len()
        && own.tests.iter().zip(&wanted.tests).all(same)
}

fn bounds(own: Option<&Bounds>, wanted: Option<&Bounds>) -> bool {
    let Some(wanted) = wanted else { return true };
    own.is_some_and(|own| {
        (own.min, own.max, own.max_length) == (wanted.min, wanted.max, wanted.max_length)
    })
}

/// Only what must be met refuses: required sets, and the largest one.
fn binding(own: Option<&Binding>, wanted: Option<&Binding>) -> bool {
    let Some(wanted) = wanted else { return true };
    if wanted.strength != Strength::Required && wanted.max.is_none() {
        return true;
    }
    own.is_some_and(|own| {
        let max = |one: &Binding| one.max.as_ref().map(|(_, canonical)| Arc::clone(canonical));
        own.strength == wanted.strength
            && own.canonical == wanted.canonical
            && match (&own.set, &wanted.set) {
                (Some(o), Some(w)) => Arc::ptr_eq(o, w),
                (None, None) => true,
                _ => false,
            }
            && max(own) == max(wanted)
    })
}

#[cfg(test)]
mod tests {
    use crate::definitions::LibraryBuilder;
    use crate::profile::{Settings, Validator, Wanted};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn profile(url: &str, of: &str, base: &str, view: &str, elements: Value) -> String {
        json!({
            "resourceType": "StructureDefinition", "url": url, "name": "P", "status": "draft",
            "kind": "resource", "abstract": false, "type": of, "derivation": "constraint",
            "baseDefinition": base, view: {"element": elements}
        })
        .to_string()
    }

    /// Whether a specialisation of these elements implies a profile that asks for a family name of at most one
    /// name, while something refers to that profile.
    fn implied(view: &str, elements: Value) -> bool {
        const FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";
        let wanted = json!([
            {"path": "Patient.name", "min": 1, "max": "1", "constraint": [
                {"key": "p-1", "severity": "error", "human": "h", "expression": "family.exists()"}]}
        ]);
        let refers = json!([{"path": "Observation.subject", "type": [
            {"code": "Reference", "targetProfile": ["urn:wanted"]}]}]);
        let mut builder = LibraryBuilder::new();
        let patient = format!("{FHIR}Patient");
        let observation = format!("{FHIR}Observation");
        let files = [
            profile("urn:wanted", "Patient", &patient, "differential", wanted),
            profile("urn:own", "Patient", "urn:wanted", view, elements),
            profile("urn:refers", "Observation", &observation, "differential", refers),
        ];
        for (at, file) in files.iter().enumerate() {
            builder.add_json(&format!("{at}.json"), file);
        }
        let (library, _) = builder.build();
        let (validator, _) =
            Validator::build(&Arc::new(library), &Wanted::All, &Settings::default());
        let programs = &validator.programs.programs;
        let at = |url: &str| programs.iter().position(|p| &*p.canonical == url).unwrap();
        programs[at("urn:own")].implies.iter().any(|p| p.0 as usize == at("urn:wanted"))
    }

    #[test]
    fn what_only_restricts_implies_what_it_builds_on() {
        assert!(implied("differential", json!([{"path": "Patient.birthDate", "min": 1}])));
        assert!(implied("differential", json!([{"path": "Patient.name.given", "min": 1}])));
    }

    #[test]
    fn what_says_less_than_what_it_builds_on_implies_nothing() {
        let root = json!({"id": "Patient", "path": "Patient", "min": 0, "max": "*"});
        let name = |min: u32, max: &str| {
            json!({"id": "Patient.name", "path": "Patient.name", "min": min, "max": max,
                   "type": [{"code": "HumanName"}]})
        };
        for elements in [
            json!([root]),
            json!([root, name(0, "1")]),
            json!([root, name(1, "*")]),
            json!([root, name(1, "1")]),
        ] {
            assert!(!implied("snapshot", elements.clone()), "{elements}");
        }
    }
}
