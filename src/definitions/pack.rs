//! The packed form of StructureDefinitions: texts, constraints, type lists and bindings are kept once.
//!
//! Promises: what is packed comes back the same; bytes that were not packed here are an error, never a panic.
//! Never: drops anything the model holds.

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

/// Why packed bytes could not be unpacked: they are not what was packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damaged;

impl From<postcard::Error> for Damaged {
    fn from(_: postcard::Error) -> Damaged {
        Damaged
    }
}

impl Shared {
    /// Makes what is shared ready.
    pub fn new(common: Common) -> Result<Shared, Damaged> {
        let mut starts = Vec::with_capacity(common.texts.lengths.len() + 1);
        let mut at = 0_u32;
        starts.push(0);
        for length in &common.texts.lengths {
            at = at.checked_add(*length).ok_or(Damaged)?;
            if !common.texts.all.is_char_boundary(at as usize) {
                return Err(Damaged);
            }
            starts.push(at);
        }
        Ok(Shared { common, starts })
    }

    /// A text; empty for none.
    pub fn text(&self, id: u32) -> Result<&str, Damaged> {
        let Some(before) = (id as usize).checked_sub(1) else { return Ok("") };
        let start = self.starts.get(before).ok_or(Damaged)?;
        let end = self.starts.get(before + 1).ok_or(Damaged)?;
        self.common.texts.all.get(*start as usize..*end as usize).ok_or(Damaged)
    }

    fn own(&self, id: u32) -> Result<Box<str>, Damaged> {
        self.text(id).map(Into::into)
    }

    /// A text that may be absent.
    pub fn maybe(&self, id: u32) -> Result<Option<Box<str>>, Damaged> {
        if id == 0 { Ok(None) } else { self.own(id).map(Some) }
    }

    fn texts(&self, ids: &[u32]) -> Result<Vec<Box<str>>, Damaged> {
        ids.iter().map(|id| self.own(*id)).collect()
    }

    /// The structure that was packed to these bytes.
    pub fn structure(&self, bytes: &[u8]) -> Result<StructureDefinition, Damaged> {
        let one: PackedStructure = postcard::from_bytes(bytes)?;
        let context = |(kind, expression): &(Text, Text)| {
            Ok(ExtensionContext { kind: self.own(*kind)?, expression: self.own(*expression)? })
        };
        Ok(StructureDefinition {
            url: self.own(one.url)?,
            version: self.maybe(one.version)?,
            name: self.own(one.name)?,
            kind: one.kind,
            is_abstract: one.is_abstract,
            type_name: self.own(one.type_name)?,
            base: self.maybe(one.base)?,
            constrains: one.constrains,
            contexts: one.contexts.iter().map(context).collect::<Result<_, Damaged>>()?,
            context_invariants: self.texts(&one.context_invariants)?,
            snapshot: self.elements(one.snapshot)?,
            differential: self.elements(one.differential)?,
            xml_namespace: self.maybe(one.xml.0)?,
            xml_name: self.maybe(one.xml.1)?,
        })
    }

    fn elements(&self, packed: Vec<PackedElement>) -> Result<Vec<ElementDefinition>, Damaged> {
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
            path.push_str(self.text(one.step)?);
            ends.push(path.len());
            elements.push(self.element(one, &path)?);
        }
        Ok(elements)
    }

    fn element(&self, one: PackedElement, path: &str) -> Result<ElementDefinition, Damaged> {
        let (base_min, base_max) = one.base.unwrap_or((one.min, one.max));
        let literal = |which: u8| -> Result<Option<Literal>, Damaged> {
            let Some((_, type_name, json)) = one.literals.iter().find(|l| l.0 == which) else {
                return Ok(None);
            };
            Ok(Some(Literal { type_name: self.own(*type_name)?, json: self.own(*json)? }))
        };
        let types = self.common.types.get(one.types as usize).ok_or(Damaged)?;
        let xml = one.xml.unwrap_or_default();
        Ok(ElementDefinition {
            id: self.maybe(one.id)?.unwrap_or_else(|| path.into()),
            path: path.into(),
            slice_name: self.maybe(one.slice_name)?,
            min: one.min,
            max: one.max,
            base_min,
            base_max,
            content_reference: self.maybe(one.content_reference)?,
            types: types.iter().map(|t| self.type_ref(t)).collect::<Result<_, Damaged>>()?,
            fixed: literal(0)?,
            pattern: literal(1)?,
            min_value: literal(2)?,
            max_value: literal(3)?,
            max_length: one.max_length,
            constraints: one
                .constraints
                .iter()
                .map(|c| self.constraint(*c))
                .collect::<Result<_, Damaged>>()?,
            binding: one.binding.map(|b| self.binding(b)).transpose()?,
            slicing: one.slicing,
            is_modifier: one.flags & 1 != 0,
            is_summary: one.flags & 2 != 0,
            must_support: one.flags & 4 != 0,
            representation: self.texts(&one.representation)?,
            xml_namespace: self.maybe(xml.0)?,
            xml_name: self.maybe(xml.1)?,
        })
    }

    fn type_ref(&self, one: &PackedType) -> Result<TypeRef, Damaged> {
        Ok(TypeRef {
            code: self.own(one.code)?,
            profiles: self.texts(&one.profiles)?,
            target_profiles: self.texts(&one.target_profiles)?,
            aggregation: self.texts(&one.aggregation)?,
        })
    }

    fn constraint(&self, at: u32) -> Result<Constraint, Damaged> {
        let one = self.common.constraints.get(at as usize).ok_or(Damaged)?;
        Ok(Constraint {
            key: self.own(one.key)?,
            is_error: one.is_error,
            best_practice: one.best_practice,
            human: self.own(one.human)?,
            expression: self.maybe(one.expression)?,
            source: self.maybe(one.source)?,
        })
    }

    fn binding(&self, at: u32) -> Result<Binding, Damaged> {
        let one = self.common.bindings.get(at as usize).ok_or(Damaged)?;
        Ok(Binding {
            strength: one.strength,
            value_set: self.maybe(one.value_set)?,
            max_value_set: self.maybe(one.max_value_set)?,
        })
    }
}
