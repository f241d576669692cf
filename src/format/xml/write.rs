// size: one writer, and what models that are written as FHIR is ask of it
//! A tree to namespaced XML.
//!
//! Promises: compact, in the model's order where there is a model and in the tree's where character data
//! stands among elements; namespaces are declared where they change; the charset is the one asked for, and
//! what it does not have is a numeric reference. A model in a namespace of FHIR's own is written as FHIR is, with
//! values in attributes; a type that an element says has the prefix of the type's namespace. Never: checks anything
//! but that names can be written.

use super::text::{self, Place};
use super::wellformed::is_name;
use crate::format::charset::Charset;
use crate::format::order::Ordered;
use crate::format::{Scratch, Unwritable, xhtml};
use crate::tree::types::{ElementId, Representation, Table, TypeId};
use crate::tree::{Kind, Marks, NameId, NodeId, Slice, Token, Tree, Work};
use std::fmt::Write;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What the namespaces of FHIR, and of models that are written as FHIR is, begin with.
const FHIR: &str = "http://hl7.org/fhir";

/// What a text has room for at first.
const FIRST: usize = 4096;

const UNNAMED: &str = "an element's or attribute's name cannot be written in XML";

/// Writes a node as a document of its own.
pub fn write(
    tree: &Tree,
    table: &Table,
    node: NodeId,
    charset: Charset,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    write_with(tree, table, node, charset, &mut Scratch::new(), out)
}

/// The same with memory that is used again.
pub fn write_with(
    tree: &Tree,
    table: &Table,
    node: NodeId,
    charset: Charset,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    // Where the text is the output, it is made in the output's own memory.
    let own = charset == Charset::Utf8 && out.is_empty();
    let mut made = match own {
        true => String::from_utf8(std::mem::take(out)).unwrap_or_default(),
        false => String::new(),
    };
    let Scratch { ordered, work, text, .. } = scratch;
    let text = if own { &mut made } else { text };
    text.clear();
    text.reserve(FIRST);
    text.push_str("<?xml version=\"1.0\" encoding=\"");
    text.push_str(charset.name());
    text.push_str("\"?>");
    // what a fault left behind is no other message's
    ordered.clear();
    let mut writer = Writer { tree, table, charset, text, ordered, work, fhir: false };
    writer.fhir = tree.name_text(writer.namespace(node)).starts_with(FHIR);
    let written = writer.element(node, "");
    match own {
        true => {
            *out = std::mem::take(writer.text).into_bytes();
            if written.is_err() {
                out.clear();
            }
        }
        false if written.is_ok() => charset.encode(writer.text, out),
        false => {}
    }
    written
}

struct Writer<'a> {
    tree: &'a Tree,
    table: &'a Table,
    charset: Charset,
    text: &'a mut String,
    ordered: &'a mut Ordered,
    work: &'a mut Work,
    /// Values are attributes.
    fhir: bool,
}

impl<'a> Writer<'a> {
    /// An element, where `outside` is the default namespace in scope.
    fn element(&mut self, node: NodeId, outside: &str) -> Result<(), Unwritable> {
        let name = self.name(node)?;
        self.element_as(node, name, self.namespace_text(node), outside)
    }

    /// A node as an element of that name and namespace.
    fn element_as(
        &mut self,
        node: NodeId,
        name: &str,
        namespace: &'a str,
        outside: &str,
    ) -> Result<(), Unwritable> {
        self.text.push('<');
        self.text.push_str(name);
        if namespace != outside {
            self.attribute("xmlns", namespace);
        }
        let range = self.ordered.push(self.tree, self.table, node);
        let mut prefixes = 0;
        let mut inside = false;
        for place in range.start..range.end {
            let child = self.ordered.node(place);
            match self.representation(child) {
                Representation::Attribute => self.attribute_node(node, child, &mut prefixes)?,
                _ => inside = true,
            }
        }
        let mut value = self.value(node);
        if let Some(own) = value.take_if(|_| self.has_primitive(node)) {
            self.value_attribute(own);
        }
        if inside || value.is_some_and(|value| !value.is_empty()) {
            self.text.push('>');
            if let Some(value) = value {
                text::push_slice(self.tree, value, Place::Text, self.text);
            }
            let mixed = self.tree.children(node).any(|n| self.tree.node(n).kind == Kind::Text);
            if mixed {
                let tree = self.tree;
                for child in tree.children(node) {
                    self.child(child, namespace)?;
                }
            } else {
                for place in range.start..range.end {
                    self.child(self.ordered.node(place), namespace)?;
                }
            }
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        } else {
            self.text.push_str("/>");
        }
        self.ordered.pop(range);
        Ok(())
    }

    fn child(&mut self, node: NodeId, outside: &str) -> Result<(), Unwritable> {
        match self.representation(node) {
            Representation::Attribute => {}
            Representation::Text => {
                if let Some(value) = self.value(node) {
                    text::push_slice(self.tree, value, Place::Text, self.text);
                }
            }
            Representation::Xhtml => {
                if let Some(markup) = self.tree.text(node) {
                    xhtml::push(&markup, self.work, self.text);
                }
            }
            _ => match self.tree.resource_type(node) {
                Some(type_name) if self.fhir && is_name(type_name) => {
                    self.around(node, type_name, outside)?;
                }
                _ => self.element(node, outside)?,
            },
        }
        Ok(())
    }

