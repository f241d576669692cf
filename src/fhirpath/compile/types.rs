//! Types that an expression names: `Patient.name`, `is Quantity`, `ofType(FHIR.string)`.

use super::super::code::{Op, OpId, Test};
use super::super::parser;
use super::super::shape::{Kind, Shape};
use super::super::syntax::{Syntax, TypeName};
use super::{Compiler, Fault};
use crate::message::near;
use crate::tree::types::{System, TypeId, TypeKind};

impl Compiler<'_> {
    /// `Patient` at the beginning of a path: the focus, if it is one.
    pub(super) fn type_filter(
        &mut self,
        this: &Shape,
        name: &str,
        at: u32,
    ) -> Option<(OpId, Shape)> {
        if !this.open && this.child(self.table, name).known {
            return None;
        }
        let id = self.table.find(name)?;
        let kind = self.table.type_of(id).kind;
        if !matches!(kind, TypeKind::Resource | TypeKind::Complex | TypeKind::Logical) {
            return None;
        }
        let related = |kind: &Kind| match kind {
            Kind::Fhir(other) => self.table.is_a(*other, id) || self.table.is_a(id, *other),
            _ => false,
        };
        if !this.open && !this.kinds.iter().any(related) {
            let text = format!("the focus is {}, never {name}", this.describe(self.table));
            return Some(self.fault(Fault::new(at, "fhirpath-wrong-type", text)));
        }
        if self.scope().outer {
            self.uses_focus();
        }
        let input = self.op(Op::This, at);
        let test = Test { fhir: Some(id), system: None, exact: false };
        let narrower = |kind: &&Kind| matches!(kind, Kind::Fhir(k) if self.table.is_a(*k, id));
        let kinds: Vec<_> = this.kinds.iter().filter(narrower).copied().collect();
        let shape = match kinds.is_empty() {
            true => Shape::types(&[id]),
            false => Shape { kinds, ..Shape::default() },
        };
        Some((self.op(Op::Filter(input, test), at), shape))
    }

    pub(super) fn type_operation(
        &mut self,
        operand: OpId,
        shape: Shape,
        name: &TypeName,
        how: &str,
        at: u32,
    ) -> (OpId, Shape) {
        let lenient = how == "as" && self.context.lenient_as;
        let test = match self.type_test(name) {
            Ok(test) if lenient => self.in_any_case(name, test),
            Ok(test) => test,
            Err(fault) => {
                match self.in_any_case(name, Test { fhir: None, system: None, exact: false }) {
                    test if lenient && test.fhir.is_some() => test,
                    _ => return self.fault(fault),
                }
            }
        };
        let op = match how {
            "as" if lenient => Op::OfType(operand, test),
            "is" => Op::Is(operand, test),
            "as" => Op::As(operand, test),
            _ => Op::OfType(operand, test),
        };
        let id = self.op(op, at);
        let narrowed = shape.narrowed(&test, self.table);
        if narrowed.is_nothing() && !shape.is_nothing() {
            let types = shape.describe(self.table);
            let text = format!("`{how}` {} never holds: its input is {types}", name.name);
            self.notes.push(Fault::new(at, "fhirpath-never", text));
        }
        match how {
            "is" => (id, Shape::system(System::Boolean)),
            _ => (id, narrowed),
        }
    }

    fn type_test(&self, name: &TypeName) -> Result<Test, Fault> {
        let system = match name.name.as_str() {
            "Boolean" => Some(System::Boolean),
            "Integer" => Some(System::Integer),
            "Decimal" => Some(System::Decimal),
            "String" => Some(System::String),
            "Date" => Some(System::Date),
            "DateTime" => Some(System::DateTime),
            "Time" => Some(System::Time),
            "Quantity" => Some(System::Quantity),
            _ => None,
        };
        let fhir = self.table.find(&name.name);
        let test = |fhir: Option<_>, system| {
            let primitive = |id| self.table.type_of(id).kind == TypeKind::Primitive;
            Test { fhir, system, exact: fhir.is_some_and(primitive) }
        };
        match name.namespace.as_deref() {
            None if fhir.is_some() || system.is_some() => Ok(test(fhir, system)),
            Some("FHIR") if fhir.is_some() => Ok(test(fhir, None)),
            // a type that System does not have is one that nothing is of
            Some("System") => Ok(test(None, system)),
            None | Some("FHIR") => {
                let names = self.table.types().iter().map(|t| &*t.name);
                let text = format!("unknown type `{}`", name.name);
                let fault = Fault::new(name.offset, "fhirpath-unknown-type", text);
                Err(fault.meant(near::nearest(&name.name, names)))
            }
            Some(other) => {
                let text = format!("unknown namespace `{other}`");
                Err(Fault::new(name.offset, "fhirpath-unknown-type", text))
            }
        }
    }

    /// A test that finds the FHIR type too whose name differs in its letter case alone.
    fn in_any_case(&self, name: &TypeName, test: Test) -> Test {
        if test.fhir.is_some() || name.namespace.as_deref() == Some("System") {
            return test;
        }
        let types = self.table.types();
        let Some(at) = types.iter().position(|t| t.name.eq_ignore_ascii_case(&name.name)) else {
            return test;
        };
        let exact = types[at].kind == TypeKind::Primitive;
        Test { fhir: Some(TypeId(at as u32)), exact, ..test }
    }

    /// The type that an argument names.
    pub(super) fn argument_type(&mut self, argument: &Syntax) -> Result<TypeName, Fault> {
        parser::as_type(argument).ok_or_else(|| {
            Fault::new(argument.offset, "fhirpath-unknown-type", "expected a type's name")
        })
    }
}
