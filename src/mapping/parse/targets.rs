//! Targets of rules: where, made of what, called how.
//!
//! Promises: what is no plain value and no call is one expression, with or without parentheses. Never:
//! knows which transforms there are.

use super::lexer::Kind;
use super::{Parsed, Parser};
use crate::mapping::ast::{Argument, Call, Fragment, Name, Target, TargetList, Transform};

const AFTER_TARGET: &[&str] =
    &["as", "then", "first", "last", "single", "share", "collate", "only_one"];

impl Parser<'_> {
    pub(super) fn target(&mut self) -> Parsed<Target> {
        let mut target = Target { at: self.at(), ..Target::default() };
        let next = self.lexer.token(self.token.end);
        let calls = self.token.kind == Kind::Word && &self.text[next.start..next.end] == "(";
        if self.is("(") || calls {
            target.transform = Some(self.transform()?);
        } else {
            target.context = Some(self.name("a target variable")?);
            if self.accept(".") {
                target.element = Some(self.name("an element")?);
                if self.accept("[") && (!self.accept_word("x") || !self.accept("]")) {
                    return self.fault("expected `[x]`");
                }
                if self.is(".") {
                    return self.fault("expected one element; write `as x, x.next` for the next");
                }
            }
            if self.accept("=") {
                target.transform = Some(self.transform()?);
            }
        }
        while self.target_part(&mut target)? {}
        Ok(target)
    }

    fn target_part(&mut self, target: &mut Target) -> Parsed<bool> {
        let word = self.word();
        match word {
            "as" => {
                self.advance();
                target.alias = Some(self.name("a variable")?);
            }
            "first" | "last" | "single" | "collate" | "only_one" => {
                self.advance();
                target.list = match word {
                    "first" => Some(TargetList::First),
                    "last" | "collate" => Some(TargetList::Last),
                    _ => Some(TargetList::Single),
                };
            }
            "share" => {
                self.advance();
                target.list = Some(TargetList::Share(self.text_or_word("a key")?));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn transform(&mut self) -> Parsed<Transform> {
        let (start, from) = (self.token, self.token.start);
        let whole = self.fragment(AFTER_TARGET, true)?;
        let end = from + whole.text.len();
        if start.end == end {
            return Ok(Transform::Value(self.operand(start.kind, whole)));
        }
        let next = self.lexer.token(start.end);
        let opens = start.kind == Kind::Word && &self.text[next.start..next.end] == "(";
        if !opens || self.closing(next) != Some(end) {
            return Ok(Transform::Value(Argument::Expression(whole)));
        }
        // A call: read it again from its name.
        self.go_on(start.start);
        let name = self.take();
        match &*name {
            "evaluate" => self.evaluate(),
            _ => Ok(Transform::Call(Call { arguments: self.arguments()?, name })),
        }
    }

    fn evaluate(&mut self) -> Parsed<Transform> {
        self.expect("(")?;
        let variable = self.name("a variable")?;
        self.expect(",")?;
        let start = self.token.start;
        let mut end = start;
        // The rest of the parenthesis is one expression, commas and all.
        while !self.is(")") {
            let part = self.fragment(&[], false)?;
            end = part.at as usize + part.text.len();
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(Transform::Evaluate(variable, self.cut(start, end)))
    }

    /// `( a, b )`.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        self.expect("(")?;
        while !self.is(")") {
            let start = self.token;
            let whole = self.fragment(&[], false)?;
            arguments.push(match start.start + whole.text.len() == start.end {
                true => self.operand(start.kind, whole),
                false => Argument::Expression(whole),
            });
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }

    /// What a single token stands for.
    fn operand(&self, kind: Kind, token: Fragment) -> Argument {
        let plain = Name { text: token.text.clone(), at: token.at };
        let inner = || Name { text: super::unquote(&token.text), at: token.at };
        match kind {
            Kind::Word if matches!(&*token.text, "true" | "false") => Argument::Boolean(plain),
            Kind::Word => Argument::Variable(plain),
            Kind::Quoted => Argument::Variable(inner()),
            Kind::Single | Kind::Double => Argument::Text(inner()),
            Kind::Number => Argument::Number(plain),
            Kind::Symbol | Kind::End => Argument::Expression(token),
        }
    }
}
