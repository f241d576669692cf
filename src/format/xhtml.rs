//! The markup of a narrative, which a tree holds as one value.
//!
//! Promises: the one way to look into it, for those who check it and for writers; well-formedness is that of
//! every XML reader here. Never: mends or filters.

use super::limits::{Faults, Stop};
use super::xml::{Document, Event};
use crate::message::Issue;
use crate::tree::Work;

/// XHTML's namespace.
pub const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// A part of some markup, in document order. Text and values are as written, references undecoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the fields are called what they are")]
pub enum Part<'a> {
    /// An element begins.
    Start { name: &'a str, namespace: &'a str, offset: usize },
    /// An attribute of the element that began last; namespace declarations are left out.
    Attribute { name: &'a str, namespace: &'a str, value: &'a str, offset: usize },
    /// Character data.
    Text { raw: &'a str, offset: usize },
    /// The inside of a CDATA section.
    Literal { raw: &'a str, offset: usize },
    /// A comment or a processing instruction.
    Dropped { offset: usize },
    /// An element ends.
    End,
}

/// Walks through markup; false if it is not one well-formed element. What was visited before the fault was
/// visited. Offsets count in `markup`.
pub fn walk(markup: &str, work: &mut Work, mut visit: impl FnMut(Part<'_>)) -> bool {
    let mut faults: Vec<Issue> = Vec::new();
    let mut run = || -> Result<(), Stop> {
        let mut document =
            Document::open(markup, (&mut work.rows, &mut work.more), Faults::new(&mut faults))?;
        loop {
            match document.next()? {
                Event::Start { offset, name } => {
                    let namespace = document.uri(name.namespace);
                    visit(Part::Start { name: document.local(name), namespace, offset });
                    for one in document.attributes().iter().filter(|one| !one.declares) {
                        visit(Part::Attribute {
                            name: document.local(one.name),
                            namespace: document.uri(one.name.namespace),
                            value: &markup[one.value.start..one.value.end],
                            offset: one.name.start,
                        });
                    }
                }
                Event::End { .. } => visit(Part::End),
                Event::Text(text) => {
                    let raw = &markup[text.start..text.end];
                    visit(Part::Text { raw, offset: text.start });
                }
                Event::Literal(text) => {
                    let raw = &markup[text.start..text.end];
                    visit(Part::Literal { raw, offset: text.start });
                }
                Event::Dropped { offset, .. } => visit(Part::Dropped { offset }),
                Event::Done => return Ok(()),
            }
        }
    };
    run().is_ok()
}

/// Appends markup as it may stand inside an XML document: with its namespace said, and with the carriage
/// returns it has. What is not well-formed is written as the text of a div, so that the document stays whole.
pub(super) fn push(markup: &str, work: &mut Work, out: &mut String) {
    // Where the namespace is to be declared, if the element says none.
    let mut bare = None;
    let mut depth = 0;
    let whole = walk(markup, work, |part| match part {
        Part::Start { name, namespace, offset } => {
            if depth == 0 && namespace.is_empty() {
                bare = Some(offset + 1 + name.len());
            }
            depth += 1;
        }
        Part::End => depth -= 1,
        _ => {}
    });
    if !whole {
        out.push_str("<div xmlns=\"");
        out.push_str(NAMESPACE);
        out.push_str("\">");
        super::xml::text::push(markup, super::xml::text::Place::Text, out);
        out.push_str("</div>");
        return;
    }
    let (tag, rest) = markup.split_at(bare.unwrap_or(0));
    push_lines(tag, out);
    if bare.is_some() {
        out.push_str(" xmlns=\"");
        out.push_str(NAMESPACE);
        out.push('"');
    }
    push_lines(rest, out);
}

/// A parser takes a carriage return for a line feed unless it is a reference, which may stand in text.
fn push_lines(markup: &str, out: &mut String) {
    let mut inside = false;
    let mut rest = markup;
    while let Some(at) = memchr::memchr3(b'\r', b'<', b'>', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'\r' if inside => {
                out.push_str(if rest[at + 1..].starts_with('\n') { "" } else { "\n" });
            }
            b'\r' => out.push_str("&#13;"),
            byte => {
                inside = byte == b'<';
                out.push(char::from(byte));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(markup: &str) -> String {
        let mut out = String::new();
        push(markup, &mut Work::default(), &mut out);
        out
    }

    #[test]
    fn parts_come_in_order() {
        let mut parts = Vec::new();
        let markup = "<div xmlns='u'><p class='x&amp;y'>a&lt;<br/></p><!-- c --></div>";
        assert!(walk(markup, &mut Work::default(), |part| parts.push(format!("{part:?}"))));
        let names: Vec<_> = parts.iter().map(|p| p.split(' ').next().unwrap_or("")).collect();
        let expected =
            ["Start", "Start", "Attribute", "Text", "Start", "End", "End", "Dropped", "End"];
        assert_eq!(names, expected);
        assert!(parts[2].contains("x&amp;y"));
        for bad in [
            "",
            "text",
            "<div>",
            "<div/><div/>",
            "<div>&nbsp;</div>",
            "<?xml version='1.0'?><div/>",
        ] {
            assert!(!walk(bad, &mut Work::default(), |_| {}), "{bad}");
        }
    }

    #[test]
    fn markup_is_written_whole() {
        let good = "<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/></div>";
        assert_eq!(pushed(good), good);
        assert_eq!(pushed("<div>a</div>"), good.replace("<br/>", ""));
        assert_eq!(pushed("<div/>"), "<div xmlns=\"http://www.w3.org/1999/xhtml\"/>");
        assert!(pushed("<div>&nbsp;</div>").contains(">&lt;div&gt;&amp;nbsp;&lt;/div&gt;<"));
        assert_eq!(pushed("<p\r\nb=''\rxmlns='u'>\r\n</p>"), "<p\nb=''\nxmlns='u'>&#13;\n</p>");
    }
}
