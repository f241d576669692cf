//! Expressions, compiled: the public face of the room.

mod calls;
mod digits;
mod terms;
mod types;

use super::code::{Code, Known, Op, OpId};
use super::evaluate;
use super::functions::Function;
use super::item::{Cell, Collection, Item, Text};
use super::memory::Memory;
use super::scene::{Hooks, NoHooks, NotEvaluable, Scene};
use super::shape::Shape;
use super::{parser, syntax};
use crate::tree::types::{ElementId, Table, TypeId};
use crate::tree::{Kind, NameId, NodeId, Tree};
use std::sync::Arc;

/// What an expression is compiled for.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The types that the focus may have; none, or [`TypeId::NONE`] among them: anything.
    pub focus: Vec<TypeId>,
    /// The type of `%resource` where it is known to be another than the focus.
    pub resource: Option<TypeId>,
    /// Variables beside the fixed ones, with the types of their nodes (none: anything). Their places here
    /// are their places in the list given to [`Expression::evaluate`].
    pub variables: Vec<(Box<str>, Vec<TypeId>)>,
    /// Whether the map dialect is spoken: an element may be named as it is on the wire
    /// (`valueQuantity`), and a variable without its `%`.
    pub wire_names: bool,
    /// Whether a function that needs an order is refused after one that has none (`children().first()`).
    pub check_order: bool,
    /// Whether the focus is a resource that is looked at as a part of the one that holds it (a Bundle's
    /// entry, a contained resource), which `%resource` then is.
    pub held: bool,
    /// Whether `as` takes several items, and types in any letter case, as R4's invariants have it.
    pub lenient_as: bool,
}

/// A fault of an expression, found when it is compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Where, in bytes from the beginning of the expression.
    pub offset: u32,
    /// Stable: `fhirpath-syntax`, `fhirpath-unknown-element`.
    pub id: &'static str,
    /// What is wrong, in one line.
    pub text: String,
    /// What to do, where there is something to say: ``did you mean `given`?``
    pub help: Option<String>,
}

impl Fault {
    pub(super) fn new(offset: u32, id: &'static str, text: impl Into<String>) -> Fault {
        Fault { offset, id, text: text.into(), help: None }
    }

    pub(super) fn meant(self, suggestion: Option<&str>) -> Fault {
        Fault { help: suggestion.map(|name| format!("did you mean `{name}`?")), ..self }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: [{}] {}", self.offset, self.id, self.text)?;
        match &self.help {
            Some(help) => write!(out, "; {help}"),
            None => Ok(()),
        }
    }
}

/// When an expression says nothing: it looks at some children of its focus only, and none is there.
#[derive(Clone, PartialEq, Debug)]
pub struct Vacuity {
    /// The children it looks at, by element; those of all focus types.
    pub elements: Box<[ElementId]>,
    /// The same by name.
    pub names: Box<[NameId]>,
    /// What [`Expression::test`] says when none of them is there.
    pub result: Option<bool>,
}

/// A compiled expression: immutable, shared by all workers.
#[derive(Clone, Debug)]
pub struct Expression {
    text: Box<str>,
    table: Arc<Table>,
    pub(super) code: Code,
    vacuity: Option<Vacuity>,
    /// Whether it may be answered without a stack.
    quick: bool,
    /// The same if there is somebody to ask.
    quick_asking: bool,
    yields: Vec<TypeId>,
    notes: Vec<Fault>,
}

