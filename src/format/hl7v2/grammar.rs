//! The names that positions have: compiled once from the models in the table of types.
//!
//! Promises: reading looks up no text for what the models know. Never: changes after it was made.

use super::structure::Structure;
use crate::tree::types::{Table, TypeId};
use crate::tree::{NameId, Names};
use std::collections::HashMap;
use std::sync::Arc;

/// What the canonicals of the models begin with; `definitions::hl7v2` makes them so.
const BASE: &str = "http://hl7.org/v2/StructureDefinition/";
const SEGMENT: &str = "http://hl7.org/v2/StructureDefinition/segment-";
const TYPE: &str = "http://hl7.org/v2/StructureDefinition/type-";

/// What stands at a position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// The name of the element.
    pub name: NameId,
    /// Its composite type, or why it has none.
    pub held: Held,
}

/// What a position holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// A value.
    Value,
    /// The components of a composite type: its place in [`Grammar::composites`].
    Composite(u16),
    /// What the segment's second field names.
    Varies,
    /// Nobody knows.
    Unknown,
}

/// A segment's or a composite type's positions.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    /// Its name: `PID`, `CX`.
    pub name: Box<str>,
    /// Its positions, the first one first.
    pub all: Vec<Position>,
}

/// The compiled models.
#[derive(Clone, Debug)]
pub struct Grammar {
    names: Arc<Names>,
    pub(super) segments: HashMap<[u8; 3], Positions, foldhash::fast::FixedState>,
    pub(super) composites: Vec<Positions>,
    by_type: HashMap<Box<str>, Held, foldhash::fast::FixedState>,
    pub(super) structures: HashMap<Box<str>, Structure, foldhash::fast::FixedState>,
    /// Code, trigger, structure.
    messages: Vec<[Box<str>; 3]>,
}

impl Grammar {
    /// Compiles the models that the table has; `messages` says which structure a message of a code and
    /// a trigger has.
    pub fn new(table: &Table, messages: &[(&str, &str, &str)]) -> Grammar {
        let mut grammar = Grammar {
            names: Arc::clone(table.names()),
            segments: HashMap::default(),
            composites: Vec::new(),
            by_type: HashMap::default(),
            structures: HashMap::default(),
            messages: messages.iter().map(|(a, b, c)| [*a, *b, *c].map(Box::from)).collect(),
        };
        let types = || (0..table.types().len() as u32).map(TypeId);
        let composites: Vec<TypeId> =
            types().filter(|id| table.type_of(*id).name.starts_with(TYPE)).collect();
        for id in &composites {
            let name = &table.type_of(*id).name[TYPE.len()..];
            let held = match name {
                "varies" => Held::Varies,
                _ => Held::Composite(grammar.by_type.len() as u16),
            };
            grammar.by_type.insert(name.into(), held);
        }
        let count = grammar.by_type.values().filter(|h| **h != Held::Varies).count();
        grammar.composites = vec![Positions::default(); count];
        for id in types() {
            let one = table.type_of(id);
            if let Some(name) = one.name.strip_prefix(TYPE) {
                if let Some(Held::Composite(at)) = grammar.by_type.get(name).copied() {
                    grammar.composites[usize::from(at)] = grammar.positions(table, id, name);
                }
            } else if let Some(name) = one.name.strip_prefix(SEGMENT) {
                let positions = grammar.positions(table, id, name);
                if let Ok(key) = <[u8; 3]>::try_from(name.as_bytes()) {
                    grammar.segments.insert(key, positions);
                }
            } else if let Some(name) = one.name.strip_prefix(BASE).filter(|n| !n.contains('.')) {
                grammar.structures.insert(name.into(), Structure::new(table, id));
            }
        }
        grammar
    }

    fn positions(&self, table: &Table, id: TypeId, name: &str) -> Positions {
        let all = table.type_of(id).elements.iter().map(|element| {
            let element = table.element(*element);
            let held = element.alternatives.first().map_or(Held::Unknown, |one| {
                let one = table.type_of(one.type_id);
                let composite = one.name.strip_prefix(TYPE);
                composite.map_or(Held::Value, |n| self.composite(n))
            });
            Position { name: element.name, held }
        });
        Positions { name: name.into(), all: all.collect() }
    }

    /// What a type of that name holds. The names of earlier versions mean what took their place.
    pub(super) fn composite(&self, name: &str) -> Held {
        let name = match name {
            "CE" | "CF" => "CWE",
            "CK" => "CX",
            "CN" => "XCN",
            "PN" => "XPN",
            other => other,
        };
        self.by_type.get(name).copied().unwrap_or(Held::Value)
    }

    /// The structure of a message: the one that it names, else that of its code and trigger.
    pub(super) fn structure(&self, code: &str, trigger: &str, named: &str) -> Option<&str> {
        if let Some((name, _)) = self.structures.get_key_value(named) {
            return Some(name);
        }
        // an acknowledgement's trigger is that of the message it acknowledges
        let same =
            |[of, by, _]: &&[Box<str>; 3]| **of == *code && (by.is_empty() || **by == *trigger);
        self.messages.iter().find(same).map(|[.., structure]| &**structure)
    }

    /// The names that the ids in here are of: a tree must be over the same ones.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }
}
