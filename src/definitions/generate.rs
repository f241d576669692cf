//! A FHIR package -> the embedded table and its manifest. Runs when R4 core is embedded, never otherwise.
//!
//! Promises: the same package gives the same bytes, whatever the order of its members.

use super::archive;
use super::core::{self, Source};
use super::model::{ElementDefinition, StructureDefinition, StructureKind};
use super::terminology::CodeSystemIndex;
use super::{decode, tables};
use crate::message::{Error, ErrorKind};
use std::collections::{HashMap, HashSet};

/// The files to check in.
pub struct Generated {
    /// The table.
    pub table: Vec<u8>,
    /// What it was made from and what is in it, as JSON.
    pub manifest: String,
}

/// Makes the table of a package.
pub fn generate(package: &[u8]) -> Result<Generated, Error> {
    let mut source = Source::default();
    let mut differentials = HashMap::new();
    let mut about = archive::About::default();
    let broken = |member: &str, fault: serde_json::Error| {
        Error::new(ErrorKind::Configuration, format!("{member}: {fault}"))
    };
    archive::read(package, &mut |member, json| {
        if member == archive::ABOUT {
            about = archive::About::read(json)?;
            return Ok(archive::Next::Go);
        }
        let head = decode::head(json).map_err(|f| broken(member, f))?;
        match &*head.resource_type {
            "StructureDefinition" => {
                source.structures.push(decode::structure(json).map_err(|f| broken(member, f))?);
                let own = decode::differential(json).map_err(|f| broken(member, f))?;
                differentials.insert(head.url.into_owned(), own);
            }
            "ValueSet" => {
                source.value_sets.push(decode::value_set(json).map_err(|f| broken(member, f))?);
            }
            "CodeSystem" => {
                source.code_systems.push(decode::code_system(json).map_err(|f| broken(member, f))?);
            }
            "ConceptMap" => {
                source.concept_maps.push(decode::concept_map(json).map_err(|f| broken(member, f))?);
            }
            _ => {}
        }
        Ok(archive::Next::Go)
    })?;
    let foreign = drop_foreign(&mut source.structures, &differentials);
    arrange(&mut source);
    let table = core::pack(&source);
    let manifest = manifest(package, &about, &source, foreign, &table);
    Ok(Generated { table, manifest })
}

/// The package at hand carries elements that its maker added to snapshots and that FHIR never published
/// (`Meta.project`, an R5 `ResearchStudy`): they are in no differential. Drops them, puts back what they
/// took the place of, and says how many were dropped.
fn drop_foreign(
    structures: &mut [StructureDefinition],
    differentials: &HashMap<String, Vec<ElementDefinition>>,
) -> usize {
    let inherited: HashMap<Box<str>, HashSet<String>> = structures
        .iter()
        .map(|s| (s.url.clone(), s.snapshot.iter().map(|e| below_root(&e.path).into()).collect()))
        .collect();
    let mut dropped = 0;
    for one in structures.iter_mut().filter(|s| !s.constrains) {
        let base = one.base.as_ref().and_then(|b| inherited.get(b));
        let own = differentials.get(&*one.url).map_or(&[][..], |list| list);
        let before = one.snapshot.len();
        let mut foreign: Vec<Box<str>> = Vec::new();
        one.snapshot.retain(|e| {
            let below = below_root(&e.path);
            let last = e.path.rsplit('.').next().unwrap_or_default();
            let above = foreign
                .iter()
                .any(|f| e.path.strip_prefix(&**f).is_some_and(|rest| rest.starts_with('.')));
            let known = below.is_empty()
                || matches!(last, "id" | "extension" | "modifierExtension")
                || base.is_some_and(|b| b.contains(below))
                || own.iter().any(|o| o.path == e.path);
            if above || !known {
                foreign.push(e.path.clone());
            }
            !above && known
        });
        dropped += before - one.snapshot.len();
        restore(&mut one.snapshot, own);
    }
    dropped
}

