//! Namespaced XML to a tree.
//!
//! Promises: one pass. An element that holds only character data has it as its value; where character data
//! stands among elements it is text nodes, in document order and with the white space between them; white
//! space that only indents is left out.

use super::wellformed::{Document, Event, Name, Namespace, Text, is_space};
use crate::format::catalogue as kinds;
use crate::format::limits::{self, Faults, Stop};
use crate::format::seen;
use crate::message::{Arg, Issue};
use crate::tree::{BufferId, Decoded, Escape, Kind, Marks, NameId, NodeId, Slice, Token, Tree};
use bytestring::ByteString;

/// The namespace of schema instances.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// What the namespaces of models that are written as FHIR is begin with.
const FHIR: &str = "http://hl7.org/fhir";

/// Reads a document into `tree`; false if it is not to be used. The tree then holds what was read up to
/// the fault.
pub fn read(input: ByteString, tree: &mut Tree, issues: &mut Vec<Issue>) -> bool {
    let mut work = std::mem::take(&mut tree.work);
    let buffer = tree.add_buffer(input.clone());
    let usable = match Document::open(&input, (&mut work.rows, &mut work.more), Faults::new(issues))
    {
        Ok(document) => {
            let mut reader = Reader {
                most: tree.len() + limits::nodes(input.len()),
                open: [Open::default(); limits::DEPTH as usize],
                pending: Pending::Nothing,
                last_namespace: (usize::MAX, NameId::NONE),
                dropped_at: 0,
                fhir: false,
                document,
                spellings: &mut work.spellings,
                tree,
                buffer,
            };
            reader.document().is_ok() && reader.document.faults.usable()
        }
        Err(Stop) => false,
    };
    tree.work = work;
    usable
}

/// What is known about an open element.
#[derive(Clone, Copy, Default)]
struct Open {
    node: u32,
    /// It has elements below it.
    parent: bool,
    /// It has character data among them.
    mixed: bool,
}

/// Character data since the last tag.
#[derive(Clone, Copy)]
enum Pending {
    Nothing,
    /// In one piece.
    Piece(Text, Escape),
    /// In several, which are put together in the scratch buffer from here.
    Kept(usize),
}

