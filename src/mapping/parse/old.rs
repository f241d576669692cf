//! The language's older forms: `group for types X`, its `input` lines, `"name" : for x make y`, `endgroup`.
//!
//! Promises: they mean what the newer forms mean, and are printed as those. Never: an older word outside an older
//! group, where it may be anybody's name.

use super::lexer::{Kind, Token};
use super::{Parsed, Parser};
use crate::mapping::ast::{Group, Name, Parameter, TypeMode};

impl Parser<'_> {
    /// `for types` or `for type+types` before a group's name.
    pub(super) fn mode_before_name(&mut self) -> Parsed<TypeMode> {
        let next = self.lexer.token(self.token.end);
        let mode = match &self.text[next.start..next.end] {
            "types" => TypeMode::Types,
            "type" => TypeMode::TypePlus,
            _ => return Ok(TypeMode::None),
        };
        if !self.accept_word("for") {
            return Ok(TypeMode::None);
        }
        self.advance();
        if mode == TypeMode::TypePlus {
            self.expect("+")?;
            self.accept_word("types");
        }
        Ok(mode)
    }

    /// Whether what follows a group's name is an older group's.
    pub(super) fn begins_old_group(&self) -> bool {
        matches!(self.word(), "extends" | "input" | "endgroup")
    }

    /// A group from behind its name on.
    pub(super) fn old_group(&mut self, name: Name, type_mode: TypeMode) -> Parsed<()> {
        let extends = self.extends()?;
        let mut parameters = Vec::new();
        while self.accept_word("input") {
            parameters.push(self.input()?);
            self.accept(";");
        }
        let start = self.at();
        self.old = true;
        let rules = self.rules();
        self.old = false;
        let braces = (start, self.at());
        self.map.groups.push(Group { name, parameters, extends, type_mode, rules, braces });
        match self.accept_word("endgroup") {
            true => Ok(()),
            false => self.fault("expected `endgroup`"),
        }
    }

    /// `src : Type as source`, behind `input`.
    fn input(&mut self) -> Parsed<Parameter> {
        let name = self.text_or_word("the input's name")?;
        let type_name = match self.accept(":") {
            true => Some(self.type_name()?),
            false => None,
        };
        let is_target = match (self.accept_word("as"), self.word()) {
            (true, "source") => false,
            (true, "target") => true,
            _ => return self.fault("expected `as source` or `as target`"),
        };
        self.advance();
        Ok(Parameter { is_target, name, type_name })
    }

    /// `"name" : for`, at the beginning of a rule of an older group.
    pub(super) fn old_rule_head(&mut self) -> Parsed<Option<Name>> {
        if self.word() == "for" && !self.is_rule_head(self.token) {
            self.advance();
            return Ok(None);
        }
        let name = match self.token.kind {
            Kind::Word | Kind::Number => self.take_joined(&["-", "."]),
            _ => self.text_or_word("a rule's name")?,
        };
        self.expect(":")?;
        match self.accept_word("for") {
            true => Ok(Some(name)),
            false => self.fault("expected `for`"),
        }
    }

    /// Whether a rule of an older group begins at a token.
    pub(super) fn is_rule_head(&mut self, token: Token) -> bool {
        let mut end = token.end;
        if matches!(token.kind, Kind::Word | Kind::Number) {
            end = self.joined_from(end, &["-", "."]);
        }
        let colon = self.lexer.token(end);
        let word = self.lexer.token(colon.end);
        &self.text[colon.start..colon.end] == ":" && &self.text[word.start..word.end] == "for"
    }

    /// Whether what stands here ends an expression of an older group.
    pub(super) fn ends_old_fragment(&mut self) -> bool {
        let token = self.token;
        self.old
            && token.kind != Kind::Symbol
            && (matches!(self.word(), "for" | "make" | "endgroup") || self.is_rule_head(token))
    }
}
