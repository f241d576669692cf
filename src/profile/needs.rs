//! What specs need of the walk, in a few bytes each: most nodes need nothing, and that must be found out fast.
//!
//! Promises: worked out once, when a spec is complete. Never: says more than the spec itself.

use super::program::{Programs, Spec, SpecId};
use super::rules::format::Format;

/// What the walk wants to know of a spec at every node, apart from the rest so that it lies together.
#[derive(Clone, Copy, Default)]
pub struct Needs {
    /// Which of the constants below hold.
    pub flags: u8,
}

impl Needs {
    /// It asks something of the node itself.
    pub const VALUE: u8 = 1;
    /// It names profiles on types.
    pub const PROFILES: u8 = 2;
    /// It asks something of single children, so that they must be looked at one by one.
    pub const DESCENDS: u8 = 4;
    /// It asks for something that may not be there.
    pub const CLOSES: u8 = 8;
    /// It has counters.
    pub const COUNTS: u8 = 16;

    /// What a complete spec needs.
    pub fn of(spec: &Spec) -> Needs {
        let value = !spec.types.is_empty()
            || spec.fixed.is_some()
            || spec.pattern.is_some()
            || spec.bounds.is_some()
            || spec.binding.is_some()
            || spec.reference.is_some()
            || !spec.constraints.is_empty();
        let closes = !spec.always.is_empty() || (spec.required | spec.forbidden) != 0;
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(value, Needs::VALUE)
            | flag(!spec.profiles.is_empty(), Needs::PROFILES)
            | flag(spec.descends, Needs::DESCENDS)
            | flag(closes, Needs::CLOSES)
            | flag(spec.counters > 0, Needs::COUNTS);
        Needs { flags }
    }

    /// Whether it does what one of these constants says.
    #[inline]
    pub fn any(self, flags: u8) -> bool {
        self.flags & flags != 0
    }
}

/// The formats of the types of which nothing but their format is asked while they have no parts.
pub(super) fn plain_types(formats: &[Option<Format>], programs: &Programs) -> Vec<Option<Format>> {
    let asks = |spec: &SpecId| {
        let unless_whole = Needs::VALUE | Needs::PROFILES | Needs::CLOSES;
        programs.needs[spec.0 as usize].any(unless_whole)
    };
    let of_type = |at: usize| programs.base_types.get(at).copied().flatten();
    let plain = |(at, format): (usize, &Option<Format>)| {
        format.filter(|_| of_type(at).as_ref().is_none_or(|spec| !asks(spec)))
    };
    formats.iter().enumerate().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::program::{ChildRule, ProgramId};
    use crate::tree::types::ElementId;

    fn rule(element: u32, min: u32, max: u32) -> ChildRule {
        let element = ElementId(element);
        ChildRule { element, min, max, name: "x".into(), spec: None, slicing: None }
    }

    #[test]
    fn masks_say_what_the_rules_say_where_nothing_repeats() {
        let rules = [rule(10, 1, u32::MAX), rule(11, 0, 1), rule(12, 0, 0), rule(13, 2, 3)];
        let mut spec = Spec::empty(ProgramId(0), "x");
        spec.children = rules.into();
        spec.index();
        assert!(Needs::of(&spec).any(Needs::CLOSES));
        assert_eq!(*spec.always, [3]);
        // the type's elements begin two before the spec's
        let seen = |elements: &[u32]| elements.iter().fold(0u128, |all, e| all | 1 << (e - 8));
        assert!(spec.is_met(seen(&[10]), 8) && spec.is_met(seen(&[8, 10, 11]), 8));
        assert!(!spec.is_met(seen(&[11]), 8) && !spec.is_met(seen(&[10, 12]), 8));
        // elements of another type are nothing that a mask could tell
        assert!(!spec.is_met(seen(&[10]), 900));
    }
}
