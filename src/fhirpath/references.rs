//! Where references lead inside a message: one index, built once, in one pass.
//!
//! Promises: `fullUrl`, `Type/id` and contained ids are found in logarithmic time however large the Bundle;
//! the memory is reused from message to message. Never: looks outside the tree it was built over.
//!
//! The rules are those of R4 (Bundle, "resolving references"): an absolute reference or a `urn:` is an
//! entry's `fullUrl`; a relative one is made absolute with the base of its own entry's `fullUrl`; `#id` is
//! a contained resource of the resource that the reference is in, `#` that resource itself. What the rules
//! do not resolve but `Type/id` names is found too, and [`FoundBy::TypeAndId`] says so: many senders write
//! relative references among `urn:uuid` entries.

use super::mix::Mix;
use crate::tree::{Escape, Marks, NameId, NodeId, Tree};
use std::borrow::Cow;

/// How a reference was resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoundBy {
    /// `#id`.
    Contained,
    /// By an entry's `fullUrl`, as R4 wants it.
    FullUrl,
    /// By type and id only, which R4 does not provide for.
    TypeAndId,
}

/// What a reference leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// The resource.
    pub node: NodeId,
    /// How it was found.
    pub by: FoundBy,
    /// Whether others would match as well; the first in the message is the one found.
    pub ambiguous: bool,
}

/// An entry of the index: the hash of its scope and text, and what proves a hit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    hash: u64,
    /// The resource that it leads to.
    resource: NodeId,
    /// The node whose value was hashed: the `fullUrl` or the `id`.
    text: NodeId,
    /// The Bundle or the containing resource that it belongs to.
    scope: NodeId,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Contained,
    FullUrl,
    TypeAndId,
}

#[derive(Clone, Copy, Debug)]
struct Words {
    entry: NameId,
    full_url: NameId,
    id: NameId,
    contained: NameId,
    meta: NameId,
    version: NameId,
}

/// The index of a message's references.
#[derive(Clone, Debug, Default)]
pub struct References {
    keys: Vec<Key>,
    words: Option<Words>,
}

impl References {
    /// An empty index.
    pub fn new() -> References {
        References::default()
    }

    /// Builds the index over a tree; what it held before is forgotten, its memory is kept.
    pub fn build(&mut self, tree: &Tree) {
        self.keys.clear();
        let name = |text: &str| tree.names().find(text).unwrap_or(NameId::NONE);
        let words = Words {
            entry: name("entry"),
            full_url: name("fullUrl"),
            id: name("id"),
            contained: name("contained"),
            meta: name("meta"),
            version: name("versionId"),
        };
        self.words = Some(words);
        for node in tree.marked(Marks::RESOURCE) {
            self.add(tree, node, words);
        }
        self.keys.sort_unstable();
    }

    fn add(&mut self, tree: &Tree, resource: NodeId, words: Words) {
        let Some(parent) = tree.parent(resource) else { return };
        let id = child(tree, resource, words.id);
        if tree.node(resource).name == words.contained {
            let scope = container(tree, parent, words);
            if let Some(id) = id {
                self.push(What::Contained, scope, resource, id, tree);
            }
            return;
        }
        let bundle = tree.parent(parent).filter(|b| tree.resource_type(*b) == Some("Bundle"));
        let Some(bundle) = bundle.filter(|_| tree.node(parent).name == words.entry) else {
            return;
        };
        if let Some(url) = child(tree, parent, words.full_url) {
            self.push(What::FullUrl, bundle, resource, url, tree);
        }
        if let Some(id) = id.filter(|_| tree.resource_type(resource).is_some()) {
            self.push(What::TypeAndId, bundle, resource, id, tree);
        }
    }

    fn push(&mut self, what: What, scope: NodeId, resource: NodeId, text: NodeId, tree: &Tree) {
        let mut mix = Mix::new(seed(what, scope));
        if what == What::TypeAndId {
            mix.add(tree.resource_type(resource).unwrap_or(""));
            mix.add("/");
        }
        mix.add_value(tree, text);
        self.keys.push(Key { hash: mix.done(), resource, text, scope, what });
    }

    /// What `reference`, which stands at or below `from`, leads to.
    pub fn resolve(&self, tree: &Tree, from: NodeId, reference: &str) -> Option<Found> {
        let words = self.words?;
        if let Some(id) = reference.strip_prefix('#') {
            let scope = container(tree, from, words);
            if id.is_empty() {
                return Some(Found { node: scope, by: FoundBy::Contained, ambiguous: false });
            }
            let any = Wanted { version: None, words };
            return self.find(tree, What::Contained, scope, &[id], any);
        }
        // a canonical may carry a version, a reference a fragment; neither is part of an entry's url
        let end = memchr::memchr2(b'|', b'#', reference.as_bytes()).unwrap_or(reference.len());
        let (reference, version) = unversioned(&reference[..end]);
        let wanted = Wanted { version, words };
        bundles(tree, from).find_map(|bundle| self.in_bundle(tree, from, bundle, reference, wanted))
    }