    /// A FHIR resource inside a model: the element, and inside it one of the resource's type.
    fn around(&mut self, node: NodeId, type_name: &str, outside: &str) -> Result<(), Unwritable> {
        let name = self.name(node)?;
        let namespace = self.namespace_text(node);
        self.text.push('<');
        self.text.push_str(name);
        if namespace != outside {
            self.attribute("xmlns", namespace);
        }
        self.text.push('>');
        self.element_as(node, type_name, FHIR, namespace)?;
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
        Ok(())
    }

    /// How a node is written: by its kind, or by its element where the tree was made by a map.
    fn representation(&self, node: NodeId) -> Representation {
        let one = self.tree.node(node);
        match (one.kind, one.element) {
            (Kind::Attribute, _) => Representation::Attribute,
            (Kind::Text, _) => Representation::Text,
            (Kind::Xhtml, _) => Representation::Xhtml,
            (_, ElementId::NONE) => Representation::Element,
            (_, element) => self.table.element(element).representation,
        }
    }

    fn value(&self, node: NodeId) -> Option<Slice> {
        let one = self.tree.node(node);
        let own = one.token != Token::Object && !one.marks.has(Marks::RESOURCE);
        self.tree.value(node).filter(|_| own)
    }

    fn name(&self, node: NodeId) -> Result<&'a str, Unwritable> {
        let name = self.tree.name_text(self.tree.node(node).name);
        let fine = is_name(name) && self.charset.has_all(name);
        if fine { Ok(name) } else { Err(Unwritable { node, why: UNNAMED }) }
    }

    /// Whether a node is an element whose value is an attribute.
    fn has_primitive(&self, node: NodeId) -> bool {
        self.fhir && self.table.primitive(self.tree.node(node).type_id).is_some()
    }

    fn namespace_text(&self, node: NodeId) -> &'a str {
        match self.namespace(node) {
            // An element of a FHIR resource inside a model.
            NameId::NONE if self.fhir && self.tree.node(node).element != ElementId::NONE => FHIR,
            namespace => self.tree.name_text(namespace),
        }
    }

    /// A node's own namespace, or the one that its model gives it.
    fn namespace(&self, node: NodeId) -> NameId {
        let one = self.tree.node(node);
        let of_type = |type_id: TypeId| match type_id {
            TypeId::NONE => NameId::NONE,
            type_id => self.table.type_of(type_id).namespace,
        };
        if one.namespace != NameId::NONE {
            return one.namespace;
        }
        let own = match one.element {
            ElementId::NONE => None,
            element => {
                let document = self.table.document(element, one.type_id);
                document.or(self.table.element(element).namespace)
            }
        };
        match (own, self.tree.parent(node)) {
            (Some(own), _) => own,
            (None, Some(parent)) if one.element != ElementId::NONE => {
                of_type(self.tree.node(parent).type_id)
            }
            (None, Some(_)) => NameId::NONE,
            (None, None) => of_type(one.type_id),
        }
    }

    fn value_attribute(&mut self, value: Slice) {
        self.text.push_str(" value=\"");
        text::push_slice(self.tree, value, Place::Value, self.text);
        self.text.push('"');
    }

    /// The namespace of the type that an element says it is of, where its name needs a prefix for it.
    fn type_namespace(&self, element: NodeId, attribute: NodeId) -> Option<&'a str> {
        let (tree, one) = (self.tree, self.tree.node(attribute));
        let says = tree.name_text(one.name) == "type" && tree.name_text(one.namespace) == INSTANCE;
        let type_id = tree.node(element).type_id;
        if !says || type_id == TypeId::NONE {
            return None;
        }
        let own = self.table.type_of(type_id).namespace;
        (own != NameId::NONE).then(|| tree.name_text(own))
    }

    fn attribute_node(
        &mut self,
        element: NodeId,
        node: NodeId,
        prefixes: &mut u32,
    ) -> Result<(), Unwritable> {
        let name = self.name(node)?;
        let Some(value) = self.value(node) else { return Ok(()) };
        let tree = self.tree;
        let uri = tree.name_text(tree.node(node).namespace);
        let prefix = match uri {
            "" => Prefix::None,
            XML => Prefix::Xml,
            INSTANCE => Prefix::Instance,
            _ => {
                *prefixes += 1;
                Prefix::Numbered(*prefixes)
            }
        };
        // Declared anew for each, so that no two ever get into each other's way.
        let declared = match prefix {
            Prefix::None | Prefix::Xml => true,
            Prefix::Instance => self.declares_instances(),
            Prefix::Numbered(_) => false,
        };
        if !declared {
            self.text.push_str(" xmlns:");
            prefix.push(self.text);
            self.text.push_str("=\"");
            text::push(uri, Place::Value, self.text);
            self.text.push('"');
        }
        let of_type = self.type_namespace(element, node);
        let outside = self.namespace_text(element);
        if let Some(own) = of_type.filter(|own| *own != outside) {
            self.attribute("xmlns:t", own);
        }
        self.text.push(' ');
        prefix.push(self.text);
        if !matches!(prefix, Prefix::None) {
            self.text.push(':');
        }
        self.text.push_str(name);
        self.text.push_str("=\"");
        match of_type {
            Some(own) => {
                let said = tree.decode(value);
                let local = said.rsplit(':').next().unwrap_or_default().trim();
                self.text.push_str(if own == outside { "" } else { "t:" });
                text::push(local, Place::Value, self.text);
            }
            None => text::push_slice(tree, value, Place::Value, self.text),
        }
        self.text.push('"');
        Ok(())
    }

    /// Whether the tag being written declares the prefix of schema instances already.
    fn declares_instances(&self) -> bool {
        let tag = self.text.rfind('<').map_or("", |at| &self.text[at..]);
        tag.contains(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"")
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        text::push(value, Place::Value, self.text);
        self.text.push('"');
    }
}

