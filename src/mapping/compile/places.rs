//! What rules are called: by their line for people, by their path for ids.
//!
//! Promises: a path does not change when lines move, when a comment is added, or when another rule comes
//! before it. Never: two rules of a map with one path.

use crate::mapping::ast::{Map, Rule};
use crate::mapping::trace::RulePlace;
use std::collections::HashMap;
use std::sync::Arc;

/// The places of a map's rules, by where they start in its text.
pub(super) struct Places {
    rules: HashMap<u32, RulePlace>,
}

impl Places {
    pub fn of(map: &Map) -> Places {
        let starts: Vec<u32> = map.text.match_indices('\n').map(|(at, _)| at as u32 + 1).collect();
        let url: Arc<str> = map.url.text.clone().into();
        let mut walk = Walk { map, url, starts, rules: HashMap::new() };
        for group in &map.groups {
            walk.rules(&group.rules, &group.name.text);
        }
        Places { rules: walk.rules }
    }

    /// The place of the rule that starts there.
    pub fn rule(&self, map: &Map, at: u32) -> RulePlace {
        self.rules.get(&at).cloned().unwrap_or_else(|| {
            let origin = map.origin(at);
            RulePlace {
                place: format!("{}:{}", origin.file, origin.line).into(),
                path: format!("@{at}").into(),
                map: map.url.text.clone().into(),
                at,
            }
        })
    }
}

struct Walk<'a> {
    map: &'a Map,
    url: Arc<str>,
    starts: Vec<u32>,
    rules: HashMap<u32, RulePlace>,
}

impl Walk<'_> {
    fn rules(&mut self, rules: &[Rule], above: &str) {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for rule in rules {
            let mut path = format!("{above}/{}", label(rule));
            let count = seen.entry(path.clone()).or_default();
            *count += 1;
            if *count > 1 {
                path = format!("{path}#{count}");
            }
            let line = 1 + self.starts.partition_point(|start| *start <= rule.at);
            let place = RulePlace {
                place: format!("{}:{line}", self.map.file).into(),
                path: path.as_str().into(),
                map: Arc::clone(&self.url),
                at: rule.at,
            };
            self.rules.insert(rule.at, place);
            self.rules(&rule.rules, &path);
        }
    }
}

/// A rule's name, or what it reads and writes.
fn label(rule: &Rule) -> String {
    if let Some(name) = &rule.name {
        return name.text.to_string();
    }
    let mut label = String::new();
    for source in &rule.sources {
        label.push_str(&source.context.text);
        for element in &source.elements {
            label.push('.');
            label.push_str(&element.text);
        }
        label.push(' ');
    }
    label.push_str("->");
    for target in &rule.targets {
        label.push(' ');
        for name in [&target.context, &target.element].into_iter().flatten() {
            label.push('.');
            label.push_str(&name.text);
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::parse;

    fn paths(text: &str) -> Vec<(String, String)> {
        let (map, _) = parse("a.fml", text);
        let places = Places::of(&map);
        let mut all: Vec<_> = places.rules.values().collect();
        all.sort_by_key(|one| one.at);
        all.iter().map(|one| (one.path.to_string(), one.place.to_string())).collect()
    }

    #[test]
    fn a_comment_above_moves_the_line_and_not_the_path() {
        let map = |comment: &str| {
            format!(
                "map 'u' = 'n'\n{comment}group g(source s, target t) {{\n  s.a -> t.b;\n  \
                 s.a -> t.b then {{ s.c -> t.d 'named'; }};\n}}"
            )
        };
        let (before, after) = (paths(&map("")), paths(&map("// more\n\n")));
        let of = |all: &[(String, String)]| all.iter().map(|p| p.0.clone()).collect::<Vec<_>>();
        assert_eq!(of(&before), ["g/s.a -> .t.b", "g/s.a -> .t.b#2", "g/s.a -> .t.b#2/named"]);
        assert_eq!(of(&before), of(&after));
        assert_eq!((before[0].1.as_str(), after[0].1.as_str()), ("a.fml:3", "a.fml:5"));
    }
}
