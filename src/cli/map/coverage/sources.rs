//! Rules by the lines of their maps.
//!
//! Promises: a rule of several plans is one rule; a rule that no plan holds is one that is never reached; a line
//! belongs to the innermost rule that it is part of. Never: counts a rule of a map that no plan uses.

use crate::cli::map::folder::Mappings;
use crate::mapping::ast::{Map, Rule};
use crate::mapping::{Coverage, Plan, RuleCount};
use crate::tree::Lines;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A map and its rules.
#[derive(Serialize)]
pub struct MapLines {
    pub file: String,
    pub url: String,
    pub rules: Vec<RuleLine>,
}

/// A rule.
#[derive(Serialize)]
pub struct RuleLine {
    pub line: u32,
    pub column: u32,
    /// Where it stands in its map, whatever the lines.
    pub path: String,
    pub fired: u32,
    /// Items that it passed over.
    pub passed: u32,
    /// How often its source was not there.
    pub absent: u32,
}

/// The maps that plans are made of, those first that were asked for.
pub fn lines(mappings: &Mappings, plans: &[(Arc<Plan>, Coverage)]) -> Vec<MapLines> {
    let mut counts: BTreeMap<(&str, u32), (String, RuleCount)> = BTreeMap::new();
    for (plan, coverage) in plans {
        for at in plan.own_rules() {
            let (Some(rule), Some(count)) = (plan.rules().get(at), coverage.rules.get(at)) else {
                continue;
            };
            let file = rule.place.rsplit_once(':').map_or(&*rule.place, |(file, _)| file);
            let (_, sum) = counts
                .entry((file, rule.at))
                .or_insert_with(|| (rule.path.to_string(), RuleCount::default()));
            sum.fired += count.fired;
            sum.passed += count.passed;
            sum.absent += count.absent;
        }
    }
    let used = |map: &&Map| counts.keys().any(|(file, _)| **file == *map.file);
    let mut maps: Vec<&Map> = mappings.maps.iter().filter(used).collect();
    maps.sort_by_key(|map| !mappings.asked.contains(&*map.file));
    maps.into_iter()
        .map(|map| {
            let mut all = Vec::new();
            map.groups.iter().for_each(|group| below(&group.rules, &group.name.text, &mut all));
            // Of a map that is only imported what nobody uses is nobody's fault.
            let own = mappings.asked.contains(&*map.file);
            all.retain(|(at, _)| own || counts.contains_key(&(&*map.file, *at)));
            let lines = Lines::new(&map.text);
            let rules = all.into_iter().map(|(at, group)| {
                let known = counts.get(&(&*map.file, at)).cloned();
                let (path, count) = known.unwrap_or((group, RuleCount::default()));
                let place = lines.at(at);
                RuleLine {
                    line: place.line,
                    column: place.column,
                    path,
                    fired: count.fired,
                    passed: count.passed,
                    absent: count.absent,
                }
            });
            MapLines {
                file: map.file.to_string(),
                url: map.url.text.to_string(),
                rules: rules.collect(),
            }
        })
        .collect()
}

fn below(rules: &[Rule], group: &str, all: &mut Vec<(u32, String)>) {
    for rule in rules {
        all.push((rule.at, group.to_owned()));
        below(&rule.rules, group, all);
    }
}
