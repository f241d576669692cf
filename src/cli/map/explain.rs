//! `stafett map explain MAP FILE --at PATH`: which rule line made a value from which bytes of the message; for
//! what is absent, which rules could have made it and what kept each from it.
//!
//! Promises: places are those of the files. Never: guesses where the run tells.

use super::folder::Mappings;
use super::messages::{self, Made, Message};
use super::rules::Rules;
use super::world::Given;
use crate::cli::{Exit, Format, excerpt};
use crate::mapping::{
    self, Absent, At, Candidate, Explanation, Found, Memory, Plan, Reason, Story,
};
use crate::tree::{BufferId, Expression, Lines, NodeId, Tree};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The map, or the folder whose entry map it is.
    map: PathBuf,
    /// The message.
    file: PathBuf,
    /// What to explain: a path into what is made, like `Bundle.entry[1].resource.name`.
    #[arg(long, value_name = "PATH")]
    at: String,
    #[command(flatten)]
    given: Given,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Most values that are explained one by one.
const MOST: usize = 30;

/// Runs the command.
pub fn run(arguments: &Explain) -> Result<Exit, String> {
    let mappings = Mappings::read(std::slice::from_ref(&arguments.map), &arguments.given.beside)?;
    let plan = mappings.plan(&arguments.map)?;
    let about = arguments.given.about(&arguments.file)?;
    let message = messages::read(&arguments.file, &mappings, plan)?;
    let mut story = Story::new();
    let mut memory = Memory::new();
    let made = messages::watched(plan, &message, &about, &mappings, &mut memory, Some(&mut story))?;
    let explained = mapping::explain(plan, &story, &made.target, &arguments.at)?;
    let teller =
        Teller { plan, message: &message, made: &made, rules: Rules::new(plan, &mappings) };
    for issue in messages::told(&message, &mappings, &made.issues) {
        if issue.severity >= crate::message::Severity::Error {
            eprintln!("{}", messages::line(&message.file, &issue));
        }
    }
    match (&explained, arguments.format) {
        (Explanation::Present(found), Format::Text) => print!("{}", teller.present(found)),
        (Explanation::Absent(absent), Format::Text) => print!("{}", teller.absent(absent)),
        (Explanation::Present(found), Format::Json) => {
            found.iter().for_each(|one| println!("{}", teller.found_json(one)));
        }
        (Explanation::Absent(absent), Format::Json) => println!("{}", teller.absent_json(absent)),
    }
    let present = matches!(explained, Explanation::Present(_));
    Ok(if present { Exit::Fine } else { Exit::Findings })
}

struct Teller<'a> {
    plan: &'a Plan,
    message: &'a Message,
    made: &'a Made,
    rules: Rules<'a>,
}

