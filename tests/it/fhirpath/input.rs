//! The suite's inputs as typed trees.

use libtest_mimic::Failed;
use stafett::definitions::typing::type_tree;
use stafett::format::{fhir_json, fhir_xml};
use stafett::tree::Tree;
use stafett::tree::types::Table;
use std::path::Path;
use std::sync::Arc;

/// Reads and types an input, JSON or XML by its ending.
pub fn read(path: &Path, table: &Arc<Table>) -> Result<Tree, Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    let read = match path.extension().is_some_and(|e| e == "json") {
        true => fhir_json::read(text.into(), &mut tree, &mut issues),
        false => fhir_xml::read(text.into(), &mut tree, &mut issues),
    };
    type_tree(&mut tree, table, &mut issues);
    match read {
        true => Ok(tree),
        false => Err(Failed::from(format!("{} cannot be read: {issues:?}", path.display()))),
    }
}
