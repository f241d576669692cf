//! What operators see: metrics, health, the engine's socket.
//!
//! Promises: shows states, ids and names, never an element's value. Never: takes a message in.

pub mod backup;
mod http;
pub mod metrics;
pub mod operate;
pub mod replay;
pub mod socket;

pub use http::{Watched, serve};
pub use metrics::{Counted, Metrics};
