//! What a receipt needs of a FHIR message: the two ends of its header, and its newest Provenance.
//!
//! Source: FHIR R4 messaging. Only core FHIR names; everything national is in the profile sets.

use crate::receipt::Address;
use crate::tree::{Marks, NodeId, Tree};

/// The parts of a FHIR message that its receipt speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The profiles that the Bundle claims.
    pub profiles: Vec<Box<str>>,
    /// The end that sent it.
    pub source: Address,
    /// The end that it is for.
    pub destination: Address,
    /// When it was sent, as its newest Provenance says; empty without one.
    pub occurred: Box<str>,
    /// Its activity, as its newest Provenance says; empty without one.
    pub activity: Box<str>,
    /// The newest Provenance.
    pub newest: Option<NodeId>,
}

/// The parts of a message, if it is a Bundle with a MessageHeader; that this is the first entry is an exchange
/// rule, and a message that breaks it gets a receipt all the same.
pub fn parts(tree: &Tree) -> Option<Parts> {
    let root = tree.root()?;
    let header = resources(tree, root).find(|r| is(tree, *r, "MessageHeader"))?;
    let destinations: Vec<NodeId> = tree.children_named(header, "destination").collect();
    // The primary one is first where a profile slices them; copies have Bundles of their own.
    let primary = destinations.iter().find(|d| primary(tree, **d)).or(destinations.first());
    let source = Address {
        endpoint: text(tree, header, &["source", "endpoint"]),
        ..organisation(tree, root, tree.at(header, &["sender", "reference"]))
    };
    let destination = primary.map_or_else(Address::default, |node| Address {
        endpoint: text(tree, *node, &["endpoint"]),
        ..organisation(tree, root, tree.at(*node, &["receiver", "reference"]))
    });
    let newest = newest(tree, root);
    let occurred = newest.map_or_else(Box::default, |node| {
        let occurred = text(tree, node, &["occurredDateTime"]);
        if occurred.is_empty() { text(tree, node, &["recorded"]) } else { occurred }
    });
    let activity =
        newest.map_or_else(Box::default, |n| text(tree, n, &["activity", "coding", "code"]));
    let profiles = tree.child(root, "meta").map_or_else(Vec::new, |meta| {
        let claimed = tree.children_named(meta, "profile");
        claimed.filter_map(|p| tree.text(p)).map(|text| text.as_ref().into()).collect()
    });
    Some(Parts { profiles, source, destination, occurred, activity, newest })
}

/// The resources of a Bundle's entries, in order.
pub fn resources(tree: &Tree, bundle: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    tree.children_named(bundle, "entry").filter_map(|entry| tree.child(entry, "resource"))
}

fn is(tree: &Tree, node: NodeId, type_name: &str) -> bool {
    tree.node(node).marks.has(Marks::RESOURCE) && tree.resource_type(node) == Some(type_name)
}

fn text(tree: &Tree, node: NodeId, path: &[&str]) -> Box<str> {
    let found = tree.at(node, path).and_then(|node| tree.text(node));
    found.map_or_else(Box::default, |text| text.as_ref().into())
}

fn primary(tree: &Tree, destination: NodeId) -> bool {
    tree.children_named(destination, "extension").any(|extension| {
        let code = tree.at(extension, &["valueCoding", "code"]);
        code.is_some_and(|code| tree.text_is(code, "primary"))
    })
}

fn organisation(tree: &Tree, bundle: NodeId, reference: Option<NodeId>) -> Address {
    let Some(resource) = reference.and_then(|r| resolve(tree, bundle, r)) else {
        return Address::default();
    };
    let identifiers = tree.children_named(resource, "identifier");
    let identifiers = identifiers.map(|i| (text(tree, i, &["system"]), text(tree, i, &["value"])));
    Address {
        identifiers: identifiers.filter(|(_, value)| !value.is_empty()).collect(),
        name: text(tree, resource, &["name"]),
        endpoint: Box::default(),
    }
}

/// The entry's resource that a reference inside the Bundle means: by fullUrl, or by type and id.
fn resolve(tree: &Tree, bundle: NodeId, reference: NodeId) -> Option<NodeId> {
    let wanted = tree.text(reference)?;
    tree.children_named(bundle, "entry").find_map(|entry| {
        let resource = tree.child(entry, "resource")?;
        let full = tree.child(entry, "fullUrl").is_some_and(|url| tree.text_is(url, &wanted));
        let by_id = || {
            let (type_name, id) = wanted.rsplit_once('/')?;
            let same_type = tree.resource_type(resource)? == type_name;
            let same_id = tree.text_is(tree.child(resource, "id")?, id);
            (same_type && same_id).then_some(())
        };
        (full || by_id().is_some()).then_some(resource)
    })
}

/// The Provenance than which none is later; the last of them when several tie.
fn newest(tree: &Tree, bundle: NodeId) -> Option<NodeId> {
    let provenances = resources(tree, bundle).filter(|r| is(tree, *r, "Provenance"));
    provenances.max_by_key(|node| {
        let recorded = text(tree, *node, &["recorded"]);
        recorded.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::MIN)
    })
}
