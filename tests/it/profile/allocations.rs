//! The gate on memory: from received bytes to the end of validation, the second pass over a message
//! allocates nothing, warnings and errors included, in JSON and in XML.

use super::lab::{lab, messages, now};
use crate::support::{Needs, root, trial};
use bytestring::ByteString;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::cli::assemble;
use stafett::definitions::{Library, typing};
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::Issue;
use stafett::profile::exchange::{self, Rules};
use stafett::profile::{Memory, Request, Validator};
use stafett::tree::Tree;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("profile: a second pass over our messages allocates nothing", Needs::Nothing, own),
        trial(
            "profile: a second pass over faulty messages allocates nothing",
            Needs::Nothing,
            faulty,
        ),
        trial(
            "profile: a second pass over published Bundles allocates nothing",
            Needs::Data("data/medcom-messages"),
            published,
        ),
        trial("profile: an allocation is seen", Needs::Nothing, || {
            match count(|| drop(String::from("x"))) {
                0 => Err(Failed::from("the counter does not count")),
                _ => Ok(()),
            }
        }),
    ]
}

/// What messages are passed through, and the memory that is used again.
struct Bench<'a> {
    library: &'a Library,
    validator: &'a Validator,
    rules: &'a Rules,
    tree: Tree,
    issues: Vec<Issue>,
    memory: Memory,
    exchange: exchange::Memory,
}

impl<'a> Bench<'a> {
    fn new(library: &'a Library, validator: &'a Validator, rules: &'a Rules) -> Bench<'a> {
        Bench {
            library,
            validator,
            rules,
            tree: Tree::new(Arc::clone(library.names())),
            issues: Vec::new(),
            memory: Memory::new(),
            exchange: exchange::Memory::default(),
        }
    }

    fn pass(&mut self, text: &ByteString, xml: bool) {
        self.tree.reset(self.library.names());
        self.issues.clear();
        match xml {
            true => fhir_xml::read(text.clone(), &mut self.tree, &mut self.issues),
            false => fhir_json::read(text.clone(), &mut self.tree, &mut self.issues),
        };
        typing::type_tree(&mut self.tree, self.library.table(), &mut self.issues);
        let request = Request::default();
        self.validator.validate(&self.tree, &request, now(), &mut self.memory, &mut self.issues);
        self.rules.check(&self.tree, now(), &mut self.exchange, &mut self.issues);
    }

    /// How much the second pass over a message allocates, in JSON and in our own XML.
    fn judge(&mut self, name: &str, json: String, wrong: &mut Vec<String>) -> Result<(), Failed> {
        let json = ByteString::from(json);
        self.pass(&json, false);
        let root = self.tree.root().ok_or("an empty message")?;
        let mut xml = String::new();
        fhir_xml::write(&self.tree, self.library.table(), root, &mut xml);
        for (text, xml) in [(json, false), (ByteString::from(xml), true)] {
            self.pass(&text, xml);
            // other trials use the same compiled patterns, whose caches one of them may hold right now
            let least = (0..3).map(|_| count(|| self.pass(&text, xml))).min().unwrap_or(0);
            let (syntax, said) = (if xml { "XML" } else { "JSON" }, self.issues.len());
            println!("{name}, {syntax}: {least} allocations, {said} issues");
            if least > 0 {
                wrong.push(format!("{name}, {syntax}: {least} allocations, {said} issues"));
            }
        }
        Ok(())
    }
}

fn count(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

fn outcome(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn published() -> Result<(), Failed> {
    let lab = lab();
    let mut bench = Bench::new(&lab.library, &lab.validator, &lab.rules);
    let mut wrong = Vec::new();
    for (name, text) in messages(true)? {
        bench.judge(&name, text, &mut wrong)?;
    }
    outcome(wrong)
}

fn own() -> Result<(), Failed> {
    let network = root().join("fixtures/networks/planomraade-syd");
    let engine = assemble::assemble(&network)?.engine.ok_or("the network has no engine")?;
    let mut bench = Bench::new(&engine.library, &engine.validator, &engine.exchange);
    let mut wrong = Vec::new();
    for file in super::lab::files(&network.join("messages"), "json")? {
        let text = std::fs::read_to_string(&file)?;
        bench.judge(&file.display().to_string(), text, &mut wrong)?;
    }
    outcome(wrong)
}

/// Messages with many faults, each told with the names of elements and types.
fn faulty() -> Result<(), Failed> {
    let network = root().join("fixtures/networks/planomraade-syd");
    let engine = assemble::assemble(&network)?.engine.ok_or("the network has no engine")?;
    let mut bench = Bench::new(&engine.library, &engine.validator, &engine.exchange);
    let mut wrong = Vec::new();
    for file in super::lab::files(&network.join("messages"), "json")? {
        let mut message = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
        spoil(&mut message);
        let name = file.display().to_string();
        bench.judge(&name, message.to_string(), &mut wrong)?;
        if !bench.issues.iter().any(|one| one.kind.id == "profile-format") {
            wrong.push(format!("{name} is not told of a date that is none"));
        }
    }
    outcome(wrong)
}

fn spoil(value: &mut Value) {
    match value {
        Value::Object(all) => {
            for (key, one) in all {
                match &**key {
                    "birthDate" | "lastUpdated" => *one = "soon".into(),
                    "gender" | "status" => *one = " x".into(),
                    "reference" => *one = "Patient/none".into(),
                    _ => spoil(one),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(spoil),
        _ => {}
    }
}