impl Teller<'_> {
    fn path(&self, tree: &Tree, node: NodeId) -> String {
        Expression::new(tree, self.plan.table(), node).to_string()
    }

    /// A node of what was made, with its value.
    fn value(&self, node: NodeId) -> String {
        let (tree, path) = (&self.made.target, self.path(&self.made.target, node));
        match tree.text(node).filter(|_| tree.resource_type(node).is_none()) {
            Some(text) => format!("{path} = {text:?}"),
            None => path,
        }
    }

    fn input(&self) -> &str {
        let tree = &self.message.tree;
        if tree.has_input() { tree.buffer(BufferId(1)) } else { "" }
    }

    /// The bytes of a node of the message: its value where that lies in the input, or else its first.
    fn span(&self, node: NodeId) -> (u32, u32) {
        let tree = &self.message.tree;
        match mapping::value_slice(tree, node).filter(|slice| slice.buffer() == BufferId(1)) {
            Some(slice) => (slice.start() as u32, slice.len() as u32),
            None => {
                let start = tree.node(node).offset;
                let rest = self.input().get(start as usize..).unwrap_or_default();
                let end = rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(0);
                let tag = rest.starts_with('<');
                (start, if tag { end as u32 + 1 } else { 1 })
            }
        }
    }

    /// `Letter.patient (in.xml:6:3)`.
    fn item(&self, at: Option<At>) -> String {
        match at {
            Some(At { tree: 0, node }) => {
                let path = self.path(&self.message.tree, node);
                let place = Lines::new(self.input()).at(self.message.tree.node(node).offset);
                format!("{path} ({}:{}:{})", self.message.file, place.line, place.column)
            }
            Some(at) => format!("{} (made before)", self.path(&self.made.target, at.node)),
            None => "a value that the map made".to_owned(),
        }
    }

    fn present(&self, found: &[Found]) -> String {
        let mut out = String::new();
        for one in found.iter().take(MOST) {
            let _ = writeln!(out, "{}", self.value(one.node));
            self.found(one, &mut out);
            out.push('\n');
        }
        if found.len() > MOST {
            let _ = writeln!(out, "and {} more", found.len() - MOST);
        }
        out
    }

    fn found(&self, one: &Found, out: &mut String) {
        let Some(rule) = one.rule else {
            out.push_str("  the run itself makes it\n");
            return;
        };
        let _ = writeln!(out, "  written by {}", self.rules.place(rule));
        self.rules.excerpt(rule, out);
        for at in &one.from {
            self.source(*at, out);
        }
        let (mut word, mut through) = ("inside", &one.through[..]);
        if let Some(((_, item), rest)) = through.split_first().filter(|((own, _), _)| *own == rule)
        {
            if item.is_some() && one.from != item.iter().copied().collect::<Vec<_>>() {
                let _ = writeln!(out, "  for {}", self.item(*item));
            }
            through = rest;
        }
        for (outer, item) in through {
            let _ = writeln!(out, "  {word} {} for {}", self.rules.place(*outer), self.item(*item));
            word = "      ";
        }
    }

    /// Where a value came from, with its bytes.
    fn source(&self, at: At, out: &mut String) {
        if at.tree != 0 {
            let _ = writeln!(out, "  from {}", self.item(Some(at)));
            return;
        }
        let (start, len) = self.span(at.node);
        let place = Lines::new(self.input()).at(start);
        let path = self.path(&self.message.tree, at.node);
        let (file, line, column) = (&self.message.file, place.line, place.column);
        let _ = writeln!(out, "  from {path}, {file}:{line}:{column}");
        excerpt::span(self.input(), start, len, out);
    }

    fn absent(&self, absent: &Absent) -> String {
        let mut out = String::new();
        let parent = self.path(&self.made.target, absent.parent);
        let name = &absent.name;
        let _ = match absent.only {
            Some(count) => writeln!(out, "{parent} has only {count} `{name}`"),
            None => writeln!(out, "{parent} has no `{name}`"),
        };
        if !absent.known {
            out.push_str("  its type knows no such element\n");
        }
        if let Some(made) = &absent.made_by {
            let _ = writeln!(out, "  {parent} was written so:");
            self.found(made, &mut out);
        }
        if absent.candidates.is_empty() {
            out.push_str("  no rule that could be reached there writes it\n");
        }
        for one in &absent.candidates {
            let _ = writeln!(out, "\n  {} could have written it", self.rules.place(one.rule));
            self.rules.excerpt(one.rule, &mut out);
            for reason in &one.reasons {
                let _ = writeln!(out, "  but {}", self.reason(one, reason));
            }
        }
        out
    }

    fn reason(&self, one: &Candidate, reason: &Reason) -> String {
        match reason {
            Reason::Passed(item, why) => self.rules.why(one.rule, *why, &self.item(*item)),
            Reason::Empty(item) => {
                format!("for {} there was nothing to write", self.item(*item))
            }
            Reason::Elsewhere(item, node) => {
                format!("for {} it wrote {}", self.item(*item), self.value(*node))
            }
            Reason::Outer(outer, item, why) => {
                let place = self.rules.place(*outer);
                format!(
                    "it was not reached: at {place} {}",
                    self.rules.why(*outer, *why, &self.item(*item))
                )
            }
            Reason::NotReached => "it was not reached: nothing around it fired".to_owned(),
        }
    }

    fn found_json(&self, one: &Found) -> Value {
        let from: Vec<Value> = one.from.iter().map(|at| self.at_json(*at)).collect();
        let through: Vec<Value> = one
            .through
            .iter()
            .map(|(rule, item)| {
                json!({"rule": self.rules.json(*rule), "item": item.map(|at| self.at_json(at))})
            })
            .collect();
        let tree = &self.made.target;
        let value = tree.text(one.node).filter(|_| tree.resource_type(one.node).is_none());
        json!({
            "path": self.path(tree, one.node), "value": value, "from": from, "through": through,
            "rule": one.rule.map(|rule| self.rules.json(rule)),
        })
    }

    fn at_json(&self, at: At) -> Value {
        if at.tree != 0 {
            return json!({"made": self.path(&self.made.target, at.node)});
        }
        let (start, len) = self.span(at.node);
        let lines = Lines::new(self.input());
        let (from, to) = (lines.at(start), lines.at(start + len));
        json!({
            "path": self.path(&self.message.tree, at.node), "file": self.message.file,
            "line": from.line, "column": from.column, "endLine": to.line, "endColumn": to.column,
        })
    }

    fn absent_json(&self, absent: &Absent) -> Value {
        let candidates: Vec<Value> = absent
            .candidates
            .iter()
            .map(|one| {
                let reasons: Vec<_> = one.reasons.iter().map(|r| self.reason(one, r)).collect();
                json!({"rule": self.rules.json(one.rule), "reasons": reasons})
            })
            .collect();
        json!({
            "parent": self.path(&self.made.target, absent.parent), "absent": absent.name,
            "known": absent.known, "only": absent.only, "candidates": candidates,
        })
    }
}
