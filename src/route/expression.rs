//! The expressions of intake descriptions and routes: compiled at load, with their faults placed in the
//! file they stand in.
//!
//! Promises: a fault is found before a message comes. Never: evaluates to more than text or a truth.

use crate::config::At;
use crate::fhirpath::{Context, Expression, Item, Memory, Scene};
use crate::message::{Diagnostic, Origin};
use crate::tree::NodeId;
use crate::tree::types::{Table, TypeId, TypeKind};
use std::sync::Arc;

/// Compiles expressions over one table and collects what is wrong with them.
pub(super) struct Compiler<'a> {
    table: &'a Arc<Table>,
    found: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    /// A compiler over a table.
    pub(super) fn new(table: &'a Arc<Table>) -> Compiler<'a> {
        Compiler { table, found: Vec::new() }
    }

    /// What was found.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.found
    }

    /// Reports something else.
    pub(super) fn report(&mut self, one: Diagnostic) {
        self.found.push(one);
    }

    /// The type of a format's root, if the table has it: a resource by its name, a model by the name and
    /// namespace of its root element.
    pub(super) fn root(&self, root: &str, namespace: Option<&str>) -> Option<TypeId> {
        let names = self.table.names();
        if namespace.is_none() {
            let found = self.table.find(root);
            return found.filter(|id| self.table.type_of(*id).kind == TypeKind::Resource);
        }
        let (root, namespace) = (names.find(root)?, names.find(namespace?)?);
        let place = self.table.types().iter().position(|one| {
            one.kind == TypeKind::Logical
                && one.root_name == Some(root)
                && one.namespace == namespace
        });
        place.map(|place| TypeId(place as u32))
    }

    /// Compiles an expression on a focus of these types; none: of any type.
    pub(super) fn compile(&mut self, at: &At<Box<str>>, focus: &[TypeId]) -> Option<Expression> {
        let context = Context { focus: focus.to_vec(), ..Context::default() };
        match Expression::compile(&at.value, self.table, &context) {
            Ok(expression) => Some(expression),
            Err(faults) => {
                for fault in faults {
                    let text = format!("[{}] {}", fault.id, fault.text);
                    let origin = inside(&at.origin, &at.value, fault.offset);
                    let one = Diagnostic::error(origin, "route-expression", text);
                    self.found.push(match fault.help {
                        Some(help) => one.help(help),
                        None => one,
                    });
                }
                None
            }
        }
    }
}

/// The place of an offset in a text that is written in quotes, on one line.
fn inside(origin: &Origin, text: &str, offset: u32) -> Origin {
    let before = text.get(..offset as usize).unwrap_or(text);
    match text.contains('\n') {
        true => origin.clone(),
        false => {
            let column = origin.column + 1 + before.chars().count() as u32;
            Origin { column, ..origin.clone() }
        }
    }
}

/// The texts that an expression yields on a root. One that cannot be evaluated yields none.
pub(super) fn texts(
    expression: &Expression,
    scene: &Scene<'_>,
    root: NodeId,
    memory: &mut Memory,
    mut each: impl FnMut(&str),
) {
    if let Ok(result) = expression.evaluate(scene, &[Item::Node(0, root)], &[], memory) {
        for item in result.iter() {
            if let Some(text) = result.text(&item).filter(|text| !text.is_empty()) {
                each(&text);
            }
        }
    }
}

/// The first text that an expression yields, unless it is longer than an id can be.
pub(super) fn first(
    expression: &Expression,
    scene: &Scene<'_>,
    root: NodeId,
    memory: &mut Memory,
) -> Option<Box<str>> {
    let mut found: Option<Box<str>> = None;
    texts(expression, scene, root, memory, |text| {
        if found.is_none() && text.len() <= LONGEST {
            found = Some(text.into());
        }
    });
    found
}

/// The longest text that is taken over from a message: four times what FHIR allows for an id.
const LONGEST: usize = 256;
