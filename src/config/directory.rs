//! The organisation directory: who has which identifiers, and when.
//!
//! One CSV file: a header line, commas, fields in double quotes where they hold a comma. Promises: check
//! digits and dates are right, and an identifier means one organisation at a time. Never: holds a person.

use super::csv::{Cell, origin, rows};
use super::quantity::KINDS;
use super::value::suggestion;
use crate::message::{Diagnostic, Identifier, IdentifierKind, Origin, PartyName};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The columns that are not identifiers.
const OTHERS: [&str; 4] = ["name", "party", "from", "to"];

/// An organisation, or a department of one, for as long as the line is valid.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// What people call it.
    pub name: Box<str>,
    /// Its identifiers.
    pub identifiers: Vec<Identifier>,
    /// The party that it belongs to: who sends for it, and where its messages go.
    pub party: Option<PartyName>,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// Where it is written.
    pub origin: Origin,
}

impl Organisation {
    /// Whether it is valid on a day.
    pub fn valid(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Its identifier of a kind.
    pub fn identifier(&self, kind: IdentifierKind) -> Option<&str> {
        self.identifiers.iter().find(|one| one.kind == kind).map(|one| &*one.value)
    }

    fn overlaps(&self, other: &Organisation) -> bool {
        let starts_after = |a: &Organisation, b: &Organisation| {
            a.from.zip(b.to).is_some_and(|(from, to)| from > to)
        };
        !starts_after(self, other) && !starts_after(other, self)
    }
}

/// All organisations, found by any of their identifiers.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    organisations: Vec<Organisation>,
    by_identifier: BTreeMap<IdentifierKind, BTreeMap<Box<str>, Vec<usize>>>,
}

impl Directory {
    /// The organisation that an identifier means on a day.
    pub fn lookup(&self, identifier: &Identifier, day: Date) -> Option<&Organisation> {
        self.find(identifier.kind, &identifier.value, day)
    }

    /// The same, for an identifier in two parts.
    pub fn find(&self, kind: IdentifierKind, value: &str, day: Date) -> Option<&Organisation> {
        let places = self.by_identifier.get(&kind)?.get(value)?;
        places.iter().map(|place| &self.organisations[*place]).find(|one| one.valid(day))
    }

    /// All of them, in the order of the files.
    pub fn organisations(&self) -> &[Organisation] {
        &self.organisations
    }

    /// Adds what one file says.
    pub(super) fn add(&mut self, file: &str, text: &str, found: &mut Vec<Diagnostic>) {
        let mut rows = rows(text).into_iter();
        let Some(header) = rows.next() else {
            let text = "the directory is empty: its first line names the columns";
            found.push(Diagnostic::error(origin(file, 1, 1), "directory-header", text));
            return;
        };
        let columns: Vec<Option<Column>> =
            header.iter().map(|cell| column(file, cell, found)).collect();
        for row in rows.filter(|row| row.iter().any(|cell| !cell.text.is_empty())) {
            if row.len() != columns.len() {
                let text = format!("{} fields, but {} columns", row.len(), columns.len());
                found.push(Diagnostic::error(row[0].origin(file), "directory-fields", text));
            }
            if let Some(one) = organisation(file, &columns, &row, found) {
                self.insert(one, found);
            }
        }
    }

    fn insert(&mut self, one: Organisation, found: &mut Vec<Diagnostic>) {
        let place = self.organisations.len();
        for identifier in &one.identifiers {
            let of_kind = self.by_identifier.entry(identifier.kind).or_default();
            let others = of_kind.entry(identifier.value.clone()).or_default();
            for other in others.iter().map(|other| &self.organisations[*other]) {
                if one.overlaps(other) {
                    let text = format!(
                        "`{identifier}` means `{}` at the same time, see {}",
                        other.name, other.origin
                    );
                    found.push(Diagnostic::error(one.origin.clone(), "directory-overlap", text));
                }
            }
            others.push(place);
        }
        self.organisations.push(one);
    }
}

enum Column {
    Name,
    Party,
    From,
    To,
    Identifier(IdentifierKind),
}

