//! `stafett map test PATH...`: the cases beside maps, run on files alone.
//!
//! Promises: every map below the paths is compiled over every model below them, and every finding is printed;
//! a case that differs shows where, and which rule wrote it. Exit codes: 0 all passed, 1 some failed, 2 could
//! not. Never: asks anything that a case's file does not answer.

mod case;
mod folder;
mod world;

use super::{Exit, Format};
use crate::mapping::{Materials, Plans};
use case::Outcome;
use clap::{Args, Subcommand};
use folder::Mappings;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Works on maps.
#[derive(Debug, Args)]
pub struct Map {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the cases beside maps.
    Test(Test),
}

#[derive(Debug, Args)]
struct Test {
    /// Folders of maps, or of such folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Run only cases with this in their name.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write what was made as what is expected, where it differs.
    #[arg(long)]
    bless: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Map) -> Exit {
    let Command::Test(arguments) = &arguments.command;
    match test(arguments) {
        Ok(report) => report.print(arguments.format),
        Err(why) => {
            eprintln!("{why}");
            Exit::CouldNot
        }
    }
}

/// What became of all cases.
struct Report {
    cases: Vec<Ran>,
}

#[derive(Serialize)]
struct Ran {
    case: String,
    passed: bool,
    blessed: bool,
    faults: Vec<String>,
}

fn test(arguments: &Test) -> Result<Report, String> {
    let mappings = Mappings::read(&arguments.paths)?;
    let materials = Materials { table: mappings.library.table(), concepts: &mappings.concepts };
    let (plans, diagnostics) = Plans::build(&mappings.maps, &materials);
    for diagnostic in mappings.diagnostics.iter().chain(&diagnostics) {
        eprintln!("{diagnostic}");
    }
    if mappings.diagnostics.iter().chain(&diagnostics).any(|one| one.refuses()) {
        return Err("a map with an error has no plan, so no case was run".to_owned());
    }
    let mut cases = Vec::new();
    for (folder, entry) in &mappings.folders {
        for path in folder::cases(folder)? {
            let name = shown(&path);
            if arguments.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                continue;
            }
            let ran = case::run(&path, entry, &mappings, &plans, arguments.bless);
            let outcome = ran.unwrap_or_else(|why| Outcome { faults: vec![why], blessed: false });
            let passed = outcome.faults.is_empty();
            let Outcome { faults, blessed } = outcome;
            cases.push(Ran { case: name, passed, blessed, faults });
        }
    }
    match cases.is_empty() {
        true => Err("there is no case below these paths".to_owned()),
        false => Ok(Report { cases }),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl Report {
    fn print(&self, format: Format) -> Exit {
        let failed = self.cases.iter().filter(|case| !case.passed).count();
        for case in &self.cases {
            if format == Format::Json {
                println!("{}", serde_json::to_string(case).expect("plain structs are JSON"));
                continue;
            }
            let word = match (case.passed, case.blessed) {
                (false, _) => "failed ",
                (true, true) => "blessed",
                (true, false) => "ok     ",
            };
            println!("{word} {}", case.case);
            for fault in &case.faults {
                println!("        {fault}");
            }
        }
        if format == Format::Text {
            println!("{} cases, {failed} failed", self.cases.len());
        }
        if failed == 0 { Exit::Fine } else { Exit::Findings }
    }
}
