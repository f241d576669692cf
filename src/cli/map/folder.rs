//! Folders of maps, read whole: maps, models, concept maps and where the cases are.
//!
//! Promises: what a map needs is found in the folder `mappings` that it lies in, in its own folder, and in those
//! that are named; each file is read once. Never: writes.

use super::world::Checks;
use crate::cli::{assemble, load};
use crate::definitions::{Library, LibraryBuilder};
use crate::mapping::ast;
use crate::mapping::{self, Concepts, Materials, Plan, Plans};
use crate::message::{Diagnostic, Severity};
use crate::profile;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder in which everything is looked for that a map below it needs.
const HOME: &str = "mappings";

/// What else there is to know than the paths.
#[derive(Debug, Default, clap::Args)]
pub struct Beside {
    /// A further folder in which imports, models and concept maps are looked for; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub with: Vec<PathBuf>,
    /// What claims a profile that nobody has loaded may still conform to another, as on a node whose
    /// configuration says `unknown_profile = "warn"`; `--config` says so by itself.
    #[arg(long)]
    pub allow_unknown_profiles: bool,
    /// The folder of a node's configuration: its packages are at hand, and profiles are judged as its
    /// `[definitions]` says.
    #[arg(long, value_name = "DIR")]
    pub config: Option<PathBuf>,
}

impl Beside {
    /// The library to begin with, and how profiles are judged: as a node has it, or R4 alone.
    fn begin(&self) -> Result<(LibraryBuilder, profile::Settings), String> {
        let (builder, mut settings) = match &self.config {
            Some(folder) => of_node(folder)?,
            None => {
                let mut builder = LibraryBuilder::new();
                builder.add_hl7v2();
                builder.add_edifact();
                (builder, profile::Settings::default())
            }
        };
        if self.allow_unknown_profiles {
            settings.unknown_profile = Severity::Warning;
        }
        Ok((builder, settings))
    }
}

/// What the configuration of a node says about definitions; an error says why it cannot be gone by.
fn of_node(folder: &Path) -> Result<(LibraryBuilder, profile::Settings), String> {
    let read = load::configuration(folder).map_err(|error| error.to_string())?;
    let config = read.reading.partial().clone();
    let (builder, mut found) = load::definitions(folder, &config);
    found.extend(read.reading.finish().1);
    let wrong: Vec<String> =
        found.iter().filter(|one| one.refuses()).map(ToString::to_string).collect();
    match wrong.is_empty() {
        true => Ok((builder, assemble::settings(&config))),
        false => Err(format!("{}: {}", folder.display(), wrong.join("\n"))),
    }
}

/// Compiles maps, leniently or strictly.
type Build = for<'a, 'm> fn(&'a [ast::Map], &'a Materials<'m>) -> (Plans, Vec<Diagnostic>);

/// Maps with all that they need, and their plans.
pub struct Mappings {
    /// R4, and the models that were found.
    pub library: Arc<Library>,
    /// The maps.
    pub maps: Vec<ast::Map>,
    /// Their plans; a map with an error has none.
    pub plans: Plans,
    /// The profiles and value sets that maps ask about; none where no map asks.
    pub checks: Option<Checks>,
    /// The concept maps.
    pub concepts: Vec<Arc<Concepts>>,
    /// Folders with cases below the paths that were asked for, each with the canonical of its entry map.
    pub folders: Vec<(PathBuf, String)>,
    /// Intake descriptions.
    pub intakes: Vec<PathBuf>,
    /// What was found while reading and compiling.
    pub diagnostics: Vec<Diagnostic>,
    /// The files below the paths that were asked for, as diagnostics call them.
    pub asked: BTreeSet<String>,
}

impl Mappings {
    /// Reads what is below `paths`, and what that needs; what is not at hand is a warning.
    pub fn read(paths: &[PathBuf], beside: &Beside) -> Result<Mappings, String> {
        Mappings::compiled(paths, beside, Plans::build_lenient)
    }

    /// The same as a node does it: what is not at hand is an error.
    pub fn read_strictly(paths: &[PathBuf], beside: &Beside) -> Result<Mappings, String> {
        Mappings::compiled(paths, beside, Plans::build)
    }

    fn compiled(paths: &[PathBuf], beside: &Beside, build: Build) -> Result<Mappings, String> {
        let mut found = Found::default();
        for path in paths {
            found.below(path)?;
        }
        let asked = found.names();
        let own_maps = found.maps.len();
        for path in &beside.with {
            found.below(path)?;
        }
        for path in paths {
            found.below(&home(path))?;
        }
        let (mut builder, settings) = beside.begin()?;
        for file in &found.resources {
            builder.add_resource(&file.display().to_string(), &bytes(file)?);
        }
        let (library, mut diagnostics) = builder.build();
        let library = Arc::new(library);
        let concepts = library.concept_maps().map(|(_, map)| Arc::new(Concepts::of_resource(&map)));
        let concepts: Vec<_> = concepts.collect();
        let (mut maps, mut folders) = (Vec::new(), Vec::new());
        for (at, file) in found.maps.iter().enumerate() {
            let name = file.display().to_string();
            let text = String::from_utf8(bytes(file)?).map_err(|_| format!("{name}: not UTF-8"))?;
            let (map, more) = match is_text(file) {
                true => mapping::parse(&name, &text),
                false => mapping::read(&name, &text),
            };
            diagnostics.extend(more);
            if let Some(folder) = found.entry_of(file).filter(|_| at < own_maps) {
                folders.push((folder, map.url.text.to_string()));
            }
            maps.push(map);
        }
        let materials = Materials { table: library.table(), concepts: &concepts };
        let (plans, more) = build(&maps, &materials);
        diagnostics.extend(more);
        let checks = Checks::of(&plans, &library, &settings, &mut diagnostics);
        let intakes = found.intakes;
        Ok(Mappings {
            library,
            maps,
            plans,
            checks,
            concepts,
            folders,
            intakes,
            diagnostics,
            asked,
        })
    }

    /// The findings about what was asked for; if that has none and yet no plan, all of them.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let own = |one: &&Diagnostic| self.asked.contains(&*one.origin.file);
        let mut found: Vec<Diagnostic> = self.diagnostics.iter().filter(own).cloned().collect();
        let planless = |map: &&ast::Map| {
            self.asked.contains(&*map.file) && self.plans.find(&map.url.text).is_none()
        };
        if !found.iter().any(Diagnostic::refuses) && self.maps.iter().any(|map| planless(&map)) {
            found = self.diagnostics.clone();
        }
        found
    }

    /// The plan of a map: of a file, of the entry map of a folder, or by canonical or name.
    pub fn plan(&self, map: &Path) -> Result<&Arc<Plan>, String> {
        let shown = map.display().to_string();
        let by_file = |file: &str| self.maps.iter().find(|one| *one.file == *file);
        let entry = || {
            let name = format!("{}.", map.file_name()?.to_str()?);
            let mut below = self.maps.iter().filter(|one| {
                Path::new(&*one.file).parent() == Some(map) && self.asked.contains(&*one.file)
            });
            let named = below.clone().find(|one| {
                let file = Path::new(&*one.file).file_name().and_then(|name| name.to_str());
                file.is_some_and(|file| file.starts_with(&name))
            });
            named.or_else(|| below.next().filter(|_| below.next().is_none()))
        };
        let source = by_file(&shown).or_else(entry);
        let Some(source) = source else {
            return Err(format!("{shown}: no map with this file's name, nor an entry map there"));
        };
        self.plans.find(&source.url.text).ok_or_else(|| {
            let found = self.findings();
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            format!("{}\n{shown}: a map with an error has no plan", said.join("\n"))
        })
    }
}

