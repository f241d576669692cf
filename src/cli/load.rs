//! Reads from disk what the pure floors are handed: a configuration's folder, and what it names.
//!
//! Promises: files in the order of their paths, so that the same folder always gives the same
//! configuration; a file that would be left out silently is reported. Never: judges what a file says.

use super::archives;
use super::shelf::Shelf;
use crate::config::{self, At, Config, File, Persons, Reading};
use crate::definitions::{Library, LibraryBuilder};
use crate::mapping::{self, ast::Map};
use crate::message::{Diagnostic, Error, ErrorKind, Origin};
use std::fs;
use std::path::{Path, PathBuf};

/// The files at the top of a configuration's folder.
const TOP: [&str; 5] =
    ["stafett.toml", "parties.toml", "endpoints.toml", "routes.toml", "directory.csv"];

/// The folders whose files are read too, with the extension that they have.
const FOLDERS: [(&str, &str); 4] =
    [("parties", "toml"), ("endpoints", "toml"), ("routes", "toml"), ("directory", "csv")];

/// Files beside a configuration that belong to its simulation, not to it.
const BESIDE: [&str; 2] = ["expected.toml", "test-tokens.toml"];

/// A file of any kind, by its path.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its path as diagnostics show it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Whether its name says that it is a resource.
    fn is_resource(&self) -> bool {
        self.name.ends_with(".json") || self.name.ends_with(".xml")
    }

    /// Whether it is a map, in the language or as a resource.
    fn is_map(&self) -> bool {
        match self.is_resource() {
            true => mapping::is_structure_map(&String::from_utf8_lossy(&self.bytes)),
            false => self.name.ends_with(".map") || self.name.ends_with(".fml"),
        }
    }
}

/// A configuration's folder as it was read.
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// Its files, and the intake descriptions of its mappings.
    pub files: Vec<File>,
    /// What was read, checked as far as the configuration goes alone.
    pub reading: Reading,
}

/// Reads a configuration's folder. An error: there is no such folder.
pub fn configuration(path: &Path) -> Result<Folder, Error> {
    if !path.is_dir() {
        let note = format!("{} is no folder", path.display());
        return Err(Error::new(ErrorKind::Configuration, note));
    }
    let mut found = Vec::new();
    let mut files = Vec::new();
    for name in TOP.iter().filter(|name| path.join(name).exists()) {
        files.extend(text_file(&path.join(name), path, &mut found));
    }
    for (folder, extension) in FOLDERS {
        for file in files_below(&path.join(folder), &mut found) {
            match has_extension(&file, extension) {
                true => files.extend(text_file(&file, path, &mut found)),
                false => found.push(unread(&file, path)),
            }
        }
    }
    for file in entries(path, &mut found).into_iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let known = TOP.contains(&name.as_str()) || BESIDE.contains(&name.as_str());
        let ours = has_extension(&file, "toml") || has_extension(&file, "csv");
        if ours && !known {
            found.push(unread(&file, path));
        }
    }
    let mappings = config::read(&files).partial().mappings.folders.clone();
    for folder in &mappings {
        let below = files_below(&path.join(&*folder.value), &mut Vec::new());
        for file in below.iter().filter(|file| file.to_string_lossy().ends_with(".intake.toml")) {
            files.extend(text_file(file, path, &mut found));
        }
    }
    // A file of persons that the configuration names is read later.
    if let Some(lookup) = config::read(&files).partial().persons.as_ref() {
        found.retain(|one| *one.origin.file != *lookup.file.value);
    }
    let mut reading = config::read(&files);
    reading.add(found);
    Ok(Folder { path: path.to_owned(), files, reading })
}

/// The FHIR packages of a configuration: those that its lock file names, exactly, and those that it names
/// itself beside the folder that the lock is about (`.tgz` files, and the resources of unpacked ones).
pub fn packages(folder: &Path, config: &Config) -> (Vec<Blob>, Vec<Diagnostic>) {
    let definitions = &config.definitions;
    let shelf = Shelf::at(&folder.join(&*definitions.folder.value));
    let Some((mut blobs, mut found)) = shelf.load(definitions.strict) else {
        return named(folder, &definitions.packages, &["tgz", "json"]);
    };
    let own = |at: &&At<Box<str>>| {
        let path: PathBuf = folder.join(&*at.value).components().collect();
        !path.starts_with(&shelf.folder)
    };
    let others: Vec<At<Box<str>>> = definitions.packages.iter().filter(own).cloned().collect();
    let (more, also) = named(folder, &others, &["tgz", "json"]);
    blobs.extend(more);
    found.extend(also);
    (blobs, found)
}

