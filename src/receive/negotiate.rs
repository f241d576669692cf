//! Content types, charsets and Accept: which syntax came, which one goes back.

use crate::format;
use crate::message::Syntax;

/// Which family of paths a request came on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// `/fhir/...`: FHIR in JSON or XML.
    Fhir,
    /// `/messages`: any format, by its content type.
    Messages,
}

/// The syntax and charset that a `Content-Type` declares, if we take it at this door.
pub fn content_type(value: &str, door: Door) -> Option<(Syntax, Option<Box<str>>)> {
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let essence = essence.trim().to_ascii_lowercase();
    let syntax = match (essence.as_str(), door) {
        ("application/fhir+json", _) | ("application/json", Door::Fhir) => Syntax::FhirJson,
        ("application/fhir+xml", _) | ("application/xml" | "text/xml", Door::Fhir) => {
            Syntax::FhirXml
        }
        ("application/xml" | "text/xml", Door::Messages) => Syntax::Xml,
        ("x-application/hl7-v2+er7" | "application/hl7-v2", Door::Messages) => Syntax::Hl7v2,
        ("application/edifact", Door::Messages) => Syntax::Edifact,
        // by its content, which is looked at when it has come
        ("text/plain", Door::Messages) => Syntax::Hl7v2,
        _ => return None,
    };
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("charset").then(|| value.into())
    });
    Some((syntax, charset))
}

/// The syntax of a body that was declared as plain text: HL7 v2 or EDIFACT, by how it begins. A body that was declared
/// as something keeps it; none: plain text of something else.
pub fn of_content(declared: &str, syntax: Syntax, body: &[u8]) -> Option<Syntax> {
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/plain") {
        return Some(syntax);
    }
    Some(format::recognise(body)).filter(|one| matches!(one, Syntax::Hl7v2 | Syntax::Edifact))
}

/// The syntax of the answer: the message's own unless `Accept` asks for another; none when it asks only
/// for what we do not have.
pub fn accept(value: Option<&str>, own: Syntax) -> Option<Syntax> {
    let own = if own == Syntax::Xml { Syntax::FhirXml } else { own };
    let Some(value) = value.filter(|v| !v.trim().is_empty()) else { return Some(own) };
    let mut best: Option<(u16, Syntax)> = None;
    for range in value.split(',') {
        let mut parts = range.split(';');
        let kind = parts.next().unwrap_or("").trim().to_ascii_lowercase();
        let quality =
            parts.find_map(|p| p.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1000);
        let syntax = match kind.as_str() {
            "*/*" | "application/*" => own,
            "x-application/hl7-v2+er7" | "application/hl7-v2" | "x-application/*"
                if own == Syntax::Hl7v2 =>
            {
                own
            }
            "application/edifact" if own == Syntax::Edifact => own,
            "text/plain" | "text/*" if !own.is_fhir() => own,
            "application/fhir+json" | "application/json" => Syntax::FhirJson,
            "application/fhir+xml" | "application/xml" | "text/xml" => Syntax::FhirXml,
            _ => continue,
        };
        if quality > 0 && best.is_none_or(|(other, _)| quality > other) {
            best = Some((quality, syntax));
        }
    }
    best.map(|(_, syntax)| syntax)
}

fn thousandths(quality: &str) -> u16 {
    let value: f32 = quality.trim().parse().unwrap_or(0.0);
    (value.clamp(0.0, 1.0) * 1000.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_by_door() {
        let syntax = |value, door| content_type(value, door).map(|(syntax, _)| syntax);
        assert_eq!(syntax("application/fhir+json", Door::Messages), Some(Syntax::FhirJson));
        assert_eq!(syntax("Application/XML; charset=x", Door::Messages), Some(Syntax::Xml));
        assert_eq!(syntax("application/xml", Door::Fhir), Some(Syntax::FhirXml));
        assert_eq!(syntax("text/csv", Door::Messages), None);
        assert_eq!(syntax("application/edifact", Door::Messages), Some(Syntax::Edifact));
        assert_eq!(syntax("application/edifact", Door::Fhir), None);
        assert_eq!(syntax("x-application/hl7-v2+er7", Door::Messages), Some(Syntax::Hl7v2));
        let (_, charset) = content_type("text/xml;charset=\"ISO-8859-1\"", Door::Messages).unwrap();
        assert_eq!(charset.as_deref(), Some("ISO-8859-1"));
    }

    #[test]
    fn accept_chooses_the_answer() {
        let own = Syntax::FhirJson;
        assert_eq!(accept(None, own), Some(own));
        assert_eq!(accept(Some("text/html, */*;q=0.1"), own), Some(own));
        assert_eq!(accept(Some("application/fhir+xml"), own), Some(Syntax::FhirXml));
        assert_eq!(
            accept(Some("application/fhir+json;q=0.2,application/fhir+xml;q=0.9"), own),
            Some(Syntax::FhirXml)
        );
        assert_eq!(accept(Some("image/png"), own), None);
        assert_eq!(accept(Some("application/fhir+xml;q=0"), own), None);
    }
}