/// What stands before an attribute's name.
#[derive(Clone, Copy)]
enum Prefix {
    None,
    Xml,
    Instance,
    Numbered(u32),
}

impl Prefix {
    fn push(self, text: &mut String) {
        match self {
            Prefix::None => {}
            Prefix::Xml => text.push_str("xml"),
            Prefix::Instance => text.push_str("xsi"),
            Prefix::Numbered(number) => {
                let written = write!(text, "a{number}");
                debug_assert!(written.is_ok(), "a text takes everything");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::xml::read;
    use crate::tree::Names;
    use crate::tree::types::{Type, TypeKind};
    use std::sync::Arc;

    fn again(xml: &str, charset: Charset) -> Vec<u8> {
        let names = Arc::new(Names::default());
        let table = Table::new(Arc::clone(&names), Vec::new(), Vec::new());
        let mut tree = Tree::new(names);
        let mut issues = Vec::new();
        assert!(read(xml.into(), &mut tree, &mut issues) && issues.is_empty(), "{issues:?}");
        let mut out = Vec::new();
        write(&tree, &table, NodeId(0), charset, &mut out).unwrap();
        out
    }

    fn same(xml: &str) {
        let expected = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{xml}");
        assert_eq!(String::from_utf8(again(xml, Charset::Utf8)).unwrap(), expected);
    }

    #[test]
    fn documents_come_back() {
        same(
            "<a xmlns=\"u\" b=\"1&#10;&quot;\"><c>x&amp;&lt;y</c><c/><d xmlns=\"v\"><e xmlns=\"\"/></d></a>",
        );
        same("<a>x <b>y</b> <c/>\n z</a>");
        same(
            "<a xml:lang=\"da\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"T\" xsi:nil=\"1\"/>",
        );
        same("<a xmlns:a1=\"u\" a1:b=\"1\" xmlns:a2=\"v\" a2:b=\"2\"/>");
    }

    #[test]
    fn the_charset_is_the_one_asked_for() {
        let out = again("<a b='æ€'>ø€</a>", Charset::Latin1);
        let expected: &[u8] =
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a b=\"\xE6&#8364;\">\xF8&#8364;</a>";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_model_of_fhirs_namespace_has_its_values_in_attributes() {
        let names = Arc::new(Names::default());
        let string = Type {
            name: "string".into(),
            kind: TypeKind::Primitive,
            base: None,
            is_abstract: false,
            elements: Vec::new(),
            namespace: NameId::NONE,
            root_name: None,
        };
        let table = Table::new(Arc::clone(&names), vec![string], Vec::new());
        let mut tree = Tree::new(names);
        let xml = "<a xmlns=\"http://hl7.org/fhir/x\"><b>1 &amp; 2</b><c>3</c>\
                   <d><R xmlns=\"http://hl7.org/fhir\"><e>4</e></R></d></a>";
        assert!(read(xml.into(), &mut tree, &mut Vec::new()));
        for (at, type_id) in [(1, 0), (4, 0)] {
            tree.node_mut(NodeId(at)).type_id = TypeId(type_id);
        }
        assert_eq!(tree.resource_type(NodeId(3)), Some("R"));
        let mut out = Vec::new();
        write(&tree, &table, NodeId(0), Charset::Utf8, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.ends_with(
                "<a xmlns=\"http://hl7.org/fhir/x\"><b value=\"1 &amp; 2\"/><c>3</c>\
                   <d><R xmlns=\"http://hl7.org/fhir\"><e value=\"4\"/></R></d></a>"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_name_outside_the_charset_cannot_be_written() {
        let names = Arc::new(Names::default());
        let table = Table::new(Arc::clone(&names), Vec::new(), Vec::new());
        let mut tree = Tree::new(names);
        assert!(read("<a><\u{416}/></a>".into(), &mut tree, &mut Vec::new()));
        let mut out = Vec::new();
        let done = write(&tree, &table, NodeId(0), Charset::Latin1, &mut out);
        assert_eq!(done, Err(Unwritable { node: NodeId(1), why: UNNAMED }));
    }
}
