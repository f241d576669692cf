//! FHIR XML to a tree.
//!
//! Promises: one pass; `value`, `id` and `url` become what they are in JSON; the element that names a nested
//! resource's type is merged with the element around it.

use super::{FHIR, is_extension};
use crate::format::catalogue as kinds;
use crate::format::fhir_json::RESOURCE_PLACES;
use crate::format::limits::{self, Faults, Stop};
use crate::format::seen;
use crate::format::xhtml;
use crate::format::xml::{Attribute, Document, Event, Name, Namespace, Text, is_space};
use crate::message::{Issue, IssueKind};
use crate::tree::{
    BufferId, Decoded, Escape, Kind, Marks, NameId, NodeId, Slice, State, Token, Tree,
};
use bytestring::ByteString;

/// Set in an open element's mark when it is merged with the node of the element around it.
const MERGED: u32 = 1 << 31;

/// Set when the element is in a wrong namespace, which is said once for all that is in it.
const FOREIGN: u32 = 1 << 30;

/// The attributes of schema instances that are only hints where to find a schema.
const HINTS: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads a resource into `tree`; false if the document is not to be used. The tree then holds what was
/// read up to the fault.
pub fn read(input: ByteString, tree: &mut Tree, issues: &mut Vec<Issue>) -> bool {
    let mut work = std::mem::take(&mut tree.work);
    let buffer = tree.add_buffer(input.clone());
    let usable = match Document::open(&input, (&mut work.rows, &mut work.more), Faults::new(issues))
    {
        Ok(document) => {
            let most = tree.len() + limits::nodes(input.len());
            let mut reader =
                Reader { document, spellings: &mut work.spellings, tree, buffer, most };
            reader.document().is_ok() && reader.document.faults.usable()
        }
        Err(Stop) => false,
    };
    tree.work = work;
    usable
}

