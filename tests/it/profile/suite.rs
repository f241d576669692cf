//! The official validator suite: the four scores, by hand (`--ignored`), since it builds 247 libraries.

use super::lab::now;
use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::definitions::{Library, LibraryBuilder, typing};
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::{Issue, Severity};
use stafett::profile::{Examples, Memory, Request, Settings, Validator, Wanted};
use stafett::tree::{Expression, Tree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was reached must stay; raise (or lower) these when it is better.
const AGREE: u32 = 242;
const FALSE_ERRORS: u32 = 2;
const RECALL: f64 = 91.9;
const PRECISION: f64 = 97.0;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let suite = Needs::Data("data/fhir-test-cases/validation-cases.json");
    vec![trial("profile: the official suite's scores", suite, run).with_ignored_flag(true)]
}

/// What the suite, or a part of it, came to.
#[derive(Default)]
pub struct Scores {
    /// Runs whose verdict is the reference's.
    pub agree: u32,
    /// All runs.
    pub runs: u32,
    /// The share of the reference's errors that were told, a run.
    pub recall: Vec<f64>,
    /// The share of what was told that the reference tells, a run.
    pub precision: Vec<f64>,
    /// Valid runs with an error.
    pub false_errors: u32,
    /// All valid runs.
    pub valid: u32,
}

impl Scores {
    fn add(&mut self, one: &Outcome) {
        self.runs += 1;
        self.agree += u32::from(one.agrees());
        let both = (one.wanted.len() - one.missed.len()) as f64;
        if one.valid {
            self.valid += 1;
            self.false_errors += u32::from(one.found > 0);
            return;
        }
        if !one.wanted.is_empty() {
            self.recall.push(both / one.wanted.len() as f64);
        }
        if one.found > 0 {
            self.precision.push(both / one.found as f64);
        }
    }

    /// One row of the table.
    pub fn row(&self, name: &str) -> String {
        let (recall, precision) = (mean(&self.recall), mean(&self.precision));
        format!(
            "{name:12} verdicts {:3}/{:3}  recall {recall:5.1}  precision {precision:5.1}  \
             false errors {:2}/{:3}",
            self.agree, self.runs, self.false_errors, self.valid
        )
    }
}

/// What one run came to.
pub struct Outcome {
    /// `name#base` or `name#profile`.
    pub id: String,
    /// The part of the suite.
    pub module: String,
    /// The reference's verdict.
    pub valid: bool,
    /// How many places we tell errors at.
    pub found: usize,
    wanted: BTreeMap<String, String>,
    /// What the reference tells and we do not: the class, the place.
    pub missed: Vec<(String, String)>,
    /// What we tell and the reference does not.
    pub extra: Vec<(String, String)>,
}

impl Outcome {
    /// Whether our verdict is the reference's.
    pub fn agrees(&self) -> bool {
        (self.found == 0) == self.valid
    }
}

/// Runs the cases whose id holds one of the words (or all of them), each told to `each`.
pub fn scores(
    words: &[&str],
    mut each: impl FnMut(&Outcome),
) -> Result<BTreeMap<String, Scores>, Failed> {
    let folder = shared().join("data/fhir-test-cases");
    let suite: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("validation-cases.json"))?)?;
    let (core, _) = LibraryBuilder::new().build();
    let mut shelf = Shelf { folder, core, ready: BTreeMap::new() };
    let mut table: BTreeMap<String, Scores> = BTreeMap::new();
    for case in suite["cases"].as_array().ok_or("no cases")? {
        let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
        let (id, module) = (text(&case["id"]), text(&case["module"]));
        if !words.is_empty() && !words.iter().any(|w| id.contains(w)) {
            continue;
        }
        let wanted = expected(case);
        let found = shelf.judge(case)?;
        let without = |all: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            let alone = all.iter().filter(|(place, _)| !other.contains_key(*place));
            alone.map(|(place, what)| (what.clone(), place.clone())).collect::<Vec<_>>()
        };
        let one = Outcome {
            id,
            module,
            valid: case["expected"]["valid"] == true,
            found: found.len(),
            missed: without(&wanted, &found),
            extra: without(&found, &wanted),
            wanted,
        };
        for name in [one.module.as_str(), "total"] {
            table.entry(name.to_owned()).or_default().add(&one);
        }
        each(&one);
    }
    Ok(table)
}

