//! Maps to plans: every name resolved, every type checked as far as it is known, before a message comes.
//!
//! Promises: all findings of all maps at once, each at its place; a map with an error gets no plan. A group is
//! compiled once for each combination of parameter types it is called with. Never: depends on a message.

mod groups;
mod names;
mod places;
mod rules;
mod shape;
mod targets;
mod transforms;

use super::ast::{Map, Use};
use super::concepts::Concepts;
use super::facts::Facts;
use super::plan::{Group, Parameter, Plan, Slot, Target};
use super::trace::RulePlace;
use crate::message::Diagnostic;
use crate::tree::types::{Table, TypeId};
use bytestring::ByteString;
use groups::Key;
use places::Places;
use shape::Shape;
use std::collections::HashMap;
use std::sync::Arc;

/// The plans of a snapshot.
#[derive(Default)]
pub struct Plans {
    plans: Vec<Arc<Plan>>,
}

/// What maps are compiled with.
pub struct Materials<'a> {
    /// The types of FHIR and of every model.
    pub table: &'a Arc<Table>,
    /// The concept maps at hand.
    pub concepts: &'a [Arc<Concepts>],
}

impl Plans {
    /// Compiles maps. Every finding is given; a map with an error, or one that needs such a map, has no plan.
    pub fn build(maps: &[Map], materials: &Materials<'_>) -> (Plans, Vec<Diagnostic>) {
        let facts = Arc::new(Facts::new(materials.table));
        let mut plans = Plans::default();
        let mut diagnostics = Vec::new();
        let places: Vec<Places> = maps.iter().map(Places::of).collect();
        for at in 0..maps.len() {
            let mut compiler = Compiler::new(maps, at, materials, &facts, &places);
            let plan = compiler.plan();
            let faulty = compiler.diagnostics.iter().any(Diagnostic::refuses);
            diagnostics.append(&mut compiler.diagnostics);
            if let Some(plan) = plan.filter(|_| !faulty) {
                plans.plans.push(Arc::new(plan));
            }
        }
        let key = |d: &Diagnostic| (d.origin.clone(), d.id, d.text.clone());
        diagnostics.sort_by_key(key);
        diagnostics.dedup_by_key(|d| key(d));
        (plans, diagnostics)
    }

    /// The plan of a map's canonical, or of its name.
    pub fn find(&self, map: &str) -> Option<&Arc<Plan>> {
        let by_url = self.plans.iter().find(|p| *p.url == *map);
        by_url.or_else(|| self.plans.iter().find(|p| *p.name == *map))
    }

    /// All plans, in the order of their maps.
    pub fn all(&self) -> &[Arc<Plan>] {
        &self.plans
    }
}

/// Most group instances a plan may have; more means types that grow from call to call.
const INSTANCES: usize = 20_000;

/// The compilation of one map as an entry.
struct Compiler<'a> {
    maps: &'a [Map],
    /// The map being compiled: the entry's, or that of an imported group.
    map: usize,
    entry: usize,
    table: &'a Arc<Table>,
    facts: &'a Arc<Facts>,
    library: &'a [Arc<Concepts>],
    concepts: Vec<Arc<Concepts>>,
    concept_places: HashMap<(usize, Box<str>), u32>,
    instances: HashMap<Key, u32>,
    pending: Vec<(u32, Key)>,
    groups: Vec<Option<Group>>,
    places: &'a [Places],
    rules: Vec<RulePlace>,
    rule_places: HashMap<(usize, u32), u32>,
    constants: String,
    parameters: Vec<Parameter>,
    shares: Vec<Box<str>>,
    scope: Vec<Binding>,
    slots: u32,
    /// Targets to be made before the one at hand.
    before: Vec<Target>,
    diagnostics: Vec<Diagnostic>,
}

/// A variable in scope.
struct Binding {
    name: Box<str>,
    slot: Slot,
    shape: Shape,
    /// Bound because the element has that name, not because the map says so.
    implicit: bool,
}

