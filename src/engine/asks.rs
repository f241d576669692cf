//! What maps ask about by name: profiles and value sets, found once when an engine is made.
//!
//! Promises: a name that nobody knows is found before a message comes. Never: takes a lock while one waits.

use crate::definitions::core::Kind;
use crate::definitions::terminology::ValueSetIndex;
use crate::definitions::{Library, PackageId, Scope};
use crate::mapping::{Asked, Plans};
use crate::message::Diagnostic;
use crate::profile::Validator;
use std::collections::HashMap;
use std::sync::Arc;

/// The value sets that maps ask about.
pub type ValueSets = HashMap<Box<str>, Arc<ValueSetIndex>, foldhash::fast::FixedState>;

/// The value sets that plans ask about (each knows what all of them do), as far as the library has them.
pub fn value_sets(plans: &Plans, library: &Library) -> ValueSets {
    let mut sets = ValueSets::default();
    for ask in plans.all().iter().take(1).flat_map(|plan| plan.asks()) {
        if ask.about == Asked::ValueSet
            && !sets.contains_key(&ask.canonical)
            && let Some(set) = value_set(library, &ask.canonical)
        {
            sets.insert(ask.canonical.clone(), set);
        }
    }
    sets
}

/// A value set of whichever package has it.
fn value_set(library: &Library, canonical: &str) -> Option<Arc<ValueSetIndex>> {
    let core = library.value_set(canonical, Scope::of(PackageId::CORE));
    let url = canonical.split('|').next().unwrap_or_default();
    core.or_else(|| {
        let of = library.list(Kind::ValueSet).filter(|one| one.url == url).last()?.package;
        library.value_set(canonical, Scope::of(of))
    })
}

/// Findings about names in maps that mean nothing here.
pub fn unknown(plans: &Plans, library: &Library, validator: &Validator) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for ask in plans.all().iter().take(1).flat_map(|plan| plan.asks()) {
        let (id, what, known) = match ask.about {
            Asked::Profile => ("map-unknown-profile", "profile", validator.knows(&ask.canonical)),
            Asked::ValueSet => {
                ("map-unknown-value-set", "value set", value_set(library, &ask.canonical).is_some())
            }
        };
        if !known {
            let text = format!("no {what} `{}` is loaded, which the map asks about", ask.canonical);
            found.push(Diagnostic::error(ask.origin.clone(), id, text));
        }
    }
    found
}
