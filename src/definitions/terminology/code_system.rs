//! A code system, ready to answer whether it has a code and which codes are below another.

use super::super::model::CodeSystem;
use super::{Membership, Reason};
use std::collections::HashMap;

/// Codes of one system, hashed.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    all: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
    fold: bool,
}

/// The longest code that is compared without regard to case; longer ones are compared as they are.
const FOLDED: usize = 64;

impl Codes {
    pub(super) fn new(fold: bool) -> Codes {
        Codes { all: HashMap::default(), fold }
    }

    pub(super) fn add(&mut self, code: &str, at: u32) {
        let key = if self.fold { code.to_ascii_lowercase().into() } else { code.into() };
        self.all.entry(key).or_insert(at);
    }

    pub(super) fn find(&self, code: &str) -> Option<u32> {
        if !self.fold || code.len() > FOLDED {
            return self.all.get(code).copied();
        }
        let mut lower = [0; FOLDED];
        let lower = &mut lower[..code.len()];
        lower.copy_from_slice(code.as_bytes());
        lower.make_ascii_lowercase();
        self.all.get(std::str::from_utf8(lower).ok()?).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// A code system.
#[derive(Clone, Debug)]
pub struct CodeSystemIndex {
    url: Box<str>,
    version: Option<Box<str>>,
    complete: bool,
    codes: Codes,
    concepts: Vec<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    code: Box<str>,
    display: Option<Box<str>>,
    parents: Vec<u32>,
    properties: Vec<(Box<str>, Box<str>)>,
}

impl CodeSystemIndex {
    /// Makes a code system ready.
    pub fn new(system: &CodeSystem) -> CodeSystemIndex {
        let mut codes = Codes::new(!system.case_sensitive);
        let mut concepts: Vec<Known> = Vec::with_capacity(system.concepts.len());
        for (at, concept) in system.concepts.iter().enumerate() {
            codes.add(&concept.code, at as u32);
            concepts.push(Known {
                code: concept.code.clone(),
                display: concept.display.clone(),
                parents: concept.parent.into_iter().collect(),
                properties: concept.properties.clone(),
            });
        }
        // a hierarchy may also be told by properties
        for (at, concept) in system.concepts.iter().enumerate() {
            for (property, value) in &concept.properties {
                let Some(other) = codes.find(value) else { continue };
                match &**property {
                    "parent" | "subsumedBy" => concepts[at].parents.push(other),
                    "child" => concepts[other as usize].parents.push(at as u32),
                    _ => {}
                }
            }
        }
        CodeSystemIndex {
            url: system.url.clone(),
            version: system.version.clone(),
            complete: system.complete,
            codes,
            concepts,
        }
    }

    /// Its canonical: the system of its codes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether it has a code; not known when it has it not, but is not all here.
    pub fn has(&self, code: &str) -> Membership {
        match self.codes.find(code) {
            Some(_) => Membership::In,
            None if self.complete => Membership::NotIn,
            None if self.concepts.is_empty() => Membership::Unknown(Reason::SystemNotLoaded),
            None => Membership::Unknown(Reason::SystemIncomplete),
        }
    }

    /// Whether all its concepts are here.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether codes are alike whatever their case.
    pub fn is_case_insensitive(&self) -> bool {
        self.codes.fold
    }

    /// How many concepts are here.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// A code's display, where it was kept (not in the embedded core).
    pub fn display(&self, code: &str) -> Option<&str> {
        self.concepts[self.codes.find(code)? as usize].display.as_deref()
    }

    /// Whether `code` is `ancestor` or below it.
    pub fn subsumes(&self, ancestor: &str, code: &str) -> Membership {
        match (self.codes.find(ancestor), self.codes.find(code)) {
            (Some(ancestor), Some(code)) if self.is_below(code, ancestor) => Membership::In,
            (Some(_), Some(_)) => Membership::NotIn,
            _ if self.complete => Membership::NotIn,
            _ => Membership::Unknown(Reason::SystemIncomplete),
        }
    }

    /// Whether a concept is another or below it. A concept may have several parents; a ring of them ends.
    fn is_below(&self, concept: u32, ancestor: u32) -> bool {
        let mut seen = vec![concept];
        let mut next = 0;
        while let Some(at) = seen.get(next).copied() {
            if at == ancestor {
                return true;
            }
            next += 1;
            for parent in &self.concepts[at as usize].parents {
                if !seen.contains(parent) {
                    seen.push(*parent);
                }
            }
        }
        false
    }

    /// The codes that a filter selects; none when that needs more than is here.
    pub(super) fn filter(&self, property: &str, op: &str, value: &str) -> Option<Vec<&str>> {
        let concept = matches!(property, "concept" | "code");
        let ancestor = || self.codes.find(value);
        let among = |code: &str| value.split(',').any(|v| v.trim() == code);
        let known = |has: &dyn Fn(u32, &Known) -> bool| {
            let all = self.concepts.iter().enumerate();
            let selected = all.filter(|(at, one)| has(*at as u32, one));
            Some(selected.map(|(_, one)| &*one.code).collect::<Vec<_>>())
        };
        match (op, concept) {
            ("is-a", true) => {
                let ancestor = ancestor()?;
                known(&|at, _| self.is_below(at, ancestor))
            }
            ("descendent-of", true) => {
                let ancestor = ancestor()?;
                known(&|at, _| at != ancestor && self.is_below(at, ancestor))
            }
            ("is-not-a", true) => {
                let ancestor = ancestor()?;
                known(&|at, _| !self.is_below(at, ancestor))
            }
            ("generalizes", true) => {
                let below = ancestor()?;
                known(&|at, _| self.is_below(below, at))
            }
            ("=", true) => known(&|_, one| &*one.code == value),
            ("in", true) => known(&|_, one| among(&one.code)),
            ("not-in", true) => known(&|_, one| !among(&one.code)),
            ("=", false) if property == "parent" => {
                let parent = ancestor()?;
                known(&|_, one| one.parents.contains(&parent))
            }
            ("=" | "in", false) if self.has_property(property) => known(&|_, one| {
                let mut own = one.properties.iter().filter(|(p, _)| **p == *property);
                own.any(|(_, v)| if op == "=" { **v == *value } else { among(v) })
            }),
            ("exists", false) if self.has_property(property) => known(&|_, one| {
                one.properties.iter().any(|(p, _)| **p == *property) == (value == "true")
            }),
            _ => None,
        }
    }

    /// Whether any concept says something under that property: else it was not kept, or never there.
    fn has_property(&self, property: &str) -> bool {
        self.concepts.iter().any(|c| c.properties.iter().any(|(p, _)| **p == *property))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::model::Concept;

    fn animals(case_sensitive: bool, complete: bool) -> CodeSystemIndex {
        let concept = |code: &str, parent, properties: &[(&str, &str)]| Concept {
            code: code.into(),
            parent,
            display: None,
            properties: properties.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
        };
        CodeSystemIndex::new(&CodeSystem {
            url: "urn:animals".into(),
            version: None,
            complete,
            case_sensitive,
            concepts: vec![
                concept("Animal", None, &[]),
                concept("Bird", Some(0), &[("flies", "true")]),
                concept("Penguin", Some(1), &[("flies", "false"), ("parent", "Swimmer")]),
                concept("Swimmer", Some(0), &[]),
            ],
        })
    }

    #[test]
    fn codes_and_ancestors() {
        let all = animals(true, true);
        assert_eq!(all.has("Bird"), Membership::In);
        assert_eq!(all.has("bird"), Membership::NotIn);
        assert_eq!(all.subsumes("Swimmer", "Penguin"), Membership::In);
        assert_eq!(all.subsumes("Penguin", "Bird"), Membership::NotIn);
        assert_eq!(animals(false, true).has("bIRD"), Membership::In);
        assert_eq!(animals(true, false).has("Fish"), Membership::Unknown(Reason::SystemIncomplete));
    }

    #[test]
    fn filters_select_or_say_they_cannot() {
        let all = animals(true, true);
        assert_eq!(all.filter("concept", "descendent-of", "Bird"), Some(vec!["Penguin"]));
        assert_eq!(all.filter("concept", "is-a", "Bird"), Some(vec!["Bird", "Penguin"]));
        assert_eq!(all.filter("concept", "is-not-a", "Bird"), Some(vec!["Animal", "Swimmer"]));
        assert_eq!(all.filter("flies", "=", "false"), Some(vec!["Penguin"]));
        assert_eq!(all.filter("code", "in", "Bird, Swimmer"), Some(vec!["Bird", "Swimmer"]));
        assert_eq!(all.filter("concept", "regex", "B.*"), None);
        assert_eq!(all.filter("size", "=", "big"), None);
    }
}
