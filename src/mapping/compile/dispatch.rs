//! Copies whose rule is chosen by type: where the source's type is known at load, there and then; else by the
//! type that an item turns out to have.
//!
//! Promises: the map's own groups come before imported ones, and two that fit are an error. Never: looks for a
//! group while a message waits; what may be needed is in a table.

use super::{Compiler, Key, Shape};
use crate::mapping::ast::TypeMode;
use crate::mapping::plan::Dispatch;
use crate::tree::types::TypeId;
use std::sync::Arc;

/// What decides which groups are in a table.
#[derive(PartialEq, Eq, Hash, Clone)]
pub(super) struct Wanted {
    map: usize,
    from: Vec<TypeId>,
    to: Vec<TypeId>,
}

impl Compiler<'_> {
    /// The group that makes a target type of a source type, with the type it makes.
    pub(super) fn type_group(
        &mut self,
        at: u32,
        source: TypeId,
        targets: &[TypeId],
    ) -> Option<(usize, usize, TypeId)> {
        let index = std::sync::Arc::clone(&self.index);
        let mut found = Vec::new();
        for map in &index.reachable[self.map] {
            for pair in index.pairs[*map].iter().filter(|pair| pair.from == source) {
                let by_source = pair.mode == TypeMode::TypePlus && targets.is_empty();
                if targets.contains(&pair.to) || by_source {
                    found.push((*map, pair.group));
                }
            }
            if *map == self.map && !found.is_empty() {
                break;
            }
        }
        if found.len() > 1 {
            let names: Vec<_> =
                found.iter().map(|(map, g)| &*self.maps[*map].groups[*g].name.text).collect();
            let text = format!("several groups map these types: {}", names.join(", "));
            self.error(at, "map-ambiguous-type-group", text, None);
        }
        let (map, group) = found.first().copied()?;
        Some((map, group, self.made_by(map, group)))
    }

    /// The type that a group chosen by type makes; none of it is known where its model is not.
    fn made_by(&mut self, map: usize, group: usize) -> TypeId {
        let shapes = self.declared(map, group);
        shapes.get(1).and_then(Shape::only).unwrap_or(TypeId::NONE)
    }

    /// The groups that an item may need, by its type; none if there is no such group.
    pub(super) fn dispatch(&mut self, from: &[TypeId], to: &[TypeId]) -> Option<Arc<Dispatch>> {
        let wanted = Wanted { map: self.map, from: from.to_vec(), to: to.to_vec() };
        if let Some(known) = self.dispatches.get(&wanted) {
            return known.clone();
        }
        let (chosen, several) = self.choices(from, to);
        let made: Vec<(TypeId, u32, TypeId)> = chosen
            .into_iter()
            .map(|(source, map, group)| {
                let shapes = self.declared(map, group);
                let target = shapes[1].only().unwrap_or(TypeId::NONE);
                (source, self.instance(Key { map, group, shapes }), target)
            })
            .collect();
        let table = match made.is_empty() && several.is_empty() {
            true => None,
            false => Some(Arc::new(Dispatch::new(made, several))),
        };
        self.dispatches.insert(wanted, table.clone());
        table
    }

    /// For each source type one group: the map's own first, then the one that is the rule for its source alone. And
    /// the types for which two are equally near.
    fn choices(
        &self,
        from: &[TypeId],
        to: &[TypeId],
    ) -> (Vec<(TypeId, usize, usize)>, Vec<TypeId>) {
        let fits = |known: &[TypeId], one: TypeId| {
            known.contains(&one)
                || (one != TypeId::NONE && known.iter().any(|k| self.table.is_a(one, *k)))
        };
        let mut all: Vec<(TypeId, bool, bool, usize, usize)> = Vec::new();
        for map in &self.index.reachable[self.map] {
            for pair in &self.index.pairs[*map] {
                let plus = pair.mode == TypeMode::TypePlus;
                let source = from.is_empty() || fits(from, pair.from);
                let target = if to.is_empty() { plus } else { fits(to, pair.to) };
                if source && target {
                    all.push((pair.from, *map != self.map, !plus, *map, pair.group));
                }
            }
        }
        all.sort_unstable();
        let rank = |one: &(TypeId, bool, bool, usize, usize)| (one.0, one.1, one.2);
        let (mut chosen, mut several) = (Vec::new(), Vec::new());
        for group in all.chunk_by(|a, b| a.0 == b.0) {
            match group.get(1).is_none_or(|second| rank(second) != rank(&group[0])) {
                true => chosen.push((group[0].0, group[0].3, group[0].4)),
                false => several.push(group[0].0),
            }
        }
        (chosen, several)
    }
}
