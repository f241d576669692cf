//! What a map's names mean: models, types, groups, route parameters, concept maps.
//!
//! Promises: the map's own names come before imported ones; a name with two meanings is an error. Never: a
//! default meaning for a name nobody knows.

use super::Compiler;
use super::shape::nearest;
use crate::mapping::ast::{Name, TypeMode, Use, Uses};
use crate::mapping::concepts::Concepts;
use crate::mapping::plan::Parameter;
use crate::tree::types::TypeId;
use std::sync::Arc;

const FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";

impl Compiler<'_> {
    /// The route parameters that the entry's head declares: `/// parameter.NAME = 'about'`.
    pub(super) fn declared_parameters(&mut self) {
        for (key, about) in &self.maps[self.entry].metadata {
            let Some(name) = key.strip_prefix("parameter.") else { continue };
            self.parameters.push(Parameter { name: name.into(), about: about.text.clone() });
        }
    }

    pub(super) fn check_uses(&mut self) {
        for one in &self.maps[self.map].uses {
            if self.model(one).is_none() && matches!(one.mode, Use::Source | Use::Target) {
                let text = format!("no model `{}` is loaded", &*one.url);
                self.error(one.url.at, "map-unknown-model", text, None);
            }
        }
    }

    /// The type that a `uses` names.
    pub(super) fn model(&self, one: &Uses) -> Option<TypeId> {
        let url = one.url.split('|').next().unwrap_or_default();
        let short = || url.strip_prefix(FHIR).and_then(|name| self.table.find(name));
        self.table.find(url).or_else(short)
    }

    /// The type of that name in the map at hand; an unknown one is reported.
    pub(super) fn type_named(&mut self, name: &Name) -> Option<TypeId> {
        let map = &self.maps[self.map];
        let alias = |u: &&Uses| u.alias.as_deref().is_some_and(|a| *a == **name);
        if let Some(one) = map.uses.iter().find(alias) {
            return self.model(one);
        }
        let short = name.strip_prefix(FHIR).unwrap_or(name);
        let bare = short.strip_prefix("FHIR.").unwrap_or(short);
        let found = self.table.find(name).or_else(|| self.table.find(bare));
        if found.is_none() {
            let aliases = map.uses.iter().filter_map(|u| u.alias.as_deref());
            let types = self.table.types().iter().map(|t| &*t.name);
            let meant = nearest(name, aliases.chain(types));
            let text = format!("unknown type `{}`", &**name);
            self.error(name.at, "map-unknown-type", text, meant);
        }
        found
    }

    /// The maps whose groups the map at hand may call, itself first.
    fn reachable(&self) -> impl Iterator<Item = usize> + '_ {
        let own = &self.maps[self.map];
        let imported = self.maps.iter().enumerate().filter(move |(at, map)| {
            *at != self.map && own.imports.iter().any(|pattern| fits(pattern, &map.url))
        });
        std::iter::once(self.map).chain(imported.map(|(at, _)| at))
    }

    /// The group of that name: (map, group).
    pub(super) fn group_named(&mut self, name: &Name) -> Option<(usize, usize)> {
        let mut found = Vec::new();
        for at in self.reachable() {
            let groups = self.maps[at].groups.iter().enumerate();
            found.extend(groups.filter(|(_, g)| *g.name == **name).map(|(group, _)| (at, group)));
            if at == self.map && !found.is_empty() {
                break;
            }
        }
        match found[..] {
            [one] => Some(one),
            [] => {
                let reachable: Vec<usize> = self.reachable().collect();
                let known = reachable.iter().flat_map(|at| &self.maps[*at].groups);
                let meant = nearest(name, known.map(|g| &*g.name.text));
                let text = format!("unknown group `{}`", &**name);
                self.error(name.at, "map-unknown-group", text, meant);
                None
            }
            _ => {
                let text = format!("{} groups are called `{}`", found.len(), &**name);
                self.error(name.at, "map-ambiguous-group", text, None);
                None
            }
        }
    }

    /// The group that makes a target type of a source type, with the type it makes.
    pub(super) fn type_group(
        &mut self,
        at: u32,
        source: TypeId,
        targets: &[TypeId],
    ) -> Option<(usize, usize, TypeId)> {
        let mut found = Vec::new();
        for map in self.reachable().collect::<Vec<_>>() {
            for group in 0..self.maps[map].groups.len() {
                let Some((from, to, mode)) = self.pair(map, group) else { continue };
                let by_source = mode == TypeMode::TypePlus && targets.is_empty();
                if from == source && (targets.contains(&to) || by_source) {
                    found.push((map, group, to));
                }
            }
            if map == self.map && !found.is_empty() {
                break;
            }
        }
        if found.len() > 1 {
            let names: Vec<_> =
                found.iter().map(|(map, g, _)| &*self.maps[*map].groups[*g].name.text).collect();
            let text = format!("several groups map these types: {}", names.join(", "));
            self.error(at, "map-ambiguous-type-group", text, None);
        }
        found.first().copied()
    }

    /// The pair of types that a group is chosen for.
    fn pair(&mut self, map: usize, group: usize) -> Option<(TypeId, TypeId, TypeMode)> {
        let one = &self.maps[map].groups[group];
        if one.type_mode == TypeMode::None || one.parameters.len() != 2 {
            return None;
        }
        let shapes = self.declared(map, group);
        Some((shapes[0].only()?, shapes[1].only()?, one.type_mode))
    }

    /// The place of a concept map among the plan's: `#id` of the map at hand, or a canonical.
    pub(super) fn concept_map(&mut self, name: &str) -> Option<u32> {
        let key = (if name.starts_with('#') { self.map } else { usize::MAX }, name.into());
        if let Some(place) = self.concept_places.get(&key) {
            return Some(*place);
        }
        let own = &self.maps[self.map];
        let embedded = name.strip_prefix('#').unwrap_or(name);
        let found = own.concept_maps.iter().find(|c| *c.id == *embedded);
        let made = match found {
            Some(map) => Arc::new(Concepts::of_map(own, map, &mut self.diagnostics)),
            None => {
                let bare = name.split('|').next().unwrap_or_default();
                Arc::clone(self.library.iter().find(|c| *c.url == *bare)?)
            }
        };
        self.concepts.push(made);
        let place = self.concepts.len() as u32 - 1;
        self.concept_places.insert(key, place);
        Some(place)
    }
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
