//! Makes a library: packages and single files in, one unchanging library and what was found out.
//!
//! Promises: a package is taken whole or refused whole; everything that definitions name and nothing defines
//! is listed once, by name. Never: reads a file itself, or lets the order of packages decide a canonical.

use super::archive::About;
use super::core::{Core, Kind};
use super::decoded::{CORE, Made, Package, Unreadable, definition, unreadable};
use super::library::{Body, ByUrl, Library, PackageId, PackageInfo, Stored};
use super::tables::{self, TableBuilder};
use super::{closure, missing, snapshot, xml};
use crate::message::{Diagnostic, Error, ErrorKind, Origin};
use crate::tree::types::Table;
use std::collections::HashMap;
use std::sync::Arc;

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
            packages: vec![package(CORE.0, CORE.1), package("support files", "")],
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
        let models = models.into_iter().map(|one| Made::Structure(Box::new(one)));
        self.stored.extend(models.map(|made| made.stored(PackageId::SUPPORT, file)));
    }

    /// Adds a package's archive; `file` is what diagnostics call it. `Err`: nothing of it was taken.
    pub fn add_package(&mut self, file: &str, tgz: &[u8]) -> Result<PackageId, Error> {
        self.add_decoded(file, Package::decode(file, tgz)?)
    }

    /// Adds a package that was decoded already. `Err`: it is there already, or there are too many.
    pub fn add_decoded(&mut self, file: &str, package: Package) -> Result<PackageId, Error> {
        let id = PackageId(u16::try_from(self.packages.len()).map_err(|_| {
            Error::new(ErrorKind::Limit, "more than 65,535 packages cannot be loaded")
        })?);
        let About { name, version, dependencies } = package.about;
        let label = format!("{name}#{version}");
        let place = |one: Unreadable| {
            let place = format!("{label}!{}", one.member);
            one.tell(place)
        };
        self.diagnostics.extend(package.unreadable.into_iter().map(place));
        if self.packages.iter().any(|p| p.name == name && p.version == version) {
            let text = format!("{label} is loaded already; this one is passed over");
            let origin = Origin { file: file.into(), ..Origin::default() };
            self.diagnostics.push(Diagnostic::warning(origin, "definitions-package-twice", text));
            return Err(Error::new(ErrorKind::Configuration, format!("{label} is loaded already")));
        }
        let dependencies = dependencies.into_iter().collect();
        self.packages.push(PackageInfo { name, version, dependencies });
        let definitions = package.definitions.into_iter();
        self.stored.extend(definitions.map(|(made, member)| made.stored(id, &member)));
        Ok(id)
    }

    /// Adds a StructureDefinition, ValueSet, CodeSystem or ConceptMap as JSON; another resource is passed over.
    pub fn add_json(&mut self, file: &str, json: &str) {
        match definition(json.trim_start_matches('\u{feff}')) {
            Ok(Some(made)) => self.stored.push(made.stored(PackageId::SUPPORT, file)),
            Ok(None) => {}
            Err(fault) => self.diagnostics.push(unreadable(file, &fault)),
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
            body: match d.kind {
                Kind::Structure => Body::Structure(Box::new(core.structure(d.at))),
                _ => Body::Core(d.at),
            },
        }));
        stored.append(&mut self.stored);
        let mut by_url = ByUrl::default();
        for (at, one) in stored.iter().enumerate() {
            by_url.add(one.kind, &one.url, at as u32);
        }
        let table = Arc::new(TableBuilder::new().build(&[]).0);
        let mut library = Library {
            core,
            wire: super::Wire::new(&table),
            table,
            packages: std::mem::take(&mut self.packages),
            closures,
            stored,
            by_url,
            aliases: std::mem::take(&mut self.aliases),
            terminology: super::terminology::Cache::default(),
        };
        snapshot::complete(&mut library, &mut self.diagnostics);
        library.table = Arc::new(self.table(&library.core, &library.stored));
        library.wire = super::Wire::new(&library.table);
        missing::list(&library, &mut self.diagnostics);
        (library, self.diagnostics)
    }

    /// The table of the core's types and of what the packages define anew: models, mostly.
    fn table(&mut self, core: &Core, stored: &[Stored]) -> Table {
        let mut builder = TableBuilder::new();
        for outline in core.outlines() {
            builder.add(outline);
        }
        for one in stored.iter().filter(|one| one.package != PackageId::CORE) {
            let Body::Structure(structure) = &one.body else { continue };
            for outline in tables::outline(structure) {
                builder.add(outline);
            }
        }
        for one in stored {
            // A map's `uses` may name a profile: it is of the type that it constrains.
            if let Body::Structure(structure) = &one.body
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
