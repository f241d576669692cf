//! Map text to [`Map`]: HL7's grammar, and the leniencies that public maps rely on.
//!
//! Promises: every fault is a diagnostic with file, line and column, and parsing goes on with the next rule;
//! what was read is in the map even then. Never: resolves a name.

mod batch;
mod concepts;
mod header;
mod lexer;
mod old;
mod rules;
mod sources;
mod targets;

use super::ast::{Constant, Group, Map, Name, Parameter, TypeMode, Use, Uses};
use crate::message::Diagnostic;
use lexer::{Kind, Lexer, Token, unquote};
use std::sync::Arc;

/// A fault was reported; the caller goes on where it can.
struct Stop;

type Parsed<T> = Result<T, Stop>;

/// Reads a map.
pub fn parse(file: &str, text: &str) -> (Map, Vec<Diagnostic>) {
    let mut parser = Parser::new(file, text);
    parser.map();
    parser.map.comments = std::mem::take(&mut parser.lexer.comments);
    (parser.map, parser.diagnostics)
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    last: usize,
    map: Map,
    diagnostics: Vec<Diagnostic>,
    depth: u32,
    /// Inside a group of the older form.
    old: bool,
}

/// Rules nested deeper than this are refused: nobody can read them, and the parser is recursive.
const DEPTH: u32 = 100;

impl<'a> Parser<'a> {
    fn new(file: &str, text: &'a str) -> Parser<'a> {
        let map = Map { file: Arc::from(file), text: text.into(), ..Map::default() };
        let token = Token { kind: Kind::End, start: 0, end: 0 };
        let lexer = Lexer::new(text);
        Parser { text, lexer, token, last: 0, map, diagnostics: Vec::new(), depth: 0, old: false }
    }

    fn map(&mut self) {
        self.header();
        while self.token.kind != Kind::End {
            let before = self.token.start;
            let done = match self.word() {
                "map" => self.map_line(),
                "uses" => self.uses(),
                "imports" => self.imports(),
                "conceptmap" => self.concept_map(),
                "group" => self.group(),
                "let" => self.constant(),
                _ => self.fault("expected `uses`, `imports`, `conceptmap` or `group`"),
            };
            if done.is_err() {
                self.next_declaration(before);
            }
        }
        if self.map.url.is_empty() {
            self.late_header();
        }
        if self.map.url.is_empty() {
            self.report(0, "the map says no url: `/// url = '...'` or `map \"...\" = \"...\"`");
        }
    }

    /// After a fault: on to the next word that may start a declaration.
    fn next_declaration(&mut self, before: usize) {
        if self.token.start == before {
            self.advance();
        }
        let starts = ["uses", "imports", "conceptmap", "group", "map", "let"];
        while self.token.kind != Kind::End {
            let line = self.text[..self.token.start].rsplit('\n').next().unwrap_or("");
            if starts.contains(&self.word()) && line.trim().is_empty() {
                return;
            }
            self.advance();
        }
    }

    fn map_line(&mut self) -> Parsed<()> {
        self.advance();
        self.map.url = self.text_or_word("the map's url")?;
        self.expect("=")?;
        self.map.name = self.text_or_word("the map's name")?;
        self.accept(";");
        Ok(())
    }

    fn uses(&mut self) -> Parsed<()> {
        self.advance();
        let url = self.text_or_word("a model's canonical")?;
        let alias = match self.accept_word("alias") {
            true => Some(self.text_or_word("an alias")?),
            false => None,
        };
        if !self.accept_word("as") {
            return self.fault("expected `as`");
        }
        let mode = match self.word() {
            "source" => Use::Source,
            "queried" => Use::Queried,
            "target" => Use::Target,
            "produced" => Use::Produced,
            _ => return self.fault("expected `source`, `queried`, `target` or `produced`"),
        };
        self.advance();
        self.accept(";");
        self.map.uses.push(Uses { url, alias, mode });
        Ok(())
    }

    fn imports(&mut self) -> Parsed<()> {
        self.advance();
        let url = self.text_or_word("a map's canonical")?;
        self.accept(";");
        self.map.imports.push(url);
        Ok(())
    }

    fn constant(&mut self) -> Parsed<()> {
        self.advance();
        let name = self.name("the constant's name")?;
        self.expect("=")?;
        let value = self.fragment(&[], false)?;
        self.accept(";");
        self.map.constants.push(Constant { name, value });
        Ok(())
    }

    fn group(&mut self) -> Parsed<()> {
        self.advance();
        let old_mode = self.mode_before_name()?;
        let name = self.text_or_word("the group's name")?;
        if !self.is("(") && self.begins_old_group() {
            return self.old_group(name, old_mode);
        }
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.is(")") {
            parameters.push(self.parameter()?);
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        let early = self.type_mode()?;
        let extends = self.extends()?;
        let modes = [old_mode, early, self.type_mode()?];
        let type_mode = modes.into_iter().find(|one| *one != TypeMode::None).unwrap_or_default();
        let start = self.at();
        self.expect("{")?;
        let rules = self.rules();
        let braces = (start, self.at());
        self.map.groups.push(Group { name, parameters, extends, type_mode, rules, braces });
        self.expect("}")?;
        self.accept(";");
        Ok(())
    }

    fn extends(&mut self) -> Parsed<Option<Name>> {
        match self.accept_word("extends") {
            true => Ok(Some(self.text_or_word("a group's name")?)),
            false => Ok(None),
        }
    }

    fn parameter(&mut self) -> Parsed<Parameter> {
        let is_target = match self.word() {
            "source" => false,
            "target" => true,
            _ => return self.fault("expected `source` or `target`"),
        };
        self.advance();
        let name = self.text_or_word("the parameter's name")?;
        let type_name = match self.accept(":") {
            true => Some(self.type_name()?),
            false => None,
        };
        Ok(Parameter { is_target, name, type_name })
    }

    fn type_mode(&mut self) -> Parsed<TypeMode> {
        if !self.accept("<<") {
            return Ok(TypeMode::None);
        }
        let mode = match self.word() {
            "types" => TypeMode::Types,
            "type" => TypeMode::TypePlus,
            _ => return self.fault("expected `types` or `type+`"),
        };
        self.advance();
        if mode == TypeMode::TypePlus {
            self.expect("+")?;
            self.accept_word("types");
        }
        self.expect(">>")?;
        Ok(mode)
    }

    // The current token.

    fn slice(&self) -> &'a str {
        &self.text[self.token.start..self.token.end]
    }

    /// The current token's text if it is a word, else nothing.
    fn word(&self) -> &'a str {
        if self.token.kind == Kind::Word { self.slice() } else { "" }
    }

