//! `stafett map fmt PATH...`: maps as they are printed, so that all of a team look alike.
//!
//! Promises: what is written reads back as the same map with every comment; a file that has a fault is left as it
//! is. Never: writes unless `--write` says so.

use super::folder::{bytes, entries};
use crate::cli::{Exit, excerpt};
use crate::config::File;
use crate::mapping;
use crate::message::Diagnostic;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Fmt {
    /// Maps, or folders of them; `-` for the standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Name the files that would change; exit 1 if there are any.
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Write the files that change.
    #[arg(long)]
    write: bool,
}

/// Runs the command.
pub fn run(arguments: &Fmt) -> Result<Exit, String> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        below(path, &mut files)?;
    }
    if files.is_empty() {
        return Err("there is no map below these paths".to_owned());
    }
    let mut exit = Exit::Fine;
    let mut changes = 0;
    for file in &files {
        let name = file.display().to_string();
        let text = String::from_utf8(content(file)?).map_err(|_| format!("{name}: not UTF-8"))?;
        let printed = match printed(&name, &text) {
            Ok(printed) => printed,
            Err(said) => {
                eprint!("{said}");
                exit = Exit::CouldNot;
                continue;
            }
        };
        if !arguments.check && !arguments.write {
            print!("{printed}");
            continue;
        }
        if printed == text {
            continue;
        }
        changes += 1;
        let line = first_difference(&text, &printed);
        match arguments.write {
            true => {
                let written = std::fs::write(file, &printed);
                written.map_err(|error| format!("{name}: {error}"))?;
                println!("{name}: written");
            }
            false => println!("{name}:{line}: is printed otherwise from here"),
        }
    }
    if arguments.check || arguments.write {
        let word = if arguments.write { "written" } else { "would change" };
        println!("{}, {changes} {word}", excerpt::plural(files.len(), "map"));
    }
    let differs = arguments.check && changes > 0 && exit == Exit::Fine;
    Ok(if differs { Exit::Findings } else { exit })
}

/// A map as it is printed; or what is wrong with it.
fn printed(name: &str, text: &str) -> Result<String, String> {
    let (map, found) = mapping::parse(name, text);
    if !found.iter().any(Diagnostic::refuses) {
        return Ok(mapping::print(&map));
    }
    let files = [File { name: name.to_owned(), text: text.to_owned() }];
    let mut said = String::new();
    found.iter().for_each(|one| excerpt::excerpt(&files, one, &mut said));
    Err(said)
}

fn first_difference(one: &str, other: &str) -> usize {
    let alike = one.lines().zip(other.lines()).take_while(|(one, other)| one == other);
    alike.count() + 1
}

fn content(file: &Path) -> Result<Vec<u8>, String> {
    if file != Path::new("-") {
        return bytes(file);
    }
    let mut all = Vec::new();
    std::io::stdin().read_to_end(&mut all).map_err(|error| error.to_string())?;
    Ok(all)
}

fn below(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    if path.is_dir() {
        return entries(path)?.iter().try_for_each(|entry| match entry.is_dir() || is_map(entry) {
            true => below(entry, files),
            false => Ok(()),
        });
    }
    files.push(path.to_owned());
    Ok(())
}

fn is_map(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "map" || e == "fml")
}
