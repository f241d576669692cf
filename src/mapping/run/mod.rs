//! A plan run: rules in their order, over registers.
//!
//! Promises: one run is deterministic and bounded by its limits; a fault of the message is an issue and the run
//! goes on; everything that is used again is kept in [`Memory`]. Never: looks up a name that the plan knows.

mod copy;
mod fire;
mod fresh;
mod loss;
mod mixed;
mod named;
mod row;
mod sources;
mod transforms;
mod value;
mod world;
mod write;

use super::expression::{Compiled, Variable};
use super::hooks::Hooks;
use super::ids::IdSeed;
use super::issues;
use super::limits::Limits;
use super::plan::{Plan, RuleId};
use super::trace::{At, Fate, Trace, Use};
use crate::fhirpath::{self, NotEvaluable};
use crate::message::{Arg, Issue, IssueKind, Place};
use crate::tree::types::{TypeId, TypeKind};
use crate::tree::{BufferId, Kind, NodeId, Tree};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

pub use loss::Losses;
pub(in crate::mapping) use value::MAX_VARIABLES;
use value::Value;
pub use value::value_slice;

/// Most source trees of a run: the message and earlier ones.
pub const MAX_SOURCES: usize = 4;

/// What a run is given.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The message, then earlier messages, in the order of the entry group's sources; all typed by the plan's
    /// table.
    pub sources: &'a [&'a Tree],
    /// What `now()` says.
    pub now: jiff::Timestamp,
    /// What the engine decided about the new message.
    pub engine: Engine<'a>,
    /// The route's defaults by name.
    pub parameters: &'a [(&'a str, &'a str)],
    /// What ids grow from.
    pub ids: IdSeed<'a>,
    /// What the run may cost.
    pub limits: Limits,
}

/// What `%engine.*` says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine<'a> {
    /// `%engine.messageId`.
    pub message_id: &'a str,
    /// `%engine.envelopeId`.
    pub envelope_id: &'a str,
    /// `%engine.now`, with a zone.
    pub now: &'a str,
}

/// What runs keep from one to the next, so that a warm one allocates next to nothing. One a worker.
#[derive(Default)]
pub struct Memory {
    fhirpath: fhirpath::Memory,
    slots: Vec<Value>,
    items: Vec<Value>,
    /// The target's buffers that stand for a source's, by source and buffer.
    buffers: Vec<Vec<Option<BufferId>>>,
    /// The element of a share's key below a node.
    shares: HashMap<(u32, u32), NodeId, FixedState>,
    /// How many ids a rule made for an item: rule, tree, node.
    asked: HashMap<(u32, u8, u32), u32, FixedState>,
    /// The place of each node of a source among its siblings of the same name, once an id asks for it.
    ordinals: [Vec<u32>; MAX_SOURCES],
    spare: String,
    name: String,
    text: String,
    loss: loss::Marks,
    /// What paths led to, by path and node.
    paths: HashMap<(u32, u8, u32), (u32, u32), FixedState>,
    led_to: Vec<fhirpath::Item<'static>>,
}

impl Memory {
    /// An empty one.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// What became of a node of the message in the last run; none for one that says nothing of its own.
    pub fn fate(&self, message: &Tree, node: NodeId) -> Option<Fate> {
        self.loss.fate(message, node)
    }
}

/// The map is beyond its limits, or has nothing to run on.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What happened, as the issue to answer with.
    pub issue: Issue,
}

struct Stop(Failure);

struct Machine<'p, 'a> {
    plan: &'p Plan,
    inputs: &'a Inputs<'a>,
    sources: &'a [&'a Tree],
    target: &'a mut Tree,
    hooks: &'a dyn Hooks,
    world: &'a dyn fhirpath::Hooks,
    memory: &'a mut Memory,
    issues: &'a mut Vec<Issue>,
    constants: BufferId,
    steps: u64,
    depth: u32,
    rule: RuleId,
    /// What the rule fires for.
    item: Value,
    trace: Option<&'a mut dyn Trace>,
}

impl Plan {
    /// Runs the plan. `target` is made anew; issues of the message are appended; their nodes are those of the
    /// first source.
    pub fn run(
        &self,
        inputs: &Inputs<'_>,
        target: &mut Tree,
        hooks: &dyn Hooks,
        memory: &mut Memory,
        issues: &mut Vec<Issue>,
    ) -> Result<Losses, Failure> {
        self.go(inputs, target, hooks, memory, issues, None)
    }

