//! The gate before an endpoint: closed while the endpoint is down, and no wider than its configuration says.
//!
//! Promises: an endpoint that is down is tried by one message at a time, later and later, and the others keep
//! their attempts and their order; when it is up again they go at once, no faster than it wants. A message
//! that its receiver cannot take does not close the gate for others.
//! Never: sleeps, or knows which message it is about.

use super::backoff;
use super::http::Reply;
use crate::message::sabotage::broken;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many failures in a row close the gate.
const ENOUGH: u32 = 5;
/// How long it is closed the first time; twice as long after each message that tried in vain.
const FIRST: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    /// Messages go; so many failed in a row.
    Open { failures: u32 },
    /// None goes before this time.
    Closed { until: Timestamp, times: u32 },
    /// One is trying.
    Trying { times: u32 },
}

/// The gate before one endpoint.
pub struct Gate {
    state: Mutex<State>,
}

struct State {
    door: Door,
    /// Before this time no further one goes.
    next: Timestamp,
}

impl Default for Gate {
    fn default() -> Gate {
        let state = State { door: Door::Open { failures: 0 }, next: Timestamp::MIN };
        Gate { state: Mutex::new(state) }
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when none may go; none: one may go now. While one is trying, the others wait for how it ends.
    pub fn shut(&self, now: Timestamp) -> Option<Timestamp> {
        let state = self.state();
        let longest = now + signed(LONGEST);
        let until = match state.door {
            Door::Open { .. } => state.next,
            Door::Trying { .. } => return Some(longest),
            Door::Closed { until, .. } => until.max(state.next),
        };
        // A clock that was set back does not keep it shut for longer than it ever is.
        (now < until && until <= longest).then_some(until)
    }

    /// Whether the endpoint is up as far as is known.
    pub fn is_open(&self) -> bool {
        matches!(self.state().door, Door::Open { .. })
    }

    /// One goes.
    pub fn enter(&self, now: Timestamp, per_second: Option<u32>) {
        let mut state = self.state();
        if let Door::Closed { times, .. } = state.door {
            state.door = Door::Trying { times };
        }
        let rate = per_second.filter(|n| *n > 0);
        let pause = rate.map(|n| SignedDuration::from_nanos(1_000_000_000 / i64::from(n)));
        state.next = pause.map_or(Timestamp::MIN, |pause| state.next.max(now) + pause);
        if state.next > now + signed(LONGEST) {
            state.next = now;
        }
    }

    /// When the one that has entered last may set out.
    pub fn turn(&self, now: Timestamp, per_second: Option<u32>) -> Timestamp {
        let before = self.state().next;
        self.enter(now, per_second);
        before.max(now)
    }

    /// How one ended. `random` is any number. Says whether the gate was closed or opened by it.
    pub fn ended(&self, reply: &Reply, now: Timestamp, random: u64) -> Option<Turned> {
        let mut state = self.state();
        let before = state.door;
        let close = |times| {
            let pause = backoff::pause(FIRST, times, random).min(LONGEST);
            Door::Closed { until: now + signed(pause), times }
        };
        state.door = match (before, is_down(reply)) {
            (_, false) => Door::Open { failures: 0 },
            (Door::Open { failures }, true) if failures + 1 < ENOUGH => {
                Door::Open { failures: failures + 1 }
            }
            (Door::Open { .. }, true) => close(1),
            (Door::Trying { times }, true) => close(times.saturating_add(1)),
            // One that had set out before it was closed.
            (closed @ Door::Closed { .. }, true) => closed,
        };
        match (matches!(before, Door::Open { .. }), matches!(state.door, Door::Open { .. })) {
            (true, false) => Some(Turned::Closed),
            (false, true) => Some(Turned::Opened),
            _ => None,
        }
    }

    /// The one that was to try has not even set out.
    pub fn unused(&self, now: Timestamp) {
        let mut state = self.state();
        if let Door::Trying { times } = state.door {
            state.door = Door::Closed { until: now, times };
        }
    }
}

/// That a gate has turned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turned {
    /// The endpoint is taken to be down.
    Closed,
    /// It is up again.
    Opened,
}

/// Whether a reply says that the endpoint is down, and not that it cannot take this one message.
fn is_down(reply: &Reply) -> bool {
    match reply {
        _ if broken("gate-open") => false,
        Reply::Unreachable(reason) => *reason != "bad-request" && *reason != "no-endpoint",
        Reply::Answer { status, .. } => matches!(status, 502..=504),
        Reply::Judged(_) | Reply::Acknowledged { .. } => false,
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + milliseconds).unwrap()
    }

    fn answer(status: u16) -> Reply {
        Reply::Answer { status, retry_after: None, content_type: None, body: Bytes::new() }
    }

    const DOWN: Reply = Reply::Unreachable("connect");

    #[test]
    fn closes_after_enough_and_lets_one_try() {
        let gate = Gate::default();
        for _ in 1..ENOUGH {
            assert_eq!(gate.ended(&DOWN, at(0), 0), None);
        }
        assert_eq!(gate.ended(&DOWN, at(0), 0), Some(Turned::Closed));
        assert_eq!(gate.ended(&DOWN, at(1), 0), None, "one that had set out before");
        assert_eq!(gate.shut(at(0)), Some(at(500)));
        assert_eq!(gate.shut(at(500)), None);
        gate.enter(at(500), None);
        assert!(gate.shut(at(501)).is_some(), "one is trying");
        assert_eq!(gate.ended(&DOWN, at(600), 0), None);
        assert_eq!(gate.shut(at(600)), Some(at(1_600)), "twice as long");
        gate.enter(at(1_600), None);
        assert_eq!(gate.ended(&answer(200), at(1_700), 0), Some(Turned::Opened));
        assert_eq!((gate.shut(at(1_700)), gate.is_open()), (None, true));
    }

    #[test]
    fn a_message_that_is_not_taken_closes_nothing() {
        let gate = Gate::default();
        for status in [500, 400, 404, 422, 429, 500, 500, 500] {
            assert_eq!(gate.ended(&answer(status), at(0), 0), None);
        }
        for _ in 0..20 {
            gate.ended(&answer(503), at(0), 0);
        }
        assert!(!gate.is_open());
    }

    #[test]
    fn never_faster_than_it_wants() {
        let gate = Gate::default();
        let turns: Vec<Timestamp> = (0..4).map(|_| gate.turn(at(0), Some(10))).collect();
        assert_eq!(turns, [at(0), at(100), at(200), at(300)]);
        assert_eq!(gate.shut(at(300)), Some(at(400)));
        assert_eq!(gate.turn(at(5_000), Some(10)), at(5_000), "what was not used is not saved up");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_shut() {
        let gate = Gate::default();
        for _ in 0..ENOUGH {
            gate.ended(&DOWN, at(0), 0);
        }
        let years_ago = at(0) - SignedDuration::from_hours(24 * 3650);
        assert_eq!(gate.shut(years_ago), None);
    }
}
