//! Codes that their own code system does not have, and what it does not call them.

use crate::definitions::core::Kind;
use crate::definitions::terminology::{Membership, alike};
use crate::message::{Arg, Issue, IssueKind};
use crate::profile::catalogue;
use crate::profile::known::child;
use crate::profile::run::Run;
use crate::profile::systems::System;
use crate::tree::NodeId;
use std::sync::Arc;

/// Checks a Coding against its code system, where that is loaded.
pub(super) fn check(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(place) = child(tree, id, known.system) else { return };
    let Some(system) = tree.text(place) else { return };
    if !system.is_empty() && !system.contains(':') {
        let issue = Issue::on(&catalogue::SYSTEM_RELATIVE, id);
        return run.push(issue.arg(Arg::Static("code")));
    }
    let Some(of) = run.validator.code_system(&system, run.root_package) else {
        // most systems that are not loaded are not named like a value set: those are not looked for
        let validator = run.validator;
        if system.contains("/ValueSet/")
            && validator.library.has(Kind::ValueSet, &system)
            && !validator.misnamed.contains(&*system)
        {
            run.tell_base(&catalogue::SYSTEM_IS_VALUE_SET, place, Arg::None);
        }
        return;
    };
    let Some(code) = child(tree, id, known.code) else { return };
    let display = child(tree, id, known.display);
    is_there(run, code, of, &catalogue::CODE_UNKNOWN);
    if let Some(display) = display {
        is_called(run, code, display, of);
    }
}

/// Whether a system has a code.
fn is_there(run: &mut Run<'_>, code: NodeId, of: &System, whole: &'static IssueKind) {
    if run.tree.with_text(code, |code| of.index.has(code)) == Some(Membership::NotIn) {
        let kind = if of.whole { whole } else { &catalogue::CODE_UNKNOWN_HERE };
        run.push(Issue::on(kind, code).arg(Arg::Shared(Arc::clone(&of.canonical))));
    }
}

/// Whether its system, or a value set that lists it, calls a code so.
fn is_called(run: &mut Run<'_>, code: NodeId, display: NodeId, of: &System) {
    let tree = run.tree;
    let called = tree.with_text(code, |code| {
        tree.with_text(display, |word| {
            let called = of.index.is_called(code, word);
            called != Some(false) || run.validator.words.say(&of.canonical, code, word)
        })
    });
    if called == Some(Some(false)) {
        let issue = Issue::on(&catalogue::DISPLAY, display);
        let issue = issue.severity(run.validator.settings.wrong_display);
        run.push(issue.arg(Arg::Shared(Arc::clone(&of.canonical))));
    }
}

/// Checks the codes of a concept map's group against the systems that it maps between.
pub(super) fn group(run: &mut Run<'_>, id: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let system = |name| {
        let canonical = child(tree, id, name).and_then(|s| tree.text(s))?;
        let of = run.validator.code_system(&canonical, run.root_package)?;
        of.whole.then_some(of)
    };
    let (source, target) = (system(known.source), system(known.target));
    for element in tree.children(id).filter(|c| tree.node(*c).name == known.element) {
        if let (Some(of), Some(code)) = (source, child(tree, element, known.code)) {
            is_there(run, code, of, &catalogue::CODE_UNKNOWN);
        }
        let targets = tree.children(element).filter(|c| tree.node(*c).name == known.target);
        for one in targets {
            if let (Some(of), Some(code)) = (target, child(tree, one, known.code)) {
                is_there(run, code, of, &catalogue::CODE_UNKNOWN);
            }
        }
    }
}

/// Words that value sets have for codes beyond their systems' own, sorted by system and code.
#[derive(Default)]
pub(in crate::profile) struct Words(Vec<[Box<str>; 3]>);

impl Words {
    /// Of (system, code, word) those that `wanted` says yes to.
    pub fn new<'a>(
        all: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
        wanted: impl Fn(&str, &str, &str) -> bool,
    ) -> Words {
        let all = all.filter(|(system, code, word)| wanted(system, code, word));
        let mut kept: Vec<_> =
            all.map(|(s, code, word)| [s.into(), code.into(), word.into()]).collect();
        kept.sort_unstable();
        kept.dedup();
        Words(kept)
    }

    /// Whether a value set calls the code so.
    fn say(&self, system: &str, code: &str, word: &str) -> bool {
        let first = self.0.partition_point(|[s, c, _]| (&**s, &**c) < (system, code));
        let own = self.0[first..].iter().take_while(|[s, c, _]| **s == *system && **c == *code);
        own.map(|[.., known]| known).any(|known| alike(known, word))
    }
}
