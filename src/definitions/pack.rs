//! The packed form of StructureDefinitions: texts, constraints, type lists and bindings are kept once.
//!
//! Promises: what is packed comes back the same. Never: drops anything the model holds.

use super::model::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::Hash;

/// The place of a text among the texts; 0 is none.
type Text = u32;

/// Texts, back to back.
#[derive(Default, Serialize, Deserialize)]
pub struct Texts {
    all: String,
    lengths: Vec<u32>,
}

/// What many elements share.
#[derive(Default, Serialize, Deserialize)]
pub struct Common {
    texts: Texts,
    constraints: Vec<PackedConstraint>,
    types: Vec<Vec<PackedType>>,
    bindings: Vec<PackedBinding>,
}

/// What many elements share, ready to be looked up.
pub struct Shared {
    common: Common,
    starts: Vec<u32>,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct PackedConstraint {
    key: Text,
    is_error: bool,
    best_practice: bool,
    human: Text,
    expression: Text,
    source: Text,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct PackedType {
    code: Text,
    profiles: Vec<Text>,
    target_profiles: Vec<Text>,
    aggregation: Vec<Text>,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct PackedBinding {
    strength: Strength,
    value_set: Text,
    max_value_set: Text,
}

/// A structure without what is shared. Elements are in `snapshot` or `differential`, as they came.
#[derive(Serialize, Deserialize)]
struct PackedStructure {
    url: Text,
    version: Text,
    name: Text,
    kind: StructureKind,
    is_abstract: bool,
    type_name: Text,
    base: Text,
    constrains: bool,
    contexts: Vec<(Text, Text)>,
    context_invariants: Vec<Text>,
    snapshot: Vec<PackedElement>,
    differential: Vec<PackedElement>,
    xml: (Text, Text),
}

#[derive(Serialize, Deserialize)]
struct PackedElement {
    /// How many of the path before it this one begins with, in steps, and its last step.
    depth: u8,
    step: Text,
    /// None when it is the path.
    id: Text,
    slice_name: Text,
    min: Option<u32>,
    max: Option<u32>,
    base: Option<(Option<u32>, Option<u32>)>,
    content_reference: Text,
    types: u32,
    /// fixed, pattern, smallest, largest: (which, type, JSON).
    literals: Vec<(u8, Text, Text)>,
    max_length: Option<u32>,
    constraints: Vec<u32>,
    slicing: Option<Slicing>,
    binding: Option<u32>,
    flags: u8,
    representation: Vec<Text>,
    xml: Option<(Text, Text)>,
}

/// Packs structures one by one.
#[derive(Default)]
pub struct Packer {
    common: Common,
    texts: HashMap<Box<str>, Text>,
    constraints: HashMap<PackedConstraint, u32>,
    types: HashMap<Vec<PackedType>, u32>,
    bindings: HashMap<PackedBinding, u32>,
}

fn once<T: Clone + Eq + Hash>(list: &mut Vec<T>, seen: &mut HashMap<T, u32>, one: T) -> u32 {
    *seen.entry(one.clone()).or_insert_with(|| {
        list.push(one);
        list.len() as u32 - 1
    })
}

impl Packer {
    /// The place of a text.
    pub fn text(&mut self, text: &str) -> u32 {
        if let Some(id) = self.texts.get(text) {
            return *id;
        }
        let texts = &mut self.common.texts;
        texts.all.push_str(text);
        texts.lengths.push(text.len() as u32);
        let id = texts.lengths.len() as u32;
        self.texts.insert(text.into(), id);
        id
    }

    /// The place of a text that may be absent: 0 is none.
    pub fn maybe(&mut self, text: &Option<Box<str>>) -> u32 {
        text.as_ref().map_or(0, |t| self.text(t))
    }

    /// The places of some texts.
    pub fn texts(&mut self, list: &[Box<str>]) -> Vec<u32> {
        list.iter().map(|t| self.text(t)).collect()
    }

    /// A structure's bytes.
    pub fn structure(&mut self, one: &StructureDefinition) -> Vec<u8> {
        let packed = PackedStructure {
            url: self.text(&one.url),
            version: self.maybe(&one.version),
            name: self.text(&one.name),
            kind: one.kind,
            is_abstract: one.is_abstract,
            type_name: self.text(&one.type_name),
            base: self.maybe(&one.base),
            constrains: one.constrains,
            contexts: one
                .contexts
                .iter()
                .map(|c| (self.text(&c.kind), self.text(&c.expression)))
                .collect(),
            context_invariants: self.texts(&one.context_invariants),
            snapshot: one.snapshot.iter().map(|e| self.element(e)).collect(),
            differential: one.differential.iter().map(|e| self.element(e)).collect(),
            xml: (self.maybe(&one.xml_namespace), self.maybe(&one.xml_name)),
        };
        postcard::to_allocvec(&packed).expect("plain data is serialised into memory")
    }

    fn element(&mut self, one: &ElementDefinition) -> PackedElement {
        let types = one.types.iter().map(|t| self.type_ref(t)).collect();
        let literals = [&one.fixed, &one.pattern, &one.min_value, &one.max_value];
        let literals = literals.into_iter().enumerate().filter_map(|(i, l)| Some((i, l.as_ref()?)));
        PackedElement {
            depth: one.path.matches('.').count() as u8,
            step: self.text(one.path.rsplit('.').next().unwrap_or_default()),
            id: if one.id == one.path { 0 } else { self.text(&one.id) },
            slice_name: self.maybe(&one.slice_name),
            min: one.min,
            max: one.max,
            base: ((one.base_min, one.base_max) != (one.min, one.max))
                .then_some((one.base_min, one.base_max)),
            content_reference: self.maybe(&one.content_reference),
            types: once(&mut self.common.types, &mut self.types, types),
            literals: literals
                .map(|(i, l)| (i as u8, self.text(&l.type_name), self.text(&l.json)))
                .collect(),
            max_length: one.max_length,
            constraints: one.constraints.iter().map(|c| self.constraint(c)).collect(),
            slicing: one.slicing.clone(),
            binding: one.binding.as_ref().map(|b| self.binding(b)),
            flags: u8::from(one.is_modifier)
                | u8::from(one.is_summary) << 1
                | u8::from(one.must_support) << 2,
            representation: self.texts(&one.representation),
            xml: (one.xml_namespace.is_some() || one.xml_name.is_some())
                .then(|| (self.maybe(&one.xml_namespace), self.maybe(&one.xml_name))),
        }
    }

    fn type_ref(&mut self, one: &TypeRef) -> PackedType {
        PackedType {
            code: self.text(&one.code),
            profiles: self.texts(&one.profiles),
            target_profiles: self.texts(&one.target_profiles),
            aggregation: self.texts(&one.aggregation),
        }
    }

    fn constraint(&mut self, one: &Constraint) -> u32 {
        let packed = PackedConstraint {
            key: self.text(&one.key),
            is_error: one.is_error,
            best_practice: one.best_practice,
            human: self.text(&one.human),
            expression: self.maybe(&one.expression),
            source: self.maybe(&one.source),
        };
        once(&mut self.common.constraints, &mut self.constraints, packed)
    }

    fn binding(&mut self, one: &Binding) -> u32 {
        let packed = PackedBinding {
            strength: one.strength,
            value_set: self.maybe(&one.value_set),
            max_value_set: self.maybe(&one.max_value_set),
        };
        once(&mut self.common.bindings, &mut self.bindings, packed)
    }

    /// What the packed structures share.
    pub fn finish(self) -> Common {
        self.common
    }
}

impl Shared {
    /// Makes what is shared ready.
    pub fn new(common: Common) -> Shared {
        let mut starts = Vec::with_capacity(common.texts.lengths.len() + 1);
        let mut at = 0;
        starts.push(0);
        for length in &common.texts.lengths {
            at += length;
            starts.push(at);
        }
        Shared { common, starts }
    }

    /// A text; empty for none.
    pub fn text(&self, id: u32) -> &str {
        match id {
            0 => "",
            id => {
                let id = id as usize;
                &self.common.texts.all[self.starts[id - 1] as usize..self.starts[id] as usize]
            }
        }
    }

    /// A text that may be absent.
    pub fn maybe(&self, id: u32) -> Option<Box<str>> {
        (id != 0).then(|| self.text(id).into())
    }

    fn texts(&self, ids: &[u32]) -> Vec<Box<str>> {
        ids.iter().map(|id| self.text(*id).into()).collect()
    }

    /// The structure that was packed to these bytes.
    pub fn structure(&self, bytes: &[u8]) -> Result<StructureDefinition, postcard::Error> {
        let one: PackedStructure = postcard::from_bytes(bytes)?;
        Ok(StructureDefinition {
            url: self.text(one.url).into(),
            version: self.maybe(one.version),
            name: self.text(one.name).into(),
            kind: one.kind,
            is_abstract: one.is_abstract,
            type_name: self.text(one.type_name).into(),
            base: self.maybe(one.base),
            constrains: one.constrains,
            contexts: one
                .contexts
                .iter()
                .map(|(kind, expression)| ExtensionContext {
                    kind: self.text(*kind).into(),
                    expression: self.text(*expression).into(),
                })
                .collect(),
            context_invariants: self.texts(&one.context_invariants),
            snapshot: self.elements(one.snapshot),
            differential: self.elements(one.differential),
            xml_namespace: self.maybe(one.xml.0),
            xml_name: self.maybe(one.xml.1),
        })
    }

    fn elements(&self, packed: Vec<PackedElement>) -> Vec<ElementDefinition> {
        // the end of each step of the path before
        let mut path = String::new();
        let mut ends: Vec<usize> = Vec::new();
        let mut elements = Vec::with_capacity(packed.len());
        for one in packed {
            ends.truncate(usize::from(one.depth));
            path.truncate(ends.last().copied().unwrap_or(0));
            if !ends.is_empty() {
                path.push('.');
            }
            path.push_str(self.text(one.step));
            ends.push(path.len());
            elements.push(self.element(one, &path));
        }
        elements
    }

    fn element(&self, one: PackedElement, path: &str) -> ElementDefinition {
        let (base_min, base_max) = one.base.unwrap_or((one.min, one.max));
        let literal = |which: u8| {
            let (_, type_name, json) = one.literals.iter().find(|l| l.0 == which)?;
            let (type_name, json) = (self.text(*type_name).into(), self.text(*json).into());
            Some(Literal { type_name, json })
        };
        ElementDefinition {
            id: self.maybe(one.id).unwrap_or_else(|| path.into()),
            path: path.into(),
            slice_name: self.maybe(one.slice_name),
            min: one.min,
            max: one.max,
            base_min,
            base_max,
            content_reference: self.maybe(one.content_reference),
            types: self.common.types[one.types as usize].iter().map(|t| self.type_ref(t)).collect(),
            fixed: literal(0),
            pattern: literal(1),
            min_value: literal(2),
            max_value: literal(3),
            max_length: one.max_length,
            constraints: one.constraints.iter().map(|c| self.constraint(*c)).collect(),
            slicing: one.slicing,
            binding: one.binding.map(|b| self.binding(b)),
            is_modifier: one.flags & 1 != 0,
            is_summary: one.flags & 2 != 0,
            must_support: one.flags & 4 != 0,
            representation: self.texts(&one.representation),
            xml_namespace: one.xml.and_then(|x| self.maybe(x.0)),
            xml_name: one.xml.and_then(|x| self.maybe(x.1)),
        }
    }

    fn type_ref(&self, one: &PackedType) -> TypeRef {
        TypeRef {
            code: self.text(one.code).into(),
            profiles: self.texts(&one.profiles),
            target_profiles: self.texts(&one.target_profiles),
            aggregation: self.texts(&one.aggregation),
        }
    }

    fn constraint(&self, at: u32) -> Constraint {
        let one = &self.common.constraints[at as usize];
        Constraint {
            key: self.text(one.key).into(),
            is_error: one.is_error,
            best_practice: one.best_practice,
            human: self.text(one.human).into(),
            expression: self.maybe(one.expression),
            source: self.maybe(one.source),
        }
    }

    fn binding(&self, at: u32) -> Binding {
        let one = &self.common.bindings[at as usize];
        Binding {
            strength: one.strength,
            value_set: self.maybe(one.value_set),
            max_value_set: self.maybe(one.max_value_set),
        }
    }
}
