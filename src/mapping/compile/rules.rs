//! Rules and their sources.
//!
//! Promises: a variable is known inside its rule and nowhere else. Never: lets a rule write a source.

use super::index::Side;
use super::shape::{Shape, nearest};
use super::{Binding, Compiler};
use crate::mapping::ast::{self, Fragment, Name};
use crate::mapping::declared::Ask;
use crate::mapping::expression::{self, Compiled, ENGINE, Known, Variable, Visible};
use crate::mapping::plan::{List, Log, Place, Rule, RuleId, Slot, Source, Step, Transform};
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn rule(&mut self, rule: &ast::Rule) -> Rule {
        let id = self.rule_id(rule.at);
        let outer = self.scope.len();
        let mut sources = Vec::new();
        let mut read = Vec::new();
        for source in &rule.sources {
            if let Some((source, shape)) = self.source(source) {
                read.push((source.into, shape));
                sources.push(source);
            }
        }
        let mut compiled =
            Rule { id, sources, targets: Vec::new(), calls: Vec::new(), rules: Vec::new() };
        // After a fault in a source what follows would only repeat it.
        if compiled.sources.len() == rule.sources.len() {
            let inner = Slot(self.slots);
            for target in &rule.targets {
                let simple = is_simple(rule);
                let made = self.target(target, &read[0], simple);
                compiled.targets.append(&mut self.before);
                compiled.targets.extend(made);
            }
            self.past_maximum(rule, &compiled, inner);
            compiled.calls = rule.calls.iter().filter_map(|call| self.call(call)).collect();
            compiled.rules = rule.rules.iter().map(|rule| self.rule(rule)).collect();
        }
        self.scope.truncate(outer);
        compiled
    }

    /// A rule that may fire several times and writes what may stand once, into what it did not make itself.
    fn past_maximum(&mut self, rule: &ast::Rule, compiled: &Rule, inner: Slot) {
        let [source] = &compiled.sources[..] else { return };
        let chosen = source.list.is_some() || source.condition.is_some() || source.filter.is_some();
        let limited = source.cardinality.is_some_and(|(_, max)| max <= 1);
        let repeats = source.steps.iter().any(|step| match step {
            Step::Element(element) => self.table.element(*element).max > 1,
            Step::Any => true,
            _ => false,
        });
        if chosen || limited || !repeats {
            return;
        }
        for (target, written) in compiled.targets.iter().zip(&rule.targets) {
            let Place::Below(slot, Step::Element(element)) = &target.place else { continue };
            let makes = matches!(target.transform, Transform::Make);
            let shared = matches!(target.list, List::Share(_));
            let one = self.table.element(*element);
            if one.max == 1 && slot.0 < inner.0 && !makes && !shared {
                let text = format!(
                    "`{}` may be written several times and stands once: the last value is kept",
                    &*one.path
                );
                let help = "choose with `first`, `last` or a condition".to_owned();
                self.warn(written.at, "map-past-maximum", text, Some(help));
            }
        }
    }

    fn rule_id(&mut self, at: u32) -> RuleId {
        let place = *self.rule_places.entry((self.map, at)).or_insert_with(|| {
            self.rules.push(self.places[self.map].rule(&self.maps[self.map], at));
            self.rules.len() as u32 - 1
        });
        RuleId(place)
    }

    fn source(&mut self, source: &ast::Source) -> Option<(Source, Shape)> {
        let (from, context) = match &source.search {
            Some(query) => {
                // Compiled for its faults: what it would find is nowhere.
                self.compile(query, Slot(0), &[])?;
                (Slot(0), Shape::default())
            }
            None => self.variable(&source.context)?,
        };
        let mut shape = Shape { is_target: false, ..context.clone() };
        let mut steps = Vec::new();
        for name in &source.elements {
            let (step, next) = self.step(&shape, name);
            steps.push(step);
            shape = next;
        }
        // What is read may be written if it is the target variable itself.
        shape.is_target = context.is_target;
        let filter = source.type_name.as_ref().and_then(|name| {
            let wanted = self.type_named(name, Side::Source)?;
            self.narrow_source(name, &mut shape, wanted);
            Some(wanted)
        });
        let into = self.new_slot();
        let outer: &[_] = &context.types;
        let default = source.default.as_ref().and_then(|f| self.compile(f, from, outer));
        if let Some(alias) = &source.alias {
            self.bind(alias, into, shape.clone());
        } else if let Some(element) = source.elements.last() {
            self.bind_implicitly(element, into, shape.clone());
        }
        let types = shape.types.clone();
        let condition = source.condition.as_ref().and_then(|f| self.compile(f, into, &types));
        let check = source.check.as_ref().and_then(|f| self.compile(f, into, &types));
        let log = source.log.as_ref().map(|f| self.log(f, into, &types));
        let (cardinality, list) = (source.cardinality, source.list);
        let search = source.search.is_some();
        let compiled = Source {
            from,
            search,
            steps,
            filter,
            cardinality,
            default,
            list,
            into,
            condition,
            check,
            log,
        };
        Some((compiled, shape))
    }

    fn narrow_source(
        &mut self,
        name: &Name,
        shape: &mut Shape,
        wanted: crate::tree::types::TypeId,
    ) {
        let related = |t: &_| self.table.is_a(*t, wanted) || self.table.is_a(wanted, *t);
        if !shape.types.is_empty() && !shape.types.iter().any(related) {
            let (types, wanted) = (self.type_names(&shape.types), self.type_names(&[wanted]));
            let text = format!("the element is never {wanted}, it is {types}");
            self.error(name.at, "map-wrong-type", text, None);
        }
        shape.types = vec![wanted];
    }

    fn log(
        &mut self,
        fragment: &Fragment,
        item: Slot,
        types: &[crate::tree::types::TypeId],
    ) -> Log {
        match literal(&fragment.text) {
            Some(text) if text.starts_with("dropped:") => Log::Dropped,
            Some(text) => Log::Text(Arc::from(text)),
            None => {
                // Compiled for its faults; its value is the message's and is not kept.
                self.compile(fragment, item, types);
                Log::Computed
            }
        }
    }

    pub(super) fn new_slot(&mut self) -> Slot {
        self.slots += 1;
        Slot(self.slots - 1)
    }

    pub(super) fn bind(&mut self, name: &Name, slot: Slot, shape: Shape) {
        self.scope.push(Binding { name: name.text.clone(), slot, shape, implicit: false });
    }

    /// Binds an element's name where nothing else has it.
    pub(super) fn bind_implicitly(&mut self, name: &Name, slot: Slot, shape: Shape) {
        if !self.scope.iter().any(|b| b.name == name.text && !b.implicit) {
            self.scope.push(Binding { name: name.text.clone(), slot, shape, implicit: true });
        }
    }

    /// A variable that is read; an unknown one is reported. A source and a target may have one name: then it is
    /// the source here.
    pub(super) fn variable(&mut self, name: &Name) -> Option<(Slot, Shape)> {
        self.found(name, false)
    }

    /// A variable that is written: a target's, where a source has the name too.
    pub(super) fn target_variable(&mut self, name: &Name) -> Option<(Slot, Shape)> {
        self.found(name, true)
    }

    fn found(&mut self, name: &Name, is_target: bool) -> Option<(Slot, Shape)> {
        let named = |b: &&Binding| b.name == name.text;
        let mode = |b: &&Binding| b.shape.is_target == is_target;
        let explicit = || self.scope.iter().rev().filter(|b| !b.implicit).filter(named);
        let implicit = || self.scope.iter().rev().filter(|b| b.implicit).filter(named);
        let found = explicit().find(mode).or_else(|| explicit().next());
        let found = found.or_else(|| implicit().find(mode)).or_else(|| implicit().next());
        if let Some(binding) = found {
            return Some((binding.slot, binding.shape.clone()));
        }
        let meant = nearest(name, self.scope.iter().map(|b| &*b.name));
        let text = format!("unknown variable `{}`", &**name);
        self.error(name.at, "map-unknown-variable", text, meant);
        None
    }

    /// Compiles an expression on the item in a slot; its faults are reported.
    pub(super) fn compile(
        &mut self,
        fragment: &Fragment,
        focus: Slot,
        types: &[crate::tree::types::TypeId],
    ) -> Option<Compiled> {
        let engine: Vec<String> = ENGINE.iter().map(|name| format!("engine.{name}")).collect();
        let route: Vec<String> = self.parameters.iter().map(|p| format!("route.{p}")).collect();
        let mut visible: Vec<Visible<'_>> = Vec::new();
        for (at, name) in engine.iter().enumerate() {
            let from = Variable::Engine(at as u32);
            visible.push(Visible { name, types: &[], from, is_source: false });
        }
        for (at, name) in route.iter().enumerate() {
            let from = Variable::Parameter(at as u32);
            visible.push(Visible { name, types: &[], from, is_source: false });
        }
        let constants = &self.maps[self.map].constants;
        let shadowed = |name: &str| self.scope.iter().any(|b| *b.name == *name && !b.implicit);
        let constants: Vec<(&str, &str)> = constants
            .iter()
            .map(|one| (&*one.name.text, &*one.value.text))
            .filter(|(name, _)| !shadowed(name))
            .collect();
        // The later of a name counts: sources hide targets.
        let bindings = |is_target: bool| {
            self.scope.iter().filter(move |b| !b.implicit && b.shape.is_target == is_target)
        };
        visible.extend(bindings(true).chain(bindings(false)).map(|b| Visible {
            name: &b.name,
            types: &b.shape.types,
            from: Variable::Slot(b.slot),
            is_source: !b.shape.is_target,
        }));
        let known = Known { visible: &visible, constants: &constants };
        match expression::compile(fragment, self.table, (Some(focus), types), &known) {
            Ok(compiled) => {
                for variable in &compiled.variables {
                    if let (Variable::Parameter(one), Some(id)) = (variable, self.current) {
                        let asked = (*one, self.map, fragment.at);
                        self.notes[id as usize].parameters.push(asked);
                    }
                }
                for (about, canonical) in expression::asks(compiled.expression.text()) {
                    let origin = self.maps[self.map].origin(fragment.at);
                    let ask = Ask { about, canonical, origin };
                    if !self.asks.contains(&ask) {
                        self.asks.push(ask);
                    }
                }
                let most = crate::mapping::run::MAX_VARIABLES;
                let taken = self.paths.taken_out(&compiled, self.table, types, &visible, most);
                Some(taken.unwrap_or(compiled))
            }
            Err(faults) => {
                for fault in faults {
                    let id = match fault.text.contains("%route.") || fault.text.contains("%`route.")
                    {
                        true => "map-unknown-parameter",
                        false => "map-expression",
                    };
                    self.error(fault.at, id, fault.text, fault.help);
                }
                None
            }
        }
    }
}

/// `src.a -> tgt.b;`: a copy by type, though nothing says so.
fn is_simple(rule: &ast::Rule) -> bool {
    let ([source], [target]) = (&rule.sources[..], &rule.targets[..]) else { return false };
    !source.elements.is_empty()
        && source.alias.is_none()
        && target.element.is_some()
        && target.alias.is_none()
        && target.transform.is_none()
        && rule.calls.is_empty()
        && rule.rules.is_empty()
}

/// The text of an expression that is nothing but one text, in parentheses or not.
fn literal(expression: &str) -> Option<Box<str>> {
    let mut inner = expression.trim();
    while let Some(bare) = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')) {
        inner = bare.trim();
    }
    let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let body = inner[1..].strip_suffix(quote)?;
    (!body.contains(quote)).then(|| body.into())
}
