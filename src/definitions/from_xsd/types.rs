//! The built-in types of schemas, and the FHIR primitives that stand for them.

use super::schema::XSD;

/// The namespace of a prefix that nothing declares.
pub(super) const UNBOUND: &str = "urn:unbound";

/// The FHIR primitive for a built-in simple type; none when it is not one.
pub(super) fn primitive(namespace: &str, name: &str) -> Option<&'static str> {
    if namespace != XSD {
        return None;
    }
    Some(match name {
        "boolean" => "boolean",
        "date" => "date",
        "dateTime" => "dateTime",
        "time" => "time",
        "decimal" | "float" | "double" => "decimal",
        "int" | "short" | "byte" | "unsignedShort" | "unsignedByte" => "integer",
        "positiveInteger" => "positiveInt",
        "base64Binary" => "base64Binary",
        "anyURI" => "uri",
        // unbounded integers do not fit the primitive, whose text the tree keeps all the same
        "integer" | "long" | "nonPositiveInteger" | "negativeInteger" => "integer",
        "nonNegativeInteger" | "unsignedInt" | "unsignedLong" => "unsignedInt",
        "anyType" => return None,
        _ => "string",
    })
}

/// Whether a name is the type that may hold anything.
pub(super) fn is_any(namespace: &str, name: &str) -> bool {
    namespace == XSD && name == "anyType"
}
