//! A compiled map: indexes instead of names, expressions compiled, constants in one buffer.
//!
//! Promises: holds all that a run needs; never changes; shared by all messages in flight. Never: a
//! reference to the text of the map, except the file and line that an issue names.

use super::concepts::Concepts;
use super::dates::{Becomes, Pattern};
use super::declared::{Ask, Earlier, Parameter};
pub(super) use super::dispatch::{Chosen, Dispatch};
use super::expression::Compiled;
use super::facts::Facts;
use super::trace::RulePlace;
use crate::tree::types::{ElementId, Table, TypeId, TypeKind};
use crate::tree::{NodeId, Tree};
use bytestring::ByteString;
use std::sync::Arc;

/// What the plans of a snapshot share, so that a group which many maps import is compiled once.
pub(super) struct Code {
    pub(super) table: Arc<Table>,
    pub(super) facts: Arc<Facts>,
    /// Groups, one for each combination of parameter types they are called with.
    pub(super) groups: Vec<Group>,
    /// Every literal of the map, one after the other.
    pub(super) constants: ByteString,
    /// What issues and tools call the rules.
    pub(super) rules: Vec<RulePlace>,
    /// The paths from a variable that expressions repeat.
    pub(super) paths: Vec<crate::fhirpath::Expression>,
    /// The concept maps that were at hand when the plans were made.
    pub(super) concepts: Vec<Arc<Concepts>>,
    /// The profiles and value sets that expressions ask about by name.
    pub(super) asks: Vec<Ask>,
    /// The concept maps that the route names, as translations ask for them.
    pub(super) wanted: Vec<Arc<str>>,
    /// The names of route parameters, by the index that expressions use.
    pub(super) names: Vec<Arc<str>>,
}

impl Code {
    /// Whether a name is a FHIR resource's in the version that is built in.
    pub(super) fn is_resource(&self, name: &str) -> bool {
        let found = self.table.find(name);
        found.is_some_and(|id| self.table.type_of(id).kind == TypeKind::Resource)
    }
}

/// A compiled map.
pub struct Plan {
    /// The map's canonical.
    pub(super) url: Arc<str>,
    /// The map's name.
    pub(super) name: Box<str>,
    pub(super) code: Arc<Code>,
    /// The group where it starts.
    pub(super) start: u32,
    /// The route parameters that its head declares.
    pub(super) parameters: Vec<Parameter>,
    /// The types of the entry group's sources, and of its target.
    pub(super) sources: Vec<TypeId>,
    pub(super) target: TypeId,
    /// What it makes is called, where its type is not known, and whether that is a FHIR resource.
    pub(super) root: (Box<str>, bool),
    /// The earlier messages that it declares.
    pub(super) earlier: Vec<Earlier>,
    /// The slots of the entry group's parameters: sources, then the target.
    pub(super) entry: Vec<Slot>,
}

/// A register, counted from the frame of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub u32);

/// The index of a rule among all of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleId(pub u32);

pub(super) struct Group {
    pub slots: u32,
    pub rules: Vec<Rule>,
    /// What its target is called, where its type is not known.
    pub makes: Box<str>,
}

/// A rule.
pub(super) struct Rule {
    pub id: RuleId,
    pub sources: Vec<Source>,
    pub targets: Vec<Target>,
    pub calls: Vec<Call>,
    pub rules: Vec<Rule>,
}

pub(super) struct Call {
    pub group: u32,
    /// The values of the callee's first slots.
    pub arguments: Vec<Operand>,
}

pub(super) struct Source {
    pub from: Slot,
    /// What it starts from is searched for, and there is nothing to search in.
    pub search: bool,
    pub steps: Vec<Step>,
    pub filter: Option<TypeId>,
    pub cardinality: Option<(u32, u32)>,
    pub default: Option<Compiled>,
    pub list: Option<super::ast::SourceList>,
    pub into: Slot,
    pub condition: Option<Compiled>,
    pub check: Option<Compiled>,
    pub log: Option<Log>,
}

pub(super) enum Log {
    /// A drop on purpose.
    Dropped,
    /// A literal text.
    Text(Arc<str>),
    /// A computed text, which is not shown.
    Computed,
}

/// One element down.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// An element.
    Element(ElementId),
    /// A choice element by its wire name.
    Choice(ElementId, TypeId),
    /// Every element.
    Any,
    /// A primitive's own value.
    Value,
    /// By name, where the type is known only at run time.
    Named(Box<str>),
}

pub(super) struct Target {
    pub place: Place,
    pub transform: Transform,
    pub list: List,
    pub bind: Option<Slot>,
}

/// Where a target goes.
pub(super) enum Place {
    /// Nowhere: only a variable is made.
    Nowhere,
    /// The variable itself.
    Whole(Slot),
    /// An element below a variable.
    Below(Slot, Step),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    New,
    First,
    Last,
    Single,
    Share(u32),
}

/// A value that a transform is given.
pub(super) enum Operand {
    Slot(Slot),
    /// A piece of the plan's constants, with its type.
    Constant(u32, u32, TypeId),
    Expression(Box<Compiled>),
}