/// The single resources that a configuration names.
pub fn support(folder: &Path, config: &Config) -> (Vec<Blob>, Vec<Diagnostic>) {
    named(folder, &config.definitions.support, &["json"])
}

/// The maps, models, concept maps and other descriptions that a configuration names.
pub fn mappings(folder: &Path, config: &Config) -> (Vec<Blob>, Vec<Diagnostic>) {
    named(folder, &config.mappings.folders, &["map", "fml", "json", "xml", "toml"])
}

/// The library of a configuration: its packages, its support files, and the models and concept maps among
/// its mappings.
pub fn library(folder: &Path, config: &Config) -> (Library, Vec<Diagnostic>) {
    let (mut builder, mut found) = definitions(folder, config);
    // what is wrong with the paths of maps is said where maps are loaded
    let (mappings, _) = mappings(folder, config);
    for one in mappings.iter().filter(|one| one.is_resource() && !one.is_map()) {
        builder.add_resource(&one.name, &one.bytes);
    }
    let (library, more) = builder.build();
    found.extend(more);
    (library, found)
}

/// What a configuration's library begins with: its packages and its support files.
pub fn definitions(folder: &Path, config: &Config) -> (LibraryBuilder, Vec<Diagnostic>) {
    let mut builder = LibraryBuilder::new().strict(config.definitions.strict);
    for (from, to) in &config.definitions.aliases {
        builder = builder.alias(from, to);
    }
    builder.add_hl7v2();
    builder.add_edifact();
    let (packages, mut found) = packages(folder, config);
    let (support, more) = support(folder, config);
    found.extend(more);
    let given = || packages.iter().chain(&support);
    let archives: Vec<&Blob> = given().filter(|one| one.name.ends_with(".tgz")).collect();
    for (name, error) in archives::add(&mut builder, &archives, Some(&cache(folder, config))) {
        found.push(refused(&name, error.to_string()));
    }
    for one in given().filter(|one| one.name.ends_with(".json")) {
        match std::str::from_utf8(&one.bytes) {
            Ok(json) => builder.add_json(&one.name, json),
            Err(_) => found.push(refused(&one.name, "it is not UTF-8".to_owned())),
        }
    }
    (builder, found)
}

/// Where a configuration's packages are kept decoded: what it says, or beside its data.
fn cache(folder: &Path, config: &Config) -> PathBuf {
    if let Some(path) = &config.definitions.cache {
        return folder.join(&*path.value);
    }
    let data: PathBuf = folder.join(&*config.store.folder.value).components().collect();
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".definitions");
    data.with_file_name(name)
}

/// The persons of a configuration, if it names a file of them.
pub fn persons(folder: &Path, config: &Config) -> (Option<Persons>, Vec<Diagnostic>) {
    let Some(lookup) = &config.persons else { return (None, Vec::new()) };
    let mut found = Vec::new();
    match fs::read_to_string(folder.join(&*lookup.file.value)) {
        Ok(text) => (Some(Persons::read(&lookup.file.value, &text, &mut found)), found),
        Err(error) => {
            let text = format!("`{}` cannot be read: {error}", lookup.file.value);
            found.push(Diagnostic::error(lookup.file.origin.clone(), "config-no-such-file", text));
            (None, found)
        }
    }
}

/// The maps of a configuration, parsed, in the language or as resources.
pub fn maps(folder: &Path, config: &Config) -> (Vec<Map>, Vec<Diagnostic>) {
    let (blobs, mut found) = mappings(folder, config);
    let mut maps = Vec::new();
    for one in blobs.iter().filter(|one| one.is_map()) {
        match std::str::from_utf8(&one.bytes) {
            Ok(text) => {
                let (map, more) = match one.is_resource() {
                    true => mapping::read(&one.name, text),
                    false => mapping::parse(&one.name, text),
                };
                maps.push(map);
                found.extend(more);
            }
            Err(_) => found.push(refused(&one.name, "it is not UTF-8".to_owned())),
        }
    }
    (maps, found)
}

