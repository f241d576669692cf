//! `stafett translate FILE`: a message recognised, its map found, and what it makes.
//!
//! Promises: works on files alone; each letter of an interchange is a message; exit codes: 0 translated, 1 refused, 2
//! could not. Never: takes one map of several.

use super::folder::{Mappings, bytes};
use super::losses;
use super::messages::{self, Made, Message};
use super::pick::{self, Recognised};
use super::world::Given;
use crate::cli::{Exit, Format};
use crate::format::{self, edifact};
use crate::mapping::Memory;
use crate::message::{Syntax, ToldIssue};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What is asked.
pub struct Asked<'a> {
    /// The message.
    pub file: &'a Path,
    /// The folder of maps.
    pub mappings: &'a Path,
    /// The map, by its canonical, its name or its file.
    pub map: Option<&'a str>,
    /// What it is to become.
    pub to: Option<&'a str>,
    /// Where it goes.
    pub out: Option<&'a Path>,
    /// What the route, the directory and the engine say.
    pub given: &'a Given,
    /// How to print.
    pub format: Format,
}

/// Translates a message.
pub fn run(asked: &Asked<'_>) -> Result<Exit, String> {
    let paths = [asked.mappings.to_owned()];
    let mappings = Mappings::read(&paths, &asked.given.beside)?;
    let name = asked.file.display().to_string();
    let files = letters(&name, asked.file, &mappings)?;
    let mut exit = Exit::Fine;
    for (number, file) in files.iter().enumerate() {
        let out = asked.out.map(|out| numbered(out, number, files.len()));
        if !one(asked, file, out.as_deref(), &mappings)? {
            exit = Exit::Findings;
        }
    }
    Ok(exit)
}

/// The file, or each letter of it.
fn letters(name: &str, file: &Path, mappings: &Mappings) -> Result<Vec<String>, String> {
    if !file.is_file() {
        return Ok(vec![name.to_owned()]);
    }
    let bytes: ::bytes::Bytes = bytes(file)?.into();
    if format::recognise(&bytes) != Syntax::Edifact {
        return Ok(vec![name.to_owned()]);
    }
    let wire = mappings.library.wire();
    let mut tree = crate::tree::Tree::new(std::sync::Arc::clone(mappings.library.names()));
    let read = wire.decode(Syntax::Edifact, &bytes, None);
    let read = read.map(|d| wire.read(Syntax::Edifact, d.text, &mut tree, &mut Vec::new()));
    match (read, edifact::letters(&tree).len()) {
        (Ok(true), count) if count > 1 => Ok((1..=count).map(|n| format!("{name}#{n}")).collect()),
        _ => Ok(vec![name.to_owned()]),
    }
}

/// `out.json`, or `out-2.json` for the second of several.
fn numbered(out: &Path, number: usize, of: usize) -> PathBuf {
    if of < 2 {
        return out.to_owned();
    }
    let stem = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{stem}-{}", number + 1);
    match out.extension() {
        Some(extension) => out.with_file_name(format!("{name}.{}", extension.to_string_lossy())),
        None => out.with_file_name(name),
    }
}

/// One message; whether it was translated.
fn one(
    asked: &Asked<'_>,
    file: &str,
    out: Option<&Path>,
    mappings: &Mappings,
) -> Result<bool, String> {
    let path = Path::new(file);
    let (message, syntax) = match messages::read_any(path, mappings) {
        Ok(read) => read,
        Err(messages::Unread::CouldNot(why)) => return Err(why),
        Err(messages::Unread::Refused(issues)) => {
            match asked.format {
                Format::Json => {
                    println!("{}", json!({"file": file, "refused": true, "issues": issues}))
                }
                Format::Text => {
                    issues.iter().for_each(|issue| eprintln!("{}", messages::line(file, issue)));
                }
            }
            return Ok(false);
        }
    };
    let recognised = pick::recognise(&message, syntax, mappings);
    let plan = pick::pick(&message, &recognised, mappings, asked.map, asked.to)?;
    // typed as the map's own model, where several have the same root
    let message = messages::read(path, mappings, plan).unwrap_or(message);
    let about = asked.given.about(path)?;
    let made = messages::translate(plan, &message, &about, mappings, &mut Memory::new())?;
    let issues = messages::told(&message, mappings, &made.issues);
    let output = match made.refused() {
        true => None,
        false => Some(messages::write(&made.target, mappings)?.1),
    };
    if let (Some(out), Some(bytes)) = (out, &output) {
        std::fs::write(out, bytes).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    let printed = output.as_deref().filter(|_| out.is_none());
    match asked.format {
        Format::Json => {
            println!("{}", told((plan.url(), &recognised), &message, &made, &issues, printed));
        }
        Format::Text => {
            eprintln!("{}: {} by {}", message.file, recognised.kind, plan.url());
            for issue in issues.iter().filter(|issue| !losses::is_loss(issue)) {
                eprintln!("{}", messages::line(&message.file, issue));
            }
            eprintln!("{}: {}", message.file, losses::sums(&made.losses));
            let written = std::io::stdout().write_all(printed.unwrap_or_default());
            written.map_err(|error| error.to_string())?;
        }
    }
    Ok(!made.refused())
}

fn told(
    (map, recognised): (&str, &Recognised),
    message: &Message,
    made: &Made,
    issues: &[ToldIssue],
    output: Option<&[u8]>,
) -> Value {
    let said: Vec<_> = issues.iter().filter(|issue| !losses::is_loss(issue)).collect();
    json!({
        "file": message.file,
        "recognised": recognised,
        "map": map,
        "refused": made.refused(),
        "output": output.map(String::from_utf8_lossy),
        "issues": said,
        "losses": losses::json(&made.losses, issues),
    })
}
