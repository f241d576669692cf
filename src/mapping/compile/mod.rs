//! Maps to plans: every name resolved, every type checked as far as it is known, before a message comes.
//!
//! Promises: all findings of all maps at once, each at its place; a map with an error gets no plan. A group is
//! compiled once for each combination of parameter types it is called with. Never: depends on a message.

mod dates;
mod dispatch;
mod doubts;
mod earlier;
mod entry;
mod groups;
mod index;
mod names;
mod places;
mod rules;
mod shape;
mod targets;
mod transforms;

use super::ast::Map;
use super::concepts::Concepts;
use super::declared::{Ask, Earlier, Parameter};
use super::facts::Facts;
use super::hoist::Paths;
use super::plan::{Code, Dispatch, Group, Plan, Slot, Target};
use super::trace::RulePlace;
use crate::message::Diagnostic;
use crate::tree::types::{Table, TypeId};
use bytestring::ByteString;
use groups::Key;
use index::Index;
use places::Places;
use shape::Shape;
use std::collections::HashMap;
use std::sync::Arc;

pub use transforms::TRANSFORMS;

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
    /// Compiles maps for a node. Every finding is given; a map with an error, or one that needs such a map, has
    /// no plan. A model, an import or a concept map that is not at hand is an error.
    pub fn build(maps: &[Map], materials: &Materials<'_>) -> (Plans, Vec<Diagnostic>) {
        Plans::made(maps, materials, true)
    }

    /// Compiles maps for work on files: what is not at hand is a warning, and what it would say is not checked.
    /// Elements of a model that nobody has loaded are read and written by their names.
    pub fn build_lenient(maps: &[Map], materials: &Materials<'_>) -> (Plans, Vec<Diagnostic>) {
        Plans::made(maps, materials, false)
    }

    fn made(maps: &[Map], materials: &Materials<'_>, strict: bool) -> (Plans, Vec<Diagnostic>) {
        let facts = Arc::new(Facts::new(materials.table));
        let places: Vec<Places> = maps.iter().map(Places::of).collect();
        let mut compiler = Compiler::new(maps, materials, &facts, &places);
        compiler.strict = strict;
        let entries: Vec<Option<Entry>> = (0..maps.len()).map(|at| compiler.entry(at)).collect();
        for at in 0..maps.len() {
            compiler.map = at;
            compiler.doubts();
        }
        compiler.groups();
        let usable: Vec<bool> =
            entries.iter().map(|one| compiler.is_usable(one.as_ref())).collect();
        let (code, mut diagnostics) = compiler.finish();
        let made = entries.into_iter().zip(maps).zip(usable).filter(|(_, usable)| *usable);
        let plans = made.filter_map(|((entry, map), _)| {
            let Entry { start, parameters, sources, target, root, earlier, slots, .. } = entry?;
            let (url, name) = (map.url.text.clone().into(), map.name.text.clone());
            let code = Arc::clone(&code);
            let (target, root) = (target?, root);
            let entry = slots;
            Some(Arc::new(Plan {
                url,
                name,
                code,
                start,
                parameters,
                sources,
                target,
                root,
                earlier,
                entry,
            }))
        });
        let plans = Plans { plans: plans.collect() };
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

/// Most group instances there may be; more means types that grow from call to call.
const INSTANCES: usize = 200_000;

/// The compilation of all maps.
struct Compiler<'a> {
    maps: &'a [Map],
    /// The map whose names count: that of the group being compiled.
    map: usize,
    strict: bool,
    index: Arc<Index>,
    table: &'a Arc<Table>,
    facts: &'a Arc<Facts>,
    library: &'a [Arc<Concepts>],
    concepts: Vec<Arc<Concepts>>,
    concept_places: HashMap<(usize, Box<str>), u32>,
    dispatches: HashMap<dispatch::Wanted, Option<Arc<Dispatch>>>,
    instances: HashMap<Key, u32>,
    pending: Vec<(u32, Key)>,
    groups: Vec<Option<Group>>,
    /// What is known of each instance beside its code.
    notes: Vec<Notes>,
    /// The instance being compiled.
    current: Option<u32>,
    /// Maps with an error outside their groups.
    faulty: Vec<bool>,
    places: &'a [Places],
    rules: Vec<RulePlace>,
    rule_places: HashMap<(usize, u32), u32>,
    constants: String,
    constant_places: HashMap<Box<str>, u32>,
    parameters: Vec<Arc<str>>,
    wanted: Vec<Arc<str>>,
    paths: Paths,
    asks: Vec<Ask>,
    shares: Vec<Box<str>>,
    scope: Vec<Binding>,
    slots: u32,
    /// Targets to be made before the one at hand.
    before: Vec<Target>,
    diagnostics: Vec<Diagnostic>,
}

