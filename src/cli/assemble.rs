//! From a configuration's folder to an engine: reads, compiles, and says everything that is wrong at once.
//!
//! Promises: `check` and `run` see the same findings, since both come from here; each part looks at what
//! could be read, so that one kind of mistake hides no other. Never: starts anything.

use super::{load, secure};
use crate::config::{
    At, Config, EndpointInterface, File, Route, Scheme, UnknownProfile, Url, WrongDisplay,
    suggestion,
};
use crate::definitions::core::Kind;
use crate::definitions::{Library, Scope};
use crate::deliver::http::Target;
use crate::deliver::tls::Secure;
use crate::engine::{self, Engine};
use crate::mapping::ast::Map;
use crate::mapping::{Concepts, Materials, Plans};
use crate::message::{Diagnostic, Error, ErrorKind, Severity};
use crate::pipeline::{self, Fresh, Secured, Targets};
use crate::profile::{self, Validator, Wanted, exchange};
use crate::receipt::Codes;
use crate::route::{Intakes, Routes, agreement};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a folder came to.
pub struct Assembled {
    /// The engine; none when something keeps it from becoming active.
    pub engine: Option<Engine>,
    /// How its listeners speak TLS.
    pub secured: Secured,
    /// The configuration's files and maps, for excerpts.
    pub files: Vec<File>,
    /// Everything that was found, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and compiles a configuration's folder. An error: there is no such folder.
pub fn assemble(folder: &Path) -> Result<Assembled, Error> {
    let mut read = load::configuration(folder)?;
    let mut config = read.reading.partial().clone();
    let mut found = agreements(folder, &mut config);
    secure::expiries(folder, &mut config);
    let config = Arc::new(config);
    let (maps, more) = load::maps(folder, &config);
    found.extend(more);
    let engine = compile(folder, &config, &maps, &mut found);
    token_files(folder, &config, &mut found);
    let secured = secure::listeners(folder, &config, &mut found);
    let endpoints = config.endpoints.iter();
    found.extend(endpoints.filter_map(|one| secure::endpoint(folder, one).err()).map(|one| *one));
    let mailboxes = config.mailboxes.iter();
    let reached = mailboxes.map(|one| secure::reached(folder, &one.url, one.tls.as_ref()));
    found.extend(reached.filter_map(|one| one.err()).map(|one| *one));
    read.reading.add(found);
    let shown = |map: &Map| File { name: map.file.to_string(), text: map.text.to_string() };
    read.files.extend(maps.iter().map(shown));
    let (whole, diagnostics) = read.reading.finish();
    Ok(Assembled { engine: whole.and(engine), secured, files: read.files, diagnostics })
}

/// Reads a folder anew for an engine that runs.
pub fn fresh(folder: &Path) -> Result<Fresh, Error> {
    let Assembled { engine, secured, diagnostics, .. } = assemble(folder)?;
    let targets = match &engine {
        Some(engine) => targets(folder, &engine.config)?,
        None => Targets::new(),
    };
    Ok(Fresh { engine, targets, secured, diagnostics })
}

/// Compiles what a configuration names, as far as it can be: for its findings even when it is not whole.
fn compile(
    folder: &Path,
    config: &Arc<Config>,
    maps: &[Map],
    found: &mut Vec<Diagnostic>,
) -> Option<Engine> {
    let mut keep = |more: Vec<Diagnostic>| found.extend(more);
    let (library, more) = load::library(folder, config);
    keep(more);
    let library = Arc::new(library);
    let (validator, more) = Validator::build(&library, &Wanted::All, &settings(config));
    // What is odd about R4 core itself is known, and nothing that a site could change.
    let core = |one: &Diagnostic| one.origin.file.starts_with("http://hl7.org/fhir/");
    keep(more.into_iter().filter(|one| one.refuses() || !core(one)).collect());
    let (intakes, more) = Intakes::compile(config, library.table());
    keep(more);
    let (routes, more) = Routes::compile(config, library.table());
    keep(more);
    let concepts: Vec<Arc<Concepts>> =
        library.concept_maps().map(|(_, map)| Arc::new(Concepts::of_resource(&map))).collect();
    let materials = Materials { table: library.table(), concepts: &concepts };
    let (plans, more) = Plans::build(maps, &materials);
    keep(more);
    keep(engine::unknown(&plans, &library, &validator));
    let (persons, more) = load::persons(folder, config);
    keep(more);
    for route in &config.routes {
        route_names(route, &library, maps, found);
    }
    let codes = match Codes::built_in() {
        Ok(codes) => codes,
        Err(diagnostic) => {
            found.push(diagnostic);
            return None;
        }
    };
    let sets = engine::profile_sets(library.concept_maps().map(|(_, map)| map));
    let exchange = exchange::Rules::new(library.table(), exchange::Data::embedded());
    let mut engine = Engine::new(
        Arc::clone(config),
        library,
        validator,
        exchange,
        intakes,
        routes,
        plans,
        concepts,
        sets,
        codes,
    );
    engine.persons = persons.map(|persons| Arc::new(persons) as Arc<dyn engine::PersonBook>);
    Some(engine)
}

/// How messages are judged where the configuration has a word in it.
pub fn settings(config: &Config) -> profile::Settings {
    let unknown_profile = match config.definitions.unknown_profile {
        UnknownProfile::Refuse => Severity::Error,
        UnknownProfile::Warn => Severity::Warning,
    };
    let wrong_display = match config.definitions.wrong_display {
        WrongDisplay::Refuse => Severity::Error,
        WrongDisplay::Warn => Severity::Warning,
    };
    profile::Settings { unknown_profile, wrong_display, ..profile::Settings::default() }
}

/// What a route names beyond the configuration: maps, concept maps, profiles.
fn route_names(route: &Route, library: &Library, maps: &[Map], found: &mut Vec<Diagnostic>) {
    let mut unknown = |what: &str, at: &At<Box<str>>, known: &[&str]| {
        let text = format!("no {what} is called `{}`", at.value);
        let one = Diagnostic::error(at.origin.clone(), "config-unknown-name", text);
        found.push(suggestion(one, &at.value, known.iter().copied()));
    };
    if let Some(map) = &route.map {
        let known: Vec<&str> = maps.iter().map(|map| &*map.url.text).collect();
        if !known.contains(&&*map.value) {
            unknown("map", map, &known);
        }
    }
    if let Some(profiles) = &route.profiles {
        let known: Vec<&str> = library.list(Kind::ConceptMap).map(|one| one.url).collect();
        if !known.contains(&&*profiles.value) {
            unknown("concept map", profiles, &known);
        }
    }
    for profile in route.validate.iter().chain(&route.target_profiles) {
        let resolved = library
            .root_of(&profile.value, None)
            .and_then(|root| library.resolve(Kind::Structure, &profile.value, Scope::of(root)));
        if resolved.is_none() {
            let known: Vec<&str> = library.list(Kind::Structure).map(|one| one.url).collect();
            unknown("profile", profile, &known);
        }
    }
}

/// Reads the partners' agreements that routes go by.
fn agreements(folder: &Path, config: &mut Config) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for file in config.routes.iter().filter_map(|route| route.cpa.as_ref()) {
        let error = |kind, text: String| Diagnostic::error(file.origin.clone(), kind, text);
        match std::fs::read(folder.join(&*file.value)) {
            Err(_) => {
                let text = format!("there is no `{}` from the configuration's folder", file.value);
                found.push(error("config-no-such-file", text));
            }
            Ok(bytes) => match agreement::read(&bytes.into()) {
                Err(why) => found.push(error("config-bad-value", why.to_string())),
                Ok(read) => {
                    config.agreements.insert(file.value.clone(), read);
                }
            },
        }
    }
    found
}

