//! One case: read, translated, compared with what is expected.

use super::folder::{Mappings, bytes, entries};
use super::world::{About, World};
use crate::definitions::typing;
use crate::format::charset::Charset;
use crate::format::{charset, fhir_json, fhir_xml, xml};
use crate::mapping::{self, Difference, Engine, IdSeed, Inputs, Limits, Memory, Plan, Plans};
use crate::message::Issue;
use crate::tree::{Expression, Tree};
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What became of a case.
pub struct Outcome {
    /// What is wrong; nothing if it passed.
    pub faults: Vec<String>,
    /// What was made was written as what is expected.
    pub blessed: bool,
}

/// The namespace of FHIR's XML.
const FHIR: &str = "http://hl7.org/fhir";

/// Runs a case. An error: it could not be run.
pub fn run(
    path: &Path,
    entry: &str,
    mappings: &Mappings,
    plans: &Plans,
    bless: bool,
) -> Result<Outcome, String> {
    let about = about(path)?;
    let map = about.map.as_deref().unwrap_or(entry);
    let plan = plans.find(map).ok_or_else(|| format!("there is no map {map}"))?;
    let input = one_file(path, "in.")?.ok_or("there is no in.json or in.xml")?;
    let source = read(&input, mappings)?;
    let (target, issues) = translate(plan, &source, &about, mappings)?;
    let refuses = issues.iter().any(Issue::refuses);
    let mut faults = Vec::new();
    match &about.fails {
        Some(id) if !issues.iter().any(|one| one.kind.id == id && one.refuses()) => {
            faults.push(format!("it should have failed with {id}"));
            faults.extend(
                issues.iter().filter(|one| one.refuses()).map(|one| tell(one, &source, mappings)),
            );
        }
        None if refuses => {
            faults.extend(
                issues.iter().filter(|one| one.refuses()).map(|one| tell(one, &source, mappings)),
            );
        }
        _ => {}
    }
    faults.extend(compare_issues(&about, &issues));
    if about.fails.is_some() || refuses {
        return Ok(Outcome { faults, blessed: false });
    }
    let mut differences = compare(path, plan, &target, mappings)?;
    let blessed = bless && faults.is_empty() && !differences.is_empty();
    if blessed {
        write(path, &target, mappings)?;
        differences = compare(path, plan, &target, mappings)?;
    }
    faults.extend(differences);
    Ok(Outcome { faults, blessed })
}

fn about(path: &Path) -> Result<About, String> {
    let file = path.join("case.toml");
    if !file.exists() {
        return Ok(About::default());
    }
    let text = String::from_utf8(bytes(&file)?).map_err(|_| "case.toml is not UTF-8".to_owned())?;
    toml::from_str(&text).map_err(|fault| format!("case.toml: {fault}"))
}

fn one_file(path: &Path, start: &str) -> Result<Option<PathBuf>, String> {
    let named = |file: &PathBuf| {
        file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(start))
    };
    Ok(entries(path)?.into_iter().find(named))
}

/// Reads and types a message: FHIR in JSON or XML, or a model's XML.
fn read(file: &Path, mappings: &Mappings) -> Result<Tree, String> {
    let is_xml = file.extension().is_some_and(|e| e == "xml");
    let bytes = Bytes::from(bytes(file)?);
    let decoded = charset::decode(&bytes, None, is_xml).map_err(|issue| issue.text())?;
    let mut tree = Tree::new(Arc::clone(mappings.library.names()));
    let mut issues = Vec::new();
    let usable = match is_xml {
        false => fhir_json::read(decoded.text, &mut tree, &mut issues),
        true if decoded.text.contains(&format!("\"{FHIR}\"")) => {
            fhir_xml::read(decoded.text, &mut tree, &mut issues)
        }
        true => xml::read(decoded.text, &mut tree, &mut issues),
    };
    typing::type_tree(&mut tree, mappings.library.table(), &mut issues);
    let fault = issues.iter().find(|issue| issue.refuses());
    match fault {
        Some(issue) => Err(format!("{}: {}", file.display(), tell(issue, &tree, mappings))),
        None if !usable => Err(format!("{}: it cannot be read", file.display())),
        None => Ok(tree),
    }
}

