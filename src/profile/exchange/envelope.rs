//! The envelope: a Bundle of type message, its MessageHeader, ids, times, sender and receivers.

use super::{Check, catalogue};
use crate::profile::index::Target;
use crate::profile::rules::format;
use crate::tree::NodeId;
use jiff::Timestamp;

/// Checks the envelope; false: it is none, so that nothing else makes sense.
pub(super) fn check(check: &mut Check<'_>) -> bool {
    let (tree, root) = (check.tree, check.root);
    if tree.resource_type(root) != Some("Bundle") {
        check.tell(&catalogue::NOT_BUNDLE, root);
        return false;
    }
    if !tree.child(root, "type").is_some_and(|t| tree.text_is(t, "message")) {
        let place = tree.child(root, "type").unwrap_or(root);
        check.tell(&catalogue::NOT_MESSAGE, place);
    }
    check.memory.entries.clear();
    for entry in tree.children_named(root, "entry") {
        let resource = tree.child(entry, "resource");
        check.memory.entries.extend(resource.map(|r| (entry, r)));
    }
    let known = &check.rules.known;
    check.memory.index.make(tree, known);
    for at in 0..check.memory.index.duplicates.len() {
        check.tell(&catalogue::DUPLICATE, check.memory.index.duplicates[at]);
    }
    headers(check);
    ids(check);
    times(check);
    parties(check);
    true
}

fn headers(check: &mut Check<'_>) {
    let first = check.memory.entries.first().map(|(_, r)| *r);
    let mut all = check.resources("MessageHeader");
    let (one, another) = (all.next(), all.next());
    drop(all);
    if first.is_none() || one != first {
        let place = check.memory.entries.first().map_or(check.root, |(e, _)| *e);
        check.tell(&catalogue::FIRST_ENTRY, place);
    }
    if let Some(another) = another {
        check.tell(&catalogue::TWO_HEADERS, another);
    }
    check.header = one;
}

fn ids(check: &mut Check<'_>) {
    let tree = check.tree;
    let places = [
        (Some(check.root), &catalogue::ENVELOPE_ID, "Bundle.id"),
        (check.header, &catalogue::MESSAGE_ID, "MessageHeader.id"),
    ];
    for (resource, missing, name) in places {
        let Some(resource) = resource else { continue };
        match tree.child(resource, "id").filter(|i| tree.value(*i).is_some()) {
            None => check.tell(missing, resource),
            Some(id) if !tree.text(id).is_some_and(|t| format::uuid(&t)) => {
                check.tell_of(&catalogue::NOT_UUID, id, name);
            }
            Some(_) => {}
        }
    }
}

fn times(check: &mut Check<'_>) {
    let (tree, root) = (check.tree, check.root);
    match tree.child(root, "timestamp") {
        None => check.tell(&catalogue::TIMESTAMP, root),
        Some(stamp) => time(check, stamp, "Bundle.timestamp"),
    }
    for at in 0..check.memory.entries.len() {
        let resource = check.memory.entries[at].1;
        if tree.resource_type(resource) != Some("Provenance") {
            continue;
        }
        let named =
            [("occurredDateTime", "Provenance.occurred"), ("recorded", "Provenance.recorded")];
        for (name, shown) in named {
            if let Some(stamp) = tree.child(resource, name) {
                time(check, stamp, shown);
            }
        }
    }
}

fn time(check: &mut Check<'_>, stamp: NodeId, name: &'static str) {
    let Some(text) = check.tree.text(stamp) else { return };
    match text.parse::<Timestamp>() {
        Err(_) => check.tell_of(&catalogue::ZONE, stamp, name),
        Ok(moment) if moment.duration_since(check.now) > check.rules.data.future => {
            check.tell_of(&catalogue::FUTURE, stamp, name);
        }
        Ok(_) => {}
    }
}

fn parties(check: &mut Check<'_>) {
    let tree = check.tree;
    let Some(header) = check.header else { return };
    event(check, header);
    let sender = tree.child(header, "sender");
    if !sender.is_some_and(|s| identified(check, s)) {
        check.tell(&catalogue::SENDER, sender.unwrap_or(header));
    }
    let mut destinations = tree.children_named(header, "destination");
    let lacking = |d: NodeId| match tree.child(d, "receiver") {
        Some(receiver) if identified(check, receiver) => None,
        Some(receiver) => Some(receiver),
        None => Some(d),
    };
    let found = destinations.find_map(lacking);
    match (found, tree.child(header, "destination")) {
        (Some(place), _) => check.tell(&catalogue::RECEIVER, place),
        (None, None) => check.tell(&catalogue::RECEIVER, header),
        _ => {}
    }
}

fn event(check: &mut Check<'_>, header: NodeId) {
    let tree = check.tree;
    let Some(coding) = tree.child(header, "eventCoding") else { return };
    let Some(system) = tree.child_text(coding, "system") else { return };
    let code = tree.child_text(coding, "code").unwrap_or_default();
    let events = check.rules.data.events.iter().find(|e| *e.system == *system);
    if events.is_some_and(|e| !e.codes.iter().any(|c| **c == *code)) {
        check.tell(&catalogue::EVENT, coding);
    }
}

/// Whether a reference leads to a party in the message with an identifier, or carries one itself.
fn identified(check: &Check<'_>, reference: NodeId) -> bool {
    let tree = check.tree;
    let has = |node: NodeId| {
        tree.children_named(node, "identifier")
            .any(|i| tree.child(i, "value").is_some_and(|v| tree.value(v).is_some()))
    };
    match check.memory.index.target(tree, &check.rules.known, reference) {
        Target::Bundled(party) | Target::Contained(party) => has(party),
        _ => has(reference),
    }
}
