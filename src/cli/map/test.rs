//! `stafett map test PATH...`: the cases beside maps, run on files alone.
//!
//! Promises: every map below the paths is compiled over every model it needs, and every finding is printed; a
//! case that differs shows where, and which rule wrote it. Exit codes: 0 all passed, 1 some failed, 2 could not.
//! Never: asks anything that a case's file does not answer.

use super::case::{self, Difference, Outcome};
use super::folder::{self, Beside, Mappings};
use super::{junit, losses};
use crate::cli::{Exit, Format, excerpt};
use crate::mapping::{Losses, Memory};
use crate::message::Diagnostic;
use serde::Serialize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Folders of maps, or of such folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    beside: Beside,
    /// Run only cases with this in their name.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write what was made as what is expected, where it differs.
    #[arg(long)]
    bless: bool,
    /// Also write what became of the cases as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What became of a case.
pub struct Ran {
    /// The folder of maps.
    pub folder: String,
    /// The case's folder.
    pub case: String,
    /// What came of it; or why it could not be run.
    pub outcome: Result<Outcome, String>,
    /// How long it took.
    pub took: Duration,
}

/// The same as programs read it.
#[derive(Serialize)]
struct Told<'a> {
    case: &'a str,
    passed: bool,
    blessed: bool,
    faults: &'a [String],
    differences: &'a [Difference],
    losses: Option<serde_json::Value>,
}

impl Ran {
    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.outcome.as_ref().is_ok_and(Outcome::passed)
    }

    /// What is wrong, line by line.
    pub fn lines(&self) -> Vec<String> {
        let outcome = match &self.outcome {
            Ok(outcome) => outcome,
            Err(why) => return vec![why.clone()],
        };
        let mut lines = outcome.faults.clone();
        for one in &outcome.differences {
            let text = |value: &Option<String>| match value {
                Some(value) => format!("{value:?}"),
                None => "nothing".to_owned(),
            };
            lines.push(one.path.clone());
            lines.push(format!("    expected {}", text(&one.expected)));
            lines.push(format!("    made     {}", text(&one.made)));
            if let Some(rule) = &one.rule {
                let what = if one.made.is_some() { "it" } else { "what it is missing from" };
                lines.push(format!("    {rule} wrote {what}"));
            }
        }
        lines
    }
}

/// Runs the command.
pub fn run(arguments: &Test) -> Result<Exit, String> {
    let mappings = Mappings::read(&arguments.paths, &arguments.beside)?;
    let found = mappings.findings();
    let files = excerpt::files(&found);
    let mut said = String::new();
    found.iter().for_each(|one| excerpt::excerpt(&files, one, &mut said));
    eprint!("{said}");
    if found.iter().any(Diagnostic::refuses) {
        return Err("a map with an error has no plan, so no case was run".to_owned());
    }
    let mut ran = Vec::new();
    let mut memory = Memory::new();
    for (folder, entry) in &mappings.folders {
        for path in folder::cases(folder)? {
            let case = path.display().to_string();
            if arguments.only.as_ref().is_some_and(|only| !case.contains(only.as_str())) {
                continue;
            }
            let start = Instant::now();
            let outcome = case::run(&path, entry, &mappings, &mut memory, arguments.bless);
            let folder = folder.display().to_string();
            ran.push(Ran { folder, case, outcome, took: start.elapsed() });
        }
    }
    if ran.is_empty() {
        return Err("there is no case below these paths".to_owned());
    }
    if let Some(file) = &arguments.junit {
        let written = std::fs::write(file, junit::report(&ran));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    print(&ran, arguments.format);
    Ok(if ran.iter().all(Ran::passed) { Exit::Fine } else { Exit::Findings })
}

fn print(ran: &[Ran], format: Format) {
    let mut all = Losses::default();
    for one in ran {
        let outcome = one.outcome.as_ref().ok();
        let lost = outcome.map(|outcome| outcome.losses).unwrap_or_default();
        all.add(lost);
        if format == Format::Json {
            println!("{}", json(one));
            continue;
        }
        let word = match (one.passed(), outcome.is_some_and(|outcome| outcome.blessed)) {
            (false, _) => "failed ",
            (true, true) => "blessed",
            (true, false) => "ok     ",
        };
        println!("{word} {}", one.case);
        one.lines().iter().for_each(|line| println!("        {line}"));
    }
    if format == Format::Text {
        let failed = ran.iter().filter(|one| !one.passed()).count();
        println!("{} cases, {failed} failed; {}", ran.len(), losses::sums(&all));
    }
}

fn json(one: &Ran) -> String {
    let could_not: Vec<String> = one.outcome.as_ref().err().into_iter().cloned().collect();
    let outcome = one.outcome.as_ref().ok();
    let told = Told {
        case: &one.case,
        passed: one.passed(),
        blessed: outcome.is_some_and(|outcome| outcome.blessed),
        faults: outcome.map_or(&could_not, |outcome| &outcome.faults),
        differences: outcome.map_or(&[], |outcome| &outcome.differences),
        losses: outcome.map(|outcome| losses::counts(&outcome.losses)),
    };
    serde_json::to_string(&told).expect("plain structs are JSON")
}
