//! What the names below each type mean: one small table a type, found by multiplying and looking.
//!
//! Promises: made once, of the types and elements of a table; asking costs one or two looks, and what typing
//! wants to know of an element comes with it. Never: knows a name that no type has.

use super::NameId;
use super::types::{Child, Element, ElementId, Representation, Type, TypeId, TypeKind};

/// What typing must look at before it takes an element for what its name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Facts(u8);

impl Facts {
    /// It may repeat.
    pub const REPEATS: Facts = Facts(1);
    /// It has a value and is no narrative.
    pub const PRIMITIVE: Facts = Facts(2);
    /// It is a resource, of a model, or of a type that it says itself: more than its name counts.
    pub const SPECIAL: Facts = Facts(4);

    /// Whether all of `other` are facts.
    #[inline]
    pub fn has(self, other: Facts) -> bool {
        self.0 & other.0 == other.0
    }

    fn of(parent: &Type, element: &Element, types: &[Type], child: Child) -> Facts {
        let type_of = types.get(child.type_id.0 as usize);
        let kind = type_of.map(|one| one.kind);
        let plain =
            matches!(kind, Some(TypeKind::Primitive | TypeKind::Complex | TypeKind::Backbone));
        let xhtml = type_of.is_some_and(|one| &*one.name == "xhtml");
        let special = !plain
            || xhtml
            || parent.kind == TypeKind::Logical
            || element.representation == Representation::TypeAttribute;
        let flag = |set: bool, fact: Facts| if set { fact.0 } else { 0 };
        Facts(
            flag(element.max > 1, Facts::REPEATS)
                | flag(kind == Some(TypeKind::Primitive), Facts::PRIMITIVE)
                | flag(special, Facts::SPECIAL),
        )
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    name: NameId,
    child: Child,
    facts: Facts,
}

/// No name is here: a child's element is never none.
const FREE: Slot = Slot {
    name: NameId::NONE,
    child: Child { element: ElementId::NONE, type_id: TypeId::NONE },
    facts: Facts(0),
};

/// The tables of all types.
#[derive(Clone, Debug, Default)]
pub(super) struct Below {
    /// Where the table of each type begins, and how many bits of a hash say the place in it.
    tables: Vec<(u32, u32)>,
    slots: Vec<Slot>,
}

#[inline]
fn place(name: NameId, bits: u32) -> usize {
    // a shift by all bits is no shift: the one place is made by another
    ((u64::from(name.0).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 1) >> (63 - bits)) as usize
}

impl Below {
    /// The tables of these types; of equal names the first counts.
    pub fn new(types: &[Type], elements: &[Element]) -> Below {
        let mut made = Below { tables: Vec::with_capacity(types.len()), slots: Vec::new() };
        for one in types {
            let own = one.elements.iter().map(|id| (*id, &elements[id.0 as usize]));
            let count: usize = own.clone().map(|(_, e)| e.alternatives.len()).sum();
            let bits = (2 * count.max(1)).next_power_of_two().trailing_zeros();
            let start = made.slots.len();
            made.tables.push((start as u32, bits));
            made.slots.resize(start + (1 << bits), FREE);
            let slots = &mut made.slots[start..];
            for (id, element) in own {
                for alternative in &element.alternatives {
                    let (name, type_id) = (alternative.wire_name, alternative.type_id);
                    let child = Child { element: id, type_id };
                    let facts = Facts::of(one, element, types, child);
                    insert(slots, bits, Slot { name, child, facts });
                }
            }
        }
        made
    }

    /// What a name means below a type.
    #[inline]
    pub fn find(&self, parent: TypeId, name: NameId) -> Option<(Child, Facts)> {
        let (start, bits) = *self.tables.get(parent.0 as usize)?;
        let slots = &self.slots[start as usize..start as usize + (1 << bits)];
        let mut at = place(name, bits);
        loop {
            let slot = &slots[at & (slots.len() - 1)];
            if slot.child.element == ElementId::NONE {
                return None;
            }
            if slot.name == name {
                return Some((slot.child, slot.facts));
            }
            at += 1;
        }
    }
}

/// At least half of the slots stay free, so that a free one ends every search.
fn insert(slots: &mut [Slot], bits: u32, new: Slot) {
    let mut at = place(new.name, bits);
    loop {
        let last = slots.len() - 1;
        let slot = &mut slots[at & last];
        if slot.child.element == ElementId::NONE {
            *slot = new;
            return;
        }
        if slot.name == new.name {
            return;
        }
        at += 1;
    }
}
