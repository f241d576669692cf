//! Lists what loaded definitions name and nothing defines.
//!
//! Promises: each canonical once, with who names it first. What is missing cannot be checked later, and this
//! is where a person learns of it. Never: lists the embedded core's own gaps; those are known.

use super::core::Kind;
use super::library::{Body, Library, PackageId, Scope, Stored};
use super::model::{ElementDefinition, Strength, StructureDefinition, ValueSet};
use super::terminology::Syntax;
use super::version;
use crate::message::{Diagnostic, Origin, Severity};
use std::collections::{BTreeMap, HashSet};

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/Base";

/// Adds one diagnostic per missing canonical.
pub fn list(library: &Library, diagnostics: &mut Vec<Diagnostic>) {
    let mut search = Search { library, seen: HashSet::default(), found: BTreeMap::new() };
    for one in library.stored.iter().filter(|one| one.package != PackageId::CORE) {
        match &one.body {
            Body::Structure(structure) => search.structure(one, structure),
            Body::ValueSet(set) => search.value_set(one, set),
            _ => {}
        }
    }
    for ((kind, canonical), (file, problem)) in search.found {
        diagnostics.push(diagnostic(kind, canonical, file, &problem));
    }
}

enum Problem {
    Missing,
    OtherVersion(Box<str>),
}

fn diagnostic(kind: u8, canonical: &str, file: Box<str>, problem: &Problem) -> Diagnostic {
    let origin = Origin { file, ..Origin::default() };
    let (id, what) = match kind {
        0 => ("definitions-missing-structure", "StructureDefinition"),
        1 => ("definitions-missing-value-set", "ValueSet"),
        _ => ("definitions-missing-code-system", "CodeSystem"),
    };
    match problem {
        Problem::Missing => {
            let text = format!("the {what} {canonical} is named here and loaded from nowhere");
            let mut one = Diagnostic::warning(origin, id, text)
                .help("what it would check is reported as not checked");
            if kind == 2 {
                // large code systems are never loaded: worth knowing, not worth mending
                one.severity = Severity::Information;
            }
            one
        }
        Problem::OtherVersion(version) => {
            let text = format!("the {what} {canonical} is not loaded; {version} stands in for it");
            let one = Diagnostic::warning(origin, "definitions-other-version", text);
            Diagnostic { severity: Severity::Information, ..one }
        }
    }
}

struct Search<'a> {
    library: &'a Library,
    seen: HashSet<(PackageId, u8, &'a str), foldhash::fast::FixedState>,
    found: BTreeMap<(u8, &'a str), (Box<str>, Problem)>,
}

impl<'a> Search<'a> {
    fn structure(&mut self, by: &'a Stored, one: &'a StructureDefinition) {
        // models derive from Base, which R4 draws in its pictures and does not define
        if let Some(base) = one.base.as_ref().filter(|base| &***base != BASE) {
            self.named(by, Kind::Structure, base);
        }
        for element in one.snapshot.iter().chain(&one.differential) {
            self.element(by, element);
        }
    }

    fn element(&mut self, by: &'a Stored, element: &'a ElementDefinition) {
        for one in &element.types {
            for profile in one.profiles.iter().chain(&one.target_profiles) {
                self.named(by, Kind::Structure, profile);
            }
        }
        let Some(binding) = &element.binding else { return };
        let checked = matches!(binding.strength, Strength::Required | Strength::Extensible);
        for set in binding.value_set.iter().filter(|_| checked).chain(&binding.max_value_set) {
            self.named(by, Kind::ValueSet, set);
        }
    }

    fn value_set(&mut self, by: &'a Stored, set: &'a ValueSet) {
        for part in set.include.iter().chain(&set.exclude) {
            for nested in &part.value_sets {
                self.named(by, Kind::ValueSet, nested);
            }
            let listed = !part.codes.is_empty();
            if let Some(system) =
                part.system.as_ref().filter(|s| !listed && Syntax::of(s).is_none())
            {
                self.named(by, Kind::CodeSystem, system);
            }
        }
    }

    fn named(&mut self, by: &'a Stored, kind: Kind, canonical: &'a str) {
        if !self.seen.insert((by.package, kind as u8, canonical)) {
            return;
        }
        let problem = match self.library.resolve(kind, canonical, Scope::of(by.package)) {
            None => Problem::Missing,
            Some(id) => {
                let version = self.library.listed(id).version;
                match canonical.split_once('|') {
                    Some((_, asked)) if !version::fits(asked, version) => {
                        Problem::OtherVersion(version.into())
                    }
                    _ => return,
                }
            }
        };
        let named = match problem {
            Problem::Missing => canonical.split('|').next().unwrap_or_default(),
            Problem::OtherVersion(_) => canonical,
        };
        let key = (kind as u8, named);
        let file = self.library.place_of(by);
        self.found.entry(key).or_insert((file, problem));
    }
}
