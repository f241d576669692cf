//! Whether the time of day has gone as fast as time itself.
//!
//! Promises: a step of the clock is seen at the first look after it, once; slow corrections are none. Never:
//! decides what a jump means.

use crate::message::sabotage::broken;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// A smaller difference between two looks is a correction of the clock's speed.
const SMALL: SignedDuration = SignedDuration::from_secs(5);

/// The last look at both.
#[derive(Default)]
pub struct Steady {
    last: Mutex<Option<(Timestamp, Instant)>>,
}

impl Steady {
    /// By how much the time of day has jumped since the last look, if it has.
    pub fn jump(&self, now: Timestamp, passed: Instant) -> Option<SignedDuration> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, then) = last.unwrap_or((now, passed));
        // Two threads may look in one order and come here in the other.
        let since = passed.checked_duration_since(then)?;
        *last = Some((now, passed));
        let by = now.duration_since(before) - SignedDuration::try_from(since).ok()?;
        (by.abs() > SMALL && !broken("jump-unseen")).then_some(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_step_is_seen_once_and_a_drift_is_none() {
        let (steady, begin) = (Steady::default(), Instant::now());
        let start: Timestamp = "2026-11-25T08:00:00Z".parse().unwrap();
        let look = |wall: i64, passed: u64| {
            let now = start + SignedDuration::from_secs(wall);
            steady.jump(now, begin + Duration::from_secs(passed)).map(|by| by.as_secs())
        };
        assert_eq!(look(0, 0), None);
        assert_eq!(look(61, 60), None, "a second too fast");
        assert_eq!(look(121, 120), None);
        assert_eq!(look(3_781, 180), Some(3_600));
        assert_eq!(look(3_841, 240), None);
        assert_eq!(look(-300_000_000, 300), Some(-300_003_901));
        assert_eq!(look(-299_999_940, 360), None);
    }
}
