//! Sources: which items a rule is for.
//!
//! Promises: conditions are asked before list modes count; items are in document order. Never: writes.

use super::value::{Value, text_of};
use super::{Machine, Stop, issues, spot_of};
use crate::mapping::ast::SourceList;
use crate::mapping::plan::{Log, Source, Step};
use crate::mapping::trace::Why;
use crate::message::Arg;
use crate::tree::types::{ElementId, Table, TypeId, TypeKind};
use crate::tree::{Kind, Marks, NodeId, State, Tree};
use std::sync::Arc;

impl<'p> Machine<'p, '_> {
    /// Pushes the items of a source.
    pub(super) fn items(&mut self, source: &'p Source, frame: usize) -> Result<(), Stop> {
        let base = self.memory.items.len();
        let from = match source.search {
            true => Value::None,
            false => self.slot(frame, source.from),
        };
        if source.search {
            self.report(&issues::NO_SEARCH, self.item, Arg::None);
        }
        if from != Value::None {
            self.memory.items.push(from);
        }
        for step in &source.steps {
            self.descend(base, step);
        }
        if let Some(wanted) = source.filter {
            let step = source.steps.last();
            self.retain(base, Why::Type, |machine, item| machine.is_of(item, wanted, step));
        }
        if self.memory.items.len() == base
            && let Some(default) = &source.default
        {
            self.evaluate(default, from, frame, from);
        }
        if self.memory.items.len() == base {
            self.tell(|trace, rule| trace.passed(rule, spot_of(from), Why::Absent));
        }
        self.check_cardinality(source, base, from);
        for _ in base..self.memory.items.len() {
            self.step()?;
        }
        if let Some(condition) = &source.condition {
            self.retain(base, Why::Condition, |machine, item| {
                machine.set(frame, source.into, item);
                machine.holds(condition, item, frame)
            });
        }
        if let Some(check) = &source.check {
            self.retain(base, Why::Check, |machine, item| {
                machine.set(frame, source.into, item);
                let holds = machine.holds(check, item, frame);
                if !holds {
                    machine.report(&issues::CHECK_FAILED, item, Arg::None);
                }
                holds
            });
        }
        if self.trace.is_some() {
            self.tell_left_out(source, base);
        }
        self.choose(source, base);
        if let Some(log) = &source.log {
            self.log(log, base);
        }
        Ok(())
    }

    /// Keeps the items from `base` on for which `keep` says so.
    fn retain(&mut self, base: usize, why: Why, mut keep: impl FnMut(&mut Self, Value) -> bool) {
        let mut kept = base;
        for at in base..self.memory.items.len() {
            let item = self.memory.items[at];
            if keep(self, item) {
                self.memory.items[kept] = item;
                kept += 1;
            } else {
                self.tell(|trace, rule| trace.passed(rule, spot_of(item), why));
            }
        }
        self.memory.items.truncate(kept);
    }

    /// Replaces the items from `base` on by what is one step below them.
    fn descend(&mut self, base: usize, step: &Step) {
        let end = self.memory.items.len();
        for at in base..end {
            let item = self.memory.items[at];
            match item {
                Value::Node(tree, node) => self.children(tree, node, step),
                Value::Text(..) if is_value(step) => self.memory.items.push(item),
                _ => {}
            }
        }
        self.memory.items.drain(base..end);
    }

    fn children(&mut self, tree: u8, node: NodeId, step: &Step) {
        let of = self.sources.get(usize::from(tree)).copied().unwrap_or(self.target);
        let table = &self.plan.code.table;
        let own = of.node(node);
        if is_value(step) && table.primitive(own.type_id).is_some() {
            if text_of(of, node).is_some() {
                self.memory.items.push(Value::Node(tree, node));
            }
            return;
        }
        let base = self.memory.items.len();
        let fits = |child: &NodeId| {
            let one = of.node(*child);
            match step {
                Step::Element(element) => one.element == *element,
                Step::Choice(element, type_id) => {
                    one.element == *element && one.type_id == *type_id
                }
                Step::Any => one.kind != Kind::Text,
                Step::Value => false,
                Step::Named(name) => {
                    of.name_text(one.name) == &**name
                        || (one.element != ElementId::NONE
                            && table.names().text(table.element(one.element).name) == &**name)
                }
            }
        };
        let children = of.children(node).filter(fits).map(|child| Value::Node(tree, child));
        self.memory.items.extend(children);
        let (Step::Named(name), TypeId::NONE) = (step, own.type_id) else { return };
        if self.memory.items.len() > base {
            return;
        }
        // Of no known type: a choice by its wire name, and the value of what has nothing but one.
        let choice = |child: &NodeId| {
            let called = of.name_text(of.node(*child).name);
            called.strip_prefix(&**name).is_some_and(|rest| suffix_type(table, rest).is_some())
        };
        let children = of.children(node).filter(choice).map(|child| Value::Node(tree, child));
        self.memory.items.extend(children);
        let valued = is_value(step) && own.state == State::Present;
        if self.memory.items.len() == base && valued && !own.marks.has(Marks::RESOURCE) {
            self.memory.items.push(Value::Node(tree, node));
        }
    }

    /// Whether an item is of a type. One of no known type is what its name or its document says, if they do.
    fn is_of(&self, item: Value, wanted: TypeId, step: Option<&Step>) -> bool {
        let type_id = self.type_of(item);
        let Value::Node(tree, node) = item else { return type_id == wanted };
        if type_id != TypeId::NONE {
            // A `code` is no `string` here, as the reference implementation has it.
            let one = self.plan.code.table.type_of(wanted);
            let exact =
                !one.is_abstract && matches!(one.kind, TypeKind::Primitive | TypeKind::Complex);
            return type_id == wanted || (!exact && self.is_a(type_id, wanted));
        }
        let of = self.tree(tree);
        if let Some(name) = of.resource_type(node) {
            return self.plan.code.table.find(name) == Some(wanted);
        }
        let own = of.name_text(of.node(node).name);
        match step {
            Some(Step::Named(name)) => match own.strip_prefix(&**name) {
                Some("") | None => true,
                Some(rest) => suffix_type(&self.plan.code.table, rest) == Some(wanted),
            },
            _ => false,
        }
    }

    fn check_cardinality(&mut self, source: &Source, base: usize, from: Value) {
        let Some((min, max)) = source.cardinality else { return };
        let count = self.memory.items.len() - base;
        if (count as u64) < u64::from(min) || count as u64 > u64::from(max) {
            let most = if max == u32::MAX { "*".to_owned() } else { max.to_string() };
            let range = Arg::Shared(Arc::from(format!("{min}..{most}")));
            self.report(&issues::CARDINALITY, from, range);
        }
    }

    /// Applies the list mode.
    fn choose(&mut self, source: &Source, base: usize) {
        let items = &mut self.memory.items;
        match source.list {
            None => {}
            Some(SourceList::First) => items.truncate(base + 1),
            Some(SourceList::NotFirst) => {
                items.drain(base..items.len().min(base + 1));
            }
            Some(SourceList::Last) => {
                let last = items.len().saturating_sub(1).max(base);
                items.drain(base..last);
            }
            Some(SourceList::NotLast) => items.truncate(items.len().saturating_sub(1).max(base)),
            Some(SourceList::OnlyOne) if items.len() > base + 1 => {
                let second = items[base + 1];
                items.truncate(base);
                self.report(&issues::ONLY_ONE, second, Arg::None);
            }
            Some(SourceList::OnlyOne) => {}
        }
    }

    /// Tells which items the list mode leaves out.
    fn tell_left_out(&mut self, source: &Source, base: usize) {
        let count = self.memory.items.len() - base;
        for place in 0..count {
            let stays = match source.list {
                None => true,
                Some(SourceList::First) => place == 0,
                Some(SourceList::NotFirst) => place > 0,
                Some(SourceList::Last) => place + 1 == count,
                Some(SourceList::NotLast) => place + 1 < count,
                Some(SourceList::OnlyOne) => count == 1,
            };
            if !stays {
                let item = self.memory.items[base + place];
                self.tell(|trace, rule| trace.passed(rule, spot_of(item), Why::List));
            }
        }
    }

    fn log(&mut self, log: &Log, base: usize) {
        for at in base..self.memory.items.len() {
            let item = self.memory.items[at];
            match log {
                Log::Dropped => self.mark_declared(item),
                Log::Text(text) => {
                    self.report(&issues::LOGGED, item, Arg::Shared(Arc::clone(text)));
                }
                Log::Computed => {}
            }
        }
    }
}

fn is_value(step: &Step) -> bool {
    match step {
        Step::Value => true,
        Step::Named(name) => &**name == "value",
        _ => false,
    }
}

/// The type that ends a choice's wire name: `Quantity` of `valueQuantity`, `dateTime` of `valueDateTime`.
pub(super) fn suffix_type(table: &Table, suffix: &str) -> Option<TypeId> {
    let first = suffix.chars().next().filter(char::is_ascii_uppercase)?;
    table.find(suffix).or_else(|| {
        let mut lower = suffix.to_owned();
        lower.replace_range(..1, &first.to_ascii_lowercase().to_string());
        table.find(&lower)
    })
}

/// The first child of an element.
pub(super) fn child_of(tree: &Tree, node: NodeId, element: ElementId) -> Option<NodeId> {
    tree.children(node).find(|child| tree.node(*child).element == element)
}
