//! Messages: what fhirbolt reads and writes back, against what we do; and what it does with hostile ones.

use super::process::Oracle;
use super::{Compared, Deviation};
use crate::inputs::root;
use crate::profile::lab::{self, lab};
use serde_json::Value;
use stafett::definitions::typing;
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::Issue;
use stafett::tree::{Expression, NodeId, Tree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Published Bundles and the project's own messages, in JSON and in XML.
pub fn compare(oracle: &mut Oracle) -> Result<Vec<Compared>, String> {
    let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
    let files = files(folder.path())?;
    [("json", "messages in JSON, beside fhirbolt"), ("xml", "messages in XML, beside fhirbolt")]
        .into_iter()
        .map(|(syntax, what)| one_syntax(oracle, syntax, what, &files))
        .collect()
}

/// (name, file): the published Bundles, the same as our XML, and what is below fixtures/.
fn files(scratch: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut all = Vec::new();
    let say = |e: std::io::Error| e.to_string();
    for (at, (name, text)) in lab::messages(true).map_err(|e| format!("{e:?}"))?.iter().enumerate()
    {
        let json = scratch.join(format!("{at}.json"));
        std::fs::write(&json, text).map_err(say)?;
        let tree = lab().read(text, &mut Vec::new());
        let mut written = String::new();
        if let Some(root) = tree.root() {
            fhir_xml::write(&tree, lab().library.table(), root, &mut written);
        }
        let xml = scratch.join(format!("{at}.xml"));
        std::fs::write(&xml, written).map_err(say)?;
        all.push((name.clone(), json));
        all.push((name.clone(), xml));
    }
    let mut fixtures = Vec::new();
    below(&root().join("fixtures"), &mut fixtures);
    for file in fixtures {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let resource = text.contains("\"resourceType\"")
            || text.contains("xmlns=\"http://hl7.org/fhir\"") && !text.contains("<Emessage");
        if resource {
            let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
            all.push((name, file));
        }
    }
    Ok(all)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, found);
        } else if path.extension().is_some_and(|e| e == "json" || e == "xml") {
            found.push(path);
        }
    }
}

fn one_syntax(
    oracle: &mut Oracle,
    syntax: &'static str,
    what: &'static str,
    files: &[(String, PathBuf)],
) -> Result<Compared, String> {
    const TIMES: u32 = 20;
    let mut compared = Compared { what, ..Compared::default() };
    let (mut own, mut own_writing, mut other, mut writing, mut bytes) = (0, 0, 0, 0, 0);
    for (name, file) in files.iter().filter(|f| f.1.extension().is_some_and(|e| e == syntax)) {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{name}: {e}"))?;
        let before = compared.deviations.len();
        let mut deviate = |class: String, place: String, said: String| {
            compared.deviations.push(Deviation { class, place: format!("{name} {place}"), said });
        };
        let (tree, issues, spent) = read(&text, syntax, TIMES);
        let refused = issues.iter().find(|i| i.refuses());
        match oracle.ask(syntax, file, TIMES)? {
            None => deviate("dies".to_owned(), String::new(), "the process ended".to_owned()),
            Some(answer) if answer["ok"] != true => {
                let why = answer["why"].as_str().unwrap_or_default();
                if refused.is_none() {
                    deviate(class_of(why), String::new(), why.to_owned());
                }
            }
            Some(answer) => {
                if let Some(issue) = refused {
                    let class = format!("takes-{}", issue.kind.id);
                    deviate(class, String::new(), issue.text());
                }
                let back = answer["json"].as_str().unwrap_or_default();
                let (back, _, _) = read(back, "json", 1);
                differences(&tree, &back, &mut deviate);
                own += spent.0;
                own_writing += spent.1;
                other += answer["nanos"].as_u64().unwrap_or(0);
                writing += answer["writing"].as_u64().unwrap_or(0);
                bytes += text.len();
            }
        }
        compared.total += 1;
        compared.alike += usize::from(compared.deviations.len() == before);
    }
    let rate = |nanos: u64| bytes as f64 * 1e3 / nanos.max(1) as f64;
    compared.notes.push(format!(
        "read (and typed) {bytes} bytes at {:.0} MB/s for us, {:.0} MB/s for it: {:.1} times as fast",
        rate(own),
        rate(other),
        other as f64 / own.max(1) as f64
    ));
    compared.notes.push(format!(
        "written as JSON in {:.2} ms by us, {:.2} ms by it",
        own_writing as f64 / 1e6,
        writing as f64 / 1e6
    ));
    Ok(compared)
}

