//! `stafett model from-xsd`: a logical model from XML schemas, on files alone.

use super::Exit;
use crate::definitions::from_xsd::{self, Schemas, Wanted};
use crate::message::{Diagnostic, Origin};
use clap::{Args, Subcommand};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Makes logical models.
#[derive(Debug, Args)]
pub struct Model {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Derives a logical model from XML schemas: names, types and cardinalities, no prose.
    FromXsd(FromXsd),
}

#[derive(Debug, Args)]
struct FromXsd {
    /// The schemas; those they include or import are read too.
    #[arg(required = true)]
    schemas: Vec<PathBuf>,
    /// The global element that is a message's root.
    #[arg(long)]
    root: String,
    /// The model's canonical.
    #[arg(long)]
    url: String,
    /// An element that stays in the model without what is below it; may be repeated.
    #[arg(long, value_name = "NAME")]
    leave_out: Vec<String>,
    /// A model whose documents may stand in the element NAME, where the schema allows any element; may be
    /// repeated.
    #[arg(long, value_name = "NAME=URL", value_parser = payload)]
    payload: Vec<(String, String)>,
    /// Where the StructureDefinition goes; by default it is printed.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn payload(text: &str) -> Result<(String, String), String> {
    let (name, url) = text.split_once('=').ok_or("it is written NAME=URL")?;
    Ok((name.to_owned(), url.to_owned()))
}

/// Runs the command.
pub fn run(arguments: &Model) -> Exit {
    let Command::FromXsd(arguments) = &arguments.command;
    match from_xsd(arguments) {
        Ok(()) => Exit::Fine,
        Err(fault) => {
            eprintln!("{fault}");
            Exit::CouldNot
        }
    }
}

fn from_xsd(arguments: &FromXsd) -> Result<(), Diagnostic> {
    let mut schemas = Schemas::new();
    let mut seen = BTreeSet::new();
    for file in &arguments.schemas {
        read(file, &mut schemas, &mut seen)?;
    }
    let wanted = Wanted {
        root: &arguments.root,
        url: &arguments.url,
        leave_out: &arguments.leave_out,
        payloads: &arguments.payload,
    };
    let model = from_xsd::derive(&schemas, &wanted)?;
    let json = model.to_json();
    match &arguments.out {
        None => print!("{json}"),
        Some(file) => {
            fs::write(file, json).map_err(|error| unreadable(file, &error))?;
            println!("{}: {} elements", file.display(), model.len());
        }
    }
    Ok(())
}

/// Reads a schema and those it locates, each once.
fn read(
    file: &Path,
    schemas: &mut Schemas,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<(), Diagnostic> {
    let whole = fs::canonicalize(file).map_err(|error| unreadable(file, &error))?;
    if !seen.insert(whole) {
        return Ok(());
    }
    let bytes = fs::read(file).map_err(|error| unreadable(file, &error))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    for location in schemas.add(&file.display().to_string(), &bytes.into())? {
        read(&folder.join(&*location), schemas, seen)?;
    }
    Ok(())
}

fn unreadable(file: &Path, error: &std::io::Error) -> Diagnostic {
    let origin = Origin { file: file.display().to_string().into(), ..Origin::default() };
    Diagnostic::error(origin, "model-file", error.to_string())
}
