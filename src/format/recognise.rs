//! Which syntax bytes are in, by how they begin.
//!
//! Promises: looks at the first characters alone; what is none of the others counts as JSON, whose reader then
//! says what is wrong. Never: reads a message.

use crate::message::Syntax;

/// How much of a document is looked at for FHIR's namespace.
const HEAD: usize = 2_000;

/// The namespace of FHIR's XML, as an attribute's value.
const FHIR: [&[u8]; 2] = [b"\"http://hl7.org/fhir\"", b"'http://hl7.org/fhir'"];

/// The syntax of bytes: FHIR in JSON or XML, XML of a model, HL7 v2 or EDIFACT.
pub fn recognise(bytes: &[u8]) -> Syntax {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = bytes.trim_ascii_start();
    let begins = |names: &[&[u8]]| names.iter().any(|name| start.starts_with(name));
    if begins(&[b"<"]) {
        let head = &start[..start.len().min(HEAD)];
        let fhir = FHIR.iter().any(|uri| memchr::memmem::find(head, uri).is_some());
        return if fhir { Syntax::FhirXml } else { Syntax::Xml };
    }
    if begins(&[b"MSH", b"BHS", b"FHS"]) {
        return Syntax::Hl7v2;
    }
    // `UNA` and six delimiters, or a header without them
    if begins(&[b"UNA", b"UNB", b"UNH"]) { Syntax::Edifact } else { Syntax::FhirJson }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntaxes_by_their_first_characters() {
        for (text, expected) in [
            ("{\"resourceType\":\"Bundle\"}", Syntax::FhirJson),
            ("\u{feff} <Bundle xmlns=\"http://hl7.org/fhir\"/>", Syntax::FhirXml),
            ("<?xml version='1.0'?><Emessage xmlns='urn:x'/>", Syntax::Xml),
            ("\u{feff}MSH|^~\\&|", Syntax::Hl7v2),
            ("BHS|^~\\&|", Syntax::Hl7v2),
            ("UNA:+.? '\r\nUNB+UNOC:3", Syntax::Edifact),
            ("UNB+UNOC:3", Syntax::Edifact),
            ("hello", Syntax::FhirJson),
            ("", Syntax::FhirJson),
        ] {
            assert_eq!(recognise(text.as_bytes()), expected, "{text}");
        }
    }
}
