//! stafett: a message service handler for care messages.
//!
//! # Codemap
//!
//! ```text
//!  6  main · cli · pipeline
//!  5  ops
//!  4  receive · deliver            async, sockets
//!  3  store                        disk, no message semantics beyond ids and states
//!  2½ engine · receipt             pure; composes floor 2
//!  2  profile · mapping · route    pure; do not know each other
//!  1½ definitions · fhirpath       pure; the compiled knowledge of types
//!  1  format                       pure; bytes <-> tree
//!  0  message · tree · config's structs
//! ```
//!
//! Arrows point down only; `tests/it/tidy` enforces it.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod definitions;
pub mod deliver;
pub mod engine;
pub mod fhirpath;
pub mod format;
pub mod mapping;
pub mod message;
pub mod ops;
pub mod pipeline;
pub mod profile;
pub mod receipt;
pub mod receive;
pub mod route;
pub mod store;
pub mod tree;
