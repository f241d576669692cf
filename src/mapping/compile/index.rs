//! What maps know of each other, found once for all of them: who may call whose groups, which groups are the
//! rule for which pair of types.
//!
//! Promises: a group's types are compared by what they are called, so that another version's `HumanName` finds
//! its rule; imports are not followed further. Never: a finding.

use crate::mapping::ast::{Map, Name, TypeMode, Use, Uses};
use crate::tree::types::{Table, TypeId, TypeKind};
use std::collections::HashMap;

/// FHIR's own canonicals.
pub(super) const FHIR: &str = "http://hl7.org/fhir/";

/// The versions whose types are the ones that are built in. R4B has R4's, but for a few.
const OWN: [&str; 5] = ["4.0", "4.0.1", "R4", "4.3", "R4B"];

/// The types of that name are others in R4B.
const OTHER_IN_R4B: [&str; 2] = ["Evidence", "EvidenceVariable"];

/// The side of a map that a name stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Target,
}

impl Side {
    fn of(one: &Uses) -> Side {
        match one.mode {
            Use::Source | Use::Queried => Side::Source,
            Use::Target | Use::Produced => Side::Target,
        }
    }
}

/// What a type's name means.
pub(super) enum Named<'m> {
    Known(TypeId),
    /// A model that nobody has loaded: its canonical, or one beside which it must be.
    NotLoaded(&'m str),
    Unknown,
}

/// A group that is the rule for a pair of types.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub group: usize,
    /// The types by what they are called.
    pub from: TypeId,
    pub to: TypeId,
    pub mode: TypeMode,
}

pub(super) struct Index {
    /// For each map: those whose groups it may call, itself first.
    pub reachable: Vec<Vec<usize>>,
    /// For each map: its imports that no map fits.
    pub unresolved: Vec<Vec<usize>>,
    pub pairs: Vec<Vec<Pair>>,
    /// For each map: whether another may call its groups.
    pub imported: Vec<bool>,
    by_name: HashMap<Box<str>, Vec<(usize, usize)>>,
    /// Logical models by the last part of their canonical; none where several have it.
    models: HashMap<Box<str>, Option<TypeId>>,
    /// Whether some map uses a model that nobody has loaded.
    pub incomplete: bool,
}

impl Index {
    pub fn new(maps: &[Map], table: &Table) -> Index {
        let mut index = Index {
            reachable: Vec::new(),
            unresolved: Vec::new(),
            pairs: Vec::new(),
            imported: vec![false; maps.len()],
            by_name: HashMap::new(),
            models: HashMap::new(),
            incomplete: false,
        };
        for (at, one) in table.types().iter().enumerate() {
            if one.kind == TypeKind::Logical {
                let last = one.name.rsplit('/').next().unwrap_or_default();
                let same = index.models.entry(last.into());
                same.and_modify(|known| *known = None).or_insert(Some(TypeId(at as u32)));
            }
        }
        let mut by_url: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, map) in maps.iter().enumerate() {
            by_url.entry(&map.url).or_default().push(at);
            for (group, one) in map.groups.iter().enumerate() {
                index.by_name.entry(one.name.text.clone()).or_default().push((at, group));
            }
        }
        for (at, map) in maps.iter().enumerate() {
            index.imports(maps, at, &by_url);
            let pairs = index.pairs_of(map, table);
            index.pairs.push(pairs);
            index.incomplete |= map.uses.iter().any(|one| model(table, &one.url).is_none());
        }
        index
    }

    fn imports(&mut self, maps: &[Map], at: usize, by_url: &HashMap<&str, Vec<usize>>) {
        let mut reachable = vec![at];
        let mut unresolved = Vec::new();
        let mut seen = vec![false; maps.len()];
        seen[at] = true;
        for (place, pattern) in maps[at].imports.iter().enumerate() {
            let before = reachable.len();
            let mut own = false;
            let mut meet = |one: usize| {
                own |= one == at || seen[one];
                if !std::mem::replace(&mut seen[one], true) {
                    reachable.push(one);
                }
            };
            let bare = pattern.split('|').next().unwrap_or_default();
            match bare.contains('*') {
                false => by_url.get(bare).into_iter().flatten().for_each(|one| meet(*one)),
                true => {
                    let fitting = maps.iter().enumerate().filter(|(_, map)| fits(bare, &map.url));
                    fitting.for_each(|(one, _)| meet(one));
                }
            }
            if reachable.len() == before && !own {
                unresolved.push(place);
            }
        }
        reachable[1..].iter().for_each(|one| self.imported[*one] = true);
        reachable[1..].sort_unstable();
        self.reachable.push(reachable);
        self.unresolved.push(unresolved);
    }

    fn pairs_of(&self, map: &Map, table: &Table) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (group, one) in map.groups.iter().enumerate() {
            let [source, target] = &one.parameters[..] else { continue };
            if one.type_mode == TypeMode::None || source.is_target || !target.is_target {
                continue;
            }
            let called =
                |name: &Option<Name>, side| match self.named(table, map, name.as_ref()?, side) {
                    Named::Known(one) => Some(one),
                    Named::NotLoaded(url) => called(table, url),
                    Named::Unknown => None,
                };
            let from = called(&source.type_name, Side::Source);
            if let (Some(from), to) = (from, called(&target.type_name, Side::Target)) {
                let to = to.unwrap_or(TypeId::NONE);
                pairs.push(Pair { group, from, to, mode: one.type_mode });
            }
        }
        pairs
    }

    /// The groups of a name that a map may call; its own hide imported ones.
    pub fn groups(&self, map: usize, name: &str) -> Vec<(usize, usize)> {
        let all = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let own: Vec<_> = all.iter().copied().filter(|(at, _)| *at == map).collect();
        if !own.is_empty() {
            return own;
        }
        let reachable = &self.reachable[map][1..];
        all.iter().copied().filter(|(at, _)| reachable.binary_search(at).is_ok()).collect()
    }

    /// What a type's name means on a side of a map: what `uses` says; else a model beside one that it names; else
    /// FHIR's own type, or the only model of that name.
    pub fn named<'m>(&self, table: &Table, map: &'m Map, name: &str, side: Side) -> Named<'m> {
        let meant =
            |one: &'m Uses| model(table, &one.url).map_or(Named::NotLoaded(&one.url), Named::Known);
        let aliased = alias(map, name, side);
        let here = aliased.filter(|one| Side::of(one) == side);
        if let Some(one) = here.or_else(|| ends_in(map, name, side)) {
            return meant(one);
        }
        let others = || {
            let of_side = map.uses.iter().filter(|one| Side::of(one) == side);
            of_side.filter(|one| !is_fhirs(&one.url))
        };
        for one in others() {
            let folder = &one.url[..one.url.len() - last(&one.url).len()];
            if let Some(found) = table.find(&format!("{folder}{name}")) {
                return Named::Known(found);
            }
        }
        let bare = name.strip_prefix("FHIR.").unwrap_or(name);
        let found = table.find(bare).or_else(|| model(table, bare));
        let resource = |id: &TypeId| table.type_of(*id).kind == TypeKind::Resource;
        let missing = others().find(|one| model(table, &one.url).is_none());
        if let (Some(missing), Some(_), true) = (missing, found.filter(resource), bare == name) {
            // `Observation` of a set of models of which not all are at hand need not be FHIR's.
            return Named::NotLoaded(&missing.url);
        }
        if let Some(one) = aliased {
            return meant(one);
        }
        found.or_else(|| self.model(name)).map_or(Named::Unknown, Named::Known)
    }

    /// The loaded model whose canonical ends in that name, if there is but one.
    fn model(&self, name: &str) -> Option<TypeId> {
        self.models.get(name).copied().flatten()
    }
}

