//! Targets of rules: where, made of what, called how.
//!
//! Promises: what is no plain value and no call is one expression, with or without parentheses. Never:
//! knows which transforms there are.

use super::lexer::{Kind, Token};
use super::{Parsed, Parser};
use crate::mapping::ast::{Argument, Call, Fragment, Name, Target, TargetList, Transform};

const AFTER_TARGET: &[&str] =
    &["as", "then", "first", "last", "single", "share", "collate", "only_one"];

impl Parser<'_> {
    pub(super) fn target(&mut self) -> Parsed<Target> {
        let mut target = Target { at: self.at(), ..Target::default() };
        let next = self.lexer.token(self.token.end);
        let dotted = &self.text[next.start..next.end] == ".";
        let calls = self.token.kind == Kind::Word && &self.text[next.start..next.end] == "(";
        if self.is("(") || calls {
            target.transform = Some(self.transform()?);
        } else {
            target.context = Some(match dotted {
                true => self.text_or_word("a target variable")?,
                false => self.name("a target variable")?,
            });
            if self.accept(".") {
                target.element = Some(self.target_element()?);
                while self.accept(".") {
                    let next = self.target_element()?;
                    target.path.extend(target.element.replace(next));
                }
            }
            if self.accept("=") {
                target.transform = Some(self.transform()?);
            }
        }
        while self.target_part(&mut target)? {}
        Ok(target)
    }

    fn target_element(&mut self) -> Parsed<Name> {
        let name = self.text_or_word("an element")?;
        if self.accept("[") && (!self.accept_word("x") || !self.accept("]")) {
            return self.fault("expected `[x]`");
        }
        Ok(name)
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
                let list = match word {
                    "first" => TargetList::First,
                    "last" | "collate" => TargetList::Last,
                    _ => TargetList::Single,
                };
                target.list.get_or_insert(list);
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
        let next = self.lexer.token(start.end);
        let opens = start.kind == Kind::Word && &self.text[next.start..next.end] == "(";
        if !opens || self.closing(next) != Some(end) {
            return Ok(Transform::Value(self.argument(start, whole)));
        }
        // A call: read it again from its name.
        self.go_on(start.start);
        let name = self.take();
        match &*name {
            "evaluate" => self.evaluate(),
            _ => Ok(Transform::Call(Call { arguments: self.arguments()?, name })),
        }
    }

    /// `(x, expression)` or `(expression)`: what follows the first comma is one expression, commas and all.
    fn evaluate(&mut self) -> Parsed<Transform> {
        self.expect("(")?;
        let start = self.token;
        let first = self.fragment(&[], false)?;
        if self.accept(")") {
            return Ok(Transform::Evaluate(None, first));
        }
        self.expect(",")?;
        let from = self.token.start;
        let mut end = from;
        while !self.is(")") {
            let part = self.fragment(&[], false)?;
            end = part.at as usize + part.text.len();
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        let of = self.argument(start, first);
        Ok(Transform::Evaluate(Some(of), self.cut(from, end)))
    }

    /// `( a, b )`.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        self.expect("(")?;
        while !self.is(")") {
            let start = self.token;
            let whole = self.fragment(&[], false)?;
            arguments.push(self.argument(start, whole));
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }

    /// An argument that begins with a token.
    fn argument(&self, start: Token, whole: Fragment) -> Argument {
        if start.start + whole.text.len() == start.end {
            return self.operand(start.kind, whole);
        }
        let dashed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        match start.kind == Kind::Word && whole.text.chars().all(dashed) {
            true => Argument::Variable(Name { text: whole.text, at: whole.at }),
            false => Argument::Expression(whole),
        }
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