struct Reader<'a> {
    document: Document<'a>,
    spellings: &'a mut Vec<[u64; 4]>,
    tree: &'a mut Tree,
    buffer: BufferId,
    most: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        let declared = self.document.declaration()?;
        let header = &mut self.tree.header;
        header.byte_order_mark = declared.byte_order_mark;
        header.declaration = declared.declaration;
        header.charset = Some("UTF-8");
        header.ordered = true;
        if declared.charset.is_some_and(|charset| charset.name() != "UTF-8") {
            return Err(self.document.faults.end(&kinds::CHARSET_UNSUPPORTED, 0));
        }
        loop {
            match self.document.next()? {
                Event::Start { offset, name } => self.start(offset, name)?,
                Event::End { .. } => {}
                Event::Text(text) | Event::Literal(text) => self.text(text)?,
                Event::Dropped { offset, stylesheet } => self.dropped(offset, stylesheet)?,
                Event::Done => return Ok(()),
            }
        }
    }

    fn dropped(&mut self, offset: usize, stylesheet: bool) -> Result<(), Stop> {
        self.tree.header.dropped += 1;
        match stylesheet {
            true => Err(self.document.faults.end(&kinds::XML_STYLESHEET, offset)),
            false => Ok(()),
        }
    }

    /// Between FHIR's elements there is white space and nothing else.
    fn text(&mut self, text: Text) -> Result<(), Stop> {
        let raw = &self.document.text[text.start..text.end];
        let blank = |c: char| c.is_ascii() && is_space(c as u8);
        let white = match text.escaped {
            false => raw.bytes().all(is_space),
            true => Decoded::new(raw, Escape::XmlText).all(blank),
        };
        match white {
            true => Ok(()),
            false => self.document.faults.at(&kinds::FHIR_XML_TEXT, text.start),
        }
    }

    fn start(&mut self, offset: usize, name: Name) -> Result<(), Stop> {
        let outer = self.document.outer_mark();
        let local = self.document.local(name);
        if local == "div"
            && self.document.uri(name.namespace) == xhtml::NAMESPACE
            && outer.is_some()
        {
            return self.narrative(offset, name, outer.unwrap_or_default());
        }
        let foreign = self.document.uri(name.namespace) != FHIR;
        if foreign && outer.is_none_or(|mark| mark & FOREIGN == 0) {
            self.document.faults.at(&kinds::FHIR_XML_NAMESPACE, offset)?;
        }
        let local = Slice::new(self.buffer, name.local, name.end - name.local, Escape::None);
        let (node, merged) = match outer.map(node_of) {
            None => {
                let type_name = self.name_id(name);
                let root = self.add(None, type_name, offset)?;
                self.tree.set_resource_type(root, local);
                (root, true)
            }
            Some(parent) if self.is_type(parent, name) => {
                let outside = *self.tree.node(parent);
                if outside.state != State::Absent || self.tree.first_child(parent).is_some() {
                    let offset = outside.offset as usize;
                    self.document.faults.at(&kinds::FHIR_XML_ATTRIBUTE, offset)?;
                }
                self.tree.set_resource_type(parent, local);
                self.document.allow_level();
                (parent, true)
            }
            Some(parent) => {
                let name = self.name_id(name);
                (self.element(parent, name, offset)?, false)
            }
        };
        let bits = if merged { MERGED } else { 0 } | if foreign { FOREIGN } else { 0 };
        self.document.mark(node.0 | bits);
        self.attributes(node, merged)
    }

    fn name_id(&mut self, name: Name) -> NameId {
        let local = Slice::new(self.buffer, name.local, name.end - name.local, Escape::None);
        let place = (self.document.text.as_bytes(), name.local, name.end);
        let known = self.tree.names().len() as u32;
        seen::name(self.spellings, known, place, || self.tree.name_of(local))
    }

    /// Whether an element below `parent` says what type of resource stands there.
    fn is_type(&self, parent: NodeId, name: Name) -> bool {
        let outside = self.tree.node(parent);
        self.document.local(name).starts_with(|c: char| c.is_ascii_uppercase())
            && !outside.marks.has(Marks::RESOURCE)
            && RESOURCE_PLACES.contains(&self.tree.name_text(outside.name))
            && self.tree.parent(parent).is_some()
    }

    fn element(&mut self, parent: NodeId, name: NameId, offset: usize) -> Result<NodeId, Stop> {
        let outside = self.tree.node(parent);
        let misplaced = match self.tree.name_text(name) {
            "id" => !outside.marks.has(Marks::RESOURCE),
            "url" => is_extension(self.tree.name_text(outside.name)),
            _ => false,
        };
        if misplaced {
            self.document.faults.at(&kinds::FHIR_XML_FORM, offset)?;
        }
        self.add(Some(parent), name, offset)
    }

    fn add(&mut self, parent: Option<NodeId>, name: NameId, offset: usize) -> Result<NodeId, Stop> {
        match self.tree.len() < self.most {
            true => Ok(self.tree.add(parent, Kind::Element, name, offset as u32)),
            false => Err(self.document.faults.end(&kinds::TOO_MANY_NODES, offset)),
        }
    }

    fn attributes(&mut self, node: NodeId, resource: bool) -> Result<(), Stop> {
        for at in 0..self.document.attributes().len() {
            let one = self.document.attributes()[at];
            if !one.declares {
                self.attribute(node, resource, one)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, node: NodeId, resource: bool, one: Attribute) -> Result<(), Stop> {
        let name = self.document.local(one.name);
        if one.name.namespace != Namespace::None {
            let hint = self.document.uri(one.name.namespace) == HINTS && name == "schemaLocation";
            return self.fault_unless(hint, &kinds::FHIR_XML_ATTRIBUTE, one.name.start);
        }
        let escape = if one.value.escaped { Escape::XmlAttribute } else { Escape::None };
        let length = one.value.end - one.value.start;
        let value = Slice::new(self.buffer, one.value.start, length, escape);
        let child = match name {
            _ if resource => false,
            "value" => {
                self.tree.set_value(node, value, Token::Text);
                return Ok(());
            }
            "id" => true,
            "url" => is_extension(self.tree.name_text(self.tree.node(node).name)),
            _ => false,
        };
        if !child {
            return self.fault_unless(false, &kinds::FHIR_XML_ATTRIBUTE, one.name.start);
        }
        let name = self.name_id(one.name);
        let child = self.add(Some(node), name, one.name.start)?;
        self.tree.set_value(child, value, Token::Text);
        Ok(())
    }

    fn fault_unless(
        &mut self,
        fine: bool,
        kind: &'static IssueKind,
        offset: usize,
    ) -> Result<(), Stop> {
        match fine {
            true => Ok(()),
            false => self.document.faults.at(kind, offset),
        }
    }

    /// A narrative, from its start tag to its end tag, as one node.
    fn narrative(&mut self, offset: usize, name: Name, outer: u32) -> Result<(), Stop> {
        let local = self.name_id(name);
        let node = self.add(Some(node_of(outer)), local, offset)?;
        self.tree.node_mut(node).kind = Kind::Xhtml;
        let mut used = Used { outside: self.document.bindings_outside(), bits: [0; 4] };
        let depth = self.document.depth();
        used.tag(&self.document, name);
        let end = loop {
            match self.document.next()? {
                Event::Start { name, .. } => used.tag(&self.document, name),
                Event::End { end } if self.document.depth() < depth => break end,
                Event::Dropped { offset, stylesheet: true } => self.dropped(offset, true)?,
                Event::Done => break self.document.text.len(),
                _ => {}
            }
        };
        let markup = &self.document.text[offset..end];
        let value = if used.none() && !markup.contains('\r') {
            Slice::new(self.buffer, offset, markup.len(), Escape::None)
        } else {
            let (tag, rest) = markup.split_at(name.end - offset);
            let start = self.tree.scratch().len();
            let scratch = self.tree.scratch();
            scratch.push_str(tag);
            used.declare(&self.document, scratch);
            let mut lines = rest.split('\r');
            scratch.push_str(lines.next().unwrap_or_default());
            for line in lines {
                // A carriage return, with or without a line feed, is a line feed to every XML parser.
                scratch.push('\n');
                scratch.push_str(line.strip_prefix('\n').unwrap_or(line));
            }
            self.tree.kept_since(start)
        };
        self.tree.set_value(node, value, Token::Text);
        self.tree.node_mut(node).state = State::Present;
        Ok(())
    }
}

fn node_of(mark: u32) -> NodeId {
    NodeId(mark & !(MERGED | FOREIGN))
}

/// The namespaces that a narrative uses and that are declared around it.
struct Used {
    outside: usize,
    bits: [u64; 4],
}

impl Used {
    fn tag(&mut self, document: &Document, name: Name) {
        self.name(name);
        for attribute in document.attributes() {
            self.name(attribute.name);
        }
    }

    fn name(&mut self, name: Name) {
        if let Namespace::Bound(at) = name.namespace {
            let at = at as usize;
            if at < self.outside {
                self.bits[at / 64] |= 1 << (at % 64);
            }
        }
    }

    fn none(&self) -> bool {
        self.bits == [0; 4]
    }

    fn declare(&self, document: &Document, out: &mut String) {
        for at in (0..self.outside).filter(|at| self.bits[at / 64] >> (at % 64) & 1 == 1) {
            out.push_str(" xmlns");
            let prefix = document.prefix(at);
            if !prefix.is_empty() {
                out.push(':');
                out.push_str(prefix);
            }
            // A URI holds no quotation mark; the layer below has seen to it.
            out.push_str("=\"");
            out.push_str(document.uri(Namespace::Bound(at as u32)));
            out.push('"');
        }
    }
}

#[cfg(test)]
mod tests;
