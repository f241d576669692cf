//! JSON of conformance resources -> the model's structs, in one pass and without a document in between.
//!
//! Promises: prose is skipped, literals keep their text as it was written, what the model has no place
//! for is ignored. Never on a message's path: these are definitions, read when they are loaded.

use super::concepts::{Concept, Concepts};
pub use super::decode_maps::concept_map;
use super::element::Element;
use super::model::*;
use serde::Deserialize;
use std::borrow::Cow;

/// What a resource says about itself at its top, read without building anything.
#[derive(Deserialize, Debug, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
pub struct Head<'a> {
    /// `StructureDefinition`.
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    /// Its canonical.
    #[serde(borrow)]
    pub url: Cow<'a, str>,
    /// Its version.
    #[serde(borrow)]
    pub version: Option<Cow<'a, str>>,
    /// A StructureDefinition's kind.
    #[serde(borrow)]
    pub kind: Option<Cow<'a, str>>,
    /// How a StructureDefinition relates to its base.
    #[serde(borrow)]
    pub derivation: Option<Cow<'a, str>>,
}

/// Reads the head of a resource.
pub fn head(json: &str) -> Result<Head<'_>, serde_json::Error> {
    serde_json::from_str(json)
}

/// An extension with the simple values that definitions carry.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Extension {
    url: Box<str>,
    value_url: Option<Box<str>>,
    value_uri: Option<Box<str>>,
    value_string: Option<Box<str>>,
    value_code: Option<Box<str>>,
    value_canonical: Option<Box<str>>,
    value_boolean: Option<bool>,
}

impl Extension {
    /// The text of the extension of that name (the last part of its url), if it is there.
    pub(super) fn text(all: &[Extension], name: &str) -> Option<Box<str>> {
        let one = Extension::find(all, name)?;
        [&one.value_uri, &one.value_url, &one.value_string, &one.value_code, &one.value_canonical]
            .into_iter()
            .find_map(|v| v.clone())
    }

