//! The shell that sends messages out.
//!
//! Promises: nothing is sent that is not committed; a retry sends the same bytes under the same ids; an
//! attempt whose outcome is unknown is marked before it begins; lanes keep their order.
//!
//! Never: decides where a message goes, follows a redirect, or sends to an address that a message named.

pub mod backoff;
mod desk;
mod directory;
pub mod fetch;
pub mod gate;
pub mod http;
mod judge;
mod mllp;
pub mod nhn;
mod run;
pub mod schedule;
mod send;
mod steady;
pub mod tls;

pub use desk::{Carrying, Desk, Happened, Heard, Transport};
pub use http::Ask;
pub use judge::judge;
pub use run::Deliverer;
pub use send::{Reply, Sender, Sending, Target};
