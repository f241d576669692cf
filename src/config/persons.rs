//! Persons, as a file says: an official name, the regular general practitioner.
//!
//! Promises: a lookup is one search; what is said is what holds on the day that is asked about. Never: shows a
//! value of the file in a finding, only its place.

use super::csv::{origin, rows};
use crate::message::Diagnostic;
use jiff::civil::Date;
use std::collections::HashMap;

/// The answer to a question about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// It is known.
    Known(&'a str),
    /// The person is not known on that day, or not what was asked.
    Unknown,
    /// The file has no such column.
    NoColumn,
}

/// Persons by their number.
#[derive(Clone, Debug, Default)]
pub struct Persons {
    /// The names of the columns; the first is the one that persons are looked up by.
    columns: Vec<Box<str>>,
    lines: HashMap<Box<str>, Vec<Line>>,
}

#[derive(Clone, Debug)]
struct Line {
    cells: Vec<Box<str>>,
    from: Option<Date>,
    to: Option<Date>,
}

impl Line {
    fn valid(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    fn overlaps(&self, other: &Line) -> bool {
        let apart = |a: &Line, b: &Line| a.from.zip(b.to).is_some_and(|(from, to)| from > to);
        !apart(self, other) && !apart(other, self)
    }
}

impl Persons {
    /// Reads a file; every mistake goes to `found` with its place.
    pub fn read(file: &str, text: &str, found: &mut Vec<Diagnostic>) -> Persons {
        let mut all = rows(text).into_iter();
        let mut wrong = |line, column, id, text: &str| {
            found.push(Diagnostic::error(origin(file, line, column), id, text));
        };
        let Some(head) = all.next() else {
            wrong(1, 1, "persons-header", "the file is empty: its first line names the columns");
            return Persons::default();
        };
        let columns: Vec<Box<str>> = head.iter().map(|cell| cell.text.as_str().into()).collect();
        let mut persons = Persons { columns, lines: HashMap::new() };
        for row in all.filter(|row| row.iter().any(|cell| !cell.text.is_empty())) {
            if row.len() != head.len() {
                let text = "the line has more or fewer fields than there are columns";
                wrong(row[0].line, row[0].column, "persons-fields", text);
                continue;
            }
            let mut line = Line { cells: Vec::new(), from: None, to: None };
            for (name, cell) in persons.columns.iter().zip(&row) {
                let day = match &**name {
                    "from" | "to" if !cell.text.is_empty() => match cell.text.parse::<Date>() {
                        Ok(day) => Some(day),
                        Err(_) => {
                            let text = "this is no date: expected 2026-01-31";
                            wrong(cell.line, cell.column, "persons-date", text);
                            None
                        }
                    },
                    _ => None,
                };
                match &**name {
                    "from" => line.from = day,
                    "to" => line.to = day,
                    _ => {}
                }
                line.cells.push(cell.text.as_str().into());
            }
            let key = line.cells.first().cloned().unwrap_or_default();
            let others = persons.lines.entry(key).or_default();
            if others.iter().any(|other| other.overlaps(&line)) {
                let text = "another line says something of the same person at the same time";
                wrong(row[0].line, row[0].column, "persons-overlap", text);
            }
            others.push(line);
        }
        persons
    }

    /// What holds of a person on a day: the column `to` of whoever has `value` in the column `from`, which is
    /// the file's first.
    pub fn look_up(&self, from: &str, to: &str, value: &str, day: Date) -> Said<'_> {
        let keyed = self.columns.first().is_some_and(|first| **first == *from);
        let column = self.columns.iter().position(|name| **name == *to);
        let Some(column) = column.filter(|_| keyed) else { return Said::NoColumn };
        let lines = self.lines.get(value).map_or(&[][..], Vec::as_slice);
        let line = lines.iter().find(|line| line.valid(day));
        match line.and_then(|line| line.cells.get(column)) {
            Some(cell) if !cell.is_empty() => Said::Known(cell),
            _ => Said::Unknown,
        }
    }

    /// How many persons there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_gp_changes_with_the_day() {
        let mut found = Vec::new();
        let text = "cpr,family,given,gp,from,to\n0101901234,Holm,\"Ida, Ea\",1,,2025-12-31\n\
                    0101901234,Holm,Ida,2,2026-01-01,\n";
        let persons = Persons::read("p.csv", text, &mut found);
        assert!(found.is_empty(), "{found:?}");
        let gp = |on| persons.look_up("cpr", "gp", "0101901234", day(on));
        assert_eq!(gp("2025-12-31"), Said::Known("1"));
        assert_eq!(gp("2026-01-01"), Said::Known("2"));
        let given = persons.look_up("cpr", "given", "0101901234", day("2025-01-01"));
        assert_eq!(given, Said::Known("Ida, Ea"));
        assert_eq!(persons.look_up("cpr", "gp", "0202902345", day("2026-01-01")), Said::Unknown);
        assert_eq!(
            persons.look_up("cpr", "phone", "0101901234", day("2026-01-01")),
            Said::NoColumn
        );
        assert_eq!(persons.look_up("gp", "cpr", "1", day("2026-01-01")), Said::NoColumn);
    }

    #[test]
    fn mistakes_have_their_place_and_no_value() {
        let mut found = Vec::new();
        let text = "cpr,gp,from\n0101901234,1,x\n0101901234,2,\n0202902345\n";
        Persons::read("p.csv", text, &mut found);
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        let ids: Vec<&str> = found.iter().map(|one| one.id).collect();
        assert_eq!(ids, ["persons-date", "persons-overlap", "persons-fields"]);
        assert!(told[0].starts_with("p.csv:2:14"), "{told:?}");
        assert!(told.iter().all(|text| !text.contains("0101901234")), "{told:?}");
    }
}
