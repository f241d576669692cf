//! Translations: concept maps of the plan and of the route, and the books of the world.
//!
//! Promises: a code without translation and a value that no book knows are issues at the source, unless the
//! map says `'optional'`; nothing is written then. Never: shows the code.

use super::sources::child_of;
use super::value::{Value, text_of};
use super::{Machine, issues};
use crate::mapping::concepts::{Concept, Concepts, Translation};
use crate::mapping::hooks::Lookup;
use crate::mapping::plan::{ConceptSource, List, Output, Place, Step, Target, Translate};
use crate::message::Arg;
use crate::tree::types::ElementId;
use crate::tree::{NodeId, Tree};
use std::sync::Arc;

/// What a lookup gives, with texts in the target.
struct Found {
    system: Value,
    code: Value,
    display: Value,
}

impl<'p> Machine<'p, '_> {
    pub(super) fn translate(
        &mut self,
        target: &'p Target,
        translate: &'p Translate,
        frame: usize,
        at: Value,
    ) -> Value {
        let given = self.operand(&translate.operand, frame, at);
        if given == Value::None {
            return Value::None;
        }
        let place = if matches!(given, Value::Node(0, _)) { given } else { at };
        let found = match &translate.map {
            ConceptSource::Plan(map) => {
                let concepts = &*self.plan.code.concepts[*map as usize];
                self.by_concepts(concepts, given, translate, place)
            }
            ConceptSource::Route(wanted) => {
                let (hooks, name) = (self.hooks, &self.plan.code.wanted[*wanted as usize]);
                match hooks.concept_map(*wanted as usize, name) {
                    Some(concepts) => self.by_concepts(concepts, given, translate, place),
                    None => {
                        let name = Arg::Shared(Arc::clone(name));
                        self.report(&issues::NO_CONCEPT_MAP, place, name);
                        None
                    }
                }
            }
            ConceptSource::Book(..) => self.by_book(given, translate, place),
        };
        let Some(found) = found else { return Value::None };
        match translate.output {
            Output::Code => self.write(target, frame, found.code, at),
            Output::System => self.write(target, frame, found.system, at),
            Output::Display => self.write(target, frame, found.display, at),
            Output::Coding | Output::CodeableConcept => {
                self.coding(target, translate, frame, &found, at)
            }
        }
    }

    fn by_concepts(
        &mut self,
        concepts: &Concepts,
        given: Value,
        translate: &Translate,
        place: Value,
    ) -> Option<Found> {
        let string = self.plan.code.facts.primitives.string;
        match self.look_for(concepts, given) {
            Answer::Found(concept) => {
                let display = match &concept.display {
                    Some(text) => self.keep(text, string),
                    None => Value::None,
                };
                let (system, code) =
                    (self.keep(&concept.system, string), self.keep(&concept.code, string));
                Some(Found { system, code, display })
            }
            Answer::Provided(code) => {
                Some(Found { system: Value::None, code, display: Value::None })
            }
            Answer::NotFound => {
                if let Some(prefix) = concepts.prefix() {
                    let code = self.take_text(given)?;
                    let made = self.keep(&format!("{prefix}{}", code.trim()), string);
                    self.memory.text = code;
                    return Some(Found { system: Value::None, code: made, display: Value::None });
                }
                if !translate.optional {
                    self.report(
                        &issues::NO_TRANSLATION,
                        place,
                        Arg::Shared(Arc::clone(&concepts.url)),
                    );
                }
                None
            }
        }
    }

    /// Looks up a text, a Coding, or the first known coding of a CodeableConcept.
    fn look_for<'c>(&mut self, concepts: &'c Concepts, given: Value) -> Answer<'c> {
        let datatypes = self.plan.code.facts.datatypes;
        let type_id = self.type_of(given);
        if let Value::Node(tree, node) = given {
            if type_id == datatypes.concept {
                let mut next = self.tree(tree).first_child(node);
                while let Some(child) = next {
                    next = self.tree(tree).next_sibling(child);
                    if self.tree(tree).node(child).element == datatypes.concept_coding {
                        let answer = self.look_for_coding(concepts, tree, child);
                        if !matches!(answer, Answer::NotFound) {
                            return answer;
                        }
                    }
                }
                return Answer::NotFound;
            }
            if type_id == datatypes.coding {
                return self.look_for_coding(concepts, tree, node);
            }
        }
        let Some(text) = self.take_text(given) else { return Answer::NotFound };
        let found = concepts.find(None, text.trim());
        self.memory.text = text;
        Answer::of(found, given)
    }

    fn look_for_coding<'c>(
        &mut self,
        concepts: &'c Concepts,
        tree: u8,
        node: NodeId,
    ) -> Answer<'c> {
        let datatypes = self.plan.code.facts.datatypes;
        let of: &Tree = self.tree(tree);
        let child = |element: ElementId| child_of(of, node, element);
        let (system, code) = (child(datatypes.coding_system), child(datatypes.coding_code));
        let Some(code_node) = code else { return Answer::NotFound };
        let system_text = system.and_then(|n| text_of(of, n));
        let code_text = text_of(of, code_node).unwrap_or_default();
        let found = concepts.find(system_text.as_deref(), &code_text);
        system.into_iter().chain(code).for_each(|n| self.mark_read(tree, n));
        Answer::of(found, Value::Node(tree, code_node))
    }

    fn by_book(&mut self, given: Value, translate: &'p Translate, place: Value) -> Option<Found> {
        let ConceptSource::Book(url, book, from, to) = &translate.map else { return None };
        let text = self.take_text(given)?;
        let hooks = self.hooks;
        let answer = hooks.look_up(book, from, to, text.trim());
        self.memory.text = text;
        match answer {
            Lookup::Found(value) => {
                let code = self.keep(&value, self.plan.code.facts.primitives.string);
                Some(Found { system: Value::None, code, display: code })
            }
            Lookup::NotFound if translate.optional => None,
            Lookup::NotFound | Lookup::Unavailable => {
                let name = Arg::Shared(Arc::clone(url));
                self.report(&issues::NOT_IN_DIRECTORY, place, name);
                None
            }
        }
    }

    fn coding(
        &mut self,
        target: &'p Target,
        translate: &Translate,
        frame: usize,
        found: &Found,
        at: Value,
    ) -> Value {
        let datatypes = self.plan.code.facts.datatypes;
        let concept = translate.output == Output::CodeableConcept;
        if matches!(target.place, Place::Nowhere) {
            return found.code;
        }
        let type_id = if concept { datatypes.concept } else { datatypes.coding };
        let made = self.make(target, frame, Some(type_id), at);
        let Value::Node(_, mut node) = made else { return made };
        if concept {
            let step = Step::Element(datatypes.concept_coding);
            match self.spot(node, &step, None) {
                Some(spot) => node = self.fresh(node, spot),
                None => return made,
            }
        }
        let parts = [
            (datatypes.coding_system, found.system),
            (datatypes.coding_code, found.code),
            (datatypes.coding_display, found.display),
        ];
        for (element, value) in parts {
            self.write_below(node, &Step::Element(element), List::New, value, at);
        }
        made
    }
}

enum Answer<'c> {
    Found(&'c Concept),
    /// The code itself.
    Provided(Value),
    NotFound,
}

impl<'c> Answer<'c> {
    fn of(found: Translation<'c>, code: Value) -> Answer<'c> {
        match found {
            Translation::Found(concept) => Answer::Found(concept),
            Translation::Provided => Answer::Provided(code),
            Translation::NotFound => Answer::NotFound,
        }
    }
}