    fn in_bundle(
        &self,
        tree: &Tree,
        from: NodeId,
        bundle: NodeId,
        reference: &str,
        of: Wanted<'_>,
    ) -> Option<Found> {
        let absolute = reference.contains(':');
        if absolute {
            return self.find(tree, What::FullUrl, bundle, &[reference], of);
        }
        let own = entry_of(tree, from, bundle).and_then(|e| child(tree, e, of.words.full_url));
        let own: Option<Cow<'_, str>> = own.and_then(|url| tree.text(url));
        let base = own.as_deref().and_then(base_of);
        let by_base =
            base.and_then(|base| self.find(tree, What::FullUrl, bundle, &[base, reference], of));
        by_base.or_else(|| self.find(tree, What::TypeAndId, bundle, &[reference], of))
    }

    fn find(
        &self,
        tree: &Tree,
        what: What,
        scope: NodeId,
        parts: &[&str],
        of: Wanted<'_>,
    ) -> Option<Found> {
        let mut mix = Mix::new(seed(what, scope));
        parts.iter().for_each(|part| mix.add(part));
        let hash = mix.done();
        let first = self.keys.partition_point(|key| key.hash < hash);
        let alike = self.keys[first..].iter().take_while(|key| key.hash == hash);
        let proven = |key: &&Key| key.what == what && key.scope == scope && says(tree, key, parts);
        let versioned = |key: &&Key| of.version.is_none_or(|v| of.allows(tree, key.resource, v));
        let mut hits = alike.filter(proven).filter(versioned);
        let node = hits.next()?.resource;
        let by = match what {
            What::Contained => FoundBy::Contained,
            What::FullUrl => FoundBy::FullUrl,
            What::TypeAndId => FoundBy::TypeAndId,
        };
        Some(Found { node, by, ambiguous: hits.next().is_some() })
    }
}

/// The version that a reference asks for, if any.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    version: Option<&'a str>,
    words: Words,
}

impl Wanted<'_> {
    /// Whether a resource is of that version, or does not say which it is of.
    fn allows(&self, tree: &Tree, resource: NodeId, version: &str) -> bool {
        let meta = child(tree, resource, self.words.meta);
        let own = meta.and_then(|meta| child(tree, meta, self.words.version));
        own.is_none_or(|own| tree.text_is(own, version))
    }
}

/// A reference without its `/_history/version`, and that version.
pub(crate) fn unversioned(reference: &str) -> (&str, Option<&str>) {
    const HISTORY: &str = "/_history/";
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'_', &reference.as_bytes()[from..]) {
        let start = (from + at).saturating_sub(1);
        if let Some(version) = reference.get(start..).and_then(|r| r.strip_prefix(HISTORY)) {
            return (&reference[..start], Some(version));
        }
        from += at + 1;
    }
    (reference, None)
}

/// Whether the text of a key is what the parts say together.
fn says(tree: &Tree, key: &Key, parts: &[&str]) -> bool {
    let kind = match key.what {
        What::TypeAndId => tree.resource_type(key.resource).unwrap_or(""),
        _ => "",
    };
    let plain = tree.value(key.text).filter(|slice| slice.escape() == Escape::None);
    if let Some(slice) = plain {
        let mut text = tree.raw_slice(slice);
        if key.what != What::TypeAndId {
            for part in parts {
                let Some(rest) = text.strip_prefix(part) else { return false };
                text = rest;
            }
            return text.is_empty();
        }
        if let [one] = parts {
            let rest = one.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/'));
            return rest == Some(text);
        }
    }
    let wanted = parts.iter().flat_map(|part| part.chars());
    let text = chars(tree, key.text);
    match key.what {
        What::TypeAndId => wanted.eq(kind.chars().chain(['/']).chain(text)),
        _ => wanted.eq(text),
    }
}

/// The base of a RESTful url: `http://a.b/c/` of `http://a.b/c/Patient/1`, nothing of `Patient/1` (which no
/// fullUrl should be; where all are, they agree).
fn base_of(url: &str) -> Option<&str> {
    let slash = |text: &str| memchr::memrchr(b'/', text.as_bytes());
    let (rest, id) = url.split_at(slash(url)?);
    let id = &id[1..];
    let (base, kind) = match slash(rest) {
        Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
        None => (None, rest),
    };
    let typed = kind.starts_with(|c: char| c.is_ascii_uppercase()) && !id.is_empty();
    let Some(base) = base else { return typed.then_some("") };
    let web = base.starts_with("http://") || base.starts_with("https://");
    (typed && web).then(|| &url[..=base.len()])
}

fn child(tree: &Tree, node: NodeId, name: NameId) -> Option<NodeId> {
    tree.children(node).find(|c| tree.node(*c).name == name)
}

