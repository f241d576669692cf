//! When invariants need not be asked: they say nothing of a node that lacks the children they look at.
//!
//! Promises: a guard never says that an invariant holds that does not. Never: looks at more than which children
//! are there.

use crate::tree::types::TypeId;

/// An invariant that holds of nodes of a type that lack certain children.
#[derive(Clone, Copy)]
pub struct Guard {
    /// The type.
    pub type_id: TypeId,
    /// The children, by their places among the type's elements.
    pub mask: u128,
}

impl Guard {
    /// Whether it holds of a node of a type with these children.
    #[inline]
    pub fn holds(&self, type_id: TypeId, present: u128) -> bool {
        self.type_id == type_id && self.mask & present == 0
    }

    /// What says that all of them hold, of nodes of one type.
    pub fn all(mut guards: impl Iterator<Item = Option<Guard>>) -> Option<Guard> {
        let first = guards.next()??;
        guards.try_fold(first, |all, one| {
            let one = one.filter(|one| one.type_id == all.type_id)?;
            Some(Guard { mask: all.mask | one.mask, ..all })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_hold_only_where_each_does() {
        let of = |type_id: u32, mask: u128| Some(Guard { type_id: TypeId(type_id), mask });
        let all = Guard::all([of(1, 1), of(1, 4)].into_iter()).unwrap();
        assert!(all.holds(TypeId(1), 2) && !all.holds(TypeId(1), 6) && !all.holds(TypeId(2), 2));
        for guards in [vec![], vec![of(1, 1), None], vec![None, of(1, 1)], vec![of(1, 1), of(2, 1)]]
        {
            assert!(Guard::all(guards.into_iter()).is_none());
        }
    }
}
