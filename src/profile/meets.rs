//! Questions of the kind "does this meet that?", answered at once by a walk whose issues are not told.
//!
//! Promises: found out once per (node, program) and remembered; a circle of references assumes the best; what
//! leads too far is said not to be checked.

use super::catalogue;
use super::memory::Met;
use super::program::{ProgramId, Spec, SpecId};
use super::run::Run;
use crate::message::{Arg, Issue, Severity};
use crate::tree::NodeId;
use crate::tree::types::TypeId;
use std::sync::Arc;

/// How far profiles are followed along references; beyond that it is not checked.
const DEEPEST: u32 = 12;

impl Run<'_> {
    /// Whether a node meets a program; found out once.
    pub fn meets(&mut self, id: NodeId, program: ProgramId) -> bool {
        match self.memory.met.get(&(id, program)) {
            Some(Met::Claimed(claim)) => {
                let failed = self.memory.claims[*claim as usize].failed;
                if failed || self.settling {
                    return !failed;
                }
            }
            Some(Met::Implied(claim))
                if self.settling && !self.memory.claims[*claim as usize].failed =>
            {
                return true;
            }
            Some(Met::Implied(_)) => {}
            Some(known) => {
                self.cut |= *known == Met::Cut;
                return *known != Met::No;
            }
            None => {}
        }
        let compiled = self.program(program);
        if !self.is_a(self.tree.node(id).type_id, compiled.type_id) {
            return false;
        }
        if self.asking >= DEEPEST {
            self.cut = true;
            return true;
        }
        self.memory.met.insert((id, program), Met::Asked);
        let before = std::mem::replace(&mut self.cut, false);
        let met = compiled.root.is_none_or(|root| self.meets_spec(id, root));
        let found = match (met, self.cut) {
            (false, _) => Met::No,
            (true, true) => Met::Cut,
            (true, false) => Met::Yes,
        };
        self.memory.met.insert((id, program), found);
        if found == Met::Cut && self.asking == 0 {
            let name = Arg::Shared(Arc::clone(&compiled.canonical));
            self.not_checked(&catalogue::TOO_FAR, id, program, [name, Arg::None, Arg::None]);
        }
        self.cut |= before && self.asking > 0;
        met
    }

    /// Whether a node is of a type and meets its definition; found out once.
    pub fn meets_type(&mut self, id: NodeId, type_id: TypeId) -> bool {
        if !self.is_a(self.tree.node(id).type_id, type_id) {
            return false;
        }
        let specs = &self.validator.programs.base_types;
        let Some(spec) = specs.get(type_id.0 as usize).copied().flatten() else { return true };
        let key = (id, self.spec(spec).program);
        if let Some(known) = self.memory.met.get(&key) {
            return *known != Met::No;
        }
        self.memory.met.insert(key, Met::Asked);
        let (first, told) = (self.memory.specs.len(), self.issues.len());
        let origin = std::mem::take(&mut self.origin);
        self.asking += 1;
        self.node(id, true, first);
        self.asking -= 1;
        self.origin = origin;
        self.memory.specs.truncate(first);
        let met = !self.issues[told..].iter().any(Issue::refuses);
        self.issues.truncate(told);
        self.memory.met.insert(key, if met { Met::Yes } else { Met::No });
        met
    }

    /// Whether a node meets a spec; what is wrong with it is not told.
    fn meets_spec(&mut self, id: NodeId, spec: SpecId) -> bool {
        let first = self.memory.specs.len();
        let told = self.issues.len();
        let origin = std::mem::take(&mut self.origin);
        self.add_spec(spec, 0, first);
        self.asking += 1;
        self.node(id, false, first);
        self.asking -= 1;
        self.memory.specs.truncate(first);
        self.origin = origin;
        let met = !self.issues[told..].iter().any(Issue::refuses);
        self.issues.truncate(told);
        met
    }

    /// What a profile asks for is not at hand. An extension that nobody defines has a rule of its own.
    pub(super) fn missing_profile(&mut self, id: NodeId, spec: &Spec, names: Arg, all: bool) {
        let args = [Arg::Shared(Arc::clone(&spec.name)), names, Arg::None];
        let severity = self.validator.settings.missing_profile;
        let extension = self.tree.node(id).type_id == self.validator.known.extension_type;
        if severity == Severity::Information || !all || extension {
            return self.not_checked(&catalogue::PROFILE_NOT_LOADED, id, spec.program, args);
        }
        let canonical = &self.program(spec.program).canonical;
        let issue = Issue::on(&catalogue::PROFILE_NOT_LOADED, id).severity(severity);
        self.push(Issue { args, ..issue.profile(canonical) });
    }
}