/// The resource that may contain others and that `from` is in.
fn container(tree: &Tree, from: NodeId, words: Words) -> NodeId {
    let mut at = from;
    loop {
        let one = tree.node(at);
        if one.marks.has(Marks::RESOURCE) && one.name != words.contained {
            return at;
        }
        match tree.parent(at) {
            Some(parent) => at = parent,
            None => return at,
        }
    }
}

/// The Bundles that a node is in, the nearest first.
fn bundles(tree: &Tree, from: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let ups = std::iter::successors(Some(from), |node| tree.parent(*node));
    ups.filter(|node| tree.resource_type(*node) == Some("Bundle"))
}

/// The entry of a Bundle that a node is in.
fn entry_of(tree: &Tree, from: NodeId, bundle: NodeId) -> Option<NodeId> {
    let mut ups = std::iter::successors(Some(from), |node| tree.parent(*node));
    ups.find(|node| tree.parent(*node) == Some(bundle))
}

fn seed(what: What, scope: NodeId) -> u64 {
    (u64::from(scope.0) << 2) | what as u64
}

fn chars(tree: &Tree, node: NodeId) -> impl Iterator<Item = char> + '_ {
    tree.value(node).into_iter().flat_map(|slice| tree.chars(slice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Kind, Names};
    use std::sync::Arc;

    struct Builder {
        tree: Tree,
    }

    impl Builder {
        fn node(&mut self, parent: Option<NodeId>, name: &str) -> NodeId {
            let name = self.tree.name_id(name);
            self.tree.add(parent, Kind::Element, name, 0)
        }

        fn text(&mut self, parent: NodeId, name: &str, text: &str) -> NodeId {
            let name = self.tree.name_id(name);
            let value = self.tree.keep(text);
            self.tree.add_value(parent, name, value)
        }

        fn resource(&mut self, parent: Option<NodeId>, name: &str, kind: &str, id: &str) -> NodeId {
            let node = self.node(parent, name);
            let kind = self.tree.keep(kind);
            self.tree.set_resource_type(node, kind);
            self.text(node, "id", id);
            node
        }

        fn entry(&mut self, bundle: NodeId, url: &str, kind: &str, id: &str) -> NodeId {
            let entry = self.node(Some(bundle), "entry");
            self.text(entry, "fullUrl", url);
            self.resource(Some(entry), "resource", kind, id)
        }
    }

    fn bundle() -> (Builder, NodeId) {
        let mut names = Names::default();
        for name in ["entry", "fullUrl", "id", "resource", "contained", "meta", "versionId"] {
            names.intern(name);
        }
        let mut builder = Builder { tree: Tree::new(Arc::new(names)) };
        let bundle = builder.resource(None, "Bundle", "Bundle", "b");
        (builder, bundle)
    }

    #[test]
    fn resolves_as_r4_has_it() {
        let (mut b, bundle) = bundle();
        let p = b.entry(bundle, "http://a.b/fhir/Patient/1", "Patient", "1");
        let other = b.entry(bundle, "http://c.d/Patient/1", "Patient", "1");
        let e = b.entry(bundle, "http://c.d/Encounter/2", "Encounter", "2");
        let u = b.entry(bundle, "urn:uuid:5", "Condition", "3");
        let inner = b.resource(Some(u), "contained", "Device", "x");
        let mut index = References::new();
        index.build(&b.tree);
        let find = |from, text| index.resolve(&b.tree, from, text).map(|f| (f.node, f.by));
        assert_eq!(find(e, "Patient/1"), Some((other, FoundBy::FullUrl)));
        assert_eq!(find(p, "Patient/1"), Some((p, FoundBy::FullUrl)));
        assert_eq!(find(u, "Encounter/2"), Some((e, FoundBy::TypeAndId)));
        assert_eq!(find(p, "urn:uuid:5"), Some((u, FoundBy::FullUrl)));
        assert_eq!(find(u, "#x"), Some((inner, FoundBy::Contained)));
        assert_eq!(find(inner, "#"), Some((u, FoundBy::Contained)));
        assert_eq!(find(p, "#x"), None);
        assert_eq!(find(p, "Patient/9"), None);
        assert!(index.resolve(&b.tree, u, "Patient/1").unwrap().ambiguous);
    }

    #[test]
    fn a_version_must_match_if_both_say_one() {
        let (mut b, bundle) = bundle();
        let p = b.entry(bundle, "http://a.b/Patient/1", "Patient", "1");
        let meta = b.node(Some(p), "meta");
        b.text(meta, "versionId", "2");
        let mut index = References::new();
        index.build(&b.tree);
        let find = |text| index.resolve(&b.tree, p, text).is_some();
        assert!(find("http://a.b/Patient/1/_history/2"));
        assert!(!find("http://a.b/Patient/1/_history/3"));
    }
}
