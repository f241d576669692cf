//! A tree to FHIR XML.
//!
//! Promises: compact, in definition order; the same document for the same content, whether it came from JSON
//! or XML. Never: checks anything; a property whose name no XML element can have is left out.

use super::{FHIR, is_extension};
use crate::format::order::Ordered;
use crate::format::xhtml;
use crate::format::xml::is_name;
use crate::format::xml::text::{self, Place};
use crate::tree::types::{ElementId, Representation, Table};
use crate::tree::{Kind, Marks, NodeId, Slice, Token, Tree, Work};

/// Writes a resource as a document of its own.
pub fn write(tree: &Tree, table: &Table, node: NodeId, out: &mut String) {
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let ordered = Ordered::default();
    let mut writer = Writer { tree, table, out, ordered, work: Work::default() };
    let name = tree.resource_type(node).unwrap_or(tree.name_text(tree.node(node).name));
    writer.element(node, name, Some(FHIR));
}

struct Writer<'a> {
    tree: &'a Tree,
    table: &'a Table,
    out: &'a mut String,
    ordered: Ordered,
    work: Work,
}

impl<'a> Writer<'a> {
    /// A node as an element of that name.
    fn element(&mut self, node: NodeId, name: &'a str, namespace: Option<&str>) {
        if !is_name(name) {
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        if let Some(namespace) = namespace {
            self.attribute_text("xmlns", namespace);
        }
        let range = self.ordered.push(self.tree, self.table, node);
        let mut inside = false;
        for place in range.start..range.end {
            let child = self.ordered.node(place);
            match self.attribute_value(node, child) {
                Some((name, value)) => self.attribute(name, value),
                None => inside |= is_name(self.tree.name_text(self.tree.node(child).name)),
            }
        }
        let one = self.tree.node(node);
        if let Some(value) = self.tree.value(node).filter(|_| one.token != Token::Object) {
            self.attribute("value", value);
        }
        if inside {
            self.out.push('>');
            for place in range.start..range.end {
                let child = self.ordered.node(place);
                if self.attribute_value(node, child).is_none() {
                    self.child(child);
                }
            }
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        } else {
            self.out.push_str("/>");
        }
        self.ordered.pop(range);
    }

    fn child(&mut self, node: NodeId) {
        let one = self.tree.node(node);
        let name = self.tree.name_text(one.name);
        if one.kind == Kind::Xhtml {
            if let Some(markup) = self.tree.text(node) {
                xhtml::push(&markup, &mut self.work, self.out);
            }
            return;
        }
        match self.tree.resource_type(node) {
            Some(type_name) if is_name(name) => {
                self.out.push('<');
                self.out.push_str(name);
                self.out.push('>');
                self.element(node, type_name, None);
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
            Some(_) => {}
            None => self.element(node, name, None),
        }
    }

    /// The name and value of a child that XML writes as an attribute.
    fn attribute_value(&self, parent: NodeId, child: NodeId) -> Option<(&'a str, Slice)> {
        let one = self.tree.node(child);
        let name = self.tree.name_text(one.name);
        let outside = self.tree.node(parent);
        let attribute = match one.element {
            ElementId::NONE => match name {
                "id" => !outside.marks.has(Marks::RESOURCE),
                "url" => is_extension(self.tree.name_text(outside.name)),
                _ => false,
            },
            element => self.table.element(element).representation == Representation::Attribute,
        };
        let value = self.tree.value(child).filter(|_| one.token != Token::Object)?;
        attribute.then_some((name, value))
    }

    fn attribute(&mut self, name: &str, value: Slice) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        text::push_slice(self.tree, value, Place::Value, self.out);
        self.out.push('"');
    }

    fn attribute_text(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        text::push(value, Place::Value, self.out);
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{fhir_json, fhir_xml};
    use crate::tree::Names;
    use std::sync::Arc;

    fn converted(json: &str) -> String {
        let names = Arc::new(Names::default());
        let table = Table::new(Arc::clone(&names), Vec::new(), Vec::new());
        let mut tree = Tree::new(Arc::clone(&names));
        let mut issues = Vec::new();
        assert!(fhir_json::read(json.into(), &mut tree, &mut issues) && issues.is_empty());
        let mut xml = String::new();
        write(&tree, &table, NodeId(0), &mut xml);
        let mut again = Tree::new(names);
        let read = fhir_xml::read(xml.clone().into(), &mut again, &mut issues);
        assert!(read && issues.is_empty(), "{xml}: {issues:?}");
        let mut second = String::new();
        write(&again, &table, NodeId(0), &mut second);
        assert_eq!(second, xml);
        xml
    }

    fn patient(inside: &str) -> String {
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
        format!("{declaration}<P xmlns=\"http://hl7.org/fhir\">{inside}</P>")
    }

    #[test]
    fn json_becomes_xml() {
        assert_eq!(
            converted(r#"{"resourceType":"P","id":"1","n":[1.10,-0.0],"b":true,"s":"<\"\n&>"}"#),
            patient(
                "<id value=\"1\"/><n value=\"1.10\"/><n value=\"-0.0\"/><b value=\"true\"/>\
                 <s value=\"&lt;&quot;&#10;&amp;&gt;\"/>"
            )
        );
        assert_eq!(
            converted(
                r#"{"resourceType":"P","g":[null,"A"],"_g":[{"extension":[{"url":"u","id":"i"}]},{"id":"a"}]}"#
            ),
            patient("<g><extension url=\"u\" id=\"i\"/></g><g id=\"a\" value=\"A\"/>")
        );
        assert_eq!(
            converted(r#"{"resourceType":"P","contained":[{"resourceType":"Q","id":"1"}]}"#),
            patient("<contained><Q><id value=\"1\"/></Q></contained>")
        );
        let div = r#"<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; b<br/></div>"#;
        assert_eq!(
            converted(&format!(r#"{{"resourceType":"P","text":{{"div":"{div}"}}}}"#)),
            patient(&format!("<text>{}</text>", div.replace('\\', "")))
        );
    }

    #[test]
    fn what_xml_cannot_name_is_left_out() {
        assert_eq!(
            converted(r#"{"resourceType":"P","a b":"1","":2,"c":{"<":1}}"#),
            patient("<c/>")
        );
    }
}
