//! `matches`, `matchesFull` and `replaceMatches`: patterns compiled at load, or kept in the memory.

use super::super::code::OpId;
use super::super::functions::Function;
use super::super::item::Cell;
use super::super::scanner::Scanner;
use super::super::scene::NotEvaluable;
use super::{Done, Run, Span, TEXT};
use regex::{Captures, Regex};

impl Run<'_> {
    /// With a pattern that is known at load.
    pub(super) fn pattern(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
        (regex, scanner): (&Regex, Option<&Scanner>),
    ) -> Done {
        let Some(text) = self.only_text(input)? else {
            return self.answer_maybe(input.start, None);
        };
        let text = self.memory.settled(text, self.scene);
        if function == Function::ReplaceMatches {
            return self.replaced(input, text, arguments[1], regex);
        }
        self.step((text.1 - text.0) as u64 / 64)?;
        let found = match scanner {
            Some(scanner) => scanner.matches(&self.memory.scratch[text.0..text.1]),
            None => {
                let own = self.memory.own(regex);
                let (regex, scratch) = self.memory.own_with_scratch(own);
                regex.is_match(&scratch[text.0..text.1])
            }
        };
        self.answer(input.start, Cell::Boolean(found))
    }

    /// With a pattern that is the value of an expression.
    pub(super) fn late_pattern(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Done {
        let span = self.eval(arguments[0])?;
        let Some(pattern) = self.only_text(span)? else {
            return self.answer_maybe(input.start, None);
        };
        let (start, end) = self.memory.settled(pattern, self.scene);
        let mut made = std::mem::take(&mut self.memory.spare);
        made.clear();
        let pattern = &self.memory.scratch[start..end];
        match function {
            Function::MatchesFull => {
                made.push_str("^(?:");
                made.push_str(pattern);
                made.push_str(")$");
            }
            _ => made.push_str(pattern),
        }
        let regex = self.memory.regex(&made);
        self.memory.spare = made;
        // compiling one is work too, and an expression could make them up
        self.step(1000)?;
        match regex {
            Some(regex) => self.pattern(function, input, arguments, (&regex, None)),
            None => Err(NotEvaluable::error("a pattern that cannot be used")),
        }
    }

    fn replaced(
        &mut self,
        input: Span,
        text: (usize, usize),
        argument: OpId,
        regex: &Regex,
    ) -> Done {
        let span = self.eval(argument)?;
        let Some(with) = self.only_text(span)? else {
            return self.answer_maybe(input.start, None);
        };
        let with = self.memory.settled(with, self.scene);
        let mut made = std::mem::take(&mut self.memory.spare);
        made.clear();
        let (text, with) =
            (&self.memory.scratch[text.0..text.1], &self.memory.scratch[with.0..with.1]);
        let mut last = 0;
        // an empty pattern replaces nothing
        let nothing = regex.as_str().is_empty();
        for captures in regex.captures_iter(text).filter(|_| !nothing) {
            let Some(found) = captures.get(0) else { continue };
            if made.len() > TEXT {
                break;
            }
            made.push_str(&text[last..found.start()]);
            expand(with, &captures, &mut made);
            last = found.end();
        }
        made.push_str(&text[last..]);
        self.step(made.len() as u64 / 16)?;
        let text = self.memory.keep(&made);
        self.memory.spare = made;
        self.answer(input.start, Cell::Text(text))
    }
}

/// Writes a replacement: `$1` and `${name}` stand for groups, `\$` for a dollar.
fn expand(with: &str, captures: &Captures<'_>, out: &mut String) {
    let mut rest = with;
    while let Some(at) = rest.find(['$', '\\']) {
        out.push_str(&rest[..at]);
        let (sign, after) = rest[at..].split_at(1);
        rest = after;
        if sign == "\\" {
            if let Some(c) = rest.chars().next() {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            let group = rest[..digits].parse().ok().and_then(|n| captures.get(n));
            out.push_str(group.map_or("", |g| g.as_str()));
            rest = &rest[digits..];
        } else if let Some((name, after)) =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        {
            out.push_str(captures.name(name).map_or("", |g| g.as_str()));
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
}
