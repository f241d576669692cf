//! `stafett explain-issue ID`: what an issue or a finding at load means, and what to do about it.
//!
//! Promises: every id that the program can print is explained; an unknown one gets the nearest known ids.
//! Never: needs an engine, a configuration or a message.

mod at_load;
mod page;

pub use at_load::AT_LOAD;
pub use page::page;

use super::{Exit, Format};
use crate::message::{Catalogue, IssueKind, Severity, near};
use crate::{definitions, engine, format, mapping, profile, route};
use serde_json::json;

/// Explains an issue's id, as `validate`, receipts and the log name it.
#[derive(Debug, clap::Args)]
pub struct ExplainIssue {
    /// The id, with or without the brackets it is printed in: `profile-required`.
    #[arg(required_unless_present = "list")]
    id: Option<String>,
    /// Lists every id with its one-line text instead.
    #[arg(long, conflicts_with = "id")]
    list: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What the rooms call their issues: (whose, the kinds).
pub fn rooms() -> [(&'static str, Catalogue); 7] {
    [
        ("Reading: bytes that should be a document", format::CATALOGUE),
        ("Typing: elements and their types", definitions::typing::CATALOGUE),
        ("Profiles: what definitions ask of a message", profile::CATALOGUE),
        ("Exchange rules: what an exchange asks of a message", profile::exchange::CATALOGUE),
        ("Routes: where a message may go", route::CATALOGUE),
        ("Maps: what a translation finds", mapping::CATALOGUE),
        ("The engine: the message as a whole", engine::CATALOGUE),
    ]
}

/// Every kind of issue that a message can raise.
fn kinds() -> impl Iterator<Item = &'static IssueKind> {
    rooms().into_iter().flat_map(|(_, kinds)| kinds.iter().copied())
}

/// Runs the command.
pub fn run(arguments: &ExplainIssue) -> Exit {
    if let Some(id) = arguments.id.as_deref().filter(|_| !arguments.list) {
        let id = id.trim_matches(['[', ']']);
        return match explain(id, arguments.format) {
            Some(text) => {
                print!("{text}");
                Exit::Fine
            }
            None => {
                eprint!("stafett explain-issue: {}", unknown(id));
                Exit::CouldNot
            }
        };
    }
    print!("{}", list(arguments.format));
    Exit::Fine
}

/// The explanation of an id, if there is one.
pub fn explain(id: &str, how: Format) -> Option<String> {
    if let Some(kind) = kinds().find(|kind| kind.id == id) {
        return Some(match how {
            Format::Text => format!(
                "{}[{id}]: {}\nissue type: {}\n\n{}\n",
                word(kind.severity),
                shown(kind.text),
                kind.code.code(),
                wrapped(kind.help)
            ),
            Format::Json => format!("{}\n", as_json(kind)),
        });
    }
    let (_, help) = AT_LOAD.iter().find(|(known, _)| *known == id)?;
    Some(match how {
        Format::Text => format!("[{id}]: found when something is loaded\n\n{}\n", wrapped(help)),
        Format::Json => format!("{}\n", json!({"id": id, "at": "load", "help": help})),
    })
}

fn as_json(kind: &IssueKind) -> serde_json::Value {
    json!({
        "id": kind.id,
        "at": "message",
        "severity": word(kind.severity),
        "code": kind.code.code(),
        "text": kind.text,
        "help": kind.help,
    })
}

/// What is said of an id that nobody gives.
pub fn unknown(id: &str) -> String {
    let all = || kinds().map(|kind| kind.id).chain(AT_LOAD.iter().map(|(id, _)| *id));
    let mut near: Vec<&str> = near::nearest(id, all()).into_iter().collect();
    let holds = |known: &&str| id.len() >= 3 && (known.contains(id) || id.contains(known));
    let first = near.first().copied();
    near.extend(all().filter(holds).filter(|known| Some(*known) != first).take(4));
    let mut out = format!("there is no issue `{id}`\n");
    for one in &near {
        out.push_str(&format!("  did you mean `{one}`?\n"));
    }
    out.push_str("  `stafett explain-issue --list` names them all\n");
    out
}

fn list(how: Format) -> String {
    let mut out = String::new();
    if how == Format::Json {
        kinds().for_each(|kind| out.push_str(&format!("{}\n", as_json(kind))));
        for (id, help) in AT_LOAD {
            out.push_str(&format!("{}\n", json!({"id": id, "at": "load", "help": help})));
        }
        return out;
    }
    for (room, kinds) in rooms() {
        out.push_str(&format!("{room}\n"));
        for kind in kinds {
            out.push_str(&format!(
                "  {:<34} {:<11} {}\n",
                kind.id,
                word(kind.severity),
                shown(kind.text)
            ));
        }
    }
    out.push_str("At load: configuration, packages, profiles, models, maps\n");
    AT_LOAD.iter().for_each(|(id, _)| out.push_str(&format!("  {id}\n")));
    out
}

/// A text with its arguments left open.
fn shown(text: &str) -> String {
    ["{0}", "{1}", "{2}"].iter().fold(text.to_owned(), |text, gap| text.replace(gap, "…"))
}

/// A paragraph in lines of 100 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut().filter(|_| line + word.chars().count() < 100) {
            Some(last) if line > 0 => last.push_str(&format!(" {word}")),
            Some(last) => last.push_str(word),
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// A severity for people.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Information => "information",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Fatal => "fatal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_explained_in_both_forms() {
        let text = explain("profile-required", Format::Text).unwrap();
        assert!(text.starts_with("error[profile-required]: …: at least … needed, … found\n"));
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        let json = explain("profile-required", Format::Json).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["code"], "required");
        assert!(explain("config-unknown-key", Format::Text).unwrap().contains("reference page"));
    }

    #[test]
    fn an_unknown_id_gets_the_nearest() {
        assert_eq!(explain("profile-requierd", Format::Text), None);
        assert!(unknown("profile-requierd").contains("did you mean `profile-required`?"));
        assert!(unknown("constraint").contains("`profile-constraint`"));
        assert!(!unknown("xyzzy").contains("did you mean"));
    }
}