/// The type that a canonical names: a model's, or FHIR's. Primitives are alike in all versions of FHIR.
pub(super) fn model(table: &Table, url: &str) -> Option<TypeId> {
    let url = url.split('|').next().unwrap_or_default();
    if let Some(found) = table.find(url) {
        return Some(found);
    }
    let rest = url.strip_prefix(FHIR)?;
    let (version, name) = match rest.split_once('/') {
        Some(("StructureDefinition", name)) => (OWN[0], name),
        Some((version, name)) => (version, name.trim_start_matches("StructureDefinition/")),
        None => return None,
    };
    let found = table.find(name)?;
    let other = matches!(version, "4.3" | "R4B") && OTHER_IN_R4B.contains(&name);
    let own = OWN.contains(&version) && !other;
    (own || table.primitive(found).is_some()).then_some(found)
}

/// The `uses` that an alias names; of two, the one for that side.
pub(super) fn alias<'m>(map: &'m Map, name: &str, side: Side) -> Option<&'m Uses> {
    let mut called = map.uses.iter().filter(|one| one.alias.as_deref() == Some(name));
    let first = called.clone().next();
    called.find(|one| Side::of(one) == side).or(first)
}

/// The `uses` of a side without an alias whose canonical ends in that name.
fn ends_in<'m>(map: &'m Map, name: &str, side: Side) -> Option<&'m Uses> {
    let bare = |one: &&Uses| one.alias.is_none() && Side::of(one) == side;
    map.uses.iter().filter(bare).find(|one| last(&one.url) == name)
}

/// Whether a canonical is one of FHIR's own types, in any version.
pub(super) fn is_fhirs(url: &str) -> bool {
    let first = url.strip_prefix(FHIR).and_then(|rest| rest.split('/').next());
    first.is_some_and(|first| {
        first == "StructureDefinition"
            || first.starts_with(|c: char| c.is_ascii_digit())
            || matches!(first, "DSTU2" | "STU3" | "R2" | "R3" | "R4" | "R4B" | "R5" | "R6")
    })
}

/// FHIR's type of the same name as one of another version.
pub(super) fn called(table: &Table, url: &str) -> Option<TypeId> {
    let found = table.find(last(url)).filter(|id| table.type_of(*id).kind != TypeKind::Logical);
    found.filter(|_| is_fhirs(url))
}

fn last(url: &str) -> &str {
    let bare = url.split('|').next().unwrap_or_default();
    bare.rsplit('/').next().unwrap_or_default()
}

/// Whether a canonical fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, url: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == url,
        Some((head, tail)) => {
            url.len() >= head.len() + tail.len() && url.starts_with(head) && url.ends_with(tail)
        }
    }
}
