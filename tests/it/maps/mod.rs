//! Maps at run time, within an engine: what they may ask, what they may cost, how they are exchanged.

mod asked;
mod costly;
mod reload;
mod resources;
mod warm;

use crate::support::root;
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble::{self, Assembled};
use stafett::engine::{Arena, Engine, Incoming, Outcome};
use stafett::message::{KnownAbout, PartyName, Syntax, ToldIssue};
use std::path::Path;
use tempfile::TempDir;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = asked::trials();
    trials.extend(costly::trials());
    trials.extend(reload::trials());
    trials.extend(resources::trials());
    trials.extend(warm::trials());
    trials
}

const NETWORK: &str = "fixtures/networks/planomraade-syd";

/// The folder of a site whose hospital sends admissions to a town through a map of the test's own.
pub struct Site {
    pub folder: TempDir,
}

/// What was decided about a message.
pub struct Decided {
    pub issues: Vec<ToldIssue>,
    pub outputs: usize,
    pub quarantine: Option<Box<str>>,
}

impl Decided {
    /// The texts that rules logged.
    pub fn logged(&self) -> Vec<&str> {
        let logs = self.issues.iter().filter(|issue| &*issue.id == "map-log");
        logs.filter_map(|issue| issue.text.rsplit(": ").next()).collect()
    }

    /// The ids of what refuses.
    pub fn errors(&self) -> Vec<&str> {
        let refuses = |issue: &&ToldIssue| issue.severity >= stafett::message::Severity::Error;
        self.issues.iter().filter(refuses).map(|issue| &*issue.id).collect()
    }
}

/// A map that copies a message, with further rules.
pub fn map(rules: &str, groups: &str) -> String {
    format!(
        "map 'urn:test:map' = 'test'\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias Bundle as source\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias BundleOut as target\n\
         group g(source src : Bundle, target tgt : BundleOut) {{\n\
         src.id -> tgt.id; src.meta -> tgt.meta; src.type -> tgt.type;\n\
         src.timestamp -> tgt.timestamp; src.entry -> tgt.entry;\n{rules}\n}}\n{groups}\n"
    )
}

impl Site {
    /// A site with this map, and further lines for its main file.
    pub fn new(map: &str, further: &str) -> Result<Site, Failed> {
        let site = Site { folder: TempDir::new()? };
        let network = root().join(NETWORK);
        for name in ["parties.toml", "endpoints.toml", "directory.csv"] {
            site.write(name, &std::fs::read_to_string(network.join(name))?)?;
        }
        let packages = root().join("fixtures/packages/stafett.fhir.messages");
        let head = "[engine]\nname = 'test'\nmode = 'test'\nworkers = 2\n\
                    [[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\nkind = 'messages'\n\
                    [[listener]]\nname = 'ops'\naddress = '127.0.0.1:0'\nkind = 'operations'\n\
                    [store]\nfolder = 'data'\n";
        site.write(
            "stafett.toml",
            &format!(
                "{head}[definitions]\npackages = [{packages:?}]\n\
                 [mappings]\nfolders = ['maps']\n{further}\n"
            ),
        )?;
        site.write(
            "routes.toml",
            "[[route]]\nname = 'mapped'\nsender = 'amager-og-hvidovre-hospital'\n\
             receiver = 'hvidovre-kommune'\nevent = 'hospital-notification-message'\n\
             to = 'hvidovre'\nmap = 'urn:test:map'\n",
        )?;
        std::fs::create_dir(site.path().join("maps"))?;
        site.write("maps/test.map", map)?;
        Ok(site)
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of its configuration.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failed> {
        Ok(std::fs::write(self.path().join(name), text)?)
    }

    /// What its folder comes to.
    pub fn assembled(&self) -> Result<Assembled, Failed> {
        Ok(assemble::assemble(self.path())?)
    }

    /// Its engine.
    pub fn engine(&self) -> Result<Engine, Failed> {
        let assembled = self.assembled()?;
        let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
        Ok(assembled.engine.ok_or_else(|| told.join("\n"))?)
    }
}

/// An admission of the hospital's.
pub fn admission() -> Result<String, Failed> {
    let file = root().join(NETWORK).join("messages/hospital-notification-admission.json");
    Ok(std::fs::read_to_string(file)?)
}

/// What an engine decides about a message on a day.
pub fn decide(engine: &Engine, text: &str, day: &str) -> Result<Decided, Failed> {
    let now: jiff::Timestamp = format!("{day}T12:00:00Z").parse()?;
    let incoming = Incoming {
        party: PartyName("amager-og-hvidovre-hospital".into()),
        syntax: Syntax::FhirJson,
        charset: None,
        bytes: text.as_bytes().to_vec().into(),
        received: now,
        place: None,
    };
    let mut arena = Arena::new(engine);
    let read = engine.read(incoming, &mut arena, now);
    let read = read.map_err(|unread| format!("{:?}", unread.issues))?;
    match engine.decide(&read, &mut arena, &KnownAbout::default(), now, &mut ()) {
        Outcome::Commit(decided) => Ok(Decided {
            outputs: decided.unit.outputs.len(),
            quarantine: decided.unit.quarantine,
            issues: decided.issues,
        }),
        Outcome::Again(_) => Err("it came for the first time".into()),
    }
}
