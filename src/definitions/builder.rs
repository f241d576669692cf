//! Makes a library: packages and single files in, one unchanging library and what was found out.
//!
//! Promises: a package is taken whole or refused whole; everything that definitions name and nothing defines
//! is listed once, by name. Never: reads a file itself, or lets the order of packages decide a canonical.

use super::core::{Core, Kind};
use super::library::{Body, ByUrl, Library, PackageId, PackageInfo, Stored};
use super::model::StructureKind;
use super::tables::{self, TableBuilder};
use super::{archive, closure, decode, missing, snapshot, xml};
use crate::message::{Diagnostic, Error, ErrorKind, Origin, Severity};
use crate::tree::types::Table;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Gathers what a library is made of.
pub struct LibraryBuilder {
    packages: Vec<PackageInfo>,
    stored: Vec<Stored>,
    aliases: HashMap<Box<str>, Box<str>>,
    names: Vec<Box<str>>,
    strict: bool,
    diagnostics: Vec<Diagnostic>,
    /// Made when the first XML file is added.
    core_table: Option<Arc<Table>>,
}

impl Default for LibraryBuilder {
    fn default() -> LibraryBuilder {
        LibraryBuilder::new()
    }
}

impl LibraryBuilder {
    /// With the embedded R4 core alone.
    pub fn new() -> LibraryBuilder {
        let package = |name: &str, version: &str| PackageInfo {
            name: name.into(),
            version: version.into(),
            dependencies: Vec::new(),
        };
        LibraryBuilder {
            packages: vec![package("hl7.fhir.r4.core", "4.0.1"), package("support files", "")],
            stored: Vec::new(),
            aliases: HashMap::new(),
            names: Vec::new(),
            strict: false,
            diagnostics: Vec::new(),
            core_table: None,
        }
    }

    /// Whether another version standing in for a dependency is an error instead of a warning.
    pub fn strict(mut self, strict: bool) -> LibraryBuilder {
        self.strict = strict;
        self
    }

    /// Lets a canonical that nothing defines mean another one.
    pub fn alias(mut self, from: &str, to: &str) -> LibraryBuilder {
        self.aliases.insert(from.into(), to.into());
        self
    }

    /// Interns a name beside those of elements, as maps want.
    pub fn name(mut self, name: &str) -> LibraryBuilder {
        self.names.push(name.into());
        self
    }

    /// Adds the models of HL7 v2.
    pub fn add_hl7v2(&mut self) {
        self.add_models("HL7 v2", super::hl7v2::models());
    }

    /// Adds the model of EDIFACT.
    pub fn add_edifact(&mut self) {
        self.add_models("EDIFACT", super::edifact::models());
    }

    fn add_models(&mut self, file: &str, models: Vec<super::model::StructureDefinition>) {
        let models = models.into_iter().map(Made::Structure);
        self.stored.extend(models.map(|made| made.stored(PackageId::SUPPORT, file)));
    }

