//! From one file's text to sections: every key is declared once, with its doc, its form and its default;
//! the same declaration reads it, finds unknown keys and makes the reference page.
//!
//! Promises: goes on after a mistake, so that one never hides another; every finding has its place.
//! Never: opens a file.

use super::value::suggestion;
use crate::message::{Diagnostic, Origin};
use crate::tree::Lines;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A key of a section: what the reference page says about it.
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// Its doc comment, line by line.
    pub docs: &'static [&'static str],
    /// What its value looks like.
    pub form: fn() -> String,
    /// Its default, as it would be written.
    pub default: Option<&'static str>,
    /// Whether it must be there.
    pub required: fn() -> bool,
    /// The section that its value is, if it is one.
    pub section: fn() -> Option<&'static Section>,
}

/// A section: a table of known keys.
pub struct Section {
    /// One of its kind, for people: `route`.
    pub name: &'static str,
    /// Its doc comment, line by line.
    pub docs: &'static [&'static str],
    /// Its keys, in the order of the reference.
    pub keys: &'static [Key],
}

/// What can be the value of a key.
pub trait Field: Sized {
    /// Reads it; what is wrong goes to the reader, and then there may be nothing.
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Self>;

    /// Its value when the key is not there and has no default; nothing: the key is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Stands in for a value that was wrong, so that the rest of its section is checked all the same. Its
    /// configuration never becomes active.
    fn repair() -> Option<Self> {
        None
    }

    /// What it looks like, for the reference.
    fn form() -> String;

    /// The section that it is.
    fn section() -> Option<&'static Section> {
        None
    }
}

/// A name that a section gave itself.
pub struct Declared {
    /// The section: `party`.
    pub section: &'static str,
    /// The name.
    pub name: Box<str>,
    /// Where.
    pub origin: Origin,
}

/// Reads one file.
pub struct Reader<'a> {
    file: &'a str,
    lines: Lines<'a>,
    section: &'static str,
    faults: Vec<Range<usize>>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// The names that sections gave themselves, those of broken sections too: a broken party is known.
    pub declared: Vec<Declared>,
}

impl<'a> Reader<'a> {
    /// A reader of a file's text.
    pub fn new(file: &'a str, text: &'a str) -> Reader<'a> {
        Reader {
            file,
            lines: Lines::new(text),
            section: "",
            faults: Vec::new(),
            diagnostics: Vec::new(),
            declared: Vec::new(),
        }
    }

    /// The place of a span's first character.
    pub fn origin(&self, span: Range<usize>) -> Origin {
        let at = self.lines.at(span.start as u32);
        Origin { file: self.file.into(), line: at.line, column: at.column }
    }

    /// Reports an error.
    pub fn error(&mut self, span: Range<usize>, id: &'static str, text: impl Into<String>) {
        let origin = self.origin(span);
        self.diagnostics.push(Diagnostic::error(origin, id, text));
    }

    /// Reports that a value has another form than the key's, unless it is no TOML at all.
    pub fn wrong_form(&mut self, value: &Spanned<DeValue<'_>>, wanted: &str) {
        if self.faults.iter().any(|fault| fault.start == value.span().start) {
            return;
        }
        let text = format!("expected {wanted}, found {}", kind(value.get_ref()));
        self.error(value.span(), "config-wrong-form", text);
    }

    /// Keeps a name that the section at hand gives itself.
    pub fn declare(&mut self, name: &str, span: Range<usize>) {
        let origin = self.origin(span);
        self.declared.push(Declared { section: self.section, name: name.into(), origin });
    }

    /// Parses the file and reads it as a section; syntax faults are reported, the rest is read all the same.
    pub fn document<T: Field>(&mut self, text: &str) -> Option<T> {
        let (table, faults) = DeTable::parse_recoverable(text);
        for fault in &faults {
            let span = fault.span().unwrap_or(0..0);
            let said = fault.message().lines().collect::<Vec<_>>().join("; ");
            let bare = text[span.start..].starts_with(|c: char| c.is_alphabetic());
            let one = Diagnostic::error(self.origin(span.clone()), "config-syntax", said);
            let quotes = "a text stands in quotes, and `true` and `false` are in lower case";
            self.diagnostics.push(if bare { one.help(quotes) } else { one });
            self.faults.push(span);
        }
        let span = table.span();
        T::read(&Spanned::new(span, DeValue::Table(table.into_inner())), self)
    }

    /// The table that a section is, after its unknown keys were reported; the former section's name is
    /// handed back to [`Reader::leave`].
    pub fn enter<'t, 'i>(
        &mut self,
        value: &'t Spanned<DeValue<'i>>,
        section: &'static Section,
    ) -> Option<(&'t DeTable<'i>, &'static str)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_form(value, &format!("a table with the keys of `{}`", section.name));
            return None;
        };
        for key in table.keys() {
            let name: &str = key.get_ref();
            if section.keys.iter().all(|known| known.name != name) {
                let origin = self.origin(key.span());
                let text = format!("`{name}` is no key of `{}`", section.name);
                let one = Diagnostic::error(origin, "config-unknown-key", text);
                let known = section.keys.iter().map(|key| key.name);
                self.diagnostics.push(suggestion(one, name, known));
            }
        }
        Some((table, std::mem::replace(&mut self.section, section.name)))
    }

    /// Goes back to the outer section.
    pub fn leave(&mut self, outer: &'static str) {
        self.section = outer;
    }

    /// Reads one key of a section's table; reports it when it is required and missing. What is wrong is
    /// stood in for.
    pub fn key<T: Field>(
        &mut self,
        whole: Range<usize>,
        table: &DeTable<'_>,
        name: &'static str,
        default: Option<&'static str>,
    ) -> Option<T> {
        if let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == name) {
            let usual = || default.and_then(read_default);
            return T::read(value, self).or_else(usual).or_else(T::absent).or_else(T::repair);
        }
        if let Some(text) = default {
            return read_default(text);
        }
        let absent = T::absent();
        if absent.is_none() {
            let text = format!("`{}` needs the key `{name}`", self.section);
            self.error(whole.start..whole.start, "config-missing-key", text);
        }
        absent.or_else(T::repair)
    }
}

