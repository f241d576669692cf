//! FHIRPath inside a map: written the way maps write it, compiled the way FHIRPath is.
//!
//! Promises: a fault is reported at its place in the map's file; an expression is given the variables it names
//! and no others. Never: compiles while a message waits.

use super::ast::Fragment;
use super::declared::Asked;
use super::plan::Slot;
use crate::fhirpath::{Context, Expression};
use crate::tree::types::{Table, TypeId};
use std::sync::Arc;

/// Where a variable's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// A register.
    Slot(Slot),
    /// A default of the route, by its index in the plan.
    Parameter(u32),
    /// A value of the engine, by its index in [`ENGINE`].
    Engine(u32),
    /// What a path of the plan leads to from a register.
    Path {
        /// Its index among the plan's.
        path: u32,
        /// The register.
        of: Slot,
    },
}

/// What the engine tells a map, in the order of `Facts::engine`.
pub(super) const ENGINE: [&str; 3] = ["messageId", "envelopeId", "now"];

/// Functions that maps in use call, by the names that FHIRPath has for them.
const FUNCTIONS: &[(&str, &str)] = &[
    ("isInteger", "convertsToInteger"),
    ("isDecimal", "convertsToDecimal"),
    ("isBoolean", "convertsToBoolean"),
    ("isDate", "convertsToDate"),
    ("isDateTime", "convertsToDateTime"),
];

/// A compiled expression.
pub(super) struct Compiled {
    pub expression: Expression,
    /// The focus.
    pub focus: Option<Slot>,
    /// The variables it names, in the order they were compiled in.
    pub variables: Vec<Variable>,
}

/// A variable that an expression may name.
pub(super) struct Visible<'a> {
    pub name: &'a str,
    pub types: &'a [TypeId],
    pub from: Variable,
    /// It is never written.
    pub is_source: bool,
}

/// What an expression may name.
pub(super) struct Known<'a> {
    pub visible: &'a [Visible<'a>],
    /// Names that stand for an expression: name, text.
    pub constants: &'a [(&'a str, &'a str)],
}

/// A fault, at an offset of the map's text.
pub(super) struct Fault {
    pub at: u32,
    pub text: String,
    pub help: Option<String>,
}

/// Compiles a fragment for a focus among visible variables (the later of a name counts).
pub(super) fn compile(
    fragment: &Fragment,
    table: &Arc<Table>,
    focus: (Option<Slot>, &[TypeId]),
    known: &Known<'_>,
) -> Result<Compiled, Vec<Fault>> {
    let visible = known.visible;
    let names: Vec<&str> = visible.iter().map(|one| one.name).collect();
    let written = Written::new(&fragment.text, &names, known.constants);
    let mut context = Context { focus: focus.1.to_vec(), wire_names: true, ..Context::default() };
    let mut variables = Vec::new();
    for one in visible.iter().rev() {
        let known = context.variables.iter().any(|(name, _)| **name == *one.name);
        if !known && written.names(one.name) {
            context.variables.push((one.name.into(), one.types.to_vec()));
            variables.push(one.from);
        }
    }
    if variables.len() > super::run::MAX_VARIABLES {
        let text = "the expression names too many variables".to_owned();
        return Err(vec![Fault { at: fragment.at, text, help: None }]);
    }
    match Expression::compile(&written.text, table, &context) {
        Ok(expression) => Ok(Compiled { expression, focus: focus.0, variables }),
        Err(faults) => Err(faults
            .into_iter()
            .map(|fault| Fault {
                at: fragment.at + written.original(fault.offset),
                text: fault.text,
                help: fault.help,
            })
            .collect()),
    }
}

/// The profiles and value sets that an expression asks about by a literal name.
pub(super) fn asks(expression: &str) -> Vec<(Asked, Box<str>)> {
    let mut asks = Vec::new();
    for (call, about) in [("conformsTo(", Asked::Profile), ("memberOf(", Asked::ValueSet)] {
        for (at, _) in expression.match_indices(call) {
            let argument = expression[at + call.len()..].trim_start();
            let text = argument.strip_prefix('\'').and_then(|rest| rest.split('\'').next());
            asks.extend(text.map(|canonical| (about, canonical.into())));
        }
    }
    asks
}

/// The expression as FHIRPath writes it: texts in single quotes, `%route.x` as one name.
struct Written {
    text: String,
    /// (offset here, offset in the map) where the two go apart.
    shifts: Vec<(u32, u32)>,
}

