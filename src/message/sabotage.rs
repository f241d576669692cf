//! Guarantees broken on purpose, to show that their trials would see it.
//!
//! Promises: in a build without the feature `sabotage` nothing is ever broken, and the question costs nothing. With
//! it, the one switch that `STAFETT_SABOTAGE` names is on. Never: in a build that anybody runs.

/// Whether this switch is on.
#[cfg(feature = "sabotage")]
pub fn broken(switch: &str) -> bool {
    std::env::var_os("STAFETT_SABOTAGE").is_some_and(|one| one == switch)
}

/// Whether this switch is on: never.
#[cfg(not(feature = "sabotage"))]
#[inline(always)]
pub const fn broken(_: &str) -> bool {
    false
}
