//! `stafett translate FILE`: a message recognised, its map found, and what it makes.
//!
//! Promises: works on files alone; each letter of an interchange is a message; exit codes: 0 translated, 1 refused, 2
//! could not; two maps only where no single one leads to what is asked for, each with what it loses. Never: takes one
//! map of several.

use super::folder::{Mappings, bytes};
use super::losses;
use super::messages::{self, Message};
use super::pick::{self, Recognised};
use super::world::{About, Given};
use crate::cli::{Exit, Format};
use crate::format::{self, edifact};
use crate::mapping::{Losses, Memory, Plan};
use crate::message::{Syntax, ToldIssue};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    let plans = pick::pick(&message, &recognised, mappings, asked.map, asked.to)?;
    // typed as the map's own model, where several have the same root
    let message = messages::read(path, mappings, plans[0]).unwrap_or(message);
    let about = asked.given.about(path)?;
    let (steps, output) = steps(&plans, message, &about, mappings)?;
    let refused = output.is_none();
    if let (Some(out), Some(bytes)) = (out, &output) {
        std::fs::write(out, bytes).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    let printed = output.as_deref().filter(|_| out.is_none());
    match asked.format {
        Format::Json => println!("{}", told(file, &recognised, &steps, refused, printed)),
        Format::Text => {
            let by: Vec<&str> = steps.iter().map(|step| step.map).collect();
            eprintln!("{file}: {} by {}", recognised.kind, by.join(", then "));
            steps.iter().for_each(Step::say);
            if steps.len() > 1 {
                eprintln!("{file}: of all {}: {}", steps.len(), losses::sums(&sum(&steps)));
            }
            let written = std::io::stdout().write_all(printed.unwrap_or_default());
            written.map_err(|error| error.to_string())?;
        }
    }
    Ok(!refused)
}

/// What one map did.
struct Step<'a> {
    map: &'a str,
    /// What it read, as issues call it.
    file: String,
    losses: Losses,
    issues: Vec<ToldIssue>,
}

/// Runs maps one after the other, the second on the bytes that the first made, as they would be sent; what the last
/// made, none if one of them refuses.
fn steps<'a>(
    plans: &[&'a Arc<Plan>],
    mut message: Message,
    about: &About,
    mappings: &Mappings,
) -> Result<(Vec<Step<'a>>, Option<Vec<u8>>), String> {
    let mut steps = Vec::new();
    let mut output = None;
    for (number, plan) in plans.iter().enumerate() {
        let made = messages::translate(plan, &message, about, mappings, &mut Memory::new())?;
        let issues = messages::told(&message, mappings, &made.issues);
        let file = message.file.clone();
        steps.push(Step { map: plan.url(), file, losses: made.losses, issues });
        if made.refused() {
            return Ok((steps, None));
        }
        let (extension, bytes) = messages::write(&made.target, mappings)?;
        if let Some(next) = plans.get(number + 1) {
            let name = format!("{} by {} (.{extension})", message.file, plan.name());
            message = messages::read_bytes(name, bytes.into(), mappings, next)?;
        } else {
            output = Some(bytes);
        }
    }
    Ok((steps, output))
}

fn sum(steps: &[Step<'_>]) -> Losses {
    let mut all = Losses::default();
    steps.iter().for_each(|step| all.add(step.losses));
    all
}

impl Step<'_> {
    fn say(&self) {
        for issue in self.issues.iter().filter(|issue| !losses::is_loss(issue)) {
            eprintln!("{}", messages::line(&self.file, issue));
        }
        eprintln!("{}: {}", self.file, losses::sums(&self.losses));
    }

    fn json(&self) -> Value {
        let said: Vec<_> = self.issues.iter().filter(|issue| !losses::is_loss(issue)).collect();
        json!({
            "map": self.map,
            "issues": said,
            "losses": losses::json(&self.losses, &self.issues),
        })
    }
}

/// The first map's part is the message's own; those behind it stand in `then`, and `allLosses` adds them up.
fn told(
    file: &str,
    recognised: &Recognised,
    steps: &[Step<'_>],
    refused: bool,
    output: Option<&[u8]>,
) -> Value {
    let mut all = json!({
        "file": file,
        "recognised": recognised,
        "refused": refused,
        "output": output.map(String::from_utf8_lossy),
        "then": steps.iter().skip(1).map(Step::json).collect::<Vec<_>>(),
        "allLosses": losses::counts(&sum(steps)),
    });
    if let (Some(first), Some(all)) = (steps.first(), all.as_object_mut())
        && let Value::Object(own) = first.json()
    {
        all.extend(own);
    }
    all
}
