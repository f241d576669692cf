//! Which version of the record format an entry needs: the oldest that has everything that is in it.
//!
//! Promises: a new kind of entry, change, action or syntax does not compile until it says here since when it
//! is there; so no record ever says that a program can read it that cannot. Never: a field added to what is
//! there already: that is a new variant, because an old record would be read wrongly.
//!
//! | version | since |
//! |---|---|
//! | 1 | messages and steps of deliveries |
//! | 2 | notes, jumps of the clock, transmissions of several messages; HL7 v2 and EDIFACT; resends, replays, edits, restores |

use super::delivery::Change;
use super::entry::Entry;
use crate::message::{AuditAction, AuditRecord, Syntax, Unit};

/// The oldest version that this program reads.
pub const OLDEST: u8 = 1;
/// The newest version that this program writes and reads.
pub const NEWEST: u8 = 2;

/// The version that a record of this entry has.
pub fn needed(entry: &Entry) -> u8 {
    match entry {
        Entry::Unit(one) => unit(one),
        Entry::Steps(steps) => {
            steps.iter().map(|step| change(&step.change).max(audit(&step.audit))).fold(1, u8::max)
        }
        Entry::Note { .. }
        | Entry::Restored { .. }
        | Entry::Jumped { .. }
        | Entry::Together(_)
        | Entry::Member { .. } => 2,
    }
}

fn unit(unit: &Unit) -> u8 {
    let outputs = unit.outputs.iter().map(|output| syntax(output.syntax));
    outputs.chain(unit.audit.iter().map(audit)).fold(syntax(unit.syntax), u8::max)
}

fn audit(record: &AuditRecord) -> u8 {
    use AuditAction as A;
    match record.action {
        A::Received
        | A::Validated
        | A::Refused
        | A::Routed
        | A::Translated
        | A::Accepted
        | A::Duplicate
        | A::Quarantined
        | A::Claimed
        | A::Sending
        | A::Sent
        | A::ReceiptReceived
        | A::ReceiptOverdue
        | A::RetryScheduled
        | A::DeadLettered
        | A::OperatorRetry
        | A::Requeued
        | A::Held
        | A::Released
        | A::Expired => 1,
        A::Resent
        | A::Unanswered
        | A::Replayed
        | A::ReplayedSame
        | A::Edited
        | A::ClockJumped
        | A::Restored => 2,
    }
}

fn change(change: &Change) -> u8 {
    match change {
        Change::Claim { .. }
        | Change::Sending { .. }
        | Change::Settle { .. }
        | Change::Requeue
        | Change::Receipt(_)
        | Change::Overdue
        | Change::Expire
        | Change::Retry { .. }
        | Change::Hold
        | Change::Release
        | Change::GiveUp => 1,
        Change::Resend { .. } | Change::Unanswered => 2,
    }
}

fn syntax(syntax: Syntax) -> u8 {
    match syntax {
        Syntax::FhirJson | Syntax::FhirXml | Syntax::Xml => 1,
        Syntax::Hl7v2 | Syntax::Edifact => 2,
    }
}
