//! Slicing: which slice an item belongs to, in what order, how many of each, and whether others may be.

use super::fixed;
use crate::definitions::model::SlicingRules;
use crate::definitions::terminology::Membership;
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::index::Target;
use crate::profile::known::child;
use crate::profile::program::{ChildRule, Matcher, Slice, Slicing, Spec, Step, Test};
use crate::profile::run::Run;
use crate::tree::types::ElementId;
use crate::tree::{NameId, NodeId};
use std::sync::Arc;

/// Finds the slices of an item, counts it, and puts what they ask of it on the stack.
pub(in crate::profile) fn assign(
    run: &mut Run<'_>,
    item: NodeId,
    spec: &Spec,
    rule: &ChildRule,
    counters: usize,
    start: usize,
) {
    let Some(slicing) = &rule.slicing else { return };
    run.memory.steps += slicing.slices.len() as u64;
    let base = counters + slicing.first_counter as usize;
    let teller = match slicing.told_by {
        Some(name) => teller(run, item, name),
        None => Teller::Paths,
    };
    // reslices stand after their slice: a slice is only looked at when its parent has matched
    // of several slices that it belongs to the first one counts and is checked
    let (mut matched, mut last, mut top) = (0u128, None, 0);
    for (at, slice) in slicing.slices.iter().enumerate().take(128) {
        let default = slice.default && top == 0;
        let parent = slice.parent.is_none_or(|p| matched & (1 << p) != 0);
        if slice.undecidable
            || !parent
            || !(default || (!slice.default && teller.says(run, item, slice)))
        {
            continue;
        }
        if slice.parent.is_none() {
            top += 1;
            if top > 1 {
                continue;
            }
        }
        matched |= 1 << at;
        last = Some(at);
        run.memory.counts[base + at] += 1;
        if let Some(asked) = slice.spec {
            let origin = run.origin;
            run.add_spec(asked, origin, start);
        }
    }
    if top > 1 {
        tell(run, &catalogue::SLICE_AMBIGUOUS, item, spec, rule);
    }
    let of_none = |(at, slice): (usize, &Slice)| {
        matched & (1 << at) != 0 && slice.one_of != 0 && matched & slice.one_of == 0
    };
    if slicing.closes && slicing.slices.iter().enumerate().take(128).any(of_none) {
        tell(run, &catalogue::SLICE_CLOSED, item, spec, rule);
    }
    others(run, item, spec, rule, (slicing, base), last);
}

/// The two counters after those of the slices: the latest slice seen (from 1), items of no slice.
fn others(
    run: &mut Run<'_>,
    item: NodeId,
    spec: &Spec,
    rule: &ChildRule,
    (slicing, base): (&Slicing, usize),
    last: Option<usize>,
) {
    let (latest, unmatched) = (base + slicing.slices.len(), base + slicing.slices.len() + 1);
    match last {
        Some(at) => {
            let number = at as u32 + 1;
            if slicing.ordered && number < run.memory.counts[latest] {
                tell(run, &catalogue::SLICE_ORDER, item, spec, rule);
            }
            run.memory.counts[latest] = number;
            if slicing.rules == SlicingRules::OpenAtEnd && run.memory.counts[unmatched] > 0 {
                tell(run, &catalogue::SLICE_OPEN_AT_END, item, spec, rule);
            }
        }
        None => {
            run.memory.counts[unmatched] += 1;
            let undecidable = slicing.slices.iter().any(|s| s.undecidable);
            if slicing.rules == SlicingRules::Closed && !undecidable {
                tell(run, &catalogue::SLICE_CLOSED, item, spec, rule);
            }
        }
    }
}

fn tell(
    run: &mut Run<'_>,
    kind: &'static crate::message::IssueKind,
    item: NodeId,
    spec: &Spec,
    rule: &ChildRule,
) {
    let name = Arg::Shared(Arc::clone(&rule.name));
    run.tell_of(kind, item, spec.program, [name, Arg::None, Arg::None]);
}

/// Checks how many items each slice got, once all items were assigned.
pub(in crate::profile) fn close(
    run: &mut Run<'_>,
    parent: NodeId,
    spec: &Spec,
    rule: &ChildRule,
    counters: usize,
) {
    let Some(slicing) = &rule.slicing else { return };
    for (at, slice) in slicing.slices.iter().enumerate().filter(|(_, s)| !s.undecidable) {
        let count = run.memory.counts[counters + slicing.first_counter as usize + at];
        // a reslice is only needed where its slice is there
        let held = slice.parent.is_none_or(|p| {
            run.memory.counts[counters + slicing.first_counter as usize + usize::from(p)] > 0
        });
        let (kind, bound) = match count {
            n if n < slice.min && held => (&catalogue::SLICE_REQUIRED, slice.min),
            n if n > slice.max => (&catalogue::SLICE_TOO_MANY, slice.max),
            _ => continue,
        };
        let name = Arg::Shared(Arc::clone(&slice.name));
        let args = [name, Arg::Number(u64::from(bound)), Arg::Number(u64::from(count))];
        run.tell_of(kind, parent, spec.program, args);
    }
}

