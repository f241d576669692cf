//! What each package reaches through its dependencies.
//!
//! Promises: breadth first in the order that a package lists its dependencies by name; a version that is not
//! loaded is replaced by the nearest that is, said once. Never: leaves a package out silently.

use super::library::{PackageId, PackageInfo};
use super::version;
use crate::message::{Diagnostic, Origin, Severity};
use std::collections::BTreeMap;

/// Packages whose R4 content is a part of the embedded core, or is not needed beside it.
pub(super) fn is_core(name: &str) -> bool {
    name == "hl7.fhir.r4.core"
        || name.starts_with("hl7.terminology")
        || name.starts_with("hl7.fhir.uv.extensions")
        || name == "hl7.fhir.r4.expansions"
}

/// For each package what it reaches, itself first.
pub fn closures(
    packages: &[PackageInfo],
    strict: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Vec<PackageId>> {
    let mut said = Said::default();
    let direct: Vec<Vec<PackageId>> =
        packages.iter().map(|one| dependencies(one, packages, &mut said)).collect();
    said.tell(strict, diagnostics);
    let mut closures: Vec<_> = (0..packages.len()).map(|root| reach(root, &direct)).collect();
    closures[usize::from(PackageId::SUPPORT.0)] = from_support(packages);
    closures
}

fn reach(root: usize, direct: &[Vec<PackageId>]) -> Vec<PackageId> {
    let mut order = vec![PackageId(root as u16)];
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for package in &direct[usize::from(at.0)] {
            if !order.contains(package) {
                order.push(*package);
            }
        }
    }
    order
}

/// Support files may name whatever is loaded: the core first, then of each package the newest version.
fn from_support(packages: &[PackageInfo]) -> Vec<PackageId> {
    let mut rest: Vec<usize> = (2..packages.len()).collect();
    rest.sort_by(|a, b| {
        let (a, b) = (&packages[*a], &packages[*b]);
        version::compare(&b.version, &a.version).then(a.name.cmp(&b.name))
    });
    let first = [PackageId::SUPPORT, PackageId::CORE];
    first.into_iter().chain(rest.into_iter().map(|at| PackageId(at as u16))).collect()
}

fn dependencies(one: &PackageInfo, packages: &[PackageInfo], said: &mut Said) -> Vec<PackageId> {
    let mut found = Vec::new();
    for (name, asked) in &one.dependencies {
        if is_core(name) {
            found.push(PackageId::CORE);
            continue;
        }
        let loaded: Vec<usize> =
            (0..packages.len()).filter(|at| packages[*at].name == *name).collect();
        let version_of = |at: usize| &*packages[at].version;
        let exact = loaded
            .iter()
            .copied()
            .filter(|at| version::fits(asked, version_of(*at)))
            .max_by(|a, b| version::compare(version_of(*a), version_of(*b)));
        let at = exact.or_else(|| {
            let stand_in = version::nearest(asked, &loaded, version_of);
            said.note(one, name, asked, stand_in.map(version_of));
            stand_in
        });
        found.extend(at.map(|at| PackageId(at as u16)));
    }
    found
}

/// A package's name and the version asked for.
type Asked = (Box<str>, Box<str>);

/// What is not loaded: who asked for it first, and the version that stands in.
#[derive(Default)]
struct Said(BTreeMap<Asked, (Box<str>, Option<Box<str>>)>);

impl Said {
    fn note(&mut self, by: &PackageInfo, name: &str, asked: &str, stand_in: Option<&str>) {
        let by = || format!("{}#{}", by.name, by.version).into();
        let key = (name.into(), asked.into());
        self.0.entry(key).or_insert_with(|| (by(), stand_in.map(Into::into)));
    }

    fn tell(self, strict: bool, diagnostics: &mut Vec<Diagnostic>) {
        for ((name, asked), (by, stand_in)) in self.0 {
            let origin = Origin { file: by, ..Origin::default() };
            let mut one = match stand_in {
                Some(version) => Diagnostic::warning(
                    origin,
                    "definitions-other-version",
                    format!("{name} {asked} is not loaded; {version} stands in for it"),
                ),
                None => Diagnostic::warning(
                    origin,
                    "definitions-missing-package",
                    format!("{name} {asked} is not loaded, nor any other version of it"),
                ),
            };
            if strict {
                one.severity = Severity::Error;
            }
            diagnostics.push(one);
        }
    }
}