/// What a target is made of.
pub(super) enum Transform {
    /// The element's only type; what is there already if it cannot repeat.
    Make,
    Create(TypeId),
    /// A resource of no known type, and what it is called.
    CreateCalled(Box<str>),
    Copy(Operand),
    /// An element of a type, filled by the group that maps to it: group, created type.
    Typed(Operand, u32, TypeId),
    /// In the same way, by the type that the item turns out to have; a copy where no group is for it.
    Dispatch(Operand, Arc<Dispatch>),
    Evaluate(Box<Compiled>),
    Translate(Box<Translate>),
    Append(Vec<Operand>),
    Cast(Operand, TypeId),
    Truncate(Operand, Operand),
    Uuid(Vec<Operand>),
    Reference(Slot),
    Pointer(Slot),
    Build(Build),
    DateOp(Box<DateOp>),
    /// A text in its own order as a date, or seconds since 1970.
    Moment(Box<Moment>),
    /// Mixed content to text: the names of a line break and of a space.
    Flatten(Operand, Vec<Box<str>>),
    /// Text to mixed content: the elements of a line break and of a space.
    Unflatten(Operand, Vec<ElementId>),
    ToHtml(Operand),
    /// EDIFACT's free text below an item to text: of the segments with a qualifier, if one is given.
    FromFree(Operand, Option<Box<str>>),
    /// Text to segments of EDIFACT's free text, whose first elements these are.
    ToFree(Operand, Vec<Box<str>>),
}

impl Transform {
    /// The groups that a type may choose for it.
    pub fn groups(&self) -> Vec<u32> {
        match self {
            Transform::Typed(_, group, _) => vec![*group],
            Transform::Dispatch(_, table) => table.all().collect(),
            _ => Vec::new(),
        }
    }
}

/// A datatype made of parts.
pub(super) struct Build {
    pub type_id: TypeId,
    pub parts: Vec<(ElementId, Piece)>,
}

pub(super) enum Piece {
    Operand(Operand),
    Build(Build),
}

pub(super) struct Translate {
    pub operand: Operand,
    pub map: ConceptSource,
    pub output: Output,
    pub optional: bool,
}

/// Where a translation is looked up.
pub(super) enum ConceptSource {
    /// One of the plan's concept maps.
    Plan(u32),
    /// One that the route names, by its place among [`Code::wanted`].
    Route(u32),
    /// A book of the world: which, from what, to what.
    Book(Arc<str>, Box<str>, Box<str>, Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Code,
    System,
    Display,
    Coding,
    CodeableConcept,
}

pub(super) struct DateOp {
    pub operand: Operand,
    pub zone: jiff::tz::TimeZone,
    pub form: DateForm,
}

/// A date that is no FHIR date yet.
pub(super) struct Moment {
    pub operand: Operand,
    pub read: DateRead,
    pub to: Becomes,
}

/// What a date is read by, and the zone of a time that says none.
pub(super) enum DateRead {
    Pattern(Pattern, Option<jiff::tz::TimeZone>),
    Seconds(jiff::tz::TimeZone),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateForm {
    DateTime,
    Date,
    Time,
    Minutes,
    Local,
}

impl Plan {
    /// The map's canonical.
    pub fn url(&self) -> &Arc<str> {
        &self.url
    }

    /// The map's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The defaults that a route using this plan must declare.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The earlier messages that it reads.
    pub fn earlier(&self) -> &[Earlier] {
        &self.earlier
    }

    /// The profiles and value sets that it and the plans made with it ask about.
    pub fn asks(&self) -> &[Ask] {
        &self.code.asks
    }

    /// The concept maps that it and the plans made with it ask the route for, by the place that they are asked by.
    pub fn wanted_concepts(&self) -> &[Arc<str>] {
        &self.code.wanted
    }

    /// The types of the sources, the message's first.
    pub fn sources(&self) -> &[TypeId] {
        &self.sources
    }

    /// The type of what it makes.
    pub fn target(&self) -> TypeId {
        self.target
    }

    /// The rule (`file:line`) that wrote a node of a target: a target's nodes carry it as their offset, for
    /// they come from no input.
    pub fn rule_of(&self, target: &Tree, node: NodeId) -> Option<&Arc<str>> {
        let rule = self.code.rules.get((target.node(node).offset as usize).checked_sub(1)?)?;
        Some(&rule.place)
    }

    /// The rules of all plans that were made with it, in no order of the text; which it can come to is in
    /// [`Plan::own_rules`].
    pub fn rules(&self) -> &[RulePlace] {
        &self.code.rules
    }

    /// The table that its trees must be typed by.
    pub fn table(&self) -> &Arc<Table> {
        &self.code.table
    }

    /// The groups that a run can come to, from where it starts.
    pub(super) fn reached_groups(&self) -> Vec<u32> {
        let mut seen = vec![false; self.code.groups.len()];
        let mut open = vec![self.start];
        let mut reached = Vec::new();
        while let Some(group) = open.pop() {
            if std::mem::replace(&mut seen[group as usize], true) {
                continue;
            }
            reached.push(group);
            let mut rules: Vec<&Rule> = self.code.groups[group as usize].rules.iter().collect();
            while let Some(rule) = rules.pop() {
                open.extend(rule.calls.iter().map(|call| call.group));
                open.extend(rule.targets.iter().flat_map(|target| target.transform.groups()));
                rules.extend(&rule.rules);
            }
        }
        reached
    }

    /// The places in [`Plan::rules`] of the rules that a run can come to, in order.
    pub fn own_rules(&self) -> Vec<usize> {
        let mut own = Vec::new();
        for group in self.reached_groups() {
            let mut rules: Vec<&Rule> = self.code.groups[group as usize].rules.iter().collect();
            while let Some(rule) = rules.pop() {
                own.push(rule.id.0 as usize);
                rules.extend(&rule.rules);
            }
        }
        own.sort_unstable();
        own.dedup();
        own
    }
}
