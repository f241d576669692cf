//! Groups: one instance for each combination of types, with the parent's rules first.
//!
//! Promises: a declared parameter type is narrowed by a call, never widened. Never: compiles an instance twice.

use super::index::Side;
use super::shape::Shape;
use super::{Binding, Compiler, INSTANCES, Notes};
use crate::mapping::ast::{self, Argument};
use crate::mapping::plan::{self, Call, Slot};

/// Which instance of which group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub map: usize,
    pub group: usize,
    pub shapes: Vec<Shape>,
}

/// Groups extending each other deeper than this go in a circle.
const EXTENDS: u32 = 50;

impl Compiler<'_> {
    /// The shapes that a group declares.
    pub(super) fn declared(&mut self, map: usize, group: usize) -> Vec<Shape> {
        let before = std::mem::replace(&mut self.map, map);
        let mut shapes = Vec::new();
        for parameter in &self.maps[map].groups[group].parameters {
            let side = if parameter.is_target { Side::Target } else { Side::Source };
            let name = parameter.type_name.as_ref();
            let type_id = name.and_then(|name| self.parameter_type(name, side));
            shapes.push(Shape {
                types: type_id.into_iter().collect(),
                is_target: parameter.is_target,
            });
        }
        self.map = before;
        shapes
    }

    /// The index of an instance, which is compiled later if it is new.
    pub(super) fn instance(&mut self, key: Key) -> u32 {
        let id = match self.instances.get(&key) {
            Some(id) => *id,
            None if self.groups.len() >= INSTANCES => {
                let name = &self.maps[key.map].groups[key.group].name;
                let text = format!(
                    "the groups are called with more than {INSTANCES} combinations of types"
                );
                self.error(name.at, "map-too-many-groups", text, None);
                0
            }
            None => {
                let id = self.groups.len() as u32;
                self.groups.push(None);
                self.notes.push(Notes { map: key.map, ..Notes::default() });
                self.instances.insert(key.clone(), id);
                self.pending.push((id, key));
                id
            }
        };
        if let Some(current) = self.current {
            self.notes[current as usize].calls.push(id);
        }
        id
    }

    /// Compiles an instance.
    pub(super) fn group(&mut self, key: &Key) -> plan::Group {
        self.map = key.map;
        self.slots = key.shapes.len() as u32;
        let parameters = &self.maps[key.map].groups[key.group].parameters;
        let given =
            parameters.iter().zip(&key.shapes).enumerate().map(|(at, (one, shape))| Binding {
                name: one.name.text.clone(),
                slot: Slot(at as u32),
                shape: shape.clone(),
                implicit: false,
            });
        let given = given.collect();
        let target = parameters.iter().zip(&key.shapes).find(|(one, _)| one.is_target);
        let unknown = target.filter(|(_, shape)| shape.types.is_empty());
        let makes = unknown.and_then(|(one, _)| one.type_name.as_ref());
        let makes = makes.map(|name| self.root_name(Some(name), None).0).unwrap_or_default();
        let rules = self.group_rules(key.map, key.group, given, 0);
        plan::Group { slots: self.slots, rules, makes }
    }

    /// The rules of a group for the variables that it is given, its parent's first.
    fn group_rules(
        &mut self,
        map: usize,
        group: usize,
        given: Vec<Binding>,
        depth: u32,
    ) -> Vec<plan::Rule> {
        let one = &self.maps[map].groups[group];
        let mut rules = Vec::new();
        let before = std::mem::replace(&mut self.map, map);
        if let Some(parent) = &one.extends {
            if depth > EXTENDS {
                self.error(parent.at, "map-circular", "the groups extend each other", None);
            } else if let Some((map, group)) = self.group_named(parent)
                && let Some(given) = self.given_to_parent(map, group, &given, parent)
            {
                rules = self.group_rules(map, group, given, depth + 1);
            }
        }
        self.scope = given;
        rules.extend(one.rules.iter().map(|rule| self.rule(rule)));
        self.map = before;
        rules
    }

    /// A parent's variables: those of the same name, else those at the same place of the same mode; and under
    /// their own names the others, for a parent without parameters speaks of its children's.
    fn given_to_parent(
        &mut self,
        map: usize,
        group: usize,
        given: &[Binding],
        parent: &ast::Name,
    ) -> Option<Vec<Binding>> {
        let declared = self.declared(map, group);
        let wanted = &self.maps[map].groups[group].parameters;
        let mut taken = Vec::new();
        let mut own = Vec::new();
        for (at, one) in wanted.iter().enumerate() {
            let place = wanted[..at].iter().filter(|w| w.is_target == one.is_target).count();
            let mut alike = given.iter().filter(|g| g.shape.is_target == one.is_target);
            let found = given
                .iter()
                .find(|g| g.name == one.name.text && g.shape.is_target == one.is_target)
                .or_else(|| alike.nth(place));
            let Some(found) = found else {
                let text =
                    format!("`{}` has other parameters, so it cannot be extended", &**parent);
                self.error(parent.at, "map-arity", text, None);
                return None;
            };
            taken.push(found.slot);
            let mut shape = found.shape.clone();
            // A parent for other types sees its child's by name: maps in use extend `BackboneElement` where
            // there is only an `Element`.
            let alike = |wanted: &_| shape.types.iter().all(|t| self.table.is_a(*t, *wanted));
            if self.is_foreign(one, &declared[at]) || !declared[at].types.iter().all(alike) {
                shape.types.clear();
            }
            own.push(Binding { name: one.name.text.clone(), shape, ..found.clone() });
        }
        let mut all: Vec<Binding> =
            given.iter().filter(|one| !taken.contains(&one.slot)).cloned().collect();
        all.append(&mut own);
        Some(all)
    }

    /// A call of a group from a rule.
    pub(super) fn call(&mut self, call: &ast::Call) -> Option<Call> {
        let (map, group) = self.group_named(&call.name)?;
        let one = &self.maps[map].groups[group];
        if one.parameters.len() != call.arguments.len() {
            let (wants, given) = (one.parameters.len(), call.arguments.len());
            let text = format!("`{}` takes {wants} arguments, {given} are given", &*call.name);
            self.error(call.name.at, "map-arity", text, None);
            return None;
        }
        let declared = self.declared(map, group);
        let mut arguments = Vec::new();
        let mut shapes = Vec::new();
        let parameters = &one.parameters;
        for ((argument, declared), parameter) in call.arguments.iter().zip(declared).zip(parameters)
        {
            let (operand, given) = match argument {
                // Where a target is wanted, the name is a target's.
                Argument::Variable(name) if declared.is_target && self.in_scope(name) => {
                    let (slot, shape) = self.target_variable(name)?;
                    (plan::Operand::Slot(slot), shape)
                }
                _ => self.operand(argument)?,
            };
            self.check_mode(argument, &given, &declared);
            shapes.push(match self.is_foreign(parameter, &declared) {
                true => declared,
                false => self.narrow(argument, &given, declared),
            });
            arguments.push(operand);
        }
        let group = self.instance(Key { map, group, shapes });
        Some(Call { group, arguments })
    }

    /// Whether a parameter is of a type that nobody has loaded: then nothing is known of it, whatever is given.
    pub(super) fn is_foreign(&self, parameter: &ast::Parameter, declared: &Shape) -> bool {
        parameter.type_name.is_some() && declared.types.is_empty()
    }

    fn check_mode(&mut self, argument: &Argument, given: &Shape, declared: &Shape) {
        if declared.is_target && !given.is_target {
            let text = "a source is given where the group wants a target";
            self.error(argument.at(), "map-wrong-mode", text, None);
        }
    }

    /// The more specific of what is given and what is declared.
    fn narrow(&mut self, argument: &Argument, given: &Shape, declared: Shape) -> Shape {
        let Some(wanted) = declared.only() else {
            return Shape { is_target: declared.is_target, ..given.clone() };
        };
        if given.types.is_empty() {
            return declared;
        }
        let given_shape = given.clone();
        let fitting: Vec<_> =
            given.types.iter().copied().filter(|t| self.table.is_a(*t, wanted)).collect();
        let wider = given.types.iter().any(|t| self.table.is_a(wanted, *t));
        if fitting.is_empty() && !wider {
            let (given, wanted) = (self.type_names(&given.types), self.type_names(&[wanted]));
            let text = format!("{given} is given where the group wants {wanted}");
            // No engine looks at it, and maps in use rely on that: then what is given counts.
            self.lacking(argument.at(), "map-wrong-type", text, None);
            return Shape { is_target: declared.is_target, ..given_shape };
        }
        match fitting.is_empty() {
            true => declared,
            false => Shape { types: fitting, is_target: declared.is_target },
        }
    }
}
