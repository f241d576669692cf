//! Sequences, choices and groups flattened: which children, how often, and which exclude each other.

use super::content::definition;
use super::fhir_name;
use crate::definitions::from_xsd::schema::{At, Schemas};
use crate::message::Diagnostic;

/// One child: an element's declaration, or a place for any.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub at: At,
    pub min: u32,
    /// None: any number.
    pub max: Option<u32>,
}

impl Part {
    /// The child's name.
    pub fn name(&self, schemas: &Schemas) -> String {
        match schemas.kind(self.at) {
            "any" => "any".to_owned(),
            _ => schemas.attribute(self.at, "name").unwrap_or_default().into_owned(),
        }
    }
}

/// A choice: each alternative by the names of its children.
#[derive(Clone, Debug)]
struct Choice {
    alternatives: Vec<Vec<String>>,
    /// At least one alternative is there.
    some: bool,
    /// At most one is.
    one: bool,
}

/// The children that a content model allows.
#[derive(Clone, Debug, Default)]
pub(super) struct Particles {
    pub parts: Vec<Part>,
    choices: Vec<Choice>,
}

/// The children of a particle: `sequence`, `choice`, `all`, `group`, `element` or `any`.
pub(super) fn of(schemas: &Schemas, at: At) -> Result<Particles, Diagnostic> {
    let min = schemas.attribute(at, "minOccurs").and_then(|v| v.parse().ok()).unwrap_or(1);
    let max = match schemas.attribute(at, "maxOccurs").as_deref() {
        Some("unbounded") => None,
        Some(text) => Some(text.parse().unwrap_or(1)),
        None => Some(1),
    };
    let mut particles = Particles::default();
    match schemas.kind(at) {
        "element" => {
            particles.parts.push(Part { at: definition(schemas, at)?, min: 1, max: Some(1) })
        }
        "any" => particles.parts.push(Part { at, min: 1, max: Some(1) }),
        "choice" => particles = choice(schemas, at)?,
        "group" => {
            for part in schemas.parts(definition(schemas, at)?) {
                particles.append(schemas, of(schemas, part)?);
            }
        }
        _ => {
            for part in schemas.parts(at) {
                particles.append(schemas, of(schemas, part)?);
            }
        }
    }
    particles.times(min, max);
    Ok(particles)
}

fn choice(schemas: &Schemas, at: At) -> Result<Particles, Diagnostic> {
    let mut all = Particles::default();
    let mut alternatives: Vec<Vec<String>> = Vec::new();
    let mut some = true;
    for part in schemas.parts(at) {
        let mut one = of(schemas, part)?;
        some &= one.parts.iter().any(|part| part.min > 0);
        alternatives.push(one.parts.iter().map(|part| part.name(schemas)).collect());
        one.times(0, Some(1));
        all.append(schemas, one);
    }
    let names: Vec<&String> = alternatives.iter().flatten().collect();
    let apart = (1..names.len()).all(|i| !names[..i].contains(&names[i]));
    if alternatives.len() > 1 && !names.iter().any(|name| *name == "any") {
        all.choices.push(Choice { alternatives, some, one: apart });
    }
    Ok(all)
}

impl Particles {
    /// Adds the children of a later particle; a name that is there already may occur as often as both say.
    pub fn append(&mut self, schemas: &Schemas, later: Particles) {
        for part in later.parts {
            let name = part.name(schemas);
            match self.parts.iter_mut().find(|one| one.name(schemas) == name) {
                Some(one) => {
                    one.min += part.min;
                    one.max = one.max.zip(part.max).map(|(a, b)| a.saturating_add(b));
                }
                None => self.parts.push(part),
            }
        }
        self.choices.extend(later.choices);
    }

    /// The same, that often.
    fn times(&mut self, min: u32, max: Option<u32>) {
        for part in &mut self.parts {
            part.min = part.min.saturating_mul(min);
            part.max = part.max.zip(max).map(|(a, b)| a.saturating_mul(b));
        }
        for choice in &mut self.choices {
            choice.some &= min > 0;
            choice.one &= max == Some(1);
        }
        self.choices.retain(|choice| choice.some || choice.one);
    }

    /// FHIRPath on the parent for each choice.
    pub fn invariants(&self) -> Vec<String> {
        self.choices.iter().map(Choice::expression).collect()
    }
}

impl Choice {
    fn expression(&self) -> String {
        let there = |names: &Vec<String>| {
            let each: Vec<String> =
                names.iter().map(|name| format!("{}.exists()", fhir_name(name))).collect();
            each.join(" or ")
        };
        if !self.one {
            let each: Vec<String> = self.alternatives.iter().map(there).collect();
            return each.join(" or ");
        }
        let counted: Vec<String> =
            self.alternatives.iter().map(|names| format!("iif({}, 1, 0)", there(names))).collect();
        format!("{} {} 1", counted.join(" + "), if self.some { "=" } else { "<=" })
    }
}
