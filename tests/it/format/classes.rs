//! The rows of bad inputs that are a codec's to find: each gets the class and the issue type it is due.

use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::format::{Class, charset, class, fhir_json, fhir_xml};
use stafett::message::{Issue, IssueType};
use stafett::tree::{Names, Tree};
use std::sync::Arc;

struct Case {
    row: u8,
    body: Vec<u8>,
    declared: Option<&'static str>,
    class: Class,
    code: IssueType,
}

fn case(row: u8, body: impl Into<Vec<u8>>, class: Class, code: IssueType) -> Case {
    Case { row, body: body.into(), declared: None, class, code }
}

fn cases() -> Vec<Case> {
    use Class::{Charset, Content, Syntax};
    use IssueType::{NotSupported, Security, Structure, TooCostly};
    let patient =
        |inside: &str| format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>");
    let many: String = (0..80_000).map(|n| format!(" a{n}=''")).collect();
    let deep = format!("{}{}", r#"{"a":"#.repeat(20_000), "}".repeat(20_000));
    let utf16: Vec<u8> = "<Patient/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut latin = case(6, "{\"resourceType\":\"Patient\"}", Charset, NotSupported);
    latin.declared = Some("iso-8859-1");
    vec![
        case(1, "", Syntax, Structure),
        case(2, "hello", Syntax, Structure),
        case(3, "{\"resourceType\":\"Pat", Syntax, Structure),
        case(3, "<Patient xmlns=\"http://hl7.org/fhir\"><id", Syntax, Structure),
        case(4, "{\"resourceType\":\"Patient\"}x", Syntax, Structure),
        case(4, patient("") + "x", Syntax, Structure),
        case(5, b"{\"resourceType\":\"\xE6\"}", Syntax, Structure),
        case(5, r#"{"resourceType":"Patient","id":"\ud800"}"#, Syntax, Structure),
        case(5, "{\"resourceType\":\"Patient\",\"id\":\"\0\"}", Syntax, Structure),
        case(5, patient("<id value=\"\u{1}\"/>"), Syntax, Structure),
        case(6, utf16, Charset, NotSupported),
        latin,
        case(6, "<?xml version='1.0' encoding='iso-8859-15'?><a/>", Charset, NotSupported),
        case(14, format!("<!DOCTYPE a>{}", patient("")), Syntax, Security),
        case(14, patient("<id value=\"&xxe;\"/>"), Syntax, Security),
        case(14, format!("<?xml-stylesheet href='a'?>{}", patient("")), Syntax, Security),
        case(15, format!("<a{many}/>"), Syntax, TooCostly),
        case(15, patient(&"<a>".repeat(200)), Syntax, TooCostly),
        case(15, deep, Syntax, TooCostly),
        case(16, patient("") + &patient(""), Syntax, Structure),
        case(16, patient("<a></b>"), Syntax, Structure),
        case(16, patient("<p:a/>"), Syntax, Structure),
        case(17, "<Patient xmlns=\"urn:hl7-org:v3\"/>", Content, Structure),
        case(18, r#"{"resourceType":"Patient","id":"1","id":"2"}"#, Syntax, Structure),
        case(19, r#"{"id":"1"}"#, Content, Structure),
    ]
}

fn read(case: &Case) -> Vec<Issue> {
    let xml = case.body.starts_with(b"<");
    let bytes = Bytes::from(case.body.clone());
    let text = match charset::decode_fhir(&bytes, case.declared, xml) {
        Ok(text) => text,
        Err(issue) => return vec![issue],
    };
    let mut tree = Tree::new(Arc::new(Names::default()));
    let mut issues = Vec::new();
    let read = if xml { fhir_xml::read } else { fhir_json::read };
    let usable = read(text, &mut tree, &mut issues);
    // The answer follows from the worst class; the reader says the same in one word.
    let worst = issues.iter().map(|i| class(i.kind)).max();
    assert_eq!(usable, worst.is_none_or(|worst| worst < Class::Syntax), "row {}", case.row);
    issues
}

/// Every case.
pub fn rows() -> Result<(), Failed> {
    for case in cases() {
        let issues = read(&case);
        let worst = issues.iter().max_by_key(|i| class(i.kind));
        let found = worst.map(|i| (class(i.kind), i.kind.code));
        if found != Some((case.class, case.code)) {
            let id = worst.map(|i| i.kind.id);
            return Err(Failed::from(format!("row {}: {found:?} {id:?}", case.row)));
        }
    }
    Ok(())
}
