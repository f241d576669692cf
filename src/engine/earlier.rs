//! Earlier messages of a conversation, for maps that read them: which are wanted, and their trees.
//!
//! The conversation is what the intake description of the message's format says it is: the key that ties a
//! notification to the one before it. Never: asks the store; the shell does, and hands over what it found.

use super::model::type_for;
use super::read::Read;
use super::{Arena, Engine, catalogue};
use crate::config::MissingEarlier;
use crate::config::Route;
use crate::mapping::Plan;
use crate::message::{Arg, Earlier, Issue, KnownAbout, Place, Syntax};
use crate::tree::Tree;
use crate::tree::types::TypeId;
use bytes::Bytes;
use std::sync::Arc;

/// An earlier message that a map wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted<'a> {
    /// The conversation.
    pub conversation: &'a str,
    /// What it says happened; the newest of them.
    pub event: &'a str,
}

impl Engine {
    /// The earlier messages that the maps of the routes that a message may take want; usually none.
    pub fn earlier<'a>(&'a self, read: &'a Read) -> Vec<Wanted<'a>> {
        let mut wanted = Vec::new();
        let Some(conversation) = read.says.conversation.as_deref() else { return wanted };
        for route in self.routes_of(read) {
            let Some(plan) = self.plan_of(route) else { continue };
            for event in plan.earlier().iter().flat_map(|one| &one.events) {
                let one = Wanted { conversation, event };
                if !wanted.contains(&one) {
                    wanted.push(one);
                }
            }
        }
        wanted
    }

    /// Reads what a plan wants into the arena's further trees; false when something is missing without which
    /// the route does not go on.
    pub(super) fn read_earlier(
        &self,
        plan: &Plan,
        known: &KnownAbout,
        route: &Route,
        arena: &mut Arena,
    ) -> bool {
        let names = self.library.names();
        let further = plan.sources().len().saturating_sub(1);
        arena
            .earlier
            .resize_with(further.max(arena.earlier.len()), || Tree::new(Arc::clone(names)));
        arena.earlier.iter_mut().for_each(|tree| tree.reset(names));
        let mut whole = true;
        for wanted in plan.earlier() {
            let fits = |one: &&Earlier| wanted.events.contains(&one.event.0);
            let newest = known.earlier.iter().filter(fits).max_by_key(|one| one.received);
            let tree = &mut arena.earlier[wanted.source - 1];
            let found = newest.is_some_and(|one| {
                let wanted = plan.sources().get(wanted.source).copied().unwrap_or(TypeId::NONE);
                self.read_tree(one.syntax, &one.bytes, wanted, tree)
            });
            if !found {
                tree.reset(names);
                if !wanted.optional && route.missing_earlier == MissingEarlier::Refuse {
                    let place = Place { node: arena.tree.root(), ..Place::default() };
                    let events = Arg::Shared(Arc::from(wanted.events.join(" ")));
                    arena.issues.push(Issue::new(&catalogue::NO_EARLIER, place).arg(events));
                    whole = false;
                }
            }
        }
        whole
    }

    /// Reads bytes that were read before into a tree, typed as its reader wants it.
    fn read_tree(&self, syntax: Syntax, bytes: &Bytes, wanted: TypeId, tree: &mut Tree) -> bool {
        let mut issues = Vec::new();
        let wire = self.library.wire();
        let taken_out = self.taken_out(syntax, bytes);
        let (syntax, bytes) = taken_out.as_ref().map_or((syntax, bytes), |(s, b)| (*s, b));
        let Ok(decoded) = wire.decode(syntax, bytes, None) else { return false };
        let whole = wire.read(syntax, decoded.text, tree, &mut issues);
        type_for(wire, syntax, tree, wanted, &mut issues);
        whole
    }
}