/// Reads a default, which is written like a value. Panics when it is wrong, since that is our own fault;
/// a test reads them all.
pub fn read_default<T: Field>(text: &'static str) -> Option<T> {
    let value = DeValue::parse(text).expect("a default is TOML");
    let mut reader = Reader::new("", text);
    let read = T::read(&value, &mut reader);
    assert!(reader.diagnostics.is_empty(), "a default is right: {:?}", reader.diagnostics);
    read
}

/// What a TOML value is, for people.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Declares a section: a struct whose doc comments are the reference, read by [`Field::read`].
///
/// A field is `name: Type,` (required unless the type has an absent value) or `name: Type = "default",`.
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $name:ident as $called:literal {
            $( $(#[doc = $key_doc:literal])+ $key:ident : $type:ty $(= $default:literal)?, )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $name {
            /// Where it is written.
            pub origin: $crate::message::Origin,
            $( $(#[doc = $key_doc])+ pub $key: $type, )+
        }

        impl $name {
            /// Its keys, for the reader and the reference.
            pub const SECTION: &'static $crate::config::read::Section =
                &$crate::config::read::Section {
                    name: $called,
                    docs: &[$($doc),+],
                    keys: &[$( $crate::config::read::Key {
                        name: stringify!($key),
                        docs: &[$($key_doc),+],
                        form: <$type as $crate::config::read::Field>::form,
                        default: $crate::config::read::section!(@default $($default)?),
                        required: || <$type as $crate::config::read::Field>::absent().is_none(),
                        section: <$type as $crate::config::read::Field>::section,
                    } ),+],
                };
        }

        impl $crate::config::read::Field for $name {
            fn read(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                reader: &mut $crate::config::read::Reader<'_>,
            ) -> Option<Self> {
                let (table, outer) = reader.enter(value, Self::SECTION)?;
                $( let $key: Option<$type> = reader.key(
                    value.span(),
                    table,
                    stringify!($key),
                    $crate::config::read::section!(@default $($default)?),
                ); )+
                reader.leave(outer);
                let origin = reader.origin(value.span());
                Some($name { origin, $( $key: $key?, )+ })
            }

            fn form() -> String {
                concat!("a table, see `", $called, "`").to_owned()
            }

            fn section() -> Option<&'static $crate::config::read::Section> {
                Some(Self::SECTION)
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

/// Declares an enumeration of words, each with its doc comment.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        $name:ident { $( $(#[doc = $word_doc:literal])+ $variant:ident = $word:literal, )+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $( $(#[doc = $word_doc])+ $variant, )+ }

        impl $name {
            /// As it is written.
            pub fn word(self) -> &'static str {
                match self { $( $name::$variant => $word, )+ }
            }
        }

        impl $crate::config::read::Field for $name {
            fn read(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                reader: &mut $crate::config::read::Reader<'_>,
            ) -> Option<Self> {
                $crate::config::value::word(value, reader, &[$( ($word, $name::$variant) ),+])
            }

            fn repair() -> Option<Self> {
                [$( $name::$variant ),+].first().copied()
            }

            fn form() -> String {
                let all: &[(&str, &[&str])] = &[$( ($word, &[$($word_doc),+]) ),+];
                let one = |(word, docs): &(&str, &[&str])| {
                    format!("`\"{word}\"`: {}", docs.concat().trim().trim_end_matches('.'))
                };
                format!("one of {}", all.iter().map(one).collect::<Vec<_>>().join("; "))
            }
        }
    };
}

pub(crate) use {section, words};
