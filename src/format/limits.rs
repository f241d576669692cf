//! The limits that every codec has, and the list of faults that a reader fills.
//!
//! Promises: reading stops before a hostile document costs more than its size is worth.

use super::catalogue::{self, Class};
use crate::message::{Issue, IssueKind};

/// The most levels of nodes, the root being the first.
pub const DEPTH: u32 = 100;

/// The most faults that one reading lists.
const FAULTS: u32 = 100;

/// The most bytes, so that offsets and lengths are safe in 32 bits.
pub const BYTES: usize = 1 << 30;

/// The most nodes that a document of so many bytes may have.
pub fn nodes(bytes: usize) -> usize {
    100_000 + bytes / 10
}

/// Reading cannot go on; the reason is in the list of issues.
#[derive(Debug)]
pub struct Stop;

/// The issues of one reading.
pub struct Faults<'a> {
    issues: &'a mut Vec<Issue>,
    found: u32,
    syntax: bool,
}

impl<'a> Faults<'a> {
    /// Appends to `issues`.
    pub fn new(issues: &'a mut Vec<Issue>) -> Faults<'a> {
        Faults { issues, found: 0, syntax: false }
    }

    /// Whether nothing was found that makes the document unusable.
    pub fn usable(&self) -> bool {
        !self.syntax
    }

    /// Notes a fault that reading goes on after, unless there are too many by now.
    pub fn note(&mut self, issue: Issue) -> Result<(), Stop> {
        self.found += 1;
        self.syntax |= catalogue::class(issue.kind) >= Class::Syntax;
        if self.found > FAULTS {
            let place = issue.place;
            self.issues.push(Issue::new(&catalogue::TOO_MANY_FAULTS, place));
            self.syntax = true;
            return Err(Stop);
        }
        self.issues.push(issue);
        Ok(())
    }

    /// Notes a fault that reading ends at.
    pub fn stop(&mut self, issue: Issue) -> Stop {
        self.syntax = true;
        self.issues.push(issue);
        Stop
    }

    /// Notes a fault of a kind at an offset, and goes on.
    pub fn at(&mut self, kind: &'static IssueKind, offset: usize) -> Result<(), Stop> {
        self.note(Issue::at(kind, offset))
    }

    /// Notes a fault of a kind at an offset, and ends.
    pub fn end(&mut self, kind: &'static IssueKind, offset: usize) -> Stop {
        self.stop(Issue::at(kind, offset))
    }
}
