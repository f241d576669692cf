//! Every kind of issue that reading can find, and which class of answer it belongs to.
//!
//! Promises: ids are stable; no text holds anything of the message.

use crate::message::{Catalogue, IssueKind, Severity, kinds};

/// What an issue of this room says about the message as a whole: the caller's answer follows from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// Worth telling, no reason to refuse.
    Note,
    /// The syntax is right, the content is not: HTTP 422.
    Content,
    /// Not well-formed, or beyond a codec's limits: HTTP 400.
    Syntax,
    /// In a charset that is not taken: HTTP 415.
    Charset,
}

/// The class of one of this room's kinds; [`Class::Content`] for anybody else's that refuse.
pub fn class(kind: &IssueKind) -> Class {
    let same = |other: &&&IssueKind| other.id == kind.id;
    if kind.severity < Severity::Error {
        Class::Note
    } else if kind.id == CHARSET_UNSUPPORTED.id {
        Class::Charset
    } else if CONTENT.iter().any(|other| same(&other)) || !CATALOGUE.iter().any(|k| same(&k)) {
        Class::Content
    } else {
        Class::Syntax
    }
}

/// Those of a message whose syntax is right.
static CONTENT: Catalogue = &[
    &RESOURCE_TYPE_MISSING,
    &JSON_NULL,
    &JSON_EMPTY_ARRAY,
    &JSON_NESTED_ARRAY,
    &JSON_SHADOW,
    &FHIR_XML_NAMESPACE,
    &FHIR_XML_ATTRIBUTE,
    &FHIR_XML_TEXT,
    &FHIR_XML_FORM,
];

