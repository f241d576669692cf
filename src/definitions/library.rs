//! The library: the embedded R4 core and every loaded package, many versions of one canonical at once.
//!
//! Promises: once built it does not change; a canonical resolves the same way every time: explicit version;
//! the package that names it; the root's direct dependencies; then breadth first through its closure; then
//! R4 core and the support files. Never: fetches anything, or prefers what happened to load last.

use super::core::{Core, Kind};
use super::model::{CodeSystem, ConceptMap, Include, StructureDefinition, ValueSet};
use super::version;
use crate::tree::Names;
use crate::tree::types::Table;
use std::collections::HashMap;
use std::sync::Arc;

/// A loaded package. [`PackageId::CORE`] is the embedded R4 core.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PackageId(pub u16);

impl PackageId {
    /// The embedded R4 core.
    pub const CORE: PackageId = PackageId(0);
    /// The files that were added one by one; the package is there even when there were none.
    pub const SUPPORT: PackageId = PackageId(1);
}

/// What is known about a package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackageInfo {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
    /// The packages it depends on, with the versions it asks for.
    pub dependencies: Vec<(Box<str>, Box<str>)>,
}

/// Where a canonical is named: in which package, and on behalf of which message's root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scope {
    /// The package that a message's version points to.
    pub root: PackageId,
    /// The package whose definition names the canonical.
    pub from: PackageId,
}

impl Scope {
    /// The scope of what a message itself names.
    pub fn of(root: PackageId) -> Scope {
        Scope { root, from: root }
    }

    /// The same root, seen from another package.
    pub fn seen_from(self, from: PackageId) -> Scope {
        Scope { from, ..self }
    }
}

/// A definition of the library, whatever its kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct DefinitionId(pub u32);

/// A StructureDefinition of the library.
#[derive(Clone, Copy, Debug)]
pub struct StructureRef<'a> {
    /// Its id: the same canonical in another version has another.
    pub id: DefinitionId,
    /// The definition.
    pub definition: &'a StructureDefinition,
    /// The package that defines it.
    pub package: PackageId,
}

/// What is listed about a definition.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Its id.
    pub id: DefinitionId,
    /// What it is.
    pub kind: Kind,
    /// Its canonical.
    pub url: &'a str,
    /// Its version; empty when it says none.
    pub version: &'a str,
    /// The package that defines it.
    pub package: PackageId,
    /// The file it came from: a member's name; empty in the core.
    pub file: &'a str,
}

/// A definition as it is kept.
pub(super) enum Body {
    /// A value set, code system or concept map of the core, by its place there.
    Core(usize),
    Structure(Box<StructureDefinition>),
    ValueSet(Box<ValueSet>),
    CodeSystem(Box<CodeSystem>),
    ConceptMap(Box<ConceptMap>),
}

pub(super) struct Stored {
    pub kind: Kind,
    pub url: Box<str>,
    pub version: Box<str>,
    pub package: PackageId,
    pub file: Box<str>,
    pub body: Body,
}

/// The library.
pub struct Library {
    pub(super) core: Core,
    pub(super) table: Arc<Table>,
    pub(super) packages: Vec<PackageInfo>,
    /// For each package what it reaches, itself first, then its dependencies breadth first.
    pub(super) closures: Vec<Vec<PackageId>>,
    pub(super) stored: Vec<Stored>,
    pub(super) by_url: ByUrl,
    pub(super) aliases: HashMap<Box<str>, Box<str>>,
    pub(super) terminology: super::terminology::Cache,
    pub(super) wire: super::Wire,
}

/// Definitions by kind and canonical, in the order they were added.
#[derive(Default)]
pub(super) struct ByUrl([HashMap<Box<str>, Vec<u32>, foldhash::fast::FixedState>; 4]);

impl ByUrl {
    pub(super) fn add(&mut self, kind: Kind, url: &str, at: u32) {
        let all = &mut self.0[kind as usize];
        match all.get_mut(url) {
            Some(list) => list.push(at),
            None => {
                all.insert(url.into(), vec![at]);
            }
        }
    }

    fn find(&self, kind: Kind, url: &str) -> &[u32] {
        self.0[kind as usize].get(url).map_or(&[], |list| list)
    }
}

impl Library {
    /// The table of types: FHIR's and every loaded model's.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The codecs over the table.
    pub fn wire(&self) -> &super::Wire {
        &self.wire
    }

