//! `stafett definitions generate PACKAGE.tgz [--out DIR]`: makes the embedded table of R4's definitions anew.
//!
//! Promises: writes `core.bin` and `manifest.json` into the folder, the same bytes for the same package.
//! Never needed to run or build the engine: the files are checked in.

use super::Exit;
use crate::definitions::generate::generate;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// Works on the definitions that are built into the engine.
#[derive(Debug, Args)]
pub struct Definitions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the embedded table of R4's definitions from their package.
    Generate {
        /// The archive of hl7.fhir.r4.core.
        package: PathBuf,
        /// The folder to write core.bin and manifest.json into.
        #[arg(long, default_value = "src/definitions/r4")]
        out: PathBuf,
    },
}

/// Runs the subcommand.
pub fn run(arguments: &Definitions) -> Exit {
    let Command::Generate { package, out } = &arguments.command;
    match write(package, out) {
        Ok(manifest) => {
            print!("{manifest}");
            Exit::Fine
        }
        Err(why) => {
            eprintln!("{why}");
            Exit::CouldNot
        }
    }
}

fn write(package: &Path, out: &Path) -> Result<String, String> {
    let bytes = std::fs::read(package).map_err(|e| format!("{}: {e}", package.display()))?;
    let made = generate(&bytes).map_err(|e| format!("{}: {e}", package.display()))?;
    std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    let files = [("core.bin", &made.table[..]), ("manifest.json", made.manifest.as_bytes())];
    for (name, content) in files {
        let file = out.join(name);
        std::fs::write(&file, content).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(made.manifest)
}
