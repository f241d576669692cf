//! Rules of a plan as they were written: place, line, and the words of a condition.
//!
//! Promises: a rule that cannot be found in its map is still called by its place. Never: reads a file.

use super::folder::Mappings;
use crate::mapping::ast::{Map, Rule, Source};
use crate::mapping::{Plan, Why};
use crate::tree::Lines;
use serde_json::{Value, json};
use std::fmt::Write;

/// The rules of a plan.
pub struct Rules<'a> {
    plan: &'a Plan,
    mappings: &'a Mappings,
}

impl<'a> Rules<'a> {
    /// Those of a plan that was made of these mappings.
    pub fn new(plan: &'a Plan, mappings: &'a Mappings) -> Rules<'a> {
        Rules { plan, mappings }
    }

    /// `file:line`.
    pub fn place(&self, rule: usize) -> &str {
        self.plan.rules().get(rule).map_or("?", |one| &one.place)
    }

    /// The map that a rule stands in.
    pub fn map(&self, rule: usize) -> Option<&'a Map> {
        let place = self.place(rule);
        let file = place.rsplit_once(':').map_or(place, |(file, _)| file);
        self.mappings.maps.iter().find(|map| *map.file == *file)
    }

    /// The rule as it was written.
    pub fn written(&self, rule: usize) -> Option<&'a Rule> {
        let at = self.plan.rules().get(rule)?.at;
        let map = self.map(rule)?;
        map.groups.iter().find_map(|group| rule_at(&group.rules, at))
    }

    /// The rule's first line.
    pub fn excerpt(&self, rule: usize, out: &mut String) {
        let (Some(map), Some(one)) = (self.map(rule), self.plan.rules().get(rule)) else { return };
        let place = Lines::new(&map.text).at(one.at);
        let line = Lines::new(&map.text).line(place.line);
        let _ = writeln!(out, "{:>6} | {}", place.line, line.trim_end());
    }

    /// Why it passed over an item, in words.
    pub fn why(&self, rule: usize, why: Why, item: &str) -> String {
        let sources = self.written(rule).map_or(&[][..], |rule| &rule.sources);
        let words = |of: fn(&Source) -> Option<String>| {
            sources.iter().find_map(of).unwrap_or_else(|| "what it asks".to_owned())
        };
        match why {
            Why::Condition => {
                let condition = words(|s| s.condition.as_ref().map(|f| f.text.to_string()));
                format!("its condition `{}` is false for {item}", bare(&condition))
            }
            Why::Check => {
                let check = words(|s| s.check.as_ref().map(|f| f.text.to_string()));
                format!("its check `{}` is false for {item}", bare(&check))
            }
            Why::Type => {
                let wanted = words(|s| s.type_name.as_ref().map(|name| name.text.to_string()));
                format!("{item} is no {wanted}")
            }
            Why::List => format!("its list mode leaves out {item}"),
            Why::Absent => {
                let elements: Vec<String> = sources.iter().map(element).collect();
                format!("there is no `{}` below {item}", elements.join("`, `"))
            }
        }
    }

    /// A rule for programs.
    pub fn json(&self, rule: usize) -> Value {
        let Some(one) = self.plan.rules().get(rule) else { return Value::Null };
        let origin = self.map(rule).map(|map| map.origin(one.at));
        json!({
            "place": *one.place, "path": *one.path, "map": *one.map,
            "file": origin.as_ref().map(|o| &*o.file), "line": origin.as_ref().map(|o| o.line),
            "column": origin.as_ref().map(|o| o.column),
        })
    }
}

fn element(source: &Source) -> String {
    let names = source.elements.iter().map(|name| &*name.text);
    names.collect::<Vec<_>>().join(".")
}

/// An expression without the parentheses around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    inner.filter(|inner| !inner.contains([')', '('])).map_or(text, str::trim)
}

fn rule_at(rules: &[Rule], at: u32) -> Option<&Rule> {
    rules.iter().find_map(|rule| match rule.at == at {
        true => Some(rule),
        false => rule_at(&rule.rules, at),
    })
}