    /// The names that messages' trees are made over.
    pub fn names(&self) -> &Arc<Names> {
        self.table.names()
    }

    /// The packages; a [`PackageId`] is a place in this list.
    pub fn packages(&self) -> &[PackageInfo] {
        &self.packages
    }

    /// A package.
    pub fn package(&self, id: PackageId) -> &PackageInfo {
        &self.packages[usize::from(id.0)]
    }

    /// The loaded package of that name and version.
    pub fn find_package(&self, name: &str, version: &str) -> Option<PackageId> {
        let at = self.packages.iter().position(|p| &*p.name == name && &*p.version == version)?;
        Some(PackageId(at as u16))
    }

    /// What a package reaches, itself first, then breadth first.
    pub fn closure(&self, root: PackageId) -> &[PackageId] {
        &self.closures[usize::from(root.0)]
    }

    /// Everything of one kind, in the order it was added (the core's first).
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = Listed<'_>> {
        self.stored
            .iter()
            .enumerate()
            .filter(move |(_, s)| s.kind == kind)
            .map(|(at, _)| self.listed(DefinitionId(at as u32)))
    }

    /// What is listed about a definition.
    pub fn listed(&self, id: DefinitionId) -> Listed<'_> {
        let one = &self.stored[id.0 as usize];
        Listed {
            id,
            kind: one.kind,
            url: &one.url,
            version: &one.version,
            package: one.package,
            file: &one.file,
        }
    }

    /// Where a definition came from: `package#version!member`, or a support file's name.
    pub fn place(&self, id: DefinitionId) -> Box<str> {
        self.place_of(&self.stored[id.0 as usize])
    }

    pub(super) fn place_of(&self, one: &Stored) -> Box<str> {
        let package = self.package(one.package);
        match one.package {
            PackageId::SUPPORT => one.file.clone(),
            _ => format!("{}#{}!{}", package.name, package.version, one.file).into(),
        }
    }

    /// Which definition a canonical, perhaps with `|version`, means. Aliases are followed where nothing has
    /// the canonical itself.
    pub fn resolve(&self, kind: Kind, canonical: &str, scope: Scope) -> Option<DefinitionId> {
        self.resolve_as_named(kind, canonical, scope).or_else(|| {
            let url = canonical.split('|').next().unwrap_or_default();
            let alias = self.aliases.get(canonical).or_else(|| self.aliases.get(url))?;
            self.resolve_as_named(kind, alias, scope)
        })
    }

    fn resolve_as_named(&self, kind: Kind, canonical: &str, scope: Scope) -> Option<DefinitionId> {
        let (url, asked) = match canonical.split_once('|') {
            Some((url, asked)) => (url, Some(asked)),
            None => (canonical, None),
        };
        let url = url.split('#').next().unwrap_or_default();
        let candidates = self.by_url.find(kind, url);
        let version_of = |at: u32| &*self.stored[at as usize].version;
        let found = match asked {
            None => self.first_in_scope(candidates, scope),
            Some(asked) => {
                let fitting: Vec<u32> = candidates
                    .iter()
                    .copied()
                    .filter(|at| version::fits(asked, version_of(*at)))
                    .collect();
                self.first_in_scope(&fitting, scope)
                    .or_else(|| self.newest(&fitting))
                    .or_else(|| version::nearest(asked, candidates, version_of))
            }
        };
        found.map(DefinitionId)
    }

    fn first_in_scope(&self, candidates: &[u32], scope: Scope) -> Option<u32> {
        if candidates.is_empty() {
            return None;
        }
        let last = [PackageId::CORE, PackageId::SUPPORT];
        std::iter::once(&scope.from).chain(self.closure(scope.root)).chain(&last).find_map(
            |package| {
                let inside = |at: &&u32| self.stored[**at as usize].package == *package;
                candidates.iter().filter(inside).copied().reduce(|a, b| self.newer(a, b))
            },
        )
    }

    fn newest(&self, candidates: &[u32]) -> Option<u32> {
        candidates.iter().copied().reduce(|a, b| self.newer(a, b))
    }

    fn newer(&self, a: u32, b: u32) -> u32 {
        let version_of = |at: u32| &self.stored[at as usize].version;
        if version::compare(version_of(b), version_of(a)).is_gt() { b } else { a }
    }

    /// Whether anything of that kind has that canonical, whatever its version; aliases are not followed.
    pub fn has(&self, kind: Kind, canonical: &str) -> bool {
        let url = canonical.split(['|', '#']).next().unwrap_or_default();
        !self.by_url.find(kind, url).is_empty()
    }

    /// What loaded value sets call the codes that they list: (system, code, word).
    pub fn words_of_sets(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.chosen().flat_map(|part| {
            let system = part.system.as_deref().unwrap_or_default();
            part.words.iter().map(move |(at, word)| (system, &*part.codes[*at as usize], &**word))
        })
    }

    /// The systems that value sets choose codes of, again and again.
    pub fn systems_of_sets(&self) -> impl Iterator<Item = &str> {
        self.chosen().filter_map(|part| part.system.as_deref())
    }

    /// What all value sets include, part by part.
    fn chosen(&self) -> impl Iterator<Item = &Include> {
        let sets = self.stored.iter().filter_map(|one| match &one.body {
            Body::ValueSet(set) => Some(set),
            _ => None,
        });
        sets.flat_map(|set| &set.include)
    }

    /// The StructureDefinition that a canonical means.
    pub fn structure(&self, canonical: &str, scope: Scope) -> Option<StructureRef<'_>> {
        self.structure_of(self.resolve(Kind::Structure, canonical, scope)?)
    }

    /// A StructureDefinition by its id; none when the id is of something else.
    pub fn structure_of(&self, id: DefinitionId) -> Option<StructureRef<'_>> {
        let one = &self.stored[id.0 as usize];
        let definition = match &one.body {
            Body::Structure(definition) => definition,
            _ => return None,
        };
        Some(StructureRef { id, definition, package: one.package })
    }

    /// The definition of a FHIR type by its name: `Patient`.
    pub fn type_definition(&self, name: &str) -> Option<StructureRef<'_>> {
        let url = format!("http://hl7.org/fhir/StructureDefinition/{name}");
        self.structure(&url, Scope::of(PackageId::CORE))
    }

    /// Every ConceptMap.
    pub fn concept_maps(&self) -> impl Iterator<Item = (DefinitionId, ConceptMap)> + '_ {
        self.list(Kind::ConceptMap).filter_map(|one| Some((one.id, self.concept_map_of(one.id)?)))
    }

    /// The ConceptMap that a canonical means.
    pub fn concept_map(&self, canonical: &str, scope: Scope) -> Option<ConceptMap> {
        self.concept_map_of(self.resolve(Kind::ConceptMap, canonical, scope)?)
    }

    fn concept_map_of(&self, id: DefinitionId) -> Option<ConceptMap> {
        match &self.stored[id.0 as usize].body {
            Body::ConceptMap(map) => Some((**map).clone()),
            Body::Core(at) => Some(self.core.concept_map(*at)),
            _ => None,
        }
    }

    /// The package that a message's profile belongs to: of those whose definition (or package) has the version
    /// asked for, `|version` in the canonical or a hint such as `5.0`, the newest; when none has it, or none
    /// is asked for, the newest that defines the canonical.
    pub fn root_of(&self, profile: &str, hint: Option<&str>) -> Option<PackageId> {
        let (url, asked) = match profile.split_once('|') {
            Some((url, asked)) => (url, Some(asked)),
            None => (profile, hint),
        };
        let candidates = self.by_url.find(Kind::Structure, url);
        let has = |at: &u32, asked: &str| {
            let one = &self.stored[*at as usize];
            let package = &self.package(one.package).version;
            version::fits(asked, &one.version) || version::fits(asked, package)
        };
        let all = || candidates.iter().copied();
        let newest = |a, b| self.newer_package(a, b);
        let fitting = asked.and_then(|asked| all().filter(|at| has(at, asked)).reduce(newest));
        let at = fitting.or_else(|| all().reduce(newest))?;
        Some(self.stored[at as usize].package)
    }

    /// Support files come before every package: whoever adds one means it.
    fn newer_package(&self, a: u32, b: u32) -> u32 {
        let key = |at: u32| {
            let package = self.stored[at as usize].package;
            (package == PackageId::SUPPORT, &*self.package(package).version)
        };
        let ((a_support, a_version), (b_support, b_version)) = (key(a), key(b));
        let order = b_support.cmp(&a_support).then(version::compare(b_version, a_version));
        if order.is_gt() { b } else { a }
    }
}
