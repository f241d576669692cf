//! Concept maps contained in a StructureMap.
//!
//! Promises: R4's equivalence and R5's relationship become the signs that text has for them. Never: a fault
//! for what a concept map says beyond codes; that is left out.

use super::Reader;
use crate::mapping::ast::{ConceptLine, ConceptMap, Name};
use crate::tree::NodeId;

impl Reader<'_> {
    pub(super) fn concept_map(&mut self, node: NodeId) {
        let Some(mut id) = self.text(node, "id").or_else(|| self.text(node, "url")) else { return };
        if let Some(bare) = id.text.strip_prefix('#') {
            id.text = bare.into();
        }
        let mut map = ConceptMap { id, ..ConceptMap::default() };
        for group in self.children(node, "group") {
            let source = self.prefix(&mut map, 's', self.text(group, "source"), group);
            let target = self.prefix(&mut map, 't', self.text(group, "target"), group);
            let mode = self.tree.child(group, "unmapped").and_then(|n| self.text(n, "mode"));
            if mode.is_some_and(|m| matches!(&*m, "provided" | "use-source-code")) {
                map.provided.push(source.clone());
            }
            for element in self.children(group, "element") {
                let Some(code) = self.text(element, "code") else { continue };
                self.lines(element, &mut map, (source.clone(), code), &target);
            }
        }
        self.map.concept_maps.push(map);
    }

    fn lines(&mut self, node: NodeId, map: &mut ConceptMap, source: (Name, Name), to: &Name) {
        for target in self.children(node, "target") {
            let said = self.text(target, "relationship").or(self.text(target, "equivalence"));
            let sign = match said.as_deref() {
                Some("equal") => "=",
                Some("wider" | "source-is-narrower-than-target") => "<=",
                Some("subsumes") => "<-",
                Some("narrower" | "source-is-broader-than-target") => ">=",
                Some("specializes") => ">-",
                Some("inexact") => "~",
                Some("unmatched") => "--",
                Some("disjoint" | "not-related-to") => "!=",
                Some("relatedto" | "related-to") => "-",
                _ => "==",
            };
            let relation = Name { text: sign.into(), at: self.tree.node(target).offset };
            let code = self.text(target, "code").map(|code| (to.clone(), code));
            let none = code.is_none();
            let relation = if none { Name { text: "--".into(), ..relation } } else { relation };
            map.lines.push(ConceptLine { source: source.clone(), relation, target: code });
        }
    }

    /// The prefix of a system, which is declared if it is new.
    fn prefix(&self, map: &mut ConceptMap, sign: char, system: Option<Name>, at: NodeId) -> Name {
        let at = self.tree.node(at).offset;
        let system = system.unwrap_or_default();
        let mut known = map.prefixes.iter().filter(|(name, _)| name.starts_with(sign));
        if let Some((name, _)) = known.clone().find(|(_, one)| one.text == system.text) {
            return Name { text: name.text.clone(), at };
        }
        let text = match known.by_ref().count() {
            0 => sign.to_string(),
            count => format!("{sign}{}", count + 1),
        };
        let name = Name { text: text.into(), at };
        map.prefixes.push((name.clone(), system));
        name
    }
}
