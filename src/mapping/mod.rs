//! FHIR Mapping Language: text to a checked plan to a target tree.
