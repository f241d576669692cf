//! What FHIRPath says of an expression, section by section of its specification: `asked/*.txt`.
//!
//! A line is `expression => result`: items parted by `, ` (`'text'`, `@2020`, `1 'mg'`, `<code final>` for an
//! element), `{}` for none, `!` for a fault or an error. What it is asked of is `asked/input.json`.

use super::input;
use crate::support::{Needs, root, trial};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::core::Core;
use stafett::fhirpath::{Context, Expression, Item, Memory, NoHooks, References, Scene, Value};
use stafett::tree::types::Table;
use stafett::tree::{NodeId, Tree};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The trials: one a file.
pub fn trials() -> Vec<Trial> {
    let folder = root().join("tests/it/fhirpath/asked");
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    all.sort();
    let one = |file: PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        trial(&format!("fhirpath: asked, {name}"), Needs::Nothing, move || run(&file))
    };
    all.into_iter().map(one).collect()
}

fn run(file: &Path) -> Result<(), Failed> {
    let table = Core::embedded().table();
    let tree = input::read(&file.with_file_name("input.json"), &table)?;
    let mut memory = Memory::new();
    let (mut all, mut wrong) = (0, Vec::new());
    for line in std::fs::read_to_string(file)?.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (expression, wanted) = line.rsplit_once(" => ").ok_or(format!("no `=>`: {line}"))?;
        let (got, why) = answer(expression, &table, &tree, &mut memory);
        all += 1;
        if got != wanted.trim() {
            wrong.push(format!("{expression} => {got}, not {wanted} {why}"));
        }
    }
    match wrong.is_empty() && all > 0 {
        true => Ok(()),
        false => Err(format!("{} of {all}:\n{}", wrong.len(), wrong.join("\n")).into()),
    }
}

/// What comes, and why nothing does.
fn answer(text: &str, table: &Arc<Table>, tree: &Tree, memory: &mut Memory) -> (String, String) {
    let context = Context { focus: vec![tree.node(NodeId(0)).type_id], ..Context::default() };
    let expression = match Expression::compile(text, table, &context) {
        Ok(expression) => expression,
        Err(faults) => return ("!".to_owned(), faults[0].to_string()),
    };
    let mut references = References::new();
    references.build(tree);
    let trees = [tree];
    let scene = Scene {
        trees: &trees,
        table,
        now: "2026-11-25T10:00:00Z".parse().expect("a moment"),
        references: Some(&references),
        hooks: &NoHooks,
    };
    let result = match expression.evaluate(&scene, &[Item::Node(0, NodeId(0))], &[], memory) {
        Ok(result) => result,
        Err(reason) => return ("!".to_owned(), reason.to_string()),
    };
    if result.is_empty() {
        return ("{}".to_owned(), String::new());
    }
    let write = |item: Item<'_>| match &item {
        Item::Node(_, node) => {
            let name = &table.type_of(tree.node(*node).type_id).name;
            match tree.text(*node) {
                Some(text) => format!("<{name} {text}>"),
                None => format!("<{name}>"),
            }
        }
        Item::Value(value) => {
            let text = result.text(&item).map_or("?".to_owned(), |t| t.into_owned());
            match value {
                Value::String(_) => format!("'{text}'"),
                Value::Moment(_) => format!("@{text}"),
                _ => text,
            }
        }
    };
    let all: Vec<String> = result.iter().map(write).collect();
    (all.join(", "), String::new())
}
