//! What the room's tests share: R4 with a small model of a letter, and a map run from text to text.
//!
//! Never: part of the product.

use super::{
    Concepts, Engine, Failure, Hooks, IdSeed, Inputs, Limits, Lookup, Losses, Materials, Memory,
    Plan, Plans, parse,
};
use crate::definitions::LibraryBuilder;
use crate::definitions::typing::type_tree_as;
use crate::message::{Diagnostic, Issue};
use crate::tree::types::{Table, TypeId};
use crate::tree::{Expression, Tree};
use bytestring::ByteString;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

const LETTER: &str = r#"{"resourceType":"StructureDefinition","url":"urn:letter","name":"Letter",
    "kind":"logical","abstract":false,"type":"urn:letter","derivation":"specialization",
    "extension":[{"url":"http://hl7.org/fhir/StructureDefinition/elementdefinition-namespace",
        "valueUri":"urn:l"}],
    "snapshot":{"element":[
    {"id":"Letter","path":"Letter","min":0,"max":"*"},
    {"id":"Letter.id","path":"Letter.id","min":0,"max":"1","type":[{"code":"string"}]},
    {"id":"Letter.title","path":"Letter.title","min":0,"max":"1","type":[{"code":"string"}]},
    {"id":"Letter.status","path":"Letter.status","min":0,"max":"1","type":[{"code":"code"}]},
    {"id":"Letter.count","path":"Letter.count","min":0,"max":"1","type":[{"code":"integer"}]},
    {"id":"Letter.sent","path":"Letter.sent","min":0,"max":"1","type":[{"code":"string"}]},
    {"id":"Letter.line","path":"Letter.line","min":0,"max":"*","type":[{"code":"string"}]},
    {"id":"Letter.part","path":"Letter.part","min":0,"max":"*","type":[{"code":"BackboneElement"}]},
    {"id":"Letter.part.key","path":"Letter.part.key","min":0,"max":"1","type":[{"code":"string"}]},
    {"id":"Letter.part.text","path":"Letter.part.text","min":0,"max":"1","type":[{"code":"string"}]}
    ]}}"#;

/// The types, made once for all tests of the room.
pub fn table() -> &'static Arc<Table> {
    static TABLE: OnceLock<Arc<Table>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut builder = LibraryBuilder::new();
        builder.add_json("letter.json", LETTER);
        let (library, _) = builder.build();
        Arc::clone(library.table())
    })
}

/// A world with a route and a directory.
#[derive(Default)]
pub struct World {
    pub route: Option<Concepts>,
}

impl crate::fhirpath::Hooks for World {}

impl Hooks for World {
    fn concept_map(&self, _place: usize, name: &str) -> Option<&Concepts> {
        self.route.as_ref().filter(|_| name == "profiles")
    }

    fn look_up(&self, book: &str, from: &str, to: &str, value: &str) -> Lookup<'_> {
        match (book, from, to, value) {
            ("directory", "gln", "sor", "5790000120400") => Lookup::Found(Cow::Borrowed("441")),
            ("directory", ..) => Lookup::NotFound,
            _ => Lookup::Unavailable,
        }
    }
}

/// A map with letters and messages to hand.
pub fn fml(rules: &str) -> String {
    format!(
        "/// url = 'urn:map'\n/// name = 'map'\n/// parameter.topic = 'what it is about'\n\
         uses \"urn:letter\" alias Letter as source\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Patient\" alias Patient as source\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Basic\" alias Basic as target\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Observation\" alias Observation as target\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Patient\" alias PatientOut as target\n\
         {rules}\n"
    )
}

/// A letter to a resource: the usual head of a test's map.
pub fn letter_to(target: &str, rules: &str) -> String {
    fml(&format!("group g(source src : Letter, target tgt : {target}) {{\n{rules}\n}}"))
}

/// Compiles one map.
pub fn compile(text: &str) -> (Option<Arc<Plan>>, Vec<Diagnostic>) {
    let (map, mut said) = parse("a.fml", text);
    let (plans, more) = Plans::build(&[map], &Materials { table: table(), concepts: &[] });
    said.extend(more);
    (plans.find("urn:map").cloned(), said)
}

/// Inputs of which only the message matters.
pub fn plain<'a>(sources: &'a [&'a Tree]) -> Inputs<'a> {
    Inputs {
        sources,
        now: "2024-07-01T10:10:00Z".parse().expect("a time"),
        engine: Engine::default(),
        parameters: &[],
        ids: IdSeed::default(),
        limits: Limits::default(),
    }
}

/// What a run gave.
pub struct Ran {
    pub json: String,
    pub issues: Vec<Issue>,
    pub said: Vec<String>,
    pub losses: Result<Losses, Failure>,
}

impl Ran {
    /// The ids of its issues but those about loss.
    pub fn ids(&self) -> Vec<&'static str> {
        let ids = self.issues.iter().map(|i| i.kind.id);
        ids.filter(|id| !id.starts_with("map-dropped")).collect()
    }
}

/// Compiles and runs a map on a JSON message.
pub fn run(map: &str, source: &str) -> Ran {
    run_in(map, source, &World::default(), Limits::default(), "here")
}

/// The same with all that may differ.
pub fn run_in(map: &str, source: &str, world: &World, limits: Limits, destination: &str) -> Ran {
    let (plan, said) = compile(map);
    let plan = plan.unwrap_or_else(|| panic!("{said:#?}"));
    let source = read(source, plan.sources()[0]);
    let mut target = Tree::new(Arc::clone(table().names()));
    let mut issues = Vec::new();
    let sources = [&source];
    let inputs = Inputs {
        engine: Engine { message_id: "new-id", envelope_id: "new-envelope", now: "2024-07-01" },
        parameters: &[("topic", "weather")],
        ids: IdSeed { message: "m", destination, generation: 0 },
        limits,
        ..plain(&sources)
    };
    let losses = plan.run(&inputs, &mut target, world, &mut Memory::new(), &mut issues);
    let mut json = String::new();
    if let Some(root) = target.root() {
        crate::format::fhir_json::write(&target, table(), root, &mut json);
    }
    let place = |issue: &Issue| match issue.place.node {
        Some(node) => Expression::new(&source, table(), node).to_string(),
        None => "-".to_owned(),
    };
    let said = issues.iter().map(|i| format!("{}: {}", place(i), i.text())).collect();
    Ran { json, issues, said, losses }
}

pub fn read(source: &str, type_id: TypeId) -> Tree {
    let mut tree = Tree::new(Arc::clone(table().names()));
    let mut issues = Vec::new();
    assert!(crate::format::fhir_json::read(ByteString::from(source), &mut tree, &mut issues));
    type_tree_as(&mut tree, table(), type_id, &mut issues);
    let said: Vec<_> = issues.iter().map(Issue::text).collect();
    assert_eq!(said, Vec::<String>::new(), "in {source}");
    tree
}
