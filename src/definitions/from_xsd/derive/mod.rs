//! Walks from a root element through its types and writes the model's elements, depth first.

use super::model::{Element, Held, Model, Written};
use super::schema::{At, Schemas};
use super::{Wanted, types};
use crate::message::{Diagnostic, Origin};

mod content;
mod particles;

use content::{Content, Simple};
use particles::Part;

/// See [`super::derive`].
pub(super) fn model(schemas: &Schemas, wanted: &Wanted<'_>) -> Result<Model, Diagnostic> {
    let root = schemas.anywhere("element", wanted.root).ok_or_else(|| {
        let text = format!("no schema declares a global element `{}`", wanted.root);
        Diagnostic::error(Origin::default(), "model-no-root", text)
    })?;
    let namespace = schemas.namespace(root);
    let mut walk = Walk {
        schemas,
        wanted,
        namespace,
        elements: Vec::new(),
        open: Vec::new(),
        depth: 0,
        invariants: 0,
    };
    walk.element(root, wanted.root, 0, None)?;
    walk.elements[0].held = Held::Root;
    Ok(Model {
        url: wanted.url.into(),
        name: wanted.root.into(),
        namespace: namespace.into(),
        elements: walk.elements,
    })
}

struct Walk<'a> {
    schemas: &'a Schemas,
    wanted: &'a Wanted<'a>,
    namespace: &'a str,
    elements: Vec<Element>,
    /// The types whose elements are being written, with the path of the element of that type.
    open: Vec<(At, Box<str>)>,
    depth: u32,
    /// How many invariants were written.
    invariants: u32,
}

impl Walk<'_> {
    /// Writes the element that `at` declares, and everything below it.
    fn element(
        &mut self,
        at: At,
        path: &str,
        min: u32,
        max: Option<u32>,
    ) -> Result<(), Diagnostic> {
        let here = self.elements.len();
        self.elements.push(self.plain(at, path, min, max));
        let name = self.schemas.attribute(at, "name").unwrap_or_default();
        if here > 0 && self.wanted.leave_out.iter().any(|one| **one == *name) {
            return Ok(());
        }
        let (definition, content) = content::of_element(self.schemas, at)?;
        match content {
            // whatever else may stand there, text may
            Content::Any => {
                self.text(path, "text", None, None);
                self.elements[here].held = Held::Type("BackboneElement");
                Ok(())
            }
            Content::Simple(simple) => {
                self.hold(here, simple);
                Ok(())
            }
            Content::Complex(complex) => {
                let definition = definition.unwrap_or(at);
                if let Some((_, open)) = self.open.iter().find(|(one, _)| *one == definition) {
                    self.elements[here].held = Held::SameAs(open.clone());
                    return Ok(());
                }
                self.open.push((definition, path.into()));
                let below = self.complex(here, path, &complex);
                self.open.pop();
                below
            }
        }
    }

    fn complex(
        &mut self,
        here: usize,
        path: &str,
        complex: &content::Complex,
    ) -> Result<(), Diagnostic> {
        for expression in complex.particles.invariants() {
            self.invariants += 1;
            self.elements[here].invariants.push((self.invariants, expression));
        }
        for attribute in &complex.attributes {
            self.attribute(*attribute, path)?;
        }
        if let Some(simple) = complex.value {
            self.text(path, "value", Some(1), Some(simple));
        }
        if complex.mixed {
            self.text(path, "text", None, None);
        }
        for part in &complex.particles.parts {
            self.part(part, path)?;
        }
        if self.elements.len() > here + 1 {
            self.elements[here].held = Held::Type("BackboneElement");
        }
        Ok(())
    }

    fn part(&mut self, part: &Part, parent: &str) -> Result<(), Diagnostic> {
        if self.depth > 60 {
            let text = format!("`{parent}` is nested deeper than 60 elements");
            return Err(self.schemas.fault(part.at, "model-too-deep", text));
        }
        let name = part.name(self.schemas);
        let path = format!("{parent}.{}", fhir_name(&name));
        if self.schemas.kind(part.at) == "any" {
            let element = self.plain(part.at, &path, part.min, part.max);
            self.elements.push(self.payload(element, parent));
            return Ok(());
        }
        self.depth += 1;
        let done = self.element(part.at, &path, part.min, part.max);
        self.depth -= 1;
        done
    }

    /// A place for any element, which holds documents of the models that are named for its parent.
    fn payload(&self, any: Element, parent: &str) -> Element {
        let holder = parent.rsplit('.').next().unwrap_or(parent);
        let named = self.wanted.payloads.iter().filter(|(name, _)| name == holder);
        let models: Vec<Box<str>> = named.map(|(_, url)| url.as_str().into()).collect();
        match models.is_empty() {
            true => any,
            false => Element {
                path: format!("{}[x]", any.path).into(),
                held: Held::Models(models),
                ..any
            },
        }
    }

    /// An element of any content, until its type says more.
    fn plain(&self, at: At, path: &str, min: u32, max: Option<u32>) -> Element {
        let namespace = match self.schemas.kind(at) {
            "any" => self.namespace,
            _ => self.schemas.namespace(at),
        };
        let name = self.schemas.attribute(at, "name").unwrap_or_default();
        Element {
            path: path.into(),
            min,
            max,
            held: Held::Type("Element"),
            written: Written::Element,
            namespace: (namespace != self.namespace).then(|| namespace.into()),
            xml_name: (fhir_name(&name) != name).then(|| name.as_ref().into()),
            max_length: None,
            invariants: Vec::new(),
        }
    }

    fn attribute(&mut self, at: At, parent: &str) -> Result<(), Diagnostic> {
        let name = self.schemas.attribute(at, "name").unwrap_or_default();
        let min = u32::from(self.schemas.attribute(at, "use").as_deref() == Some("required"));
        let path = format!("{parent}.{}", fhir_name(&name));
        let here = self.elements.len();
        let mut element = self.plain(at, &path, min, Some(1));
        element.written = Written::Attribute;
        // an attribute without a prefix is in no namespace, which needs no saying
        element.namespace = element.namespace.filter(|namespace| !namespace.is_empty());
        self.elements.push(element);
        self.hold(here, content::of_attribute(self.schemas, at)?);
        Ok(())
    }

    /// Character data as an element of its own, beside attributes or other elements.
    fn text(&mut self, parent: &str, name: &str, max: Option<u32>, simple: Option<Simple>) {
        let simple = simple.unwrap_or(Simple { primitive: "string", max_length: None });
        self.elements.push(Element {
            path: format!("{parent}.{name}").into(),
            min: 0,
            max,
            held: Held::Type(simple.primitive),
            written: Written::Text,
            namespace: None,
            xml_name: None,
            max_length: simple.max_length,
            invariants: Vec::new(),
        });
    }

    fn hold(&mut self, here: usize, simple: Simple) {
        self.elements[here].held = Held::Type(simple.primitive);
        self.elements[here].max_length = simple.max_length;
    }
}

/// An XML name as a part of a path, where dots and hyphens have a meaning of their own.
fn fhir_name(name: &str) -> String {
    name.replace(['.', '-'], "_")
}

/// The FHIR primitive of a name used at a node, if it is a built-in one.
fn built_in(schemas: &Schemas, at: At, name: &str) -> Option<&'static str> {
    let (namespace, local) = schemas.resolve(at, name);
    types::primitive(namespace, local)
}
