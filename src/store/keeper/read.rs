//! What is read back from the log, and the record of what was done.

use crate::message::{AuditAction, AuditRecord, DeliveryId, Error, Known, Position, Unit};
use crate::store::entry::Entry;
use crate::store::log::{Log, unreadable};
use jiff::Timestamp;

pub(super) fn unit_at(log: &dyn Log, position: Position) -> Result<Unit, Error> {
    match log.entry(position)? {
        Entry::Unit(unit) => Ok(*unit),
        _ => Err(unreadable(position, "it is not a message")),
    }
}

pub(super) fn known(log: &dyn Log, position: Position) -> Result<Known, Error> {
    let unit = unit_at(log, position)?;
    Ok(Known {
        position,
        message: unit.message,
        envelope: unit.envelope,
        event: unit.event,
        content_hash: unit.content_hash,
        verdict: unit.verdict,
        issues: unit.issues,
    })
}

pub(super) fn audit(
    at: Timestamp,
    action: AuditAction,
    actor: &str,
    delivery: DeliveryId,
    outcome: Option<Box<str>>,
) -> AuditRecord {
    AuditRecord { at, action, actor: actor.into(), delivery: Some(delivery.index), outcome }
}
