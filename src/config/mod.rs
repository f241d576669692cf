//! Configuration: text files to checked structs, every mistake at once, each with file:line:col.
//!
//! A configuration is a folder of TOML files and one or more CSV directories. Promises: a [`Config`] has no
//! mistake that can be seen without packages and maps; what those show (conditions, maps, profiles) is
//! added by the floors above, from [`Reading::partial`], so that one kind of mistake hides no other.
//! Never: opens a file, reads the environment, holds a secret.

mod address;
mod alarms;
mod built_in;
mod check;
mod csv;
mod directory;
mod envelope;
mod intake;
mod lookup;
mod mailbox;
mod party;
mod persons;
mod pickup;
mod quantity;
mod read;
mod reference;
mod route;
mod schedule;
mod site;
mod tls;
mod value;

pub use address::{Address, Scheme, Url};
pub use alarms::Alarms;
pub use check::version_matches;
pub use directory::{Directory, Organisation};
pub use envelope::{Envelope, EnvelopeKind};
pub use intake::{IdentifierPath, Intake, Reasons, Stamp};
pub use mailbox::{Mailbox, MailboxPaths, MailboxReceipts};
pub use party::{
    Acknowledges, Endpoint, EndpointCharset, EndpointInterface, EndpointSyntax, Party, TokenHash,
};
pub use persons::{Persons, Said};
pub use pickup::Pickup;
pub use quantity::Size;
pub use reference::reference;
pub use route::{Answers, Conflict, LaneKey, LaneOrder, MissingEarlier, Route};
pub use schedule::{Agreement, Pause, Preset, Resend, ResendIn, Retry, Schedule};
pub use site::{
    Definitions, Engine, Limits, Listener, ListenerKind, MapLimits, Mappings, MllpListener, Mode,
    NotChecked, PersonLookup, Quota, Store, UnknownProfile, WrongDisplay,
};
pub use tls::{ClientCertificates, EndpointTls, ListenerTls};
pub use value::{At, Name, OwnName, Several, suggestion};

use crate::message::{Diagnostic, Origin};
use read::{Declared, Reader, section};
use std::collections::BTreeMap;

/// A file of a configuration, by its path from the configuration's folder.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path as diagnostics show it.
    pub name: String,
    /// Its text.
    pub text: String,
}

section! {
    /// Any TOML file of the configuration may hold any of these. `[engine]`, `[limits]`, `[store]`,
    /// `[definitions]`, `[mappings]`, `[persons]` and `[alarms]` stand at most once in all files together.
    Document as "configuration" {
        /// Who the engine is. Must be there.
        engine: Option<Engine>,
        /// Where it listens.
        listener: Vec<Listener>,
        /// Folders that messages are picked up from.
        pickup: Vec<Pickup>,
        /// Mailboxes that messages are fetched from.
        mailbox: Vec<Mailbox>,
        /// What is too much.
        limits: Option<Limits>,
        /// Where messages are kept. Must be there.
        store: Option<Store>,
        /// What messages are checked against.
        definitions: Option<Definitions>,
        /// What messages are translated with.
        mappings: Option<Mappings>,
        /// Where maps look persons up.
        persons: Option<PersonLookup>,
        /// Whom the engine calls when a person is needed.
        alarms: Option<Alarms>,
        /// Who takes part.
        party: Vec<Party>,
        /// Where messages are delivered to.
        endpoint: Vec<Endpoint>,
        /// Which message goes where.
        route: Vec<Route>,
        /// How messages of a format are read; usually in `.intake.toml` files beside the format's model.
        intake: Vec<Intake>,
        /// The envelopes that networks put around messages; usually in `.intake.toml` files.
        envelope: Vec<Envelope>,
    }
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who the engine is.
    pub engine: Engine,
    /// Where it listens.
    pub listeners: Vec<Listener>,
    /// Folders that messages are picked up from.
    pub pickups: Vec<Pickup>,
    /// Mailboxes that messages are fetched from.
    pub mailboxes: Vec<Mailbox>,
    /// What is too much.
    pub limits: Limits,
    /// Where messages are kept.
    pub store: Store,
    /// What messages are checked against.
    pub definitions: Definitions,
    /// What messages are translated with.
    pub mappings: Mappings,
    /// Where maps look persons up.
    pub persons: Option<PersonLookup>,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// Where messages are delivered to.
    pub endpoints: Vec<Endpoint>,
    /// Which message goes where, in order of precedence.
    pub routes: Vec<Route>,
    /// How messages are read, in order of precedence.
    pub intakes: Vec<Intake>,
    /// The envelopes that networks put around messages.
    pub envelopes: Vec<Envelope>,
    /// The organisations.
    pub directory: Directory,
    /// Whom the engine calls when a person is needed.
    pub alarms: Option<Alarms>,
    /// When certificates end, by their files; read where files are.
    pub expiries: Vec<(Box<str>, jiff::Timestamp)>,
    /// What partners' agreements say, by the file that a route names; read where files are.
    pub agreements: BTreeMap<Box<str>, Agreement>,
    /// BLAKE3 of all its files: names the configuration that a verdict rests on.
    pub hash: [u8; 32],
}

