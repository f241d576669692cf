//! Configuration: TOML text to checked structs, every mistake at once, each with file:line:col.
