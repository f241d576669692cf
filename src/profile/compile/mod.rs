//! StructureDefinitions -> programs.
//!
//! Promises: a program holds only what its profile asks beyond its type, so that the base is checked once;
//! programs name each other by number and may do so in circles; what cannot be compiled is said with the
//! profile and element, and is "not checked" from then on, never silently passed. Never: runs while a
//! message waits.

mod base;
mod defs;
mod discriminators;
mod element;
mod implied;
mod invariants;
mod literals;
mod slices;
#[cfg(test)]
mod tests;

use super::needs::Needs;
use super::program::{
    ConstraintId, Extension, Guard, Place, Program, ProgramId, Programs, Spec, SpecId,
};
use super::settings::Settings;
use crate::definitions::model::{ElementDefinition, StructureDefinition};
use crate::definitions::{DefinitionId, Library, PackageId, Scope, StructureRef};
use crate::message::{Diagnostic, Origin};
use crate::tree::types::{ElementId, Table, TypeId};
use defs::Defs;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The compiler's state.
pub(super) struct Compiler<'a> {
    pub library: &'a Library,
    pub table: &'a Arc<Table>,
    pub settings: &'a Settings,
    pub programs: Programs,
    pub diagnostics: Vec<Diagnostic>,
    /// The kinds of definitions that canonicals name, by element.
    pub named_kinds: HashMap<ElementId, u8, foldhash::fast::FixedState>,
    by_structure: HashMap<(DefinitionId, PackageId), ProgramId>,
    queue: Vec<(ProgramId, StructureRef<'a>, Scope)>,
    defs: HashMap<DefinitionId, Rc<Defs<'a>>>,
    invariants: invariants::Known,
    literals: literals::Pool<'a>,
}

/// What is compiled right now.
pub(super) struct Context<'a> {
    structure: &'a StructureDefinition,
    defs: Rc<Defs<'a>>,
    pub scope: Scope,
    pub program: ProgramId,
    /// Elements whose children are those of another: (the spec to be completed, the other's index).
    pub referring: Vec<(SpecId, usize)>,
    /// The specs made so far, by index.
    pub made: HashMap<usize, SpecId>,
}

impl<'a> Context<'a> {
    pub fn element(&self, at: usize) -> &'a ElementDefinition {
        &self.defs.elements[at]
    }
}

