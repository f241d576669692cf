//! JSON to XML to JSON: nothing is lost, as an independent script sees it.

use super::{MESSAGES, files, run_with_input};
use crate::support::{root, shared};
use libtest_mimic::Failed;
use stafett::definitions::core::Core;
use stafett::definitions::typing::type_tree;
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::Issue;
use stafett::tree::types::Table;
use stafett::tree::{NodeId, Tree};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

type Reader = fn(bytestring::ByteString, &mut Tree, &mut Vec<Issue>) -> bool;

fn parse(read: Reader, text: String, table: &Table, what: &str) -> Result<Tree, Failed> {
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    let usable = read(text.into(), &mut tree, &mut issues);
    if !usable || !issues.is_empty() {
        let told: Vec<_> = issues.iter().map(|i| (i.kind.id, i.place.offset)).collect();
        return Err(Failed::from(format!("{what}: {told:?}")));
    }
    // What typing finds is for others to judge; the test data has messages that are wrong on purpose.
    type_tree(&mut tree, table, &mut issues);
    Ok(tree)
}

/// JSON to XML to JSON, and the XML on the way.
fn there_and_back(json: String, table: &Table, what: &str) -> Result<(String, String), Failed> {
    let tree = parse(fhir_json::read, json, table, what)?;
    let mut xml = String::new();
    fhir_xml::write(&tree, table, NodeId(0), &mut xml);
    let tree = parse(fhir_xml::read, xml.clone(), table, what)?;
    let mut json = String::new();
    fhir_json::write(&tree, table, NodeId(0), &mut json);
    Ok((xml, json))
}

/// All pairs go through one run of the script, and all XML through one run of xmllint.
fn compare(sources: Vec<PathBuf>) -> Result<(), Failed> {
    let table = Core::embedded().table();
    let folder = tempfile::tempdir()?;
    let mut pairs = String::new();
    let mut documents = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let json = std::fs::read_to_string(source)?;
        let what = source.display().to_string();
        let (xml, json) = there_and_back(json, &table, &what)?;
        let after = folder.path().join(format!("{at}.json"));
        std::fs::write(&after, json)?;
        writeln!(pairs, "{what}\t{}", after.display())?;
        let document = folder.path().join(format!("{at}.xml"));
        std::fs::write(&document, xml)?;
        documents.push(document);
    }
    let script = root().join("tests/scripts/compare_json.py");
    run_with_input("python3", &[script.into_os_string()], &pairs)?;
    let refused = super::xmllint::refused(&documents)?;
    match refused.first() {
        None => Ok(()),
        Some((path, why)) => Err(Failed::from(format!("{}: {why}", path.display()))),
    }
}

/// The published messages and those of test scripts.
pub fn messages() -> Result<(), Failed> {
    compare(files(shared().join(MESSAGES), "json")?)
}

/// Forms that real messages seldom have.
pub fn fixtures() -> Result<(), Failed> {
    compare(files(root().join("fixtures/messages/roundtrip"), "json")?)
}

/// Writers follow the definition, whatever the order of what they were given.
pub fn definition_order() -> Result<(), Failed> {
    let table = Core::embedded().table();
    let scrambled = r#"{"gender":"male","unheardOf":[1],"name":[{"given":["B"],"use":"old","family":"A"}],
        "active":true,"resourceType":"Patient","deceasedBoolean":false,"id":"1","unknown":{"z":1,"a":2},
        "contained":[{"name":"O","resourceType":"Organization","id":"o"}],"meta":{"profile":["p"]}}"#;
    let json = r#"{"resourceType":"Patient","id":"1","meta":{"profile":["p"]},"contained":[{"resourceType":"Organization","id":"o","name":"O"}],"active":true,"name":[{"use":"old","family":"A","given":["B"]}],"gender":"male","deceasedBoolean":false,"unheardOf":[1],"unknown":{"z":1,"a":2}}"#;
    let tree = parse(fhir_json::read, scrambled.to_owned(), &table, "scrambled")?;
    let mut written = String::new();
    fhir_json::write(&tree, &table, NodeId(0), &mut written);
    if written != json {
        return Err(Failed::from(written));
    }
    let (xml, again) = there_and_back(
        scrambled.replace(r#""unheardOf":[1],"#, "").replace(r#""unknown":{"z":1,"a":2},"#, ""),
        &table,
        "scrambled",
    )?;
    let places: Vec<_> =
        ["<id ", "<meta>", "<contained>", "<active ", "<use ", "<gender ", "<deceased"]
            .iter()
            .map(|tag| xml.find(tag))
            .collect();
    let sorted = places.is_sorted() && places.iter().all(Option::is_some);
    match sorted && again == json.replace(r#","unheardOf":[1],"unknown":{"z":1,"a":2}"#, "") {
        true => Ok(()),
        false => Err(Failed::from(format!("{xml}\n{again}"))),
    }
}

/// The script finds what it is there to find.
pub fn script_sees_differences() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let cases = [
        ("1.10", "1.1"),
        ("[1,2]", "[2,1]"),
        ("{\"a\":1}", "{\"a\":1,\"b\":2}"),
        ("{\"a\":1}", "{\"a\":\"1\"}"),
        ("[null]", "[]"),
        ("1", "{\"a\":1,\"a\":1}"),
    ];
    let script = root().join("tests/scripts/compare_json.py").into_os_string();
    for (before, after) in cases {
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        std::fs::write(&one, before)?;
        std::fs::write(&other, after)?;
        let pair = format!("{}\t{}\n", one.display(), other.display());
        if run_with_input("python3", std::slice::from_ref(&script), &pair).is_ok() {
            return Err(Failed::from(format!("{before} and {after} passed as the same")));
        }
    }
    Ok(())
}
