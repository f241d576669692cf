//! A tree to FHIR JSON.
//!
//! Promises: compact, in definition order; numbers as they were written; `_x` beside `x` where a primitive
//! has an id or extensions. Never: checks anything; a value that is no JSON number is written as a string.

use super::scan::is_number;
use crate::format::order::{Ordered, Range};
use crate::tree::types::{ElementId, Primitive, Table, TypeId};
use crate::tree::{Escape, Kind, Marks, NodeId, Slice, State, Token, Tree};

/// Writes a node, which is usually a resource, as one JSON object.
pub fn write(tree: &Tree, table: &Table, node: NodeId, out: &mut String) {
    let mut writer = Writer { tree, table, out, ordered: Ordered::default() };
    writer.object(node);
}

struct Writer<'a> {
    tree: &'a Tree,
    table: &'a Table,
    out: &'a mut String,
    ordered: Ordered,
}

impl Writer<'_> {
    fn object(&mut self, node: NodeId) {
        self.out.push('{');
        let mut first = true;
        if let Some(name) = self.tree.resource_type(node) {
            self.out.push_str("\"resourceType\":\"");
            escape(name, self.out);
            self.out.push('"');
            first = false;
        }
        let range = self.ordered.push(self.tree, self.table, node);
        let mut at = range.start;
        while at < range.end {
            let end = self.ordered.group_end(at, range);
            self.property(Range { start: at, end }, &mut first);
            at = end;
        }
        self.ordered.pop(range);
        self.out.push('}');
    }

    /// The children of one name, as `x`, `_x` or both.
    fn property(&mut self, group: Range, first: &mut bool) {
        let nodes = group.start..group.end;
        let array = nodes.len() > 1 || self.repeats(self.ordered.node(group.start));
        let (mut values, mut shadows) = (false, false);
        for place in nodes {
            let node = self.ordered.node(place);
            let primitive = self.is_primitive(node);
            values |= !primitive || self.tree.value(node).is_some();
            shadows |= primitive && self.tree.first_child(node).is_some();
        }
        // What is neither, as an empty element of XML, is left out.
        if values {
            self.name(group, "", first);
            self.values(group, array);
        }
        if shadows {
            self.name(group, "_", first);
            self.shadows(group, array);
        }
    }

    fn name(&mut self, group: Range, prefix: &str, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(prefix);
        let name = self.tree.node(self.ordered.node(group.start)).name;
        escape(self.tree.name_text(name), self.out);
        self.out.push_str("\":");
    }

    fn values(&mut self, group: Range, array: bool) {
        self.list(group, array, |writer, node| {
            if !writer.is_primitive(node) {
                writer.object(node);
            } else if let Some(value) = writer.tree.value(node) {
                writer.value(node, value);
            } else {
                writer.out.push_str("null");
            }
        });
    }

    fn shadows(&mut self, group: Range, array: bool) {
        self.list(group, array, |writer, node| match writer.tree.first_child(node) {
            Some(_) if writer.is_primitive(node) => writer.object(node),
            _ => writer.out.push_str("null"),
        });
    }

    fn list(&mut self, group: Range, array: bool, one: impl Fn(&mut Self, NodeId)) {
        if array {
            self.out.push('[');
        }
        for place in group.start..group.end {
            if place > group.start {
                self.out.push(',');
            }
            let node = self.ordered.node(place);
            one(self, node);
        }
        if array {
            self.out.push(']');
        }
    }

    fn repeats(&self, node: NodeId) -> bool {
        let one = self.tree.node(node);
        match one.element {
            ElementId::NONE => one.marks.has(Marks::IN_ARRAY),
            element => self.table.element(element).max > 1,
        }
    }

    fn primitive(&self, node: NodeId) -> Option<Primitive> {
        match self.tree.node(node).type_id {
            TypeId::NONE => None,
            type_id => self.table.primitive(type_id),
        }
    }

    /// Whether a node is a value with an id and extensions, rather than an object.
    fn is_primitive(&self, node: NodeId) -> bool {
        let one = self.tree.node(node);
        if one.marks.has(Marks::RESOURCE) || one.token == Token::Object {
            return false;
        }
        one.type_id != TypeId::NONE && self.primitive(node).is_some()
            || one.kind == Kind::Xhtml
            || one.marks.has(Marks::SHADOWED)
            || one.state != State::Absent
    }

    fn value(&mut self, node: NodeId, value: Slice) {
        let raw = self.tree.raw_slice(value);
        let bare = match (self.primitive(node), self.tree.node(node).token) {
            (Some(Primitive::Boolean), _) | (None, Token::Boolean) => {
                matches!(raw, "true" | "false")
            }
            (Some(one), _) if one.is_number() => is_number(raw.as_bytes()),
            (None, Token::Number) => is_number(raw.as_bytes()),
            _ => false,
        };
        if bare {
            self.out.push_str(raw);
            return;
        }
        self.out.push('"');
        match value.escape() {
            // Written as JSON wants it already.
            Escape::Json => self.out.push_str(raw),
            Escape::None => escape(raw, self.out),
            _ => self.tree.chars(value).for_each(|c| escape_char(c, self.out)),
        }
        self.out.push('"');
    }
}

/// Appends text as the inside of a JSON string.
fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.push_str(&rest[..at]);
        escape_char(char::from(rest.as_bytes()[at]), out);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

fn escape_char(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..' ' => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.push_str("\\u00");
            out.push(char::from(DIGITS[c as usize >> 4]));
            out.push(char::from(DIGITS[c as usize & 15]));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::fhir_json::read;
    use crate::tree::Names;
    use std::sync::Arc;

    fn again(text: &str) -> String {
        let names = Arc::new(Names::default());
        let table = Table::new(Arc::clone(&names), Vec::new(), Vec::new());
        let mut tree = Tree::new(names);
        let mut issues = Vec::new();
        assert!(read(text.into(), &mut tree, &mut issues) && issues.is_empty(), "{issues:?}");
        let mut out = String::new();
        write(&tree, &table, NodeId(0), &mut out);
        out
    }

    #[test]
    fn an_untyped_tree_comes_back_as_it_was() {
        for text in [
            r#"{"resourceType":"P"}"#,
            r#"{"resourceType":"P","n":[1.10,1.0E3,123456789012345678901234,-0.0],"b":true}"#,
            r#"{"resourceType":"P","given":["A",null,"C"],"_given":[null,{"id":"b"},{"id":"c"}]}"#,
            r#"{"resourceType":"P","_birthDate":{"extension":[{"url":"u"}]},"e":{},"s":""}"#,
            r#"{"resourceType":"P","_given":[{"id":"b"}],"x":{"y":[{"z":"\u00e6\n\"\\"}]}}"#,
            r#"{"resourceType":"B","entry":[{"resource":{"resourceType":"P","id":"1"}}]}"#,
            r#"{"resourceType":"B","text":{"div":"<div xmlns=\"x\">a<\/div>"}}"#,
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn repeats_far_apart_come_together() {
        let text = r#"{"resourceType":"P","_given":[{"id":"a"}],"x":1,"given":["A","B"]}"#;
        let expected = r#"{"resourceType":"P","given":["A","B"],"_given":[{"id":"a"},null],"x":1}"#;
        assert_eq!(again(text), expected);
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut out = String::new();
        escape("a\u{1}\u{1f}\n\"\\æ", &mut out);
        assert_eq!(out, "a\\u0001\\u001f\\n\\\"\\\\æ");
    }
}
