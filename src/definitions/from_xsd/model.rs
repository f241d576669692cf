//! A derived model, and its StructureDefinition as JSON.

use serde::Serialize;
use std::fmt::Write;

/// A logical model that was derived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Model {
    pub(super) url: Box<str>,
    pub(super) name: Box<str>,
    pub(super) namespace: Box<str>,
    pub(super) elements: Vec<Element>,
}

/// How an element is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Written {
    #[default]
    Element,
    Attribute,
    Text,
}

/// What an element holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// A FHIR type.
    Type(&'static str),
    /// Documents of these models.
    Models(Vec<Box<str>>),
    /// What the element at that path holds.
    SameAs(Box<str>),
    /// The root says nothing.
    Root,
}

/// An element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Element {
    pub path: Box<str>,
    pub min: u32,
    /// None: any number.
    pub max: Option<u32>,
    pub held: Held,
    pub written: Written,
    /// Where it is not the model's.
    pub namespace: Option<Box<str>>,
    /// Where it is not the path's last part.
    pub xml_name: Option<Box<str>>,
    pub max_length: Option<u32>,
    /// Expressions that must hold, with their numbers in the model.
    pub invariants: Vec<(u32, String)>,
}

const NAMESPACE: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-namespace";
const XML_NAME: &str = "http://hl7.org/fhir/tools/StructureDefinition/xml-name";

impl Model {
    /// How many elements it has, the root included.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether it has no element; a derived model always has its root.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The StructureDefinition, one element a line; the differential says the same as the snapshot.
    pub fn to_json(&self) -> String {
        let quote = |text: &str| serde_json::to_string(text).expect("a string is always JSON");
        let mut out = String::from("{\n  \"resourceType\": \"StructureDefinition\",\n");
        let id: String =
            self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let _ = writeln!(out, "  \"id\": {},", quote(&id));
        let namespace = Extension::uri(NAMESPACE, &self.namespace);
        let _ = writeln!(out, "  \"extension\": [{}],", json(&namespace));
        let _ = writeln!(out, "  \"url\": {},", quote(&self.url));
        let _ = writeln!(out, "  \"name\": {},", quote(&self.name));
        out.push_str("  \"status\": \"active\",\n  \"fhirVersion\": \"4.0.1\",\n");
        out.push_str("  \"kind\": \"logical\",\n  \"abstract\": false,\n");
        let _ = writeln!(out, "  \"type\": {},", quote(&self.url));
        out.push_str("  \"baseDefinition\": \"http://hl7.org/fhir/StructureDefinition/Base\",\n");
        out.push_str("  \"derivation\": \"specialization\",\n");
        for (at, view) in ["snapshot", "differential"].into_iter().enumerate() {
            let _ = writeln!(out, "  \"{view}\": {{\"element\": [");
            for (i, element) in self.elements.iter().enumerate() {
                let comma = if i + 1 < self.elements.len() { "," } else { "" };
                let _ = writeln!(out, "    {}{comma}", json(&self.line(element)));
            }
            out.push_str(if at == 0 { "  ]},\n" } else { "  ]}\n" });
        }
        out.push_str("}\n");
        out
    }

    fn line<'a>(&self, element: &'a Element) -> Line<'a> {
        let mut extension = Vec::new();
        if let Some(namespace) = &element.namespace {
            extension.push(Extension::uri(NAMESPACE, namespace));
        }
        if let Some(name) = &element.xml_name {
            extension.push(Extension { url: XML_NAME, value_uri: None, value_string: Some(name) });
        }
        let representation = match element.written {
            Written::Element => None,
            Written::Attribute => Some(["xmlAttr"]),
            Written::Text => Some(["xmlText"]),
        };
        let (content_reference, types) = match &element.held {
            Held::Root => (None, Vec::new()),
            Held::SameAs(path) => (Some(format!("#{path}")), Vec::new()),
            Held::Type(code) => (None, vec![TypeCode { code }]),
            Held::Models(urls) => (None, urls.iter().map(|code| TypeCode { code }).collect()),
        };
        let model = self.name.to_lowercase();
        let constraints = element.invariants.iter();
        Line {
            id: &element.path,
            extension,
            path: &element.path,
            representation,
            min: element.min,
            max: element.max.map_or_else(|| "*".to_owned(), |max| max.to_string()),
            content_reference,
            types,
            max_length: element.max_length,
            constraint: constraints
                .map(|(number, expression)| Invariant {
                    key: format!("{model}-{number}"),
                    severity: "error",
                    human: "choice",
                    expression,
                })
                .collect(),
        }
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs are always JSON")
}

/// An ElementDefinition, in FHIR's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extension: Vec<Extension<'a>>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    representation: Option<[&'static str; 1]>,
    min: u32,
    max: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_reference: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Vec::is_empty")]
    types: Vec<TypeCode<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    constraint: Vec<Invariant<'a>>,
}

#[derive(Serialize)]
struct TypeCode<'a> {
    code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extension<'a> {
    url: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_string: Option<&'a str>,
}

impl<'a> Extension<'a> {
    fn uri(url: &'static str, value: &'a str) -> Extension<'a> {
        Extension { url, value_uri: Some(value), value_string: None }
    }
}

#[derive(Serialize)]
struct Invariant<'a> {
    key: String,
    severity: &'static str,
    human: &'static str,
    expression: &'a str,
}
