//! The table that the README carries, and its lines for programs.

use crate::measure::{Measured, figure};
use serde_json::json;

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// The ratio is at most the goal.
    AtMost,
    /// The ratio is at least the goal.
    AtLeast,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The case's name.
    pub case: &'static str,
    /// What it is measured against.
    pub against: &'static str,
    /// Unit of both figures.
    pub unit: &'static str,
    /// The goal for the ratio; 0: there is none.
    pub goal: f64,
    /// Which way is better.
    pub better: Better,
    /// What was measured; or why it could not be.
    pub measured: Result<Measured, String>,
    /// More to say: percentiles.
    pub note: String,
}

impl Line {
    fn met(&self) -> Option<bool> {
        let measured = self.measured.as_ref().ok().filter(|_| self.goal > 0.0)?;
        Some(match self.better {
            Better::AtMost => measured.ratio <= self.goal,
            Better::AtLeast => measured.ratio >= self.goal,
        })
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let measured = self.measured.as_ref();
        json!({
            "case": self.case,
            "value": measured.map(|m| m.value).ok(),
            "yardstick": measured.map(|m| m.yardstick).ok(),
            "ratio": measured.map(|m| m.ratio).ok(),
            "goal": self.goal,
            "met": self.met(),
            "unit": self.unit,
            "allocations": measured.ok().and_then(|m| m.allocations),
            "note": self.note,
            "absent": self.measured.as_ref().err(),
        })
        .to_string()
    }

    /// One row of a Markdown table.
    pub fn row(&self) -> String {
        let sign = if self.better == Better::AtMost { "≤" } else { "≥" };
        let (name, against) = (self.case, self.against);
        let goal =
            if self.goal > 0.0 { format!("{sign} {}", self.goal) } else { "none".to_owned() };
        let measured = match &self.measured {
            Err(why) => {
                return format!("| {name} | {against} | - | - | - | {goal} | {why} |");
            }
            Ok(measured) => measured,
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "**not reached**",
            None => "-",
        };
        let allocations = measured.allocations.map_or(String::new(), |n| match n {
            1 => "; 1 allocation".to_owned(),
            n => format!("; {n} allocations"),
        });
        let note = if self.note.is_empty() { String::new() } else { format!("; {}", self.note) };
        format!(
            "| {name} | {against} | {} | {} | {:.2} | {goal} | {met}{allocations}{note} |",
            figure(measured.value, self.unit),
            figure(measured.yardstick, self.unit),
            measured.ratio,
        )
    }
}

/// The head of the Markdown table.
pub const HEAD: &str = "| case | against | stafett | yardstick | ratio | goal | |\n\
                        |---|---|---|---|---|---|---|";