/// What was read of a configuration, whole or not.
pub struct Reading {
    config: Config,
    diagnostics: Vec<Diagnostic>,
}

impl Reading {
    /// What could be read: what is broken is left out. For further checks only, never to run on.
    pub fn partial(&self) -> &Config {
        &self.config
    }

    /// Adds findings of a higher floor.
    pub fn add(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(found);
    }

    /// The configuration, unless an error keeps it from becoming active, and all findings by their place.
    pub fn finish(mut self) -> (Option<Config>, Vec<Diagnostic>) {
        self.diagnostics.sort_by(|a, b| a.origin.cmp(&b.origin));
        self.diagnostics.dedup();
        let refused = self.diagnostics.iter().any(Diagnostic::refuses);
        ((!refused).then_some(self.config), self.diagnostics)
    }
}

/// Reads and checks a configuration.
pub fn check(files: &[File]) -> (Option<Config>, Vec<Diagnostic>) {
    read(files).finish()
}

/// Reads a configuration and checks what can be seen in it alone.
pub fn read(files: &[File]) -> Reading {
    let mut all = Gathered::default();
    let mut directory = Directory::default();
    for file in files {
        match file.name.ends_with(".csv") {
            true => directory.add(&file.name, &file.text, &mut all.diagnostics),
            false => all.file(file),
        }
    }
    all.built_in();
    let (mut config, mut diagnostics, declared) = all.config(files);
    config.directory = directory;
    check::all(&config, &declared, &mut diagnostics);
    Reading { config, diagnostics }
}

/// The sections of all files.
#[derive(Default)]
struct Gathered {
    engine: Option<Engine>,
    limits: Option<Limits>,
    store: Option<Store>,
    definitions: Option<Definitions>,
    mappings: Option<Mappings>,
    persons: Option<PersonLookup>,
    alarms: Option<Alarms>,
    listeners: Vec<Listener>,
    pickups: Vec<Pickup>,
    mailboxes: Vec<Mailbox>,
    parties: Vec<Party>,
    endpoints: Vec<Endpoint>,
    routes: Vec<Route>,
    intakes: Vec<Intake>,
    envelopes: Vec<Envelope>,
    declared: Vec<Declared>,
    diagnostics: Vec<Diagnostic>,
}

impl Gathered {
    fn file(&mut self, file: &File) {
        let mut reader = Reader::new(&file.name, &file.text);
        let document: Option<Document> = reader.document(&file.text);
        self.declared.append(&mut reader.declared);
        self.diagnostics.append(&mut reader.diagnostics);
        let Some(mut document) = document else { return };
        let found = &mut self.diagnostics;
        once(&mut self.engine, document.engine, |one| &one.origin, "engine", found);
        once(&mut self.limits, document.limits, |one| &one.origin, "limits", found);
        once(&mut self.store, document.store, |one| &one.origin, "store", found);
        once(&mut self.definitions, document.definitions, |one| &one.origin, "definitions", found);
        once(&mut self.mappings, document.mappings, |one| &one.origin, "mappings", found);
        once(&mut self.persons, document.persons, |one| &one.origin, "persons", found);
        once(&mut self.alarms, document.alarms, |one| &one.origin, "alarms", found);
        self.listeners.append(&mut document.listener);
        self.pickups.append(&mut document.pickup);
        self.mailboxes.append(&mut document.mailbox);
        self.parties.append(&mut document.party);
        self.endpoints.append(&mut document.endpoint);
        self.routes.append(&mut document.route);
        self.intakes.append(&mut document.intake);
        self.envelopes.append(&mut document.envelope);
    }