/// Puts back what a differential has and the snapshot lacks, after what comes before it there.
fn restore(snapshot: &mut Vec<ElementDefinition>, differential: &[ElementDefinition]) {
    let mut before: &str = "";
    for own in differential {
        if !snapshot.iter().any(|e| e.path == own.path) {
            let below = |path: &str| path.strip_prefix(before).is_some_and(|r| r.starts_with('.'));
            let at = snapshot.iter().rposition(|e| *e.path == *before || below(&e.path));
            let one = ElementDefinition { base_min: own.min, base_max: own.max, ..own.clone() };
            snapshot.insert(at.map_or(snapshot.len(), |at| at + 1), one);
        }
        before = &own.path;
    }
}

fn below_root(path: &str) -> &str {
    path.split_once('.').map_or("", |(_, below)| below)
}

/// What the package at hand says otherwise than FHIR R4 publishes: a resource's id has the format of an id,
/// and a response's outcome is any resource.
fn mend(one: &mut StructureDefinition) {
    let resource = one.kind == StructureKind::Resource;
    for element in one.snapshot.iter_mut().filter(|_| resource) {
        let code = match below_root(&element.path) {
            "id" => "id",
            "entry.response.outcome" => "Resource",
            _ => continue,
        };
        element.types.iter_mut().for_each(|t| t.code = code.into());
    }
}

/// Sorts everything, outlines the types, and drops what only people read.
fn arrange(source: &mut Source) {
    source.structures.sort_by(|a, b| a.url.cmp(&b.url));
    source.value_sets.sort_by(|a, b| a.url.cmp(&b.url));
    source.code_systems.sort_by(|a, b| a.url.cmp(&b.url));
    source.concept_maps.sort_by(|a, b| a.url.cmp(&b.url));
    source.structures.iter_mut().for_each(mend);
    source.outlines = source.structures.iter().flat_map(tables::outline).collect();
    for system in &mut source.code_systems {
        system.concepts.keep_properties(|name| matches!(name, "child" | "parent" | "subsumedBy"));
    }
    collect_words(source);
}

/// Gives code systems what value sets call their codes otherwise; value sets then need not say it.
fn collect_words(source: &mut Source) {
    // A code, and what it is called.
    type Word = (Box<str>, Box<str>);
    let mut more: HashMap<Box<str>, Vec<Word>> = HashMap::new();
    for set in &mut source.value_sets {
        for part in set.include.iter_mut().chain(&mut set.exclude) {
            let words = std::mem::take(&mut part.words);
            let Some(system) = &part.system else { continue };
            let named = words.into_iter().map(|(at, word)| (part.codes[at as usize].clone(), word));
            more.entry(system.clone()).or_default().extend(named);
        }
    }
    for system in &mut source.code_systems {
        let Some(words) = more.get_mut(&system.url) else { continue };
        let index = CodeSystemIndex::new(system.clone());
        words.retain(|(code, word)| index.is_called(code, word) == Some(false));
        words.sort();
        words.dedup();
        if !words.is_empty() {
            system.concepts = system.concepts.with_words(words);
        }
    }
}

fn manifest(
    package: &[u8],
    about: &archive::About,
    source: &Source,
    foreign: usize,
    table: &[u8],
) -> String {
    let elements: usize = source.structures.iter().map(|s| s.snapshot.len()).sum();
    let concepts: usize = source.code_systems.iter().map(|s| s.concepts.len()).sum();
    let manifest = serde_json::json!({
        "source": {
            "package": about.name,
            "version": about.version,
            "blake3": blake3::hash(package).to_hex().as_str(),
            "bytes": package.len(),
        },
        "table": { "blake3": blake3::hash(table).to_hex().as_str(), "bytes": table.len() },
        "counts": {
            "structures": source.structures.len(),
            "elements": elements,
            "foreignElementsDropped": foreign,
            "types": source.outlines.len(),
            "valueSets": source.value_sets.len(),
            "codeSystems": source.code_systems.len(),
            "concepts": concepts,
            "conceptMaps": source.concept_maps.len(),
        },
        "command": "stafett definitions generate hl7.fhir.r4.core-4.0.1.tgz --out src/definitions/r4",
    });
    serde_json::to_string_pretty(&manifest).expect("plain data") + "\n"
}
