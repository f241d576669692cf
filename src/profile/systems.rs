//! The code systems and value sets that messages are asked about by name, under each root; made at load.
//!
//! Promises: a message's path only looks up. Never: makes anything while a message waits.

use super::program::{Check, Programs, ValueSetKey};
use super::rules::coding::Words;
use crate::definitions::core::Kind;
use crate::definitions::terminology::CodeSystemIndex;
use crate::definitions::{Library, PackageId, Scope};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The value sets that invariants ask about by name, under each root.
pub(super) type ValueSets =
    HashMap<Box<str>, Vec<(PackageId, ValueSetKey)>, foldhash::fast::FixedState>;

/// The code systems, under each root.
pub(super) type Systems = HashMap<Box<str>, Vec<System>, foldhash::fast::FixedState>;

/// A code system under one root.
pub(super) struct System {
    pub root: PackageId,
    pub canonical: Arc<str>,
    pub index: Arc<CodeSystemIndex>,
    /// Whether a code that is not in it is wrong. HL7's terminology has grown since R4 core was published.
    pub whole: bool,
}

/// The value sets that invariants name, expanded under each root.
pub(super) fn value_sets(library: &Library, programs: &Programs, roots: &[PackageId]) -> ValueSets {
    let mut all = ValueSets::default();
    for one in &programs.constraints {
        let Check::Expression(expression) = &one.check else { continue };
        for canonical in expression.value_sets() {
            if all.contains_key(canonical) {
                continue;
            }
            let under =
                |root: &PackageId| Some((*root, library.value_set(canonical, Scope::of(*root))?));
            all.insert(canonical.into(), roots.iter().filter_map(under).collect());
        }
    }
    all
}

/// The code systems of all roots, made ready; those of R4 core are the same under every root.
pub(super) fn systems(library: &Library, roots: &[PackageId]) -> Systems {
    let mut all = Systems::default();
    // single files are seen by every message, whether profiles are compiled for them or not
    let support = [PackageId::SUPPORT].into_iter().filter(|s| !roots.contains(s));
    for root in &roots.iter().copied().chain(support).collect::<Vec<_>>() {
        let closure = library.closure(*root);
        let own = |package: PackageId| {
            package == *root || (package != PackageId::CORE && closure.contains(&package))
        };
        let listed = library.list(Kind::CodeSystem).filter(|one| own(one.package));
        for url in listed.map(|one| one.url) {
            let Some(index) = library.code_system(url, Scope::of(*root)) else { continue };
            let whole = index.is_complete() && !url.starts_with("http://terminology.hl7.org/");
            let known: &mut Vec<System> = all.entry(url.into()).or_default();
            if !index.is_empty() && known.iter().all(|s| s.root != *root) {
                known.push(System { root: *root, canonical: url.into(), index, whole });
            }
        }
    }
    all
}

/// What value sets call codes that no loaded version of their system calls them.
pub(super) fn words(library: &Library, systems: &Systems) -> Words {
    Words::new(library.words_of_sets(), |system, code, word| {
        let versions = systems.get(system).map_or(&[][..], |all| all);
        let called = |one: &System| one.index.is_called(code, word);
        versions.iter().any(|one| called(one) == Some(false))
    })
}

/// Value sets that loaded value sets name as systems, as MedCom's terminology 1.4.0 does: a message can only say the same.
pub(super) fn misnamed(library: &Library) -> HashSet<Box<str>> {
    let sets = library.systems_of_sets().filter(|system| system.contains("/ValueSet/"));
    sets.map(Into::into).collect()
}
