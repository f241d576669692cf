//! Free text in FTX: lines in components of about 70 characters, five a segment.
//!
//! Promises: a component that ends in a backslash goes on in the next one, across segments too; any other boundary
//! ends a line; a component that is a dot alone is an empty line. What [`components`] makes, [`text`] reads back but
//! for a space where a line is a dot alone or ends in a backslash. Never: drops a character.

use crate::tree::{NodeId, Tree};

/// The most characters of a component.
const WIDTH: usize = 70;

/// The segment that holds free text.
const SEGMENT: &str = "FTX";

/// The element of the segment that holds the components, counted from 0.
pub const ELEMENT: usize = 3;

/// The most components a segment.
pub const COMPONENTS: usize = 5;

/// The segments of free text below a node, or the node itself; only those of a qualifier, where one is given.
pub fn segments(tree: &Tree, node: NodeId, qualifier: Option<&str>) -> Vec<NodeId> {
    let own = tree.name_text(tree.node(node).name) == SEGMENT;
    let all: Vec<NodeId> = match own {
        true => vec![node],
        false => tree.children_named(node, SEGMENT).collect(),
    };
    let said = |one: &NodeId| super::letters::component(tree, *one, 0, 0);
    let fits = |one: &NodeId| qualifier.is_none_or(|wanted| said(one).is_some_and(|q| q == wanted));
    all.into_iter().filter(fits).collect()
}

/// The text of these segments.
pub fn text(tree: &Tree, segments: &[NodeId], out: &mut String) {
    let mut first = true;
    let mut goes_on = false;
    for segment in segments {
        let Some(element) = tree.children_named(*segment, "Elm").nth(ELEMENT) else { continue };
        for component in tree.children_named(element, "SubElm") {
            let value = tree.text(component).unwrap_or_default();
            if !std::mem::take(&mut first) && !goes_on {
                out.push('\n');
            }
            let whole = value.strip_suffix('\\');
            goes_on = whole.is_some();
            match whole.unwrap_or(&value) {
                "." if whole.is_none() => {}
                rest => out.push_str(rest),
            }
        }
    }
}

/// A text as components.
pub fn components(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            all.push(".".to_owned());
            continue;
        }
        let mut rest = line;
        while let Some((end, _)) = rest.char_indices().nth(WIDTH) {
            // room for the backslash; after a space if there is one
            let most = rest.char_indices().nth(WIDTH - 1).map_or(end, |(at, _)| at);
            let at = rest[..most].rfind(' ').map_or(most, |space| space + 1);
            all.push(format!("{}\\", &rest[..at]));
            rest = &rest[at..];
        }
        let space = if rest == "." || rest.ends_with('\\') { " " } else { "" };
        all.push(format!("{rest}{space}"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Names, State};
    use bytestring::ByteString;
    use std::sync::Arc;

    fn read(segments_of: &[&str]) -> String {
        let all: String = segments_of.iter().map(|one| format!("FTX+NC+P00++{one}'")).collect();
        let count = segments_of.len() + 3;
        let text = format!("UNB+UNOC:3+1+2+3+K'UNH+B+M:D'S01+01'{all}UNT+{count}+B'UNZ+1+K'");
        let mut tree = Tree::new(Arc::new(Names::default()));
        let mut issues = Vec::new();
        assert!(super::super::read(ByteString::from(text), &mut tree, &mut issues), "{issues:?}");
        let letter = tree.child(NodeId(0), "Brev").unwrap();
        let trigger = tree.at(letter, &["BrevIndhold", "S01"]).unwrap();
        assert!(segments(&tree, trigger, Some("XX")).is_empty());
        let found = segments(&tree, trigger, Some("NC"));
        assert_eq!(found.len(), segments_of.len());
        assert_eq!(segments(&tree, found[0], None), [found[0]]);
        assert_eq!(tree.node(found[0]).state, State::Absent);
        let mut out = String::new();
        super::text(&tree, &found, &mut out);
        out
    }

    #[test]
    fn lines_continued_ended_and_empty() {
        assert_eq!(read(&["en \\:linje:to:.:tre"]), "en linje\nto\n\ntre");
        assert_eq!(read(&[".:Fenoxy"]), "\nFenoxy");
        assert_eq!(read(&["i flere \\", "perioder:x"]), "i flere perioder\nx");
        assert_eq!(read(&["a", "b"]), "a\nb");
        assert_eq!(read(&["fem?::seks", ""]), "fem:\nseks");
    }

    #[test]
    fn what_is_cut_comes_back() {
        let long = "ord ".repeat(60) + "slut";
        let solid = "x".repeat(150);
        for one in ["", "kort", "a\n\nb", &long, &solid, "\nførst", "æ\n"] {
            let made = components(one);
            assert!(made.iter().all(|c| c.chars().count() <= WIDTH), "{made:?}");
            let parts: Vec<String> = made.chunks(COMPONENTS).map(|five| five.join(":")).collect();
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            assert_eq!(read(&parts), one);
        }
        assert_eq!(components("."), [". "]);
        assert_eq!(components("c:\\"), ["c:\\ "]);
    }
}
