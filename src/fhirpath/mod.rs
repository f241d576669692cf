//! FHIRPath over trees: parse, compile, evaluate.
