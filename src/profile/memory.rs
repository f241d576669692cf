//! What a validation needs beside the message: reused from one message to the next.
//!
//! Promises: once warm, a valid message allocates nothing. Never: outlives what it is asked about; cleared
//! at every start.

use super::index::Index;
use super::program::{ConstraintId, ProgramId, SpecId};
use crate::tree::NodeId;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Memory for validations: one a worker, used for one message after the other.
#[derive(Default)]
pub struct Memory {
    /// Counters of children and of slices: a stack, one frame a node being walked.
    pub(super) counts: Vec<u32>,
    /// Specs of the nodes being walked: a stack.
    pub(super) specs: Vec<SpecId>,
    /// Whether a node meets a program.
    pub(super) met: HashMap<(NodeId, ProgramId), Met, FixedState>,
    /// Whether a constraint holds at a node, and whether that was told.
    pub(super) tested: HashMap<(NodeId, ConstraintId), Tested, FixedState>,
    /// Where references lead.
    pub(super) index: Index,
    /// Memories of expressions that are being evaluated; they nest through `conformsTo`.
    pub(super) paths: Vec<crate::fhirpath::Memory>,
    /// Scratch text.
    pub(super) text: String,
    /// Scratch of the rule on contained resources: those of one container, and whether they are used.
    pub(super) contained: Vec<(NodeId, bool)>,
    /// Scratch of the narrative rule.
    pub(super) open: Vec<(usize, usize)>,
    /// Scratch of the rule on orphans: entries' resources, and which entry each is connected with.
    pub(super) groups: Vec<(NodeId, u32)>,
    /// Fragments that narratives link to.
    pub(super) fragments: Vec<super::rules::links::Fragment>,
}

/// Whether a node meets a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Met {
    /// Being found out: a cycle of references assumes the best.
    Asked,
    /// It does.
    Yes,
    /// It does as far as was looked: what it refers to leads too far.
    Cut,
    /// It does not.
    No,
}

/// What is known of a constraint at a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tested {
    pub(super) holds: bool,
    pub(super) told: bool,
}

impl Memory {
    /// An empty memory.
    pub fn new() -> Memory {
        Memory::default()
    }

    pub(super) fn clear(&mut self) {
        self.counts.clear();
        self.specs.clear();
        self.met.clear();
        self.tested.clear();
        self.text.clear();
        self.fragments.clear();
        self.paths.truncate(8);
    }
}