/// What is known of an instance beside its code.
#[derive(Default)]
struct Notes {
    map: usize,
    faulty: bool,
    /// The instances it calls.
    calls: Vec<u32>,
    /// The route's defaults that it asks for: which, in which map, where.
    parameters: Vec<(u32, usize, u32)>,
}

/// A map as one that a route may name.
struct Entry {
    map: usize,
    start: u32,
    /// Instances of all its groups.
    own: Vec<u32>,
    parameters: Vec<Parameter>,
    sources: Vec<TypeId>,
    target: Option<TypeId>,
    root: (Box<str>, bool),
    earlier: Vec<Earlier>,
    slots: Vec<Slot>,
}

/// A variable in scope.
#[derive(Clone)]
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
        materials: &Materials<'a>,
        facts: &'a Arc<Facts>,
        places: &'a [Places],
    ) -> Compiler<'a> {
        Compiler {
            maps,
            map: 0,
            strict: true,
            index: Arc::new(Index::new(maps, materials.table)),
            table: materials.table,
            facts,
            library: materials.concepts,
            concepts: Vec::new(),
            concept_places: HashMap::new(),
            dispatches: HashMap::new(),
            instances: HashMap::new(),
            pending: Vec::new(),
            groups: Vec::new(),
            notes: Vec::new(),
            current: None,
            faulty: vec![false; maps.len()],
            places,
            rules: Vec::new(),
            rule_places: HashMap::new(),
            constants: String::new(),
            constant_places: HashMap::new(),
            parameters: Vec::new(),
            wanted: Vec::new(),
            paths: Paths::default(),
            asks: Vec::new(),
            shares: Vec::new(),
            scope: Vec::new(),
            slots: 0,
            before: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Compiles what is asked for, and what that asks for.
    fn groups(&mut self) {
        while let Some((id, key)) = self.pending.pop() {
            self.current = Some(id);
            let group = self.group(&key);
            self.groups[id as usize] = Some(group);
        }
        self.current = None;
    }

    fn finish(self) -> (Arc<Code>, Vec<Diagnostic>) {
        let code = Code {
            table: Arc::clone(self.table),
            facts: Arc::clone(self.facts),
            groups: self.groups.into_iter().flatten().collect(),
            constants: ByteString::from(self.constants),
            rules: self.rules,
            concepts: self.concepts,
            asks: self.asks,
            paths: self.paths.expressions,
            wanted: self.wanted,
            names: self.parameters,
        };
        (Arc::new(code), self.diagnostics)
    }

    fn error(&mut self, at: u32, id: &'static str, text: impl Into<String>, help: Option<String>) {
        let one = Diagnostic::error(self.maps[self.map].origin(at), id, text);
        self.say(Diagnostic { help, ..one });
    }

    fn warn(&mut self, at: u32, id: &'static str, text: impl Into<String>, help: Option<String>) {
        let one = Diagnostic::warning(self.maps[self.map].origin(at), id, text);
        self.say(Diagnostic { help, ..one });
    }

    /// What is not at hand: an error for a node, a warning for work on files.
    fn lacking(
        &mut self,
        at: u32,
        id: &'static str,
        text: impl Into<String>,
        help: Option<String>,
    ) {
        match self.strict {
            true => self.error(at, id, text, help),
            false => self.warn(at, id, text, help),
        }
    }

    fn say(&mut self, one: Diagnostic) {
        if one.refuses() {
            match self.current {
                Some(id) => self.notes[id as usize].faulty = true,
                None => self.faulty[self.map] = true,
            }
        }
        self.diagnostics.push(one);
    }

    /// Keeps a literal; gives its place among the constants.
    fn constant(&mut self, text: &str) -> (u32, u32) {
        let start = match self.constant_places.get(text) {
            Some(start) => *start,
            None => {
                let start = self.constants.len() as u32;
                self.constants.push_str(text);
                self.constant_places.insert(text.into(), start);
                start
            }
        };
        (start, text.len() as u32)
    }
}

#[cfg(test)]
mod tests;
