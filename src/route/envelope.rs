//! Envelopes of networks: opened, and written, by their descriptions.
//!
//! Promises: what is repeated of an envelope is written with its names, values and attributes as they came; a value that
//! a text needs and nobody has keeps it from being written. Never: reads the message inside, or makes an id.

use super::expression::{Compiler, first};
use crate::config::{Config, EndpointSyntax, Envelope};
use crate::fhirpath::{Expression, Memory, Scene};
use crate::message::{Diagnostic, Syntax};
use crate::tree::types::Table;
use crate::tree::{Kind, NodeId, State, Tree};
use std::fmt::Write;
use std::sync::Arc;

/// An envelope as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// Its description's name.
    pub name: Box<str>,
    /// Its id; empty: it has none.
    pub id: Box<str>,
    /// The sender's location number.
    pub sender: Box<str>,
    /// The receiver's.
    pub receiver: Box<str>,
    /// What is in it.
    pub holds: Holds,
}

/// What an envelope holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Holds {
    /// A message.
    Message {
        /// Its id, as the envelope has it.
        id: Box<str>,
        /// What is said about it, as a receipt repeats it.
        about: Box<str>,
        /// Whether a receipt is wanted.
        reliable: bool,
        /// The message in base64.
        data: String,
    },
    /// A receipt of another envelope.
    Receipt {
        /// That envelope's id.
        original: Box<str>,
        /// The id of the message in it, where it is repeated.
        message: Option<Box<str>>,
        /// Whether it is positive.
        positive: bool,
    },
    /// Nothing that its description knows.
    Nothing,
}

/// A value of a text: its name, what it is, and whether it is markup already.
pub type Value<'a> = (&'a str, &'a str, bool);

#[derive(Debug)]
struct About {
    syntaxes: Vec<EndpointSyntax>,
    events: Vec<Box<str>>,
    values: Vec<(Box<str>, Expression)>,
    text: Box<str>,
}

#[derive(Debug)]
struct Description {
    own: Envelope,
    kinds: Vec<About>,
}

/// All envelopes of a configuration.
#[derive(Debug, Default)]
pub struct Envelopes {
    all: Vec<Description>,
}

/// Which receipt is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// The message was taken.
    Accepted,
    /// It was not.
    Refused,
}

impl Envelopes {
    /// Compiles them; what is broken is reported and left out.
    pub fn compile(config: &Config, table: &Arc<Table>) -> (Envelopes, Vec<Diagnostic>) {
        let mut compiler = Compiler::new(table);
        let mut all = Vec::new();
        for own in &config.envelopes {
            let mut kinds = Vec::new();
            for kind in &own.kind {
                let mut values = Vec::new();
                for (name, at) in &kind.values {
                    values.extend(compiler.compile(at, &[]).map(|one| (name.clone(), one)));
                }
                kinds.push(About {
                    syntaxes: kind.syntax.to_vec(),
                    events: kind.event.clone(),
                    values,
                    text: kind.about.value.clone(),
                });
            }
            all.push(Description { own: own.clone(), kinds });
        }
        (Envelopes { all }, compiler.finish())
    }

    /// The envelope that a tree of XML is, if it is one.
    pub fn open(&self, tree: &Tree) -> Option<Opened> {
        let root = tree.root()?;
        let node = tree.node(root);
        let is = |one: &&Description| {
            tree.name_text(node.name) == &*one.own.root
                && tree.name_text(node.namespace) == &*one.own.namespace
        };
        let own = &self.all.iter().find(is)?.own;
        let text = |path: &str| value(tree, at(tree, root, path));
        Some(Opened {
            name: (*own.name).into(),
            id: text(&own.id),
            sender: text(&own.sender),
            receiver: text(&own.receiver),
            holds: holds(own, tree, root),
        })
    }

    /// The largest message that an envelope takes, in bytes.
    pub fn most(&self, name: &str) -> u64 {
        self.named(name).map_or(0, |one| one.own.most.0)
    }

