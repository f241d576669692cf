//! Memory that readers work in and leave behind, so that the next message finds it warm.
//!
//! Promises nothing about its content: whoever takes it clears it first.

use std::collections::HashMap;

/// Rows of four numbers, and an index over pairs: what a reader notes about open objects or elements.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// One stack.
    pub rows: Vec<[u32; 4]>,
    /// Another.
    pub more: Vec<[u32; 4]>,
    /// Places in a stack by what they are about, for the rare case of many. Keyed at random, because a
    /// sender chooses what goes in.
    pub index: HashMap<(u32, u32), u32>,
    /// Spellings of the snapshot's names and their ids; emptied only when the tree gets other names.
    pub spellings: Vec<[u64; 4]>,
}

impl Work {
    /// Empties everything but the spellings, and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.more.clear();
        self.index.clear();
    }
}
