//! Invariants' expressions: compiled at load, tested on nodes, with what FHIRPath does not know itself.

use super::run::Run;
use crate::definitions::terminology::Membership;
use crate::fhirpath::{Cause, Context, Expression, Hooks, Item, NotEvaluable, Scene, Value};
use crate::tree::NodeId;
use crate::tree::types::{Table, TypeId};
use std::cell::RefCell;
use std::sync::Arc;

/// Compiles an invariant for a focus of these types; where it names elements that those do not have, for a
/// focus of any type, since such a name yields nothing and the rest may still say something.
pub(super) fn compile_leniently(
    text: &str,
    table: &Arc<Table>,
    types: &[TypeId],
    held: bool,
) -> Result<(Expression, Option<String>), String> {
    match compile(text, table, types, held) {
        Ok(expression) => Ok((expression, None)),
        Err(fault) => match compile(text, table, &[], held) {
            Ok(expression) => Ok((expression, Some(fault))),
            Err(_) => Err(fault),
        },
    }
}

/// Compiles an expression for a focus of these types, perhaps a resource that another one holds.
fn compile(
    text: &str,
    table: &Arc<Table>,
    types: &[TypeId],
    held: bool,
) -> Result<Expression, String> {
    let context = Context { focus: types.to_vec(), held, lenient_as: true, ..Context::default() };
    Expression::compile(text, table, &context).map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        all.join("; ")
    })
}

/// Why an invariant can never fail: it looks for a type where that type cannot be, and what is asked of
/// nothing is true. None: nothing of the kind was found.
pub(super) fn vacuous(text: &str, table: &Arc<Table>, types: &[TypeId]) -> Option<String> {
    const OF: &str = ".ofType(";
    for (at, _) in text.match_indices(OF) {
        let name = text[at + OF.len()..].split(')').next()?.trim();
        let wanted = table.find(name)?;
        let Ok(before) = compile(&text[..at], table, types, false) else { continue };
        let fits = |is: &TypeId| table.is_a(*is, wanted) || table.is_a(wanted, *is);
        let asked = text[at..].contains(".all(") || text[at..].contains("allTrue()");
        if asked && !before.yields().is_empty() && !before.yields().iter().any(fits) {
            return Some(format!("`{}` is never a {name}", &text[..at]));
        }
    }
    None
}

/// Whether a pattern has alternatives where it was meant to have a literal `|`: `^a|b$` is a beginning or
/// an end, not a whole.
pub(super) fn loose_pattern(text: &str) -> bool {
    text.split("matches('").skip(1).any(|rest| {
        let pattern = rest.split("')").next().unwrap_or("");
        let mut depth = 0i32;
        let mut before = ' ';
        let top = pattern.chars().any(|c| {
            match c {
                '(' | '[' if before != '\\' => depth += 1,
                ')' | ']' if before != '\\' => depth -= 1,
                _ => {}
            }
            let bar = c == '|' && before != '\\' && depth == 0;
            before = c;
            bar
        });
        top && pattern.starts_with('^') && pattern.ends_with('$')
    })
}

/// Whether an expression on the resource finds a node; none when it cannot be evaluated.
pub(super) fn finds(
    run: &mut Run<'_>,
    expression: &Expression,
    resource: NodeId,
    node: NodeId,
) -> Option<bool> {
    evaluate(run, |scene, memory| {
        let found = expression.evaluate(scene, &[Item::Node(0, resource)], &[], memory);
        found.map(|found| found.nodes().any(|(_, n)| n == node))
    })
    .ok()
}

/// Sets the scene for an evaluation.
fn evaluate<T>(
    run: &mut Run<'_>,
    ask: impl FnOnce(&Scene<'_>, &mut crate::fhirpath::Memory) -> Result<T, NotEvaluable>,
) -> Result<T, NotEvaluable> {
    let tree = run.tree;
    let mut memory = run.memory.paths.pop().unwrap_or_default();
    let references = Arc::clone(run.memory.index.references());
    let (table, now) = (&run.validator.table, run.now);
    let result = {
        let hooks = Answers(RefCell::new(run));
        let scene =
            Scene { trees: &[tree], table, now, references: Some(&references), hooks: &hooks };
        ask(&scene, &mut memory)
    };
    run.memory.steps += memory.steps();
    run.memory.paths.push(memory);
    result
}

/// Whether an invariant holds. An empty result is no pass, as the reference validator has it; an error of
/// the expression itself is none either.
pub(super) fn test(
    run: &mut Run<'_>,
    expression: &Expression,
    id: NodeId,
) -> Result<bool, NotEvaluable> {
    let tree = run.tree;
    if let Some(vacuity) = expression.vacuity() {
        let looked = |c: NodeId| {
            let node = tree.node(c);
            vacuity.elements.contains(&node.element) || vacuity.names.contains(&node.name)
        };
        if !tree.children(id).any(looked) {
            return Ok(vacuity.result == Some(true));
        }
    }
    let mut steps = 0;
    let hooks = Answers(RefCell::new(&mut *run));
    let surely = expression.surely_holds_asking(tree, id, &hooks, &mut steps);
    run.memory.steps += steps;
    if surely {
        return Ok(true);
    }
    let result = evaluate(run, |scene, memory| expression.test(scene, 0, id, memory));
    match result {
        Ok(truth) => Ok(truth == Some(true)),
        Err(why) if why.cause == Cause::Error => Ok(false),
        Err(why) => Err(why),
    }
}

/// Answers with the run's own programs and terminology.
struct Answers<'r, 'a>(RefCell<&'r mut Run<'a>>);

impl Hooks for Answers<'_, '_> {
    fn conforms_to(&self, tree: u8, node: NodeId, canonical: &str) -> Result<bool, NotEvaluable> {
        let mut run = self.0.borrow_mut();
        if tree != 0 {
            return Err(NotEvaluable::missing("conformsTo() on another message"));
        }
        let root = run.root_package;
        match run.validator.claimed(canonical, root) {
            Some(program) => Ok(run.meets(node, program)),
            None => {
                let name = canonical.strip_prefix("http://hl7.org/fhir/StructureDefinition/");
                let kind = name.and_then(|name| run.validator.table.find(name));
                let missing = "conformsTo() of a profile that is not loaded";
                kind.map(|k| run.meets_type(node, k)).ok_or(NotEvaluable::missing(missing))
            }
        }
    }

    fn member_of(&self, item: &Item<'_>, value_set: &str) -> Result<bool, NotEvaluable> {
        let run = self.0.borrow();
        let missing = NotEvaluable::missing("memberOf() of a value set that is not loaded");
        let set = run.validator.value_set(value_set, run.root_package).ok_or(missing)?;
        let found = match item {
            Item::Node(0, node) => super::rules::binding::member(&run, *node, set),
            Item::Value(Value::String(code)) => set.contains(None, code),
            _ => Membership::NotIn,
        };
        match found {
            Membership::In => Ok(true),
            Membership::NotIn => Ok(false),
            Membership::Unknown(_) => {
                Err(NotEvaluable::missing("memberOf() of a value set that cannot be expanded"))
            }
        }
    }
}
