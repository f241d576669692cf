//! `stafett map run MAP FILE`: one map on one message, what it made, what is to be said, what is lost.
//!
//! Promises: what was made goes where it is asked for, everything else to the standard error, so that both can be
//! used. Never: writes anything where the message is refused.

use super::folder::Mappings;
use super::losses;
use super::messages::{self, Made, Message};
use super::world::Given;
use crate::cli::{Exit, Format};
use crate::mapping::Memory;
use crate::message::ToldIssue;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The map, or the folder whose entry map it is.
    map: PathBuf,
    /// The message.
    file: PathBuf,
    /// Where what is made goes; by default it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Run) -> Result<Exit, String> {
    let mappings = Mappings::read(std::slice::from_ref(&arguments.map), &arguments.given.beside)?;
    let plan = mappings.plan(&arguments.map)?;
    let about = arguments.given.about(&arguments.file)?;
    let message = messages::read(&arguments.file, &mappings, plan)?;
    let made = messages::translate(plan, &message, &about, &mappings, &mut Memory::new())?;
    let issues = messages::told(&message, &mappings, &made.issues);
    let output = match made.refused() {
        true => None,
        false => Some(messages::write(&made.target, &mappings)?.1),
    };
    if let (Some(file), Some(bytes)) = (&arguments.out, &output) {
        std::fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let printed = output.as_deref().filter(|_| arguments.out.is_none());
    match arguments.format {
        Format::Json => println!("{}", json(plan.url(), &message, &made, &issues, printed)),
        Format::Text => {
            for issue in issues.iter().filter(|issue| !losses::is_loss(issue)) {
                eprintln!("{}", messages::line(&message.file, issue));
            }
            eprint!("{}", losses::text(&message.file, &made.losses, &issues));
            let written = std::io::stdout().write_all(printed.unwrap_or_default());
            written.map_err(|error| error.to_string())?;
        }
    }
    Ok(if made.refused() { Exit::Findings } else { Exit::Fine })
}

fn json(
    map: &str,
    message: &Message,
    made: &Made,
    issues: &[ToldIssue],
    output: Option<&[u8]>,
) -> serde_json::Value {
    let said: Vec<_> = issues.iter().filter(|issue| !losses::is_loss(issue)).collect();
    json!({
        "map": map,
        "file": message.file,
        "refused": made.refused(),
        "output": output.map(String::from_utf8_lossy),
        "issues": said,
        "losses": losses::json(&made.losses, issues),
    })
}
