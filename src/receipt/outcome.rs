//! OperationOutcome, written straight to JSON or XML: it is small, and its shape never changes.

use super::{Ending, content_type, row, verdict};
use crate::message::{Answer, IssueType, Severity, Syntax, ToldIssue};
use bytes::Bytes;
use std::fmt::Write;

const NAMESPACE: &str = "http://hl7.org/fhir";

/// The severity's FHIR code.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Information => "information",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Fatal => "fatal",
    }
}

/// An issue's text as the other party reads it: its id, where it is, what it is, and whose rule it is.
pub(super) fn text(issue: &ToldIssue) -> String {
    let asked = issue.profile.as_deref().map_or(String::new(), |who| format!(" ({who})"));
    match issue.position {
        Some((line, column)) => format!("[{}] {line}:{column}: {}{asked}", issue.id, issue.text),
        None => format!("[{}] {}{asked}", issue.id, issue.text),
    }
}

/// Writes the JSON of one `OperationOutcome.issue`; `coding` is (system, code).
pub(super) fn issue_json(issue: &ToldIssue, coding: Option<(&str, &str)>, out: &mut String) {
    let _ = write!(
        out,
        "{{\"severity\":\"{}\",\"code\":\"{}\",\"details\":{{",
        severity(issue.severity),
        issue.code.code()
    );
    if let Some((system, code)) = coding {
        let _ = write!(
            out,
            "\"coding\":[{{\"system\":{},\"code\":{}}}],",
            quoted(system),
            quoted(code)
        );
    }
    let _ = write!(out, "\"text\":{}}}", quoted(&text(issue)));
    if let Some(expression) = &issue.expression {
        let _ = write!(out, ",\"expression\":[{}]", quoted(expression));
    }
    out.push('}');
}

/// A JSON string of a text.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An OperationOutcome that holds these issues.
pub fn operation_outcome(issues: &[ToldIssue], syntax: Syntax) -> Bytes {
    let mut out = String::with_capacity(256 * (issues.len() + 1));
    match syntax {
        Syntax::FhirJson => {
            out.push_str("{\"resourceType\":\"OperationOutcome\",\"issue\":[");
            for (at, issue) in issues.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                issue_json(issue, None, &mut out);
            }
            out.push_str("]}");
        }
        _ => {
            let _ = write!(out, "<OperationOutcome xmlns=\"{NAMESPACE}\">");
            issues.iter().for_each(|issue| issue_xml(issue, &mut out));
            out.push_str("</OperationOutcome>");
        }
    }
    Bytes::from(out)
}

fn issue_xml(issue: &ToldIssue, out: &mut String) {
    let _ = write!(
        out,
        "<issue><severity value=\"{}\"/><code value=\"{}\"/><details><text value=\"{}\"/></details>",
        severity(issue.severity),
        issue.code.code(),
        escaped(&text(issue))
    );
    if let Some(expression) = &issue.expression {
        let _ = write!(out, "<expression value=\"{}\"/>", escaped(expression));
    }
    out.push_str("</issue>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// The answer of an ending that no issue of the message says more about.
pub fn plain(ending: Ending, syntax: Syntax) -> Answer {
    let row = row(ending);
    let issue = ToldIssue {
        severity: Severity::Error,
        code: row.code,
        id: row.code.code().into(),
        expression: None,
        position: None,
        profile: None,
        text: row.text.into(),
    };
    answer(ending, &[issue], syntax)
}

/// The answer whose body is a receipt in the message's own language.
pub fn in_receipt(ending: Ending, syntax: Syntax, body: Bytes) -> Answer {
    let row = row(ending);
    Answer {
        status: row.receipt.map_or(row.status, |(status, _)| status),
        content_type: Some(content_type(syntax)),
        body,
        retry_after: row.retry_after,
        verdict: verdict(ending),
        said: None,
    }
}

/// The answer to a message whose receipt travels apart: taken, and no word about its verdict.
pub fn apart(ending: Ending, syntax: Syntax) -> Answer {
    let issue = ToldIssue {
        severity: Severity::Information,
        code: IssueType::Informational,
        id: IssueType::Informational.code().into(),
        expression: None,
        position: None,
        profile: None,
        text: "taken; the receipt follows as a message of its own".into(),
    };
    Answer { status: 202, ..answer(ending, &[issue], syntax) }
}

/// The answer of an ending with no receipt, that tells these issues.
pub fn answer(ending: Ending, issues: &[ToldIssue], syntax: Syntax) -> Answer {
    let row = row(ending);
    // XML to those who speak it, JSON to everybody else
    let xml = matches!(syntax, Syntax::FhirXml | Syntax::Xml);
    let syntax = if xml { Syntax::FhirXml } else { Syntax::FhirJson };
    Answer {
        status: row.status,
        content_type: Some(content_type(syntax)),
        body: operation_outcome(issues, syntax),
        retry_after: row.retry_after,
        verdict: verdict(ending),
        said: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue() -> ToldIssue {
        ToldIssue {
            severity: Severity::Error,
            code: IssueType::Required,
            id: "profile-min".into(),
            expression: Some("Bundle.entry[0].resource.where(a < 'b')".into()),
            position: Some((3, 14)),
            profile: None,
            text: "say \"one\" & mean it".into(),
        }
    }

    #[test]
    fn json_is_json() {
        let bytes = operation_outcome(&[issue(), issue()], Syntax::FhirJson);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["issue"][1]["code"], "required");
        assert_eq!(
            value["issue"][0]["details"]["text"],
            "[profile-min] 3:14: say \"one\" & mean it"
        );
        assert_eq!(value["issue"][0]["expression"][0], "Bundle.entry[0].resource.where(a < 'b')");
    }

    #[test]
    fn the_profile_that_asked_is_named() {
        let asked = ToldIssue { profile: Some("http://e.example/p|1.0".into()), ..issue() };
        assert!(text(&asked).ends_with("mean it (http://e.example/p|1.0)"));
    }

    #[test]
    fn xml_escapes() {
        let bytes = operation_outcome(&[issue()], Syntax::FhirXml);
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            text.contains(
                "<text value=\"[profile-min] 3:14: say &quot;one&quot; &amp; mean it\"/>"
            )
        );
        assert!(text.contains("where(a &lt; 'b')"));
    }

    #[test]
    fn every_ending_has_an_answer() {
        for ending in Ending::ALL {
            let answer = plain(ending, Syntax::FhirJson);
            assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok());
        }
    }
}
