//! The official FHIRPath suite, run from its own file.
//!
//! Promises: what the file says is what is wanted: the outputs in their order, or a fault (`syntax` and
//! `semantic` when compiled, `execution` then or later). Knows no test by name.

use super::input;
use libtest_mimic::Failed;
use stafett::definitions::core::Core;
use stafett::fhirpath::{
    Collection, Context, Expression, Item, Memory, NoHooks, References, Scene, Value,
};
use stafett::format::xml;
use stafett::tree::types::Table;
use stafett::tree::{Kind, Names, NodeId, Tree};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The result of a run.
pub struct Score {
    /// How many tests passed.
    pub passed: usize,
    /// How many there are.
    pub total: usize,
    /// The names of those that did not, each with what came instead.
    pub missed: Vec<(String, String)>,
}

/// A test as the file has it.
#[derive(Default, Debug)]
struct Case {
    name: String,
    input: String,
    predicate: bool,
    ordered: bool,
    check_order: bool,
    expression: String,
    invalid: Option<String>,
    outputs: Vec<(String, String)>,
}

/// Runs the suite that lies in `folder`.
pub fn run(folder: &Path) -> Result<Score, Failed> {
    let text = std::fs::read_to_string(folder.join("tests-fhir-r4.xml"))?;
    let cases = read(text)?;
    let table = Core::embedded().table();
    let mut trees = HashMap::new();
    let mut score = Score { passed: 0, total: cases.len(), missed: Vec::new() };
    let mut memory = Memory::new();
    for case in &cases {
        if !trees.contains_key(&case.input) {
            let tree = input::read(&folder.join("input").join(&case.input), &table)?;
            trees.insert(case.input.clone(), tree);
        }
        match check(case, &table, &trees[&case.input], &mut memory) {
            Ok(()) => score.passed += 1,
            Err(reason) => score.missed.push((case.name.clone(), reason)),
        }
    }
    Ok(score)
}

/// The file is namespaced XML to us: attributes and elements are children by name.
fn read(text: String) -> Result<Vec<Case>, Failed> {
    let mut tree = Tree::new(Arc::new(Names::default()));
    let mut issues = Vec::new();
    if !xml::read(text.into(), &mut tree, &mut issues) {
        return Err(Failed::from(format!("the suite cannot be read: {issues:?}")));
    }
    let root = tree.root().ok_or("an empty suite")?;
    let groups = tree.children_named(root, "group");
    let tests = groups.flat_map(|group| tree.children_named(group, "test"));
    Ok(tests.map(|test| case(&tree, test)).collect())
}

fn case(tree: &Tree, test: NodeId) -> Case {
    let text = |node, name| tree.child_text(node, name).map(|text| text.into_owned());
    let is = |name, value| text(test, name).as_deref() == Some(value);
    let expression = tree.child(test, "expression").unwrap_or(test);
    let outputs = tree
        .children_named(test, "output")
        .map(|output| (text(output, "type").unwrap_or_default(), content(tree, output)));
    Case {
        name: text(test, "name").unwrap_or_default(),
        // a test without an input of its own does not look at it
        input: text(test, "inputfile").unwrap_or("patient-example.xml".to_owned()),
        predicate: is("predicate", "true"),
        ordered: !is("ordered", "false"),
        check_order: is("checkOrderedFunctions", "true"),
        expression: content(tree, expression),
        invalid: text(expression, "invalid"),
        outputs: outputs.collect(),
    }
}

/// An element's character data: its value, or its pieces beside attributes.
fn content(tree: &Tree, element: NodeId) -> String {
    let pieces = tree.children(element).filter(|c| tree.node(*c).kind == Kind::Text);
    let pieces = pieces.filter_map(|piece| tree.text(piece));
    tree.text(element).into_iter().chain(pieces).collect()
}

fn check(case: &Case, table: &Arc<Table>, tree: &Tree, memory: &mut Memory) -> Result<(), String> {
    let focus = vec![tree.node(NodeId(0)).type_id];
    let context = Context { focus, check_order: case.check_order, ..Context::default() };
    let compiled = Expression::compile(&case.expression, table, &context);
    let wanted = case.invalid.as_deref();
    let expression = match (compiled, wanted) {
        (Err(_), Some(_)) => return Ok(()),
        (Err(faults), None) => return Err(format!("not compiled: {}", faults[0])),
        (Ok(_), Some("syntax" | "semantic")) => {
            return Err("compiled, though a fault is wanted".to_owned());
        }
        (Ok(expression), _) => expression,
    };
    let mut references = References::new();
    references.build(tree);
    let trees = [tree];
    let scene = Scene {
        trees: &trees,
        table,
        now: "2026-11-25T10:00:00Z".parse().map_err(|_| "no time")?,
        references: Some(&references),
        hooks: &NoHooks,
    };
    let result = expression.evaluate(&scene, &[Item::Node(0, NodeId(0))], &[], memory);
    let result = match (result, wanted) {
        (Err(_), Some(_)) => return Ok(()),
        (Err(reason), None) => return Err(format!("not evaluated: {reason}")),
        (Ok(_), Some(_)) => return Err("evaluated, though an error is wanted".to_owned()),
        (Ok(result), None) => result,
    };
    if case.predicate {
        let truth = (!result.is_empty()).to_string();
        return same(case, vec![("boolean".to_owned(), truth)]);
    }
    let got = result.iter().map(|item| describe(&result, &item, tree, table)).collect();
    same(case, got)
}

fn same(case: &Case, mut got: Vec<(String, String)>) -> Result<(), String> {
    let mut wanted: Vec<_> =
        case.outputs.iter().map(|(kind, text)| (kind.clone(), bare(kind, text))).collect();
    if !case.ordered {
        got.sort_by(|a, b| a.1.cmp(&b.1));
        wanted.sort_by(|a, b| a.1.cmp(&b.1));
    }
    let alike = |(a, b): (&(String, String), &(String, String))| {
        a.1 == b.1 && (b.0.is_empty() || a.0.eq_ignore_ascii_case(&b.0))
    };
    match got.len() == wanted.len() && got.iter().zip(&wanted).all(alike) {
        true => Ok(()),
        false => Err(format!("got {got:?}, wanted {wanted:?}")),
    }
}

/// A literal of the file as `toString()` writes it.
fn bare(kind: &str, text: &str) -> String {
    let literal = text.strip_prefix("@T").or(text.strip_prefix('@'));
    match literal {
        Some(literal) => literal.to_owned(),
        // the sign of zero is not kept
        None if text == "-0.0" => "0.0".to_owned(),
        None if kind == "decimal" => text.trim_end_matches(".0").to_owned(),
        None => text.to_owned(),
    }
}

fn describe(
    result: &Collection<'_>,
    item: &Item<'_>,
    tree: &Tree,
    table: &Table,
) -> (String, String) {
    let text = match item {
        Item::Node(_, node) => tree.text(*node).map(|t| t.into_owned()),
        Item::Value(_) => {
            result.iter().find(|i| i == item).and_then(|i| result.text(&i).map(|t| t.into_owned()))
        }
    };
    let kind = match item {
        Item::Node(_, node) => table.type_of(tree.node(*node).type_id).name.to_string(),
        Item::Value(value) => match value {
            Value::Boolean(_) => "boolean".to_owned(),
            Value::Integer(_) => "integer".to_owned(),
            Value::Decimal(_) => "decimal".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Moment(moment) => format!("{:?}", moment.kind),
            Value::Quantity(..) => "Quantity".to_owned(),
            Value::Type { .. } => "type".to_owned(),
        },
    };
    (kind, text.unwrap_or_else(|| "?".to_owned()))
}
