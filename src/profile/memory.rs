//! What a validation needs beside the message: reused from one message to the next.
//!
//! Promises: once warm, a message allocates nothing, whatever is wrong with it, but for what a mistaken claim may
//! have meant and moments of exchange that are none. Never: outlives what it is asked about; cleared at every
//! start.

use super::index::Index;
use super::later::{Claim, Held, Late};
use super::program::{ConstraintId, ProgramId, SpecId};
use crate::tree::NodeId;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Memory for validations: one a worker, used for one message after the other.
#[derive(Default)]
pub struct Memory {
    /// What the last validation looked at.
    pub(super) steps: u64,
    /// Counters of children and of slices: a stack, one frame a node being walked.
    pub(super) counts: Vec<u32>,
    /// Specs of the nodes being walked, with the claims that asked for them: a stack.
    pub(super) specs: Vec<Asked>,
    /// What the resources met so far claim to be.
    pub(super) claims: Vec<Claim>,
    /// The claims of the resources being walked; an [`Origin`] has a bit for each.
    pub(super) active: Vec<u32>,
    /// References whose targets must meet a program, answered when every claim was walked.
    pub(super) held: Vec<Held>,
    /// The places of `held` in the order of their targets.
    pub(super) by_target: Vec<u32>,
    /// Invariants that ask whether something conforms to a program.
    pub(super) late: Vec<Late>,
    /// The claims behind `held` and `late`.
    pub(super) behind: Vec<u32>,
    /// Claims that failed, and whose consequences are not drawn yet.
    pub(super) fallen: Vec<u32>,
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

/// A spec of a node being walked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) spec: SpecId,
    /// Who asked for it.
    pub(super) origin: Origin,
    /// What it needs of the walk: [`super::needs::Needs::flags`].
    pub(super) flags: u8,
}

/// Which claims of the resources being walked asked for something, one bit each; 0: the base definitions,
/// or nobody who keeps count.
pub(super) type Origin = u16;

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
    /// It claims to, so that the walk itself finds out.
    Claimed(u32),
    /// It claims something that asks for no less; if it fails that, this is still to be found out.
    Implied(u32),
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

    /// How many steps the last validation took: nodes walked, slices and children looked at, operations and
    /// text of expressions. What is linear in a message is linear in these, on whatever machine.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn clear(&mut self) {
        self.steps = 0;
        self.counts.clear();
        self.specs.clear();
        self.claims.clear();
        self.active.clear();
        self.held.clear();
        self.late.clear();
        self.behind.clear();
        self.fallen.clear();
        self.met.clear();
        self.tested.clear();
        self.text.clear();
        self.fragments.clear();
        self.paths.truncate(8);
    }
}
