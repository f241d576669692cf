//! The walk: every node once against its base definition, and against the specs that profiles put on it.
//!
//! Promises: linear in (node, spec); what a node must meet besides its place (a reference's target, a
//! slice's profile) is found out once per (node, program) and remembered. Never: allocates once
//! warm; merges anything.

use super::census::Census;
use super::memory::{Asked, Memory, Origin, Tested};
use super::needs::Needs;
use super::program::{ConstraintId, Program, ProgramId, Spec, SpecId};
use super::rules::format::Format;
use super::{Validator, catalogue, rules};
use crate::definitions::PackageId;
use crate::message::{Arg, Issue, IssueKind, Severity};
use crate::tree::types::{ElementId, TypeId, TypeKind};
use crate::tree::{Marks, Node, NodeId, Tree};
use std::sync::Arc;

/// The most issues that are told of one message.
pub(super) const MOST_TOLD: usize = 1_000;

/// At most so many specs of profiles on one node.
const MOST: usize = 8;

/// One validation under way.
pub(super) struct Run<'a> {
    pub validator: &'a Validator,
    pub tree: &'a Tree,
    pub root_package: PackageId,
    pub memory: &'a mut Memory,
    pub issues: &'a mut Vec<Issue>,
    pub now: jiff::Timestamp,
    /// How deep in questions of the kind "does this meet that?" we are.
    pub asking: u32,
    /// How many issues there were before.
    pub before: usize,
    /// Whether an issue was told that refuses the message.
    pub refused: bool,
    /// How many issues were not told.
    pub untold: u64,
    /// Whether an answer rests on references that were not followed to their end.
    pub cut: bool,
    /// The claims for which something is checked right now.
    pub origin: Origin,
    /// Whether every claim was walked.
    pub settling: bool,
}

