//! A package's archive, decoded: what it says about itself, its definitions, and what of it was unreadable.
//!
//! Promises: decoding one archive depends on its bytes alone, so that several are decoded at once and what
//! came of it can be kept (see `cache`). Never: resolves anything.

use super::archive::{self, About, Next};
use super::core::Kind;
use super::decode;
use super::library::{Body, PackageId, Stored};
use super::model::{CodeSystem, ConceptMap, StructureDefinition, ValueSet};
use crate::message::{Diagnostic, Error, ErrorKind, Origin};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A package, decoded.
#[derive(Debug, Default, PartialEq)]
pub struct Package {
    /// What it says about itself.
    pub about: About,
    /// Its definitions, by canonical and member.
    pub(super) definitions: Vec<(Made, Box<str>)>,
    /// Members that could not be read.
    pub(super) unreadable: Vec<Unreadable>,
}

/// A member that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unreadable {
    pub member: Box<str>,
    pub line: u32,
    pub column: u32,
    pub text: Box<str>,
}

/// A definition as it was read.
#[derive(Debug, PartialEq)]
pub(super) enum Made {
    Structure(Box<StructureDefinition>),
    ValueSet(Box<ValueSet>),
    CodeSystem(Box<CodeSystem>),
    ConceptMap(Box<ConceptMap>),
}

/// The package that is embedded, and never read again from an archive.
pub(super) const CORE: (&str, &str) = ("hl7.fhir.r4.core", "4.0.1");

impl Package {
    /// Decodes an archive; `file` is what errors call it. Of R4 core only the name is read.
    pub fn decode(file: &str, tgz: &[u8]) -> Result<Package, Error> {
        let mut package = Package::default();
        let mut named = false;
        let read = archive::read(tgz, &mut |member, json| {
            if member == archive::ABOUT {
                package.about = About::read(json)?;
                named = true;
                let core = (&*package.about.name, &*package.about.version) == CORE;
                return Ok(if core { Next::Stop } else { Next::Go });
            }
            match definition(json) {
                Ok(made) => package.definitions.extend(made.map(|made| (made, member.into()))),
                Err(fault) => package.unreadable.push(Unreadable::new(member, &fault)),
            }
            Ok(Next::Go)
        });
        read.map_err(|fault| Error { note: format!("{file}: {}", fault.note), ..fault })?;
        if !named {
            let note = format!("{file}: no package.json with a name");
            return Err(Error::new(ErrorKind::Configuration, note));
        }
        package.definitions.sort_by(|a, b| (a.0.url(), &a.1).cmp(&(b.0.url(), &b.1)));
        Ok(package)
    }

    /// Decodes many archives, on as many threads, in their order.
    pub fn decode_all(archives: &[(&str, &[u8])], threads: usize) -> Vec<Result<Package, Error>> {
        let decode = |at: usize| Package::decode(archives[at].0, archives[at].1);
        spread(archives.len(), threads, decode)
    }
}

/// Does something for each number below `count`, on some threads; the results in their order.
pub(super) fn spread<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::with_capacity(count));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return;
            }
            let result = one(at);
            made.lock().expect("nothing panics while it is held").push((at, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            scope.spawn(work);
        }
        work();
    });
    let mut made = made.into_inner().expect("nothing panics while it is held");
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, result)| result).collect()
}

impl Unreadable {
    fn new(member: &str, fault: &serde_json::Error) -> Unreadable {
        Unreadable {
            member: member.into(),
            line: fault.line() as u32,
            column: fault.column() as u32,
            text: fault.to_string().into(),
        }
    }

    /// The finding, at `place`.
    pub fn tell(self, place: String) -> Diagnostic {
        let origin = Origin { file: place.into(), line: self.line, column: self.column };
        Diagnostic::error(origin, "definitions-unreadable", String::from(self.text))
    }
}

/// What could not be read of a file, as a finding about it.
pub(super) fn unreadable(file: &str, fault: &serde_json::Error) -> Diagnostic {
    Unreadable::new("", fault).tell(file.to_owned())
}

/// Reads a definition; none: it is of another kind.
pub(super) fn definition(json: &str) -> Result<Option<Made>, serde_json::Error> {
    let kind = match first_key(json) {
        Some(kind) => kind,
        None => &decode::head(json)?.resource_type,
    };
    Ok(match kind {
        "StructureDefinition" => Some(Made::Structure(Box::new(decode::structure(json)?))),
        "ValueSet" => Some(Made::ValueSet(Box::new(decode::value_set(json)?))),
        "CodeSystem" => Some(Made::CodeSystem(Box::new(decode::code_system(json)?))),
        "ConceptMap" => Some(Made::ConceptMap(Box::new(decode::concept_map(json)?))),
        _ => None,
    })
}

/// The kind of a resource that says so first, as published ones do; else it must be looked for.
fn first_key(json: &str) -> Option<&str> {
    let json = json.trim_start().strip_prefix('{')?.trim_start();
    let json = json.strip_prefix("\"resourceType\"")?.trim_start();
    let json = json.strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let end = json.find(['"', '\\'])?;
    json[end..].starts_with('"').then(|| &json[..end])
}

impl Made {
    fn url(&self) -> &str {
        match self {
            Made::Structure(one) => &one.url,
            Made::ValueSet(one) => &one.url,
            Made::CodeSystem(one) => &one.url,
            Made::ConceptMap(one) => &one.url,
        }
    }

    /// As the library keeps it.
    pub fn stored(self, package: PackageId, file: &str) -> Stored {
        let url = self.url().into();
        let (kind, version, body) = match self {
            Made::Structure(one) => (Kind::Structure, one.version.clone(), Body::Structure(one)),
            Made::ValueSet(one) => (Kind::ValueSet, one.version.clone(), Body::ValueSet(one)),
            Made::CodeSystem(one) => (Kind::CodeSystem, one.version.clone(), Body::CodeSystem(one)),
            Made::ConceptMap(one) => (Kind::ConceptMap, one.version.clone(), Body::ConceptMap(one)),
        };
        Stored { kind, url, version: version.unwrap_or_default(), package, file: file.into(), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_found_wherever_it_stands() {
        for json in [
            r#"{"resourceType":"ValueSet","url":"u"}"#,
            " {\n \"resourceType\" : \"ValueSet\" ,\"url\":\"u\"}",
            r#"{"url":"u","resourceType":"ValueSet"}"#,
            r#"{"resourceType":"Value\u0053et","url":"u"}"#,
        ] {
            let made = definition(json).unwrap();
            assert!(matches!(made, Some(Made::ValueSet(ref one)) if &*one.url == "u"), "{json}");
        }
        assert!(definition(r#"{"resourceType":"Patient","id":1}"#).unwrap().is_none());
        assert!(definition(r#"{"resourceType":"ValueSet","url":1}"#).is_err());
        assert!(definition("{").is_err());
    }
}
