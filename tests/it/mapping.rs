//! The mapping language on the public suites.

use crate::support::{Needs, root, shared, trial};
use bytestring::ByteString;
use libtest_mimic::{Failed, Trial};
use stafett::definitions::LibraryBuilder;
use stafett::definitions::typing::{type_tree, type_tree_as};
use stafett::format::charset::Charset;
use stafett::format::{fhir_json, fhir_xml, xml};
use stafett::mapping::{
    Engine, IdSeed, Inputs, Limits, Materials, Memory, NoHooks, Plan, Plans, ast, diff, parse,
    print, read,
};
use stafett::message::Issue;
use stafett::tree::types::{Table, TypeId};
use stafett::tree::{NameId, NodeId, Tree};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The official suite's folder.
pub const SUITE: &str = "data/fhir-test-cases/structure-mapping";
/// The tutorial's folder.
pub const TUTORIAL: &str = "data/fml-tutorial";

/// What passes must go on passing; raise these when more does.
const SUITE_SCORE: usize = 10;
/// Of 76: two sources have one result as JSON and another as XML (step6b.source6b: the last item, or nothing;
/// step9check.source9b: a failure, or a value), so that one of each pair must fail.
const TUTORIAL_SCORE: usize = 74;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("mapping: every map of the suite parses", Needs::Data(SUITE), || all_parse(SUITE)),
        trial("mapping: every map of the tutorial parses", Needs::Data(TUTORIAL), || {
            all_parse(TUTORIAL)
        }),
        trial("mapping: our own maps print the same twice", Needs::Nothing, || {
            all_print(&root().join("mappings"))
        }),
        trial("mapping: the suite's maps print the same twice", Needs::Data(SUITE), || {
            all_print(&shared().join(SUITE))
        }),
        trial("mapping: the tutorial's maps print the same twice", Needs::Data(TUTORIAL), || {
            all_print(&shared().join(TUTORIAL))
        }),
        trial("mapping: the suite's score", Needs::Data(SUITE), || score(SUITE_SCORE, suite())),
        trial("mapping: the tutorial's score", Needs::Data(TUTORIAL), || {
            score(TUTORIAL_SCORE, tutorial())
        }),
    ]
}

/// The maps in a folder and below it.
pub fn maps_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            maps_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "map" || e == "fml") {
            found.push(path);
        }
    }
}

fn all_parse(folder: &str) -> Result<(), Failed> {
    let mut maps = Vec::new();
    maps_below(&shared().join(folder), &mut maps);
    let mut faults = Vec::new();
    for path in &maps {
        let text = std::fs::read_to_string(path)?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let (map, found) = parse(&name, &text);
        faults.extend(found.iter().map(ToString::to_string));
        if map.groups.is_empty() {
            faults.push(format!("{name}: no group"));
        }
    }
    if maps.len() < 10 || !faults.is_empty() {
        return Err(format!("{} maps, faults: {faults:#?}", maps.len()).into());
    }
    Ok(())
}

/// What is printed is the same map, with the same words between its comments.
fn all_print(folder: &Path) -> Result<(), Failed> {
    let mut maps = Vec::new();
    maps_below(folder, &mut maps);
    let words = |text: &str| -> usize { text.split_whitespace().count() };
    for path in &maps {
        let text = std::fs::read_to_string(path)?;
        let (map, _) = parse("a", &text);
        let printed = print(&map);
        let (again, faults) = parse("b", &printed);
        let comments = |map: &ast::Map| map.comments.iter().map(|c| words(&c.text)).sum::<usize>();
        let (rules, kept) = (count(&map), comments(&map) == comments(&again));
        if !faults.is_empty() || print(&again) != printed || count(&again) != rules || !kept {
            return Err(format!("{}: {faults:?}\n{printed}", path.display()).into());
        }
    }
    if maps.is_empty() { Err("no map".into()) } else { Ok(()) }
}

fn count(map: &ast::Map) -> usize {
    fn rules(list: &[ast::Rule]) -> usize {
        let one = |r: &ast::Rule| 1 + r.targets.len() + r.calls.len() + rules(&r.rules);
        list.iter().map(one).sum()
    }
    map.groups.iter().map(|g| rules(&g.rules)).sum()
}

/// One expected result: its name, and what went wrong.
pub type Outcome = (String, Result<(), String>);

