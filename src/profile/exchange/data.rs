//! The data of the exchange rules: codes, systems and the table of stays, read once from text.
//!
//! Never: knows what a code means beyond what the text says.

use crate::message::{Diagnostic, Origin};
use serde::Deserialize;

/// What `rules.toml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// How far ahead of our clock a message's time may be: `5m`.
    pub future: jiff::SignedDuration,
    /// Elements that place a resource under another.
    pub hierarchies: Vec<Box<str>>,
    /// Known events.
    #[serde(default)]
    pub events: Vec<Events>,
    /// Citizens' numbers.
    #[serde(default)]
    pub citizen: Vec<Citizen>,
    /// Notifications of stays.
    #[serde(default)]
    pub stays: Vec<Stays>,
    /// Letters that answer each other.
    #[serde(default)]
    pub conversations: Vec<Conversation>,
}

/// Known events of one code system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The code system.
    pub system: Box<str>,
    /// Its codes.
    pub codes: Vec<Box<str>>,
}

/// A system of citizens' numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citizen {
    /// The identifier system.
    pub system: Box<str>,
    /// `D`, `M`, `Y` for parts of a date, `d` for a digit.
    pub form: Box<str>,
}

/// The rules of one kind of notification of stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stays {
    /// The event.
    pub event: Box<str>,
    /// The extension that says what a destination is for.
    pub destination_use: Box<str>,
    /// The code of the primary one.
    pub primary: Box<str>,
    /// What fits together.
    pub rows: Vec<Row>,
}

/// One row of the table of stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Provenance.activity of this message.
    pub activity: Box<str>,
    /// Encounter.class.
    pub class: Box<str>,
    /// Encounter.status.
    pub status: Box<str>,
}

/// The rules of one kind of letters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// The event.
    pub event: Box<str>,
    /// The extension that says a payload's time.
    pub segment_time: Box<str>,
}

impl Data {
    /// The rules that come with the program.
    pub fn embedded() -> Data {
        Data::parse("rules.toml", include_str!("rules.toml"))
            .expect("the embedded rules are tested")
    }

    /// Reads rules.
    pub fn parse(file: &str, text: &str) -> Result<Data, Diagnostic> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |s| s.start) as u32;
            let at = crate::tree::Lines::new(text).at(offset);
            let origin = Origin { file: file.into(), line: at.line, column: at.column };
            Diagnostic::error(origin, "exchange-rules", error.message())
        })
    }
}

impl Citizen {
    /// Whether a number has the form and a date that can exist in some century.
    pub fn fits(&self, number: &str) -> bool {
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        if !digits || number.len() != self.form.len() {
            return false;
        }
        let part = |letter: char| {
            let places = self.form.char_indices().filter(|(_, c)| *c == letter).map(|(at, _)| at);
            places.fold(0u32, |n, at| n * 10 + u32::from(number.as_bytes()[at] - b'0'))
        };
        let (day, month, year) = (part('D'), part('M'), part('Y'));
        let most = match month {
            2 if year.is_multiple_of(4) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (1..=most).contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citizens_number_is_ten_digits_with_a_date() {
        let data = Data::embedded();
        let fits = |number| data.citizen[0].fits(number);
        assert!(fits("2509479989") && fits("2902000000"));
        assert!(!fits("3002479989") && !fits("2902010000") && !fits("0013479989"));
        assert!(!fits("250947998") && !fits("250947-9989") && !fits("25094799891"));
    }

    #[test]
    fn a_fault_in_the_rules_is_located() {
        let fault = Data::parse("x.toml", "future = \"5m\"\nhierarchies = 1\n").unwrap_err();
        assert_eq!((fault.origin.line, fault.origin.column > 0), (2, true));
    }
}
