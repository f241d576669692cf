//! Questions that are answered when the walk is over: whether what a reference leads to meets a program,
//! and invariants that ask for conformance.
//!
//! A resource that claims a program is walked with it anyway, so that its verdict comes for nothing: every
//! spec on the stack knows the claims that asked for it, and an issue that refuses fails them. Promises:
//! each claim is walked once however many references ask for it; one that fails because of a reference
//! fails those who refer to it in turn, in time linear in the references; circles assume the best.

use super::memory::{Met, Origin};
use super::program::{ConstraintId, ProgramId, SpecId};
use super::rules;
use super::run::Run;
use crate::tree::NodeId;

/// At most so many claims are told apart at a time.
const MOST: usize = Origin::BITS as usize;

/// A resource's claim to meet a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    /// The resource.
    pub node: NodeId,
    /// Whether something refused it.
    pub failed: bool,
}

/// A reference whose target must meet one of its spec's programs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// The reference.
    pub node: NodeId,
    /// What it leads to.
    pub target: NodeId,
    /// The spec that asks.
    pub spec: SpecId,
    /// The claims behind it.
    behind: (u32, u32),
    /// Whether it was told that the target meets none.
    told: bool,
}

/// An invariant that asks whether something conforms to a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    node: NodeId,
    constraint: ConstraintId,
    program: ProgramId,
    behind: (u32, u32),
}

impl Run<'_> {
    /// Notes what a resource claims; gives the bit under which its specs are walked.
    pub fn claim(&mut self, node: NodeId, program: ProgramId) -> Origin {
        let bit = self.memory.active.len();
        // while only asking, nothing is kept for later
        if bit >= MOST || self.asking > 0 {
            return 0;
        }
        let at = self.memory.claims.len() as u32;
        self.memory.claims.push(Claim { node, failed: false });
        self.memory.active.push(at);
        let claimed = self.memory.met.entry((node, program)).or_insert(Met::Claimed(at));
        if matches!(claimed, Met::Implied(_)) {
            *claimed = Met::Claimed(at);
        }
        for implied in &self.validator.programs.programs[program.0 as usize].implies {
            self.memory.met.entry((node, *implied)).or_insert(Met::Implied(at));
        }
        1 << bit
    }

    /// Something refuses what the claims of the current origin are about.
    pub fn fail(&mut self) {
        let mut origin = self.origin;
        while origin != 0 {
            let bit = origin.trailing_zeros() as usize;
            origin &= origin - 1;
            let claim = self.memory.active[bit];
            self.fail_claim(claim);
        }
    }

    fn fail_claim(&mut self, claim: u32) {
        let claims = &mut self.memory.claims;
        if !std::mem::replace(&mut claims[claim as usize].failed, true) {
            self.memory.fallen.push(claim);
        }
    }

    fn behind(&mut self) -> (u32, u32) {
        let start = self.memory.behind.len() as u32;
        let mut origin = self.origin;
        while origin != 0 {
            let bit = origin.trailing_zeros() as usize;
            origin &= origin - 1;
            let claim = self.memory.active[bit];
            self.memory.behind.push(claim);
        }
        (start, self.memory.behind.len() as u32)
    }

    /// Keeps a reference for the end.
    pub fn hold(&mut self, node: NodeId, spec: SpecId, target: NodeId) {
        let behind = self.behind();
        self.memory.held.push(Held { node, target, spec, behind, told: false });
    }

    /// Keeps an invariant for the end.
    pub fn postpone(&mut self, node: NodeId, constraint: ConstraintId, program: ProgramId) {
        let behind = self.behind();
        self.memory.late.push(Late { node, constraint, program, behind });
    }

    /// Answers what was kept.
    pub fn settle(&mut self) {
        self.settling = true;
        self.origin = 0;
        if self.memory.held.is_empty() && self.memory.late.is_empty() {
            return;
        }
        self.sort_held();
        self.memory.fallen.clear();
        for at in 0..self.memory.held.len() {
            self.answer(at);
        }
        self.draw_consequences();
        for at in 0..self.memory.late.len() {
            let Late { node, constraint, program, behind } = self.memory.late[at];
            if !rules::constraint::settle(self, node, constraint, program) {
                self.fail_behind(behind);
            }
        }
        self.draw_consequences();
    }

    fn sort_held(&mut self) {
        let mut order = std::mem::take(&mut self.memory.by_target);
        order.clear();
        order.extend(0..self.memory.held.len() as u32);
        let held = &self.memory.held;
        order.sort_unstable_by_key(|at| (held[*at as usize].target, *at));
        self.memory.by_target = order;
    }

    /// Asks again on behalf of those who refer to what failed.
    fn draw_consequences(&mut self) {
        while let Some(claim) = self.memory.fallen.pop() {
            let target = self.memory.claims[claim as usize].node;
            let (held, order) = (&self.memory.held, &self.memory.by_target);
            let mut place = order.partition_point(|at| held[*at as usize].target < target);
            while let Some(at) = self.memory.by_target.get(place).map(|at| *at as usize) {
                if self.memory.held[at].target != target {
                    break;
                }
                self.answer(at);
                place += 1;
            }
        }
    }

    fn answer(&mut self, at: usize) {
        let held = self.memory.held[at];
        if held.told {
            return;
        }
        match rules::reference::leads_to(self, held.node, held.spec, held.target) {
            Ok(told) => self.memory.held[at].told = told,
            Err(()) => {
                self.memory.held[at].told = true;
                self.fail_behind(held.behind);
            }
        }
    }

    fn fail_behind(&mut self, (start, end): (u32, u32)) {
        for at in start..end {
            let claim = self.memory.behind[at as usize];
            self.fail_claim(claim);
        }
    }
}