    /// The same, and tells `trace` what it does.
    pub fn run_traced(
        &self,
        inputs: &Inputs<'_>,
        target: &mut Tree,
        hooks: &dyn Hooks,
        memory: &mut Memory,
        issues: &mut Vec<Issue>,
        trace: &mut dyn Trace,
    ) -> Result<Losses, Failure> {
        self.go(inputs, target, hooks, memory, issues, Some(trace))
    }

    fn go<'a>(
        &self,
        inputs: &'a Inputs<'a>,
        target: &'a mut Tree,
        hooks: &'a dyn Hooks,
        memory: &'a mut Memory,
        issues: &'a mut Vec<Issue>,
        trace: Option<&'a mut dyn Trace>,
    ) -> Result<Losses, Failure> {
        assert!(inputs.sources.len() <= MAX_SOURCES, "the engine gives at most four messages");
        target.reset(self.code.table.names());
        let constants = target.add_buffer(self.code.constants.clone());
        let world: &dyn fhirpath::Hooks = hooks;
        let mut machine = Machine {
            plan: self,
            inputs,
            sources: inputs.sources,
            target,
            hooks,
            world,
            memory,
            issues,
            constants,
            steps: 0,
            depth: 0,
            rule: RuleId(0),
            item: Value::None,
            trace,
        };
        machine.prepare();
        let done = machine.start();
        match done {
            Ok(()) => Ok(machine.losses()),
            Err(Stop(failure)) => Err(failure),
        }
    }
}