impl Expression {
    /// Compiles an expression; all faults that can be found at once.
    pub fn compile(
        text: &str,
        table: &Arc<Table>,
        context: &Context,
    ) -> Result<Expression, Vec<Fault>> {
        let syntax = parser::parse(text).map_err(|fault| vec![fault])?;
        let mut compiler = Compiler::new(table, context);
        let (root, shape) = compiler.expression(&syntax);
        if !compiler.faults.is_empty() {
            return Err(compiler.faults);
        }
        compiler.code.root = root;
        let (code, looked, notes) = (compiler.code, compiler.looked, compiler.notes);
        let yields = match shape.open {
            true => Vec::new(),
            false => shape.fhir().collect(),
        };
        let mut expression = Expression {
            text: text.into(),
            table: Arc::clone(table),
            quick: evaluate::quick_takes(&code, false),
            quick_asking: evaluate::quick_takes(&code, true),
            code,
            vacuity: None,
            yields,
            notes,
        };
        expression.vacuity = looked.and_then(|looked| expression.find_vacuity(looked, context));
        Ok(expression)
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The table it was compiled over.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The types of the nodes it can yield; none when that is not known, or when it yields no node.
    pub fn yields(&self) -> &[TypeId] {
        &self.yields
    }

    /// What is odd about it though it compiles: a type that no item can be of, so that what is said about
    /// such items is said about nothing (`entry.ofType(MessageHeader)`). A profile's author should know.
    pub fn notes(&self) -> &[Fault] {
        &self.notes
    }

    /// The children of the focus without which the expression says nothing, and what it says then; none
    /// when it looks at more than children of its focus.
    pub fn vacuity(&self) -> Option<&Vacuity> {
        self.vacuity.as_ref()
    }

    /// Whether it asks if something conforms to a profile.
    pub fn asks_conformance(&self) -> bool {
        let asks = |op: &(Op, u32)| matches!(op.0, Op::Call(Function::ConformsTo, ..));
        self.code.ops.iter().any(asks)
    }

    /// The value sets that it asks about by name.
    pub fn value_sets(&self) -> impl Iterator<Item = &str> {
        let named = |(op, _): &(Op, u32)| {
            let Op::Call(Function::MemberOf, _, first, _) = op else { return None };
            let argument = self.code.arguments.get(*first as usize)?;
            match self.code.ops[argument.0 as usize].0 {
                Op::Cell(Cell::Text(Text::Scratch(start, len))) => {
                    self.code.texts.get(start as usize..(start + len) as usize)
                }
                _ => None,
            }
        };
        self.code.ops.iter().filter_map(named)
    }

    /// Evaluates the expression on a focus.
    ///
    /// `variables` are those of the [`Context`], in its order; what is left out is empty.
    pub fn evaluate<'m>(
        &self,
        scene: &'m Scene<'_>,
        focus: &[Item<'_>],
        variables: &[&[Item<'_>]],
        memory: &'m mut Memory,
    ) -> Result<Collection<'m>, NotEvaluable> {
        evaluate::run(&self.code, scene, focus, variables, memory)?;
        Ok(Collection { memory, scene })
    }

    /// Evaluates the expression as a condition on one node: what [`Collection::truth`] says of its
    /// result; none when the result is empty.
    ///
    /// Several items of which none is a Boolean count as true, as the reference validator has it.
    pub fn test(
        &self,
        scene: &Scene<'_>,
        tree: u8,
        node: NodeId,
        memory: &mut Memory,
    ) -> Result<Option<bool>, NotEvaluable> {
        let result = self.evaluate(scene, &[Item::Node(tree, node)], &[], memory)?;
        Ok(match result.len() {
            0 | 1 => result.truth(),
            _ => Some(true),
        })
    }

    /// Whether the expression is true of a node beyond doubt; what cannot be said so cheaply is to be
    /// tested. Adds the steps that this takes.
    #[inline]
    pub fn surely_holds(&self, tree: &Tree, node: NodeId, steps: &mut u64) -> bool {
        self.quick
            && evaluate::quick_truth(&self.code, &self.table, tree, node, None, steps) == Some(true)
    }

    /// The same of an expression that asks what FHIRPath does not know; one that does not is never true here.
    pub fn surely_holds_asking(
        &self,
        tree: &Tree,
        node: NodeId,
        hooks: &dyn Hooks,
        steps: &mut u64,
    ) -> bool {
        let truth =
            |steps| evaluate::quick_truth(&self.code, &self.table, tree, node, Some(hooks), steps);
        self.quick_asking && !self.quick && truth(steps) == Some(true)
    }

    fn find_vacuity(&self, looked: Vec<Box<str>>, context: &Context) -> Option<Vacuity> {
        if !context.variables.is_empty() {
            return None;
        }
        let focus = Shape::types(&context.focus);
        let mut tree = Tree::new(Arc::clone(self.table.names()));
        let root = tree.add(None, Kind::Element, NameId::NONE, 0);
        tree.node_mut(root).type_id = context.focus.first().copied().unwrap_or(TypeId::NONE);
        let scene = Scene {
            trees: &[&tree],
            table: &self.table,
            now: jiff::Timestamp::UNIX_EPOCH,
            references: None,
            hooks: &NoHooks,
        };
        let result = self.test(&scene, 0, root, &mut Memory::new()).ok()?;
        let elements = looked.iter().flat_map(|name| focus.child(&self.table, name).elements);
        let names = looked.iter().filter_map(|name| self.table.names().find(name));
        Some(Vacuity { elements: elements.collect(), names: names.collect(), result })
    }
}

/// The state of a compilation.
struct Compiler<'a> {
    table: &'a Arc<Table>,
    context: &'a Context,
    code: Code,
    faults: Vec<Fault>,
    notes: Vec<Fault>,
    scopes: Vec<Scope>,
    /// The names of the focus's children that are looked at, while nothing else of it is.
    looked: Option<Vec<Box<str>>>,
}

/// What `$this` and `$total` are in a place.
#[derive(Clone)]
struct Scope {
    this: Shape,
    total: Option<Shape>,
    /// Whether `$this` is the focus itself.
    outer: bool,
}

impl<'a> Compiler<'a> {
    fn new(table: &'a Arc<Table>, context: &'a Context) -> Compiler<'a> {
        let name = |text: &str| table.names().find(text).unwrap_or(NameId::NONE);
        let known = Known {
            extension: name("extension"),
            url: name("url"),
            reference: name("reference"),
            contained: name("contained"),
            value: name("value"),
            unit: name("unit"),
            code: name("code"),
            comparator: name("comparator"),
        };
        let code = Code {
            ops: Vec::new(),
            arguments: Vec::new(),
            weights: Vec::new(),
            root: OpId(0),
            texts: String::new(),
            decimals: Vec::new(),
            moments: Vec::new(),
            quantities: Vec::new(),
            regexes: Vec::new(),
            scanners: Vec::new(),
            known,
        };
        let this = Shape::types(&context.focus);
        let scopes = vec![Scope { this, total: None, outer: true }];
        let (faults, notes) = (Vec::new(), Vec::new());
        Compiler { table, context, code, faults, notes, scopes, looked: Some(Vec::new()) }
    }

    fn op(&mut self, op: Op, offset: u32) -> OpId {
        self.code.ops.push((op, offset));
        OpId(self.code.ops.len() as u32 - 1)
    }

    fn fault(&mut self, fault: Fault) -> (OpId, Shape) {
        let op = self.op(Op::Empty, fault.offset);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
        (op, Shape::open())
    }

    fn scope(&self) -> &Scope {
        self.scopes.last().expect("the outermost scope is never left")
    }

    /// The focus is used as a whole.
    fn uses_focus(&mut self) {
        self.looked = None;
    }

    /// The input of an invocation, or `$this` when it has none.
    fn input(&mut self, input: Option<&syntax::Syntax>, offset: u32) -> (OpId, Shape) {
        match input {
            Some(input) => self.expression(input),
            None => {
                let shape = self.scope().this.clone();
                (self.op(Op::This, offset), shape)
            }
        }
    }
}
