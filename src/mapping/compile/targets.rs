//! Targets: where a value goes, and whether it may go there.
//!
//! Promises: a source variable is never written; a choice element says its type or takes its value's. Never:
//! leaves it to the run what the types already say.

use super::Compiler;
use super::shape::Shape;
use crate::mapping::ast::{self, TargetList};
use crate::mapping::plan::{List, Operand, Place, Slot, Step, Target, Transform};
use crate::mapping::primitives;
use crate::tree::types::{Representation, TypeId, TypeKind};

/// Where a target goes and which types it may have there; none: unknown.
pub(super) struct Spot {
    pub place: Place,
    pub types: Vec<TypeId>,
}

impl Compiler<'_> {
    /// A target of a rule whose first source is `read`; with `simple` it copies that.
    pub(super) fn target(
        &mut self,
        target: &ast::Target,
        read: &(Slot, Shape),
        simple: bool,
    ) -> Option<Target> {
        let spot = self.spot(target)?;
        let made = match &target.transform {
            None if simple => {
                let operand = Operand::Slot(read.0);
                Some(self.copy(target.at, operand, &read.1, &spot))
            }
            None => self.make(target, &spot),
            Some(transform) => self.transform(transform, &spot, read),
        };
        let (transform, types) = made.unwrap_or((Transform::Make, Vec::new()));
        let list = match &target.list {
            None => List::New,
            Some(TargetList::First) => List::First,
            Some(TargetList::Last) => List::Last,
            Some(TargetList::Single) => List::Single,
            Some(TargetList::Share(key)) => List::Share(self.share(key)),
        };
        let created = matches!(transform, Transform::Create(_));
        let written = created || !matches!(spot.place, Place::Nowhere);
        let shape = if written { Shape::target(types) } else { Shape::source(types) };
        let bind = match (&target.alias, &target.element) {
            (Some(alias), _) => {
                let slot = self.new_slot();
                self.bind(alias, slot, shape);
                Some(slot)
            }
            (None, Some(element)) => {
                let slot = self.new_slot();
                self.bind_implicitly(element, slot, shape);
                Some(slot)
            }
            (None, None) => None,
        };
        Some(Target { place: spot.place, transform, list, bind })
    }

    fn share(&mut self, key: &str) -> u32 {
        if let Some(at) = self.shares.iter().position(|known| **known == *key) {
            return at as u32;
        }
        self.shares.push(key.into());
        self.shares.len() as u32 - 1
    }

    fn spot(&mut self, target: &ast::Target) -> Option<Spot> {
        let Some(context) = &target.context else {
            return Some(Spot { place: Place::Nowhere, types: Vec::new() });
        };
        let (mut slot, mut shape) = self.target_variable(context)?;
        if !shape.is_target {
            let text = format!("`{}` is a source and cannot be written", &**context);
            self.error(context.at, "map-wrong-mode", text, None);
            return None;
        }
        let Some(element) = &target.element else {
            return Some(Spot { place: Place::Whole(slot), types: shape.types });
        };
        for name in &target.path {
            let (step, below) = self.step(&shape, name);
            let place = Place::Below(slot, step);
            slot = self.before(place, Transform::Make);
            shape = Shape::target(below.types);
        }
        let (step, below) = self.step(&shape, element);
        Some(Spot { place: Place::Below(slot, step), types: below.types })
    }

    /// A target that the map does not write out, made before the one at hand; gives what it is bound to.
    pub(super) fn before(&mut self, place: Place, transform: Transform) -> Slot {
        let slot = self.new_slot();
        self.before.push(Target { place, transform, list: List::New, bind: Some(slot) });
        slot
    }

    /// An element without a transform: its only type.
    fn make(&mut self, target: &ast::Target, spot: &Spot) -> Option<(Transform, Vec<TypeId>)> {
        match (&spot.place, &spot.types[..]) {
            (Place::Below(..), [one]) if !self.needs_a_type(*one) => {}
            (Place::Below(..), [_, ..]) => {
                let help = Some("say which: `= create('...')`".to_owned());
                let types = self.type_names(&spot.types);
                let text = format!("the element may be {types}");
                self.error(target.at, "map-wrong-type", text, help);
                return None;
            }
            _ => {}
        }
        Some((Transform::Make, spot.types.clone()))
    }

    fn needs_a_type(&self, type_id: TypeId) -> bool {
        let one = self.table.type_of(type_id);
        one.is_abstract && one.kind != TypeKind::Logical
    }

    /// A copy of a value into a spot: by a type group, as it is, or converted.
    pub(super) fn copy(
        &mut self,
        at: u32,
        operand: Operand,
        given: &Shape,
        spot: &Spot,
    ) -> (Transform, Vec<TypeId>) {
        let direct =
            matches!(spot.place, Place::Whole(_) | Place::Nowhere | Place::Below(_, Step::Value));
        if direct {
            let types =
                if spot.types.is_empty() { given.types.clone() } else { spot.types.clone() };
            return (Transform::Copy(operand), types);
        }
        let known = given.only().filter(|one| !self.needs_a_type(*one));
        if let (Some(source), Operand::Slot(_)) = (known, &operand)
            && let Some((map, group, made)) = self.type_group(at, source, &spot.types)
        {
            let mut shapes = vec![Shape::of(source, false), Shape::of(made, true)];
            let declared = self.declared(map, group);
            if declared[0].types.is_empty() {
                shapes[0] = declared[0].clone();
            }
            let instance = self.instance(super::Key { map, group, shapes });
            let types = if made == TypeId::NONE { Vec::new() } else { vec![made] };
            return (Transform::Typed(operand, instance, made), types);
        }
        if let Operand::Slot(_) = operand
            && self.may_be_several(given)
            && let Some(table) = self.dispatch(&given.types, &spot.types)
        {
            let fitting = self.fitting(given, spot);
            return (Transform::Dispatch(operand, table), fitting);
        }
        self.check_literal(at, &operand, spot);
        let fitting = self.fitting(given, spot);
        if fitting.is_empty() && !given.types.is_empty() && !spot.types.is_empty() {
            let (from, to) = (self.type_names(&given.types), self.type_names(&spot.types));
            let text = format!("{from} cannot become {to}");
            self.error(at, "map-wrong-type", text, None);
        }
        (Transform::Copy(operand), fitting)
    }

    /// Whether only an item itself tells its type.
    fn may_be_several(&self, given: &Shape) -> bool {
        given.only().is_none_or(|one| self.needs_a_type(one))
    }

    /// The types of a spot that a value may become.
    pub(super) fn fitting(&self, given: &Shape, spot: &Spot) -> Vec<TypeId> {
        if given.types.is_empty() || spot.types.is_empty() {
            return spot.types.clone();
        }
        // The value's own type is taken if the element has it.
        let own = |t: &TypeId| {
            given.types.contains(t) || given.types.iter().any(|g| self.table.is_a(*g, *t))
        };
        let exact: Vec<_> = spot.types.iter().copied().filter(own).collect();
        let unconverted = given.types.iter().all(|g| exact.iter().any(|t| self.table.is_a(*g, *t)));
        if !exact.is_empty() && unconverted {
            return match given.types.iter().any(|g| self.needs_a_type(*g)) {
                true => Vec::new(),
                false => given.types.clone(),
            };
        }
        let value = |t: &TypeId| self.has_value(*t);
        let convertible = given.types.iter().any(value);
        spot.types.iter().copied().filter(|t| own(t) || (convertible && value(t))).collect()
    }

    /// Whether a type has a text of its own: a primitive, or a model's element with character data.
    fn has_value(&self, type_id: TypeId) -> bool {
        self.table.primitive(type_id).is_some()
            || self.table.child(type_id, crate::tree::NameId::NONE).is_some()
    }

    /// A literal must be a value of one of the spot's types.
    fn check_literal(&mut self, at: u32, operand: &Operand, spot: &Spot) {
        let Operand::Constant(start, len, _) = *operand else { return };
        let text = self.constants[start as usize..(start + len) as usize].to_owned();
        let all: Option<Vec<_>> = spot.types.iter().map(|t| self.table.primitive(*t)).collect();
        let Some(primitives) = all.filter(|all| !all.is_empty()) else { return };
        if let (true, Place::Below(_, Step::Element(element))) = (text.is_empty(), &spot.place)
            && self.table.element(*element).representation == Representation::Place
        {
            return;
        }
        if !primitives.iter().any(|p| primitives::convert(*p, &text, false).is_some()) {
            let types = self.type_names(&spot.types);
            self.error(at, "map-wrong-type", format!("`{text}` is no {types}"), None);
        }
    }
}
