//! `stafett map check PATH...`: every mistake of maps and models at once, each with its place in the source.
//!
//! Promises: exit code 0 with `--strict` means that every map below the paths would become active; without it, that
//! each can be run on files, where what is not at hand is a warning. Never: runs a map.

use super::folder::{Beside, Mappings};
use crate::cli::{Exit, Format, excerpt};
use crate::config::File;
use crate::message::Diagnostic;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Maps, models and concept maps, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    beside: Beside,
    /// A model, an imported map or a concept map that is not at hand is an error, as it is for a node.
    #[arg(long)]
    strict: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Check) -> Result<Exit, String> {
    let mappings = match arguments.strict {
        true => Mappings::read_strictly(&arguments.paths, &arguments.beside)?,
        false => Mappings::read(&arguments.paths, &arguments.beside)?,
    };
    if mappings.asked.is_empty() {
        return Err("there is no map or model below these paths".to_owned());
    }
    let found = mappings.findings();
    let files = excerpt::files(&found);
    let mut out = String::new();
    match arguments.format {
        Format::Text => {
            found.iter().for_each(|one| excerpt::excerpt(&files, one, &mut out));
            let _ = writeln!(out, "{}", excerpt::total(mappings.asked.len(), &found));
        }
        Format::Json => found.iter().for_each(|one| json(&files, one, &mut out)),
    }
    print!("{out}");
    Ok(if found.iter().any(Diagnostic::refuses) { Exit::Findings } else { Exit::Fine })
}

/// A finding as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(flatten)]
    diagnostic: &'a Diagnostic,
    end_line: u32,
    end_column: u32,
}

/// One JSON object a finding: its place runs from line and column up to, and without, the end.
fn json(files: &[File], one: &Diagnostic, out: &mut String) {
    let end = excerpt::end(files, one);
    let told = Told { diagnostic: one, end_line: end.line, end_column: end.column };
    let _ = writeln!(out, "{}", serde_json::to_string(&told).expect("plain structs are JSON"));
}