fn score(ratchet: usize, outcomes: Result<Vec<Outcome>, Failed>) -> Result<(), Failed> {
    let outcomes = outcomes?;
    let passed = outcomes.iter().filter(|(_, r)| r.is_ok()).count();
    println!("{passed} of {}", outcomes.len());
    for (name, result) in &outcomes {
        if let Err(why) = result {
            println!("  {name}: {why}");
        }
    }
    match passed < ratchet {
        true => Err(format!("{passed} pass, {ratchet} did before").into()),
        false => Ok(()),
    }
}

struct Bench {
    table: Arc<Table>,
}

impl Bench {
    /// R4 and the models of a folder.
    fn new(models: &Path) -> Result<Bench, Failed> {
        let mut builder = LibraryBuilder::new();
        for entry in std::fs::read_dir(models).into_iter().flatten().flatten() {
            let path = entry.path();
            let text = std::fs::read_to_string(&path)?;
            if path.extension().is_some_and(|e| e == "json") {
                builder.add_json(&path.to_string_lossy(), &text);
            } else if text.contains("<StructureDefinition") && !has_json(&path) {
                builder.add_json(&path.to_string_lossy(), &as_json(&text)?);
            }
        }
        let (library, _) = builder.build();
        Ok(Bench { table: Arc::clone(library.table()) })
    }

    /// Reads a message: FHIR's JSON or XML, or a model's in either.
    fn message(
        &self,
        path: &Path,
        tree: &mut Tree,
        issues: &mut Vec<Issue>,
    ) -> Result<bool, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        let json = path.extension().is_some_and(|e| e == "json");
        Ok(match json {
            true => fhir_json::read(ByteString::from(text), tree, issues),
            // A resource's elements around a resource are in FHIR's own namespace here, not in the model's.
            false if text.contains("xmlns:f=") => {
                let text = text.replace("http://hl7.org/fhir/tutorial", "http://hl7.org/fhir");
                let whole = fhir_xml::read(ByteString::from(text), tree, issues);
                let namespace = tree.name_id("http://hl7.org/fhir/tutorial");
                for at in 0..tree.len() {
                    tree.node_mut(NodeId(at as u32)).namespace = namespace;
                }
                whole
            }
            false if text.contains("http://hl7.org/fhir\"") => {
                fhir_xml::read(ByteString::from(text), tree, issues)
            }
            false => xml::read(ByteString::from(text), tree, issues),
        })
    }

    fn plan(&self, path: &Path) -> Result<Arc<Plan>, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        let (map, mut said) = read(&path.to_string_lossy(), &text);
        let materials = Materials { table: &self.table, concepts: &[] };
        let (plans, more) = Plans::build(&[map], &materials);
        said.extend(more);
        match plans.all().first() {
            Some(plan) => Ok(Arc::clone(plan)),
            None => Err(said.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        }
    }

    fn read(&self, path: &Path, type_id: Option<TypeId>) -> Result<Tree, String> {
        let mut tree = Tree::new(Arc::clone(self.table.names()));
        let mut issues = Vec::new();
        if !self.message(path, &mut tree, &mut issues)? {
            return Err(format!("{}: {:?}", path.display(), issues.first().map(|i| i.text())));
        }
        match type_id {
            Some(id) if id != TypeId::NONE => {
                type_tree_as(&mut tree, &self.table, id, &mut issues);
            }
            _ => type_tree(&mut tree, &self.table, &mut issues),
        }
        Ok(tree)
    }

    /// What was made, written as XML and read again.
    fn again(&self, made: &Tree, type_id: TypeId) -> Result<Tree, String> {
        let root = made.root().ok_or("nothing was made")?;
        let mut tree = Tree::new(Arc::clone(self.table.names()));
        let mut issues = Vec::new();
        let is_fhir = made.resource_type(root).is_some();
        let whole = match is_fhir && self.table.type_of(type_id).namespace == NameId::NONE {
            true => {
                let mut text = String::new();
                fhir_xml::write(made, &self.table, root, &mut text);
                fhir_xml::read(text.into(), &mut tree, &mut issues)
            }
            false => {
                let mut bytes = Vec::new();
                let written = xml::write(made, &self.table, root, Charset::Utf8, &mut bytes);
                written.map_err(|e| e.to_string())?;
                let text = String::from_utf8(bytes).map_err(|e| e.to_string())?;
                xml::read(text.into(), &mut tree, &mut issues)
            }
        };
        type_tree_as(&mut tree, &self.table, type_id, &mut issues);
        match whole {
            true => Ok(tree),
            false => Err("what was written cannot be read".to_owned()),
        }
    }

    /// Runs a map on a source and compares with what was expected.
    fn check(&self, map: &Path, source: &Path, expected: &Path) -> Result<(), String> {
        let plan = self.plan(map)?;
        let source = self.read(source, plan.sources().first().copied())?;
        let inputs = Inputs {
            sources: &[&source],
            now: "2024-07-01T10:10:00Z".parse().map_err(|_| "the time")?,
            engine: Engine::default(),
            parameters: &[],
            ids: IdSeed::default(),
            limits: Limits::default(),
        };
        let mut target = Tree::new(Arc::clone(self.table.names()));
        let (mut memory, mut issues) = (Memory::new(), Vec::new());
        let ran = plan.run(&inputs, &mut target, &NoHooks, &mut memory, &mut issues);
        ran.map_err(|failure| failure.issue.text())?;
        let wrong: Vec<_> = issues.iter().filter(|i| i.refuses()).map(|i| i.text()).collect();
        let text = std::fs::read_to_string(expected).map_err(|e| e.to_string())?;
        if text.contains("OperationOutcome") {
            return if wrong.is_empty() { Err("should have failed".to_owned()) } else { Ok(()) };
        }
        let nothing = |tree: &Tree| tree.root().is_none_or(|r| tree.first_child(r).is_none());
        let wanted = self.read(expected, Some(plan.target()))?;
        if !wrong.is_empty() {
            // What is refused makes nothing.
            let refused = nothing(&wanted) && nothing(&target);
            return if refused { Ok(()) } else { Err(wrong.join("; ")) };
        }
        // A model's root has no resource type of its own; JSON writes one all the same.
        if let (Some(root), Some(name)) = (target.root(), wanted.resource_type(NodeId(0))) {
            let name = target.keep(name);
            target.set_resource_type(root, name);
        }
        let mut found = diff(&wanted, &target, &self.table);
        if expected.extension().is_some_and(|e| e == "xml") {
            let mut again = self.again(&target, plan.target())?;
            if let Some(name) = wanted.resource_type(NodeId(0)) {
                let name = again.keep(name);
                again.set_resource_type(NodeId(0), name);
            }
            found.extend(diff(&wanted, &again, &self.table));
        }
        match found.is_empty() {
            true => Ok(()),
            false => Err(format!("{found:?}")),
        }
    }
}