/// What tells the slices of one item.
enum Teller {
    /// The paths of each.
    Paths,
    /// One child, the same for all.
    Child(NodeId),
    /// The child that tells them is not there.
    Nothing,
}

/// The one child of a name that tells all slices.
fn teller(run: &Run<'_>, item: NodeId, name: NameId) -> Teller {
    let mut named = run.tree.children(item).filter(|c| is_named(run, *c, name));
    match (named.next(), named.next()) {
        (None, _) => Teller::Nothing,
        (Some(one), None) => Teller::Child(one),
        _ => Teller::Paths,
    }
}

impl Teller {
    #[inline]
    fn says(&self, run: &mut Run<'_>, item: NodeId, slice: &Slice) -> bool {
        match self {
            Teller::Nothing => false,
            Teller::Child(child) => {
                let tests = slice.matchers.iter().flat_map(|matcher| &matcher.tests);
                tests.into_iter().any(|test| passes(run, *child, test))
            }
            Teller::Paths => belongs(run, item, slice),
        }
    }
}

fn belongs(run: &mut Run<'_>, item: NodeId, slice: &Slice) -> bool {
    slice.matchers.iter().all(|matcher| holds(run, item, matcher))
}

fn holds(run: &mut Run<'_>, item: NodeId, matcher: &Matcher) -> bool {
    matcher.tests.iter().any(|test| match test {
        Test::Exists(wanted) => any(run, item, &matcher.path, None) == *wanted,
        _ => any(run, item, &matcher.path, Some(test)),
    })
}

fn passes(run: &mut Run<'_>, node: NodeId, test: &Test) -> bool {
    match test {
        Test::Fixed(literal) => fixed::matches(run, node, *literal, true),
        Test::Pattern(literal) => fixed::matches(run, node, *literal, false),
        Test::Exists(wanted) => *wanted,
        Test::Type(types) => {
            let is = run.tree.node(node).type_id;
            types.iter().any(|t| run.takes(is, *t))
        }
        Test::Profile(programs) => programs.iter().any(|p| run.meets(node, *p)),
        Test::InSet(set) => in_set(run, node, set),
    }
}

fn in_set(run: &Run<'_>, node: NodeId, set: &crate::profile::program::ValueSetKey) -> bool {
    let (tree, known) = (run.tree, &run.validator.known);
    let coded = |coding: NodeId| {
        let system = child(tree, coding, known.system).and_then(|s| tree.text(s));
        child(tree, coding, known.code).and_then(|c| tree.text(c)).is_some_and(|code| {
            matches!(set.contains(Some(system.as_deref().unwrap_or("")), &code), Membership::In)
        })
    };
    match tree.text(node).filter(|_| tree.first_child(node).is_none()) {
        Some(code) => matches!(set.contains(None, &code), Membership::In),
        None => {
            let mut codings = tree.children(node).filter(|c| tree.node(*c).name == known.coding);
            coded(node) || codings.any(coded)
        }
    }
}

/// Whether some node at the end of a path passes, or is there at all.
fn any(run: &mut Run<'_>, at: NodeId, path: &[Step], test: Option<&Test>) -> bool {
    let Some((step, rest)) = path.split_first() else {
        return test.is_none_or(|test| passes(run, at, test));
    };
    let tree = run.tree;
    let known = &run.validator.known;
    match step {
        Step::Child(name) => {
            let mut next = tree.first_child(at);
            while let Some(one) = next {
                run.memory.steps += 1;
                if is_named(run, one, *name) && any(run, one, rest, test) {
                    return true;
                }
                next = tree.next_sibling(one);
            }
            false
        }
        Step::Extension(url) => {
            let mut next = tree.first_child(at);
            while let Some(one) = next {
                run.memory.steps += 1;
                next = tree.next_sibling(one);
                let named = tree.node(one).type_id == known.extension_type
                    && child(tree, one, known.url).is_some_and(|u| tree.text_is(u, url));
                if named && any(run, one, rest, test) {
                    return true;
                }
            }
            false
        }
        Step::Resolve => match run.memory.index.target(tree, known, at) {
            Target::Contained(found) | Target::Bundled(found) => any(run, found, rest, test),
            _ => false,
        },
        Step::OfType(type_id) => {
            run.is_a(tree.node(at).type_id, *type_id) && any(run, at, rest, test)
        }
    }
}

/// By element, so that `value` finds `valueQuantity`.
fn is_named(run: &Run<'_>, node: NodeId, name: NameId) -> bool {
    let node = run.tree.node(node);
    match node.element {
        ElementId::NONE => node.name == name,
        element => run.validator.table.element_name(element) == name,
    }
}
