//! What maps know of each other, found once for all of them: who may call whose groups, which groups are the
//! rule for which pair of types.
//!
//! Promises: a group's types are compared by what they are called, so that another version's `HumanName` finds
//! its rule; imports are not followed further. Never: a finding.

use crate::mapping::ast::{Map, Name, TypeMode, Uses};
use crate::tree::types::{Table, TypeId, TypeKind};
use std::collections::HashMap;

/// FHIR's own canonicals.
pub(super) const FHIR: &str = "http://hl7.org/fhir/";

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
            let called = |name: &Option<Name>| {
                let name = name.as_ref()?;
                named(table, map, name).or_else(|| called(table, map, name))
            };
            if let (Some(from), to) = (called(&source.type_name), called(&target.type_name)) {
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

    /// The loaded model whose canonical ends in that name, if there is but one.
    pub fn model(&self, name: &str) -> Option<TypeId> {
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
        Some(("StructureDefinition", name)) => ("4.0", name),
        Some((version, name)) => (version, name.trim_start_matches("StructureDefinition/")),
        None => return None,
    };
    let found = table.find(name)?;
    let own = version == "4.0" || version == "R4" || table.primitive(found).is_some();
    own.then_some(found)
}

/// The `uses` that an alias names.
pub(super) fn alias<'m>(map: &'m Map, name: &str) -> Option<&'m Uses> {
    map.uses.iter().find(|one| one.alias.as_deref() == Some(name))
}

/// The type of a name in a map: an alias, or a type's own name.
pub(super) fn named(table: &Table, map: &Map, name: &str) -> Option<TypeId> {
    if let Some(one) = alias(map, name) {
        return model(table, &one.url);
    }
    let bare = name.strip_prefix("FHIR.").unwrap_or(name);
    table.find(bare).or_else(|| model(table, bare))
}

/// FHIR's type of the same name as one of a model that nobody has loaded.
fn called(table: &Table, map: &Map, name: &str) -> Option<TypeId> {
    let url = alias(map, name).map_or(name, |one| &one.url);
    let last = url.split('|').next()?.rsplit('/').next()?;
    table.find(last).filter(|id| table.type_of(*id).kind != TypeKind::Logical)
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
