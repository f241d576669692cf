//! `stafett package add, list, verify`: the FHIR packages of a site, by name, version and hash.
//!
//! Promises: `add` writes archives and lock only when all of it could be had; after it nothing needs a network.
//! Never: asks a registry that nobody named, or touches a running engine.

mod add;
mod online;
mod show;

use super::shelf::Shelf;
use super::{Exit, Format, load};
use crate::config::{At, Url};
use crate::message::{Error, ErrorKind};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Adds FHIR packages with all they depend on, lists them, verifies them.
#[derive(Debug, Args)]
pub struct Package {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Takes packages, from files or a registry, with all they depend on, and locks them by their hashes.
    Add(Add),
    /// Lists the packages of the lock file, and what they depend on that is missing.
    List(Show),
    /// Reads every archive whole and compares it with the lock file.
    Verify(Show),
}

#[derive(Debug, Args)]
struct Add {
    /// An archive's file, or NAME@VERSION; VERSION may be `4.0.x`, `latest` or `current`.
    #[arg(required = true)]
    what: Vec<String>,
    /// The registry's base address, instead of the configuration's.
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// A dependency that cannot be had is an error, and nothing is written.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Show {
    /// A missing dependency, or an archive beside the lock file's, is an error.
    #[arg(long)]
    strict: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

/// Where the packages are kept.
#[derive(Debug, Args)]
struct Place {
    /// The configuration's folder.
    #[arg(long, value_name = "DIR", default_value = ".")]
    config: PathBuf,
    /// A folder of packages, where there is no configuration; the lock file is DIR.lock.
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    packages: Option<PathBuf>,
}

/// What a place says.
struct Placed {
    shelf: Shelf,
    registry: Option<Url>,
    authorities: Option<PathBuf>,
    strict: bool,
}

impl Place {
    fn find(&self) -> Result<Placed, Error> {
        if let Some(folder) = &self.packages {
            let shelf = Shelf::at(folder);
            return Ok(Placed { shelf, registry: None, authorities: None, strict: false });
        }
        let shown = self.config.display();
        if !self.config.join("stafett.toml").is_file() {
            let note = format!(
                "{shown} holds no stafett.toml: name a configuration's folder with --config, or a \
                 folder of packages with --packages"
            );
            return Err(Error::new(ErrorKind::Usage, note));
        }
        let folder = load::configuration(&self.config)?;
        let definitions = &folder.reading.partial().definitions;
        let below = |path: &At<Box<str>>| self.config.join(&*path.value);
        Ok(Placed {
            shelf: Shelf::at(&below(&definitions.folder)),
            registry: definitions.registry.as_ref().map(|at| at.value.clone()),
            authorities: definitions.registry_authorities.as_ref().map(below),
            strict: definitions.strict,
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Package) -> Exit {
    let result = match &arguments.command {
        Command::Add(arguments) => add::run(arguments),
        Command::List(arguments) => show::list(arguments),
        Command::Verify(arguments) => show::verify(arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("stafett package: {error}");
        Exit::CouldNot
    })
}
