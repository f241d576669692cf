//! When to try again and when to send again: a route's schedule, applied. Pure.
//!
//! Promises: the instants follow from the schedule, what has happened, and one number that stands for chance.
//! Never: looks at a clock or at a message.

use super::backoff;
use crate::config::{Pause, ResendIn, Schedule};
use crate::message::sabotage::broken;
use crate::store::{Claim, Delivery};
use jiff::{SignedDuration, Timestamp};

/// When to try again what failed at `at`; none: never. `asked` are the seconds that the receiver asked for,
/// `random` is any number.
pub fn again(
    schedule: &Schedule,
    claim: &Claim,
    asked: Option<u32>,
    at: Timestamp,
    random: u64,
) -> Option<Timestamp> {
    if schedule.attempts.is_some_and(|most| claim.attempt >= most) {
        return None;
    }
    let pause = match (asked, schedule.pause) {
        (Some(seconds), _) => backoff::pause_asked(seconds, random),
        (None, Pause::Every(every)) => every,
        (None, Pause::Doubling { first, cap }) => {
            backoff::pause(first, claim.failures.saturating_add(1), random).min(cap)
        }
    };
    let pause = if broken("no-schedule") { std::time::Duration::from_secs(1) } else { pause };
    let next = at.checked_add(SignedDuration::try_from(pause).ok()?).ok()?;
    (next < claim.expires).then_some(next)
}

/// Whether what nobody answered in time is to be sent again, and in which envelope.
pub fn resend(schedule: &Schedule, delivery: &Delivery) -> Option<ResendIn> {
    let once_more = delivery.resends < schedule.resends
        && schedule.attempts.is_none_or(|most| delivery.attempts < most);
    once_more.then_some(schedule.resend_in)
}
