//! A code system, ready to answer whether it has a code and which codes are below another.

use super::super::concepts::{Concepts, Places};
use super::super::model::CodeSystem;
use super::{Membership, Reason};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

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
}

/// Whether two words are the same but for upper and lower case.
pub fn alike(one: &str, other: &str) -> bool {
    let lower = |text: &str| {
        text.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
    };
    one == other || lower(one)
}

/// A code system.
#[derive(Clone, Debug)]
pub struct CodeSystemIndex {
    url: Box<str>,
    version: Option<Box<str>>,
    complete: bool,
    fold: bool,
    concepts: Concepts,
    places: Places,
    /// Concepts by the hash of their code: a table of twice their number, 0 where there is none.
    slots: Box<[u32]>,
    /// (concept, parent), sorted.
    parents: Vec<(u32, u32)>,
}

const HASH: FixedState = FixedState::with_seed(0);

impl CodeSystemIndex {
    /// Makes a code system ready.
    pub fn new(system: CodeSystem) -> CodeSystemIndex {
        let CodeSystem { url, version, complete, case_sensitive, concepts } = system;
        let places = concepts.places().expect("what was unpacked was checked to fit");
        let size = (concepts.len() * 2).next_power_of_two();
        let slots = vec![0; size].into_boxed_slice();
        let parents = Vec::new();
        let fold = !case_sensitive;
        let mut index =
            CodeSystemIndex { url, version, complete, fold, concepts, places, slots, parents };
        for at in 0..index.concepts.len() as u32 {
            let mut slot = index.slot(index.code(at));
            while index.slots[slot] != 0 && !index.is(index.slots[slot] - 1, index.code(at)) {
                slot = (slot + 1) % size;
            }
            if index.slots[slot] == 0 {
                index.slots[slot] = at + 1;
            }
        }
        index.find_parents();
        index
    }

    /// A hierarchy is told by nesting, and may also be told by properties.
    fn find_parents(&mut self) {
        let mut parents: Vec<_> = self.concepts.parents().collect();
        for (at, property, value) in self.concepts.properties() {
            let Some(other) = self.find(value) else { continue };
            match &**property {
                "parent" | "subsumedBy" => parents.push((*at, other)),
                "child" => parents.push((other, *at)),
                _ => {}
            }
        }
        parents.sort_unstable();
        parents.dedup();
        self.parents = parents;
    }

    fn code(&self, at: u32) -> &str {
        self.places.code(self.concepts.text(), at)
    }

    fn slot(&self, code: &str) -> usize {
        let mut hasher = HASH.build_hasher();
        match self.fold {
            true => code.bytes().for_each(|b| hasher.write_u8(b.to_ascii_lowercase())),
            false => hasher.write(code.as_bytes()),
        }
        hasher.finish() as usize & (self.slots.len() - 1)
    }

    fn is(&self, at: u32, code: &str) -> bool {
        let own = self.code(at);
        own == code || (self.fold && own.eq_ignore_ascii_case(code))
    }

