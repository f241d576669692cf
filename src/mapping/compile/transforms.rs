// size: one function for each transform of the language, and what they share
//! Transforms: what a target is made of.
//!
//! Promises: arguments are counted and typed here; a literal argument that can be judged is judged. Never: a
//! transform the language does not have.

use super::Compiler;
use super::index::Side;
use super::shape::{Shape, nearest};
use super::targets::Spot;
use crate::mapping::ast::{self, Argument, Call, Fragment, Name};
use crate::mapping::concepts::Translation;
use crate::mapping::dates::Becomes;
use crate::mapping::facts::element_of;
use crate::mapping::plan::{
    Build, ConceptSource, Operand, Output, Piece, Place, Slot, Step, Transform, Translate,
};
use crate::tree::types::{ElementId, TypeId};

pub(super) type Made = Option<(Transform, Vec<TypeId>)>;

/// The transforms of the language.
pub const TRANSFORMS: &[&str] = &[
    "create",
    "copy",
    "evaluate",
    "translate",
    "append",
    "cast",
    "truncate",
    "uuid",
    "reference",
    "pointer",
    "cc",
    "c",
    "qty",
    "id",
    "cp",
    "dateOp",
    "toDate",
    "toDateTime",
    "toTime",
    "unixToDate",
    "unixToDateTime",
    "unixToTime",
    "escape",
];

const IDENTIFIER_TYPES: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

