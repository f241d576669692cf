//! Comments of a map, in order, and where they stood.
//!
//! Promises: each is given once. Never: one that lies inside an expression, for that is printed as it stands.

use crate::mapping::ast::{Argument, Call, Comment, Fragment, Map, Rule, Transform};

pub(super) struct Comments<'m> {
    map: &'m Map,
    all: Vec<&'m Comment>,
    next: usize,
}

impl<'m> Comments<'m> {
    pub fn new(map: &'m Map) -> Comments<'m> {
        let mut inside: Vec<(u32, u32)> = Vec::new();
        let mut keep = |f: &Fragment| inside.push((f.at, f.at + f.text.len() as u32));
        map.constants.iter().for_each(|one| keep(&one.value));
        map.groups.iter().flat_map(|g| &g.rules).for_each(|rule| fragments(rule, &mut keep));
        inside.sort_unstable();
        let apart = |comment: &&Comment| {
            let at = inside.partition_point(|(start, _)| *start <= comment.at);
            at.checked_sub(1).is_none_or(|i| inside[i].1 <= comment.at)
        };
        let mut all: Vec<_> = match map.is_resource {
            true => map.comments.iter().collect(),
            false => map.comments.iter().filter(apart).collect(),
        };
        all.sort_by_key(|comment| comment.at);
        Comments { map, all, next: 0 }
    }

    /// The next comment, if it stands before a place.
    pub fn next_before(&mut self, at: u32) -> Option<&'m Comment> {
        let one = *self.all.get(self.next).filter(|comment| comment.at < at)?;
        self.next += 1;
        Some(one)
    }

    /// The next comment, if it stands before a place and behind something else on its line.
    pub fn trailing_before(&mut self, at: u32) -> Option<&'m Comment> {
        let one = self.all.get(self.next).filter(|comment| comment.at < at)?;
        let line = self.before(one.at).rsplit('\n').next().unwrap_or_default();
        match line.trim().is_empty() {
            true => None,
            false => self.next_before(at),
        }
    }

    /// Whether an empty line stands before a place.
    pub fn blank_before(&self, at: u32) -> bool {
        let before = self.before(at);
        let space = &before[before.trim_end().len()..];
        space.bytes().filter(|b| *b == b'\n').count() > 1
    }

    /// Where the line's first word stands, for what is named by a word further on in its line.
    pub fn line_start(&self, at: u32) -> u32 {
        let before = self.before(at);
        let line = before.rsplit('\n').next().unwrap_or_default();
        match line.contains(['{', '}', ';']) || line.contains("*/") {
            true => at,
            false => at - line.trim_start().len() as u32,
        }
    }

    fn before(&self, at: u32) -> &'m str {
        match self.map.is_resource {
            true => "",
            false => self.map.text.get(..at as usize).unwrap_or_default(),
        }
    }
}

fn fragments(rule: &Rule, keep: &mut impl FnMut(&Fragment)) {
    let argument = |a: &Argument, keep: &mut dyn FnMut(&Fragment)| {
        if let Argument::Expression(fragment) = a {
            keep(fragment);
        }
    };
    for source in &rule.sources {
        let parts = [&source.default, &source.condition, &source.check, &source.log];
        parts.into_iter().flatten().for_each(&mut *keep);
    }
    let call = |c: &Call, keep: &mut dyn FnMut(&Fragment)| {
        c.arguments.iter().for_each(|a| argument(a, keep));
    };
    for target in &rule.targets {
        match &target.transform {
            None => {}
            Some(Transform::Value(Argument::Expression(fragment))) => keep(fragment),
            Some(Transform::Value(_)) => {}
            Some(Transform::Evaluate(of, fragment)) => {
                if let Some(Argument::Expression(fragment)) = of {
                    keep(fragment);
                }
                keep(fragment);
            }
            Some(Transform::Call(one)) => call(one, keep),
        }
    }
    rule.calls.iter().for_each(|one| call(one, keep));
    rule.rules.iter().for_each(|inner| fragments(inner, keep));
}
