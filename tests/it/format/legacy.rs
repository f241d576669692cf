//! Real namespaced XML in several charsets: read, written and read again it is the same.

use super::files;
use crate::support::shared;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::format::charset::{self, Charset};
use stafett::format::xml;
use stafett::message::Severity;
use stafett::tree::types::Table;
use stafett::tree::{Names, NodeId, Tree};
use std::sync::Arc;

/// A tree as lines, one a node.
fn lines(tree: &Tree) -> Vec<String> {
    let line = |id: NodeId| {
        let node = tree.node(id);
        let depth = std::iter::successors(Some(id), |id| tree.parent(*id)).count();
        let (namespace, name) = (tree.name_text(node.namespace), tree.name_text(node.name));
        format!("{depth} {:?} {namespace} {name} {:?}", node.kind, tree.text(id))
    };
    tree.descend(NodeId(0)).map(line).collect()
}

fn parse(bytes: &[u8], what: &str) -> Result<(Tree, Charset), Failed> {
    let decoded = charset::decode(&Bytes::copy_from_slice(bytes), None, true)
        .map_err(|issue| format!("{what}: {}", issue.kind.id))?;
    let mut tree = Tree::new(Arc::new(Names::default()));
    let mut issues = Vec::new();
    let usable = xml::read(decoded.text, &mut tree, &mut issues);
    match usable && issues.iter().all(|i| i.severity < Severity::Error) {
        true => Ok((tree, decoded.charset)),
        false => Err(Failed::from(format!("{what}: {:?}", issues.first().map(|i| i.kind.id)))),
    }
}

/// Every letter of the pairs, back in its own charset and in each of the others.
pub fn letters() -> Result<(), Failed> {
    let table = Table::new(Arc::new(Names::default()), Vec::new(), Vec::new());
    let mut seen = Vec::new();
    let folder = tempfile::tempdir()?;
    let mut documents = Vec::new();
    for path in files(shared().join("data/medcom-legacy/pairs"), "xml")? {
        let what = path.display().to_string();
        let (tree, own) = parse(&std::fs::read(&path)?, &what)?;
        seen.push(own);
        for charset in [Charset::Utf8, Charset::Latin1, Charset::Latin9, Charset::Windows1252] {
            let mut out = Vec::new();
            xml::write(&tree, &table, NodeId(0), charset, &mut out)?;
            let (again, found) = parse(&out, &what)?;
            if found != charset || lines(&tree) != lines(&again) {
                return Err(Failed::from(format!("{what}: not the same in {}", charset.name())));
            }
            let document = folder.path().join(format!("{}.xml", documents.len()));
            std::fs::write(&document, out)?;
            documents.push(document);
        }
    }
    if !seen.contains(&Charset::Windows1252) && !seen.contains(&Charset::Latin1) {
        return Err(Failed::from("no letter is in a charset of one byte"));
    }
    let refused = super::xmllint::refused(&documents)?;
    match refused.first() {
        None => Ok(()),
        Some((path, why)) => Err(Failed::from(format!("{}: {why}", path.display()))),
    }
}
