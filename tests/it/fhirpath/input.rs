//! The suite's inputs as typed trees.

use libtest_mimic::Failed;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use stafett::definitions::typing::type_tree;
use stafett::format::fhir_json;
use stafett::tree::types::Table;
use stafett::tree::{Kind, NodeId, Token, Tree};
use std::path::Path;
use std::sync::Arc;

/// Reads and types an input, JSON or XML by its ending.
pub fn read(path: &Path, table: &Arc<Table>) -> Result<Tree, Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    if path.extension().is_some_and(|e| e == "json") {
        fhir_json::read(text.into(), &mut tree, &mut issues);
    } else {
        xml(&text, &mut tree)?;
    }
    type_tree(&mut tree, table, &mut issues);
    Ok(tree)
}

fn xml(text: &str, tree: &mut Tree) -> Result<(), Failed> {
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<NodeId> = Vec::new();
    let mut inside = 0;
    loop {
        match reader.read_event()? {
            Event::Eof => return Ok(()),
            Event::Start(start) if inside == 0 => {
                let id = add(&start, tree, stack.last().copied())?;
                if start.local_name().as_ref() == "div" {
                    inside = 1;
                    continue;
                }
                stack.push(id);
            }
            Event::Empty(start) if inside == 0 => {
                add(&start, tree, stack.last().copied())?;
            }
            Event::End(_) if inside == 0 => {
                stack.pop();
            }
            Event::Start(_) => inside += 1,
            Event::End(_) => inside -= 1,
            _ => {}
        }
    }
}

fn add(start: &BytesStart<'_>, tree: &mut Tree, parent: Option<NodeId>) -> Result<NodeId, Failed> {
    let local = start.local_name().as_ref().to_owned();
    let capital = local.starts_with(char::is_uppercase);
    let id = match parent {
        Some(parent) if capital => parent,
        _ => {
            let name = tree.name_id(&local);
            tree.add(parent, Kind::Element, name, 0)
        }
    };
    if capital {
        let kept = tree.keep(&local);
        tree.set_resource_type(id, kept);
    }
    for attribute in start.attributes() {
        let attribute = attribute?;
        let value = attribute.normalized_value(XmlVersion::Explicit1_0)?;
        match attribute.key.as_ref() {
            "value" => {
                let kept = tree.keep(&value);
                tree.set_value(id, kept, Token::Text);
            }
            key @ ("id" | "url") => {
                let name = tree.name_id(key);
                let kept = tree.keep(&value);
                tree.add_value(id, name, kept);
            }
            _ => {}
        }
    }
    Ok(id)
}
