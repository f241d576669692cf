//! One case: read, translated, compared with what is expected.

use super::folder::Mappings;
use super::messages::{self, Made, Message, one_file};
use super::world::About;
use crate::mapping::{self, Losses, Memory, Plan};
use crate::message::Issue;
use crate::tree::Tree;
use serde::Serialize;
use std::path::Path;

/// What became of a case.
#[derive(Default)]
pub struct Outcome {
    /// What is wrong, but for differences; nothing of either if it passed.
    pub faults: Vec<String>,
    /// What differs from what is expected.
    pub differences: Vec<Difference>,
    /// What was made was written as what is expected.
    pub blessed: bool,
    /// What of the message was read and dropped.
    pub losses: Losses,
}

/// A difference, and which rule wrote what was made.
#[derive(Serialize)]
pub struct Difference {
    /// Where, as a FHIRPath expression.
    pub path: String,
    /// What was expected; none when nothing was.
    pub expected: Option<String>,
    /// What was made; none when nothing was.
    pub made: Option<String>,
    /// `file:line` of the rule that wrote it, or that wrote what it is missing from.
    pub rule: Option<String>,
}

impl Outcome {
    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.faults.is_empty() && self.differences.is_empty()
    }
}

/// Runs a case. An error: it could not be run.
pub fn run(
    path: &Path,
    entry: &str,
    mappings: &Mappings,
    memory: &mut Memory,
    bless: bool,
) -> Result<Outcome, String> {
    let about = about(path)?;
    let map = about.map.as_deref().unwrap_or(entry);
    let plan = mappings.plans.find(map).ok_or_else(|| format!("there is no map {map}"))?;
    let input = one_file(path, "in.")?.ok_or("there is no in.* (json, xml, hl7, edi)")?;
    let source = messages::read(&input, mappings, plan)?;
    let made = messages::translate(plan, &source, &about, mappings, memory)?;
    let mut outcome = Outcome { losses: made.losses, ..Outcome::default() };
    let fails = |id: &str| made.issues.iter().any(|one| one.kind.id == id && one.refuses());
    match &about.fails {
        Some(id) if !fails(id) => {
            outcome.faults.push(format!("it should have failed with {id}"));
            outcome.faults.extend(errors(&source, &made, mappings));
        }
        None => outcome.faults.extend(errors(&source, &made, mappings)),
        _ => {}
    }
    outcome.faults.extend(compare_issues(&about, &made.issues));
    if about.fails.is_some() || made.refused() {
        return Ok(outcome);
    }
    let expected = expected(path, mappings, plan)?;
    if expected.is_none() && !bless {
        let text = "there is no out.*; --bless writes it";
        outcome.faults.push(text.to_owned());
        return Ok(outcome);
    }
    outcome.differences = match &expected {
        Some(expected) => compare(plan, &expected.tree, &made.target, mappings),
        None => Vec::new(),
    };
    let differs = expected.is_none() || !outcome.differences.is_empty();
    if bless && outcome.faults.is_empty() && differs {
        let (extension, content) = messages::write(&made.target, mappings)?;
        let file = path.join(format!("out.{extension}"));
        std::fs::write(&file, content).map_err(|error| format!("{}: {error}", file.display()))?;
        let written =
            self::expected(path, mappings, plan)?.ok_or("what was written is not there")?;
        outcome.differences = compare(plan, &written.tree, &made.target, mappings);
        outcome.blessed = true;
    }
    Ok(outcome)
}

fn about(path: &Path) -> Result<About, String> {
    let file = path.join("case.toml");
    if file.exists() { About::read(&file) } else { Ok(About::default()) }
}

fn expected(path: &Path, mappings: &Mappings, plan: &Plan) -> Result<Option<Message>, String> {
    one_file(path, "out.")?.map(|file| messages::read_target(&file, mappings, plan)).transpose()
}

/// The issues that refuse the message, one line each.
fn errors(source: &Message, made: &Made, mappings: &Mappings) -> Vec<String> {
    let errors: Vec<Issue> = made.issues.iter().filter(|one| one.refuses()).cloned().collect();
    let told = messages::told(source, mappings, &errors);
    told.iter().map(|one| messages::line(&source.file, one)).collect()
}

/// The issues that a case lists, against those there were.
fn compare_issues(about: &About, issues: &[Issue]) -> Option<String> {
    let mut wanted = about.issues.clone()?;
    let mut made: Vec<String> = issues.iter().map(|issue| issue.kind.id.to_owned()).collect();
    wanted.sort();
    made.sort();
    made.dedup();
    (wanted != made).then(|| format!("issues {made:?} instead of {wanted:?}"))
}

fn compare(plan: &Plan, expected: &Tree, made: &Tree, mappings: &Mappings) -> Vec<Difference> {
    let found = mapping::diff(expected, made, mappings.library.table());
    let tell = |one: mapping::Difference| Difference {
        rule: plan.rule_of(made, one.node).map(ToString::to_string),
        path: one.path,
        expected: one.expected,
        made: one.made,
    };
    found.into_iter().map(tell).collect()
}
