//! The walk: every node once against its base definition, and against the specs that profiles put on it.
//!
//! Promises: linear in (node, spec); what a node must meet besides its place (a reference's target, a
//! slice's profile) is found out once per (node, program) and remembered. Never: allocates for a valid
//! message once warm; merges anything.

use super::memory::{Memory, Met, Tested};
use super::program::{ChildRule, ConstraintId, Program, ProgramId, Spec, SpecId};
use super::{Validator, catalogue, rules};
use crate::definitions::PackageId;
use crate::message::{Arg, Issue, IssueKind, Severity};
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{Marks, Node, NodeId, Tree};
use std::sync::Arc;

/// The most issues that are told of one message.
pub(super) const MOST_TOLD: usize = 1_000;

/// How far profiles are followed along references; beyond that it is not checked.
const DEEPEST: u32 = 12;

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
}

impl<'a> Run<'a> {
    pub fn spec(&self, id: SpecId) -> &'a Spec {
        &self.validator.programs.specs[id.0 as usize]
    }

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
        let node = *self.tree.node(id);
        if base {
            self.base_specs(&node, first);
            rules::base(self, id, &node, first);
            if node.marks.has(Marks::RESOURCE) {
                rules::claims::add(self, id, &node, first);
            }
        }
        self.type_profiles(id, &node, first);
        let last = self.memory.specs.len();
        for at in first..last {
            let spec = self.spec(self.memory.specs[at]);
            rules::value(self, id, &node, spec);
        }
        if self.tree.first_child(id).is_some() || node.type_id != TypeId::NONE {
            self.children(id, &node, base, first..last);
        }
    }

    /// The specs of the base definition: the element's own and its type's.
    fn base_specs(&mut self, node: &Node, first: usize) {
        let programs = &self.validator.programs;
        let element = programs.base_elements.get(node.element.0 as usize).copied().flatten();
        let of_type = programs.base_types.get(node.type_id.0 as usize).copied().flatten();
        for spec in element.into_iter().chain(of_type) {
            self.add_spec(spec, first);
        }
    }

    /// Puts a spec on the stack unless it stands there since `first`; whether there was room.
    pub fn add_spec(&mut self, spec: SpecId, first: usize) -> bool {
        if self.memory.specs[first..].contains(&spec) {
            return true;
        }
        if self.memory.specs.len() - first >= MOST + 2 {
            return false;
        }
        self.memory.specs.push(spec);
        true
    }

    /// Follows profiles on types: one is followed, several are alternatives to be tried.
    fn type_profiles(&mut self, id: NodeId, node: &Node, first: usize) {
        let mut at = first;
        while at < self.memory.specs.len() {
            let spec = self.spec(self.memory.specs[at]);
            at += 1;
            for one in &spec.profiles {
                if !self.is_a(node.type_id, one.type_id) {
                    continue;
                }
                if let ([only], false) = (&one.any_of[..], one.incomplete) {
                    self.add_program(id, *only, first);
                    continue;
                }
                let met = one.any_of.iter().any(|p| self.meets(id, *p));
                let names = Arg::Shared(Arc::clone(&one.names));
                if !met && one.incomplete {
                    self.missing_profile(id, spec, names, one.any_of.is_empty());
                } else if !met {
                    self.tell(&catalogue::PROFILE_NO_MATCH, id, spec, [names, Arg::None]);
                    // what each of them lacks is told too: one of them is what was meant
                    if self.asking == 0 {
                        one.any_of.iter().for_each(|p| self.add_program(id, *p, first));
                    }
                }
            }
        }
    }

    /// What a profile asks for is not at hand. An extension that nobody defines has a rule of its own.
    fn missing_profile(&mut self, id: NodeId, spec: &Spec, names: Arg, all: bool) {
        let args = [Arg::Shared(Arc::clone(&spec.name)), names, Arg::None];
        let severity = self.validator.settings.missing_profile;
        let extension = self.tree.node(id).type_id == self.validator.known.extension_type;
        if severity == Severity::Information || !all || extension {
            return self.not_checked(&catalogue::PROFILE_NOT_LOADED, id, spec.program, args);
        }
        let canonical = &self.program(spec.program).canonical;
        let issue = Issue::on(&catalogue::PROFILE_NOT_LOADED, id).severity(severity);
        self.push(Issue { args, ..issue.profile(canonical) });
    }

    /// Puts a program's root on the stack of a node.
    pub fn add_program(&mut self, id: NodeId, program: ProgramId, first: usize) {
        let Some(root) = self.program(program).root else { return };
        if !self.add_spec(root, first) {
            self.tell_of(&catalogue::TOO_DEEP, id, program, Default::default());
        }
    }

    pub fn is_a(&self, type_id: TypeId, ancestor: TypeId) -> bool {
        type_id != TypeId::NONE
            && ancestor != TypeId::NONE
            && self.validator.table.is_a(type_id, ancestor)
    }

    /// Whether a node meets a program; found out once.
    pub fn meets(&mut self, id: NodeId, program: ProgramId) -> bool {
        if let Some(known) = self.memory.met.get(&(id, program)) {
            self.cut |= *known == Met::Cut;
            return *known != Met::No;
        }
        let compiled = self.program(program);
        if !self.is_a(self.tree.node(id).type_id, compiled.type_id) {
            return false;
        }
        if self.asking >= DEEPEST {
            self.cut = true;
            return true;
        }
        self.memory.met.insert((id, program), Met::Asked);
        let before = std::mem::replace(&mut self.cut, false);
        let met = compiled.root.is_none_or(|root| self.meets_spec(id, root));
        let found = match (met, self.cut) {
            (false, _) => Met::No,
            (true, true) => Met::Cut,
            (true, false) => Met::Yes,
        };
        self.memory.met.insert((id, program), found);
        if found == Met::Cut && self.asking == 0 {
            let name = Arg::Shared(Arc::clone(&compiled.canonical));
            self.not_checked(&catalogue::TOO_FAR, id, program, [name, Arg::None, Arg::None]);
        }
        self.cut |= before && self.asking > 0;
        met
    }

    /// Whether a node is of a type and meets its definition; found out once.
    pub fn meets_type(&mut self, id: NodeId, type_id: TypeId) -> bool {
        if !self.is_a(self.tree.node(id).type_id, type_id) {
            return false;
        }
        let specs = &self.validator.programs.base_types;
        let Some(spec) = specs.get(type_id.0 as usize).copied().flatten() else { return true };
        let key = (id, self.spec(spec).program);
        if let Some(known) = self.memory.met.get(&key) {
            return *known != Met::No;
        }
        self.memory.met.insert(key, Met::Asked);
        let (first, told) = (self.memory.specs.len(), self.issues.len());
        self.asking += 1;
        self.node(id, true, first);
        self.asking -= 1;
        self.memory.specs.truncate(first);
        let met = !self.issues[told..].iter().any(Issue::refuses);
        self.issues.truncate(told);
        self.memory.met.insert(key, if met { Met::Yes } else { Met::No });
        met
    }

    /// Whether a node meets a spec; what is wrong with it is not told.
    fn meets_spec(&mut self, id: NodeId, spec: SpecId) -> bool {
        let first = self.memory.specs.len();
        let told = self.issues.len();
        self.memory.specs.push(spec);
        self.asking += 1;
        self.node(id, false, first);
        self.asking -= 1;
        self.memory.specs.truncate(first);
        let met = !self.issues[told..].iter().any(Issue::refuses);
        self.issues.truncate(told);
        met
    }

    fn children(&mut self, id: NodeId, node: &Node, base: bool, specs: std::ops::Range<usize>) {
        let table = &*self.validator.table;
        let (from, len) = match node.type_id {
            TypeId::NONE => (0, 0),
            known => {
                let elements = &table.type_of(known).elements;
                (elements.first().map_or(0, |e| e.0), elements.len())
            }
        };
        let frame = self.memory.counts.len();
        let counters = specs.clone().map(|at| self.spec(self.memory.specs[at]).counters as usize);
        let counters: usize = counters.sum();
        self.memory.counts.resize(frame + len + counters, 0);
        let tree = self.tree;
        let ordered = base && tree.header.ordered;
        let mut furthest = 0;
        for child in tree.children(id) {
            let element = tree.node(child).element;
            let place = element.0.wrapping_sub(from) as usize;
            if element != ElementId::NONE && place < len {
                self.memory.counts[frame + place] += 1;
                if ordered {
                    furthest = rules::order::check(self, node, child, (place, furthest));
                }
            }
            self.child(child, element, base, specs.clone(), frame + len);
        }
        let mut counter = frame + len;
        for at in specs {
            let spec = self.spec(self.memory.specs[at]);
            for rule in &spec.children {
                let place = rule.element.0.wrapping_sub(from) as usize;
                if place < len {
                    let count = self.memory.counts[frame + place];
                    rules::cardinality::check(self, id, spec, rule, count);
                    rules::slicing::close(self, id, spec, rule, counter);
                }
            }
            counter += spec.counters as usize;
        }
        self.memory.counts.truncate(frame);
    }

    fn child(
        &mut self,
        child: NodeId,
        element: ElementId,
        base: bool,
        specs: std::ops::Range<usize>,
        mut counter: usize,
    ) {
        let start = self.memory.specs.len();
        for at in specs {
            let spec = self.spec(self.memory.specs[at]);
            if let Some(rule) = find(&spec.children, element) {
                if let Some(of_each) = rule.spec
                    && !self.add_spec(of_each, start)
                {
                    self.tell_of(&catalogue::TOO_DEEP, child, spec.program, Default::default());
                }
                if rule.slicing.is_some() {
                    rules::slicing::assign(self, child, spec, rule, counter, start);
                }
            }
            counter += spec.counters as usize;
        }
        if base || self.memory.specs.len() > start {
            self.node(child, base, start);
        }
        self.memory.specs.truncate(start);
    }

    /// Remembers whether a constraint holds at a node, found out by `find`; tells when it does not, once.
    pub fn constraint(
        &mut self,
        id: NodeId,
        constraint: ConstraintId,
        program: ProgramId,
        find: impl FnOnce(&mut Run<'a>) -> Option<bool>,
    ) {
        let known = self.memory.tested.get(&(id, constraint)).copied();
        let tested = match known {
            Some(tested) => tested,
            None => Tested { holds: find(self).unwrap_or(true), told: false },
        };
        // while only asking, every failure counts, told before or not
        let tell = !tested.holds && (self.asking > 0 || !tested.told);
        if tell {
            let one = &self.validator.programs.constraints[constraint.0 as usize];
            let args =
                [Arg::Shared(Arc::clone(&one.key)), Arg::Shared(Arc::clone(&one.human)), Arg::None];
            let canonical = &self.program(program).canonical;
            let issue = Issue::on(&catalogue::CONSTRAINT, id).severity(one.severity);
            self.push(Issue { args, ..issue.profile(canonical) });
        }
        let told = tested.told || (tell && self.asking == 0);
        if known != Some(Tested { told, ..tested }) {
            self.memory.tested.insert((id, constraint), Tested { told, ..tested });
        }
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

/// The rule for an element among rules sorted by element.
fn find(rules: &[ChildRule], element: ElementId) -> Option<&ChildRule> {
    match rules.len() {
        0 => None,
        1..=8 => rules.iter().find(|r| r.element == element),
        _ => rules.binary_search_by_key(&element, |r| r.element).ok().map(|at| &rules[at]),
    }
}
