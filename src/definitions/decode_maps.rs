//! JSON of ConceptMaps -> the model's struct, one line a target.
//!
//! Promises: what an unmapped code becomes is a line of its own. Never: looks a code up.

use super::model::{ConceptMap, ConceptMapping};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Mappings {
    url: Box<str>,
    version: Option<Box<str>>,
    group: Vec<MappingGroup>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MappingGroup {
    source: Box<str>,
    target: Box<str>,
    element: Vec<MappingSource>,
    unmapped: Option<Unmapped>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Unmapped {
    mode: Box<str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MappingSource {
    code: Box<str>,
    target: Vec<MappingTarget>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MappingTarget {
    code: Option<Box<str>>,
    display: Option<Box<str>>,
    /// R4.
    equivalence: Option<Box<str>>,
    /// R5.
    relationship: Option<Box<str>>,
}

/// Reads a ConceptMap.
pub fn concept_map(json: &str) -> Result<ConceptMap, serde_json::Error> {
    let one: Mappings = serde_json::from_str(json)?;
    let mut mappings = Vec::new();
    for group in one.group {
        let mode = group.unmapped.map(|one| one.mode).unwrap_or_default();
        if matches!(&*mode, "provided" | "use-source-code") {
            // What is not listed is passed on: a line from no code to no code.
            mappings.push(ConceptMapping {
                source_system: group.source.clone(),
                target_system: group.target.clone(),
                ..ConceptMapping::default()
            });
        }
        for element in group.element {
            for target in element.target {
                let said = target.equivalence.as_deref().or(target.relationship.as_deref());
                let none = matches!(said, Some("unmatched" | "disjoint" | "not-related-to"));
                mappings.push(ConceptMapping {
                    source_system: group.source.clone(),
                    source_code: element.code.clone(),
                    target_system: group.target.clone(),
                    target_code: target.code.filter(|_| !none),
                    target_display: target.display,
                });
            }
        }
    }
    Ok(ConceptMap { url: one.url, version: one.version, mappings })
}
