//! `stafett translate FILE`: a message through the map that is for it. `stafett translate DIR FILE`: what becomes of it in
//! the engine of a configuration, without a running one and without storing it.

use super::map::{self, alone};
use super::{Exit, Format, assemble};
use crate::engine::{Arena, Incoming, Outcome};
use crate::format;
use crate::message::{KnownAbout, PartyName, ToldIssue};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Translates a message by the map that is for it; with a configuration's folder before it as that engine would.
///
/// The message is FHIR JSON, FHIR XML, XML of a model, HL7 v2 or EDIFACT, recognised by its content. Exit codes: 0
/// translated, 1 refused, 2 could not.
#[derive(Debug, clap::Args)]
pub struct Translate {
    /// The message, after the configuration's folder if there is one.
    #[arg(required = true, num_args = 1..=2, value_names = ["DIR", "FILE"])]
    paths: Vec<PathBuf>,
    /// The map: its canonical, name or file. By default the only one that reads the message.
    #[arg(long, value_name = "NAME")]
    map: Option<String>,
    /// What it is to become: what a map's name has behind `-to-`, or fhir, xml, hl7v2, edifact.
    #[arg(long, value_name = "FORMAT")]
    to: Option<String>,
    /// Where what is made goes; by default it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder of maps.
    #[arg(long, value_name = "PATH", default_value = "mappings")]
    mappings: PathBuf,
    #[command(flatten)]
    given: map::Given,
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
    let done = match &arguments.paths[..] {
        [folder, file] => translate(arguments, folder, file),
        paths => alone::run(&alone::Asked {
            file: &paths[0],
            mappings: &arguments.mappings,
            map: arguments.map.as_deref(),
            to: arguments.to.as_deref(),
            out: arguments.out.as_deref(),
            given: &arguments.given,
            format: arguments.format,
        }),
    };
    match done {
        Ok(exit) => exit,
        Err(note) => {
            eprintln!("stafett translate: {note}");
            Exit::CouldNot
        }
    }
}

fn translate(arguments: &Translate, folder: &Path, file: &Path) -> Result<Exit, String> {
    let assembled = assemble::assemble(folder).map_err(|e| e.to_string())?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
    let bytes = std::fs::read(file);
    let bytes = Bytes::from(bytes.map_err(|e| format!("{}: {e}", file.display()))?);
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
            place: None,
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
