//! JUnit XML: what became of cases, as build servers read it.
//!
//! Promises: well-formed whatever the cases say; the counts are those of the elements. Never: a clock of its own.

use super::test::Ran;
use std::fmt::Write;
use std::time::Duration;

/// The report: one suite a folder of maps, one test a case.
pub fn report(ran: &[Ran]) -> String {
    let mut folders: Vec<&str> = ran.iter().map(|one| &*one.folder).collect();
    folders.dedup();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Ran> = ran.iter().collect();
    let _ = writeln!(out, "<testsuites name=\"stafett map test\"{}>", counts(&all));
    for folder in folders {
        let cases: Vec<&Ran> = ran.iter().filter(|one| one.folder == folder).collect();
        let name = escaped(folder);
        let _ = writeln!(out, "  <testsuite name=\"{name}\"{} skipped=\"0\">", counts(&cases));
        cases.iter().for_each(|one| case(one, &mut out));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(ran: &[&Ran]) -> String {
    let errors = ran.iter().filter(|one| one.outcome.is_err()).count();
    let failures = ran.iter().filter(|one| !one.passed()).count() - errors;
    let took = seconds(ran.iter().map(|one| one.took).sum());
    let tests = ran.len();
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{took}\"")
}

fn case(one: &Ran, out: &mut String) {
    let name = one.case.rsplit(['/', '\\']).next().unwrap_or(&one.case);
    let (name, class) = (escaped(name), escaped(&one.folder));
    let took = seconds(one.took);
    let _ = write!(out, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{took}\"");
    if one.passed() {
        out.push_str("/>\n");
        return;
    }
    let (element, kind) = match one.outcome {
        Ok(_) => ("failure", "differs"),
        Err(_) => ("error", "could-not-run"),
    };
    let lines = one.lines();
    let message = escaped(lines.first().map_or("", |line| line));
    let _ = writeln!(out, ">\n      <{element} type=\"{kind}\" message=\"{message}\">");
    lines.iter().for_each(|line| {
        let _ = writeln!(out, "{}", escaped(line));
    });
    let _ = writeln!(out, "      </{element}>\n    </testcase>");
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// Text as XML takes it in attributes and between tags; what XML cannot hold becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::case::{Difference, Outcome};
    use super::*;
    use crate::format::xml;
    use crate::tree::{Names, NodeId, Tree};
    use std::sync::Arc;

    fn ran(case: &str, outcome: Result<Outcome, String>) -> Ran {
        let took = Duration::from_millis(1500);
        Ran { folder: "maps/a&b".into(), case: format!("maps/a&b/tests/{case}"), outcome, took }
    }

    #[test]
    fn whatever_a_case_says_the_report_is_xml_with_the_right_counts() {
        let difference = Difference {
            path: "Patient.name[0]".into(),
            expected: Some("<\"\u{1}]]>&\n".into()),
            made: None,
            rule: Some("a.map:3".into()),
        };
        let differs = Outcome { differences: vec![difference], ..Outcome::default() };
        let all = [
            ran("one", Ok(Outcome::default())),
            ran("two", Ok(differs)),
            ran("3", Err("<".into())),
        ];
        let text = report(&all);
        let mut tree = Tree::new(Arc::new(Names::default()));
        let mut issues = Vec::new();
        assert!(xml::read(text.clone().into(), &mut tree, &mut issues), "{text}");
        assert!(issues.is_empty(), "{text}");
        let suite = tree.at(NodeId(0), &["testsuite"]).expect("a suite");
        let said = |name: &str| tree.child_text(suite, name).map(|t| t.into_owned());
        assert_eq!(said("name").as_deref(), Some("maps/a&b"));
        for (name, count) in [("tests", "3"), ("failures", "1"), ("errors", "1")] {
            assert_eq!(said(name).as_deref(), Some(count), "{text}");
        }
        assert_eq!(said("time").as_deref(), Some("4.500"));
        assert!(text.contains("message=\"Patient.name[0]\""), "{text}");
        assert!(text.contains("a.map:3 wrote what it is missing from"), "{text}");
    }
}