impl<'p> Machine<'p, '_> {
    fn prepare(&mut self) {
        let memory = &mut *self.memory;
        memory.slots.clear();
        memory.items.clear();
        memory.shares.clear();
        memory.asked.clear();
        memory.paths.clear();
        memory.led_to.clear();
        memory.ordinals.iter_mut().for_each(Vec::clear);
        memory.buffers.iter_mut().for_each(Vec::clear);
        memory.buffers.resize_with(self.sources.len().max(memory.buffers.len()), Vec::new);
        memory.fhirpath.note_reads();
        memory.loss.prepare(self.sources.first().map_or(0, |tree| tree.len()));
    }

    fn start(&mut self) -> Result<(), Stop> {
        let group = &self.plan.code.groups[self.plan.start as usize];
        self.memory.slots.resize(group.slots as usize, Value::None);
        let (sources, target) = self.plan.entry.split_at(self.plan.sources.len());
        for (at, slot) in sources.iter().enumerate() {
            let tree = self.sources.get(at);
            let Some(root) = tree.and_then(|t| t.root()) else { continue };
            let wanted = self.plan.sources[at];
            let value = Value::Node(at as u8, root);
            if wanted != TypeId::NONE && !self.is_a(self.type_of(value), wanted) {
                let node = (at == 0).then_some(root);
                let issue = Issue::new(&issues::UNKNOWN_SOURCE, Place { node, ..Place::default() })
                    .profile(&self.plan.url)
                    .arg(Arg::Shared(Arc::clone(&self.plan.url)))
                    .arg(self.type_arg(wanted));
                self.issues.push(issue);
                return Ok(());
            }
            self.set(0, *slot, value);
        }
        let root = self.root(self.plan.target);
        self.set(0, target[0], Value::Node(self.target_tree(), root));
        self.rules(&group.rules, 0)
    }

    /// The root of the target.
    fn root(&mut self, type_id: TypeId) -> NodeId {
        let table = &self.plan.code.table;
        if type_id == TypeId::NONE {
            let (called, is_resource) = &self.plan.root;
            let name = self.target.name_id(called);
            let root = self.target.add(None, Kind::Element, name, 0);
            if *is_resource {
                let name = self.target.keep(called);
                self.target.set_resource_type(root, name);
            }
            return root;
        }
        let one = table.type_of(type_id);
        let last = one.name.rsplit('/').next().unwrap_or_default();
        let name = match one.root_name {
            Some(name) => name,
            None => self.target.name_id(last),
        };
        let root = self.target.add(None, Kind::Element, name, 0);
        let node = self.target.node_mut(root);
        node.type_id = type_id;
        node.namespace = one.namespace;
        if one.kind == TypeKind::Resource {
            let name = self.target.keep(last);
            self.target.set_resource_type(root, name);
        }
        root
    }

    fn is_a(&self, type_id: TypeId, ancestor: TypeId) -> bool {
        type_id != TypeId::NONE && self.plan.code.table.is_a(type_id, ancestor)
    }

    /// Counts work against the limits.
    fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        let limits = &self.inputs.limits;
        if self.steps > limits.steps {
            return Err(self.too_costly("steps", limits.steps));
        }
        if self.target.len() > limits.nodes {
            return Err(self.too_costly("elements", limits.nodes as u64));
        }
        if self.target.scratch().len() > limits.bytes {
            return Err(self.too_costly("bytes", limits.bytes as u64));
        }
        Ok(())
    }

    fn too_costly(&self, what: &'static str, limit: u64) -> Stop {
        let node = match self.item {
            Value::Node(0, node) => Some(node),
            _ => self.sources.first().and_then(|tree| tree.root()),
        };
        let issue = Issue::new(&issues::TOO_COSTLY, Place { node, ..Place::default() })
            .profile(&self.plan.url)
            .arg(self.rule_arg())
            .arg(Arg::Static(what))
            .arg(Arg::Number(limit));
        Stop(Failure { issue })
    }

    fn rule_arg(&self) -> Arg {
        let rule = self.plan.code.rules.get(self.rule.0 as usize);
        rule.map_or(Arg::Static("?"), |rule| Arg::Shared(Arc::clone(&rule.place)))
    }

    /// Tells whoever watches, if somebody does.
    fn tell(&mut self, event: impl FnOnce(&mut dyn Trace, usize)) {
        if let Some(trace) = &mut self.trace {
            event(&mut **trace, self.rule.0 as usize);
        }
    }

    fn tell_written(&mut self, node: NodeId, from: Value) {
        let from = spot_of(from).or_else(|| spot_of(self.item));
        self.tell(|trace, rule| trace.wrote(rule, node, from));
    }

    fn tell_read(&mut self, tree: u8, node: NodeId, what_for: Use) {
        self.tell(|trace, rule| trace.read(rule, At { tree, node }, what_for));
    }

    fn type_arg(&self, type_id: TypeId) -> Arg {
        match type_id {
            TypeId::NONE => Arg::Static("value"),
            id => Arg::Shared(Arc::from(&*self.plan.code.table.type_of(id).name)),
        }
    }

    /// Reports an issue of the rule at hand, at a node of the message.
    fn report(&mut self, kind: &'static IssueKind, at: Value, arg: Arg) {
        let node = match at {
            Value::Node(0, node) => Some(node),
            _ => None,
        };
        let place = Place { node, ..Place::default() };
        let issue = Issue::new(kind, place).profile(&self.plan.url).arg(self.rule_arg()).arg(arg);
        self.issues.push(issue);
    }

    fn not_evaluable(&mut self, reason: NotEvaluable, at: Value) {
        self.report(&issues::NOT_EVALUABLE, at, Arg::Static(reason.reason));
    }

    /// Each use of a route's default is said; a missing one is an error.
    fn defaults_used(&mut self, compiled: &Compiled, at: Value) {
        for variable in &compiled.variables {
            let Variable::Parameter(place) = variable else { continue };
            let kind = match parameter(self.plan, self.inputs, *place) {
                Some(_) => &issues::DEFAULT_USED,
                None => &issues::NO_PARAMETER,
            };
            let name = Arc::clone(&self.plan.code.names[*place as usize]);
            self.report(kind, at, Arg::Shared(name));
        }
    }
}

/// Where a value stands, if it is a node.
fn spot_of(value: Value) -> Option<At> {
    match value {
        Value::Node(tree, node) => Some(At { tree, node }),
        _ => None,
    }
}

/// The value that the route gives a parameter.
fn parameter<'a>(plan: &Plan, inputs: &Inputs<'a>, at: u32) -> Option<&'a str> {
    let wanted = &**plan.code.names.get(at as usize)?;
    let mut given = inputs.parameters.iter();
    given.find(|(name, _)| *name == wanted).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests;