/// The nearest folder called `mappings` around a path, or else the folder it lies in.
fn home(path: &Path) -> PathBuf {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let own = if whole.is_dir() { &*whole } else { whole.parent().unwrap_or(&whole) };
    let named = own.ancestors().find(|one| one.file_name().is_some_and(|name| name == HOME));
    named.unwrap_or(own).to_owned()
}

/// Files below paths, in the order of their names; folders named `tests` hold cases, not materials.
#[derive(Default)]
struct Found {
    maps: Vec<PathBuf>,
    resources: Vec<PathBuf>,
    intakes: Vec<PathBuf>,
    seen: BTreeSet<PathBuf>,
}

impl Found {
    fn below(&mut self, path: &Path) -> Result<(), String> {
        if path.is_dir() {
            for entry in entries(path)? {
                if entry.file_name().is_none_or(|name| name != "tests") {
                    self.below(&entry)?;
                }
            }
            return Ok(());
        }
        let missing = |_| format!("there is no {}", path.display());
        if !self.seen.insert(fs::canonicalize(path).map_err(missing)?) {
            return Ok(());
        }
        match path.extension().and_then(|e| e.to_str()) {
            Some("map" | "fml") => self.maps.push(path.to_owned()),
            Some("json" | "xml") if holds_a_map(path)? => self.maps.push(path.to_owned()),
            Some("json" | "xml") => self.resources.push(path.to_owned()),
            _ if path.to_string_lossy().ends_with(".intake.toml") => {
                self.intakes.push(path.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn names(&self) -> BTreeSet<String> {
        self.maps.iter().chain(&self.resources).map(|path| path.display().to_string()).collect()
    }

    /// The folder whose entry map a file is: it has the folder's name, or is the only map there.
    fn entry_of(&self, file: &Path) -> Option<PathBuf> {
        let folder = file.parent()?;
        let alone = self.maps.iter().filter(|map| map.parent() == Some(folder)).count() == 1;
        let named = file.file_stem() == folder.file_name();
        ((alone || named) && folder.join("tests").is_dir()).then(|| folder.to_owned())
    }
}

/// Whether a map is written in the language, not as a resource.
fn is_text(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "map" || e == "fml")
}

/// Whether a file is a map, in the language or as a resource.
pub fn is_map(file: &Path) -> bool {
    is_text(file) || (file.is_file() && holds_a_map(file).unwrap_or(false))
}

fn holds_a_map(file: &Path) -> Result<bool, String> {
    Ok(mapping::is_structure_map(&String::from_utf8_lossy(&bytes(file)?)))
}

/// The cases of a folder, by name.
pub fn cases(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut cases = entries(&folder.join("tests"))?;
    cases.retain(|case| case.is_dir());
    Ok(cases)
}

/// What lies in a folder, by name.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    let all = fs::read_dir(folder).map_err(fault)?;
    let mut all = all.map(|e| Ok(e.map_err(fault)?.path())).collect::<Result<Vec<_>, String>>()?;
    all.sort();
    Ok(all)
}

/// A file's bytes.
pub fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}
