//! Which archives a package needs: itself, and whatever it depends on, through a registry that is at hand.
//!
//! Promises: every archive was read whole and says that it is what was asked for; each is fetched once; what
//! R4 core satisfies is not fetched; what cannot be had is listed with who asks for it. Never: goes round in
//! circles, or further than its limits.

use super::{Dist, Versions, checked_name, checked_version};
use crate::definitions::archive::{self, About};
use crate::definitions::closure::is_core;
use crate::message::{Error, ErrorKind};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most archives that one command takes: no published closure has a tenth of it.
pub const MOST: usize = 500;
/// The most bytes of all of them.
pub const MOST_BYTES: usize = 1 << 30;

/// Where packages come from.
pub trait Registry {
    /// A package's versions; none: it has no such package.
    fn versions(&mut self, name: &str) -> Result<Option<Versions>, Error>;
    /// A version's archive and where it was; none: it is not there.
    fn archive(
        &mut self,
        name: &str,
        version: &str,
        dist: &Dist,
    ) -> Result<Option<(Vec<u8>, String)>, Error>;
}

/// What is asked for.
pub enum Asked {
    /// A package by its name and version.
    Named(Box<str>, Box<str>),
    /// An archive that is at hand, and what it is called.
    Archive(Vec<u8>, String),
}

/// An archive that was taken.
pub struct Taken {
    /// What it says about itself.
    pub about: About,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where it came from: an address, or a file's name.
    pub source: String,
    /// Whether it was asked for itself, not only by others.
    pub asked: bool,
}

/// A dependency that cannot be had.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Missing {
    /// Its name.
    pub name: Box<str>,
    /// The version asked for.
    pub version: Box<str>,
    /// `name#version` of who asks first.
    pub by: Box<str>,
    /// Why it cannot be had.
    pub why: Box<str>,
}

/// What came of it.
#[derive(Default)]
pub struct Fetched {
    /// The archives, in the order they were taken.
    pub taken: Vec<Taken>,
    /// What cannot be had.
    pub missing: Vec<Missing>,
}

/// Takes what is asked for and, through `registry`, what that depends on. `known` are packages that are
/// there already. `Err`: nothing is taken.
pub fn fetch(
    asked: Vec<Asked>,
    known: &[(Box<str>, Box<str>)],
    mut registry: Option<&mut dyn Registry>,
) -> Result<Fetched, Error> {
    let mut fetch = Fetch { known: known.iter().cloned().collect(), ..Fetch::default() };
    let mut named = Vec::new();
    for one in asked {
        match one {
            Asked::Archive(bytes, source) => fetch.take(bytes, source, None, true)?,
            Asked::Named(name, version) => named.push((name, version)),
        }
    }
    for (name, version) in named {
        checked_name(&name)?;
        checked_version(&version)?;
        if is_core(&name) {
            let note = format!("{name} is a part of the embedded R4 core: there is nothing to add");
            return Err(Error::new(ErrorKind::Usage, note));
        }
        let Some(registry) = registry.as_deref_mut() else { return Err(no_registry(&name)) };
        if let Some(why) = fetch.from(registry, &name, &version, true)? {
            let note = format!("{name}@{version}: {why}");
            return Err(Error::new(ErrorKind::Configuration, note));
        }
    }
    while let Some((name, version, by)) = fetch.queue.pop_front() {
        let why = match registry.as_deref_mut() {
            _ if fetch.has(&name, &version) => None,
            None => Some("no registry is set".into()),
            Some(registry) => fetch.from(registry, &name, &version, false)?,
        };
        fetch.result.missing.extend(why.map(|why| Missing { name, version, by, why }));
    }
    fetch.result.missing.sort();
    Ok(fetch.result)
}

fn no_registry(name: &str) -> Error {
    let note = format!(
        "{name} would come from a registry, and none is set: give its base address with --registry, or \
         as `registry` in the section `[definitions]` of the configuration"
    );
    Error::new(ErrorKind::Usage, note)
}

