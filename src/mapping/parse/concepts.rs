//! Embedded concept maps.
//!
//! Promises: codes may be bare words, numbers or texts. Never: checks whether a prefix is declared.

use super::lexer::Kind;
use super::{Parsed, Parser};
use crate::mapping::ast::{ConceptLine, ConceptMap, Name};

const RELATIONS: &[&str] = &["-", "=", "==", "!=", "--", "<=", "<-", ">=", ">-", "~"];

impl Parser<'_> {
    pub(super) fn concept_map(&mut self) -> Parsed<()> {
        self.advance();
        let mut map = ConceptMap { id: self.concept_map_name()?, ..ConceptMap::default() };
        if let Some(bare) = map.id.text.strip_prefix('#') {
            map.id.text = bare.into();
        }
        map.braces.0 = self.at();
        self.expect("{")?;
        while matches!(self.word(), "source" | "target") && !self.followed_by_colon() {
            let scope = self.take();
            let url = self.text_or_word("a value set")?;
            self.accept(";");
            map.scopes.push((scope, url));
        }
        while self.accept_word("prefix") {
            let prefix = self.name("a prefix")?;
            self.expect("=")?;
            let system = self.text_or_word("a system")?;
            self.accept(";");
            map.prefixes.push((prefix, system));
        }
        while !self.is("}") && self.token.kind != Kind::End {
            if self.word() == "unmapped" {
                self.unmapped(&mut map)?;
            } else {
                let line = self.concept_line()?;
                map.lines.push(line);
            }
            self.accept(";");
        }
        map.braces.1 = self.at();
        self.map.concept_maps.push(map);
        self.expect("}")?;
        self.accept(";");
        Ok(())
    }

    fn concept_map_name(&mut self) -> Parsed<Name> {
        self.accept("#");
        self.text_or_word("the concept map's name")
    }

    fn unmapped(&mut self, map: &mut ConceptMap) -> Parsed<()> {
        self.advance();
        if !self.accept_word("for") {
            return self.fault("expected `for`");
        }
        let prefix = self.name("a prefix")?;
        if !self.accept("=") {
            self.accept(":");
        }
        if !self.accept_word("provided") {
            return self.fault("expected `provided`");
        }
        map.provided.push(prefix);
        Ok(())
    }

    fn concept_line(&mut self) -> Parsed<ConceptLine> {
        let source = self.concept()?;
        if self.token.kind != Kind::Symbol || !RELATIONS.contains(&self.slice()) {
            return self.fault("expected a relation, such as `==`");
        }
        let relation = self.take();
        let none = matches!(&*relation, "--" | "!=");
        let stands = matches!(self.token.kind, Kind::Word | Kind::Quoted | Kind::Double);
        let target = match none && !(stands && self.followed_by_colon()) {
            true => None,
            false => Some(self.concept()?),
        };
        Ok(ConceptLine { source, relation, target })
    }

    fn followed_by_colon(&mut self) -> bool {
        let next = self.lexer.token(self.token.end);
        &self.text[next.start..next.end] == ":"
    }

    fn concept(&mut self) -> Parsed<(Name, Name)> {
        let prefix = self.name("a prefix")?;
        self.expect(":")?;
        match self.token.kind {
            Kind::Quoted | Kind::Single | Kind::Double => Ok((prefix, self.take())),
            Kind::Word | Kind::Number => Ok((prefix, self.take_joined(&["-", ".", "/"]))),
            _ => self.fault("expected a code"),
        }
    }
}