impl Written {
    fn new(text: &str, variables: &[&str], constants: &[(&str, &str)]) -> Written {
        let mut written =
            Written { text: String::with_capacity(text.len() + 8), shifts: Vec::new() };
        let constant = |word: &str| constants.iter().find(|(name, _)| *name == word);
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            at += match c {
                '"' => written.double(rest),
                '\'' | '`' => written.same(rest, quoted(rest, c)),
                '%' => match constant(word_of(&rest[1..])) {
                    Some((name, value)) => {
                        written.constant(value, variables, constants);
                        1 + name.len()
                    }
                    None => written.external(rest),
                },
                '/' if rest.starts_with("//") => {
                    let end = rest.find('\n').unwrap_or(rest.len());
                    written.same(rest, end)
                }
                c if is_word(c) => {
                    let word = word_of(rest);
                    let alone = stands_alone(&text[..at], &rest[word.len()..]);
                    match constant(word).filter(|_| alone) {
                        Some((_, value)) => {
                            written.constant(value, variables, constants);
                            word.len()
                        }
                        None => {
                            if alone && variables.contains(&word) {
                                written.text.push('%');
                            }
                            let called = rest[word.len()..].starts_with('(');
                            match FUNCTIONS.iter().find(|(own, _)| called && *own == word) {
                                Some((own, standard)) => {
                                    written.text.push_str(standard);
                                    own.len()
                                }
                                None => written.same(rest, word.len()),
                            }
                        }
                    }
                }
                c => written.same(rest, c.len_utf8()),
            };
            written.shifts.push((written.text.len() as u32, at as u32));
        }
        written
    }

    /// What a constant stands for, which may name those before it in the list.
    fn constant(&mut self, value: &str, variables: &[&str], constants: &[(&str, &str)]) {
        let own = constants.iter().position(|(_, text)| std::ptr::eq(*text, value));
        let inner = Written::new(value, variables, &constants[..own.unwrap_or(0)]);
        self.text.push('(');
        self.text.push_str(&inner.text);
        self.text.push(')');
    }

    fn same(&mut self, rest: &str, len: usize) -> usize {
        self.text.push_str(&rest[..len]);
        len
    }

    fn double(&mut self, rest: &str) -> usize {
        let len = quoted(rest, '"');
        let inner = rest[1..len].strip_suffix('"').unwrap_or(&rest[1..len]);
        self.text.push('\'');
        self.text.push_str(&inner.replace("\\'", "'").replace('\'', "\\'"));
        self.text.push('\'');
        len
    }

    fn external(&mut self, rest: &str) -> usize {
        for book in ["%route.", "%engine."] {
            let Some(name) = rest.strip_prefix(book) else { continue };
            let len = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
            if len > 0 {
                self.text.push_str("%`");
                self.text.push_str(&rest[1..book.len() + len]);
                self.text.push('`');
                return book.len() + len;
            }
        }
        self.same(rest, 1)
    }

    /// Whether a name stands in the expression as a word of its own.
    fn names(&self, name: &str) -> bool {
        self.text.match_indices(name).any(|(at, found)| {
            let before = self.text[..at].chars().next_back().is_some_and(is_word);
            let after = self.text[at + found.len()..].chars().next().is_some_and(is_word);
            !before && !after
        })
    }

    /// The offset in the map of an offset here.
    fn original(&self, offset: u32) -> u32 {
        let at = self.shifts.partition_point(|(here, _)| *here <= offset);
        match at.checked_sub(1).map(|i| self.shifts[i]) {
            Some((here, there)) => there + (offset - here),
            None => offset,
        }
    }
}

/// The word that a text begins with.
pub(super) fn word_of(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a word is no element of a path, no function, no type and no operator: then it is the variable of
/// that name, as the reference implementation has it.
fn stands_alone(before: &str, after: &str) -> bool {
    let before = before.trim_end();
    let called = after.trim_start().starts_with('(');
    let types = ["ofType(", "as(", "is(", "(as", "(is", " as", " is", ")as", ")is"];
    let of_type = types.iter().any(|word| before.ends_with(word));
    !called && !of_type && !before.ends_with(['.', '%', '$', '`'])
}

pub(super) fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_variable_comes_before_an_element() {
        let text = "item.a.item = x.where(item is item) or %item = 'item' and item() or item";
        assert_eq!(
            Written::new(text, &["item"], &[]).text,
            "%item.a.item = x.where(%item is item) or %item = 'item' and item() or %item"
        );
    }

    #[test]
    fn a_maps_way_of_writing_becomes_fhirpaths() {
        let written =
            Written::new("a = \"it's\" and 'x \"y\"' & %route.category.x // \"c\"\n+ b", &[], &[]);
        assert_eq!(written.text, "a = 'it\\'s' and 'x \"y\"' & %`route.category`.x // \"c\"\n+ b");
        let offset = written.text.find("+ b").unwrap() as u32;
        let there = written.original(offset) as usize;
        assert_eq!(&"a = \"it's\" and 'x \"y\"' & %route.category.x // \"c\"\n+ b"[there..], "+ b");
        assert!(written.names("b") && !written.names("categor"));
    }
}
