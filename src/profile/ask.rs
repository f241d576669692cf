//! Single questions about a message that is not validated as a whole: does this node meet that profile, is
//! this code in that value set. Maps ask them.
//!
//! Promises: an answer is found once and remembered; what the answers rest on is made ready at the first
//! question, so that a map that asks nothing pays nothing. Never: guesses; what is not loaded is "not evaluable".

use super::memory::Memory;
use super::run::Run;
use super::{Request, Validator, rules};
use crate::definitions::PackageId;
use crate::definitions::terminology::{Membership, ValueSetIndex};
use crate::fhirpath::{Item, NotEvaluable, Value};
use crate::message::Issue;
use crate::tree::{NodeId, Tree};
use jiff::Timestamp;
use std::cell::RefCell;
use std::sync::Arc;

/// Answers questions about one typed tree.
pub struct Asker<'a> {
    validator: &'a Validator,
    tree: &'a Tree,
    now: Timestamp,
    state: RefCell<State<'a>>,
}

struct State<'a> {
    memory: &'a mut Memory,
    issues: Vec<Issue>,
    /// The package that the message's version points to, once that is known.
    package: Option<PackageId>,
}

impl Validator {
    /// Somebody to ask about a tree.
    pub fn asker<'a>(
        &'a self,
        tree: &'a Tree,
        now: Timestamp,
        memory: &'a mut Memory,
    ) -> Asker<'a> {
        let state = State { memory, issues: Vec::new(), package: None };
        Asker { validator: self, tree, now, state: RefCell::new(state) }
    }

    /// Whether a profile is known, to whom a map may ask about it.
    pub fn knows(&self, canonical: &str) -> bool {
        self.claimed(canonical, PackageId::CORE).is_some()
    }
}

impl Asker<'_> {
    /// Whether a node meets a profile.
    pub fn conforms_to(&self, node: NodeId, canonical: &str) -> Result<bool, NotEvaluable> {
        self.ask(|run| match run.validator.claimed(canonical, run.root_package) {
            Some(program) => Ok(run.meets(node, program)),
            None => Err(NotEvaluable::missing("conformsTo() of a profile that is not loaded")),
        })
    }

    /// Whether a code, Coding or CodeableConcept is in a value set.
    pub fn member_of(
        &self,
        item: &Item<'_>,
        set: &Arc<ValueSetIndex>,
    ) -> Result<bool, NotEvaluable> {
        let found = match item {
            Item::Node(0, node) => self.ask(|run| rules::binding::member(run, *node, set)),
            Item::Value(Value::String(code)) => set.contains(None, code),
            _ => Membership::NotIn,
        };
        match found {
            Membership::In => Ok(true),
            Membership::NotIn => Ok(false),
            Membership::Unknown(_) => {
                Err(NotEvaluable::missing("memberOf() of a value set that cannot be expanded"))
            }
        }
    }

    fn ask<R>(&self, question: impl FnOnce(&mut Run<'_>) -> R) -> R {
        let mut state = self.state.borrow_mut();
        let State { memory, issues, package } = &mut *state;
        let root_package = *package.get_or_insert_with(|| {
            memory.clear();
            memory.index.make(self.tree, &self.validator.known);
            let chosen = |root| self.validator.choose(self.tree, root, &Request::default());
            self.tree.root().map_or(PackageId::CORE, |root| chosen(root).0)
        });
        issues.clear();
        question(&mut Run {
            validator: self.validator,
            tree: self.tree,
            root_package,
            memory,
            issues,
            now: self.now,
            asking: 0,
            before: 0,
            refused: false,
            untold: 0,
            cut: false,
            origin: 0,
            settling: false,
        })
    }
}