kinds! {
    CHARSET_UNSUPPORTED "charset-unsupported" NotSupported Fatal
        "the charset is not one that is taken here"
        "FHIR is UTF-8 only. Other formats may be UTF-8, ISO-8859-1, ISO-8859-15 or windows-1252, and \
         must say so in the XML declaration or the Content-Type."
    CHARSET_CONFLICT "charset-conflict" Structure Fatal
        "the transport and the document name different charsets"
        "The charset of the Content-Type, the byte-order mark and the XML declaration must agree: a wrong \
         guess would change letters without anybody noticing."
    CHARSET_INVALID "charset-invalid-byte" Structure Fatal
        "a byte that the charset does not have"
        "The bytes are not what their charset says. Check how the sending system encodes text; the \
         place is the first byte that fits nowhere."
    CHARSET_C1 "charset-c1-control" Structure Warning
        "a control character U+0080 to U+009F: the text is likely windows-1252"
        "ISO-8859-1 and ISO-8859-15 have control characters where windows-1252 has dashes and quotation \
         marks. The bytes are read as declared; declare windows-1252 if that is what they are."
    EMPTY "empty" Structure Fatal
        "there is no document"
        "The body is empty or holds only white space. Check that the sending system puts the \
         document into the body of its request."
    TOO_DEEP "too-deep" TooCostly Fatal
        "more than 100 levels deep"
        "No message is nested this deep; the limit protects the reader."
    TOO_MANY_NODES "too-many-nodes" TooCostly Fatal
        "more elements than the limit allows"
        "A message may have 100,000 elements and one more for every ten bytes."
    TOO_MANY_FAULTS "too-many-faults" TooCostly Fatal
        "more faults than are worth listing"
        "Reading stopped, so that there may be more to mend than is listed. Mend the faults \
         listed before this one and send again."
    TOO_LARGE "too-large" TooCostly Fatal
        "larger than a reader takes"
        "A reader takes documents up to 1 GiB; the intake's limit is far lower."

    JSON_SYNTAX "json-syntax" Structure Fatal
        "not JSON here: {0}"
        "The text does not follow the grammar of JSON at this place. The place just before it is \
         worth a look, too: a comma or a quote may be missing."
    JSON_COMMENT "json-comment" Structure Error
        "a comment, which JSON does not have"
        "JSON has no comments, and receivers that follow it refuse them. Say what needs to be said in the \
         message itself, or nowhere."
    JSON_QUOTES "json-quotes" Structure Error
        "a name or text without quotation marks"
        "JSON writes names and texts in quotation marks; only numbers, true, false and null stand without."
    JSON_COMMA "json-comma" Structure Error
        "a comma {0}"
        "In JSON a comma stands between two values or properties: exactly one, and none after the last."
    JSON_TRUNCATED "json-truncated" Structure Fatal
        "the document ends too early"
        "The text ends inside a value: it was cut off on its way, or never written whole."
    JSON_TRAILING "json-trailing" Structure Fatal
        "text after the document's end"
        "A message is one JSON object; nothing but white space may follow it."
    JSON_NOT_OBJECT "json-not-an-object" Structure Fatal
        "not an object at the top"
        "A FHIR resource is a JSON object with a resourceType: the document begins with { and \
         ends with }."
    JSON_DUPLICATE_KEY "json-duplicate-key" Structure Error
        "a property that was there before"
        "Two properties of one object have the same name. Readers differ in which one they take, so the \
         message is refused."
    JSON_NUL "json-nul" Structure Error
        "the character U+0000"
        "U+0000 may not occur in FHIR, neither as it is nor escaped. Remove it where the sending \
         system makes the text."
    JSON_CONTROL "json-control-character" Structure Error
        "a control character that may not occur here"
        "FHIR text has no characters below U+0020 but tab, line feed and carriage return, which JSON \
         wants escaped, and neither U+FFFE nor U+FFFF."
    JSON_SURROGATE "json-lone-surrogate" Structure Error
        "half of a surrogate pair"
        "An escape between \\ud800 and \\udfff stands for a character only together with its other half."
    JSON_ESCAPE "json-escape" Structure Error
        "an escape that JSON does not have"
        "After a backslash JSON allows \" \\ / b f n r t and u with four hexadecimal digits."
    JSON_NUMBER "json-number" Structure Error
        "not a JSON number"
        "JSON numbers have no leading zero or plus sign, and a digit on both sides of the point."
    JSON_NULL "json-null" Structure Error
        "null, and nothing beside it"
        "FHIR uses null only to fill a place in an array of primitives whose id or extensions stand in \
         the array of the same name with an underscore."
    JSON_EMPTY_ARRAY "json-empty-array" Structure Error
        "an empty array"
        "FHIR leaves a property out when it has no values. Remove the property instead of writing \
         []."
    JSON_NESTED_ARRAY "json-nested-array" Structure Error
        "an array in an array"
        "No FHIR element is a list of lists. Write the values into one array, or into an element \
         that has parts."
    JSON_SHADOW "json-underscore" Structure Error
        "the property and its underscore twin do not fit: {0}"
        "The id and extensions of a primitive stand in a property of the same name with an underscore: \
         an object beside a value, an array of objects and nulls beside an array."
    RESOURCE_TYPE_MISSING "resource-type-missing" Structure Error
        "no resourceType"
        "Every resource says its type: the property resourceType in JSON, the element's name in XML."

    XML_SYNTAX "xml-syntax" Structure Fatal
        "not XML here: {0}"
        "The text does not follow the grammar of XML at this place. The place just before it is \
         worth a look, too: a quote or a bracket may be missing."
    XML_TRUNCATED "xml-truncated" Structure Fatal
        "the document ends too early"
        "The text ends inside an element: it was cut off on its way, or never written whole."
    XML_TRAILING "xml-trailing" Structure Fatal
        "text after the document's end"
        "Behind the root element only comments, processing instructions and white space may follow."
    XML_TWO_ROOTS "xml-two-roots" Structure Fatal
        "a second root element"
        "A document has one root element, and nothing but comments and white space after its end. \
         Send a document for each."
    XML_TAG "xml-mismatched-tag" Structure Fatal
        "an end tag that closes nothing that is open"
        "Elements are closed in the opposite order in which they were opened, by the same name."
    XML_NAME "xml-name" Structure Fatal
        "not an XML name"
        "A name begins with a letter or underscore and has at most one colon, which separates a prefix."
    XML_PREFIX "xml-unbound-prefix" Structure Fatal
        "a prefix that stands for no namespace"
        "A prefix must stand for a namespace. Declare it with xmlns:prefix on the element, or on \
         one around it."
    XML_NAMESPACE "xml-namespace" Structure Fatal
        "not a namespace declaration"
        "A namespace is a URI; prefixes cannot be undeclared, and xml and xmlns are taken."
    XML_ATTRIBUTE_TWICE "xml-duplicate-attribute" Structure Fatal
        "an attribute that was there before"
        "Two attributes of one element have the same name in the same namespace."
    XML_ATTRIBUTES "xml-too-many-attributes" TooCostly Fatal
        "more than 64 attributes, or more than 256 namespaces in scope"
        "No message needs as many attributes on one element, or namespaces at one place; the \
         limit protects the reader."
    XML_DOCTYPE "xml-doctype" Security Fatal
        "a document type declaration"
        "DOCTYPE is refused: entities declared there can read files and fill memory."
    XML_STYLESHEET "xml-stylesheet" Security Fatal
        "a style sheet instruction"
        "FHIR messages carry no style sheets; remove the processing instruction."
    XML_ENTITY "xml-entity" Security Fatal
        "an entity that XML does not predefine"
        "Only lt, gt, amp, quot, apos and numeric references to legal characters may be used."
    XML_CHARACTER "xml-character" Structure Fatal
        "a character that XML does not have"
        "XML has no characters below U+0020 but tab, line feed and carriage return, and neither U+FFFE \
         nor U+FFFF."
    XML_COMMENT "xml-comment" Structure Fatal
        "two hyphens inside a comment"
        "A comment ends at its first two hyphens, which must be followed by a greater-than sign."
    XML_DECLARATION "xml-declaration" Structure Fatal
        "not an XML declaration, or not at the start"
        "The declaration stands at the very start and says version 1.0, then encoding, then standalone."
    XML_DROPPED "xml-dropped" Informational Information
        "{0} comments or processing instructions were left out"
        "Comments and processing instructions carry no content of a message: they are neither \
         passed on nor translated."
    FHIR_XML_NAMESPACE "fhir-xml-namespace" Structure Error
        "not in FHIR's namespace"
        "FHIR's elements are in http://hl7.org/fhir, a narrative's div in http://www.w3.org/1999/xhtml."
    FHIR_XML_ATTRIBUTE "fhir-xml-attribute" Structure Error
        "an attribute that FHIR does not have here"
        "FHIR's only attributes are value, id on what is no resource, and url on an extension."
    FHIR_XML_TEXT "fhir-xml-text" Structure Error
        "character data"
        "FHIR writes values as attributes; between elements there is only white space."
    FHIR_XML_FORM "fhir-xml-form" Structure Error
        "an element where FHIR has an attribute"
        "The id of a datatype and the url of an extension are attributes in XML."
    EDIFACT_UNA "edifact-una" Structure Fatal
        "UNA does not name six characters, or two of its marks are the same"
        "UNA is followed by the component, element and decimal marks, the release character, a space and the \
         segment terminator, as in UNA:+.? '. The marks differ from each other, and the terminator is an \
         apostrophe."
    EDIFACT_UNB "edifact-unb" Structure Fatal
        "the interchange does not begin with UNB"
        "UNB opens an interchange; only UNA, which names the delimiters, may stand before it."
    EDIFACT_TWICE "edifact-opened-twice" Structure Fatal
        "an envelope that is open already"
        "UNB opens the one interchange that is sent, UNH a message that UNT closes before the next UNH."
    EDIFACT_UNCLOSED "edifact-unclosed" Structure Fatal
        "the envelope that opens here is not closed: {0} is missing"
        "UNT closes the message that UNH opens, UNZ the interchange that UNB opens. Without them it may have \
         been cut off on its way."
    EDIFACT_TRUNCATED "edifact-truncated" Structure Fatal
        "the segment is not terminated"
        "Every segment ends in an apostrophe; an apostrophe inside a value is released: ?'."
    EDIFACT_AFTER "edifact-after-unz" Structure Fatal
        "a segment after UNZ"
        "UNZ closes the interchange, and one interchange is sent at a time."
    EDIFACT_OUTSIDE "edifact-outside" Structure Fatal
        "a segment outside of a message"
        "Between UNB and UNZ every segment stands between a UNH and its UNT."
    EDIFACT_GROUPS "edifact-groups" NotSupported Fatal
        "functional groups are not taken"
        "UNG and UNE bundle messages by kind; the networks do without them. Send the messages without them."
    EDIFACT_SEGMENT "edifact-segment" Structure Fatal
        "not a segment"
        "A segment begins with a name of three capital letters or digits, and an element mark follows unless \
         it ends there. A released apostrophe that lost its release character ends a segment too early."
    EDIFACT_REFERENCE_MISSING "edifact-reference-missing" Required Fatal
        "UNB or UNH has no reference"
        "UNB 0020 names the interchange, UNH 0062 the message. Both are required."
    EDIFACT_TYPE "edifact-type" Required Fatal
        "UNH does not say what kind of message it opens"
        "The second element of UNH holds the message type, its version and the agency's code."
    EDIFACT_COUNT "edifact-count" Structure Fatal
        "the count is not {0}, which is how many there are"
        "UNT counts the segments of its message, UNH and UNT included; UNZ counts the messages of the \
         interchange. A wrong count means that something was lost or added."
    EDIFACT_REFERENCE "edifact-reference" Structure Fatal
        "the reference is not that of the envelope that it closes"
        "UNT repeats the reference of UNH (0062), UNZ that of UNB (0020)."
    EDIFACT_PACKAGE "edifact-package" Structure Fatal
        "the binary package is not as long as UNO says"
        "The last element of UNO counts the bytes between its terminator and UNP."
    HL7V2_MSH "hl7v2-msh" Structure Fatal
        "the message does not begin with MSH and its delimiters"
        "An HL7 v2 message begins with MSH, the field delimiter and the encoding characters, as in \
         MSH|^~\\&|. Nothing may stand before it."
    HL7V2_DELIMITERS "hl7v2-delimiters" Structure Fatal
        "MSH-1 and MSH-2 are not different punctuation marks"
        "The field delimiter and the up to five encoding characters are punctuation marks, each a different \
         one; with two alike a message means two things at once."
    HL7V2_TYPE "hl7v2-type" Structure Fatal
        "MSH-9 does not say what kind of message it is"
        "MSH-9 holds the message code and the trigger event, as in ADT^A01^ADT_A01."
    HL7V2_BATCH "hl7v2-batch" NotSupported Fatal
        "a batch, or a second message"
        "One message is taken at a time: send the messages of a batch one by one, without FHS, BHS, BTS and \
         FTS."
    HL7V2_SEGMENT "hl7v2-segment" Structure Fatal
        "not a segment"
        "A segment begins with a name of three upper-case letters or digits and the field delimiter. A line \
         break inside a value must be escaped as \\.br\\ or \\X0D\\."
    HL7V2_PARTS "hl7v2-parts" Structure Warning
        "components in a field that has none"
        "The field's type is a single value. The first component is taken as that value; the rest is kept \
         but no map and no rule can see it."
    HL7V2_ESCAPE "hl7v2-escape" Structure Warning
        "an escape that HL7 v2 does not have"
        "Between two escape characters stand F, S, T, R, E, H, N, X with hexadecimal digits, or a formatting \
         command. An escape character alone is written as \\E\\. The text is kept as it stands."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_classes_follow() {
        let mut ids: Vec<_> = CATALOGUE.iter().map(|k| k.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CATALOGUE.len());
        assert_eq!(class(&CHARSET_UNSUPPORTED), Class::Charset);
        assert_eq!(class(&TOO_DEEP), Class::Syntax);
        assert_eq!(class(&RESOURCE_TYPE_MISSING), Class::Content);
        assert_eq!(class(&CHARSET_C1), Class::Note);
    }
}