struct Reader<'a> {
    document: Document<'a>,
    spellings: &'a mut Vec<[u64; 4]>,
    tree: &'a mut Tree,
    buffer: BufferId,
    most: usize,
    open: [Open; limits::DEPTH as usize],
    pending: Pending,
    last_namespace: (usize, NameId),
    dropped_at: usize,
    /// The document's namespace is one of FHIR's.
    fhir: bool,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        let declared = self.document.declaration()?;
        let header = &mut self.tree.header;
        header.byte_order_mark = declared.byte_order_mark;
        header.declaration = declared.declaration;
        header.charset = Some(declared.charset.unwrap_or_default().name());
        loop {
            match self.document.next()? {
                Event::Start { offset, name } => self.start(offset, name)?,
                Event::End { .. } => self.end()?,
                Event::Text(text) => self.text(text, Escape::XmlText),
                Event::Literal(text) => self.text(text, Escape::None),
                Event::Dropped { offset, .. } => self.dropped(offset),
                Event::Done => break,
            }
        }
        let dropped = self.tree.header.dropped;
        if dropped > 0 {
            let issue = Issue::at(&kinds::XML_DROPPED, self.dropped_at);
            self.document.faults.note(issue.arg(Arg::Number(dropped.into())))?;
        }
        Ok(())
    }

    fn dropped(&mut self, offset: usize) {
        if self.tree.header.dropped == 0 {
            self.dropped_at = offset;
        }
        self.tree.header.dropped += 1;
    }

    fn start(&mut self, offset: usize, name: Name) -> Result<(), Stop> {
        let depth = self.document.depth() - 1;
        let parent = match depth.checked_sub(1) {
            None => None,
            Some(outer) => {
                self.flush(outer, false)?;
                self.open[outer].parent = true;
                Some(NodeId(self.open[outer].node))
            }
        };
        if let Some(outer) = parent.filter(|outer| self.is_resource(*outer, name)) {
            let local = self.slice(name.local, name.end, Escape::None);
            self.tree.set_resource_type(outer, local);
            self.open[depth] = Open { node: outer.0, parent: true, mixed: false };
            return Ok(());
        }
        self.fhir |= parent.is_none() && self.document.uri(name.namespace).starts_with(FHIR);
        let node = self.add(parent, Kind::Element, name, offset)?;
        self.open[depth] = Open { node: node.0, parent: false, mixed: false };
        for at in 0..self.document.attributes().len() {
            let one = self.document.attributes()[at];
            if one.declares || self.is_hint(one.name) {
                continue;
            }
            let child = self.add(Some(node), Kind::Attribute, one.name, one.name.start)?;
            let escape = if one.value.escaped { Escape::XmlAttribute } else { Escape::None };
            let value = self.slice(one.value.start, one.value.end, escape);
            self.tree.set_value(child, value, Token::Text);
        }
        Ok(())
    }

    /// Whether an element says which resource stands in the one around it, in a model that is written as FHIR is.
    fn is_resource(&self, outer: NodeId, name: Name) -> bool {
        let around = self.tree.node(outer);
        self.document.local(name).starts_with(|c: char| c.is_ascii_uppercase())
            && self.document.uri(name.namespace) == FHIR
            && self.fhir
            && self.tree.name_text(around.namespace) != FHIR
            && !around.marks.has(Marks::RESOURCE)
            && self.tree.first_child(outer).is_none()
            && self.tree.parent(outer).is_some()
            && self.document.attributes().iter().all(|one| one.declares)
    }

    /// Where to find a schema is no content.
    fn is_hint(&self, name: Name) -> bool {
        name.namespace != Namespace::None
            && matches!(self.document.local(name), "schemaLocation" | "noNamespaceSchemaLocation")
            && self.document.uri(name.namespace) == INSTANCE
    }

    fn slice(&self, start: usize, end: usize, escape: Escape) -> Slice {
        Slice::new(self.buffer, start, end - start, escape)
    }

    fn add(
        &mut self,
        parent: Option<NodeId>,
        kind: Kind,
        name: Name,
        offset: usize,
    ) -> Result<NodeId, Stop> {
        let local = self.slice(name.local, name.end, Escape::None);
        let place = (self.document.text.as_bytes(), name.local, name.end);
        let known = self.tree.names().len() as u32;
        let local = seen::name(self.spellings, known, place, || self.tree.name_of(local));
        let namespace = self.namespace(name.namespace);
        let node = self.node(parent, kind, local, offset)?;
        self.tree.node_mut(node).namespace = namespace;
        Ok(node)
    }

    fn node(
        &mut self,
        parent: Option<NodeId>,
        kind: Kind,
        name: NameId,
        offset: usize,
    ) -> Result<NodeId, Stop> {
        match self.tree.len() < self.most {
            true => Ok(self.tree.add(parent, kind, name, offset as u32)),
            false => Err(self.document.faults.end(&kinds::TOO_MANY_NODES, offset)),
        }
    }

    fn namespace(&mut self, namespace: Namespace) -> NameId {
        match self.document.uri_place(namespace) {
            Some((start, _)) if self.last_namespace.0 == start => self.last_namespace.1,
            Some((start, end)) => {
                let uri = self.slice(start, end, Escape::None);
                self.last_namespace = (start, self.tree.name_of(uri));
                self.last_namespace.1
            }
            None if namespace == Namespace::None => NameId::NONE,
            None => self.tree.name_id(self.document.uri(namespace)),
        }
    }

    /// Takes up a piece of character data.
    fn text(&mut self, text: Text, escape: Escape) {
        let literal = escape == Escape::None;
        let raw = &self.document.text[text.start..text.end];
        self.pending = match self.pending {
            Pending::Nothing if !literal || !text.escaped => {
                let escape = if text.escaped { escape } else { Escape::None };
                Pending::Piece(text, escape)
            }
            Pending::Nothing => Pending::Kept(self.tree.scratch().len()),
            Pending::Piece(first, escape) => {
                let start = self.tree.scratch().len();
                let first = &self.document.text[first.start..first.end];
                self.tree.scratch().extend(Decoded::new(first, escape));
                Pending::Kept(start)
            }
            kept => kept,
        };
        if let Pending::Kept(_) = self.pending {
            if literal {
                let mut lines = raw.split('\r');
                let scratch = self.tree.scratch();
                scratch.push_str(lines.next().unwrap_or_default());
                for line in lines {
                    scratch.push('\n');
                    scratch.push_str(line.strip_prefix('\n').unwrap_or(line));
                }
            } else {
                self.tree.scratch().extend(Decoded::new(raw, Escape::XmlText));
            }
        }
    }

    fn end(&mut self) -> Result<(), Stop> {
        let depth = self.document.depth();
        self.flush(depth, true)
    }

    /// Gives pending character data to the element it stands in, which is open at `depth` and ends here
    /// or has another element begin.
    fn flush(&mut self, depth: usize, ends: bool) -> Result<(), Stop> {
        let (value, offset) = match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => return Ok(()),
            Pending::Piece(text, escape) => (self.slice(text.start, text.end, escape), text.start),
            Pending::Kept(start) => {
                let node = NodeId(self.open[depth].node);
                (self.tree.kept_since(start), self.tree.node(node).offset as usize)
            }
        };
        let open = self.open[depth];
        let element = NodeId(open.node);
        if ends && !open.parent {
            self.tree.set_value(element, value, Token::Text);
            return Ok(());
        }
        let blank = self.tree.raw_slice(value).bytes().all(is_space)
            || value.escape() != Escape::None
                && self.tree.chars(value).all(|c| c.is_ascii() && is_space(c as u8));
        if blank && !open.mixed {
            return Ok(());
        }
        if !open.mixed {
            self.open[depth].mixed = true;
            if open.parent {
                self.restore_blanks(element)?;
            }
        }
        let node = self.node(Some(element), Kind::Text, NameId::NONE, offset)?;
        self.tree.set_value(node, value, Token::Text);
        Ok(())
    }

    /// The white space between the children that an element had before it turned out to be mixed.
    fn restore_blanks(&mut self, element: NodeId) -> Result<(), Stop> {
        let mut children: Vec<NodeId> = Vec::new();
        let mut next = self.tree.first_child(element);
        let last = self.tree.last_child(element);
        while let Some(child) = next {
            next = self.tree.next_sibling(child).filter(|_| Some(child) != last);
            let node = *self.tree.node(child);
            let end = node.offset as usize;
            let before = &self.document.text[..end];
            let start = before.trim_end_matches([' ', '\t', '\n', '\r']).len();
            if node.kind == Kind::Element && start < end {
                let blank = self.node(Some(element), Kind::Text, NameId::NONE, start)?;
                let value = self.slice(start, end, Escape::XmlText);
                self.tree.set_value(blank, value, Token::Text);
                children.push(blank);
            }
            children.push(child);
        }
        self.tree.reorder(element, &children);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Names;
    use std::sync::Arc;

    fn parse(text: &str) -> (Tree, Vec<&'static str>, bool) {
        let mut tree = Tree::new(Arc::new(Names::default()));
        let mut issues = Vec::new();
        let usable = read(text.into(), &mut tree, &mut issues);
        (tree, issues.iter().map(|i| i.kind.id).collect(), usable)
    }

    fn line(tree: &Tree, node: NodeId) -> String {
        let one = tree.node(node);
        let name = tree.name_text(one.name);
        let namespace = tree.name_text(one.namespace);
        let mut out = match (one.kind, namespace) {
            (Kind::Text, _) => "#".to_owned(),
            (Kind::Attribute, "") => format!("@{name}"),
            (Kind::Attribute, namespace) => format!("@{namespace}|{name}"),
            (_, "") => name.to_owned(),
            _ => format!("{namespace}|{name}"),
        };
        if let Some(text) = tree.text(node) {
            out += &format!("={text:?}");
        }
        let children: Vec<_> = tree.children(node).map(|n| line(tree, n)).collect();
        if !children.is_empty() {
            out += &format!("{{{}}}", children.join(" "));
        }
        out
    }

    fn good(text: &str) -> String {
        let (tree, issues, usable) = parse(text);
        assert!(usable && issues.is_empty(), "{text}: {issues:?}");
        line(&tree, NodeId(0))
    }

    #[test]
    fn elements_attributes_and_values() {
        assert_eq!(
            good(
                "<a xmlns='u' b='1&#10;2'>\n <c>x&amp;y</c>\n <d xmlns='v' xmlns:p='w' p:e=''/></a>"
            ),
            r#"u|a{@b="1\n2" u|c="x&y" v|d{@w|e=""}}"#
        );
        assert_eq!(good("<a> </a>"), r#"a=" ""#);
        assert_eq!(good("<a>x\r\ny</a>"), r#"a="x\ny""#);
        assert_eq!(
            good("<a xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:schemaLocation='a b'/>"),
            "a"
        );
    }

    #[test]
    fn mixed_content_keeps_its_order_and_its_white_space() {
        assert_eq!(good("<a>x <b>y</b> <c/>\n z</a>"), r##"a{#="x " b="y" #=" " c #="\n z"}"##);
        assert_eq!(
            good("<a q='1'> <b>y</b> <c>z</c> w</a>"),
            r##"a{@q="1" #=" " b="y" #=" " c="z" #=" w"}"##
        );
        assert_eq!(good("<a> <b>y</b> <c>z</c> </a>"), r#"a{b="y" c="z"}"#);
    }

    #[test]
    fn character_data_in_pieces_is_one_value() {
        assert_eq!(good("<a>x&lt;<![CDATA[&lt;\r\n]]>y</a>"), r#"a="x<&lt;\ny""#);
        assert_eq!(good("<a><![CDATA[&]]></a>"), r#"a="&""#);
        assert_eq!(good("<a><![CDATA[\r]]></a>"), r#"a="\n""#);
        let (tree, issues, usable) = parse("<?x y?><a>x<!-- c -->y</a>");
        assert_eq!(line(&tree, NodeId(0)), r#"a="xy""#);
        assert_eq!((issues, usable, tree.header.dropped), (vec!["xml-dropped"], true, 2));
    }

    #[test]
    fn what_was_declared_is_noted() {
        let (tree, _, _) = parse("<?xml version='1.0' encoding='iso-8859-1'?><a/>");
        assert_eq!(tree.header.charset, Some("ISO-8859-1"));
        assert!(tree.header.declaration);
    }

    #[test]
    fn faults_are_refused() {
        for (text, id) in [("<a><b></a>", "xml-mismatched-tag"), ("<!DOCTYPE a>", "xml-doctype")] {
            let (_, issues, usable) = parse(text);
            assert_eq!((issues, usable), (vec![id], false), "{text}");
        }
    }
}
