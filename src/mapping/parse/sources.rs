//! Sources of rules, and where the FHIRPath in them ends.
//!
//! Promises: parentheses around a condition are optional; its parts may come in any order. Never: reads a
//! condition; that is FHIRPath's.

use super::lexer::{Kind, Token};
use super::{Parsed, Parser};
use crate::mapping::ast::{Fragment, Name, SEARCH, Source, SourceList};

/// Words that end an expression of a source when they stand at its depth.
const AFTER_SOURCE: &[&str] = &["where", "check", "log", "then"];

/// Words after which an expression is not yet whole.
const OPERATORS: &[&str] =
    &["and", "or", "xor", "implies", "in", "contains", "is", "as", "div", "mod"];

impl Parser<'_> {
    pub(super) fn source(&mut self) -> Parsed<Source> {
        let mut source = Source::default();
        if self.begins_search() {
            source.context = Name { text: SEARCH.into(), at: self.at() };
            self.accept("@");
            self.advance();
            source.search = Some(self.inside_parentheses()?);
        } else {
            source.context = self.text_or_word("a source variable")?;
        }
        while self.accept(".") {
            let element = match self.is("*") {
                true => self.take(),
                false => self.text_or_word("an element")?,
            };
            source.elements.push(element);
            if self.accept("[") && (!self.accept_word("x") || !self.accept("]")) {
                return self.fault("expected `[x]`");
            }
        }
        while self.source_part(&mut source)? {}
        Ok(source)
    }

    /// `search(` or `@search(`.
    fn begins_search(&mut self) -> bool {
        let word = if self.is("@") { self.lexer.token(self.token.end) } else { self.token };
        let next = self.lexer.token(word.end);
        let text = |token: Token| &self.text[token.start..token.end];
        text(word) == "search" && text(next) == "("
    }

    /// What stands between the parenthesis here and the one that closes it.
    fn inside_parentheses(&mut self) -> Parsed<Fragment> {
        let open = self.token;
        let Some(end) = self.closing(open) else {
            return self.fault("this parenthesis is not closed");
        };
        self.go_on(end);
        let inner = &self.text[open.end..end - 1];
        let start = open.end + (inner.len() - inner.trim_start().len());
        Ok(self.cut(start, start + inner.trim().len()))
    }

    fn source_part(&mut self, source: &mut Source) -> Parsed<bool> {
        if self.accept(":") {
            source.type_name = Some(self.type_name()?);
        } else if self.token.kind == Kind::Number {
            let at = self.at();
            let cardinality = self.cardinality()?;
            if source.cardinality.replace(cardinality).is_some() {
                self.report_as("map-cardinality-twice", at, "the cardinality is written twice");
            }
        } else if let Some(list) = list_mode(self.word()) {
            self.advance();
            source.list = Some(list);
        } else {
            match self.word() {
                "as" => {
                    self.advance();
                    source.alias = Some(self.name("a variable")?);
                }
                "default" => {
                    self.advance();
                    source.default = Some(self.one_operand()?);
                }
                "where" => source.condition = Some(self.clause()?),
                "check" => source.check = Some(self.clause()?),
                "log" => source.log = Some(self.clause()?),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn cardinality(&mut self) -> Parsed<(u32, u32)> {
        let number = |text: &str| text.parse::<u32>().ok();
        let min = number(&self.take());
        self.expect("..")?;
        let max = match self.accept("*") {
            true => Some(u32::MAX),
            false if self.token.kind == Kind::Number => number(&self.take()),
            false => None,
        };
        match min.zip(max) {
            Some(range) => Ok(range),
            None => self.fault("expected a cardinality, such as `0..1`"),
        }
    }

    fn clause(&mut self) -> Parsed<Fragment> {
        self.advance();
        self.fragment(AFTER_SOURCE, true)
    }

    /// A balanced parenthesis, or one token.
    fn one_operand(&mut self) -> Parsed<Fragment> {
        let start = self.token;
        let end = match self.is("(") {
            true => self.closing(start),
            false => Some(start.end),
        };
        match end {
            Some(end) => {
                self.go_on(end);
                Ok(self.cut(start.start, end))
            }
            None => self.fault("this parenthesis is not closed"),
        }
    }

    /// The end of the parenthesis that opens at a token.
    pub(super) fn closing(&mut self, open: Token) -> Option<usize> {
        let mut depth = 0u32;
        let mut token = open;
        while token.kind != Kind::End {
            if token.kind == Kind::Symbol {
                match &self.text[token.start..token.end] {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" if depth == 1 => return Some(token.end),
                    ")" | "]" | "}" => depth -= 1,
                    _ => {}
                }
            }
            token = self.lexer.token(token.end);
        }
        None
    }

    pub(super) fn cut(&self, start: usize, end: usize) -> Fragment {
        Fragment { text: self.text[start..end].into(), at: start as u32 }
    }

    /// Takes an expression up to `,`, `;`, `->`, a brace or parenthesis that it did not open, or one of
    /// `stops`. With `named`, a text or a word before `;` that continues no expression is the rule's name.
    pub(super) fn fragment(&mut self, stops: &[&str], named: bool) -> Parsed<Fragment> {
        let start = self.token.start;
        let mut before: Option<Token> = None;
        let mut depth = 0u32;
        while self.token.kind != Kind::End {
            let text = self.slice();
            let mut stop = false;
            let after_dot = before.is_some_and(|t| &self.text[t.start..t.end] == ".");
            match self.token.kind {
                Kind::Symbol => match text {
                    "(" | "[" | "{" => depth += 1,
                    ")" | "]" | "}" if depth == 0 => break,
                    ")" | "]" | "}" => depth -= 1,
                    "," | ";" | "->" if depth == 0 => break,
                    _ => {}
                },
                Kind::Word if depth == 0 && !after_dot && before.is_some() => {
                    stop = stops.contains(&text)
                        || (named && !OPERATORS.contains(&text) && self.is_rule_name(before));
                }
                Kind::Double | Kind::Single if depth == 0 && named => {
                    stop = self.is_rule_name(before);
                }
                _ => {}
            }
            if stop || (depth == 0 && before.is_some() && !after_dot && self.ends_old_fragment()) {
                break;
            }
            before = Some(self.token);
            self.advance();
        }
        match before {
            Some(last) => Ok(self.cut(start, last.end)),
            None => self.fault("expected an expression"),
        }
    }

    fn is_rule_name(&mut self, before: Option<Token>) -> bool {
        let whole = before.is_some_and(|t| {
            let text = &self.text[t.start..t.end];
            match t.kind {
                // a quantity's unit
                Kind::Number => self.token.kind != Kind::Single,
                Kind::Symbol => matches!(text, ")" | "]" | "}"),
                Kind::Word => !OPERATORS.contains(&text),
                _ => true,
            }
        });
        if !whole {
            return false;
        }
        let end = match self.token.kind {
            Kind::Word => self.joined_end(&["-", "."]),
            _ => self.token.end,
        };
        let next = self.lexer.token(end);
        matches!(&self.text[next.start..next.end], ";" | "}")
    }
}

fn list_mode(word: &str) -> Option<SourceList> {
    Some(match word {
        "first" => SourceList::First,
        "not_first" => SourceList::NotFirst,
        "last" => SourceList::Last,
        "not_last" => SourceList::NotLast,
        "only_one" => SourceList::OnlyOne,
        _ => return None,
    })
}
