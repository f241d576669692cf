//! `stafett map coverage MAP... FILE...`: what of a set of messages the maps read, and which of their rules fire.
//!
//! Promises: a gate with `--threshold`; the page needs nothing but itself. Never: a message in the JSON or the text.

mod colours;
mod page;
mod report;
mod sources;
mod spans;

use super::folder::{self, Mappings};
use super::messages::{self, Message};
use super::world::{About, Given};
use crate::cli::{Exit, Format, excerpt};
use crate::mapping::{Coverage, Memory, Plan, Watch};
use crate::tree::types::TypeId;
use report::{RanMessage, Report};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Maps or folders of maps, and messages. Without messages the cases of the folders are run.
    #[arg(required = true, value_name = "MAP|FILE")]
    paths: Vec<PathBuf>,
    /// Also write a page that shows it: rules, elements and messages.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The page holds no message.
    #[arg(long)]
    without_messages: bool,
    /// Exit with 1 if fewer percent of the rules fire, or fewer percent of the values are read, tested or dropped on
    /// purpose.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    threshold: Option<u32>,
    #[command(flatten)]
    given: Given,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, String> {
    let (maps, files): (Vec<PathBuf>, Vec<PathBuf>) =
        arguments.paths.iter().cloned().partition(|path| path.is_dir() || folder::is_map(path));
    if maps.is_empty() {
        return Err("there is no map among these paths".to_owned());
    }
    let mappings = Mappings::read(&maps, &arguments.given.beside)?;
    let found = mappings.findings();
    if found.iter().any(crate::message::Diagnostic::refuses) {
        let shown = excerpt::files(&found);
        let mut said = String::new();
        found.iter().for_each(|one| excerpt::excerpt(&shown, one, &mut said));
        return Err(format!("{said}a map with an error has no plan"));
    }
    let mut gathered = Gathered::new(&mappings, arguments);
    if files.is_empty() {
        gathered.cases()?;
    }
    for file in &files {
        gathered.file(file)?;
    }
    if gathered.ran.is_empty() {
        return Err("there is no message that these maps are for".to_owned());
    }
    let report = Report::new(&mappings, &gathered.plans, gathered.ran);
    match arguments.format {
        Format::Text => print!("{}", report.text()),
        Format::Json => println!("{}", report.json()),
    }
    if let Some(file) = &arguments.html {
        let written = std::fs::write(file, page::page(&report, &mappings));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let short = arguments.threshold.is_some_and(|wanted| !report.totals.reaches(wanted));
    if let Some(wanted) = arguments.threshold.filter(|_| short) {
        eprintln!("below the threshold of {wanted} %");
    }
    Ok(if short { Exit::Findings } else { Exit::Fine })
}

/// What is known while messages are run.
struct Gathered<'a> {
    mappings: &'a Mappings,
    arguments: &'a Arguments,
    plans: Vec<(Arc<Plan>, Coverage)>,
    ran: Vec<RanMessage>,
    memory: Memory,
}

impl<'a> Gathered<'a> {
    fn new(mappings: &'a Mappings, arguments: &'a Arguments) -> Gathered<'a> {
        let asked = mappings.maps.iter().filter(|map| mappings.asked.contains(&*map.file));
        let plans = asked.filter_map(|map| mappings.plans.find(&map.url.text));
        let plans = plans.map(|plan| (Arc::clone(plan), Coverage::new(plan))).collect();
        Gathered { mappings, arguments, plans, ran: Vec::new(), memory: Memory::new() }
    }

    /// Runs the cases of the folders, each through its own map.
    fn cases(&mut self) -> Result<(), String> {
        for (folder, entry) in &self.mappings.folders {
            for case in folder::cases(folder)? {
                let Some(file) = messages::one_file(&case, "in.")? else { continue };
                let about = self.arguments.given.about(&file)?;
                let map = about.map.as_deref().unwrap_or(entry);
                let at = self.plans.iter().position(|(plan, _)| **plan.url() == *map);
                let at = at.ok_or_else(|| format!("{}: no map {map}", case.display()))?;
                // A case may be about a message that cannot even be read.
                if let Ok(message) = messages::read(&file, self.mappings, &self.plans[at].0) {
                    self.message(at, message, &about)?;
                }
            }
        }
        Ok(())
    }

    /// Runs a message through every map that is for its type.
    fn file(&mut self, file: &Path) -> Result<(), String> {
        let about = self.arguments.given.about(file)?;
        let (mut ran, mut unread) = (false, None);
        for at in 0..self.plans.len() {
            match messages::read(file, self.mappings, &self.plans[at].0) {
                Ok(message) if is_for(&self.plans[at].0, &message) => {
                    self.message(at, message, &about)?;
                    ran = true;
                }
                Ok(_) => {}
                Err(why) => unread = Some(why),
            }
        }
        let nobody = || format!("{}: none of the maps is for such a message", file.display());
        if ran { Ok(()) } else { Err(unread.unwrap_or_else(nobody)) }
    }

    fn message(&mut self, at: usize, message: Message, about: &About) -> Result<(), String> {
        let (plan, coverage) = &mut self.plans[at];
        let mut watch = Watch::new(plan);
        let memory = &mut self.memory;
        let made =
            messages::watched(plan, &message, about, self.mappings, memory, Some(&mut watch))?;
        coverage.add_rules(&watch);
        if !made.refused() {
            coverage.add_values(&message.tree, memory, &watch);
        }
        let keep = self.arguments.html.is_some() && !self.arguments.without_messages;
        let spans = if keep { spans::of(&message.tree, memory, &watch) } else { Vec::new() };
        self.ran.push(RanMessage {
            file: message.file.clone(),
            map: plan.url().to_string(),
            refused: made.refused(),
            losses: made.losses,
            text: keep.then(|| spans::input(&message.tree).to_owned()),
            spans,
        });
        Ok(())
    }
}

fn is_for(plan: &Plan, message: &Message) -> bool {
    let wanted = plan.sources().first().copied().unwrap_or(TypeId::NONE);
    let root = message.tree.root().map_or(TypeId::NONE, |root| message.tree.node(root).type_id);
    wanted == TypeId::NONE || (root != TypeId::NONE && plan.table().is_a(root, wanted))
}
