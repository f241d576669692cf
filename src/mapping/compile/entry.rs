//! A map as one that a route may name: where it starts, what it is given, what it makes.
//!
//! Promises: a map whose first group is no entry can still be imported. Never: compiles a group.

use super::{Compiler, Entry, Key, Shape};
use crate::mapping::ast::Use;
use crate::mapping::plan::Slot;
use crate::tree::types::TypeId;

impl Compiler<'_> {
    /// Looks at a map's head and first group, and asks for all its groups.
    pub(super) fn entry(&mut self, map: usize) -> Option<Entry> {
        self.map = map;
        let one = &self.maps[map];
        let parameters = self.declared_parameters();
        self.check_uses();
        if one.groups.is_empty() {
            self.error(one.url.at, "map-no-group", "the map has no group", None);
            return None;
        }
        let first = &one.groups[0];
        let mut shapes = self.declared(map, 0);
        let mut only = Vec::new();
        for (parameter, shape) in first.parameters.iter().zip(&mut shapes) {
            let wanted = if parameter.is_target { Use::Target } else { Use::Source };
            let mut of_kind = one.uses.iter().filter(|u| u.mode == wanted);
            let single = of_kind.next().filter(|_| of_kind.next().is_none());
            if let (None, Some(one), None) = (shape.only(), single, &parameter.type_name) {
                shape.types.extend(self.model(one));
            }
            only.push(single);
        }
        let type_of = |shape: &Shape| shape.only().unwrap_or(TypeId::NONE);
        let sources = shapes.iter().filter(|s| !s.is_target).map(type_of).collect();
        let targets: Vec<_> = shapes.iter().filter(|s| s.is_target).map(type_of).collect();
        let target = targets.first().copied().filter(|_| targets.len() == 1);
        if target.is_none() {
            let text = "the first group has not one target, so that this map can only be imported";
            self.warn(first.name.at, "map-entry", text, None);
        }
        let made = first.parameters.iter().position(|p| p.is_target);
        let root = made.map(|at| self.root_name(first.parameters[at].type_name.as_ref(), only[at]));
        let slots = |wanted: bool| {
            let numbered = first.parameters.iter().enumerate();
            numbered.filter(move |(_, p)| p.is_target == wanted).map(|(i, _)| Slot(i as u32))
        };
        let slots = slots(false).chain(slots(true)).collect();
        let mut own = Vec::new();
        for group in (0..one.groups.len()).rev() {
            // A group without parameters is there to be extended; it has no variables of its own.
            if !one.groups[group].parameters.is_empty() {
                let declared = self.declared(map, group);
                own.push(self.instance(Key { map, group, shapes: declared }));
            }
        }
        let start = match first.parameters.is_empty() {
            true => 0,
            false => self.instance(Key { map, group: 0, shapes }),
        };
        own.push(start);
        let root = root.unwrap_or_default();
        let earlier = self.earlier(map);
        Some(Entry { map, start, own, parameters, sources, target, root, earlier, slots })
    }

    /// Whether nothing that a map may run has an error; a default of the route that it asks for and does not
    /// declare is one.
    pub(super) fn is_usable(&mut self, entry: Option<&Entry>) -> bool {
        let Some(entry) = entry else { return false };
        let mut seen = vec![false; self.notes.len()];
        let mut open = entry.own.clone();
        let mut asked = Vec::new();
        let mut usable = !self.faulty[entry.map];
        while let Some(id) = open.pop() {
            let Some(notes) = self.notes.get(id as usize) else { continue };
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            usable &= !notes.faulty && !self.faulty[notes.map];
            open.extend(&notes.calls);
            asked.extend(notes.parameters.iter().copied());
        }
        for (parameter, map, at) in asked {
            let name = self.parameters[parameter as usize].clone();
            if !entry.parameters.iter().any(|declared| declared.name == name) {
                usable = false;
                self.map = map;
                let file = &self.maps[entry.map].file;
                let text = format!("`%route.{name}` is not declared in the head of {file}");
                self.error(at, "map-unknown-parameter", text, None);
            }
        }
        usable
    }
}