impl Compiler<'_> {
    pub(super) fn transform(
        &mut self,
        transform: &ast::Transform,
        spot: &Spot,
        read: &(Slot, Shape),
    ) -> Made {
        match transform {
            ast::Transform::Value(Argument::Expression(fragment)) => {
                let compiled = self.compile(fragment, read.0, &read.1.types)?;
                self.evaluated(fragment.at, compiled, spot)
            }
            ast::Transform::Evaluate(of, fragment) => {
                let (slot, shape) = match of {
                    Some(of) => self.focus(of)?,
                    None => read.clone(),
                };
                let compiled = self.compile(fragment, slot, &shape.types)?;
                self.evaluated(fragment.at, compiled, spot)
            }
            ast::Transform::Value(argument) => {
                let (operand, shape) = self.operand(argument)?;
                Some(self.copy(argument.at(), operand, &shape, spot))
            }
            ast::Transform::Call(call) => self.called(call, spot),
        }
    }

    /// What an expression is evaluated on: a variable, or a value that is made for it.
    fn focus(&mut self, of: &Argument) -> Option<(Slot, Shape)> {
        let (operand, shape) = self.operand(of)?;
        let slot = match operand {
            Operand::Slot(slot) => slot,
            operand => self.before(Place::Nowhere, Transform::Copy(operand)),
        };
        Some((slot, shape))
    }

    fn evaluated(
        &mut self,
        at: u32,
        compiled: crate::mapping::expression::Compiled,
        spot: &Spot,
    ) -> Made {
        let given = Shape::source(compiled.expression.yields().to_vec());
        let types = self.fitting(&given, spot);
        if types.is_empty() && !given.types.is_empty() && !spot.types.is_empty() {
            let (from, to) = (self.type_names(&given.types), self.type_names(&spot.types));
            self.error(at, "map-wrong-type", format!("{from} cannot become {to}"), None);
        }
        let types = match spot.place {
            Place::Nowhere => given.types,
            _ => types,
        };
        Some((Transform::Evaluate(Box::new(compiled)), types))
    }

    fn called(&mut self, call: &Call, spot: &Spot) -> Made {
        let text = vec![self.facts.primitives.string];
        match &*call.name {
            "create" => self.create(call, spot),
            "copy" => {
                let (operand, shape) = self.argument(call, 0)?;
                Some(self.copy(call.name.at, operand, &shape, spot))
            }
            "translate" => self.translate(call, spot),
            "append" => {
                let parts = call.arguments.iter().map(|a| Some(self.operand(a)?.0));
                Some((Transform::Append(parts.collect::<Option<_>>()?), text))
            }
            "cast" => self.cast(call, spot),
            "truncate" => {
                let (operand, length) = (self.argument(call, 0)?.0, self.argument(call, 1)?.0);
                Some((Transform::Truncate(operand, length), text))
            }
            "uuid" => {
                let parts = call.arguments.iter().map(|a| Some(self.operand(a)?.0));
                Some((Transform::Uuid(parts.collect::<Option<_>>()?), text))
            }
            "reference" => Some((Transform::Reference(self.variable_argument(call)?), text)),
            "pointer" => Some((Transform::Pointer(self.variable_argument(call)?), text)),
            "cc" => self.concept(call),
            "c" => {
                let build = self.coding(call, 0)?;
                Some(made(build))
            }
            "qty" => self.quantity(call),
            "id" => self.identifier(call),
            "cp" => self.contact(call),
            "dateOp" => self.date_op(call, spot),
            "toDate" => self.read_date(call, Becomes::Date),
            "toDateTime" => self.read_date(call, Becomes::DateTime),
            "toTime" => self.read_date(call, Becomes::Time),
            "unixToDate" => self.unix_date(call, Becomes::Date),
            "unixToDateTime" => self.unix_date(call, Becomes::DateTime),
            "unixToTime" => self.unix_date(call, Becomes::Time),
            "escape" => self.escape(call, spot),
            name => {
                let meant = nearest(name, TRANSFORMS.iter().copied());
                let text = format!("unknown transform `{name}`");
                self.error(call.name.at, "map-unknown-transform", text, meant);
                None
            }
        }
    }

    /// An argument as a value, with what is known of its type.
    pub(super) fn operand(&mut self, argument: &Argument) -> Option<(Operand, Shape)> {
        let primitives = self.facts.primitives;
        let (name, type_id) = match argument {
            Argument::Variable(name) => {
                if !self.in_scope(name)
                    && let Some(text) = self.stands_for(name)
                {
                    return self.calculated(&Fragment { text, at: name.at });
                }
                let (slot, shape) = self.variable(name)?;
                return Some((Operand::Slot(slot), shape));
            }
            Argument::Expression(fragment) => return self.calculated(fragment),
            Argument::Text(name) => (name, primitives.string),
            Argument::Boolean(name) => (name, primitives.boolean),
            Argument::Number(name) if name.contains('.') => (name, primitives.decimal),
            Argument::Number(name) => (name, primitives.integer),
        };
        let (start, len) = self.constant(name);
        Some((Operand::Constant(start, len, type_id), Shape::of(type_id, false)))
    }

    /// An expression as a value.
    fn calculated(&mut self, fragment: &Fragment) -> Option<(Operand, Shape)> {
        let focus = Slot(0);
        let types = self.scope.iter().find(|b| b.slot == focus);
        let types = types.map(|b| b.shape.types.clone()).unwrap_or_default();
        let compiled = self.compile(fragment, focus, &types)?;
        let shape = Shape::source(compiled.expression.yields().to_vec());
        Some((Operand::Expression(Box::new(compiled)), shape))
    }

    pub(super) fn in_scope(&self, name: &str) -> bool {
        self.scope.iter().any(|b| *b.name == *name)
    }

    /// The expression that a name which is no variable stands for: a constant, or a subtraction.
    fn stands_for(&self, name: &str) -> Option<Box<str>> {
        let constants = &self.maps[self.map].constants;
        let constant = constants.iter().find(|one| *one.name == *name);
        let difference = name.contains('-').then_some(name);
        constant.map(|one| one.value.text.clone()).or(difference.map(Into::into))
    }

    pub(super) fn argument(&mut self, call: &Call, at: usize) -> Option<(Operand, Shape)> {
        match call.arguments.get(at) {
            Some(argument) => self.operand(argument),
            None => self.missing(call, at),
        }
    }

    fn missing<T>(&mut self, call: &Call, at: usize) -> Option<T> {
        let text = format!("`{}` needs at least {} arguments", &*call.name, at + 1);
        self.error(call.name.at, "map-arity", text, None);
        None
    }

    pub(super) fn text_argument<'c>(&mut self, call: &'c Call, at: usize) -> Option<&'c Name> {
        match call.arguments.get(at) {
            Some(Argument::Text(name)) => Some(name),
            Some(other) => {
                let text = format!("argument {} of `{}` must be a text", at + 1, &*call.name);
                self.error(other.at(), "map-wrong-type", text, None);
                None
            }
            None => self.missing(call, at),
        }
    }

    fn variable_argument(&mut self, call: &Call) -> Option<Slot> {
        match call.arguments.first() {
            Some(Argument::Variable(name)) => Some(self.variable(name)?.0),
            _ => {
                let text = format!("`{}` needs a variable", &*call.name);
                self.error(call.name.at, "map-wrong-type", text, None);
                None
            }
        }
    }

    fn create(&mut self, call: &Call, spot: &Spot) -> Made {
        let nowhere = matches!(spot.place, Place::Nowhere);
        if nowhere && call.arguments.is_empty() {
            let text = "`create` needs a place or a type: `target.element = create('...')`";
            self.error(call.name.at, "map-wrong-mode", text, None);
            return None;
        }
        if call.arguments.is_empty() {
            if let [one] = spot.types[..] {
                return Some((Transform::Create(one), vec![one]));
            }
            return self.missing(call, 0);
        }
        let name = self.text_argument(call, 0)?;
        if !nowhere && let Some(called) = self.elsewhere(name) {
            return Some((Transform::CreateCalled(called.into()), Vec::new()));
        }
        let mut type_id = self.type_named(name, Side::Target)?;
        // `create('BackboneElement')` of an element whose parts have no name of their own.
        if let [only] = spot.types[..]
            && self.table.is_a(only, type_id)
        {
            type_id = only;
        }
        let fits = |t: &TypeId| self.table.is_a(type_id, *t);
        if !spot.types.is_empty() && !spot.types.iter().any(fits) {
            let (this, types) = (self.type_names(&[type_id]), self.type_names(&spot.types));
            let text = format!("the element cannot be {this}, only {types}");
            self.error(name.at, "map-wrong-type", text, None);
        }
        Some((Transform::Create(type_id), vec![type_id]))
    }

    pub(super) fn cast(&mut self, call: &Call, spot: &Spot) -> Made {
        let (operand, _) = self.argument(call, 0)?;
        let type_id = match (call.arguments.get(1), &spot.types[..]) {
            (None, [one]) => *one,
            _ => {
                let name = self.text_argument(call, 1)?;
                self.type_named(name, Side::Target)?
            }
        };
        if self.table.primitive(type_id).is_none() {
            let text = format!("{} is no primitive type", self.type_names(&[type_id]));
            self.error(call.name.at, "map-wrong-type", text, None);
            return None;
        }
        Some((Transform::Cast(operand, type_id), vec![type_id]))
    }

    fn translate(&mut self, call: &Call, spot: &Spot) -> Made {
        let (operand, _) = self.argument(call, 0)?;
        let map = self.text_argument(call, 1)?;
        let source = self.concept_source(map)?;
        let (output, type_id) = match call.arguments.get(2) {
            None => self.output_of(spot),
            Some(_) => {
                let name = self.text_argument(call, 2)?;
                self.output(name)?
            }
        };
        let optional =
            matches!(call.arguments.get(3), Some(Argument::Text(t)) if &**t == "optional");
        self.check_code(&source, call);
        let translate = Translate { operand, map: source, output, optional };
        Some((Transform::Translate(Box::new(translate)), vec![type_id]))
    }

    fn output_of(&self, spot: &Spot) -> (Output, TypeId) {
        let datatypes = &self.facts.datatypes;
        match spot.types[..] {
            [one] if one == datatypes.coding => (Output::Coding, one),
            [one] if one == datatypes.concept => (Output::CodeableConcept, one),
            _ => (Output::Code, self.facts.primitives.code),
        }
    }

    fn output(&mut self, name: &Name) -> Option<(Output, TypeId)> {
        let (primitives, datatypes) = (&self.facts.primitives, &self.facts.datatypes);
        Some(match &*name.to_ascii_lowercase() {
            "code" => (Output::Code, primitives.code),
            "string" | "uri" | "canonical" | "id" => (Output::Code, primitives.string),
            "system" => (Output::System, primitives.uri),
            "display" => (Output::Display, primitives.string),
            "coding" => (Output::Coding, datatypes.coding),
            "codeableconcept" => (Output::CodeableConcept, datatypes.concept),
            _ => {
                let text = format!("`{}` is no output of translate", &**name);
                let known = ["code", "system", "display", "Coding", "CodeableConcept", "string"];
                self.error(name.at, "map-wrong-type", text, nearest(name, known));
                return None;
            }
        })
    }

    fn concept_source(&mut self, map: &Name) -> Option<ConceptSource> {
        if let Some(name) = map.strip_prefix("urn:stafett:route/") {
            return Some(self.wanted(name));
        }
        if let Some(rest) = map.strip_prefix("urn:stafett:") {
            let parts = rest.split_once('/').and_then(|(book, pair)| {
                let (from, to) = pair.split_once("-to-")?;
                Some(ConceptSource::Book(
                    map.text.clone().into(),
                    book.into(),
                    from.into(),
                    to.into(),
                ))
            });
            if parts.is_none() {
                let text = "expected `urn:stafett:BOOK/FROM-to-TO` or `urn:stafett:route/NAME`";
                self.error(map.at, "map-unknown-concept-map", text, None);
            }
            return parts;
        }
        match self.concept_map(map) {
            Some(place) => Some(ConceptSource::Plan(place)),
            None => {
                let own = self.maps[self.map].concept_maps.iter();
                let own: Vec<String> = own.map(|c| format!("#{}", &*c.id)).collect();
                let known = own.iter().map(|s| &**s);
                let meant = nearest(map, known.chain(self.library.iter().map(|c| &*c.url)));
                let text = format!("no concept map `{}`", &**map);
                if map.starts_with('#') {
                    self.error(map.at, "map-unknown-concept-map", text, meant);
                    return None;
                }
                // What asks for it is told when it does.
                self.lacking(map.at, "map-unknown-concept-map", text, meant);
                Some(self.wanted(map))
            }
        }
    }

    /// A concept map that the route is asked for.
    fn wanted(&mut self, name: &str) -> ConceptSource {
        let known = self.wanted.iter().position(|one| **one == *name);
        let place = known.unwrap_or_else(|| {
            self.wanted.push(name.into());
            self.wanted.len() - 1
        });
        ConceptSource::Route(place as u32)
    }

    /// A literal code must be in its concept map.
    fn check_code(&mut self, source: &ConceptSource, call: &Call) {
        let (ConceptSource::Plan(place), Some(Argument::Text(code))) =
            (source, call.arguments.first())
        else {
            return;
        };
        let concepts = &self.concepts[*place as usize];
        if concepts.find(None, code) == Translation::NotFound {
            let meant = nearest(code, concepts.codes());
            let text = format!("the concept map has no code `{}`", &**code);
            self.error(code.at, "map-unknown-code", text, meant);
        }
    }

    /// A datatype of parts; a type that the table lacks is reported.
    fn build(&mut self, call: &Call, name: &str, parts: Vec<(&str, Piece)>) -> Option<Build> {
        let type_id = self.table.find(name);
        let element = |e: &str| element_of(self.table, type_id?, e);
        let placed: Option<Vec<(ElementId, Piece)>> =
            parts.into_iter().map(|(e, piece)| Some((element(e)?, piece))).collect();
        let build = type_id.zip(placed).map(|(type_id, parts)| Build { type_id, parts });
        if build.is_none() {
            let text = format!("no type `{name}` is loaded");
            self.error(call.name.at, "map-unknown-type", text, None);
        }
        build
    }

    fn piece(&mut self, call: &Call, at: usize) -> Option<Piece> {
        Some(Piece::Operand(self.argument(call, at)?.0))
    }

    /// `system, code, display?` from an argument on.
    fn coding(&mut self, call: &Call, from: usize) -> Option<Build> {
        let mut parts = vec![("system", self.piece(call, from)?)];
        parts.push(("code", self.piece(call, from + 1)?));
        if call.arguments.len() > from + 2 {
            parts.push(("display", self.piece(call, from + 2)?));
        }
        self.build(call, "Coding", parts)
    }

    fn concept(&mut self, call: &Call) -> Made {
        let part = match call.arguments.len() {
            0 => return self.missing(call, 0),
            1 => ("text", self.piece(call, 0)?),
            _ => ("coding", Piece::Build(self.coding(call, 0)?)),
        };
        Some(made(self.build(call, "CodeableConcept", vec![part])?))
    }

    fn quantity(&mut self, call: &Call) -> Made {
        let names = ["value", "unit", "system", "code"];
        let mut parts = Vec::new();
        if let [Argument::Text(text)] = &call.arguments[..] {
            let (value, unit) = text.split_once(' ').unwrap_or((text, ""));
            for (name, part) in names.into_iter().zip([value, unit.trim_matches('\'')]) {
                if !part.is_empty() {
                    let (start, len) = self.constant(part);
                    let type_id = self.facts.primitives.string;
                    let operand = Operand::Constant(start, len, type_id);
                    parts.push((name, Piece::Operand(operand)));
                }
            }
        } else {
            for (at, name) in names.into_iter().enumerate().take(call.arguments.len()) {
                parts.push((name, self.piece(call, at)?));
            }
        }
        Some(made(self.build(call, "Quantity", parts)?))
    }

    fn identifier(&mut self, call: &Call) -> Made {
        let mut parts = vec![("system", self.piece(call, 0)?), ("value", self.piece(call, 1)?)];
        if call.arguments.len() > 2 {
            let (start, len) = self.constant(IDENTIFIER_TYPES);
            let system = Operand::Constant(start, len, self.facts.primitives.uri);
            let code = self.piece(call, 2)?;
            let coding = vec![("system", Piece::Operand(system)), ("code", code)];
            let coding = Piece::Build(self.build(call, "Coding", coding)?);
            let concept = self.build(call, "CodeableConcept", vec![("coding", coding)])?;
            parts.push(("type", Piece::Build(concept)));
        }
        Some(made(self.build(call, "Identifier", parts)?))
    }

    fn contact(&mut self, call: &Call) -> Made {
        let names: &[&str] =
            if call.arguments.len() == 1 { &["value"] } else { &["system", "value"] };
        let mut parts = Vec::new();
        for (at, name) in names.iter().enumerate() {
            parts.push((*name, self.piece(call, at)?));
        }
        Some(made(self.build(call, "ContactPoint", parts)?))
    }

    fn escape(&mut self, call: &Call, spot: &Spot) -> Made {
        let (operand, _) = self.argument(call, 0)?;
        let (from, to) = (self.text_argument(call, 1)?, self.text_argument(call, 2)?);
        let text = vec![self.facts.primitives.string];
        match (&**from, &**to) {
            ("mixed", "text") => {
                let names = (3..call.arguments.len().max(4)).map(|at| self.text_argument(call, at));
                let names = names.map(|name| Some(name?.text.clone())).collect::<Option<_>>()?;
                Some((Transform::Flatten(operand, names), text))
            }
            ("text", "mixed") => {
                let shape = Shape::target(spot.types.clone());
                let mut elements = Vec::new();
                for at in 3..call.arguments.len().max(4) {
                    let name = self.text_argument(call, at)?;
                    let Step::Element(element) = self.step(&shape, name).0 else { return None };
                    elements.push(element);
                }
                Some((Transform::Unflatten(operand, elements), spot.types.clone()))
            }
            ("text", "html") => Some((Transform::ToHtml(operand), spot.types.clone())),
            ("ftx", "text") => {
                let qualifier = match call.arguments.len() > 3 {
                    true => Some(self.text_argument(call, 3)?.text.clone()),
                    false => None,
                };
                Some((Transform::FromFree(operand, qualifier), text))
            }
            ("text", "ftx") => {
                let first = (3..call.arguments.len()).map(|at| self.text_argument(call, at));
                let first = first.map(|one| Some(one?.text.clone())).collect::<Option<_>>()?;
                Some((Transform::ToFree(operand, first), spot.types.clone()))
            }
            _ => {
                let text = format!("no escape from `{}` to `{}`", &**from, &**to);
                self.error(call.name.at, "map-unknown-transform", text, None);
                None
            }
        }
    }
}

fn made(build: Build) -> (Transform, Vec<TypeId>) {
    let types = vec![build.type_id];
    (Transform::Build(build), types)
}
