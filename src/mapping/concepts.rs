//! Concept maps, hashed by source code.
//!
//! Promises: a lookup allocates nothing. Never: guesses; a code that is listed under another system is not
//! found.

use super::{ast, oids};
use crate::definitions::model;
use crate::message::Diagnostic;
use std::collections::HashMap;
use std::sync::Arc;

/// What a code becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept {
    /// The source's system; empty for any.
    pub source_system: Box<str>,
    /// The target's system.
    pub system: Box<str>,
    /// The target's code.
    pub code: Box<str>,
    /// The target's display.
    pub display: Option<Box<str>>,
}

/// The answer to a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation<'a> {
    /// It becomes this.
    Found(&'a Concept),
    /// It is not listed, and the map passes such codes on.
    Provided,
    /// It has no translation.
    NotFound,
}

/// A concept map.
#[derive(Clone, Debug, Default)]
pub struct Concepts {
    /// Its canonical, or `#id`.
    pub url: Arc<str>,
    by_code: HashMap<Box<str>, Vec<Concept>>,
    provided: Vec<Box<str>>,
    /// What is put before a code that is not listed.
    prefix: Option<&'static str>,
}

impl Concepts {
    /// OIDs of code systems to their canonicals.
    pub(super) fn of_oids(url: &str) -> Concepts {
        let mut concepts =
            Concepts { url: url.into(), prefix: Some(oids::PREFIX), ..Concepts::default() };
        for (oid, canonical) in oids::SYSTEMS {
            let concept = Concept { code: (*canonical).into(), ..Concept::default() };
            concepts.by_code.entry((*oid).into()).or_default().push(concept);
        }
        concepts
    }

    /// What is put before a code that is not listed.
    pub(super) fn prefix(&self) -> Option<&'static str> {
        self.prefix
    }

    /// From a ConceptMap resource.
    pub fn of_resource(map: &model::ConceptMap) -> Concepts {
        let mut concepts = Concepts { url: Arc::from(&*map.url), ..Concepts::default() };
        for line in &map.mappings {
            if line.source_code.is_empty() {
                concepts.provided.push(line.source_system.clone());
            }
            let Some(code) = &line.target_code else { continue };
            let concept = Concept {
                source_system: line.source_system.clone(),
                system: line.target_system.clone(),
                code: code.clone(),
                display: line.target_display.clone(),
            };
            concepts.by_code.entry(line.source_code.clone()).or_default().push(concept);
        }
        concepts
    }

    /// From a concept map inside a map; says which prefixes are not declared.
    pub fn of_map(owner: &ast::Map, map: &ast::ConceptMap, said: &mut Vec<Diagnostic>) -> Concepts {
        let mut concepts = Concepts { url: format!("#{}", &*map.id).into(), ..Concepts::default() };
        let mut system = |prefix: &ast::Name| -> Box<str> {
            let found = map.prefixes.iter().find(|(name, _)| **name == **prefix);
            if found.is_none() {
                said.push(Diagnostic::error(
                    owner.origin(prefix.at),
                    "map-unknown-prefix",
                    format!("the concept map declares no prefix `{}`", &**prefix),
                ));
            }
            found.map(|(_, system)| system.text.clone()).unwrap_or_default()
        };
        for line in &map.lines {
            let source_system = system(&line.source.0);
            let unlike = matches!(&*line.relation, "!=" | "--");
            let Some((prefix, code)) = line.target.as_ref().filter(|_| !unlike) else { continue };
            let concept = Concept {
                source_system,
                system: system(prefix),
                code: code.text.clone(),
                display: None,
            };
            concepts.by_code.entry(line.source.1.text.clone()).or_default().push(concept);
        }
        concepts.provided = map.provided.iter().map(&mut system).collect();
        concepts
    }

    /// What a code becomes; without a system the first that is listed.
    pub fn find(&self, system: Option<&str>, code: &str) -> Translation<'_> {
        let listed = self.by_code.get(code).map_or(&[][..], Vec::as_slice);
        let fits = |given: &str, known: &str| known.is_empty() || given == known;
        let found = listed.iter().find(|c| system.is_none_or(|s| fits(s, &c.source_system)));
        let provided = self.provided.iter().any(|p| system.is_none_or(|s| fits(s, p)));
        match found {
            Some(concept) => Translation::Found(concept),
            None if provided => Translation::Provided,
            None => Translation::NotFound,
        }
    }

    /// All source codes, in order, for suggestions.
    pub fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<_> = self.by_code.keys().map(|c| &**c).collect();
        codes.sort_unstable();
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::parse;

    #[test]
    fn systems_count_when_they_are_known() {
        let text = "map 'u' = 'n' conceptmap c { prefix s = 'a' prefix t = 'b' s:x == t:y \
                    unmapped for s = provided q:z == t:y }";
        let (map, _) = parse("a.fml", text);
        let mut said = Vec::new();
        let concepts = Concepts::of_map(&map, &map.concept_maps[0], &mut said);
        assert_eq!(said.len(), 1);
        assert!(matches!(concepts.find(Some("a"), "x"), Translation::Found(c) if &*c.code == "y"));
        assert!(matches!(concepts.find(None, "x"), Translation::Found(_)));
        assert_eq!(concepts.find(Some("other"), "x"), Translation::NotFound);
        assert_eq!(concepts.find(Some("a"), "w"), Translation::Provided);
    }
}
