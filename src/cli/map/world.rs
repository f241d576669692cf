//! What a case says about the world: the route's values, the engine's, and the books.

use super::folder::{Beside, bytes};
use crate::definitions::Library;
use crate::engine::{self, ValueSets};
use crate::fhirpath::{self, Item, NotEvaluable, References};
use crate::mapping::{Concepts, Hooks, Lookup, Plans};
use crate::message::Diagnostic;
use crate::profile::{self, Asker, Validator, Wanted};
use crate::tree::{NodeId, Tree};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Values = BTreeMap<String, String>;

/// What a run is given beside the map and the message.
#[derive(Debug, clap::Args)]
pub struct Given {
    /// What the route, the directory and the engine say, written like a case; by default the `case.toml` beside
    /// each message, if there is one.
    #[arg(long, value_name = "FILE")]
    case: Option<PathBuf>,
    /// A parameter of the route, besides those of the case; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    /// What else its maps may ask for.
    #[command(flatten)]
    pub beside: Beside,
}

impl Given {
    /// What is said for a message.
    pub fn about(&self, message: &Path) -> Result<About, String> {
        let beside = message.parent().unwrap_or(Path::new("")).join("case.toml");
        let mut about = match &self.case {
            Some(file) => About::read(file)?,
            None if beside.is_file() => About::read(&beside)?,
            None => About::default(),
        };
        about.parameters.extend(self.parameter.iter().cloned());
        Ok(about)
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A case's file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The canonical of the map, if it is not the folder's entry map.
    pub map: Option<String>,
    /// The issue that the case must end in; then nothing is expected to be made.
    pub fails: Option<String>,
    /// The ids of the issues there must be, each once.
    pub issues: Option<Vec<String>>,
    /// The route's defaults.
    #[serde(default)]
    pub parameters: Values,
    /// What the engine decided.
    #[serde(default)]
    pub engine: Engine,
    /// The concept maps that the route names.
    #[serde(default)]
    pub route: Values,
    /// Organisations, each with its identifiers by kind; `from` and `to` are its first and last day.
    #[serde(default)]
    pub directory: Vec<Values>,
    /// Persons, in the same way.
    #[serde(default)]
    pub person: Vec<Values>,
    /// Ids of earlier messages: as they were `received`, and as they were `sent`.
    #[serde(default)]
    pub sent: Vec<Values>,
    /// Earlier messages by the name of the source that they are given to: files beside the case's.
    #[serde(default)]
    pub earlier: BTreeMap<String, PathBuf>,
}

/// What the engine decided about the new message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Engine {
    /// Its id.
    pub message_id: String,
    /// The id of this sending.
    pub envelope_id: String,
    /// When.
    pub now: String,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine {
            message_id: "6a6ee4d3-8b6d-4b4c-9a53-3c6a1b1c0f0e".to_owned(),
            envelope_id: "0e1f2d3c-4b5a-4978-8695-a4b3c2d1e0f9".to_owned(),
            now: "2026-01-01T12:00:00+01:00".to_owned(),
        }
    }
}

impl About {
    /// Reads a case's file; the files that it names lie beside it.
    pub fn read(file: &Path) -> Result<About, String> {
        let text = String::from_utf8(bytes(file)?);
        let text = text.map_err(|_| format!("{}: not UTF-8", file.display()))?;
        let about: Result<About, _> = toml::from_str(&text);
        let mut about = about.map_err(|fault| format!("{}: {fault}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        about.earlier.values_mut().for_each(|earlier| *earlier = folder.join(&earlier));
        Ok(about)
    }
}

/// What maps ask about by name: profiles and value sets.
pub struct Checks {
    validator: Validator,
    value_sets: ValueSets,
}

impl Checks {
    /// Compiled only where a map asks, for that takes its time.
    pub fn of(
        plans: &Plans,
        library: &Arc<Library>,
        settings: &profile::Settings,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Checks> {
        plans.all().iter().find(|plan| !plan.asks().is_empty())?;
        let (validator, _) = Validator::build(library, &Wanted::All, settings);
        found.extend(engine::unknown(plans, library, &validator));
        Some(Checks { validator, value_sets: engine::value_sets(plans, library) })
    }

    /// Somebody to ask about a message.
    pub fn asker<'a>(
        &'a self,
        tree: &'a Tree,
        now: jiff::Timestamp,
        memory: &'a mut profile::Memory,
    ) -> (Asker<'a>, &'a ValueSets) {
        (self.validator.asker(tree, now, memory), &self.value_sets)
    }
}

/// The world of a case.
pub struct World<'a> {
    /// Whom to ask about profiles and value sets.
    pub asker: Option<(Asker<'a>, &'a ValueSets)>,
    /// Where the message's references lead.
    pub references: &'a References,
    /// The day it is.
    pub day: String,
    /// What the case says.
    pub about: &'a About,
    /// The concept maps at hand.
    pub concepts: &'a [Arc<Concepts>],
}

impl fhirpath::Hooks for World<'_> {
    fn conforms_to(&self, tree: u8, node: NodeId, canonical: &str) -> Result<bool, NotEvaluable> {
        match &self.asker {
            Some((asker, _)) if tree == 0 => asker.conforms_to(node, canonical),
            _ => Err(NotEvaluable::missing("conformsTo() is for the message alone")),
        }
    }

    fn member_of(&self, item: &Item<'_>, value_set: &str) -> Result<bool, NotEvaluable> {
        let missing = NotEvaluable::missing("memberOf() of a value set that is not loaded");
        let (asker, sets) = self.asker.as_ref().ok_or(missing)?;
        asker.member_of(item, sets.get(value_set).ok_or(missing)?)
    }
}

impl Hooks for World<'_> {
    fn concept_map(&self, _place: usize, name: &str) -> Option<&Concepts> {
        let url = self.about.route.get(name)?;
        self.concepts.iter().find(|one| *one.url == **url).map(|one| &**one)
    }

    fn references(&self) -> Option<&References> {
        Some(self.references)
    }

    fn look_up(&self, book: &str, from: &str, to: &str, value: &str) -> Lookup<'_> {
        let entries = match book {
            "directory" => &self.about.directory,
            "person" => &self.about.person,
            "sent" => &self.about.sent,
            _ => return Lookup::Unavailable,
        };
        // Days are written so that their order is that of their texts.
        let valid = |entry: &&Values| {
            entry.get("from").is_none_or(|from| *from <= self.day)
                && entry.get("to").is_none_or(|to| self.day <= *to)
        };
        let is = |entry: &&Values| entry.get(from).is_some_and(|own| own == value);
        let known = entries.iter().filter(valid).find(is);
        match known.and_then(|entry| entry.get(to)) {
            Some(answer) => Lookup::Found(Cow::Borrowed(answer)),
            None => Lookup::NotFound,
        }
    }
}