    /// The texts of all extensions of that name, without what a text literal could not hold.
    pub(super) fn texts<'a>(all: &'a [Extension], name: &str) -> Vec<&'a str> {
        let of_name = all.iter().filter(|e| e.url.rsplit('/').next() == Some(name));
        let text = |e: &'a Extension| {
            let texts = [&e.value_canonical, &e.value_uri, &e.value_url, &e.value_string];
            texts.into_iter().find_map(|v| v.as_deref())
        };
        of_name.filter_map(text).filter(|t| !t.contains(['\'', '\\'])).collect()
    }

    /// Whether the extension of that name is there and true.
    pub(super) fn is_true(all: &[Extension], name: &str) -> bool {
        Extension::find(all, name).is_some_and(|one| one.value_boolean == Some(true))
    }

    fn find<'a>(all: &'a [Extension], name: &str) -> Option<&'a Extension> {
        all.iter().find(|e| e.url.rsplit('/').next() == Some(name))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Elements {
    element: Vec<Element>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Structure {
    extension: Vec<Extension>,
    url: Box<str>,
    version: Option<Box<str>>,
    name: Box<str>,
    kind: Box<str>,
    #[serde(rename = "abstract")]
    is_abstract: bool,
    context: Vec<Context>,
    context_invariant: Vec<Box<str>>,
    #[serde(rename = "type")]
    type_name: Box<str>,
    base_definition: Option<Box<str>>,
    derivation: Option<Box<str>>,
    snapshot: Option<Elements>,
    differential: Option<Elements>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    #[serde(rename = "type")]
    kind: Box<str>,
    expression: Box<str>,
}

/// Reads a StructureDefinition.
pub fn structure(json: &str) -> Result<StructureDefinition, serde_json::Error> {
    let one: Structure = serde_json::from_str(json)?;
    let elements = |list: Option<Elements>| -> Vec<ElementDefinition> {
        list.map_or(Vec::new(), |l| l.element.into_iter().map(|e| e.0).collect())
    };
    let snapshot = elements(one.snapshot);
    // what builds on a type and is of that type constrains it, whatever it says of itself
    let of_its_base = one.base_definition.as_deref().is_some_and(|base| {
        base.rsplit_once('/').is_some_and(|(_, name)| *name == *one.type_name) && base != &*one.url
    });
    let differential = if snapshot.is_empty() { elements(one.differential) } else { Vec::new() };
    Ok(StructureDefinition {
        xml_namespace: Extension::text(&one.extension, "elementdefinition-namespace")
            .or_else(|| Extension::text(&one.extension, "xml-namespace")),
        xml_name: Extension::text(&one.extension, "elementdefinition-xml-name")
            .or_else(|| Extension::text(&one.extension, "xml-name")),
        url: one.url,
        version: one.version,
        name: one.name,
        kind: match &*one.kind {
            "primitive-type" => StructureKind::Primitive,
            "complex-type" => StructureKind::Complex,
            "resource" => StructureKind::Resource,
            _ => StructureKind::Logical,
        },
        is_abstract: one.is_abstract,
        type_name: one.type_name,
        base: one.base_definition,
        constrains: one.derivation.as_deref() == Some("constraint") || of_its_base,
        contexts: one
            .context
            .into_iter()
            .map(|c| ExtensionContext { kind: c.kind, expression: c.expression })
            .collect(),
        context_invariants: one.context_invariant,
        snapshot,
        differential,
    })
}

/// The elements of a StructureDefinition's differential, whether it has a snapshot or not.
pub fn differential(json: &str) -> Result<Vec<ElementDefinition>, serde_json::Error> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Only {
        differential: Elements,
    }
    let one: Only = serde_json::from_str(json)?;
    Ok(one.differential.element.into_iter().map(|e| e.0).collect())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Values {
    url: Box<str>,
    version: Option<Box<str>>,
    compose: Option<Compose>,
    expansion: Option<Expansion>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Compose {
    include: Vec<Part>,
    exclude: Vec<Part>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Part {
    system: Option<Box<str>>,
    version: Option<Box<str>>,
    concept: Vec<Coded>,
    filter: Vec<Filter>,
    value_set: Vec<Box<str>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Coded {
    code: Box<str>,
    display: Option<Box<str>>,
    designation: Vec<Designation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Designation {
    value: Box<str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Filter {
    property: Box<str>,
    op: Box<str>,
    value: Box<str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Expansion {
    contains: Vec<Contains>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Contains {
    system: Option<Box<str>>,
    code: Option<Box<str>>,
    #[serde(rename = "abstract")]
    is_abstract: bool,
    contains: Vec<Contains>,
}

impl Contains {
    fn flatten(list: Vec<Contains>, out: &mut Vec<(Box<str>, Box<str>)>) {
        for one in list {
            if let (Some(code), false) = (one.code, one.is_abstract) {
                out.push((one.system.unwrap_or_default(), code));
            }
            Contains::flatten(one.contains, out);
        }
    }
}

/// What codes are called, by their place.
fn words(list: &[Coded]) -> Vec<(u32, Box<str>)> {
    let of_one = |(at, one): (u32, &Coded)| {
        let designations = one.designation.iter().map(|one| one.value.clone());
        let all: Vec<_> = one.display.clone().into_iter().chain(designations).collect();
        all.into_iter().filter(|word| !word.is_empty()).map(move |word| (at, word))
    };
    (0..).zip(list).flat_map(of_one).collect()
}

/// Reads a ValueSet.
pub fn value_set(json: &str) -> Result<ValueSet, serde_json::Error> {
    let one: Values = serde_json::from_str(json)?;
    let parts = |list: Vec<Part>| -> Vec<Include> {
        let part = |p: Part| Include {
            system: p.system,
            version: p.version,
            words: words(&p.concept),
            codes: p.concept.into_iter().map(|c| c.code).collect(),
            filters: p.filter.into_iter().map(|f| (f.property, f.op, f.value)).collect(),
            value_sets: p.value_set,
        };
        list.into_iter().map(part).collect()
    };
    let compose = one.compose.unwrap_or_default();
    let expansion = one.expansion.map(|e| {
        let mut codes = Vec::new();
        Contains::flatten(e.contains, &mut codes);
        codes
    });
    Ok(ValueSet {
        url: one.url,
        version: one.version,
        include: parts(compose.include),
        exclude: parts(compose.exclude),
        expansion: expansion.filter(|codes| !codes.is_empty()),
    })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct System {
    url: Box<str>,
    version: Option<Box<str>>,
    content: Box<str>,
    case_sensitive: Option<bool>,
    concept: Vec<Nested>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Nested {
    code: Box<str>,
    display: Option<Box<str>>,
    designation: Vec<Designation>,
    property: Vec<Property>,
    concept: Vec<Nested>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Property {
    code: Box<str>,
    value_code: Option<Box<str>>,
    value_string: Option<Box<str>>,
    value_boolean: Option<bool>,
    value_date_time: Option<Box<str>>,
}

impl Nested {
    fn flatten(list: Vec<Nested>, parent: Option<u32>, out: &mut Concepts) {
        for one in list {
            let at = out.len() as u32;
            let property = |p: Property| {
                let flag = p.value_boolean.map(|b| if b { "true" } else { "false" }.into());
                let value = p.value_code.or(p.value_string).or(p.value_date_time).or(flag)?;
                Some((p.code, value))
            };
            let designations = one.designation.iter().map(|one| &*one.value);
            let words = one.display.as_deref().into_iter().chain(designations);
            out.push(Concept {
                code: &one.code,
                parent,
                words: words.filter(|word| !word.is_empty()).collect(),
                properties: one.property.into_iter().filter_map(property).collect(),
            });
            Nested::flatten(one.concept, Some(at), out);
        }
    }
}

/// Reads a CodeSystem.
pub fn code_system(json: &str) -> Result<CodeSystem, serde_json::Error> {
    let one: System = serde_json::from_str(json)?;
    let mut concepts = Concepts::default();
    Nested::flatten(one.concept, None, &mut concepts);
    Ok(CodeSystem {
        url: one.url,
        version: one.version,
        complete: &*one.content == "complete",
        case_sensitive: one.case_sensitive.unwrap_or(true),
        concepts,
    })
}