    fn find(&self, code: &str) -> Option<u32> {
        let mut slot = self.slot(code);
        loop {
            let at = self.slots.get(slot)?.checked_sub(1)?;
            if self.is(at, code) {
                return Some(at);
            }
            slot = (slot + 1) % self.slots.len();
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
        match self.find(code) {
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
        self.fold
    }

    /// How many concepts are here.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// Whether a code is called that: its display or a designation, in any language and whatever the case.
    /// None: it is not there, or is not called anything.
    pub fn is_called(&self, code: &str, word: &str) -> Option<bool> {
        let mut words = self.places.words(self.concepts.text(), self.find(code)?).peekable();
        words.peek()?;
        Some(words.any(|one| alike(one, word)))
    }

    /// Whether `code` is `ancestor` or below it.
    pub fn subsumes(&self, ancestor: &str, code: &str) -> Membership {
        match (self.find(ancestor), self.find(code)) {
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
            for parent in self.parents_of(at) {
                if !seen.contains(&parent) {
                    seen.push(parent);
                }
            }
        }
        false
    }

    fn parents_of(&self, concept: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.parents.partition_point(|(at, _)| *at < concept);
        self.parents[first..].iter().take_while(move |(at, _)| *at == concept).map(|(_, to)| *to)
    }

    /// The properties of a concept of that name.
    fn values<'a>(&'a self, concept: u32, property: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.concepts.properties();
        let first = all.partition_point(|(at, ..)| *at < concept);
        let own = all[first..].iter().take_while(move |(at, ..)| *at == concept);
        own.filter(move |(_, name, _)| **name == *property).map(|(.., value)| &**value)
    }

    /// The codes that a filter selects; none when that needs more than is here.
    pub(super) fn filter(&self, property: &str, op: &str, value: &str) -> Option<Vec<&str>> {
        let concept = matches!(property, "concept" | "code");
        let ancestor = || self.find(value);
        let among = |code: &str| value.split(',').any(|v| v.trim() == code);
        let known = |has: &dyn Fn(u32) -> bool| {
            let all = 0..self.concepts.len() as u32;
            Some(all.filter(|at| has(*at)).map(|at| self.code(at)).collect::<Vec<_>>())
        };
        match (op, concept) {
            ("is-a", true) => {
                let ancestor = ancestor()?;
                known(&|at| self.is_below(at, ancestor))
            }
            ("descendent-of", true) => {
                let ancestor = ancestor()?;
                known(&|at| at != ancestor && self.is_below(at, ancestor))
            }
            ("is-not-a", true) => {
                let ancestor = ancestor()?;
                known(&|at| !self.is_below(at, ancestor))
            }
            ("generalizes", true) => {
                let below = ancestor()?;
                known(&|at| self.is_below(below, at))
            }
            ("regex", true) => {
                let whole = whole(value)?;
                known(&|at| whole.is_match(self.code(at)))
            }
            ("=", true) => known(&|at| self.code(at) == value),
            ("in", true) => known(&|at| among(self.code(at))),
            ("not-in", true) => known(&|at| !among(self.code(at))),
            ("=", false) if property == "parent" => {
                let parent = ancestor()?;
                known(&|at| self.parents_of(at).any(|one| one == parent))
            }
            ("=" | "in", false) if self.has_property(property) => known(&|at| {
                self.values(at, property).any(|v| if op == "=" { v == value } else { among(v) })
            }),
            ("not-in", false) if self.has_property(property) => {
                known(&|at| !self.values(at, property).any(among))
            }
            ("regex", false) if self.has_property(property) => {
                let whole = whole(value)?;
                known(&|at| self.values(at, property).any(|v| whole.is_match(v)))
            }
            ("exists", false) if self.has_property(property) => {
                known(&|at| self.values(at, property).next().is_some() == (value == "true"))
            }
            _ => None,
        }
    }

    /// Whether any concept says something under that property: else it was not kept, or never there.
    fn has_property(&self, property: &str) -> bool {
        self.concepts.properties().iter().any(|(_, name, _)| **name == *property)
    }
}

/// A pattern that the whole of a text must have; none when it is none.
fn whole(pattern: &str) -> Option<regex::Regex> {
    regex::Regex::new(&format!("^(?:{pattern})$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::concepts::Concept;

    fn animals(case_sensitive: bool, complete: bool) -> CodeSystemIndex {
        let mut concepts = Concepts::default();
        let mut add = |code, parent, words: &[&'static str], properties: &[(&str, &str)]| {
            let properties = properties.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
            concepts.push(Concept { code, parent, words: words.to_vec(), properties });
        };
        add("Animal", None, &[], &[]);
        add("Bird", Some(0), &["A bird", "Fågel"], &[("flies", "true")]);
        add("Penguin", Some(1), &[], &[("flies", "false"), ("parent", "Swimmer")]);
        add("Swimmer", Some(0), &[], &[]);
        let (url, version) = ("urn:animals".into(), None);
        CodeSystemIndex::new(CodeSystem { url, version, complete, case_sensitive, concepts })
    }

    #[test]
    fn words_in_any_language_and_case() {
        let all = animals(true, true);
        assert_eq!(all.is_called("Bird", "a BIRD"), Some(true));
        assert_eq!(all.is_called("Bird", "FÅGEL"), Some(true));
        assert_eq!(all.is_called("Bird", "A  bird"), Some(false));
        assert_eq!(all.is_called("Penguin", "Penguin"), None);
        assert_eq!(all.is_called("Fish", "Fish"), None);
        assert_eq!(animals(false, true).is_called("bird", "A bird"), Some(true));
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
        assert_eq!(all.filter("concept", "regex", "B.*|guin"), Some(vec!["Bird"]));
        assert_eq!(all.filter("concept", "regex", "B(*"), None);
        assert_eq!(
            all.filter("flies", "not-in", "true"),
            Some(vec!["Animal", "Penguin", "Swimmer"])
        );
        assert_eq!(all.filter("flies", "regex", "f.*"), Some(vec!["Penguin"]));
        assert_eq!(all.filter("size", "=", "big"), None);
    }
}