/// Every token file that an endpoint names is there.
fn token_files(folder: &Path, config: &Config, found: &mut Vec<Diagnostic>) {
    let endpoints = config.endpoints.iter().filter_map(|endpoint| endpoint.token_file.as_ref());
    let mailboxes = config.mailboxes.iter().filter_map(|mailbox| mailbox.token_file.as_ref());
    for file in endpoints.chain(mailboxes) {
        if !folder.join(&*file.value).is_file() {
            let text = format!("there is no `{}` from the configuration's folder", file.value);
            found.push(Diagnostic::error(file.origin.clone(), "config-no-such-file", text));
        }
    }
}

/// The endpoints as the deliverers need them; reads the token files.
pub fn targets(folder: &Path, config: &Config) -> Result<Targets, Error> {
    let mut targets = Targets::new();
    for endpoint in &config.endpoints {
        let token = token(folder, endpoint.token_file.as_ref())?;
        let secure = secure::endpoint(folder, endpoint)
            .map_err(|diagnostic| Error::new(ErrorKind::Configuration, diagnostic.to_string()))?;
        let (url, time) = (&endpoint.url, endpoint.timeout);
        let target = match url.scheme {
            Scheme::Folder => Target::folder(&folder.join(&*url.path), time),
            Scheme::Mllp => Target::mllp(&url.host, url.port, secure, time),
            Scheme::Http => {
                let target = by_http(url, token.as_deref(), secure, time)?;
                match endpoint.interface {
                    EndpointInterface::Messages => target,
                    EndpointInterface::Nhn => target.nhn(),
                }
            }
        };
        targets.insert((*endpoint.name).into(), (target, endpoint.connections as usize));
    }
    for mailbox in &config.mailboxes {
        let token = token(folder, mailbox.token_file.as_ref())?;
        let secure = secure::reached(folder, &mailbox.url, mailbox.tls.as_ref())
            .map_err(|diagnostic| Error::new(ErrorKind::Configuration, diagnostic.to_string()))?;
        let target = by_http(&mailbox.url, token.as_deref(), secure, mailbox.timeout)?;
        targets.insert(pipeline::mailbox(&mailbox.name).into(), (target, 1));
    }
    Ok(targets)
}

fn by_http(
    url: &At<Url>,
    token: Option<&str>,
    secure: Option<Secure>,
    time: Duration,
) -> Result<Target, Error> {
    let target = Target::new(&url.value.to_string(), token, time).ok_or_else(|| {
        let note = format!("{}: the address cannot stand in a request", url.origin);
        Error::new(ErrorKind::Configuration, note)
    })?;
    Ok(secure.iter().fold(target, Target::over))
}

fn token(folder: &Path, file: Option<&At<Box<str>>>) -> Result<Option<String>, Error> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(folder.join(&*file.value)).map_err(|e| {
        let note = format!("{}: cannot read the token file", file.origin);
        Error::new(ErrorKind::Configuration, note).cause(e)
    })?;
    Ok(Some(text.trim().to_owned()))
}
