//! Terms, paths and operators: syntax to operations, with the types that come.

use super::super::code::{How, Op, OpId, Part};
use super::super::item::{Cell, Text};
use super::super::shape::{Kind, Shape};
use super::super::syntax::{self, Binary, Syntax};
use super::{Compiler, Fault};
use crate::message::near;
use crate::tree::NameId;
use crate::tree::types::{System, TypeKind};

impl Compiler<'_> {
    pub(super) fn expression(&mut self, syntax: &Syntax) -> (OpId, Shape) {
        let at = syntax.offset;
        match &syntax.kind {
            syntax::Kind::Member { input, name } => self.member(input.as_deref(), name, at),
            syntax::Kind::Call { input, name, arguments } => {
                self.call(input.as_deref(), name, arguments, at)
            }
            syntax::Kind::Dollar(name) => self.dollar(name, at),
            syntax::Kind::External(name) => self.external(name, at),
            syntax::Kind::Index(input, index) => {
                let (input, shape) = self.expression(input);
                self.check_order(&shape, "[ ]", at);
                let (index, _) = self.expression(index);
                (self.op(Op::At(input, index), at), shape)
            }
            syntax::Kind::Sign(negative, operand) => {
                let (operand, shape) = self.expression(operand);
                let op = if *negative { Op::Negative(operand) } else { Op::Positive(operand) };
                (self.op(op, at), shape)
            }
            syntax::Kind::Binary(operator, a, b) => self.binary(*operator, a, b, at),
            syntax::Kind::Type(is, operand, name) => {
                let (operand, shape) = self.expression(operand);
                self.type_operation(operand, shape, name, if *is { "is" } else { "as" }, at)
            }
            literal => self.literal(literal, at),
        }
    }

    fn literal(&mut self, kind: &syntax::Kind, at: u32) -> (OpId, Shape) {
        let (cell, system) = match kind {
            syntax::Kind::Boolean(value) => (Cell::Boolean(*value), System::Boolean),
            syntax::Kind::Integer(value) => (Cell::Integer(*value), System::Integer),
            syntax::Kind::Text(text) => (Cell::Text(self.text(text)), System::String),
            syntax::Kind::Decimal(value) => {
                self.code.decimals.push(*value);
                (Cell::Decimal(self.code.decimals.len() as u32 - 1), System::Decimal)
            }
            syntax::Kind::Moment(value) => {
                self.code.moments.push(*value);
                let system = super::super::evaluate::moment_system(value);
                (Cell::Moment(self.code.moments.len() as u32 - 1), system)
            }
            syntax::Kind::Quantity(value, unit) => {
                let unit = self.text(unit);
                self.code.quantities.push((*value, unit));
                (Cell::Quantity(self.code.quantities.len() as u32 - 1), System::Quantity)
            }
            _ => return (self.op(Op::Empty, at), Shape::default()),
        };
        (self.op(Op::Cell(cell), at), Shape::system(system))
    }

    fn text(&mut self, text: &str) -> Text {
        let start = self.code.texts.len();
        self.code.texts.push_str(text);
        Text::Scratch(start as u32, text.len() as u32)
    }

    fn dollar(&mut self, name: &str, at: u32) -> (OpId, Shape) {
        let scope = self.scope().clone();
        match name {
            "index" => (self.op(Op::Index, at), Shape::system(System::Integer)),
            "total" => (self.op(Op::Total, at), scope.total.unwrap_or_else(Shape::open)),
            _ => {
                if scope.outer {
                    self.uses_focus();
                }
                (self.op(Op::This, at), scope.this)
            }
        }
    }

    fn constant(&mut self, text: &str, at: u32) -> (OpId, Shape) {
        let cell = Cell::Text(self.text(text));
        (self.op(Op::Cell(cell), at), Shape::system(System::String))
    }

    fn external(&mut self, name: &str, at: u32) -> (OpId, Shape) {
        if let Some(found) = self.variable(name, at) {
            return found;
        }
        match name {
            "ucum" => return self.constant("http://unitsofmeasure.org", at),
            "sct" => return self.constant("http://snomed.info/sct", at),
            "loinc" => return self.constant("http://loinc.org", at),
            _ => {}
        }
        if let Some(rest) = name.strip_prefix("vs-") {
            return self.constant(&format!("http://hl7.org/fhir/ValueSet/{rest}"), at);
        }
        if let Some(rest) = name.strip_prefix("ext-") {
            return self.constant(&format!("http://hl7.org/fhir/StructureDefinition/{rest}"), at);
        }
        self.uses_focus();
        let focus = self.scopes[0].this.clone();
        match name {
            "context" => (self.op(Op::Context, at), focus),
            "resource" if self.context.held => {
                (self.op(Op::Holder, at), Shape::named(self.table, "Resource"))
            }
            "resource" => (self.op(Op::Resource, at), self.resource_shape()),
            "rootResource" if self.context.held => {
                (self.op(Op::Holder, at), Shape::named(self.table, "Resource"))
            }
            "rootResource" => (self.op(Op::RootResource, at), Shape::named(self.table, "Resource")),
            _ => {
                let variables = self.context.variables.iter().map(|(name, _)| &**name);
                let names = variables.chain(["context", "resource", "rootResource", "ucum"]);
                let meant = near::nearest(name, names);
                let text = format!("unknown variable `%{name}`");
                self.fault(Fault::new(at, "fhirpath-unknown-variable", text).meant(meant))
            }
        }
    }

    fn variable(&mut self, name: &str, at: u32) -> Option<(OpId, Shape)> {
        let mut variables = self.context.variables.iter();
        let slot = variables.position(|(known, _)| **known == *name)?;
        let shape = Shape::types(&self.context.variables[slot].1);
        Some((self.op(Op::Variable(slot as u16), at), shape))
    }

    fn resource_shape(&self) -> Shape {
        if let Some(id) = self.context.resource {
            return Shape::types(&[id]);
        }
        let resources = |kind: &Kind| match kind {
            Kind::Fhir(id) => self.table.type_of(*id).kind == TypeKind::Resource,
            _ => false,
        };
        let focus = &self.scopes[0].this;
        match !focus.open && !focus.kinds.is_empty() && focus.kinds.iter().all(resources) {
            true => focus.clone(),
            false => Shape::named(self.table, "Resource"),
        }
    }

    fn member(&mut self, input: Option<&Syntax>, name: &str, at: u32) -> (OpId, Shape) {
        if input.is_none() {
            let this = self.scope().this.clone();
            let dialect = self.context.wire_names && !this.child(self.table, name).known;
            if let Some(found) = dialect.then(|| self.variable(name, at)).flatten() {
                return found;
            }
            if let Some(found) = self.type_filter(&this, name, at) {
                return found;
            }
            if self.scope().outer
                && let Some(looked) = &mut self.looked
                && !looked.iter().any(|known| **known == *name)
            {
                looked.push(name.into());
            }
        }
        let (input, shape) = self.input(input, at);
        self.step(input, shape, name, at)
    }

    pub(super) fn step(&mut self, input: OpId, shape: Shape, name: &str, at: u32) -> (OpId, Shape) {
        if let Some(found) = self.part(input, &shape, name, at) {
            return found;
        }
        let found = shape.child(self.table, name);
        let id = self.table.names().find(name);
        if let Some(wire) = id.filter(|_| self.context.wire_names && !self.is_element(&shape, name))
        {
            let kinds = shape.kinds.iter().filter_map(|kind| match kind {
                Kind::Fhir(parent) => self.table.child(*parent, wire),
                _ => None,
            });
            let types: Vec<_> = kinds.map(|child| child.type_id).collect();
            if !types.is_empty() {
                let unordered = shape.unordered;
                let op = self.op(Op::Step(input, wire, How::Wire), at);
                return (op, Shape { unordered, ..Shape::types(&types) });
            }
        }
        if !found.known {
            return self.unknown(&shape, name, at);
        }
        let how = match id {
            None => {
                let Text::Scratch(start, len) = self.text(name) else { unreachable!("a constant") };
                How::Text(start, len)
            }
            Some(_) if found.choice || found.shape.open => How::Element,
            Some(_) => How::Wire,
        };
        let op = self.op(Op::Step(input, id.unwrap_or(NameId::NONE), how), at);
        (op, Shape { unordered: shape.unordered, ..found.shape })
    }

    fn is_element(&self, shape: &Shape, name: &str) -> bool {
        !shape.child(self.table, name).elements.is_empty()
    }

    fn unknown(&mut self, shape: &Shape, name: &str, at: u32) -> (OpId, Shape) {
        if shape.kinds.is_empty() {
            // of an empty collection every child is empty
            return (self.op(Op::Empty, at), Shape::default());
        }
        let text = format!("`{name}` is not an element of {}", shape.describe(self.table));
        let wire = self.table.names().find(name).and_then(|wire| {
            let kinds = shape.kinds.iter().find_map(|kind| match kind {
                Kind::Fhir(parent) => self.table.child(*parent, wire),
                _ => None,
            });
            kinds.map(|child| self.table.element(child.element).name)
        });
        let meant = match wire {
            Some(element) => Some(self.table.names().text(element)),
            None => shape.suggestion(self.table, name),
        };
        self.fault(Fault::new(at, "fhirpath-unknown-element", text).meant(meant))
    }

    /// A child that is no node: the value of a primitive, parts of quantities and of types.
    fn part(&mut self, input: OpId, shape: &Shape, name: &str, at: u32) -> Option<(OpId, Shape)> {
        let [kind] = shape.kinds[..] else { return None };
        if shape.open {
            return None;
        }
        let (part, system) = match (kind, name) {
            (Kind::Fhir(id), "value") if self.table.type_of(id).kind == TypeKind::Primitive => {
                (Part::Value, self.table.system(id)?)
            }
            (Kind::System(System::Quantity), "value") => (Part::Value, System::Decimal),
            (Kind::System(System::Quantity), "unit" | "code") => (Part::Unit, System::String),
            (Kind::Type, "name") => (Part::Name, System::String),
            (Kind::Type, "namespace") => (Part::Namespace, System::String),
            _ => return None,
        };
        if self.scope().outer {
            self.uses_focus();
        }
        Some((self.op(Op::Part(input, part), at), Shape::system(system)))
    }

    pub(super) fn check_order(&mut self, shape: &Shape, what: &str, at: u32) {
        if self.context.check_order && shape.unordered {
            let text = format!("`{what}` needs an order, and its input has none");
            self.fault(Fault::new(at, "fhirpath-no-order", text));
        }
    }

    fn binary(&mut self, operator: Binary, a: &Syntax, b: &Syntax, at: u32) -> (OpId, Shape) {
        let (left, one) = self.expression(a);
        let (right, other) = self.expression(b);
        let op = self.op(Op::Binary(operator, left, right), at);
        if let (Binary::Add, Some(sum)) = (operator, super::digits::sum(&mut self.code, op)) {
            self.code.ops[op.0 as usize].0 = sum;
        }
        let shape = match operator {
            Binary::Union => one.merge(other),
            Binary::Concatenate => Shape::system(System::String),
            Binary::WholeDivide => Shape::system(System::Integer),
            Binary::Add | Binary::Subtract => return self.sum(op, one, other, at),
            Binary::Multiply | Binary::Divide | Binary::Modulo => numeric(&one, &other, operator),
            _ => Shape::system(System::Boolean),
        };
        (op, shape)
    }

    fn sum(&mut self, op: OpId, one: Shape, other: Shape, at: u32) -> (OpId, Shape) {
        let dated = |shape: &Shape| {
            let dated = [System::Date, System::DateTime, System::Time];
            dated.into_iter().find(|s| shape == &Shape::system(*s))
        };
        if let Some(system) = dated(&one) {
            let systems = |kind: &Kind| matches!(kind, Kind::System(s) if *s != System::Quantity);
            let wrong = !other.kinds.is_empty() && other.kinds.iter().all(systems);
            if wrong && !other.open {
                let text = "only a quantity of time can be added to a date or a time";
                return self.fault(Fault::new(at, "fhirpath-wrong-type", text));
            }
            return (op, Shape::system(system));
        }
        let shape = match one == other {
            true if one.kinds.iter().all(|k| matches!(k, Kind::System(_))) => one,
            _ => numeric(&one, &other, Binary::Add),
        };
        (op, shape)
    }
}

fn numeric(one: &Shape, other: &Shape, operator: Binary) -> Shape {
    let has = |system| {
        one.kinds.contains(&Kind::System(system)) || other.kinds.contains(&Kind::System(system))
    };
    if one.open || other.open {
        Shape::open()
    } else if has(System::Quantity) {
        Shape::system(System::Quantity)
    } else if operator == Binary::Divide || has(System::Decimal) {
        Shape::system(System::Decimal)
    } else if *one == Shape::system(System::Integer) && one == other {
        Shape::system(System::Integer)
    } else {
        Shape::open()
    }
}
