//! The shell that takes messages in.
//!
//! Promises: knows who is sending before a body is read; every limit has a number; an answer is written
//! only when the [`Intake`](crate::message::Intake) gives it, which is after the commit.
//!
//! Never: looks into a message, decides about one, or logs a value of one.

mod body;
pub mod budget;
mod certificate;
pub mod directory;
pub mod http;
pub mod limits;
pub mod mllp;
mod negotiate;
pub mod nhn;
pub mod tls;

pub use budget::Budget;
pub use http::{Front, serve};
pub use limits::{Limits, Quota, Quotas};