fn column(file: &str, cell: &Cell, found: &mut Vec<Diagnostic>) -> Option<Column> {
    let kinds = KINDS;
    match &*cell.text {
        "name" => Some(Column::Name),
        "party" => Some(Column::Party),
        "from" => Some(Column::From),
        "to" => Some(Column::To),
        text => match kinds.iter().find(|(word, _)| *word == text) {
            Some((_, kind)) => Some(Column::Identifier(*kind)),
            None => {
                let what = format!("`{text}` is no column of the directory");
                let one = Diagnostic::error(cell.origin(file), "directory-header", what);
                let known = OTHERS.into_iter().chain(kinds.map(|(word, _)| word));
                found.push(suggestion(one, text, known));
                None
            }
        },
    }
}

fn organisation(
    file: &str,
    columns: &[Option<Column>],
    row: &[Cell],
    found: &mut Vec<Diagnostic>,
) -> Option<Organisation> {
    let mut one = Organisation {
        name: "".into(),
        identifiers: Vec::new(),
        party: None,
        from: None,
        to: None,
        origin: row[0].origin(file),
    };
    let before = found.len();
    for (column, cell) in columns.iter().zip(row).filter(|(_, cell)| !cell.text.is_empty()) {
        let mut wrong = |id, text: String| {
            found.push(Diagnostic::error(cell.origin(file), id, text));
        };
        match column {
            None => {}
            Some(Column::Name) => one.name = cell.text.as_str().into(),
            Some(Column::Party) => one.party = Some(PartyName(cell.text.as_str().into())),
            Some(Column::From) | Some(Column::To) => match cell.text.parse::<Date>() {
                Ok(day) if matches!(column, Some(Column::From)) => one.from = Some(day),
                Ok(day) => one.to = Some(day),
                Err(_) => {
                    let text = format!("`{}` is no date: expected 2026-01-31", cell.text);
                    wrong("directory-date", text);
                }
            },
            Some(Column::Identifier(kind)) => match Identifier::parse(*kind, &cell.text) {
                Ok(identifier) => one.identifiers.push(identifier),
                Err(what) => {
                    wrong("directory-identifier", format!("`{kind}:{}`: {what}", cell.text));
                }
            },
        }
    }
    let at = |text: &str| Diagnostic::error(row[0].origin(file), "directory-line", text);
    if one.name.is_empty() {
        found.push(at("an organisation needs a name"));
    }
    if found.len() == before && one.identifiers.is_empty() {
        found.push(at("an organisation needs an identifier"));
    }
    if one.from.zip(one.to).is_some_and(|(from, to)| from > to) {
        found.push(at("the organisation ends before it begins"));
    }
    Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Directory, Vec<String>) {
        let mut directory = Directory::default();
        let mut found = Vec::new();
        directory.add("d.csv", text, &mut found);
        (directory, found.iter().map(ToString::to_string).collect())
    }

    fn municipality(value: &str) -> Identifier {
        Identifier::parse(IdentifierKind::Municipality, value).unwrap()
    }

    #[test]
    fn a_merged_municipality_is_found_by_day() {
        let (directory, found) = read(
            "name,municipality,from,to\nSki,0213,,2019-12-31\n\"Nordre Follo\",3020,2020-01-01,\n\
             Other,0213,2020-01-01,\n",
        );
        assert_eq!(found, [""; 0]);
        let name = |value, day: &str| {
            let day = day.parse().unwrap();
            directory.lookup(&municipality(value), day).map(|one| one.name.to_string())
        };
        assert_eq!(name("0213", "2019-12-31").as_deref(), Some("Ski"));
        assert_eq!(name("0213", "2020-01-01").as_deref(), Some("Other"));
        assert_eq!(name("3020", "2019-12-31"), None);
    }

    #[test]
    fn every_mistake_has_its_place() {
        let (_, found) = read(
            "name,gnl,gln,from\nA,,5790000120401,x\n,,5790000120406,\nB,,5790000120406,\nC,,,,\n",
        );
        let places: Vec<&str> = found.iter().map(|f| f.split(": ").next().unwrap()).collect();
        assert_eq!(
            places,
            [
                "d.csv:1:6",
                "d.csv:2:4",
                "d.csv:2:18",
                "d.csv:3:1",
                "d.csv:4:1",
                "d.csv:5:1",
                "d.csv:5:1"
            ]
        );
        assert!(found[0].ends_with("did you mean `gln`?"), "{}", found[0]);
    }

    #[test]
    fn quoted_fields_hold_commas_and_quotes() {
        let (directory, found) = read("name,sks\r\n\"a \"\"b\"\", c\",1301\r\n");
        assert_eq!(found, [""; 0]);
        assert_eq!(&*directory.organisations()[0].name, "a \"b\", c");
    }
}