    /// Adds a package's archive; `file` is what diagnostics call it. `Err`: nothing of it was taken.
    pub fn add_package(&mut self, file: &str, tgz: &[u8]) -> Result<PackageId, Error> {
        let id = PackageId(u16::try_from(self.packages.len()).map_err(|_| {
            Error::new(ErrorKind::Limit, "more than 65,535 packages cannot be loaded")
        })?);
        let mut about = None;
        let mut stored = Vec::new();
        let mut faults = Vec::new();
        archive::read(tgz, &mut |member, json| {
            if member == archive::ABOUT {
                about = Some(archive::About::read(json)?);
                return Ok(());
            }
            match definition(json) {
                Ok(Some(made)) => stored.push(made.stored(id, member)),
                Ok(None) => {}
                Err(fault) => faults.push((member.to_owned(), fault)),
            }
            Ok(())
        })
        .map_err(|fault| Error { note: format!("{file}: {}", fault.note), ..fault })?;
        let about = about.ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("{file}: no package.json with a name"))
        })?;
        let label = format!("{}#{}", about.name, about.version);
        for (member, fault) in faults {
            self.diagnostics.push(unreadable(format!("{label}!{member}"), &fault));
        }
        if self.packages.iter().any(|p| p.name == about.name && p.version == about.version) {
            let text = format!("{label} is loaded already; this one is passed over");
            let origin = Origin { file: file.into(), ..Origin::default() };
            self.diagnostics.push(Diagnostic::warning(origin, "definitions-package-twice", text));
            return Err(Error::new(ErrorKind::Configuration, format!("{label} is loaded already")));
        }
        self.packages.push(PackageInfo {
            name: about.name,
            version: about.version,
            dependencies: about.dependencies.into_iter().collect(),
        });
        stored.sort_by(|a, b| (&a.url, &a.file).cmp(&(&b.url, &b.file)));
        self.stored.append(&mut stored);
        Ok(id)
    }

    /// Adds a StructureDefinition, ValueSet, CodeSystem or ConceptMap as JSON; another resource is passed over.
    pub fn add_json(&mut self, file: &str, json: &str) {
        match definition(json.trim_start_matches('\u{feff}')) {
            Ok(Some(made)) => self.stored.push(made.stored(PackageId::SUPPORT, file)),
            Ok(None) => {}
            Err(fault) => self.diagnostics.push(unreadable(file.to_owned(), &fault)),
        }
    }

    /// Adds such a definition as JSON or XML, whichever its first character says.
    pub fn add_resource(&mut self, file: &str, bytes: &[u8]) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').trim_start(),
            Err(_) => {
                let origin = Origin { file: file.into(), ..Origin::default() };
                let one = Diagnostic::error(origin, "definitions-unreadable", "is not UTF-8");
                return self.diagnostics.push(one);
            }
        };
        if !text.starts_with('<') {
            return self.add_json(file, text);
        }
        let table = self.core_table.get_or_insert_with(|| Core::embedded().table());
        match xml::to_json(file, text, table) {
            Ok(json) => self.add_json(file, &json),
            Err(mut faults) => self.diagnostics.append(&mut faults),
        }
    }

    /// Makes the library, and says what was found on the way. A diagnostic that refuses means that the
    /// library must not become active.
    pub fn build(mut self) -> (Library, Vec<Diagnostic>) {
        let core = Core::embedded();
        let closures = closure::closures(&self.packages, self.strict, &mut self.diagnostics);
        let mut stored = Vec::with_capacity(core.definitions().count() + self.stored.len());
        stored.extend(core.definitions().map(|d| Stored {
            kind: d.kind,
            url: d.url.into(),
            version: d.version.into(),
            package: PackageId::CORE,
            file: "".into(),
            body: Body::Core(d.at, OnceLock::new()),
        }));
        stored.append(&mut self.stored);
        let mut by_url = ByUrl::default();
        for (at, one) in stored.iter().enumerate() {
            by_url.add(one.kind, &one.url, at as u32);
        }
        let mut library = Library {
            core,
            table: Arc::new(TableBuilder::new().build(&[]).0),
            packages: std::mem::take(&mut self.packages),
            closures,
            stored,
            by_url,
            aliases: std::mem::take(&mut self.aliases),
            terminology: super::terminology::Cache::default(),
        };
        snapshot::complete(&mut library, &mut self.diagnostics);
        library.table = Arc::new(self.table(&library.core, &library.stored));
        missing::list(&library, &mut self.diagnostics);
        (library, self.diagnostics)
    }

    /// The table of the core's types and of what the packages define anew: models, mostly.
    fn table(&mut self, core: &Core, stored: &[Stored]) -> Table {
        let mut builder = TableBuilder::new();
        for outline in core.outlines() {
            builder.add(outline);
        }
        for one in stored {
            let Body::Structure(structure) = &one.body else { continue };
            for outline in tables::outline(structure) {
                builder.add(outline);
            }
        }
        for one in stored {
            if let Body::Structure(structure) = &one.body
                && structure.kind == StructureKind::Logical
                && structure.constrains
            {
                builder.alias(&structure.url, &structure.type_name);
            }
        }
        let names: Vec<&str> = self.names.iter().map(|n| &**n).collect();
        let (table, missing) = builder.build(&names);
        for name in missing {
            let text = format!("an element is of the type `{name}`, which nothing defines");
            let origin = Origin::default();
            self.diagnostics.push(Diagnostic::warning(origin, "definitions-missing-type", text));
        }
        table
    }
}

/// A definition as it was read.
enum Made {
    Structure(super::model::StructureDefinition),
    ValueSet(super::model::ValueSet),
    CodeSystem(super::model::CodeSystem),
    ConceptMap(super::model::ConceptMap),
}

fn definition(json: &str) -> Result<Option<Made>, serde_json::Error> {
    let head = decode::head(json)?;
    Ok(match &*head.resource_type {
        "StructureDefinition" => Some(Made::Structure(decode::structure(json)?)),
        "ValueSet" => Some(Made::ValueSet(decode::value_set(json)?)),
        "CodeSystem" => Some(Made::CodeSystem(decode::code_system(json)?)),
        "ConceptMap" => Some(Made::ConceptMap(decode::concept_map(json)?)),
        _ => None,
    })
}

impl Made {
    fn stored(self, package: PackageId, file: &str) -> Stored {
        let (kind, url, version, body) = match self {
            Made::Structure(one) => {
                let (url, version) = (one.url.clone(), one.version.clone());
                (Kind::Structure, url, version, Body::Structure(Box::new(one)))
            }
            Made::ValueSet(one) => {
                let (url, version) = (one.url.clone(), one.version.clone());
                (Kind::ValueSet, url, version, Body::ValueSet(Box::new(one)))
            }
            Made::CodeSystem(one) => {
                let (url, version) = (one.url.clone(), one.version.clone());
                (Kind::CodeSystem, url, version, Body::CodeSystem(Box::new(one)))
            }
            Made::ConceptMap(one) => {
                let (url, version) = (one.url.clone(), one.version.clone());
                (Kind::ConceptMap, url, version, Body::ConceptMap(Box::new(one)))
            }
        };
        Stored { kind, url, version: version.unwrap_or_default(), package, file: file.into(), body }
    }
}

fn unreadable(file: String, fault: &serde_json::Error) -> Diagnostic {
    let origin =
        Origin { file: file.into(), line: fault.line() as u32, column: fault.column() as u32 };
    Diagnostic {
        severity: Severity::Error,
        ..Diagnostic::error(origin, "definitions-unreadable", fault.to_string())
    }
}