    fn at(&self) -> u32 {
        self.token.start as u32
    }

    fn is(&self, symbol: &str) -> bool {
        self.token.kind == Kind::Symbol && self.slice() == symbol
    }

    fn advance(&mut self) {
        self.go_on(self.token.end);
    }

    fn go_on(&mut self, from: usize) {
        self.last = from;
        self.token = self.lexer.token(from);
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        match self.accept(symbol) {
            true => Ok(()),
            false => self.fault(&format!("expected `{symbol}`")),
        }
    }

    fn take(&mut self) -> Name {
        let text = match self.token.kind {
            Kind::Single | Kind::Double | Kind::Quoted => unquote(self.slice()),
            _ => self.slice().into(),
        };
        let name = Name { text, at: self.at() };
        self.advance();
        name
    }

    fn name(&mut self, what: &str) -> Parsed<Name> {
        match self.token.kind {
            Kind::Word => Ok(self.take_joined(&["-"])),
            Kind::Quoted | Kind::Double => Ok(self.take()),
            _ => self.fault(&format!("expected {what}")),
        }
    }

    /// A type's name, with its dots: `Bundle.entry`.
    fn type_name(&mut self) -> Parsed<Name> {
        match self.token.kind {
            Kind::Word => Ok(self.take_joined(&["-", "."])),
            _ => self.text_or_word("a type"),
        }
    }

    /// Takes a word and what follows it without a space: `rule-1`, where `-` is one of `signs`.
    fn take_joined(&mut self, signs: &[&str]) -> Name {
        let (start, end) = (self.token.start, self.joined_end(signs));
        self.go_on(end);
        Name { text: self.text[start..end].into(), at: start as u32 }
    }

    fn joined_end(&mut self, signs: &[&str]) -> usize {
        self.joined_from(self.token.end, signs)
    }

    fn joined_from(&mut self, mut end: usize, signs: &[&str]) -> usize {
        loop {
            let sign = self.lexer.token(end);
            let next = self.lexer.token(sign.end);
            let near = sign.start == end && next.start == sign.end;
            let word = matches!(next.kind, Kind::Word | Kind::Number);
            if !near || !word || !signs.contains(&&self.text[sign.start..sign.end]) {
                return end;
            }
            end = next.end;
        }
    }

    fn text_or_word(&mut self, what: &str) -> Parsed<Name> {
        match self.token.kind {
            Kind::Single => Ok(self.take()),
            _ => self.name(what),
        }
    }

    fn fault<T>(&mut self, text: &str) -> Parsed<T> {
        let found = match self.token.kind {
            Kind::End => "the end".to_owned(),
            _ => format!("`{}`", self.slice().chars().take(40).collect::<String>()),
        };
        self.report(self.at(), &format!("{text}, found {found}"));
        Err(Stop)
    }

    fn report(&mut self, at: u32, text: &str) {
        self.report_as("map-syntax", at, text);
    }

    fn report_as(&mut self, id: &'static str, at: u32, text: &str) {
        self.diagnostics.push(Diagnostic::error(self.map.origin(at), id, text));
    }
}

#[cfg(test)]
mod tests;
