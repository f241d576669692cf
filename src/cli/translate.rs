//! `stafett translate DIR FILE`: what becomes of a message, without a running engine and without storing it.

use super::{Exit, Format, assemble};
use crate::engine::{Arena, Incoming, Outcome};
use crate::format;
use crate::message::{KnownAbout, PartyName, ToldIssue};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Translates a message as the engine of a configuration would, and prints what each receiver would get.
#[derive(Debug, clap::Args)]
pub struct Translate {
    /// The configuration's folder.
    folder: PathBuf,
    /// The message: FHIR JSON, FHIR XML, or XML of a model.
    file: PathBuf,
    /// The party that hands it in; the one that owns the sender where it is not given.
    #[arg(long)]
    party: Option<String>,
    /// The moment, for what depends on it; now where it is not given.
    #[arg(long)]
    now: Option<Timestamp>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Translate) -> Exit {
    match translate(arguments) {
        Ok(exit) => exit,
        Err(note) => {
            eprintln!("stafett translate: {note}");
            Exit::CouldNot
        }
    }
}

fn translate(arguments: &Translate) -> Result<Exit, String> {
    let assembled = assemble::assemble(&arguments.folder).map_err(|e| e.to_string())?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
    let bytes = std::fs::read(&arguments.file);
    let bytes = Bytes::from(bytes.map_err(|e| format!("{}: {e}", arguments.file.display()))?);
    let now = arguments.now.unwrap_or_else(Timestamp::now);
    let mut arena = Arena::new(&engine);
    let parties: Vec<PartyName> = match &arguments.party {
        Some(party) => vec![PartyName(party.as_str().into())],
        None => engine.config.parties.iter().map(|one| PartyName((*one.name).into())).collect(),
    };
    let mut read = Err("no party owns its sender".to_owned());
    for party in parties {
        let incoming = Incoming {
            party,
            syntax: format::recognise(&bytes),
            charset: None,
            bytes: bytes.clone(),
            received: now,
        };
        match engine.read(incoming, &mut arena, now) {
            Ok(one) => {
                read = Ok(one);
                break;
            }
            Err(unread) => {
                if let Some(issue) = unread.issues.first() {
                    read = Err(format!("[{}] {}", issue.id, issue.text));
                }
            }
        }
    }
    let read = read?;
    let known = KnownAbout::default();
    let Outcome::Commit(decided) = engine.decide(&read, &mut arena, &known, now, &mut ()) else {
        return Err("nothing is known, so nothing can be known again".to_owned());
    };
    let mut out = std::io::stdout();
    let refused = decided.unit.outputs.is_empty();
    let written = match arguments.format {
        Format::Json => {
            let outputs: Vec<_> = decided
                .unit
                .outputs
                .iter()
                .zip(&decided.unit.deliveries)
                .map(|(output, delivery)| {
                    let bytes = if output.bytes.is_empty() { &bytes } else { &output.bytes };
                    json!({
                        "receiver": delivery.receiver, "route": delivery.route, "map": output.map,
                        "message": output.message, "envelope": output.envelope,
                        "text": String::from_utf8_lossy(bytes),
                    })
                })
                .collect();
            let verdict = format!("{:?}", decided.unit.verdict).to_lowercase();
            let quarantine = &decided.unit.quarantine;
            let issues: Vec<_> = decided.issues.iter().map(line).collect();
            let one = json!({
                "verdict": verdict, "quarantine": quarantine, "outputs": outputs, "issues": issues,
            });
            writeln!(out, "{one}")
        }
        Format::Text => {
            decided.issues.iter().for_each(|issue| eprintln!("{}", line(issue)));
            if let Some(why) = &decided.unit.quarantine {
                eprintln!("quarantined: {why}");
                engine.output_issues(&arena).iter().for_each(|i| eprintln!("{}", line(i)));
            }
            decided.unit.outputs.iter().try_for_each(|output| {
                out.write_all(if output.bytes.is_empty() { &bytes } else { &output.bytes })?;
                out.write_all(b"\n")
            })
        }
    };
    written.map_err(|e| e.to_string())?;
    Ok(if refused { Exit::Findings } else { Exit::Fine })
}

fn line(issue: &ToldIssue) -> String {
    let place = issue.position.map_or(String::new(), |(line, column)| format!("{line}:{column}: "));
    let path = issue.expression.as_deref().unwrap_or("-");
    format!("{place}{:?}[{}] {} at {path}", issue.severity, issue.id, issue.text)
}
