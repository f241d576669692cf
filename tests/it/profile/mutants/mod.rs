//! Mutants: every constrained element of every published Bundle, broken in every way its definition forbids.
//!
//! Each kind of break is made once per (rule, definition, element), at its first place over all messages in
//! order. A mutant is killed when an error is told at just the expression, line and column that the mutation
//! predicts; positions are worked out by the writer of the mutant, not by our reader.

mod invariants;
mod json;
mod rules;
mod special;
mod walk;

use super::lab::{Lab, lab, messages};
use crate::support::{Needs, root, trial};
use libtest_mimic::{Failed, Trial};
use rules::{Maker, Mutant};
use serde_json::Value;
use stafett::definitions::PackageId;
use stafett::message::Severity;
use stafett::profile::Memory;
use std::collections::{BTreeMap, HashSet};
use walk::Walker;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial("profile: mutants are killed", Needs::Data("data/medcom-messages"), run)]
}

/// The mutants of one message.
fn mutants(lab: &Lab, message: &Value, root: PackageId) -> Vec<Mutant> {
    let table = lab.library.table();
    let mut walker = Walker { library: &lab.library, table, message, root, sites: Vec::new() };
    walker.walk();
    let mut maker = Maker { library: &lab.library, table, message, mutants: Vec::new() };
    for site in &walker.sites {
        maker.site(site);
    }
    maker.mutants.extend(special::make(message));
    maker.mutants.extend(invariants::make(message));
    maker.mutants
}

fn run() -> Result<(), Failed> {
    let (tally, survivors) = score()?;
    report(&tally, &survivors)
}

/// Made and killed, by rule.
pub type Tally = BTreeMap<&'static str, (u32, u32)>;

/// Breaks everything; who survived is named.
pub fn score() -> Result<(Tally, Vec<String>), Failed> {
    let lab = lab();
    let mut memory = Memory::new();
    let mut done: HashSet<String> = HashSet::new();
    let mut tally = Tally::new();
    let mut survivors = Vec::new();
    for (name, text) in messages(true)? {
        let (summary, _) = lab.judge(&text, &mut memory);
        let message: Value = serde_json::from_str(&text)?;
        let root = summary.root.unwrap_or(PackageId::CORE);
        for mutant in mutants(lab, &message, root) {
            if !done.insert(format!("{} {}", mutant.rule, mutant.key)) {
                continue;
            }
            let (made, killed) = tally.entry(mutant.rule).or_default();
            *made += 1;
            match survives(lab, &message, &mutant, &mut memory) {
                None => *killed += 1,
                Some(why) => {
                    survivors.push(format!("{} {} in {name}: {why}", mutant.rule, mutant.key))
                }
            }
        }
    }
    for key in invariants::keys().filter(|k| !done.contains(&format!("constraint {k}"))) {
        survivors.push(format!("constraint {key}: no message can break it"));
    }
    Ok((tally, survivors))
}

/// None: killed. Else what was seen instead.
fn survives(lab: &Lab, message: &Value, mutant: &Mutant, memory: &mut Memory) -> Option<String> {
    let mut broken = message.clone();
    for op in &mutant.ops {
        op.apply(&mut broken);
    }
    let written = json::write(&broken);
    let (_, seen) = lab.judge(&written.text, memory);
    let expected = &mutant.expected;
    let at = written.places.get(&expected.pointer);
    let errors = || seen.iter().filter(|s| s.severity >= Severity::Error);
    let says = |text: &str| mutant.says.is_none_or(|begin| text.starts_with(begin));
    let there = errors().find(|s| s.expression == expected.expression && says(&s.text));
    match (there, errors().next()) {
        (Some(one), _) if at == Some(&one.at) => None,
        (Some(one), _) => Some(format!("{} at {:?}, not {at:?}", one.expression, one.at)),
        (None, Some(other)) => {
            let wanted = &expected.expression;
            Some(format!("at {} ({}), not at {wanted}", other.expression, other.id))
        }
        (None, None) => Some(format!("no error at {}", expected.expression)),
    }
}

fn report(tally: &BTreeMap<&'static str, (u32, u32)>, survivors: &[String]) -> Result<(), Failed> {
    let (mut all, mut dead) = (0, 0);
    for (rule, (made, killed)) in tally {
        println!("{rule}: {killed} of {made}");
        (all, dead) = (all + made, dead + killed);
    }
    println!("all: {dead} of {all}");
    for one in survivors {
        println!("survivor: {one}");
    }
    let mut lacking = Vec::new();
    for entry in std::fs::read_dir(root().join("src/profile/rules"))? {
        let path = entry?.path();
        let rule = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let covered = match &*rule {
            // mutants are of JSON, which has no order
            "mod" | "tests" | "order" => true,
            // what the rule on primitives calls on
            "format" => tally.contains_key("primitive"),
            rule => tally.get(rule).is_some_and(|(_, killed)| *killed > 0),
        };
        if !covered {
            lacking.push(format!("src/profile/rules/{rule}.rs has no mutant that is killed"));
        }
    }
    if dead * 100 < all * 95 {
        lacking.push(format!("only {dead} of {all} mutants are killed; 95% are wanted"));
    }
    match lacking.is_empty() {
        true => Ok(()),
        false => Err(Failed::from(lacking.join("\n"))),
    }
}
