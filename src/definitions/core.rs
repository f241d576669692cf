//! FHIR R4's own definitions, embedded: one checked-in table, made by `generate`.
//!
//! Promises: opening it inflates and indexes, no more; a definition is unpacked when it is asked for.
//! Never: reads JSON, a file or the network.

use super::model::*;
use super::pack::{Common, Packer, Shared};
use super::tables::{ElementOutline, Outline, TableBuilder};
use crate::tree::types::{Representation, Table, TypeKind};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::sync::Arc;

/// The table as it is checked in.
pub static EMBEDDED: &[u8] = include_bytes!("r4/core.bin");

/// What comes first in the table; another layout has another number.
const LAYOUT: &[u8; 8] = b"stafR4\x00\x02";

/// The table's parts, as they are written.
#[derive(Default, Serialize, Deserialize)]
struct Parts {
    common: Common,
    outlines: Vec<PackedOutline>,
    entries: Vec<Entry>,
    bodies: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct PackedOutline {
    name: u32,
    kind: u8,
    base: u32,
    is_abstract: bool,
    elements: Vec<PackedElement>,
}

#[derive(Serialize, Deserialize)]
struct PackedElement {
    name: u32,
    choice: bool,
    min: u32,
    max: u32,
    types: Vec<u32>,
    representation: u8,
}

/// What a definition is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// A StructureDefinition.
    Structure,
    /// A ValueSet.
    ValueSet,
    /// A CodeSystem.
    CodeSystem,
    /// A ConceptMap.
    ConceptMap,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    kind: Kind,
    url: u32,
    version: u32,
    length: u32,
}

/// A definition of the core, not yet unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its canonical.
    pub url: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its place among the core's definitions.
    pub at: usize,
}

/// The core, opened.
pub struct Core {
    shared: Shared,
    outlines: Vec<PackedOutline>,
    entries: Vec<Entry>,
    starts: Vec<u32>,
    bodies: Vec<u8>,
}

const TYPE_KINDS: [TypeKind; 5] = [
    TypeKind::Primitive,
    TypeKind::Complex,
    TypeKind::Resource,
    TypeKind::Backbone,
    TypeKind::Logical,
];

const REPRESENTATIONS: [Representation; 6] = [
    Representation::Element,
    Representation::Attribute,
    Representation::Text,
    Representation::Xhtml,
    Representation::TypeAttribute,
    Representation::Place,
];

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|o| o == one).expect("every variant is listed") as u8
}

/// What a package's definitions are packed from.
#[derive(Default)]
pub struct Source {
    /// Types' outlines.
    pub outlines: Vec<Outline>,
    /// StructureDefinitions.
    pub structures: Vec<StructureDefinition>,
    /// ValueSets.
    pub value_sets: Vec<ValueSet>,
    /// CodeSystems.
    pub code_systems: Vec<CodeSystem>,
    /// ConceptMaps.
    pub concept_maps: Vec<ConceptMap>,
}

/// Packs definitions into a table's bytes: the same bytes for the same definitions.
pub fn pack(source: &Source) -> Vec<u8> {
    let mut packer = Packer::default();
    let mut parts = Parts {
        outlines: source.outlines.iter().map(|o| pack_outline(o, &mut packer)).collect(),
        ..Parts::default()
    };
    for one in &source.structures {
        let body = packer.structure(one);
        parts.add(Kind::Structure, &one.url, &one.version, &body, &mut packer);
    }
    for one in &source.value_sets {
        parts.add(Kind::ValueSet, &one.url, &one.version, &plain(one), &mut packer);
    }
    for one in &source.code_systems {
        parts.add(Kind::CodeSystem, &one.url, &one.version, &plain(one), &mut packer);
    }
    for one in &source.concept_maps {
        parts.add(Kind::ConceptMap, &one.url, &one.version, &plain(one), &mut packer);
    }
    parts.common = packer.finish();
    let mut out = flate2::write::DeflateEncoder::new(LAYOUT.to_vec(), flate2::Compression::best());
    out.write_all(&plain(&parts)).and_then(|()| out.finish()).expect("memory takes every write")
}

fn plain<T: Serialize>(one: &T) -> Vec<u8> {
    postcard::to_allocvec(one).expect("plain data is serialised into memory")
}

impl Parts {
    fn add(
        &mut self,
        kind: Kind,
        url: &str,
        version: &Option<Box<str>>,
        body: &[u8],
        packer: &mut Packer,
    ) {
        let (url, version) = (packer.text(url), packer.maybe(version));
        self.entries.push(Entry { kind, url, version, length: body.len() as u32 });
        self.bodies.extend_from_slice(body);
    }
}