impl<'a> Run<'a> {
    #[inline]
    pub fn spec(&self, id: SpecId) -> &'a Spec {
        &self.validator.programs.specs[id.0 as usize]
    }

    #[inline]
    pub fn program(&self, id: ProgramId) -> &'a Program {
        &self.validator.programs.programs[id.0 as usize]
    }

    /// Tells an issue of a spec.
    pub fn tell(&mut self, kind: &'static IssueKind, node: NodeId, spec: &Spec, args: [Arg; 2]) {
        let [a, b] = args;
        self.tell_of(kind, node, spec.program, [Arg::Shared(Arc::clone(&spec.name)), a, b]);
    }

    /// Tells an issue of a program, all arguments given.
    pub fn tell_of(
        &mut self,
        kind: &'static IssueKind,
        node: NodeId,
        program: ProgramId,
        args: [Arg; 3],
    ) {
        let canonical = &self.program(program).canonical;
        let issue = Issue { args, ..Issue::on(kind, node).profile(canonical) };
        self.push(issue);
    }

    /// Tells an issue of the base rules.
    pub fn tell_base(&mut self, kind: &'static IssueKind, node: NodeId, arg: Arg) {
        self.push(Issue::on(kind, node).arg(arg));
    }

    /// Tells an issue. Beyond [`MOST_TOLD`] only what changes the verdict is: nobody reads more, and finding
    /// the place of each costs a walk over its siblings.
    pub fn push(&mut self, issue: Issue) {
        if self.origin != 0 && issue.refuses() {
            self.fail();
        }
        let told = self.issues.len() - self.before;
        if self.asking > 0 || told < MOST_TOLD {
            self.refused |= self.asking == 0 && issue.refuses();
            self.issues.push(issue);
            return;
        }
        if issue.refuses() && !self.refused {
            self.refused = true;
            self.issues.push(issue);
        }
        self.untold += 1;
    }

    /// Checks a node against its base definition (unless `base` is false) and the specs that stand in the
    /// memory's stack from `first` on.
    pub fn node(&mut self, id: NodeId, base: bool, first: usize) {
        let tree = self.tree;
        let node = tree.node(id);
        let active = self.memory.active.len();
        self.memory.steps += 1;
        if base {
            self.origin = 0;
            self.base_specs(node, true);
            rules::base(self, id, node, first);
            if node.marks.has(Marks::RESOURCE) {
                rules::claims::add(self, id, node, first);
            }
        }
        self.asked(id, node, base, first);
        self.memory.active.truncate(active);
    }

    /// Checks a primitive without parts, as [`Run::node`] does.
    fn leaf(&mut self, id: NodeId, node: &Node, format: Format, first: usize) {
        self.memory.steps += 1;
        self.origin = 0;
        self.base_specs(node, !self.validator.is_plain_type(node.type_id));
        rules::primitive::check(self, id, node, format);
        if self.needs(first) & !(Needs::VALUE | Needs::DESCENDS | Needs::COUNTS) != 0 {
            return self.asked(id, node, true, first);
        }
        self.values(id, node, first, &Census::of_none(self.memory.counts.len()));
    }

    /// Checks a node against the specs that stand in the memory's stack from `first` on.
    fn asked(&mut self, id: NodeId, node: &Node, base: bool, first: usize) {
        let mut needs = self.needs(first);
        if needs & Needs::PROFILES != 0 {
            self.type_profiles(id, node, first);
            needs = self.needs(first);
        }
        if self.tree.has_children(node) || needs != 0 {
            self.parts(id, node, base, (first, needs));
        }
    }

    /// What the specs of a node ask of it and of what stands below it.
    fn parts(&mut self, id: NodeId, node: &Node, base: bool, (first, needs): (usize, u8)) {
        let counts = self.memory.counts.len();
        let last = self.memory.specs.len();
        self.origin = 0;
        let (parts, closes) = (self.tree.has_children(node), needs & Needs::CLOSES != 0);
        let census = self.census(node, parts || closes, base);
        if needs & Needs::VALUE != 0 {
            self.values(id, node, first, &census);
        }
        if needs & Needs::COUNTS != 0 {
            let filled = self.memory.counts.len() + self.counters(first);
            self.memory.counts.resize(filled, 0);
        }
        let descends = needs & Needs::DESCENDS != 0;
        if parts && (base || descends) {
            self.children(id, base, descends, first..last, census.frame + census.counted);
        }
        if closes || census.repeated {
            self.close(id, first..last, &census);
        }
        self.memory.counts.truncate(counts);
    }

    /// What the specs of a node from `first` on ask of it itself.
    #[inline]
    fn values(&mut self, id: NodeId, node: &Node, first: usize, census: &Census) {
        for at in first..self.memory.specs.len() {
            let Asked { spec, origin, flags } = self.memory.specs[at];
            if flags & Needs::VALUE != 0 {
                self.origin = origin;
                rules::value(self, id, node, spec, census);
            }
        }
    }

    /// The specs of the base definition: the element's own and, if `typed`, its type's. No profile has them.
    #[inline]
    fn base_specs(&mut self, node: &Node, typed: bool) {
        let programs = &self.validator.programs;
        let element = programs.base_elements.get(node.element.0 as usize).copied().flatten();
        let of_type = programs.base_types.get(node.type_id.0 as usize).copied().flatten();
        for spec in element.into_iter().chain(of_type.filter(|_| typed)) {
            let flags = programs.needs[spec.0 as usize].flags;
            self.memory.specs.push(Asked { spec, origin: 0, flags });
        }
    }

    /// Puts a spec on the stack unless it stands there since `first`; whether there was room.
    pub fn add_spec(&mut self, spec: SpecId, origin: Origin, first: usize) -> bool {
        if let Some(known) = self.memory.specs[first..].iter_mut().find(|a| a.spec == spec) {
            known.origin |= origin;
            return true;
        }
        if self.memory.specs.len() - first >= MOST + 2 {
            return false;
        }
        let flags = self.validator.programs.needs[spec.0 as usize].flags;
        self.memory.specs.push(Asked { spec, origin, flags });
        true
    }

    /// Follows profiles on types: one is followed, several are alternatives to be tried.
    fn type_profiles(&mut self, id: NodeId, node: &Node, first: usize) {
        let mut next = first;
        while next < self.memory.specs.len() {
            let from = next;
            while next < self.memory.specs.len() {
                let Asked { spec, origin, .. } = self.memory.specs[next];
                next += 1;
                for one in &self.spec(spec).profiles {
                    if self.is_a(node.type_id, one.type_id)
                        && let ([only], false) = (&one.any_of[..], one.incomplete)
                    {
                        self.origin = origin;
                        self.add_program(id, *only, origin, first);
                    }
                }
            }
            for at in from..next {
                self.alternatives(id, node, at, first);
            }
        }
    }

    /// Tries the profiles of which a node must meet one.
    fn alternatives(&mut self, id: NodeId, node: &Node, at: usize, first: usize) {
        let Asked { spec, origin, .. } = self.memory.specs[at];
        let spec = self.spec(spec);
        for one in &spec.profiles {
            let only = one.any_of.len() == 1 && !one.incomplete;
            if only || !self.is_a(node.type_id, one.type_id) {
                continue;
            }
            self.origin = origin;
            let met = one.any_of.iter().any(|p| self.meets(id, *p));
            let names = Arg::Shared(Arc::clone(&one.names));
            if !met && one.incomplete {
                self.missing_profile(id, spec, names, one.any_of.is_empty());
            } else if !met {
                self.tell(&catalogue::PROFILE_NO_MATCH, id, spec, [names, Arg::None]);
                // what each of them lacks is told too: one of them is what was meant
                if self.asking == 0 {
                    one.any_of.iter().for_each(|p| self.add_program(id, *p, origin, first));
                }
            }
        }
    }

    /// Puts a program's root on the stack of a node.
    pub fn add_program(&mut self, id: NodeId, program: ProgramId, origin: Origin, first: usize) {
        let Some(root) = self.program(program).root else { return };
        if !self.add_spec(root, origin, first) {
            self.tell_of(&catalogue::TOO_DEEP, id, program, Default::default());
        }
    }

    #[inline]
    pub fn is_a(&self, type_id: TypeId, ancestor: TypeId) -> bool {
        type_id != TypeId::NONE
            && ancestor != TypeId::NONE
            && self.validator.table.is_a(type_id, ancestor)
    }

    /// Whether a place for one type takes a node of another: of a choice of data types just what it names (a code
    /// is no string there, an age no quantity); of resources and abstract types whatever builds on them.
    pub fn takes(&self, is: TypeId, wanted: TypeId) -> bool {
        let exact = |wanted| {
            self.validator.table.type_of(wanted).kind == TypeKind::Primitive
                || self.is_a(wanted, self.validator.known.quantity_type)
        };
        is == wanted || (self.is_a(is, wanted) && !exact(wanted))
    }

    fn children(
        &mut self,
        id: NodeId,
        base: bool,
        descends: bool,
        specs: std::ops::Range<usize>,
        counters: usize,
    ) {
        let tree = self.tree;
        for child in tree.children(id) {
            let start = self.memory.specs.len();
            let node = tree.node(child);
            if descends {
                self.child(child, node.element, specs.clone(), counters);
            }
            let asked = self.memory.specs.len() > start;
            let whole = !tree.has_children(node);
            match self.validator.primitive(node).filter(|_| base && whole) {
                Some(format) if asked => self.leaf(child, node, format, start),
                Some(format) => match self.validator.plain(node) {
                    Some(format) => {
                        self.origin = 0;
                        self.memory.steps += 1;
                        rules::primitive::check(self, child, node, format);
                    }
                    None => self.leaf(child, node, format, start),
                },
                None if asked || base => self.node(child, base, start),
                None => {}
            }
            self.memory.specs.truncate(start);
        }
    }

    /// Puts what the specs of its parent ask of a child on the stack.
    fn child(
        &mut self,
        child: NodeId,
        element: ElementId,
        specs: std::ops::Range<usize>,
        mut counter: usize,
    ) {
        let start = self.memory.specs.len();
        for at in specs {
            let Asked { spec, origin, flags } = self.memory.specs[at];
            if flags & (Needs::DESCENDS | Needs::COUNTS) == 0 {
                continue;
            }
            let spec = self.spec(spec);
            if let Some(rule) = spec.rule(element) {
                self.origin = origin;
                if let Some(of_each) = rule.spec
                    && !self.add_spec(of_each, origin, start)
                {
                    self.tell_of(&catalogue::TOO_DEEP, child, spec.program, Default::default());
                }
                if rule.slicing.is_some() {
                    rules::slicing::assign(self, child, spec, rule, counter, start);
                }
            }
            counter += spec.counters as usize;
        }
    }

    /// Remembers whether a constraint holds at a node, found out by `find`; tells when it does not, once.
    pub fn constraint(
        &mut self,
        id: NodeId,
        constraint: ConstraintId,
        program: ProgramId,
        find: impl FnOnce(&mut Run<'a>) -> Option<bool>,
    ) -> bool {
        let known = self.memory.tested.get(&(id, constraint)).copied();
        let tested = match known {
            Some(tested) => tested,
            None => Tested { holds: find(self).unwrap_or(true), told: false },
        };
        // while only asking, every failure counts, told before or not
        let tell = !tested.holds && (self.asking > 0 || !tested.told);
        let told = tested.told || (tell && self.asking == 0);
        if known != Some(Tested { told, ..tested }) {
            self.memory.tested.insert((id, constraint), Tested { told, ..tested });
        }
        if tell {
            self.tell_constraint(id, constraint, program);
        } else if !tested.holds
            && self.validator.programs.constraints[constraint.0 as usize].severity
                >= Severity::Error
        {
            self.fail();
        }
        tested.holds
    }

    /// Tells that a constraint does not hold.
    pub fn tell_constraint(&mut self, id: NodeId, constraint: ConstraintId, program: ProgramId) {
        let one = &self.validator.programs.constraints[constraint.0 as usize];
        let args =
            [Arg::Shared(Arc::clone(&one.key)), Arg::Shared(Arc::clone(&one.human)), Arg::None];
        let canonical = &self.program(program).canonical;
        let issue = Issue::on(&catalogue::CONSTRAINT, id).severity(one.severity);
        self.push(Issue { args, ..issue.profile(canonical) });
    }

    /// Says that something could not be checked.
    pub fn not_checked(
        &mut self,
        kind: &'static IssueKind,
        id: NodeId,
        program: ProgramId,
        args: [Arg; 3],
    ) {
        let canonical = &self.program(program).canonical;
        let issue = Issue::on(kind, id).severity(Severity::Information).not_checked();
        self.push(Issue { args, ..issue.profile(canonical) });
    }
}
