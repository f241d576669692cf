//! Which group of a message's structure a segment belongs to.
//!
//! Promises: segments stay in their order; a group begins where one of its leading segments comes; what the
//! structure does not know, or not there, stays in the group that is open. One look at each level per
//! segment. Never: says that something is missing: that is for whoever checks the model.

use crate::tree::types::{Table, TypeId, TypeKind};
use crate::tree::{Kind, NameId, NodeId, Tree};

/// A structure's groups; the first is the whole message.
#[derive(Clone, Debug, Default)]
pub(super) struct Structure {
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    name: NameId,
    repeats: bool,
    members: Vec<Member>,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    /// A segment's name.
    name: NameId,
    /// The place of a group.
    group: Option<u16>,
    repeats: bool,
    required: bool,
}

/// A group that is open, and how far its members have come.
#[derive(Clone, Copy, Debug)]
struct Open {
    group: u16,
    node: NodeId,
    at: usize,
}

/// Where a message is in its structure.
pub(super) struct Cursor<'a> {
    structure: &'a Structure,
    open: Vec<Open>,
}

impl Structure {
    pub(super) fn new(table: &Table, root: TypeId) -> Structure {
        let mut structure = Structure::default();
        structure.group(table, root, NameId::NONE, false);
        structure
    }

    fn group(&mut self, table: &Table, id: TypeId, name: NameId, repeats: bool) -> u16 {
        let place = self.groups.len();
        self.groups.push(Group { name, repeats, members: Vec::new() });
        for element in &table.type_of(id).elements {
            let element = table.element(*element);
            let Some(alternative) = element.alternatives.first() else { continue };
            let repeats = element.max > 1;
            let in_place = table.type_of(alternative.type_id).kind == TypeKind::Backbone;
            let group =
                in_place.then(|| self.group(table, alternative.type_id, element.name, repeats));
            let required = element.min > 0;
            let member = Member { name: element.name, group, repeats, required };
            self.groups[place].members.push(member);
        }
        place as u16
    }

    /// Whether a segment of that name may be a group's first.
    fn begins(&self, group: u16, name: NameId) -> bool {
        for member in &self.groups[usize::from(group)].members {
            let found = match member.group {
                Some(inner) => self.begins(inner, name),
                None => member.name == name && !self.qualifies(group, name),
            };
            if found || member.required {
                return found;
            }
        }
        false
    }

    /// Whether a segment of that name says more about what stands before it in a group, so that it never begins
    /// another: it is not the first, need not be there and may repeat, as notes and participations.
    fn qualifies(&self, group: u16, name: NameId) -> bool {
        let members = self.groups[usize::from(group)].members.iter().skip(1);
        members.into_iter().any(|one| one.name == name && !one.required && one.repeats)
    }

    /// Whether a segment of that name stands anywhere in a group.
    fn has(&self, group: u16, name: NameId) -> bool {
        self.groups[usize::from(group)].members.iter().any(|member| match member.group {
            Some(inner) => self.has(inner, name),
            None => member.name == name,
        })
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(structure: &'a Structure, root: NodeId) -> Cursor<'a> {
        let open = match structure.groups.is_empty() {
            true => Vec::new(),
            false => vec![Open { group: 0, node: root, at: 0 }],
        };
        Cursor { structure, open }
    }

    /// The node that the next segment belongs below; groups that it opens are added to the tree.
    pub(super) fn place(&mut self, name: NameId, tree: &mut Tree, offset: u32) -> Option<NodeId> {
        self.ahead(name, tree, offset, Structure::begins)
            .or_else(|| self.here(name))
            .or_else(|| self.ahead(name, tree, offset, Structure::has))
            .or_else(|| self.behind(name))
            .or_else(|| self.open.last().map(|open| open.node))
    }

    /// Looks for a place from where the message is, the innermost group first.
    fn ahead(
        &mut self,
        name: NameId,
        tree: &mut Tree,
        offset: u32,
        fits: fn(&Structure, u16, NameId) -> bool,
    ) -> Option<NodeId> {
        let structure = self.structure;
        for level in (0..self.open.len()).rev() {
            let Open { group, at, .. } = self.open[level];
            let members = &structure.groups[usize::from(group)].members;
            for (place, member) in members.iter().enumerate().skip(at) {
                let again = place == at && tree.first_child(self.open[level].node).is_some();
                let found = match member.group {
                    Some(inner) => {
                        (!again || member.repeats || self.fresh(level, inner))
                            && fits(structure, inner, name)
                    }
                    None => member.name == name && (!again || member.repeats),
                };
                if found {
                    self.open.truncate(level + 1);
                    self.open[level].at = place;
                    return Some(self.enter(member.group, name, tree, offset, fits));
                }
            }
            let repeats = structure.groups[usize::from(group)].repeats;
            if repeats && level > 0 && fits(structure, group, name) {
                self.open.truncate(level);
                return Some(self.enter(Some(group), name, tree, offset, fits));
            }
        }
        None
    }

    /// Whether the member group at which a level stands was not opened yet.
    fn fresh(&self, level: usize, inner: u16) -> bool {
        self.open.get(level + 1).is_none_or(|open| open.group != inner)
    }

    /// Opens a group and those inside it down to the one that holds the segment.
    fn enter(
        &mut self,
        group: Option<u16>,
        name: NameId,
        tree: &mut Tree,
        offset: u32,
        fits: fn(&Structure, u16, NameId) -> bool,
    ) -> NodeId {
        let structure = self.structure;
        let mut next = group;
        while let Some(group) = next {
            let parent = self.open.last().map(|open| open.node);
            let one = &structure.groups[usize::from(group)];
            let node = tree.add(parent, Kind::Element, one.name, offset);
            let found = one.members.iter().position(|member| match member.group {
                Some(inner) => fits(structure, inner, name),
                None => member.name == name,
            });
            let at = found.unwrap_or_default();
            self.open.push(Open { group, node, at });
            next = one.members.get(at).and_then(|member| member.group);
        }
        self.open.last().expect("the root is always open").node
    }

    /// The innermost group, if it has such segments: notes may come before or behind participations.
    fn here(&self, name: NameId) -> Option<NodeId> {
        let open = self.open.last()?;
        self.structure.qualifies(open.group, name).then_some(open.node)
    }

    /// A segment that comes again although it may not, or after others that it should come before, stays
    /// with the group that has it.
    fn behind(&mut self, name: NameId) -> Option<NodeId> {
        let has = |open: &Open| {
            let members = &self.structure.groups[usize::from(open.group)].members;
            members.iter().any(|m| m.group.is_none() && m.name == name)
        };
        let level = self.open.iter().rposition(has)?;
        self.open.truncate(level + 1);
        Some(self.open[level].node)
    }
}
