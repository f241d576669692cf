//! What a writer says of a tree that its syntax has no form for.
//!
//! Promises: names the node and the reason, never a value.

use crate::tree::NodeId;
use std::fmt;

/// A node that cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unwritable {
    /// The node.
    pub node: NodeId,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.why)
    }
}

impl std::error::Error for Unwritable {}
