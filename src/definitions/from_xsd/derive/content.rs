//! What an element, an attribute or a type may hold, with its base types' parts put in.

use super::built_in;
use super::particles::{self, Particles};
use crate::definitions::from_xsd::schema::{At, Schemas};
use crate::definitions::from_xsd::types;
use crate::message::Diagnostic;

/// A text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Simple {
    pub primitive: &'static str,
    pub max_length: Option<u32>,
}

/// Elements and attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Complex {
    pub mixed: bool,
    pub value: Option<Simple>,
    pub particles: Particles,
    pub attributes: Vec<At>,
}

/// What something may hold.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Any,
    Simple(Simple),
    Complex(Complex),
}

const STRING: Simple = Simple { primitive: "string", max_length: None };

/// What an element holds, and the complex type that says so.
pub(super) fn of_element(schemas: &Schemas, at: At) -> Result<(Option<At>, Content), Diagnostic> {
    if let Some(name) = schemas.attribute(at, "type") {
        return of_name(schemas, at, &name);
    }
    match schemas.part(at, &["simpleType", "complexType"]) {
        Some(inline) => of_type(schemas, inline),
        None => Ok((None, Content::Any)),
    }
}

/// What an attribute holds.
pub(super) fn of_attribute(schemas: &Schemas, at: At) -> Result<Simple, Diagnostic> {
    if let Some(name) = schemas.attribute(at, "type") {
        return match of_name(schemas, at, &name)?.1 {
            Content::Simple(simple) => Ok(simple),
            _ => Ok(STRING),
        };
    }
    schemas.part(at, &["simpleType"]).map_or(Ok(STRING), |inline| simple(schemas, inline))
}

fn of_name(schemas: &Schemas, at: At, name: &str) -> Result<(Option<At>, Content), Diagnostic> {
    if let Some(primitive) = built_in(schemas, at, name) {
        return Ok((None, Content::Simple(Simple { primitive, max_length: None })));
    }
    let (namespace, local) = schemas.resolve(at, name);
    if types::is_any(namespace, local) {
        return Ok((None, Content::Any));
    }
    let found =
        ["complexType", "simpleType"].into_iter().find_map(|k| schemas.global(k, namespace, local));
    match found {
        Some(definition) => of_type(schemas, definition),
        None => Err(missing(schemas, at, "type", name)),
    }
}

fn of_type(schemas: &Schemas, at: At) -> Result<(Option<At>, Content), Diagnostic> {
    match schemas.kind(at) {
        "simpleType" => Ok((None, Content::Simple(simple(schemas, at)?))),
        _ => Ok((Some(at), Content::Complex(complex(schemas, at)?))),
    }
}

/// A simple type's primitive and its smallest length along the chain of restrictions.
fn simple(schemas: &Schemas, at: At) -> Result<Simple, Diagnostic> {
    let Some(restriction) = schemas.part(at, &["restriction"]) else { return Ok(STRING) };
    let base = match schemas.attribute(restriction, "base") {
        Some(name) => match of_name(schemas, restriction, &name)?.1 {
            Content::Simple(simple) => simple,
            Content::Complex(Complex { value: Some(simple), .. }) => simple,
            _ => STRING,
        },
        None => match schemas.part(restriction, &["simpleType"]) {
            Some(inline) => simple(schemas, inline)?,
            None => STRING,
        },
    };
    let length = schemas.part(restriction, &["maxLength", "length"]);
    let length = length.and_then(|at| schemas.attribute(at, "value")?.parse().ok());
    Ok(Simple { max_length: length.or(base.max_length), ..base })
}

fn complex(schemas: &Schemas, at: At) -> Result<Complex, Diagnostic> {
    let mixed = |at: At| matches!(schemas.attribute(at, "mixed").as_deref(), Some("true" | "1"));
    let own_mixed = mixed(at);
    let Some(content) = schemas.part(at, &["simpleContent", "complexContent"]) else {
        return Ok(Complex { mixed: own_mixed, ..own(schemas, at)? });
    };
    let how = schemas
        .part(content, &["extension", "restriction"])
        .ok_or_else(|| missing(schemas, content, "derivation below", schemas.kind(content)))?;
    let name = schemas.attribute(how, "base").unwrap_or_default().into_owned();
    let base = of_name(schemas, how, &name)?.1;
    let mut derived = own(schemas, how)?;
    if schemas.kind(content) == "simpleContent" {
        derived.value = Some(match base {
            Content::Simple(simple) => simple,
            Content::Complex(ref base) => base.value.unwrap_or(STRING),
            Content::Any => STRING,
        });
    }
    let base = match base {
        Content::Complex(base) => base,
        _ => Complex::default(),
    };
    derived.mixed = own_mixed || mixed(content) || base.mixed;
    if schemas.kind(how) == "extension" {
        let own = std::mem::take(&mut derived.particles);
        derived.particles = base.particles;
        derived.particles.append(schemas, own);
    }
    derived.attributes = inherited(schemas, &base.attributes, derived.attributes);
    Ok(derived)
}

/// A base's attributes with those that the derived type says again, adds or prohibits.
fn inherited(schemas: &Schemas, base: &[At], own: Vec<At>) -> Vec<At> {
    let name = |at: At| schemas.attribute(at, "name").unwrap_or_default();
    let kept = base.iter().copied().filter(|b| !own.iter().any(|o| name(*o) == name(*b)));
    let mut all: Vec<At> = kept.collect();
    let allowed = |at: &At| schemas.attribute(*at, "use").as_deref() != Some("prohibited");
    all.extend(own.iter().copied().filter(allowed));
    all
}

/// What a type's definition, or its extension or restriction, says itself.
fn own(schemas: &Schemas, at: At) -> Result<Complex, Diagnostic> {
    let mut complex = Complex::default();
    for part in schemas.parts(at) {
        match schemas.kind(part) {
            "sequence" | "choice" | "all" | "group" => {
                complex.particles.append(schemas, particles::of(schemas, part)?);
            }
            "attribute" | "attributeGroup" => {
                attributes(schemas, part, &mut complex.attributes)?;
            }
            _ => {}
        }
    }
    Ok(complex)
}

fn attributes(schemas: &Schemas, at: At, out: &mut Vec<At>) -> Result<(), Diagnostic> {
    let definition = definition(schemas, at)?;
    if schemas.kind(definition) == "attribute" {
        out.push(definition);
        return Ok(());
    }
    for part in schemas.parts(definition) {
        if matches!(schemas.kind(part), "attribute" | "attributeGroup") {
            attributes(schemas, part, out)?;
        }
    }
    Ok(())
}

/// The declaration that a node is or refers to.
pub(super) fn definition(schemas: &Schemas, at: At) -> Result<At, Diagnostic> {
    let Some(name) = schemas.attribute(at, "ref") else { return Ok(at) };
    let (namespace, local) = schemas.resolve(at, &name);
    let kind = schemas.kind(at);
    let found = schemas.global(kind, namespace, local);
    found.ok_or_else(|| missing(schemas, at, kind, &name))
}

fn missing(schemas: &Schemas, at: At, what: &str, name: &str) -> Diagnostic {
    schemas.fault(at, "model-missing-definition", format!("no schema defines the {what} `{name}`"))
}
