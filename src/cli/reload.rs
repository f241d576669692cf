//! `stafett reload`: a running engine takes over its changed configuration, if it has no error.

use super::{Exit, Format};
use crate::ops::socket::{self, Reloaded};
use std::path::PathBuf;

/// Makes a running engine read its configuration, maps and directories anew. What has an error is told and
/// never becomes active.
#[derive(Debug, clap::Args)]
pub struct Reload {
    /// The data directory of the engine.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Reload) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answer = runtime.map_err(|e| e.to_string()).and_then(|runtime| {
        let asked = runtime.block_on(socket::ask(&arguments.data, "POST", "/reload"));
        asked.map_err(|e| e.to_string())
    });
    let body = match answer {
        Ok((_, body)) => body,
        Err(note) => {
            eprintln!("stafett reload: {note}");
            return Exit::CouldNot;
        }
    };
    let Ok(reloaded) = serde_json::from_str::<Reloaded>(&body) else {
        eprintln!("stafett reload: {body}");
        return Exit::CouldNot;
    };
    match arguments.format {
        Format::Json => println!("{body}"),
        Format::Text => {
            reloaded.diagnostics.iter().for_each(|one| eprintln!("{one}"));
            let short = reloaded.configuration.get(..12).unwrap_or_default();
            match reloaded.active {
                true => println!("configuration {short} is in force"),
                false => println!("nothing was taken over: configuration {short} stays in force"),
            }
        }
    }
    if reloaded.active { Exit::Fine } else { Exit::Findings }
}