    /// What an envelope says about a message; none: it carries no such message, or the message lacks a value.
    pub fn about(
        &self,
        name: &str,
        (syntax, event): (Syntax, &str),
        scene: &Scene<'_>,
        memory: &mut Memory,
        values: &[Value<'_>],
    ) -> Option<String> {
        let endpoint = EndpointSyntax::of(syntax);
        let fits = |one: &&About| {
            one.syntaxes.contains(&endpoint)
                && (one.events.is_empty() || one.events.iter().any(|own| **own == *event))
        };
        let kind = self.named(name)?.kinds.iter().find(fits)?;
        let root = scene.trees.first()?.root()?;
        let mut own: Vec<(&str, Box<str>)> = Vec::new();
        for (name, expression) in &kind.values {
            own.push((name, first(expression, scene, root, memory)?));
        }
        let own = own.iter().map(|(name, value)| (*name, &**value, false));
        let all: Vec<Value<'_>> = own.chain(values.iter().copied()).collect();
        filled(&kind.text, &all)
    }

    /// An envelope with these values; none: one of them is missing.
    pub fn write(&self, name: &str, values: &[Value<'_>]) -> Option<String> {
        filled(&self.named(name)?.own.written.value, values)
    }

    /// A receipt with these values.
    pub fn receipt(&self, name: &str, said: Said, values: &[Value<'_>]) -> Option<String> {
        let own = &self.named(name)?.own;
        let text = match said {
            Said::Accepted => &own.accepted,
            Said::Refused => &own.refused,
        };
        filled(&text.value, values)
    }

    fn named(&self, name: &str) -> Option<&Description> {
        self.all.iter().find(|one| &*one.own.name == name)
    }
}

fn holds(own: &Envelope, tree: &Tree, root: NodeId) -> Holds {
    if let Some(about) = at(tree, root, &own.about) {
        let data = at(tree, root, &own.data);
        let mut written = String::new();
        inside(tree, about, &mut written);
        return Holds::Message {
            id: value(tree, at(tree, about, &own.message)),
            about: written.into(),
            reliable: *value(tree, at(tree, about, &own.transport)) != *own.unreliable,
            data: data.and_then(|data| tree.text(data)).unwrap_or_default().into_owned(),
        };
    }
    for (paths, positive) in [(&own.positive, true), (&own.negative, false)] {
        let Some(receipt) = paths.iter().find_map(|path| at(tree, root, path)) else { continue };
        let about = at(tree, receipt, &own.original_about);
        let message = about.and_then(|about| at(tree, about, &own.message));
        return Holds::Receipt {
            original: value(tree, at(tree, receipt, &own.original)),
            message: message.map(|id| value(tree, Some(id))).filter(|id| !id.is_empty()),
            positive,
        };
    }
    Holds::Nothing
}

/// The element that names lead to.
fn at(tree: &Tree, from: NodeId, path: &str) -> Option<NodeId> {
    path.split('.').try_fold(from, |node, name| tree.child(node, name))
}

fn value(tree: &Tree, node: Option<NodeId>) -> Box<str> {
    node.and_then(|node| tree.text(node)).unwrap_or_default().trim().into()
}

/// What stands inside an element, in the namespace that is in scope.
fn inside(tree: &Tree, node: NodeId, out: &mut String) {
    for child in tree.children(node) {
        let own = tree.node(child);
        let name = tree.name_text(own.name);
        if own.kind != Kind::Element {
            continue;
        }
        let _ = write!(out, "<{name}");
        for attribute in tree.children(child) {
            let own = tree.node(attribute);
            if own.kind == Kind::Attribute {
                let value = escaped(&tree.text(attribute).unwrap_or_default());
                let _ = write!(out, " {}=\"{value}\"", tree.name_text(own.name));
            }
        }
        out.push('>');
        if own.state == State::Present {
            out.push_str(&escaped(&tree.text(child).unwrap_or_default()));
        }
        inside(tree, child, out);
        let _ = write!(out, "</{name}>");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text with its `{name}`s filled in; none: one of them has no value.
fn filled(text: &str, values: &[Value<'_>]) -> Option<String> {
    let more: usize = values.iter().map(|(_, value, _)| value.len()).sum();
    let mut out = String::with_capacity(text.len() + more);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}')?;
        let (_, value, markup) =
            values.iter().find(|(own, value, _)| *own == name && !value.is_empty())?;
        match markup {
            true => out.push_str(value),
            false => out.push_str(&escaped(value)),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_filled_or_not_written() {
        let values = [("a", "<1>", false), ("b", "<x/>", true), ("c", "", false)];
        assert_eq!(filled("{a}-{b}.", &values).as_deref(), Some("&lt;1&gt;-<x/>."));
        assert_eq!(filled("{c}", &values), None);
        assert_eq!(filled("{d}", &values), None);
        assert_eq!(filled("{a", &values), None);
    }
}
