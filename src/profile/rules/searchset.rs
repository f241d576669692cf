//! Bundle of type searchset: every entry is a resource of the kind that its mode says.
//!
//! From R4 (search, "the contents of a searchset"), as the reference validator reads it.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::known::{child, child_is};
use crate::profile::run::Run;
use crate::tree::NodeId;
use crate::tree::types::TypeId;
use std::sync::Arc;

/// Checks the entries of a searchset.
pub(super) fn check(run: &mut Run<'_>, bundle: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let wanted = searched_for(run, bundle);
    for entry in tree.children(bundle).filter(|c| tree.node(*c).name == known.entry) {
        let Some(resource) = child(tree, entry, known.resource) else {
            run.tell_base(&catalogue::SEARCH_NO_RESOURCE, entry, Arg::None);
            continue;
        };
        let Some(search) = child(tree, entry, known.search) else { continue };
        let mode = |text| child_is(tree, search, known.mode, text);
        let is = tree.node(resource).type_id;
        let found = mode("match");
        if (found || mode("include")) && child(tree, resource, known.id).is_none() {
            run.tell_base(&catalogue::SEARCH_NO_ID, resource, Arg::None);
        }
        let fits = match (found, mode("outcome")) {
            (true, _) => wanted.is_none_or(|wanted| run.is_a(is, wanted)),
            (_, true) => run.is_a(is, known.operation_outcome),
            _ => true,
        };
        if !fits && is != TypeId::NONE {
            let name = Arc::clone(&run.validator.table.type_of(is).name);
            run.push(Issue::on(&catalogue::SEARCH_TYPE, resource).arg(Arg::Shared(name)));
        }
    }
}

/// The type that the address of the link `self` asks for, if it says one.
fn searched_for(run: &Run<'_>, bundle: NodeId) -> Option<TypeId> {
    let (tree, known) = (run.tree, &run.validator.known);
    let mut links = tree.children(bundle).filter(|c| tree.node(*c).name == known.link);
    let own = links.find(|link| child_is(tree, *link, known.relation, "self"))?;
    let url = tree.text(child(tree, own, known.url)?)?;
    let kind = run.validator.table.find(url.split('?').next()?.rsplit('/').next()?)?;
    run.is_a(kind, known.resource_type).then_some(kind)
}
