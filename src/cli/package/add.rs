//! `stafett package add`: takes packages with all they depend on, then writes archives and lock.

use super::online::Online;
use super::{Add, Exit};
use crate::cli::shelf::{self, Shelf};
use crate::config::Url;
use crate::definitions::packages::{Asked, Fetched, Lock, Locked, Registry, fetch, file_name};
use crate::message::{Error, ErrorKind};
use std::path::Path;

/// Runs the command.
pub fn run(arguments: &Add) -> Result<Exit, Error> {
    let placed = arguments.place.find()?;
    let registry = match &arguments.registry {
        None => placed.registry,
        Some(text) => Some(Url::parse(text).map_err(|e| Error::new(ErrorKind::Usage, e))?),
    };
    let mut online =
        registry.map(|base| Online::at(base, placed.authorities.as_deref())).transpose()?;
    let asked = arguments.what.iter().map(|what| read(what)).collect::<Result<Vec<_>, _>>()?;
    let held = placed.shelf.hold()?;
    let mut lock = present(&placed.shelf)?;
    // what is gone or changed is not there: adding it again mends it
    let whole = |one: &&Locked| {
        let bytes = shelf::read(&placed.shelf.folder.join(one.file()));
        bytes.is_ok_and(|bytes| one.check(&bytes).is_ok())
    };
    let known = lock.packages.iter().filter(whole).map(|p| (p.name.clone(), p.version.clone()));
    let known: Vec<_> = known.collect();
    let registry = online.as_mut().map(|online| online as &mut dyn Registry);
    let fetched = fetch(asked, &known, registry)?;
    report(&fetched);
    if !fetched.missing.is_empty() && (arguments.strict || placed.strict) {
        let note = "not every dependency could be had: nothing is written";
        return Err(Error::new(ErrorKind::Configuration, note));
    }
    let (mut archives, mut locked) = (Vec::new(), Vec::new());
    for one in &fetched.taken {
        let (name, version) = (&one.about.name, &one.about.version);
        archives.push((file_name(name, version), &*one.bytes));
        locked.push(Locked::of(name, version, &one.bytes, &one.source, one.asked));
    }
    lock.add(locked, &fetched.missing);
    placed.shelf.put(&held, &archives, &lock)?;
    println!(
        "{} added; {} packages in {}",
        fetched.taken.len(),
        lock.packages.len(),
        placed.shelf.lock_path().display()
    );
    Ok(if fetched.missing.is_empty() { Exit::Fine } else { Exit::Findings })
}

/// The lock that is there, or an empty one.
fn present(shelf: &Shelf) -> Result<Lock, Error> {
    let fault =
        |one: crate::message::Diagnostic| Error::new(ErrorKind::Configuration, one.to_string());
    Ok(shelf.lock().map_err(fault)?.unwrap_or_else(Lock::new))
}

/// A file, or a name with its version.
fn read(what: &str) -> Result<Asked, Error> {
    let path = Path::new(what);
    if path.is_file() {
        let bytes = shelf::read(path).map_err(|e| Error::new(ErrorKind::Usage, what).cause(e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Asked::Archive(bytes, format!("file {name}")));
    }
    match what.split_once('@').or_else(|| what.split_once('#')) {
        Some((name, version)) => Ok(Asked::Named(name.into(), version.into())),
        None => {
            let note = format!("`{what}` is neither a file nor NAME@VERSION");
            Err(Error::new(ErrorKind::Usage, note))
        }
    }
}

fn report(fetched: &Fetched) {
    for one in &fetched.taken {
        println!(
            "{}#{}  {}  {} bytes",
            one.about.name,
            one.about.version,
            one.source,
            one.bytes.len()
        );
    }
    for one in &fetched.missing {
        let (name, version, by, why) = (&one.name, &one.version, &one.by, &one.why);
        eprintln!("warning: {name}#{version}, which {by} asks for, is missing: {why}");
    }
}
