//! `stafett map roundtrip THERE BACK FILE...`: what a message loses on the way there and back.
//!
//! Promises: the way back begins with the very bytes that would be sent; what is lost is said with its place in the
//! message and with what the first map did with it. Never: takes the order of different elements for a loss.

use super::folder::Mappings;
use super::losses;
use super::messages::{self, Made, Message};
use super::world::Given;
use crate::cli::{Exit, Format, excerpt};
use crate::mapping::{self, Fate, Losses, Memory, Plan};
use crate::tree::{BufferId, Lines};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Roundtrip {
    /// The map of the way there, or the folder whose entry map it is.
    there: PathBuf,
    /// The map of the way back.
    back: PathBuf,
    /// The messages.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What became of one message.
#[derive(Default, Serialize)]
struct Trip {
    file: String,
    /// On which way it was refused, and why.
    refused: Option<(&'static str, Vec<String>)>,
    #[serde(skip)]
    losses: (Losses, Losses),
    changes: Vec<Change>,
}

/// What came back otherwise.
#[derive(Serialize)]
struct Change {
    /// `lost`, `changed` or `new`.
    kind: &'static str,
    path: String,
    line: Option<u32>,
    column: Option<u32>,
    before: Option<String>,
    after: Option<String>,
    /// What the map of the way there did with it: `read`, `declared` or `dropped`.
    there: Option<&'static str>,
    /// The rule of the way back that wrote it.
    rule: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Roundtrip) -> Result<Exit, String> {
    let paths = [arguments.there.clone(), arguments.back.clone()];
    let mappings = Mappings::read(&paths, &arguments.given.beside)?;
    let plans = (&**mappings.plan(&arguments.there)?, &**mappings.plan(&arguments.back)?);
    let mut exit = Exit::Fine;
    for file in &arguments.files {
        let trip = trip(file, &arguments.given, plans, &mappings)?;
        match arguments.format {
            Format::Text => print!("{}", trip.text()),
            Format::Json => println!("{}", trip.json()),
        }
        if trip.refused.is_some() || !trip.changes.is_empty() {
            exit = Exit::Findings;
        }
    }
    Ok(exit)
}

fn trip(
    file: &Path,
    given: &Given,
    (there, back): (&Plan, &Plan),
    mappings: &Mappings,
) -> Result<Trip, String> {
    let about = given.about(file)?;
    let message = messages::read(file, mappings, there)?;
    let mut trip = Trip { file: message.file.clone(), ..Trip::default() };
    let mut memory = Memory::new();
    let made = messages::translate(there, &message, &about, mappings, &mut memory)?;
    trip.losses.0 = made.losses;
    if made.refused() {
        trip.refused = Some(("there", errors(&message, &made, mappings)));
        return Ok(trip);
    }
    let (extension, bytes) = messages::write(&made.target, mappings)?;
    let name = format!("{} there (.{extension})", message.file);
    let other = messages::read_bytes(name, bytes.into(), mappings, back)?;
    let returned = messages::translate(back, &other, &about, mappings, &mut Memory::new())?;
    trip.losses.1 = returned.losses;
    if returned.refused() {
        trip.refused = Some(("back", errors(&other, &returned, mappings)));
        return Ok(trip);
    }
    let found = mapping::diff(&message.tree, &returned.target, mappings.library.table());
    let change = |one: mapping::Difference| {
        let rule = back.rule_of(&returned.target, one.node);
        change(one, &message, &memory, rule)
    };
    trip.changes = found.into_iter().map(change).collect();
    Ok(trip)
}

fn errors(message: &Message, made: &Made, mappings: &Mappings) -> Vec<String> {
    let errors: Vec<_> = made.issues.iter().filter(|one| one.refuses()).cloned().collect();
    let told = messages::told(message, mappings, &errors);
    told.iter().map(|one| messages::line(&message.file, one)).collect()
}

fn change(
    one: mapping::Difference,
    message: &Message,
    memory: &Memory,
    rule: Option<&std::sync::Arc<str>>,
) -> Change {
    let kind = match (&one.expected, &one.made) {
        (Some(_), None) => "lost",
        (None, Some(_)) => "new",
        _ => "changed",
    };
    let tree = &message.tree;
    let place = one
        .wanted
        .filter(|_| tree.has_input())
        .map(|node| Lines::new(tree.buffer(BufferId(1))).at(tree.node(node).offset));
    let fate = one.wanted.and_then(|node| memory.fate(tree, node));
    Change {
        kind,
        path: one.path,
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        before: one.expected,
        after: one.made,
        there: fate.map(|fate| match fate {
            Fate::Read => "read",
            Fate::Declared => "declared",
            Fate::Dropped => "dropped",
        }),
        rule: rule.filter(|_| kind != "lost").map(ToString::to_string),
    }
}

impl Trip {
    fn text(&self) -> String {
        let mut out = String::new();
        if let Some((way, why)) = &self.refused {
            out.push_str(&format!("{}: refused on the way {way}\n", self.file));
            why.iter().for_each(|line| out.push_str(&format!("  {line}\n")));
            return out;
        }
        let came = match self.changes.len() {
            0 => "comes back as it was".to_owned(),
            count => format!("{} on the way there and back", excerpt::plural(count, "change")),
        };
        out.push_str(&format!("{}: {came}\n", self.file));
        out.push_str(&format!("  there: {}\n", losses::sums(&self.losses.0)));
        out.push_str(&format!("  back:  {}\n", losses::sums(&self.losses.1)));
        self.changes.iter().for_each(|one| out.push_str(&one.text(&self.file)));
        out
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "file": self.file,
            "refused": self.refused.as_ref().map(|(way, _)| way),
            "why": self.refused.as_ref().map(|(_, why)| why),
            "there": losses::counts(&self.losses.0),
            "back": losses::counts(&self.losses.1),
            "changes": self.changes,
        })
    }
}

impl Change {
    fn text(&self, file: &str) -> String {
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            _ => file.to_owned(),
        };
        let text = |value: &Option<String>| format!("{:?}", value.as_deref().unwrap_or_default());
        let (before, after) = (text(&self.before), text(&self.after));
        let fate = match self.there {
            Some("dropped") => ": the way there drops it",
            Some("declared") => ": the way there drops it on purpose",
            Some(_) => ": the way there reads it",
            None => "",
        };
        let rule = self.rule.as_ref().map(|rule| format!(", by {rule}")).unwrap_or_default();
        let path = &self.path;
        match self.kind {
            "lost" => format!("  lost    {path} = {before} ({place}{fate})\n"),
            "new" => format!("  new     {path} = {after}{rule}\n"),
            _ => format!("  changed {path}: {before} became {after} ({place}){rule}\n"),
        }
    }
}