#[derive(Default)]
struct Fetch {
    known: BTreeSet<(Box<str>, Box<str>)>,
    versions: BTreeMap<Box<str>, Option<Versions>>,
    queue: VecDeque<(Box<str>, Box<str>, Box<str>)>,
    queued: BTreeSet<(Box<str>, Box<str>)>,
    bytes: usize,
    result: Fetched,
}

impl Fetch {
    /// Whether a version that fits is there.
    fn has(&self, name: &str, version: &str) -> bool {
        let fits = |(n, v): &(Box<str>, Box<str>)| {
            **n == *name && crate::definitions::version::fits(version, v)
        };
        self.known.iter().any(fits)
    }

    /// Fetches one package. Says why it cannot be had.
    fn from(
        &mut self,
        registry: &mut dyn Registry,
        name: &str,
        version: &str,
        asked: bool,
    ) -> Result<Option<Box<str>>, Error> {
        if checked_name(name).is_err() || checked_version(version).is_err() {
            return Ok(Some("that is no name of a package".into()));
        }
        if !self.versions.contains_key(name) {
            let found = registry.versions(name)?;
            self.versions.insert(name.into(), found);
        }
        let Some(Some(versions)) = self.versions.get(name) else {
            return Ok(Some("the registry has no package of that name".into()));
        };
        let Some(chosen) = versions.choose(version) else {
            return Ok(Some("the registry has no such version".into()));
        };
        let (chosen, dist) = (Box::<str>::from(chosen), versions.all[chosen].clone());
        if self.known.contains(&(name.into(), chosen.clone())) {
            return Ok(None);
        }
        let label = |note: &str| format!("{name}@{chosen}: {note}");
        let Some((bytes, source)) = registry.archive(name, &chosen, &dist)? else {
            return Ok(Some("the registry lists it and does not have its archive".into()));
        };
        dist.check(&bytes).map_err(|e| Error { note: label(&e.note), ..e })?;
        self.take(bytes, source, Some((name, &chosen)), asked)?;
        Ok(None)
    }

    /// Takes an archive that must be what was asked for, and puts what it depends on into the queue.
    fn take(
        &mut self,
        bytes: Vec<u8>,
        source: String,
        wanted: Option<(&str, &str)>,
        asked: bool,
    ) -> Result<(), Error> {
        self.bytes += bytes.len();
        if self.result.taken.len() >= MOST || self.bytes > MOST_BYTES {
            let note = format!("more than {MOST} archives or {MOST_BYTES} bytes in one closure");
            return Err(Error::new(ErrorKind::Limit, note));
        }
        let about = archive::about(&bytes)
            .map_err(|e| Error { note: format!("{source}: {}", e.note), ..e })?;
        let (name, version) = (checked_name(&about.name)?, checked_version(&about.version)?);
        if let Some((wanted_name, wanted_version)) = wanted
            && (name, version) != (wanted_name, wanted_version)
        {
            let note = format!(
                "{source} was asked for {wanted_name}#{wanted_version} and says it is {name}#{version}"
            );
            return Err(Error::new(ErrorKind::Configuration, note));
        }
        let label: Box<str> = format!("{name}#{version}").into();
        let same = |one: &&Taken| (&*one.about.name, &*one.about.version) == (name, version);
        if let Some(twice) = self.result.taken.iter().find(same) {
            if twice.bytes == bytes {
                return Ok(());
            }
            let note = format!("{} and {source} both say they are {label}", twice.source);
            return Err(Error::new(ErrorKind::Usage, note));
        }
        self.known.insert((about.name.clone(), about.version.clone()));
        for (name, version) in about.dependencies.iter().filter(|(name, _)| !is_core(name)) {
            let key = (name.clone(), version.clone());
            if self.queued.insert(key) {
                self.queue.push_back((name.clone(), version.clone(), label.clone()));
            }
        }
        self.result.taken.push(Taken { about, bytes, source, asked });
        Ok(())
    }
}
