//! The report: sums by rule and by element, as text and as JSON.
//!
//! Promises: the same for the same files. Never: a value of a message.

use super::sources::{self, MapLines};
use super::spans::Span;
use crate::cli::excerpt::plural;
use crate::cli::map::folder::Mappings;
use crate::mapping::{Coverage, ElementCount, Losses, Plan};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

/// A message that was run.
pub struct RanMessage {
    pub file: String,
    pub map: String,
    pub refused: bool,
    pub losses: Losses,
    /// Its text, where the page shows it.
    pub text: Option<String>,
    pub spans: Vec<Span>,
}

/// Everything.
pub struct Report {
    pub messages: Vec<RanMessage>,
    pub maps: Vec<MapLines>,
    pub elements: Vec<ElementReport>,
    pub totals: Totals,
}

/// An element of the messages.
#[derive(Serialize)]
pub struct ElementReport {
    pub path: String,
    pub read: u32,
    pub tested: u32,
    pub declared: u32,
    pub dropped: u32,
    /// The rules (`file:line`) that read or tested it.
    pub rules: BTreeSet<String>,
}

/// The sums.
#[derive(Clone, Copy, Default, Serialize)]
pub struct Totals {
    pub rules: u32,
    pub fired: u32,
    pub values: u32,
    pub read: u32,
    pub tested: u32,
    pub declared: u32,
    pub dropped: u32,
}

/// Percent, rounded down so that 100 means all.
pub fn percent(part: u32, whole: u32) -> u32 {
    if whole == 0 { 100 } else { (u64::from(part) * 100 / u64::from(whole)) as u32 }
}

impl Totals {
    /// Whether both sums reach so many percent.
    pub fn reaches(&self, wanted: u32) -> bool {
        self.rules_percent() >= wanted && self.values_percent() >= wanted
    }

    pub fn rules_percent(&self) -> u32 {
        percent(self.fired, self.rules)
    }

    pub fn values_percent(&self) -> u32 {
        percent(self.values - self.dropped, self.values)
    }
}

impl ElementReport {
    fn new(path: &str) -> ElementReport {
        ElementReport {
            path: path.to_owned(),
            read: 0,
            tested: 0,
            declared: 0,
            dropped: 0,
            rules: BTreeSet::new(),
        }
    }

    fn add(&mut self, plan: &Plan, count: &ElementCount) {
        self.read += count.read;
        self.tested += count.tested;
        self.declared += count.declared;
        self.dropped += count.dropped;
        let places = count.rules.iter().filter_map(|rule| plan.rules().get(*rule));
        self.rules.extend(places.map(|rule| rule.place.to_string()));
    }

    pub fn values(&self) -> u32 {
        self.read + self.tested + self.declared + self.dropped
    }
}

impl Report {
    pub fn new(
        mappings: &Mappings,
        plans: &[(Arc<Plan>, Coverage)],
        messages: Vec<RanMessage>,
    ) -> Report {
        let mut elements: BTreeMap<&str, ElementReport> = BTreeMap::new();
        for (plan, coverage) in plans {
            for (path, count) in &coverage.elements {
                let one = elements.entry(path).or_insert_with(|| ElementReport::new(path));
                one.add(plan, count);
            }
        }
        let elements: Vec<ElementReport> = elements.into_values().collect();
        let maps = sources::lines(mappings, plans);
        let mut totals = Totals::default();
        for rule in maps.iter().flat_map(|map| &map.rules) {
            totals.rules += 1;
            totals.fired += u32::from(rule.fired > 0);
        }
        for one in &elements {
            totals.values += one.values();
            totals.read += one.read;
            totals.tested += one.tested;
            totals.declared += one.declared;
            totals.dropped += one.dropped;
        }
        Report { messages, maps, elements, totals }
    }

    /// For people: the sums, then what is open.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let totals = &self.totals;
        for map in &self.maps {
            for rule in map.rules.iter().filter(|rule| rule.fired == 0) {
                let why = match (rule.passed, rule.absent) {
                    (0, 0) => "never reached",
                    (0, _) => "never fired: its source was never there",
                    _ => "never fired: it passed over all that it was asked about",
                };
                let _ = writeln!(out, "{}:{}:{}: {why}", map.file, rule.line, rule.column);
            }
        }
        for one in self.elements.iter().filter(|one| one.dropped > 0) {
            let (dropped, all) = (one.dropped, one.values());
            let _ = writeln!(
                out,
                "{}: {dropped} of {} dropped",
                one.path,
                plural(all as usize, "value")
            );
        }
        let refused = self.messages.iter().filter(|one| one.refused).count();
        let messages = plural(self.messages.len(), "message");
        let _ = writeln!(out, "{messages}, {refused} refused");
        let _ = writeln!(
            out,
            "rules:  {} %, {} of {} fired",
            totals.rules_percent(),
            totals.fired,
            totals.rules
        );
        let _ = writeln!(
            out,
            "values: {} %, of {}: {} read, {} tested, {} dropped on purpose, {} dropped",
            totals.values_percent(),
            totals.values,
            totals.read,
            totals.tested,
            totals.declared,
            totals.dropped
        );
        out
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let messages: Vec<_> = self
            .messages
            .iter()
            .map(|one| {
                let Losses { read, declared, dropped } = one.losses;
                json!({
                    "file": one.file, "map": one.map, "refused": one.refused, "read": read,
                    "declared": declared, "dropped": dropped,
                })
            })
            .collect();
        json!({
            "totals": self.totals,
            "percent": {
                "rules": self.totals.rules_percent(), "values": self.totals.values_percent(),
            },
            "maps": self.maps, "elements": self.elements, "messages": messages,
        })
    }
}
