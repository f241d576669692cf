//! What a configuration grants each party.

use crate::config::{Config, Quota};
use crate::message::PartyName;
use crate::receive::{self, Quotas};
use std::num::NonZeroU32;

/// The quotas that a configuration grants, nothing taken of them yet.
pub(super) fn granted(config: &Config) -> Quotas {
    let own = config.parties.iter().filter_map(|party| {
        let own = party.quota.as_ref()?;
        Some((PartyName((*party.name).into()), quota(own)))
    });
    Quotas::new(quota(&config.limits.quota), &own.collect::<Vec<_>>())
}

/// Whether two configurations grant the same; then what was taken stays taken.
pub(super) fn same(one: &Config, other: &Config) -> bool {
    let plain = |quota: &Quota| (quota.per_second, quota.burst);
    let all = |config: &Config| {
        let own = config.parties.iter();
        let own = own.map(|one| (one.name.to_string(), one.quota.as_ref().map(plain)));
        (plain(&config.limits.quota), own.collect::<Vec<_>>())
    };
    all(one) == all(other)
}

fn quota(quota: &Quota) -> receive::Quota {
    let number = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    receive::Quota { per_second: number(quota.per_second), burst: number(quota.burst) }
}
