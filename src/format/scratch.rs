//! Memory that writers use again, so that a warm one allocates nothing but its output.
//!
//! Never: carries anything from one message to the next but room.

use super::order::Ordered;
use crate::tree::Work;

/// What a writer needs beside its output. One for each thread that writes.
#[derive(Default)]
pub struct Scratch {
    pub(super) ordered: Ordered,
    pub(super) work: Work,
    /// The message as text, before it is in its charset.
    pub(super) text: String,
    /// One value.
    pub(super) value: String,
}

impl Scratch {
    /// Without room yet.
    pub fn new() -> Scratch {
        Scratch::default()
    }
}
