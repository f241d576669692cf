//! A FHIR package -> the embedded table and its manifest. Runs when R4 core is embedded, never otherwise.
//!
//! Promises: the same package gives the same bytes, whatever the order of its members.

use super::archive;
use super::core::{self, Source};
use super::{decode, tables};
use crate::message::{Error, ErrorKind};

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
    let mut about = archive::About::default();
    let broken = |member: &str, fault: serde_json::Error| {
        Error::new(ErrorKind::Configuration, format!("{member}: {fault}"))
    };
    archive::read(package, &mut |member, json| {
        if member == "package.json" {
            about = archive::About::parse(json).map_err(|f| broken(member, f))?;
            return Ok(());
        }
        let head = decode::head(json).map_err(|f| broken(member, f))?;
        match &*head.resource_type {
            "StructureDefinition" => {
                source.structures.push(decode::structure(json).map_err(|f| broken(member, f))?);
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
        Ok(())
    })?;
    arrange(&mut source);
    let table = core::pack(&source);
    let manifest = manifest(package, &about, &source, &table);
    Ok(Generated { table, manifest })
}

/// Sorts everything, outlines the types, and drops what only people read.
fn arrange(source: &mut Source) {
    source.structures.sort_by(|a, b| a.url.cmp(&b.url));
    source.value_sets.sort_by(|a, b| a.url.cmp(&b.url));
    source.code_systems.sort_by(|a, b| a.url.cmp(&b.url));
    source.concept_maps.sort_by(|a, b| a.url.cmp(&b.url));
    source.outlines = source.structures.iter().flat_map(tables::outline).collect();
    for concept in source.code_systems.iter_mut().flat_map(|s| &mut s.concepts) {
        concept.display = None;
        concept.properties.retain(|(code, _)| matches!(&**code, "child" | "parent" | "subsumedBy"));
    }
}

fn manifest(package: &[u8], about: &archive::About, source: &Source, table: &[u8]) -> String {
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
