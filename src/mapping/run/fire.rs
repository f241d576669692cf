//! Rules and groups: items times targets times dependents.
//!
//! Promises: targets are written once for each item, dependents run after them. Never: deeper than the limit.

use super::value::Value;
use super::{Machine, Stop, spot_of};
use crate::mapping::plan::{Call, Rule};

impl<'p> Machine<'p, '_> {
    pub(super) fn rules(&mut self, rules: &'p [Rule], frame: usize) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > self.inputs.limits.depth {
            return Err(self.too_costly("levels", u64::from(self.inputs.limits.depth)));
        }
        for rule in rules {
            self.rule = rule.id;
            self.step()?;
            self.matches(rule, 0, frame)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Runs a rule for every combination of its sources' items, from a source on.
    fn matches(&mut self, rule: &'p Rule, at: usize, frame: usize) -> Result<(), Stop> {
        let Some(source) = rule.sources.get(at) else {
            if at > 0 {
                self.fire(rule, frame)?;
                self.rule = rule.id;
                self.tell(|trace, rule| trace.done(rule));
            }
            return Ok(());
        };
        let base = self.memory.items.len();
        self.items(source, frame)?;
        let end = self.memory.items.len();
        for place in base..end {
            let item = self.memory.items[place];
            self.set(frame, source.into, item);
            self.matches(rule, at + 1, frame)?;
            self.rule = rule.id;
        }
        self.memory.items.truncate(base);
        Ok(())
    }

    fn fire(&mut self, rule: &'p Rule, frame: usize) -> Result<(), Stop> {
        let item = self.slot(frame, rule.sources[0].into);
        self.item = item;
        self.tell(|trace, rule| trace.fired(rule, spot_of(item)));
        for target in &rule.targets {
            self.step()?;
            // A group that made the target before left its own.
            (self.rule, self.item) = (rule.id, item);
            let made = self.target(target, frame, item)?;
            if let Some(slot) = target.bind {
                self.set(frame, slot, made);
            }
        }
        for call in &rule.calls {
            self.call(call, frame, item)?;
        }
        match rule.rules.is_empty() {
            true => Ok(()),
            false => self.rules(&rule.rules, frame),
        }
    }

    fn call(&mut self, call: &'p Call, frame: usize, item: Value) -> Result<(), Stop> {
        let callee = self.memory.slots.len();
        for argument in &call.arguments {
            let value = self.operand(argument, frame, item);
            self.memory.slots.push(value);
        }
        self.enter(call.group, callee)
    }

    /// Runs a group whose arguments lie on top of the registers.
    pub(super) fn enter(&mut self, group: u32, callee: usize) -> Result<(), Stop> {
        let group = &self.plan.code.groups[group as usize];
        self.memory.slots.resize(callee + group.slots as usize, Value::None);
        self.rules(&group.rules, callee)?;
        self.memory.slots.truncate(callee);
        Ok(())
    }
}
