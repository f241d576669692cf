//! The forms of values: texts, names, durations, sizes, hashes, addresses, lists and tables of them.
//!
//! Promises: a value that was read has its form; what is wrong is said at its place.
//! Never: guesses a unit, a default or a spelling.

use super::read::{Field, Reader, Section};
use crate::message::{Diagnostic, Event, Origin, PartyName, near};
use std::collections::BTreeMap;
use std::ops::Deref;
use toml::Spanned;
use toml::de::DeValue;

/// A value and where it is written, for findings of later checks. What stands in for a wrong value has no
/// line, and is not checked further.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where; a default has no line.
    pub origin: Origin,
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Field> Field for At<T> {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<At<T>> {
        let origin = reader.origin(value.span());
        Some(At { value: T::read(value, reader)?, origin })
    }

    fn repair() -> Option<At<T>> {
        Some(At { value: T::repair()?, origin: Origin::default() })
    }

    fn form() -> String {
        T::form()
    }
}

impl<T: Field> Field for Option<T> {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Option<T>> {
        Some(T::read(value, reader))
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }

    fn form() -> String {
        T::form()
    }

    fn section() -> Option<&'static Section> {
        T::section()
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Vec<T>> {
        let Some(items) = value.get_ref().as_array() else {
            reader.wrong_form(value, "a list");
            return None;
        };
        Some(items.iter().filter_map(|item| T::read(item, reader)).collect())
    }

    fn absent() -> Option<Vec<T>> {
        Some(Vec::new())
    }

    fn form() -> String {
        format!("a list; each item {}", T::form())
    }

    fn section() -> Option<&'static Section> {
        T::section()
    }
}

/// One value or a list of at least one.
#[derive(Clone, Debug)]
pub struct Several<T>(pub Vec<T>);

impl<T> Deref for Several<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Field> Field for Several<T> {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Several<T>> {
        let Some(items) = value.get_ref().as_array() else {
            return Some(Several(vec![T::read(value, reader)?]));
        };
        if items.is_empty() {
            reader.error(value.span(), "config-bad-value", "the list is empty");
        }
        Some(Several(items.iter().filter_map(|item| T::read(item, reader)).collect()))
    }

    fn repair() -> Option<Several<T>> {
        Some(Several(Vec::new()))
    }

    fn form() -> String {
        format!("{}, or a list of them", T::form())
    }
}

impl<T: Field> Field for BTreeMap<Box<str>, T> {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            reader.wrong_form(value, "a table");
            return None;
        };
        let pairs = table.iter().filter_map(|(key, value)| {
            let key: &str = key.get_ref();
            Some((key.into(), T::read(value, reader)?))
        });
        Some(pairs.collect())
    }

    fn absent() -> Option<Self> {
        Some(BTreeMap::new())
    }

    fn form() -> String {
        format!("a table; each value {}", T::form())
    }
}

/// The text of a value, or a finding.
pub fn text<'t>(
    value: &'t Spanned<DeValue<'_>>,
    reader: &mut Reader<'_>,
    wanted: &str,
) -> Option<&'t str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        reader.wrong_form(value, wanted);
    }
    text
}

/// Reads a text and parses it; `parse` says what is wrong.
pub fn parsed<T, E: Into<String>>(
    value: &Spanned<DeValue<'_>>,
    reader: &mut Reader<'_>,
    wanted: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    match parse(text(value, reader, wanted)?) {
        Ok(parsed) => Some(parsed),
        Err(what) => {
            reader.error(value.span(), "config-bad-value", what);
            None
        }
    }
}

/// Reads one of a few words.
pub fn word<T: Copy>(
    value: &Spanned<DeValue<'_>>,
    reader: &mut Reader<'_>,
    words: &[(&'static str, T)],
) -> Option<T> {
    let said = text(value, reader, "a word")?;
    if let Some((_, meant)) = words.iter().find(|(word, _)| *word == said) {
        return Some(*meant);
    }
    let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let text = format!("`{said}` is not one of {}", all.join(", "));
    let one = Diagnostic::error(reader.origin(value.span()), "config-bad-value", text);
    reader.diagnostics.push(suggestion(one, said, words.iter().map(|(word, _)| *word)));
    None
}

/// The diagnostic with the nearest known word as its help, if one is near.
pub fn suggestion<'w>(
    diagnostic: Diagnostic,
    said: &str,
    known: impl Iterator<Item = &'w str>,
) -> Diagnostic {
    match near::meant(said, known) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Implements [`Field`] for a type that is parsed from a text.
macro_rules! from_text {
    ($type:ty, $wanted:literal, $repair:expr, $parse:expr) => {
        impl Field for $type {
            fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<$type> {
                parsed(value, reader, $wanted, $parse)
            }

            fn repair() -> Option<$type> {
                $repair
            }

            fn form() -> String {
                $wanted.to_owned()
            }
        }
    };
}

from_text!(Box<str>, "a text", Some("?".into()), |text| match text.trim().is_empty() {
    true => Err("the text is empty"),
    false => Ok(text.into()),
});
from_text!(PartyName, "a party's name", Some(PartyName("?".into())), |text| name(text)
    .map(PartyName));
from_text!(Event, "an event's code", Some(Event("?".into())), |text| event(text).map(Event));

impl Field for bool {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<bool> {
        let read = value.get_ref().as_bool();
        if read.is_none() {
            reader.wrong_form(value, "true or false");
        }
        read
    }

    fn form() -> String {
        "`true` or `false`".to_owned()
    }

    fn repair() -> Option<bool> {
        Some(false)
    }
}

impl Field for u32 {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<u32> {
        let Some(number) = value.get_ref().as_integer() else {
            reader.wrong_form(value, "a number");
            return None;
        };
        let read = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|n| *n > 0);
        if read.is_none() {
            reader.error(
                value.span(),
                "config-bad-value",
                "expected a number from 1 to 4294967295",
            );
        }
        read
    }

    fn form() -> String {
        "a number".to_owned()
    }

    fn repair() -> Option<u32> {
        Some(1)
    }
}

/// A name: letters, digits, `-`, `_` and `.`, at most 64 of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(pub Box<str>);

from_text!(Name, "a name", Some(Name("?".into())), |text| name(text).map(Name));

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// A name that its section gives itself: unique among the sections of its kind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OwnName(pub Box<str>);

impl Field for OwnName {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<OwnName> {
        let own = parsed(value, reader, "a name", name)?;
        reader.declare(&own, value.span());
        Some(OwnName(own))
    }

    fn repair() -> Option<OwnName> {
        Some(OwnName("?".into()))
    }

    fn form() -> String {
        "a name of its own".to_owned()
    }
}

impl Deref for OwnName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

fn name(text: &str) -> Result<Box<str>, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
        let what = "a name is 1 to 64 letters (a to z), digits, `-`, `_` and `.`";
        return Err(format!("`{text}` is no name: {what}"));
    }
    Ok(text.into())
}

fn event(text: &str) -> Result<Box<str>, String> {
    let fits = |c: char| c.is_ascii_graphic();
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
        return Err(format!("`{text}` is no event's code: 1 to 64 characters without blanks"));
    }
    Ok(text.into())
}

pub(super) use from_text;