impl<'a> Compiler<'a> {
    /// A compiler with the base definitions compiled.
    pub fn new(library: &'a Library, settings: &'a Settings) -> Compiler<'a> {
        let table = library.table();
        let mut compiler = Compiler {
            library,
            table,
            settings,
            programs: Programs {
                programs: Vec::new(),
                specs: Vec::new(),
                needs: Vec::new(),
                constraints: Vec::new(),
                literals: Vec::new(),
                literal_texts: Vec::new(),
                literal_tree: crate::tree::Tree::new(Arc::clone(table.names())),
                base_types: vec![None; table.types().len()],
                base_elements: vec![None; table.elements().len()],
            },
            diagnostics: Vec::new(),
            named_kinds: HashMap::default(),
            by_structure: HashMap::new(),
            queue: Vec::new(),
            defs: HashMap::new(),
            invariants: Default::default(),
            literals: Default::default(),
        };
        compiler.base();
        compiler
    }

    /// The program of a canonical, compiled later if it is new; none when nobody defines it.
    pub fn program_for(&mut self, canonical: &str, scope: Scope) -> Option<ProgramId> {
        let found = self.library.structure(canonical, scope)?;
        Some(self.program_of(found, scope.root))
    }

    /// The program of a structure under a root package.
    pub fn program_of(&mut self, found: StructureRef<'a>, root: PackageId) -> ProgramId {
        // the core package resolves alike under every root
        let root = if found.package == PackageId::CORE { PackageId::CORE } else { root };
        if let Some(known) = self.by_structure.get(&(found.id, root)) {
            return *known;
        }
        let id = ProgramId(self.programs.programs.len() as u32);
        let type_id = self.table.find(&found.definition.type_name).unwrap_or(TypeId::NONE);
        let extension = self.extension(found.definition);
        self.programs.programs.push(Program {
            canonical: canonical_of(found.definition),
            type_id,
            root: None,
            extension,
            implies: Vec::new(),
        });
        self.by_structure.insert((found.id, root), id);
        if found.definition.constrains {
            self.queue.push((id, found, Scope { root, from: found.package }));
        }
        id
    }

    /// Compiles what is waiting, and what that leads to; then reads the literals.
    pub fn finish(mut self) -> (Programs, Vec<Diagnostic>) {
        self.drain();
        let lines = self.lines();
        let Compiler { mut programs, mut diagnostics, literals, table, .. } = self;
        literals.read(table, &mut programs, &mut diagnostics);
        programs.specs.iter_mut().for_each(Spec::index);
        for spec in &mut programs.specs {
            let guard = |id: &ConstraintId| programs.constraints[id.0 as usize].guard;
            spec.idle = Guard::all(spec.constraints.iter().map(guard));
        }
        programs.needs = programs.specs.iter().map(Needs::of).collect();
        implied::note(&mut programs, table, lines);
        (programs, diagnostics)
    }

    /// Compiles what is waiting.
    pub fn drain(&mut self) {
        while let Some((program, found, scope)) = self.queue.pop() {
            if found.definition.snapshot.is_empty() {
                let text = "the profile has no snapshot: nothing of it is checked";
                self.warn(found.definition, "", "profile-no-snapshot", text.into());
                continue;
            }
            let mut context = Context {
                structure: found.definition,
                defs: self.defs(found),
                scope,
                program,
                referring: Vec::new(),
                made: HashMap::new(),
            };
            let types = [self.programs.programs[program.0 as usize].type_id];
            let root = self.spec(&mut context, 0, &[], &types, None);
            self.complete(&context);
            self.programs.programs[program.0 as usize].root = root;
        }
    }

    /// Gives the elements that refer to others the children of those.
    fn complete(&mut self, context: &Context<'a>) {
        for (spec, other) in &context.referring {
            let Some(made) = context.made.get(other) else { continue };
            let (children, counters) = {
                let other = &self.programs.specs[made.0 as usize];
                (other.children.iter().map(clone_rule).collect(), other.counters)
            };
            let spec: &mut Spec = &mut self.programs.specs[spec.0 as usize];
            (spec.children, spec.counters) = (children, counters);
        }
    }

    fn defs(&mut self, found: StructureRef<'a>) -> Rc<Defs<'a>> {
        let make = || Rc::new(Defs::new(found));
        Rc::clone(self.defs.entry(found.id).or_insert_with(make))
    }

    pub fn add(&mut self, spec: Spec) -> SpecId {
        self.programs.specs.push(spec);
        SpecId(self.programs.specs.len() as u32 - 1)
    }

    pub fn warn(
        &mut self,
        structure: &StructureDefinition,
        element: &str,
        id: &'static str,
        text: String,
    ) {
        let file = match element {
            "" => canonical_of(structure).to_string(),
            element => format!("{}#{element}", canonical_of(structure)),
        };
        let origin = Origin { file: file.into(), line: 0, column: 0 };
        let one = Diagnostic::warning(origin, id, text);
        if !self.diagnostics.contains(&one) {
            self.diagnostics.push(one);
        }
    }

    fn extension(&self, structure: &StructureDefinition) -> Option<Extension> {
        if &*structure.type_name != "Extension" || !structure.constrains {
            return None;
        }
        let modifier = structure.snapshot.first().is_some_and(|e| e.is_modifier);
        let contexts = structure.contexts.iter().map(|c| match &*c.kind {
            "element" => self.place(&c.expression),
            "extension" => Place::Extension(c.expression.clone()),
            _ => self.path(&c.expression).map_or(Place::Unchecked, |e| Place::Path(Box::new(e))),
        });
        let contexts = contexts.collect();
        let invariants = structure.context_invariants.iter().filter_map(|i| self.path(i)).collect();
        let parts = parts(structure);
        Some(Extension { modifier, contexts, parts, invariants })
    }

    fn path(&self, text: &str) -> Option<crate::fhirpath::Expression> {
        super::paths::compile_leniently(text, self.table, &[], false)
            .ok()
            .map(|(expression, _)| expression)
    }

    fn place(&self, expression: &str) -> Place {
        let path = expression.split('#').next_back().unwrap_or(expression);
        if matches!(path, "Element" | "*") {
            return Place::Anywhere;
        }
        if let Some(type_id) = self.table.find(path) {
            return Place::Type(type_id);
        }
        let found = path.rsplit_once('.').and_then(|(parent, name)| {
            let name = self.table.names().find(name.trim_end_matches("[x]"))?;
            Some(Place::Element(self.table.find(parent)?, name))
        });
        found.unwrap_or(Place::Unchecked)
    }
}

/// The short names of an extension's parts; none when a part is named by nothing but its own definition.
fn parts(structure: &StructureDefinition) -> Option<Box<[Box<str>]>> {
    let at = |path: &'static str| structure.snapshot.iter().filter(move |e| *e.path == *path);
    let slices = at("Extension.extension").filter(|e| e.slice_name.is_some()).count();
    let name = |e: &ElementDefinition| {
        let text = e.fixed.as_ref().or(e.pattern.as_ref())?.json.trim_matches('"').into();
        Some(text)
    };
    let names: Vec<Box<str>> = at("Extension.extension.url").filter_map(name).collect();
    (slices > 0 && names.len() == slices).then(|| names.into())
}

fn clone_rule(rule: &super::program::ChildRule) -> super::program::ChildRule {
    super::program::ChildRule {
        element: rule.element,
        min: rule.min,
        max: rule.max,
        name: Arc::clone(&rule.name),
        spec: rule.spec,
        slicing: rule.slicing.clone(),
    }
}

/// `url|version`.
pub(super) fn canonical_of(structure: &StructureDefinition) -> Arc<str> {
    match &structure.version {
        Some(version) => format!("{}|{version}", structure.url).into(),
        None => (&*structure.url).into(),
    }
}