/// Why a reference's error is missed: the room that would have to tell it.
pub fn class(message: &str) -> &'static str {
    const CLASSES: &[(&str, &str)] = &[
        ("XHTML", "narrative"),
        ("BUNDLE", "bundle"),
        ("Bundle_", "bundle"),
        ("Reference_", "reference"),
        ("JSON", "syntax"),
        ("XML", "syntax"),
        ("ARRAY", "syntax"),
        ("Text_should", "syntax"),
        ("Un", "syntax"),
        ("Validation_VAL_Profile_OutOfOrder", "syntax"),
        ("Validation_VAL_Unknown", "claims"),
        ("CONSTRAINT", "invariant"),
        ("Validation_VAL", "profile"),
        ("VALIDATION_VAL", "profile"),
        ("PRIMITIVE", "profile"),
        ("TYPE_SPECIFIC_CHECKS_DT_QTY", "profile"),
        ("TYPE_SPECIFIC", "format"),
        ("Type_Specific", "format"),
        ("Display", "terminology"),
        ("Terminology", "terminology"),
    ];
    if message.starts_with("Unknown_Code") {
        return "terminology";
    }
    let found = CLASSES.iter().find(|(part, _)| message.contains(part));
    found.map_or("other", |(_, class)| class)
}

fn run() -> Result<(), Failed> {
    // by hand: `SUITE="words of names"` runs only some
    let words = std::env::var("SUITE").unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut missed: BTreeMap<(&str, String), u32> = BTreeMap::new();
    let mut extra: BTreeMap<String, u32> = BTreeMap::new();
    let table = scores(&words, |one| {
        println!("{} {} {}", if one.agrees() { "agree" } else { "DIFFER" }, one.id, one.valid);
        for (what, place) in &one.missed {
            println!("    missed [{}] {what} at {place}", class(what));
            *missed.entry((class(what), what.clone())).or_default() += 1;
        }
        for (what, place) in &one.extra {
            println!("    extra {what} at {place}");
            *extra.entry(what.split(' ').next().unwrap_or("").to_owned()).or_default() += 1;
        }
    })?;
    missed.iter().for_each(|((class, what), n)| println!("missed [{class}] {what}: {n}"));
    extra.iter().for_each(|(what, n)| println!("extra {what}: {n}"));
    table.iter().for_each(|(name, scores)| println!("{}", scores.row(name)));
    let total = table.get("total").ok_or("no case has such a name")?;
    let worse = total.agree < AGREE || total.false_errors > FALSE_ERRORS;
    let worse = worse || mean(&total.recall) < RECALL || mean(&total.precision) < PRECISION;
    match words.is_empty() && worse {
        true => Err(format!("worse than it was: {}", total.row("total")).into()),
        false => Ok(()),
    }
}

fn mean(all: &[f64]) -> f64 {
    100.0 * all.iter().fold(0.0, |a, b| a + b) / all.len().max(1) as f64
}

/// The errors that are expected: expression -> message id.
fn expected(case: &Value) -> BTreeMap<String, String> {
    let issues = case["expected"]["issues"].as_array().map_or(&[][..], |i| i);
    let errors = issues.iter().filter(|i| {
        matches!(i["severity"].as_str(), Some("error" | "fatal")) && i["externalTx"] != true
    });
    let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
    errors.map(|i| (text(&i["expression"]), text(&i["messageId"]))).collect()
}

/// A validator with what a case loads beside it, and the profile that it asks for.
type Ready = (Arc<Library>, Arc<Validator>, Vec<String>);

/// The suite's files, and the validators made so far: many cases load the same.
struct Shelf {
    folder: PathBuf,
    core: Library,
    ready: BTreeMap<String, Ready>,
}

