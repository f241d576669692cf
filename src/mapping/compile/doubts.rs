//! What is legal and yet hardly meant: a variable that nothing uses, a group that nothing calls, a rule that never
//! applies, a group that calls itself for the same thing.
//!
//! Promises: looks at a map's words alone. Never: an error, but for a recursion that cannot end.

use super::Compiler;
use crate::mapping::ast::{Argument, Call, Fragment, Name, Rule, Transform, TypeMode};
use std::collections::{BTreeMap, BTreeSet};

impl Compiler<'_> {
    /// Reports the doubts about a map.
    pub(super) fn doubts(&mut self) {
        let map = &self.maps[self.map];
        let mut called: BTreeSet<&str> = BTreeSet::new();
        for group in &map.groups {
            called.extend(group.extends.as_deref());
            group.rules.iter().for_each(|rule| {
                calls(rule, &mut |call| {
                    called.insert(&call.name);
                })
            });
        }
        let imported = self.index.imported[self.map];
        for (at, group) in map.groups.iter().enumerate() {
            let chosen = group.type_mode != TypeMode::None;
            if at > 0 && !imported && !chosen && !called.contains(&*group.name) {
                let text = format!("nothing calls the group `{}`", &*group.name);
                self.warn(group.name.at, "map-unreachable", text, None);
            }
            group.rules.iter().for_each(|rule| self.doubts_of(rule));
        }
        self.recursion();
    }

    fn doubts_of(&mut self, rule: &Rule) {
        for (at, source) in rule.sources.iter().enumerate() {
            let condition = source.condition.as_ref().map(|one| bare(&one.text));
            if condition == Some("false") {
                let text = "the rule never applies: its condition is `false`";
                self.warn(rule.at, "map-unreachable", text, None);
            }
            let own =
                [&source.search, &source.condition, &source.check, &source.log, &source.default];
            if let Some(alias) = &source.alias {
                let here = own.into_iter().flatten().any(|one| says(one, alias));
                let later = rule.sources[at + 1..].iter().any(|next| {
                    let parts =
                        [&next.search, &next.condition, &next.check, &next.log, &next.default];
                    *next.context == **alias || parts.into_iter().flatten().any(|f| says(f, alias))
                });
                if !here && !later && !used(rule, 0, alias) {
                    self.unused(alias);
                }
            }
        }
        for (at, target) in rule.targets.iter().enumerate() {
            if let Some(alias) = &target.alias
                && !used(rule, at + 1, alias)
                && target.transform.is_some()
                && target.context.is_none()
            {
                self.unused(alias);
            }
        }
        rule.rules.iter().for_each(|inner| self.doubts_of(inner));
    }

    fn unused(&mut self, alias: &Name) {
        let text = format!("nothing uses the variable `{}`", &**alias);
        self.warn(alias.at, "map-unused-variable", text, None);
    }

    /// Groups that call themselves, by way of others or not, with nothing but what they were given.
    fn recursion(&mut self) {
        let map = &self.maps[self.map];
        let mut edges: BTreeMap<&str, Vec<&Name>> = BTreeMap::new();
        for group in &map.groups {
            let mut same: Vec<&str> = group.parameters.iter().map(|p| &*p.name.text).collect();
            let found = edges.entry(&group.name).or_default();
            group.rules.iter().for_each(|rule| idle(rule, &mut same, found));
        }
        for group in &map.groups {
            let mut seen = BTreeSet::new();
            let mut open: Vec<&Name> = edges.get(&*group.name.text).cloned().unwrap_or_default();
            while let Some(name) = open.pop() {
                if **name == *group.name {
                    let text =
                        format!("`{}` calls itself for the same thing, without end", &**name);
                    self.error(name.at, "map-recursion", text, None);
                    break;
                }
                if seen.insert(&*name.text) {
                    open.extend(edges.get(&*name.text).into_iter().flatten());
                }
            }
        }
    }
}

/// Calls on the way to which nothing is asked and nothing new is found.
fn idle<'m>(rule: &'m Rule, same: &mut Vec<&'m str>, found: &mut Vec<&'m Name>) {
    let asks = rule.sources.iter().any(|source| {
        source.condition.is_some()
            || source.check.is_some()
            || source.type_name.is_some()
            || source.list.is_some()
            || source.cardinality.is_some()
    });
    if asks {
        return;
    }
    let known = same.len();
    for source in &rule.sources {
        if let Some(alias) = &source.alias {
            match source.elements.is_empty() && same.contains(&&*source.context.text) {
                true => same.push(alias),
                // Another thing under this name.
                false => same.retain(|one| *one != &*alias.text),
            }
        }
    }
    let hidden = |name: &Name| rule.targets.iter().any(|t| t.alias.as_deref() == Some(&**name));
    for call in &rule.calls {
        let all = call.arguments.iter().all(|argument| match argument {
            Argument::Variable(name) => same.contains(&&*name.text) && !hidden(name),
            _ => true,
        });
        if all {
            found.push(&call.name);
        }
    }
    for inner in &rule.rules {
        idle(inner, same, found);
    }
    same.truncate(known);
}

/// Whether a rule's targets from one on, its calls or the rules inside it speak of a variable.
fn used(rule: &Rule, from: usize, name: &Name) -> bool {
    let argument = |one: &Argument| match one {
        Argument::Variable(variable) => **variable == **name || variable.contains('-'),
        Argument::Expression(fragment) => says(fragment, name),
        _ => false,
    };
    let call = |one: &Call| one.arguments.iter().any(argument);
    let target = |target: &crate::mapping::ast::Target| {
        let written = target.context.as_deref() == Some(&**name);
        written
            || match &target.transform {
                None => false,
                Some(Transform::Value(one)) => argument(one),
                Some(Transform::Evaluate(of, fragment)) => {
                    of.as_ref().is_some_and(argument) || says(fragment, name)
                }
                Some(Transform::Call(one)) => call(one),
            }
    };
    rule.targets[from..].iter().any(target)
        || rule.calls.iter().any(call)
        || rule.rules.iter().any(|inner| {
            let source = |source: &crate::mapping::ast::Source| {
                let parts = [
                    &source.search,
                    &source.condition,
                    &source.check,
                    &source.log,
                    &source.default,
                ];
                *source.context == **name || parts.into_iter().flatten().any(|f| says(f, name))
            };
            inner.sources.iter().any(source) || used(inner, 0, name)
        })
}

/// Whether a name stands in an expression as a word.
fn says(fragment: &Fragment, name: &Name) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    fragment.text.match_indices(&*name.text).any(|(at, found)| {
        let before = fragment.text[..at].chars().next_back().is_some_and(word);
        let after = fragment.text[at + found.len()..].chars().next().is_some_and(word);
        !before && !after
    })
}

fn calls<'m>(rule: &'m Rule, found: &mut impl FnMut(&'m Call)) {
    for one in &rule.calls {
        found(one);
    }
    for inner in &rule.rules {
        calls(inner, found);
    }
}

/// An expression without the parentheses around it.
fn bare(expression: &str) -> &str {
    let mut inner = expression.trim();
    while let Some(less) = inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')) {
        inner = less.trim();
    }
    inner
}
