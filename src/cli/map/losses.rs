//! What a message loses in a map, as text and as JSON.
//!
//! Promises: what is dropped undeclared is listed with its place in the message; the sums are those of the run.
//! Never: a value of the message.

use super::messages::line;
use crate::mapping::Losses;
use crate::message::ToldIssue;
use serde_json::{Value, json};

/// The ids of issues about what was dropped.
const DROPPED: &[&str] = &["map-dropped", "map-dropped-more"];

/// Whether an issue says what was dropped.
pub fn is_loss(issue: &ToldIssue) -> bool {
    DROPPED.contains(&&*issue.id)
}

/// The sums in one line.
pub fn sums(losses: &Losses) -> String {
    let Losses { read, declared, dropped } = losses;
    let all = read + declared + dropped;
    format!("{all} values: {read} read, {declared} dropped on purpose, {dropped} dropped")
}

/// The sums, and each dropped element with its place.
pub fn text(file: &str, losses: &Losses, issues: &[ToldIssue]) -> String {
    let mut out = format!("{file}: {}\n", sums(losses));
    for issue in issues.iter().filter(|issue| is_loss(issue)) {
        out.push_str(&line(file, issue));
        out.push('\n');
    }
    out
}

/// The same for programs.
pub fn json(losses: &Losses, issues: &[ToldIssue]) -> Value {
    let elements: Vec<Value> = issues
        .iter()
        .filter(|issue| is_loss(issue))
        .map(|issue| {
            let (line, column) = issue.position.unzip();
            json!({"path": issue.expression, "line": line, "column": column, "text": issue.text})
        })
        .collect();
    let mut all = counts(losses);
    all["elements"] = Value::Array(elements);
    all
}

/// The sums for programs, as every tool prints them.
pub fn counts(losses: &Losses) -> Value {
    json!({"read": losses.read, "declared": losses.declared, "dropped": losses.dropped})
}