/// Reads and types, and writes as JSON; the shortest times of both in nanoseconds.
fn read(text: &str, syntax: &str, times: u32) -> (Tree, Vec<Issue>, (u64, u64)) {
    let table = lab().library.table();
    let mut tree = Tree::new(Arc::clone(lab().library.names()));
    let mut issues = Vec::new();
    let (mut best, mut writing) = (u64::MAX, u64::MAX);
    let mut out = String::new();
    for _ in 0..times.max(1) {
        let input = text.into();
        let start = Instant::now();
        tree.reset(lab().library.names());
        issues.clear();
        match syntax {
            "xml" => fhir_xml::read(input, &mut tree, &mut issues),
            _ => fhir_json::read(input, &mut tree, &mut issues),
        };
        typing::type_tree(&mut tree, table, &mut issues);
        best = best.min(start.elapsed().as_nanos() as u64);
        let start = Instant::now();
        out.clear();
        if let Some(root) = tree.root() {
            fhir_json::write(&tree, table, root, &mut out);
        }
        writing = writing.min(start.elapsed().as_nanos() as u64);
    }
    (tree, issues, (best, writing))
}

/// Every value that is not the same text at the same place.
fn differences(ours: &Tree, theirs: &Tree, deviate: &mut impl FnMut(String, String, String)) {
    let (ours, theirs) = (values(ours), values(theirs));
    for (place, (text, kind)) in &ours {
        match theirs.get(place) {
            None => {
                deviate(format!("drops-{kind}"), place.clone(), "it has nothing there".to_owned())
            }
            Some((other, _)) if other != text => {
                let said = format!("{} here, {} there", short(text), short(other));
                deviate(format!("changes-{kind}"), place.clone(), said);
            }
            Some(_) => {}
        }
    }
    for (place, (text, kind)) in theirs.iter().filter(|(place, _)| !ours.contains_key(*place)) {
        deviate(format!("adds-{kind}"), place.clone(), short(text));
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Place -> (text, type) of every value.
fn values(tree: &Tree) -> BTreeMap<String, (String, String)> {
    let table = lab().library.table();
    let nodes = (0..tree.len()).map(|at| NodeId(at as u32));
    let valued = nodes.filter_map(|node| Some((node, tree.text(node)?.into_owned())));
    let placed = valued.map(|(node, text)| {
        let kind = table.type_of(tree.node(node).type_id).name.to_string();
        (Expression::new(tree, table, node).to_string(), (text, kind))
    });
    placed.collect()
}

/// The class of a refusal: its words without what is quoted or counted.
fn class_of(why: &str) -> String {
    let before = why.split(" at line").next().unwrap_or(why);
    let words = before.split_whitespace().filter(|w| !w.contains(['`', '"', '\'']));
    let kept: Vec<&str> = words.filter(|w| !w.bytes().any(|b| b.is_ascii_digit())).collect();
    format!("refuses: {}", kept.join(" "))
}

/// What is hostile, or at an edge: (name, syntax, text).
fn hostile() -> Vec<(&'static str, &'static str, String)> {
    let patient = |inside: &str| format!("{{\"resourceType\":\"Patient\",{inside}}}");
    let nested = |depth: usize| {
        let open = "{\"url\":\"http://e.example/x\",\"extension\":[".repeat(depth);
        let end = "{\"url\":\"http://e.example/x\",\"valueBoolean\":true}";
        patient(&format!("\"extension\":[{open}{end}{}]", "]}".repeat(depth)))
    };
    let observation = |value: &str| {
        format!(
            "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},{value}}}"
        )
    };
    vec![
        ("a decimal with a trailing zero", "json", observation("\"valueQuantity\":{\"value\":1.10}")),
        ("a decimal with an exponent", "json", observation("\"valueQuantity\":{\"value\":1.0E3}")),
        (
            "a decimal of 24 digits",
            "json",
            observation("\"valueQuantity\":{\"value\":1.00000000000000000000001}"),
        ),
        ("an integer beyond 32 bits", "json", observation("\"valueInteger\":3000000000")),
        ("an integer with a fraction", "json", observation("\"valueInteger\":1.0")),
        ("a key twice", "json", patient("\"active\":true,\"active\":false")),
        ("an unknown element", "json", patient("\"acitve\":true")),
        ("an empty array", "json", patient("\"name\":[]")),
        ("an empty string", "json", patient("\"id\":\"\"")),
        ("a null", "json", patient("\"active\":null")),
        ("a string for a boolean", "json", patient("\"active\":\"true\"")),
        ("one value where many may be", "json", patient("\"name\":{\"family\":\"X\"}")),
        ("half a surrogate pair", "json", patient("\"id\":\"\\ud800\"")),
        ("a value and its shadow", "json", patient("\"birthDate\":\"1970\",\"_birthDate\":{\"id\":\"b\"}")),
        ("text after the end", "json", patient("\"active\":true") + " x"),
        ("an impossible date", "json", patient("\"birthDate\":\"1970-02-30\"")),
        ("90 extensions inside each other", "json", nested(90)),
        ("20,000 extensions inside each other", "json", nested(20_000)),
        (
            "two roots",
            "xml",
            "<Patient xmlns=\"http://hl7.org/fhir\"/><Patient xmlns=\"http://hl7.org/fhir\"/>".to_owned(),
        ),
        (
            "an element of another namespace",
            "xml",
            "<Patient xmlns=\"http://hl7.org/fhir\"><x:active xmlns:x=\"urn:x\" value=\"true\"/></Patient>"
                .to_owned(),
        ),
        (
            "an element that is not closed",
            "xml",
            "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/>".to_owned(),
        ),
        (
            "elements out of order",
            "xml",
            "<Patient xmlns=\"http://hl7.org/fhir\"><birthDate value=\"1970\"/><active value=\"true\"/></Patient>"
                .to_owned(),
        ),
    ]
}

/// Hostile messages: whether both take them, and what is kept.
pub fn probes(oracle: &mut Oracle) -> Result<Compared, String> {
    let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
    let mut compared =
        Compared { what: "hostile messages, beside fhirbolt", ..Compared::default() };
    for (at, (name, syntax, text)) in hostile().into_iter().enumerate() {
        let file = folder.path().join(format!("{at}.{syntax}"));
        std::fs::write(&file, &text).map_err(|e| e.to_string())?;
        let (tree, issues, _) = read(&text, syntax, 1);
        let refused = issues.iter().find(|i| i.refuses());
        let ours = match refused {
            Some(issue) => format!("we say {}", issue.kind.id),
            None => "we take it".to_owned(),
        };
        let mut deviate = |class: String, said: String| {
            compared.deviations.push(Deviation { class, place: name.to_owned(), said });
        };
        let slug = name.replace([' ', ','], "-");
        let before = match oracle.ask(syntax, &file, 1)? {
            None => {
                deviate(format!("probe-{slug}"), format!("{ours}; it dies"));
                false
            }
            Some(answer) => probe(&tree, refused.is_some(), &answer, &slug, &ours, &mut deviate),
        };
        compared.total += 1;
        compared.alike += usize::from(before);
    }
    Ok(compared)
}

fn probe(
    tree: &Tree,
    refused: bool,
    answer: &Value,
    slug: &str,
    ours: &str,
    deviate: &mut impl FnMut(String, String),
) -> bool {
    let takes = answer["ok"] == true;
    let theirs = match takes {
        true => format!("it takes it as {}", answer["json"]),
        false => format!("it says {}", answer["why"]),
    };
    let mut kept = true;
    if takes && !refused {
        let (back, _, _) = read(answer["json"].as_str().unwrap_or_default(), "json", 1);
        kept = values(tree) == values(&back);
    }
    let alike = takes != refused && kept;
    if !alike {
        let theirs: String = theirs.chars().take(160).collect();
        deviate(format!("probe-{slug}"), format!("{ours}; {theirs}"));
    }
    alike
}