fn translate(
    plan: &Plan,
    source: &Tree,
    about: &About,
    mappings: &Mappings,
) -> Result<(Tree, Vec<Issue>), String> {
    let engine = &about.engine;
    let parameters: Vec<_> = about.parameters.iter().map(|(k, v)| (&**k, &**v)).collect();
    let inputs = Inputs {
        sources: &[source],
        now: engine.now.parse().map_err(|fault| format!("case.toml: engine.now: {fault}"))?,
        engine: Engine {
            message_id: &engine.message_id,
            envelope_id: &engine.envelope_id,
            now: &engine.now,
        },
        parameters: &parameters,
        ids: IdSeed { message: &engine.message_id, destination: "case", generation: 0 },
        limits: Limits::default(),
    };
    let world = World { about, concepts: &mappings.concepts };
    let mut target = Tree::new(Arc::clone(mappings.library.names()));
    let mut issues = Vec::new();
    let ran = plan.run(&inputs, &mut target, &world, &mut Memory::new(), &mut issues);
    if let Err(failure) = ran {
        issues.push(failure.issue);
    }
    Ok((target, issues))
}

/// The issues that a case lists, against those there were.
fn compare_issues(about: &About, issues: &[Issue]) -> Option<String> {
    let mut wanted = about.issues.clone()?;
    let mut made: Vec<String> = issues.iter().map(|issue| issue.kind.id.to_owned()).collect();
    wanted.sort();
    made.sort();
    made.dedup();
    (wanted != made).then(|| format!("issues {made:?} instead of {wanted:?}"))
}

fn compare(
    path: &Path,
    plan: &Plan,
    made: &Tree,
    mappings: &Mappings,
) -> Result<Vec<String>, String> {
    let Some(file) = one_file(path, "out.")? else {
        return Ok(vec!["there is no out.json or out.xml; --bless writes it".to_owned()]);
    };
    let expected = read(&file, mappings)?;
    let differences = mapping::diff(&expected, made, mappings.library.table());
    let tell = |one: &Difference| {
        let text = |value: &Option<String>| match value {
            Some(value) => format!("{value:?}"),
            None => "nothing".to_owned(),
        };
        let rule = plan.rule_of(made, one.node).map(|rule| format!(" ({rule})"));
        let (wanted, made) = (text(&one.expected), text(&one.made));
        format!("{}: expected {wanted}, made {made}{}", one.path, rule.unwrap_or_default())
    };
    Ok(differences.iter().map(tell).collect())
}

/// Writes what was made as what is expected.
fn write(path: &Path, made: &Tree, mappings: &Mappings) -> Result<(), String> {
    let root = made.root().ok_or("nothing was made")?;
    let table = mappings.library.table();
    let (name, content) = match made.resource_type(root) {
        Some(_) => {
            let mut text = String::new();
            fhir_json::write(made, table, root, &mut text);
            ("out.json", indented(&text).into_bytes())
        }
        None => {
            let mut bytes = Vec::new();
            xml::write(made, table, root, Charset::Utf8, &mut bytes).map_err(|e| e.to_string())?;
            bytes.push(b'\n');
            ("out.xml", bytes)
        }
    };
    let file = path.join(name);
    std::fs::write(&file, content).map_err(|error| format!("{}: {error}", file.display()))
}

/// JSON for people, with every token as it was.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        match c {
            _ if quoted => {
                quoted = escaped || c != '"';
                escaped = c == '\\' && !escaped;
                out.push(c);
                continue;
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                line(&mut out, depth);
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
        quoted = c == '"';
    }
    out.push('\n');
    out
}

fn tell(issue: &Issue, tree: &Tree, mappings: &Mappings) -> String {
    let place = issue
        .place
        .node
        .map(|node| format!(" at {}", Expression::new(tree, mappings.library.table(), node)));
    format!("{}{}: {}", issue.kind.id, place.unwrap_or_default(), issue.text())
}