impl<'a> Compiler<'a> {
    fn new(
        maps: &'a [Map],
        entry: usize,
        materials: &Materials<'a>,
        facts: &'a Arc<Facts>,
        places: &'a [Places],
    ) -> Compiler<'a> {
        Compiler {
            maps,
            map: entry,
            entry,
            table: materials.table,
            facts,
            library: materials.concepts,
            concepts: Vec::new(),
            concept_places: HashMap::new(),
            instances: HashMap::new(),
            pending: Vec::new(),
            groups: Vec::new(),
            places,
            rules: Vec::new(),
            rule_places: HashMap::new(),
            constants: String::new(),
            parameters: Vec::new(),
            shares: Vec::new(),
            scope: Vec::new(),
            slots: 0,
            before: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn plan(&mut self) -> Option<Plan> {
        let map = &self.maps[self.entry];
        self.declared_parameters();
        self.check_uses();
        if map.groups.is_empty() {
            self.error(map.url.at, "map-no-group", "the map has no group", None);
            return None;
        }
        let (entry, sources, target) = self.entry_group();
        for group in 0..map.groups.len() {
            let declared = self.declared(self.entry, group);
            self.instance(Key { map: self.entry, group, shapes: declared });
        }
        while let Some((id, key)) = self.pending.pop() {
            let group = self.group(&key);
            self.groups[id as usize] = Some(group);
        }
        Some(Plan {
            url: map.url.text.clone().into(),
            name: map.name.text.clone(),
            table: Arc::clone(self.table),
            facts: Arc::clone(self.facts),
            groups: std::mem::take(&mut self.groups).into_iter().flatten().collect(),
            constants: ByteString::from(std::mem::take(&mut self.constants)),
            rules: std::mem::take(&mut self.rules),
            concepts: std::mem::take(&mut self.concepts),
            parameters: std::mem::take(&mut self.parameters),
            sources,
            target,
            entry,
        })
    }

    /// The entry group's parameters: their slots, the sources' types and the target's.
    fn entry_group(&mut self) -> (Vec<Slot>, Vec<TypeId>, TypeId) {
        let map = &self.maps[self.entry];
        let group = &map.groups[0];
        let mut shapes = self.declared(self.entry, 0);
        for (parameter, shape) in group.parameters.iter().zip(&mut shapes) {
            let wanted = if parameter.is_target { Use::Target } else { Use::Source };
            let mut of_kind = map.uses.iter().filter(|u| u.mode == wanted);
            if let (None, Some(one), None) = (shape.only(), of_kind.next(), of_kind.next()) {
                shape.types.extend(self.model(one));
            }
        }
        let type_of = |shape: &Shape| shape.only().unwrap_or(TypeId::NONE);
        let sources = shapes.iter().filter(|s| !s.is_target).map(type_of).collect();
        let targets: Vec<_> = shapes.iter().filter(|s| s.is_target).map(type_of).collect();
        if targets.len() != 1 {
            let text = "the first group must have one target: the message it makes";
            self.error(group.name.at, "map-entry", text, None);
        }
        let slots = |wanted: bool| {
            let numbered = group.parameters.iter().enumerate();
            numbered.filter(move |(_, p)| p.is_target == wanted).map(|(i, _)| Slot(i as u32))
        };
        let entry = slots(false).chain(slots(true)).collect();
        self.instance(Key { map: self.entry, group: 0, shapes });
        (entry, sources, targets.first().copied().unwrap_or(TypeId::NONE))
    }

    fn error(&mut self, at: u32, id: &'static str, text: impl Into<String>, help: Option<String>) {
        let one = Diagnostic::error(self.maps[self.map].origin(at), id, text);
        self.diagnostics.push(Diagnostic { help, ..one });
    }

    /// Keeps a literal; gives its place among the constants.
    fn constant(&mut self, text: &str) -> (u32, u32) {
        let start = match self.constants.find(text) {
            Some(start) => start,
            None => {
                self.constants.push_str(text);
                self.constants.len() - text.len()
            }
        };
        (start as u32, text.len() as u32)
    }
}

#[cfg(test)]
mod tests;
