//! Rules: sources, targets, what follows, a name.
//!
//! Promises: after a fault the next rule is read. Never: more than a hundred rules inside each other.

use super::lexer::Kind;
use super::{DEPTH, Parsed, Parser};
use crate::mapping::ast::{Call, Name, Rule};

impl Parser<'_> {
    /// The rules up to a closing brace, which is left standing.
    pub(super) fn rules(&mut self) -> Vec<Rule> {
        let mut rules = Vec::new();
        self.depth += 1;
        while !self.is("}") && self.token.kind != Kind::End && !self.ends_old_group() {
            let before = self.token.start;
            match self.rule() {
                Ok(rule) if self.is(":") => match self.batch(rule) {
                    Ok(several) => rules.extend(several),
                    Err(_) => self.next_rule(before),
                },
                Ok(rule) => rules.push(rule),
                Err(_) => self.next_rule(before),
            }
        }
        self.depth -= 1;
        rules
    }

    fn ends_old_group(&self) -> bool {
        self.old && self.word() == "endgroup"
    }

    /// After a fault: behind the next `;` of this depth, or at the brace that closes it.
    fn next_rule(&mut self, before: usize) {
        if self.token.start == before {
            self.advance();
        }
        let mut open = 0u32;
        while self.token.kind != Kind::End && !self.ends_old_group() {
            if open == 0 && self.old && self.is_rule_head(self.token) {
                return;
            }
            match (self.token.kind == Kind::Symbol).then(|| self.slice()) {
                Some("{") => open += 1,
                Some("}") if open == 0 => return,
                Some("}") => open -= 1,
                Some(";") if open == 0 => return self.advance(),
                _ => {}
            }
            self.advance();
        }
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let mut rule = Rule { at: self.at(), ..Rule::default() };
        if self.depth > DEPTH {
            return self.fault("a rule inside fewer others");
        }
        let before = if self.old { self.old_rule_head()? } else { None };
        loop {
            rule.sources.push(self.source()?);
            if !self.accept(",") {
                break;
            }
        }
        if self.accept("->") || (self.old && self.accept_word("make")) {
            loop {
                rule.targets.push(self.target()?);
                if self.begins_batch(&rule) {
                    return Ok(rule);
                }
                if !self.accept(",") {
                    break;
                }
            }
        }
        if self.accept_word("then") {
            self.dependents(&mut rule)?;
        }
        rule.name = if self.old { before } else { self.rule_name() };
        rule.braces.1 = self.last as u32;
        if rule.rules.is_empty() && rule.braces.0 == 0 {
            rule.braces.0 = rule.braces.1;
        }
        let closed =
            self.accept(";") || self.old || self.is("}") || self.text[..self.last].ends_with('}');
        match closed {
            true => Ok(rule),
            false => self.fault("expected `;`"),
        }
    }

    /// The name behind a rule, if it has one.
    pub(super) fn rule_name(&mut self) -> Option<Name> {
        match self.token.kind {
            Kind::Word | Kind::Number => Some(self.take_joined(&["-", "."])),
            Kind::Double | Kind::Single | Kind::Quoted => Some(self.take()),
            Kind::Symbol | Kind::End => None,
        }
    }

    fn dependents(&mut self, rule: &mut Rule) -> Parsed<()> {
        while !self.is("{") {
            let name = self.name("a group or `{`")?;
            let call = Call { name, arguments: self.arguments()? };
            rule.calls.push(call);
            if !self.accept(",") {
                break;
            }
        }
        rule.braces.0 = if self.is("{") { self.at() } else { 0 };
        if self.accept("{") {
            rule.rules = self.rules();
            self.expect("}")?;
        }
        Ok(())
    }
}
