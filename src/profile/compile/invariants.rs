//! Invariants -> constraints: which are code of our own, which are replaced, which are compiled.
//!
//! Promises: an expression that does not compile is said once, and "not checked" from then on; one that can
//! never fail (`ofType` of a type its input cannot have) is said to be vacuous.

use super::Compiler;
use super::element::name_of;
use crate::definitions::model::{Constraint as Invariant, ElementDefinition, StructureDefinition};
use crate::message::Severity;
use crate::profile::paths;
use crate::profile::program::{Check, Constraint, ConstraintId, Guard};
use crate::profile::rules::native::Native;
use crate::tree::types::{ElementId, TypeId, TypeKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Constraints met so far, by key, expression and types.
pub(super) type Known = HashMap<(Box<str>, Box<str>, Vec<TypeId>, bool), ConstraintId>;

/// What is done with an official invariant that is known to be faulty.
enum Instead {
    /// Code of our own checks it at every node, without being asked.
    Code,
    /// This expression.
    Expression(&'static str),
}

/// (key, instead, why). Kept apart from the compiler so that each line can be argued with.
const REPLACED: &[(&str, Instead, &str)] = &[
    ("ele-1", Instead::Code, "on every element: rules/empty.rs and rules/primitive.rs"),
    ("txt-1", Instead::Code, "htmlChecks() is no FHIRPath: rules/narrative.rs"),
    ("txt-2", Instead::Code, "htmlChecks() is no FHIRPath: rules/narrative.rs"),
    (
        "dom-3",
        Instead::Code,
        "as(canonical) on a collection is an error; nobody evaluates it as published",
    ),
    (
        "ref-1",
        Instead::Code,
        "%rootResource is the Bundle inside one, so contained ids are never found",
    ),
    (
        "con-3",
        Instead::Expression(
            "clinicalStatus.exists() or verificationStatus.coding.where(system = \
             'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = \
             'entered-in-error').exists() or category.coding.where(code = \
             'problem-list-item').empty()",
        ),
        "category is a CodeableConcept and never equal to a string",
    ),
    (
        "tim-9",
        Instead::Expression(
            "offset.empty() or (when.exists() and when.all(($this in \
             ('C' | 'CM' | 'CD' | 'CV')).not()))",
        ),
        "select() over an empty input makes the rest empty in some editions",
    ),
    (
        "ras-2",
        Instead::Expression(
            "probability.ofType(decimal).exists() implies probability.ofType(decimal) <= 100",
        ),
        "`is decimal` names the FHIR type, which some engines read as System.Decimal",
    ),
    (
        "que-7",
        Instead::Expression("operator = 'exists' implies (answer.ofType(boolean).exists())"),
        "`is Boolean` names the system type, while the answer is a FHIR boolean",
    ),
    (
        "que-12",
        Instead::Expression("enableWhen.count() >= 2 implies enableBehavior.exists()"),
        "its words say more than one, its expression more than two",
    ),
    (
        "opd-3",
        Instead::Expression(
            "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or \
             type.memberOf('http://hl7.org/fhir/ValueSet/resource-types') or type = 'Any' or \
             type = 'Resource')",
        ),
        "published operations state target profiles on resources too",
    ),
    (
        "eld-19",
        Instead::Expression(
            r#"path.matches('^[^\\s.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s.]+)?)*$')"#,
        ),
        "matches() finds anywhere, so that the published one holds for every path",
    ),
    (
        "eld-20",
        Instead::Expression(
            r"path.matches('^[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*$')",
        ),
        "matches() finds anywhere, so that the published one holds for every path",
    ),
];

/// The expression that all `name.matches` invariants have, and what it must be to say what they mean.
const NAME: (&str, &str) = (
    "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
    "name.empty() or name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
);

impl<'a> Compiler<'a> {
    /// The constraints that a profile adds to those of its base, its slice's head included.
    pub(super) fn own_constraints(
        &mut self,
        structure: &'a StructureDefinition,
        element: &'a ElementDefinition,
        (elements, types): (&[ElementId], &[TypeId]),
        head: Option<&'a ElementDefinition>,
    ) -> Box<[ConstraintId]> {
        let programs = &self.programs;
        let of_element = elements.iter().filter_map(|e| programs.base_elements[e.0 as usize]);
        let of_type = types
            .iter()
            .filter(|t| **t != TypeId::NONE)
            .filter_map(|t| programs.base_types[t.0 as usize]);
        let mut keys: Vec<Arc<str>> = Vec::new();
        for spec in of_element.chain(of_type) {
            let inherited = programs.specs[spec.0 as usize].constraints.iter();
            keys.extend(inherited.map(|c| Arc::clone(&programs.constraints[c.0 as usize].key)));
        }
        let skip = |one: &Invariant| {
            keys.iter().any(|k| **k == *one.key)
                || head.is_some_and(|h| h.constraints.iter().any(|c| c.key == one.key))
        };
        self.constraints(structure, element, types, &skip)
    }

    /// The constraints of an element, less those to be skipped.
    pub(super) fn constraints(
        &mut self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
        types: &[TypeId],
        skip: &dyn Fn(&Invariant) -> bool,
    ) -> Box<[ConstraintId]> {
        let mut all = Vec::new();
        for one in element.constraints.iter().filter(|c| !skip(c)) {
            all.extend(self.constraint(structure, element, types, one));
        }
        all.into()
    }

    fn constraint(
        &mut self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
        types: &[TypeId],
        one: &Invariant,
    ) -> Option<ConstraintId> {
        let best_practice = one.best_practice || &*one.key == "dom-6";
        let published = one.expression.as_deref()?;
        if best_practice && !self.settings.best_practice {
            return None;
        }
        let replaced = REPLACED.iter().find(|(key, ..)| *key == &*one.key).map(|(_, i, _)| i);
        let text = match replaced {
            Some(Instead::Code) => return None,
            Some(Instead::Expression(text)) => text,
            None if published == NAME.0 => NAME.1,
            None => published,
        };
        let native = Native::of(&one.key).filter(|_| is_official(one, structure));
        // what holds without being asked where a child is not there is told by the type's own
        let guarded = native.is_none_or(|native| native.looks_at().is_some());
        let context = if guarded { types.to_vec() } else { Vec::new() };
        // what an element asks of the resource in it is asked for the one that holds it
        let resource = |t: &TypeId| self.table.type_of(*t).kind == TypeKind::Resource;
        let held = element.path.contains('.') && types.iter().any(resource);
        let known = (one.key.clone(), text.into(), context, held);
        if let Some(id) = self.invariants.get(&known) {
            return Some(*id);
        }
        let check = match native {
            Some(native) => Check::Native(native),
            None => self.expression(structure, element, (types, held), (one, text))?,
        };
        let id = ConstraintId(self.programs.constraints.len() as u32);
        let asks = matches!(&check, Check::Expression(one) if one.asks_conformance());
        self.programs.constraints.push(Constraint {
            guard: self.guard(types, &check),
            asks,
            key: Arc::from(&*one.key),
            human: Arc::from(&*one.human),
            severity: if one.is_error { Severity::Error } else { Severity::Warning },
            check,
        });
        self.invariants.insert(known, id);
        Some(id)
    }

    /// What an invariant of nodes of one type need not be asked without.
    fn guard(&self, types: &[TypeId], check: &Check) -> Option<Guard> {
        let [type_id] = types else { return None };
        if *type_id == TypeId::NONE {
            return None;
        }
        let from = self.table.type_of(*type_id).elements.first()?.0;
        let place = |e: &ElementId| 1u128 << e.0.wrapping_sub(from).min(127);
        let mask = match check {
            Check::Native(native) => place(&self.element_named(*type_id, native.looks_at()?)?),
            Check::Expression(expression) => {
                let vacuity = expression.vacuity().filter(|v| v.result == Some(true))?;
                vacuity.elements.iter().map(place).fold(0, |all, one| all | one)
            }
            Check::Never(_) => return None,
        };
        Some(Guard { type_id: *type_id, mask })
    }

    fn expression(
        &mut self,
        structure: &StructureDefinition,
        element: &ElementDefinition,
        (types, held): (&[TypeId], bool),
        (one, text): (&Invariant, &str),
    ) -> Option<Check> {
        if let Some(why) = paths::vacuous(text, self.table, types) {
            let text = format!("{} can never fail, for {why}", one.key);
            self.warn(structure, name_of(element), "profile-vacuous", text);
            return None;
        }
        Some(match paths::compile_leniently(text, self.table, types, held) {
            Ok((expression, fault)) => {
                if let Some(fault) = fault {
                    let text = format!("{} is evaluated as it stands: {fault}", one.key);
                    self.warn(structure, name_of(element), "profile-invariant", text);
                }
                if paths::loose_pattern(text) {
                    let text =
                        format!("{}: `^a|b$` means a beginning or an end, not a whole", one.key);
                    self.warn(structure, name_of(element), "profile-loose-pattern", text);
                }
                Check::Expression(Box::new(expression))
            }
            Err(fault) => {
                let text = format!("{} is not checked: {fault}", one.key);
                self.warn(structure, name_of(element), "profile-invariant", text);
                Check::Never(fault.into())
            }
        })
    }
}

/// Whether an invariant is one of FHIR's own, and not a package's of the same key.
fn is_official(one: &Invariant, structure: &StructureDefinition) -> bool {
    const FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";
    let source = one.source.as_deref().unwrap_or(&structure.url);
    source.strip_prefix(FHIR).is_some_and(|rest| !rest.contains('/'))
}
