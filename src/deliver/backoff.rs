//! When to try again: exponential backoff with jitter, capped (exchange.md, retry).

use std::time::Duration;

/// The longest pause between two attempts.
pub const CAP: Duration = Duration::from_secs(600);

/// The pause after `failures` failed attempts (at least one). `random` is any number: the pause is
/// between half of the exponential value and the whole of it, so that receivers that come back are not
/// met by all senders at once.
pub fn pause(first: Duration, failures: u32, random: u64) -> Duration {
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let whole = doubled.min(CAP).max(Duration::from_millis(1));
    let half = whole / 2;
    let span = (whole - half).as_nanos().max(1);
    half + Duration::from_nanos((u128::from(random) % span) as u64)
}

/// The pause when the receiver said how long to wait; never shorter than it said, never beyond the cap.
pub fn pause_asked(asked: u32, random: u64) -> Duration {
    let asked = Duration::from_secs(asked.into());
    (asked + Duration::from_millis(random % 1_000)).min(CAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn grows_stays_below_the_cap_and_never_is_nothing(failures in 1u32..200, random: u64) {
            let first = Duration::from_secs(1);
            let pause = pause(first, failures, random);
            prop_assert!(pause <= CAP);
            prop_assert!(pause >= first / 2);
            if failures >= 12 {
                prop_assert!(pause >= CAP / 2);
            }
        }
    }

    #[test]
    fn doubles() {
        let first = Duration::from_secs(2);
        let base: Vec<u64> = (1..5).map(|n| pause(first, n, 0).as_secs()).collect();
        assert_eq!(base, [1, 2, 4, 8]);
        assert_eq!(pause_asked(3, 1_500), Duration::from_millis(3_500));
        assert_eq!(pause_asked(100_000, 0), CAP);
    }
}
