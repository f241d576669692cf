//! How much a run may cost.
//!
//! Promises: every loop of a run counts against one of these, so that no map can hang the engine.

/// The limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rules tried, items met and values written, together.
    pub steps: u64,
    /// Rules and groups inside each other.
    pub depth: u32,
    /// Nodes of the target.
    pub nodes: usize,
    /// Bytes of text that the run makes; what is copied by reference does not count.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 5_000_000, depth: 200, nodes: 1_000_000, bytes: 64 << 20 }
    }
}