    fn config(mut self, files: &[File]) -> (Config, Vec<Diagnostic>, Vec<Declared>) {
        let first = files.first().map_or("stafett.toml", |file| &file.name);
        let start = Origin { file: first.into(), line: 0, column: 0 };
        for (missing, name) in [(self.engine.is_none(), "engine"), (self.store.is_none(), "store")]
        {
            if missing {
                let text = format!("no file has a section `[{name}]`");
                let one = Diagnostic::error(start.clone(), "config-missing-section", text);
                self.diagnostics.push(one);
            }
        }
        let config = Config {
            engine: self.engine.unwrap_or_else(|| built_in::stand_in("name = 'none'")),
            listeners: self.listeners,
            pickups: self.pickups,
            mailboxes: self.mailboxes,
            limits: self.limits.unwrap_or_else(|| built_in::stand_in("")),
            store: self.store.unwrap_or_else(|| built_in::stand_in("folder = 'none'")),
            definitions: self.definitions.unwrap_or_else(|| built_in::stand_in("")),
            mappings: self.mappings.unwrap_or_else(|| built_in::stand_in("")),
            persons: self.persons,
            parties: self.parties,
            endpoints: self.endpoints,
            routes: self.routes,
            intakes: self.intakes,
            envelopes: self.envelopes,
            directory: Directory::default(),
            alarms: self.alarms,
            expiries: Vec::new(),
            agreements: BTreeMap::new(),
            hash: hash(files),
        };
        (config, self.diagnostics, self.declared)
    }
}

/// Keeps a section that may stand only once.
fn once<T>(
    kept: &mut Option<T>,
    read: Option<T>,
    origin: fn(&T) -> &Origin,
    name: &str,
    found: &mut Vec<Diagnostic>,
) {
    match (kept.as_ref(), read) {
        (Some(first), Some(second)) => {
            let text = format!("`[{name}]` stands already at {}", origin(first));
            found.push(Diagnostic::error(origin(&second).clone(), "config-second-section", text));
        }
        (None, Some(read)) => *kept = Some(read),
        (_, None) => {}
    }
}

/// The hash that names a configuration: of its files' names and texts, each with its length.
fn hash(files: &[File]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in files.iter().flat_map(|file| [&file.name, &file.text]) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        [engine]
        name = "small"
        [store]
        folder = "data"
        [[listener]]
        name = "in"
        address = "127.0.0.1:0"
        kind = "messages"
        [[party]]
        name = "a"
        title = "A"
        tokens = ["af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"]
        [[party]]
        name = "b"
        title = "B"
        identifiers = ["gln:5790000120406"]
        [[endpoint]]
        name = "b-in"
        party = "b"
        url = "http://127.0.0.1:1/"
        syntax = "xml"
        [[route]]
        name = "a-b"
        sender = "a"
        receiver = "b"
        event = ["x", "y"]
        to = "b-in"
        [[intake]]
        name = "letters"
        syntax = "xml"
        root = "Emessage"
        message = "id"
        envelope = "id"
        event = "event"
        sender = [{ kind = "gln", path = "from" }]
    "#;

    fn check_texts(texts: &[&str]) -> (Option<Config>, Vec<String>) {
        let name = |n: usize| format!("{n}.toml");
        let file = |(n, text): (usize, &&str)| File { name: name(n), text: (*text).to_owned() };
        let files: Vec<File> = texts.iter().enumerate().map(file).collect();
        let (config, found) = check(&files);
        (config, found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_small_configuration_has_its_defaults() {
        let (config, found) = check_texts(&[SMALL]);
        assert_eq!(found, [""; 0]);
        let config = config.unwrap();
        assert_eq!(config.limits.body, Size(10_000_000));
        assert_eq!(config.store.remember_duplicates.as_secs(), 14 * 86_400);
        assert_eq!(config.plan(&config.routes[0]).give_up.as_secs(), 3 * 86_400);
        assert_eq!(config.authenticate(b"").map(|party| &*party.name), Some("a"));
        assert!(config.authenticate(b"x").is_none());
        assert_ne!(config.hash, check_texts(&[SMALL, ""]).0.unwrap().hash);
    }

    #[test]
    fn a_broken_section_is_known_by_its_name() {
        let broken = SMALL.replace("syntax = \"xml\"\n        [[route]]", "[[route]]");
        let (config, found) = check_texts(&[&broken]);
        assert!(config.is_none());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("`endpoint` needs the key `syntax`"), "{found:?}");
    }

    #[test]
    fn a_syntax_fault_hides_no_other_file() {
        let (_, found) = check_texts(&[SMALL, "[[party]]\nname = NO\n", "[ngine]\n"]);
        assert!(found.iter().any(|one| one.starts_with("1.toml:2:8: error[config-syntax]")));
        assert!(found.iter().any(|one| one.starts_with("2.toml:1:2: error[config-unknown-key]")));
    }

    #[test]
    fn a_section_stands_once() {
        let (_, found) = check_texts(&[SMALL, "[engine]\nname = 'again'\n"]);
        assert!(found[0].contains("stands already at 0.toml:2"), "{found:?}");
    }

    #[test]
    fn nothing_is_no_configuration() {
        let (config, found) = check_texts(&[]);
        assert!(config.is_none());
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
