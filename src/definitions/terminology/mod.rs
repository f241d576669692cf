//! Code systems and value sets, made ready to answer with a lookup.
//!
//! Promises: three answers, never a guess: in, not in, or not known with the reason. What a filter selects is
//! worked out when a value set is first asked for, which compilers do at load; answering allocates nothing.
//! Never: asks a terminology server.

mod code_system;
mod expand;
mod syntax;
mod ucum;

pub use code_system::{CodeSystemIndex, alike};
pub use expand::ValueSetIndex;
pub use syntax::Syntax;

use super::core::Kind;
use super::library::{Body, DefinitionId, Library, Scope};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

/// Whether a code is in a value set or a code system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {
    /// It is.
    In,
    /// It is not.
    NotIn,
    /// It could not be decided.
    Unknown(Reason),
}

/// Why something could not be decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// The code system's codes are not loaded.
    SystemNotLoaded,
    /// Only some of the code system's codes are loaded.
    SystemIncomplete,
    /// A value set that it builds on is not loaded.
    ValueSetNotLoaded,
    /// A filter that needs more than hierarchy and properties.
    Filter,
    /// The value set builds on itself.
    Circular,
    /// The value set says nothing about its content.
    NoContent,
    /// The code has the form of a unit, but not all its parts are known here.
    UnknownUnit,
}

impl Reason {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Reason::SystemNotLoaded => "the code system is not loaded",
            Reason::SystemIncomplete => "only a part of the code system is loaded",
            Reason::ValueSetNotLoaded => "a value set that it builds on is not loaded",
            Reason::Filter => "a filter that cannot be worked out here",
            Reason::Circular => "the value set builds on itself",
            Reason::NoContent => "the value set does not say what is in it",
            Reason::UnknownUnit => "a unit with a part that is not known here",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

impl Membership {
    /// Whether either says so.
    pub(crate) fn or(self, other: impl FnOnce() -> Membership) -> Membership {
        match self {
            Membership::In => Membership::In,
            Membership::NotIn => other(),
            unknown => match other() {
                Membership::In => Membership::In,
                _ => unknown,
            },
        }
    }

    /// Whether both say so.
    pub(crate) fn and(self, other: impl FnOnce() -> Membership) -> Membership {
        match self {
            Membership::NotIn => Membership::NotIn,
            Membership::In => other(),
            unknown => match other() {
                Membership::NotIn => Membership::NotIn,
                _ => unknown,
            },
        }
    }

    /// The opposite.
    pub(crate) fn not(self) -> Membership {
        match self {
            Membership::In => Membership::NotIn,
            Membership::NotIn => Membership::In,
            unknown => unknown,
        }
    }
}

/// What was made ready so far. A value set means the same under two roots when all that it builds on
/// resolves the same there, so it is made once per such list.
#[derive(Default)]
pub(super) struct Cache {
    systems: Mutex<HashMap<u32, Arc<CodeSystemIndex>>>,
    sets: Mutex<HashMap<Vec<u32>, Arc<ValueSetIndex>>>,
}

impl Library {
    /// The code system of that canonical, ready to answer. Takes a lock: for compilers, not for messages.
    pub fn code_system(&self, canonical: &str, scope: Scope) -> Option<Arc<CodeSystemIndex>> {
        let id = self.resolve(Kind::CodeSystem, canonical, scope)?;
        self.code_system_of(id)
    }

    pub(super) fn code_system_of(&self, id: DefinitionId) -> Option<Arc<CodeSystemIndex>> {
        let mut made = self.terminology.systems.lock().expect("no holder panics");
        if let Some(index) = made.get(&id.0) {
            return Some(Arc::clone(index));
        }
        let index = match &self.stored[id.0 as usize].body {
            Body::CodeSystem(system) => CodeSystemIndex::new((**system).clone()),
            Body::Core(at) => CodeSystemIndex::new(self.core.code_system(*at)),
            _ => return None,
        };
        let index = Arc::new(index);
        made.insert(id.0, Arc::clone(&index));
        Some(index)
    }

    /// The value set of that canonical, expanded. Takes a lock: for compilers, not for messages.
    pub fn value_set(&self, canonical: &str, scope: Scope) -> Option<Arc<ValueSetIndex>> {
        let id = self.resolve(Kind::ValueSet, canonical, scope)?;
        let mut uses = Vec::new();
        self.uses(id, scope, &mut uses);
        if let Some(index) = self.terminology.sets.lock().expect("no holder panics").get(&uses) {
            return Some(Arc::clone(index));
        }
        let index = Arc::new(expand::expand(self, id, scope, &mut Vec::new())?);
        let mut made = self.terminology.sets.lock().expect("no holder panics");
        Some(Arc::clone(made.entry(uses).or_insert(index)))
    }

    /// Everything a value set builds on, itself first, by id.
    fn uses(&self, id: DefinitionId, scope: Scope, uses: &mut Vec<u32>) {
        if uses.contains(&id.0) {
            return;
        }
        uses.push(id.0);
        let scope = scope.seen_from(self.stored[id.0 as usize].package);
        let Some(set) = self.value_set_of(id) else { return };
        for part in set.include.iter().chain(&set.exclude) {
            for nested in &part.value_sets {
                if let Some(nested) = self.resolve(Kind::ValueSet, nested, scope) {
                    self.uses(nested, scope, uses);
                }
            }
            if let Some(system) = &part.system {
                uses.extend(self.resolve(Kind::CodeSystem, system, scope).map(|s| s.0));
            }
        }
    }
}
