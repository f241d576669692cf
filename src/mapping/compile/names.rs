//! What a map's names mean: models, types, groups, route parameters, concept maps.
//!
//! Promises: the map's own names come before imported ones; a name with two meanings is an error. Never: a
//! default meaning for a name nobody knows.

use super::Compiler;
use super::index::{FHIR, Named, Side, alias, is_fhirs, model};
use super::shape::nearest;
use crate::mapping::ast::{Name, Uses};
use crate::mapping::concepts::Concepts;
use crate::mapping::declared::Parameter;
use crate::mapping::oids;
use crate::tree::types::TypeId;
use std::sync::Arc;

impl Compiler<'_> {
    /// The route parameters that a map's head declares: `/// parameter.NAME = 'about'`.
    pub(super) fn declared_parameters(&mut self) -> Vec<Parameter> {
        let mut declared = Vec::new();
        for (key, about) in &self.maps[self.map].metadata {
            let Some(name) = key.strip_prefix("parameter.") else { continue };
            if !self.parameters.iter().any(|known| **known == *name) {
                self.parameters.push(name.into());
            }
            declared.push(Parameter { name: name.into(), about: about.text.clone() });
        }
        declared
    }

    /// Models and imports that are not at hand.
    pub(super) fn check_uses(&mut self) {
        let map = &self.maps[self.map];
        for one in &map.uses {
            if self.model(one).is_none() {
                let text = format!("no model `{}` is loaded", &*one.url);
                let help = "its elements are read and written by their names, unchecked".to_owned();
                self.lacking(one.url.at, "map-unknown-model", text, Some(help));
            }
        }
        for place in self.index.unresolved[self.map].clone() {
            let import = &map.imports[place];
            let urls = self.maps.iter().map(|map| &*map.url.text);
            let meant = if import.contains('*') { None } else { nearest(import, urls) };
            let text = format!("no map `{}` is loaded", &**import);
            self.lacking(import.at, "map-unknown-import", text, meant);
        }
    }

    /// The type that a `uses` names.
    pub(super) fn model(&self, one: &Uses) -> Option<TypeId> {
        model(self.table, &one.url)
    }

    /// The type of that name on a side of the map at hand; an unknown one is reported.
    pub(super) fn type_named(&mut self, name: &Name, side: Side) -> Option<TypeId> {
        self.type_of_name(name, side, self.index.incomplete)
    }

    /// The type that a parameter says it has. Maps in use say what no engine looks at; then it counts as not
    /// known.
    pub(super) fn parameter_type(&mut self, name: &Name, side: Side) -> Option<TypeId> {
        self.type_of_name(name, side, true)
    }

    fn type_of_name(&mut self, name: &Name, side: Side, excused: bool) -> Option<TypeId> {
        let map = &self.maps[self.map];
        match self.index.named(self.table, map, name, side) {
            Named::Known(found) => return Some(found),
            Named::NotLoaded(_) => return None,
            Named::Unknown => {}
        }
        if !map.uses.iter().any(|one| *one.url == **name) {
            let aliases = map.uses.iter().filter_map(|u| u.alias.as_deref());
            let types = self.table.types().iter().map(|t| &*t.name);
            let meant = nearest(name, aliases.chain(types));
            let text = format!("unknown type `{}`", &**name);
            match excused {
                true => self.lacking(name.at, "map-unknown-type", text, meant),
                false => self.error(name.at, "map-unknown-type", text, meant),
            }
        }
        None
    }

    /// What a resource is called that is another FHIR version's, which nobody has loaded.
    pub(super) fn elsewhere(&self, name: &str) -> Option<&str> {
        let map = &self.maps[self.map];
        match self.index.named(self.table, map, name, Side::Target) {
            Named::NotLoaded(url) if is_fhirs(url) => url.rsplit('/').next(),
            _ => None,
        }
    }

    /// The group of that name: (map, group).
    pub(super) fn group_named(&mut self, name: &Name) -> Option<(usize, usize)> {
        match self.index.groups(self.map, name)[..] {
            [one] => Some(one),
            [] => {
                let reachable = self.index.reachable[self.map].iter();
                let known = reachable.flat_map(|at| &self.maps[*at].groups);
                let meant = nearest(name, known.map(|g| &*g.name.text));
                let text = format!("unknown group `{}`", &**name);
                match self.index.unresolved[self.map].is_empty() {
                    true => self.error(name.at, "map-unknown-group", text, meant),
                    false => self.lacking(name.at, "map-unknown-group", text, meant),
                }
                None
            }
            ref several => {
                let text = format!("{} groups are called `{}`", several.len(), &**name);
                self.error(name.at, "map-ambiguous-group", text, None);
                None
            }
        }
    }

    /// The place of a concept map among the plans': `#id` of the map at hand, or a canonical. `URL#id` is the
    /// concept map in another map.
    pub(super) fn concept_map(&mut self, name: &str) -> Option<u32> {
        let key = (self.map, name.into());
        if let Some(place) = self.concept_places.get(&key) {
            return Some(*place);
        }
        let (url, id) = name.split_once('#').unwrap_or((name, name));
        let owner = match url {
            "" => Some(self.map),
            _ if url == name => Some(self.map),
            _ => self.maps.iter().position(|map| *map.url == *url),
        };
        let embedded = owner.and_then(|owner| {
            let map = &self.maps[owner];
            Some((map, map.concept_maps.iter().find(|c| *c.id == *id)?))
        });
        let made = match embedded {
            Some((owner, map)) => {
                let mut said = Vec::new();
                let made = Arc::new(Concepts::of_map(owner, map, &mut said));
                said.into_iter().for_each(|one| self.say(one));
                made
            }
            None => {
                let bare = name.split('|').next().unwrap_or_default();
                match self.library.iter().find(|c| *c.url == *bare) {
                    Some(found) => Arc::clone(found),
                    None if bare.ends_with(oids::ASKED) => Arc::new(Concepts::of_oids(bare)),
                    None => return None,
                }
            }
        };
        self.concepts.push(made);
        let place = self.concepts.len() as u32 - 1;
        self.concept_places.insert(key, place);
        Some(place)
    }

    /// What a message of a model that nobody has loaded is called, and whether it is a FHIR resource.
    pub(super) fn root_name(&self, name: Option<&Name>, only: Option<&Uses>) -> (Box<str>, bool) {
        let map = &self.maps[self.map];
        let of_alias = name.and_then(|name| alias(map, name, Side::Target)).or(only);
        let url = of_alias.map(|one| &*one.url).or(name.map(|name| &**name)).unwrap_or("unknown");
        let bare = url.split('|').next().unwrap_or_default();
        let last = bare.rsplit('/').next().unwrap_or_default();
        (last.into(), url.starts_with(FHIR))
    }
}
