//! The base definitions: one spec a type and one an element, found by their numbers at run time.

use super::Compiler;
use super::defs::{Defs, last};
use crate::definitions::core::Kind;
use crate::definitions::model::{ElementDefinition, StructureDefinition};
use crate::definitions::{PackageId, Scope, StructureRef};
use crate::profile::program::{ChildRule, ProgramId, Spec};
use crate::profile::rules::canonicals;
use crate::tree::types::{ElementId, TypeId, TypeKind};
use std::sync::Arc;

impl<'a> Compiler<'a> {
    /// Compiles the definition of every type.
    pub(super) fn base(&mut self) {
        let library = self.library;
        for found in library.list(Kind::Structure).filter_map(|s| library.structure_of(s.id)) {
            if !found.definition.constrains && !found.definition.snapshot.is_empty() {
                self.base_structure(found);
            }
        }
    }

    fn base_structure(&mut self, found: StructureRef<'a>) {
        let structure = found.definition;
        let logical = structure.kind == crate::definitions::model::StructureKind::Logical;
        let name = if logical { &structure.url } else { &structure.type_name };
        let Some(root) = self.table.find(name) else { return };
        let program = self.program_of(found, PackageId::CORE);
        let defs = self.defs(found);
        self.base_type(structure, &defs, 0, root, program);
        let scope = Scope { root: PackageId::CORE, from: found.package };
        for at in 0..defs.elements.len() {
            let Some(type_id) = self.type_in_place(structure, &defs, at, root) else { continue };
            if at > 0 {
                self.base_type(structure, &defs, at, type_id, program);
            }
            for child in defs.children(at) {
                let element = &defs.elements[*child];
                let Some(id) = self.element_named(type_id, last(&element.path)) else { continue };
                let in_place = !defs.children(*child).is_empty();
                let spec = self.base_element(structure, element, (id, in_place), program, scope);
                self.programs.base_elements[id.0 as usize] = spec.map(|s| self.add(s));
            }
        }
    }

    /// The type that the element at `at` defines by its children.
    fn type_in_place(
        &self,
        structure: &StructureDefinition,
        defs: &Defs<'_>,
        at: usize,
        root: TypeId,
    ) -> Option<TypeId> {
        if at == 0 {
            return Some(root);
        }
        if defs.children(at).is_empty() {
            return None;
        }
        let below = defs.elements[at].path.split_once('.')?.1;
        let name = &self.table.type_of(root).name;
        let _ = structure;
        self.table.find(&format!("{name}.{below}"))
    }

    fn base_type(
        &mut self,
        structure: &'a StructureDefinition,
        defs: &Defs<'a>,
        at: usize,
        type_id: TypeId,
        program: ProgramId,
    ) {
        if self.programs.base_types[type_id.0 as usize].is_some() {
            return;
        }
        let element = &defs.elements[at];
        let types = [type_id];
        let constraints = self.constraints(structure, element, &types, &|_| false);
        let mut children = Vec::new();
        for id in &self.table.type_of(type_id).elements {
            let one = self.table.element(*id);
            if one.min > 0 || one.max < u32::MAX {
                let name = Arc::from(&*one.path);
                let (min, max) = (one.min, one.max);
                children.push(ChildRule {
                    element: *id,
                    min,
                    max,
                    name,
                    spec: None,
                    slicing: None,
                });
            }
        }
        children.sort_by_key(|c| c.element);
        let spec =
            Spec { constraints, children: children.into(), ..Spec::empty(program, &element.path) };
        self.programs.base_types[type_id.0 as usize] = Some(self.add(spec));
    }

    fn base_element(
        &mut self,
        structure: &'a StructureDefinition,
        element: &'a ElementDefinition,
        (id, in_place): (ElementId, bool),
        program: ProgramId,
        scope: Scope,
    ) -> Option<Spec> {
        let types: Vec<TypeId> =
            self.table.element(id).alternatives.iter().map(|a| a.type_id).collect();
        let mut spec = Spec::empty(program, &element.path);
        if !in_place {
            spec.constraints = self.constraints(structure, element, &types, &|_| false);
        }
        spec.fixed = self.literal(element.fixed.as_ref());
        spec.pattern = self.literal(element.pattern.as_ref());
        spec.bounds = self.bounds(element);
        spec.binding = self.binding(structure, element, scope);
        spec.reference = self.reference(element, scope);
        spec.profiles = self.type_profiles(element, scope);
        let primitive = types.iter().all(|t| self.table.type_of(*t).kind == TypeKind::Primitive);
        if primitive {
            spec.reference = None;
            if let Some(kinds) = canonicals::kinds(structure, element) {
                self.named_kinds.insert(id, kinds);
            }
        }
        (!spec.is_empty()).then_some(spec)
    }

    /// The element of a type by its name in a path (`value[x]`).
    pub(super) fn element_named(&self, type_id: TypeId, name: &str) -> Option<ElementId> {
        if type_id == TypeId::NONE {
            return None;
        }
        let name = name.trim_end_matches("[x]");
        let wanted = self.table.names().find(name)?;
        let elements = self.table.type_of(type_id).elements.iter();
        elements.copied().find(|e| self.table.element(*e).name == wanted)
    }
}