impl Shelf {
    /// The errors that we find: expression -> our id.
    fn judge(&mut self, case: &Value) -> Result<BTreeMap<String, String>, Failed> {
        let (library, validator, asked) = self.ready(case)?;
        let file = case["file"].as_str().ok_or("a case without a file")?;
        let bytes = std::fs::read(self.folder.join(file))?;
        let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned();
        let mut issues: Vec<Issue> = Vec::new();
        let mut tree = Tree::new(Arc::clone(library.names()));
        let read = match case["format"].as_str() {
            Some("xml") => fhir_xml::read(text.into(), &mut tree, &mut issues),
            _ => {
                let comments = case["options"]["allow-comments"] == true;
                fhir_json::read_with(text.into(), &mut tree, &mut issues, comments)
            }
        };
        typing::type_tree(&mut tree, library.table(), &mut issues);
        let profiles: Vec<&str> = asked.iter().map(|s| &**s).collect();
        let request = Request { profiles: &profiles, version: None };
        // of what cannot be read to its end nothing more is said, as in the product
        if read {
            validator.validate(&tree, &request, now(), &mut Memory::new(), &mut issues);
        }
        let mut found = BTreeMap::new();
        for issue in issues.iter().filter(|i| i.severity >= Severity::Error) {
            let node = issue.place.node;
            let place = node.map(|n| {
                let whole = Expression::new(&tree, library.table(), n).list(issue.place.list);
                whole.to_string()
            });
            found.insert(place.unwrap_or_default(), format!("{} {}", issue.kind.id, issue.text()));
        }
        Ok(found)
    }

    fn ready(&mut self, case: &Value) -> Result<Ready, Failed> {
        let key = format!("{} {} {}", case["supporting"], case["profile"], case["options"]);
        if let Some(ready) = self.ready.get(&key) {
            return Ok(ready.clone());
        }
        let mut builder = LibraryBuilder::new();
        let mut asked = Vec::new();
        let profile = case["profile"].as_str();
        let supporting = case["supporting"].as_array().map_or(&[][..], |s| s);
        for file in supporting.iter().filter_map(Value::as_str).chain(profile) {
            let Ok(json) = as_json(&self.folder.join(file), &self.core) else { continue };
            builder.add_json(file, &json);
            if Some(file) == profile {
                let url = serde_json::from_str::<Value>(&json)?["url"].as_str().map(str::to_owned);
                asked.extend(url);
            }
        }
        let (library, _) = builder.build();
        let library = Arc::new(library);
        let wanted = Wanted::All;
        let (validator, diagnostics) = Validator::build(&library, &wanted, &settings(case));
        for one in diagnostics.iter().filter(|d| d.id == "profile-no-snapshot") {
            println!("    {one}");
        }
        let ready = (library, Arc::new(validator), asked);
        self.ready.insert(key, ready.clone());
        Ok(ready)
    }
}

/// The suite's own switches as our settings.
fn settings(case: &Value) -> Settings {
    let option = |name: &str| case["options"][name].as_bool();
    Settings {
        // a root that claims what nobody knows is only warned of in the suite
        unknown_profile: Severity::Warning,
        missing_profile: Severity::Error,
        // the suite takes URLs of example domains as known unless a case says otherwise
        examples: match option("examples") {
            Some(false) => Examples::Refused,
            _ => Examples::Known,
        },
        ways_outside_bundles: option("enforceAggregationOutsideBundles") != Some(false),
        ..Settings::default()
    }
}

/// A supporting file as JSON, whatever its syntax.
fn as_json(file: &Path, core: &Library) -> Result<String, Failed> {
    let bytes = std::fs::read(file)?;
    let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned();
    if file.extension().is_some_and(|e| e == "json") {
        return Ok(text);
    }
    let mut tree = Tree::new(Arc::clone(core.names()));
    fhir_xml::read(text.into(), &mut tree, &mut Vec::new());
    typing::type_tree(&mut tree, core.table(), &mut Vec::new());
    let mut json = String::new();
    let root = tree.root().ok_or("an empty file")?;
    fhir_json::write(&tree, core.table(), root, &mut json);
    Ok(json)
}