fn pack_outline(one: &Outline, packer: &mut Packer) -> PackedOutline {
    let element = |e: &ElementOutline, packer: &mut Packer| PackedElement {
        name: packer.text(&e.name),
        choice: e.choice,
        min: e.min,
        max: e.max,
        types: packer.texts(&e.types),
        representation: place(&REPRESENTATIONS, &e.representation),
    };
    PackedOutline {
        name: packer.text(&one.name),
        kind: place(&TYPE_KINDS, &one.kind),
        base: packer.maybe(&one.base),
        is_abstract: one.is_abstract,
        elements: one.elements.iter().map(|e| element(e, packer)).collect(),
    }
}

impl Core {
    /// Opens a table. `Err` says why it is none of ours.
    pub fn open(bytes: &[u8]) -> Result<Core, String> {
        let packed = bytes.strip_prefix(LAYOUT).ok_or("not a table of this layout")?;
        let mut plain = Vec::with_capacity(packed.len() * 8);
        flate2::read::DeflateDecoder::new(packed)
            .read_to_end(&mut plain)
            .map_err(|e| format!("cannot be inflated: {e}"))?;
        let parts: Parts = postcard::from_bytes(&plain).map_err(|e| format!("is damaged: {e}"))?;
        let mut starts = Vec::with_capacity(parts.entries.len() + 1);
        let mut at = 0;
        for entry in &parts.entries {
            starts.push(at);
            at += entry.length;
        }
        starts.push(at);
        Ok(Core {
            shared: Shared::new(parts.common).map_err(|_| "is damaged")?,
            outlines: parts.outlines,
            entries: parts.entries,
            starts,
            bodies: parts.bodies,
        })
    }

    /// The embedded R4 core.
    pub fn embedded() -> Core {
        Core::open(EMBEDDED).expect("the embedded table is made and tested by this project")
    }

    /// The outlines of its types.
    pub fn outlines(&self) -> impl Iterator<Item = Outline> + '_ {
        self.outlines.iter().map(|one| Outline {
            name: self.text(one.name).into(),
            alias: None,
            kind: TYPE_KINDS[usize::from(one.kind)],
            base: self.maybe(one.base),
            is_abstract: one.is_abstract,
            namespace: None,
            root_name: None,
            elements: one.elements.iter().map(|e| self.element(e)).collect(),
        })
    }

    /// The table of its types alone, for whoever needs no package.
    pub fn table(&self) -> Arc<Table> {
        let mut builder = TableBuilder::new();
        for outline in self.outlines() {
            builder.add(outline);
        }
        Arc::new(builder.build(&[]).0)
    }

    fn element(&self, one: &PackedElement) -> ElementOutline {
        ElementOutline {
            name: self.text(one.name).into(),
            choice: one.choice,
            min: one.min,
            max: one.max,
            types: one.types.iter().map(|t| self.text(*t).into()).collect(),
            representation: REPRESENTATIONS[usize::from(one.representation)],
            namespace: None,
        }
    }

    /// Its definitions.
    pub fn definitions(&self) -> impl Iterator<Item = Definition<'_>> {
        self.entries.iter().enumerate().map(|(at, entry)| Definition {
            kind: entry.kind,
            url: self.text(entry.url),
            version: self.text(entry.version),
            at,
        })
    }

    fn text(&self, id: u32) -> &str {
        self.shared.text(id).expect("the table was opened whole")
    }

    fn maybe(&self, id: u32) -> Option<Box<str>> {
        self.shared.maybe(id).expect("the table was opened whole")
    }

    fn body(&self, at: usize) -> &[u8] {
        &self.bodies[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Unpacks a StructureDefinition.
    pub fn structure(&self, at: usize) -> StructureDefinition {
        self.shared.structure(self.body(at)).expect("the table was opened whole")
    }

    /// Unpacks a ValueSet.
    pub fn value_set(&self, at: usize) -> ValueSet {
        postcard::from_bytes(self.body(at)).expect("the table was opened whole")
    }

    /// Unpacks a CodeSystem.
    pub fn code_system(&self, at: usize) -> CodeSystem {
        postcard::from_bytes(self.body(at)).expect("the table was opened whole")
    }

    /// Unpacks a ConceptMap.
    pub fn concept_map(&self, at: usize) -> ConceptMap {
        postcard::from_bytes(self.body(at)).expect("the table was opened whole")
    }
}
