//! StructureDefinitions compiled to programs that find issues.
