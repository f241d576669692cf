//! The well-formedness layer on small documents.

use super::{Document, Event};
use crate::format::limits::Faults;
use crate::tree::Work;

fn check(text: &str) -> Result<usize, (&'static str, u32)> {
    let mut issues = Vec::new();
    let mut work = Work::default();
    let mut run = |issues: &mut Vec<_>| {
        let mut document =
            Document::open(text, (&mut work.rows, &mut work.more), Faults::new(issues))?;
        document.declaration()?;
        let mut count = 0;
        while !matches!(document.next()?, Event::Done) {
            count += 1;
        }
        Ok::<usize, crate::format::limits::Stop>(count)
    };
    match run(&mut issues) {
        Ok(count) => {
            assert!(issues.is_empty());
            Ok(count)
        }
        Err(_) => Err((issues[0].kind.id, issues[0].place.offset.unwrap())),
    }
}

fn good(text: &str) {
    assert!(check(text).is_ok(), "{text}: {:?}", check(text));
}

fn bad(text: &str, id: &str) {
    match check(text) {
        Err((found, _)) => assert_eq!(found, id, "{text}"),
        Ok(_) => panic!("accepted: {text}"),
    }
}

#[test]
fn what_is_well_formed() {
    good("<a/>");
    good(
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\n<a b='1' c=\"&lt;>'\" >x&#65;</a >\n<?pi?>",
    );
    good("<a xmlns='u' xmlns:p='v'><p:b p:c='1' c='2' xml:lang='da'/><b xmlns=''/></a>");
    good("<a><![CDATA[<&]]]]><![CDATA[>]]>]] ></a>");
    good("<æ ø='å'/>");
    good("<a b = \"\n\"\n/>");
    assert_eq!(check("<a><b/>x</a>"), Ok(5));
}

#[test]
fn nesting_and_ends() {
    bad("", "empty");
    bad(" \n", "empty");
    bad("x", "xml-syntax");
    bad("<!-- c -->", "xml-syntax");
    bad("<a>", "xml-truncated");
    bad("<a><b></a>", "xml-mismatched-tag");
    bad("</a>", "xml-mismatched-tag");
    bad("<a", "xml-truncated");
    bad("<a b='", "xml-truncated");
    bad("<a/><b/>", "xml-two-roots");
    bad("<a/>x", "xml-trailing");
    bad("<a/>&#32;", "xml-trailing");
    bad("<a/><![CDATA[ ]]>", "xml-syntax");
    bad("<a><!", "xml-truncated");
    bad("<a><![CDATA[x]]</a>", "xml-truncated");
}

#[test]
fn names_and_attributes() {
    bad("<1/>", "xml-name");
    bad("< a/>", "xml-name");
    bad("<a:/>", "xml-name");
    bad("<:a/>", "xml-name");
    bad("<a:b:c xmlns:a='u'/>", "xml-syntax");
    bad("<a b/>", "xml-syntax");
    bad("<a b=1/>", "xml-syntax");
    bad("<a b='1'c='2'/>", "xml-syntax");
    bad("<a b='<'/>", "xml-syntax");
    bad("<a b='1' b='2'/>", "xml-duplicate-attribute");
    bad("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "xml-duplicate-attribute");
    bad("<a xmlns='u' xmlns='u'/>", "xml-duplicate-attribute");
    bad("<a xmlns:p='u' xmlns:p='u'/>", "xml-duplicate-attribute");
    bad("<a/ >", "xml-syntax");
    bad("<a b='1'/ >", "xml-syntax");
    let attributes = |n: usize| -> String { (0..n).map(|i| format!(" a{i}='1'")).collect() };
    good(&format!("<a{}/>", attributes(64)));
    bad(&format!("<a{}/>", attributes(65)), "xml-too-many-attributes");
}

#[test]
fn namespaces() {
    bad("<p:a/>", "xml-unbound-prefix");
    bad("<a p:b='1'/>", "xml-unbound-prefix");
    bad("<a><b xmlns:p='u'/><p:c/></a>", "xml-unbound-prefix");
    bad("<a xmlns:p=''/>", "xml-namespace");
    bad("<a xmlns:xml='u'/>", "xml-namespace");
    bad("<a xmlns:xmlns='u'/>", "xml-namespace");
    bad("<xmlns:a/>", "xml-unbound-prefix");
    bad("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "xml-namespace");
    bad("<a xmlns='http://www.w3.org/2000/xmlns/'/>", "xml-namespace");
}

#[test]
fn references_comments_and_instructions() {
    bad("<a>&nbsp;</a>", "xml-entity");
    bad("<a b='&x;'/>", "xml-entity");
    bad("<a>&</a>", "xml-syntax");
    bad("<a>&#0;</a>", "xml-character");
    bad("<a>]]></a>", "xml-syntax");
    bad("<a>\u{1}</a>", "xml-character");
    bad("<a><!-- -- --></a>", "xml-comment");
    bad("<a><!-- ---></a>", "xml-comment");
    bad("<a><!--></a>", "xml-truncated");
    bad("<!DOCTYPE a><a/>", "xml-doctype");
    bad("<!DOCTYPE", "xml-doctype");
    bad("<a><?xml version='1.0'?></a>", "xml-declaration");
    bad(" <?xml version='1.0'?><a/>", "xml-declaration");
    bad("<?xml?><a/>", "xml-declaration");
    bad("<?xml version='1.1'?><a/>", "xml-declaration");
    bad("<?xml version='1.0' encoding='UTF-32'?><a/>", "charset-unsupported");
    bad("<a><?p:i x?></a>", "xml-name");
    bad("<a><??></a>", "xml-name");
    bad("<a><?></a>", "xml-name");
}

#[test]
fn limits() {
    let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    good(&deep(100));
    bad(&deep(101), "too-deep");
}