fn has_json(path: &Path) -> bool {
    path.with_extension("json").exists()
}

/// A FHIR resource of XML as JSON.
fn as_json(xml: &str) -> Result<String, Failed> {
    let (library, _) = LibraryBuilder::new().build();
    let mut tree = Tree::new(Arc::clone(library.names()));
    let mut issues = Vec::new();
    if !fhir_xml::read(ByteString::from(xml), &mut tree, &mut issues) {
        return Err(format!("{:?}", issues.first().map(Issue::text)).into());
    }
    type_tree(&mut tree, library.table(), &mut issues);
    let mut json = String::new();
    fhir_json::write(&tree, library.table(), NodeId(0), &mut json);
    Ok(json)
}

/// Its outcomes.
pub fn suite() -> Result<Vec<Outcome>, Failed> {
    let folder = shared().join(SUITE);
    let bench = Bench::new(&folder.join("cda-models"))?;
    let manifest = std::fs::read_to_string(folder.join("manifest.xml"))?;
    let attribute = |line: &str, name: &str| {
        let rest = line.split_once(&format!("{name}=\""))?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let mut outcomes = Vec::new();
    for line in manifest.lines().filter(|l| l.contains("<test ")) {
        let part = |name: &str| attribute(line, name).unwrap_or_default();
        let (map, source, output) = (part("map"), part("source"), part("output"));
        let result = bench.check(&folder.join(&map), &folder.join(source), &folder.join(output));
        outcomes.push((map, result));
    }
    Ok(outcomes)
}

/// Its outcomes.
pub fn tutorial() -> Result<Vec<Outcome>, Failed> {
    let mut outcomes = Vec::new();
    for step in 1..=13 {
        let folder = shared().join(TUTORIAL).join(format!("step{step}"));
        let bench = Bench::new(&folder.join("logical"))?;
        let mut results: Vec<_> = std::fs::read_dir(folder.join("result"))?
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".json") || name.ends_with(".xml"))
            .collect();
        results.sort();
        for name in results {
            let mut parts = name.split('.');
            let map = folder.join("map").join(format!("{}.map", parts.next().unwrap_or_default()));
            let source = parts.next().unwrap_or_default();
            let source = format!("{source}.{}", parts.next().unwrap_or_default());
            let source = folder.join("source").join(source);
            let result = bench.check(&map, &source, &folder.join("result").join(&name));
            outcomes.push((name, result));
        }
    }
    Ok(outcomes)
}
