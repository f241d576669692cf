//! Which group is for an item whose type is known at run time alone.

use crate::tree::types::TypeId;

/// Groups by the type of the item they are for.
pub(super) struct Dispatch {
    /// Type, group, the type it makes; in the types' order.
    groups: Vec<(TypeId, u32, TypeId)>,
    /// Types for which several groups are equally near.
    several: Vec<TypeId>,
}

/// What is to be done with an item whose type is known at run time alone.
pub(super) enum Chosen {
    /// The group, and the type it makes.
    Group(u32, TypeId),
    /// Several are equally near.
    Several,
    /// No group is for it.
    Copy,
}

impl Dispatch {
    pub fn new(mut groups: Vec<(TypeId, u32, TypeId)>, mut several: Vec<TypeId>) -> Dispatch {
        groups.sort_unstable();
        several.sort_unstable();
        Dispatch { groups, several }
    }

    /// All the groups.
    pub fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.groups.iter().map(|(_, group, _)| *group)
    }

    /// The group for a type.
    pub fn find(&self, type_id: TypeId) -> Chosen {
        match self.groups.binary_search_by_key(&type_id, |(from, ..)| *from) {
            Ok(at) => Chosen::Group(self.groups[at].1, self.groups[at].2),
            Err(_) if self.several.binary_search(&type_id).is_ok() => Chosen::Several,
            Err(_) => Chosen::Copy,
        }
    }
}