fn refused(name: &str, what: String) -> Diagnostic {
    let origin = Origin { file: name.into(), line: 0, column: 0 };
    Diagnostic::error(origin, "config-unreadable-file", what)
}

/// The files that a command line names: each a file, or a folder whose files of these extensions are meant.
pub fn files(paths: &[PathBuf], extensions: &[&str]) -> Result<Vec<Blob>, Error> {
    let mut blobs = Vec::new();
    for path in paths {
        if path.is_dir()
            && let Some((locked, found)) = Shelf::at(path).load(false)
        {
            if let Some(one) = found.iter().find(|one| one.refuses()) {
                return Err(Error::new(ErrorKind::Configuration, one.to_string()));
            }
            found.iter().for_each(|one| eprintln!("{one}"));
            blobs.extend(locked);
            continue;
        }
        let files = match path.is_dir() {
            true => files_below(path, &mut Vec::new()),
            false => vec![path.clone()],
        };
        let wanted = |file: &&PathBuf| {
            !path.is_dir() || extensions.iter().any(|extension| has_extension(file, extension))
        };
        for file in files.iter().filter(wanted) {
            let name = file.display().to_string();
            let bytes =
                fs::read(file).map_err(|e| Error::new(ErrorKind::Usage, name.clone()).cause(e))?;
            blobs.push(Blob { name, bytes });
        }
    }
    Ok(blobs)
}

/// The files of some paths: each a file, or a folder whose files of these extensions are meant.
fn named(
    folder: &Path,
    paths: &[At<Box<str>>],
    extensions: &[&str],
) -> (Vec<Blob>, Vec<Diagnostic>) {
    let (mut blobs, mut found) = (Vec::new(), Vec::new());
    for at in paths {
        let path = folder.join(&*at.value);
        let files = match path.is_dir() {
            true => files_below(&path, &mut found),
            false => vec![path.clone()],
        };
        let wanted: Vec<&PathBuf> =
            files.iter().filter(|file| extensions.iter().any(|e| has_extension(file, e))).collect();
        if wanted.is_empty() || !path.exists() {
            let all = extensions.join(", ");
            let text = match path.exists() {
                true => format!("`{}` holds no file of the kinds {all}", at.value),
                false => format!("there is no `{}` from the configuration's folder", at.value),
            };
            found.push(Diagnostic::error(at.origin.clone(), "config-no-such-file", text));
            continue;
        }
        for file in wanted {
            match fs::read(file) {
                Ok(bytes) => blobs.push(Blob { name: shown(file, folder), bytes }),
                Err(error) => found.push(unreadable(file, folder, &error)),
            }
        }
    }
    (blobs, found)
}

fn text_file(file: &Path, folder: &Path, found: &mut Vec<Diagnostic>) -> Option<File> {
    let text = fs::read(file).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is not UTF-8"))
    });
    match text {
        Ok(text) => Some(File { name: shown(file, folder), text }),
        Err(error) => {
            found.push(unreadable(file, folder, &error));
            None
        }
    }
}

/// All files below a folder, by path; folders named `tests` are left out.
fn files_below(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in entries(folder, found) {
            match entry.is_dir() {
                true if entry.ends_with("tests") => {}
                true => files.extend(files_below(&entry, found)),
                false => files.push(entry),
            }
        }
    }
    files
}

fn entries(folder: &Path, found: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) => {
            found.push(unreadable(folder, folder, &error));
            Vec::new()
        }
    };
    all.sort();
    all
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|own| own == extension)
}

/// A path as people see it: from the configuration's folder where it lies below it.
fn shown(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

fn whole(file: &Path, folder: &Path) -> Origin {
    Origin { file: shown(file, folder).into(), line: 0, column: 0 }
}

fn unread(file: &Path, folder: &Path) -> Diagnostic {
    let text = "the file is not part of a configuration: it would be left out";
    let help =
        format!("files are {}, and those in parties/, endpoints/ and routes/", TOP.join(", "));
    Diagnostic::error(whole(file, folder), "config-unread-file", text).help(help)
}

fn unreadable(file: &Path, folder: &Path, error: &std::io::Error) -> Diagnostic {
    let text = format!("cannot be read: {error}");
    Diagnostic::error(whole(file, folder), "config-unreadable-file", text)
}
