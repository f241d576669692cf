//! What differs between the tree a map made and the tree that was expected.
//!
//! Promises: compares meaning: repeats in order, different elements in any order, numbers by value, markup
//! without its white space. Never: used on a message in flight, for it shows values.

use crate::tree::types::{Table, TypeId};
use crate::tree::{Expression, Kind, Marks, NodeId, State, Tree};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: in the expected tree, or in the made one for what is too much.
    pub path: String,
    /// What was expected; none when nothing was.
    pub expected: Option<String>,
    /// What was made; none when nothing was.
    pub made: Option<String>,
    /// The made node, or the one whose child is missing.
    pub node: NodeId,
    /// The expected node, if one was expected.
    pub wanted: Option<NodeId>,
}

/// Compares two typed trees.
pub fn diff(expected: &Tree, made: &Tree, table: &Table) -> Vec<Difference> {
    let mut walk = Walk { expected, made, table, found: Vec::new() };
    match (expected.root(), made.root()) {
        (Some(one), Some(other)) => walk.nodes(one, other),
        (None, None) => {}
        (one, _) => walk.found.push(Difference {
            path: String::new(),
            expected: one.map(|_| "a message".to_owned()),
            made: made.root().map(|_| "a message".to_owned()),
            node: NodeId(0),
            wanted: None,
        }),
    }
    walk.found
}

struct Walk<'a> {
    expected: &'a Tree,
    made: &'a Tree,
    table: &'a Table,
    found: Vec<Difference>,
}

impl Walk<'_> {
    fn nodes(&mut self, expected: NodeId, made: NodeId) {
        let types = (self.expected.resource_type(expected), self.made.resource_type(made));
        if types.0 != types.1 {
            let say = |name: Option<&str>| Some(name.unwrap_or("no resource").to_owned());
            self.differ(expected, made, say(types.0), say(types.1));
            return;
        }
        let mixed = mixed(self.expected, expected) || mixed(self.made, made);
        let (one, other) = (own_text(self.expected, expected), own_text(self.made, made));
        if !self.same(expected, &one, &other) {
            self.differ(expected, made, one, other);
        }
        if mixed {
            let all = |tree, top| pieces(tree, top).join("\u{1}");
            let (one, other) = (all(self.expected, expected), all(self.made, made));
            if one != other {
                let show = |text: String| Some(text.replace('\u{1}', "|"));
                self.differ(expected, made, show(one), show(other));
            }
            return;
        }
        let mut names: Vec<(Kind, &str)> = Vec::new();
        let named = |tree: &Tree, node: NodeId| tree.node(node).kind == Kind::Text;
        for (tree, top) in [(self.expected, expected), (self.made, made)] {
            for child in tree.children(top).filter(|c| !named(tree, *c) && !is_between(tree, *c)) {
                let key = key(tree, child);
                if !names.contains(&key) {
                    names.push(key);
                }
            }
        }
        for name in names {
            self.repeats(expected, made, name);
        }
    }

    fn repeats(&mut self, expected: NodeId, made: NodeId, name: (Kind, &str)) {
        let (expected_tree, made_tree) = (self.expected, self.made);
        let mut ones = expected_tree.children(expected).filter(|c| key(expected_tree, *c) == name);
        let mut others = made_tree.children(made).filter(|c| key(made_tree, *c) == name);
        loop {
            match (ones.next(), others.next()) {
                (Some(one), Some(other)) => self.nodes(one, other),
                (Some(one), None) => {
                    let path = Expression::new(expected_tree, self.table, one).to_string();
                    let text = Some(summary(expected_tree, one));
                    let wanted = Some(one);
                    self.found.push(Difference {
                        path,
                        expected: text,
                        made: None,
                        node: made,
                        wanted,
                    });
                }
                (None, Some(other)) => {
                    let path = Expression::new(made_tree, self.table, other).to_string();
                    let text = Some(summary(made_tree, other));
                    let wanted = None;
                    self.found.push(Difference {
                        path,
                        expected: None,
                        made: text,
                        node: other,
                        wanted,
                    });
                }
                (None, None) => return,
            }
        }
    }

    fn same(&self, node: NodeId, one: &Option<String>, other: &Option<String>) -> bool {
        if one == other {
            return true;
        }
        let (Some(one), Some(other)) = (one, other) else { return false };
        let type_id = self.expected.node(node).type_id;
        let primitive = if type_id == TypeId::NONE { None } else { self.table.primitive(type_id) };
        if primitive.is_some_and(|p| p.is_number()) {
            return number(one) == number(other);
        }
        match self.expected.node(node).kind {
            Kind::Xhtml | Kind::Text => one.split_whitespace().eq(other.split_whitespace()),
            _ => false,
        }
    }

    fn differ(
        &mut self,
        expected: NodeId,
        made: NodeId,
        one: Option<String>,
        other: Option<String>,
    ) {
        let path = Expression::new(self.expected, self.table, expected).to_string();
        let wanted = Some(expected);
        self.found.push(Difference { path, expected: one, made: other, node: made, wanted });
    }
}

