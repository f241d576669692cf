//! The numbers that bound what a peer can make us do, and the quota of each party.

use crate::message::PartyName;
use arc_swap::ArcSwap;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// The limits of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body. 10 MB.
    pub body: usize,
    /// Bytes of a request's line and headers. 16 kB.
    pub headers: usize,
    /// From the connection (or the last answer) to the end of the headers. 10 s.
    pub header_time: Duration,
    /// Between two pieces of a body. 10 s.
    pub body_idle: Duration,
    /// For a whole body. 60 s.
    pub body_time: Duration,
    /// Connections at once. 1,000.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 10_000_000,
            headers: 16_384,
            header_time: Duration::from_secs(10),
            body_idle: Duration::from_secs(10),
            body_time: Duration::from_secs(60),
            connections: 1_000,
        }
    }
}

/// How much one party may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Messages a second, in the long run.
    pub per_second: NonZeroU32,
    /// Messages at once.
    pub burst: NonZeroU32,
}

/// The quotas of all parties. A clone counts with the one it was made from, so that a party has one quota, however
/// many doors it comes in by.
#[derive(Clone)]
pub struct Quotas(Arc<ArcSwap<Counted>>);

/// One keyed limiter for those that have no quota of their own.
struct Counted {
    common: DefaultKeyedRateLimiter<PartyName>,
    own: HashMap<PartyName, DefaultDirectRateLimiter>,
}

impl Quotas {
    /// The same quota for each party but these.
    pub fn new(common: Quota, own: &[(PartyName, Quota)]) -> Quotas {
        let quota = |q: Quota| governor::Quota::per_second(q.per_second).allow_burst(q.burst);
        let own = own.iter().map(|(party, q)| (party.clone(), RateLimiter::direct(quota(*q))));
        let counted = Counted { common: RateLimiter::keyed(quota(common)), own: own.collect() };
        Quotas(Arc::new(ArcSwap::from_pointee(counted)))
    }

    /// Takes over what another grants, for all that count with this one.
    pub fn replace(&self, other: &Quotas) {
        self.0.store(other.0.load_full());
    }

    /// Takes one message of a party's quota, or says after how many seconds there is one again.
    pub fn take(&self, party: &PartyName) -> Result<(), u32> {
        let counted = self.0.load();
        let taken = match counted.own.get(party) {
            Some(own) => own.check(),
            None => counted.common.check_key(party),
        };
        taken.map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_partys_quota_is_not_anothers() {
        let one = NonZeroU32::MIN;
        let (a, b) = (PartyName("a".into()), PartyName("b".into()));
        let big = Quota { per_second: one, burst: one.saturating_add(1) };
        let own = [(PartyName("c".into()), big)];
        let quotas = Quotas::new(Quota { per_second: one, burst: one }, &own);
        assert_eq!(quotas.take(&own[0].0), Ok(()));
        assert_eq!(quotas.take(&own[0].0), Ok(()));
        assert!(quotas.take(&own[0].0).is_err());
        assert_eq!(quotas.take(&a), Ok(()));
        assert!(quotas.take(&a).is_err_and(|seconds| seconds >= 1));
        assert_eq!(quotas.take(&b), Ok(()));
    }

    #[test]
    fn a_quota_is_one_at_every_door_and_may_be_replaced() {
        let one = NonZeroU32::MIN;
        let party = PartyName("a".into());
        let quotas = Quotas::new(Quota { per_second: one, burst: one }, &[]);
        let door = quotas.clone();
        assert_eq!(quotas.take(&party), Ok(()));
        assert!(door.take(&party).is_err());
        let more = Quota { per_second: one, burst: one.saturating_add(1) };
        quotas.replace(&Quotas::new(more, &[]));
        assert_eq!((door.take(&party), quotas.take(&party)), (Ok(()), Ok(())));
        assert!(door.take(&party).is_err());
    }
}
