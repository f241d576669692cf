//! Folders of maps, read whole: maps, models, concept maps and where the cases are.

use crate::definitions::{Library, LibraryBuilder};
use crate::mapping::ast;
use crate::mapping::{self, Concepts};
use crate::message::Diagnostic;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything below the paths that were given.
pub struct Mappings {
    /// R4, and the models below the paths.
    pub library: Library,
    /// The maps.
    pub maps: Vec<ast::Map>,
    /// The concept maps.
    pub concepts: Vec<Arc<Concepts>>,
    /// Folders with cases, each with the canonical of its entry map.
    pub folders: Vec<(PathBuf, String)>,
    /// What was found while reading.
    pub diagnostics: Vec<Diagnostic>,
}

impl Mappings {
    /// Reads folders.
    pub fn read(paths: &[PathBuf]) -> Result<Mappings, String> {
        let mut found = Found::default();
        for path in paths {
            found.below(path)?;
        }
        let mut builder = LibraryBuilder::new();
        for file in &found.resources {
            builder.add_resource(&file.display().to_string(), &bytes(file)?);
        }
        let (library, mut diagnostics) = builder.build();
        let concepts = library.concept_maps().map(|(_, map)| Arc::new(Concepts::of_resource(&map)));
        let concepts = concepts.collect();
        let (mut maps, mut folders) = (Vec::new(), Vec::new());
        for file in &found.maps {
            let name = file.display().to_string();
            let text = String::from_utf8(bytes(file)?).map_err(|_| format!("{name}: not UTF-8"))?;
            let (map, more) = mapping::parse(&name, &text);
            diagnostics.extend(more);
            if let Some(folder) = found.entry_of(file) {
                folders.push((folder, map.url.text.to_string()));
            }
            maps.push(map);
        }
        Ok(Mappings { library, maps, concepts, folders, diagnostics })
    }
}

/// Files below the paths, in the order of their names; folders named `tests` hold cases, not materials.
#[derive(Default)]
struct Found {
    maps: Vec<PathBuf>,
    resources: Vec<PathBuf>,
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
        match path.extension().and_then(|e| e.to_str()) {
            Some("map" | "fml") => self.maps.push(path.to_owned()),
            Some("json" | "xml") => self.resources.push(path.to_owned()),
            _ => {}
        }
        if path.exists() { Ok(()) } else { Err(format!("there is no {}", path.display())) }
    }

    /// The folder whose entry map a file is: it has the folder's name, or is the only map there.
    fn entry_of(&self, file: &Path) -> Option<PathBuf> {
        let folder = file.parent()?;
        let alone = self.maps.iter().filter(|map| map.parent() == Some(folder)).count() == 1;
        let named = file.file_stem() == folder.file_name();
        ((alone || named) && folder.join("tests").is_dir()).then(|| folder.to_owned())
    }
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
