//! Interned element names: made once with an engine's snapshot, shared by all its trees, never changed.

use std::collections::HashMap;

/// An interned name. Ids below the snapshot's count are the snapshot's, the others a tree's own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NameId(pub u32);

impl NameId {
    /// No name: the namespace of what has none.
    pub const NONE: NameId = NameId(u32::MAX);
}

/// The names that definitions, models and maps know.
#[derive(Clone, Debug, Default)]
pub struct Names {
    // The map is keyed by the text itself; a name is at most a few dozen bytes, so hashing it costs
    // about as much as the comparison that any faster scheme would end in.
    ids: HashMap<Box<str>, NameId, foldhash::fast::FixedState>,
    texts: Vec<Box<str>>,
}

impl Names {
    /// The id of `text`, made if need be.
    pub fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = NameId(self.texts.len() as u32);
        self.texts.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }

    /// The id of `text`, if it is known.
    pub fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    /// The text of one of this table's own ids.
    pub fn text(&self, id: NameId) -> &str {
        &self.texts[id.0 as usize]
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}
