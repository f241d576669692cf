//! Earlier messages that a map reads: further sources of its entry group, declared in its head.
//!
//! Promises: what is declared names a parameter. Never: says where earlier messages come from.

use super::Compiler;
use super::shape::nearest;
use crate::mapping::declared::Earlier;

/// How the head declares one: `/// earlier.NAME = 'event'`.
const KEY: &str = "earlier.";
/// A word among the events: the map can do without it.
const OPTIONAL: &str = "optional";

impl Compiler<'_> {
    /// The earlier messages that the entry map's head declares.
    pub(super) fn earlier(&mut self, map: usize) -> Vec<Earlier> {
        let map = &self.maps[map];
        let Some(group) = map.groups.first() else { return Vec::new() };
        let sources: Vec<&str> =
            group.parameters.iter().filter(|p| !p.is_target).map(|p| &*p.name.text).collect();
        let mut declared = Vec::new();
        for (key, about) in &map.metadata {
            let Some(name) = key.strip_prefix(KEY) else { continue };
            let place = sources.iter().skip(1).position(|source| *source == name);
            let Some(place) = place else {
                let further = sources.iter().skip(1).copied();
                let text = format!("`{name}` is no further source of the first group");
                self.error(key.at, "map-unknown-earlier", text, nearest(name, further));
                continue;
            };
            let words = || about.text.split_whitespace();
            declared.push(Earlier {
                name: name.into(),
                source: place + 1,
                events: words().filter(|word| *word != OPTIONAL).map(Into::into).collect(),
                optional: words().any(|word| word == OPTIONAL),
            });
        }
        declared
    }
}