/// Whether a node is what a delimited syntax has between values: ends of lines, delimiters that trail.
fn is_between(tree: &Tree, node: NodeId) -> bool {
    let one = tree.node(node);
    one.kind == Kind::Raw && one.marks.has(Marks::SYNTAX)
}

/// Whether character data and elements stand side by side below a node.
fn mixed(tree: &Tree, node: NodeId) -> bool {
    let blank = |n: NodeId| tree.text(n).is_none_or(|t| t.trim().is_empty());
    let text = tree.children(node).any(|c| tree.node(c).kind == Kind::Text && !blank(c));
    text && tree.children(node).any(|c| tree.node(c).kind == Kind::Element)
}

fn key(tree: &Tree, node: NodeId) -> (Kind, &str) {
    let one = tree.node(node);
    // JSON has a narrative as a value like any other, XML as elements.
    let kind = if one.kind == Kind::Xhtml { Kind::Element } else { one.kind };
    (kind, tree.name_text(one.name))
}

/// A node's own value, or the character data that is all it holds.
fn own_text(tree: &Tree, node: NodeId) -> Option<String> {
    if tree.node(node).marks.has(Marks::RESOURCE) || mixed(tree, node) {
        return None;
    }
    if tree.node(node).state == State::Present {
        return tree.text(node).map(|t| t.into_owned());
    }
    let texts = tree.children(node).filter(|c| tree.node(*c).kind == Kind::Text);
    let all: String = texts.filter_map(|c| tree.text(c)).collect();
    (!all.trim().is_empty()).then_some(all)
}

/// Mixed content, piece by piece; neighbouring texts are one piece.
fn pieces(tree: &Tree, top: NodeId) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut text = String::new();
    for child in tree.children(top) {
        if tree.node(child).kind == Kind::Text {
            text.push_str(&tree.text(child).unwrap_or_default());
            continue;
        }
        pieces.push(std::mem::take(&mut text));
        pieces.push(format!("<{}>", tree.name_text(tree.node(child).name)));
        pieces.extend(pieces_inside(tree, child));
    }
    pieces.push(text);
    pieces.retain(|p| !p.trim().is_empty());
    pieces
}

fn pieces_inside(tree: &Tree, node: NodeId) -> Vec<String> {
    let own = tree.text(node).map(|t| t.into_owned());
    own.into_iter().chain(pieces(tree, node)).collect()
}

/// A short sight of what a node holds.
fn summary(tree: &Tree, node: NodeId) -> String {
    match own_text(tree, node) {
        Some(text) => text,
        None => {
            let names = tree.children(node).map(|c| tree.name_text(tree.node(c).name));
            format!("{{ {} }}", names.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A number without its spelling: sign, digits, exponent of the last digit.
fn number(text: &str) -> Option<(bool, String, i32)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let bare = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = format!("{whole}{fraction}");
    let exponent = exponent - fraction.len() as i32;
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        return Some((false, "0".to_owned(), 0));
    }
    let exponent = exponent + (significant.len() - trimmed.len()) as i32;
    Some((negative, trimmed.to_owned(), exponent))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_by_value() {
        assert_eq!(number("1.10"), number("1.1"));
        assert_eq!(number("1.0E3"), number("1000"));
        assert_eq!(number("-0.0"), number("0"));
        assert_ne!(number("1.01"), number("1.1"));
    }
}
