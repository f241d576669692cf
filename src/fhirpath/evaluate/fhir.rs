//! FHIR's additions, functions on types and time, and what hooks answer.

use super::super::code::OpId;
use super::super::functions::Function;
use super::super::item::{Cell, Item, Text, Value};
use super::super::moment::Moment;
use super::super::quantity::Measure;
use super::super::scene::{Cause, NotEvaluable};
use super::{Done, Run, Span};
use std::borrow::Cow;

/// Where FHIR's own types have their canonicals.
const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

impl Run<'_> {
    pub(super) fn fhir_function(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Option<Done> {
        let start = input.start;
        let now = || Moment::now(self.scene.now);
        Some(match function {
            Function::Now => self.answer_moment(start, now()),
            Function::Today => self.answer_moment(start, now().to_date()),
            Function::TimeOfDay => self.answer_moment(start, now().to_time()),
            Function::Children => self.children(input),
            Function::Descendants => self.descendants(input),
            Function::Extension => self.extension(input, arguments[0]),
            Function::HasValue => self.has_value(input),
            Function::GetValue => self.get_value(input),
            Function::Type => self.types(input),
            Function::Resolve => self.resolve(input),
            Function::MemberOf => self.member_of(input, arguments[0]),
            Function::Subsumes => self.subsumes(input, arguments[0], false),
            Function::SubsumedBy => self.subsumes(input, arguments[0], true),
            Function::ConformsTo => self.conforms_to(input, arguments[0]),
            Function::HtmlChecks => self.html_checks(input),
            Function::LowBoundary => self.bound(input, arguments, false),
            Function::HighBoundary => self.bound(input, arguments, true),
            Function::Precision => self.precision(input),
            Function::Comparable => self.comparable(input, arguments[0]),
            _ => return None,
        })
    }

    fn answer_moment(&mut self, start: usize, moment: Moment) -> Done {
        let cell = self.memory.moment(moment);
        self.answer(start, cell)
    }

    fn extension(&mut self, input: Span, argument: OpId) -> Done {
        let span = self.eval(argument)?;
        let url = self.only_text(span)?;
        self.memory.stack.truncate(span.start);
        let Some(url) = url else { return self.answer_maybe(input.start, None) };
        let known = self.code.known;
        for at in input.start..input.end {
            let Cell::Node(index, node) = self.cell(at) else { continue };
            let tree = self.tree(index);
            let mut seen = 0;
            for child in tree.children(node) {
                seen += 1;
                if tree.node(child).name != known.extension {
                    continue;
                }
                let own = self.child_value(index, child, known.url);
                if own.is_some_and(|own| self.same_text(own, url)) {
                    self.push(Cell::Node(index, child));
                }
            }
            self.step(seen)?;
        }
        self.close(input)
    }

    fn has_value(&mut self, input: Span) -> Done {
        let has = match input.len() {
            1 => match self.cell(input.start) {
                Cell::Node(tree, node) => {
                    self.tree(tree).value(node).is_some_and(|slice| !slice.is_empty())
                }
                _ => true,
            },
            _ => false,
        };
        self.answer(input.start, Cell::Boolean(has))
    }

    fn get_value(&mut self, input: Span) -> Done {
        let cell = match input.len() {
            1 => self.value(self.cell(input.start)),
            _ => None,
        };
        self.answer_maybe(input.start, cell)
    }

    fn types(&mut self, input: Span) -> Done {
        for at in input.start..input.end {
            let found = self.type_cell(self.cell(at));
            self.memory.stack.extend(found);
        }
        self.close(input)
    }

    /// Replaces references, and texts that are references, by what they lead to; what leads nowhere is
    /// left out.
    fn resolve(&mut self, input: Span) -> Done {
        for at in input.start..input.end {
            self.step(8)?;
            let cell = self.cell(at);
            let text = match cell {
                Cell::Text(text) => Some(text),
                Cell::Node(tree, node) if self.tree(tree).value(node).is_some() => {
                    Some(Text::Node(tree, node))
                }
                Cell::Node(tree, node) => self.child_value(tree, node, self.code.known.reference),
                _ => None,
            };
            let Some(text) = text else { continue };
            // a text that was made belongs to the resource that the focus is in
            let focus = (self.focus.len() > 0).then(|| self.cell(self.focus.start));
            let from = Self::node_of(cell).or_else(|| focus.and_then(Self::node_of));
            let reference = self.memory.text(text, self.scene);
            let inside = match (from, self.scene.references) {
                (Some((0, node)), Some(references)) => references
                    .resolve(self.tree(0), node, &reference)
                    .map(|found| Cell::Node(0, found.node)),
                _ => None,
            };
            let found = inside.or_else(|| {
                let outside = self.scene.hooks.resolve(&reference);
                outside.map(|(tree, node)| Cell::Node(tree, node))
            });
            drop(reference);
            self.memory.stack.extend(found);
        }
        self.close(input)
    }

    fn text_argument(&mut self, argument: OpId) -> Result<Option<Text>, NotEvaluable> {
        let span = self.eval(argument)?;
        let text = self.only_text(span)?;
        self.memory.stack.truncate(span.start);
        Ok(text)
    }

    fn member_of(&mut self, input: Span, argument: OpId) -> Done {
        let value_set = self.text_argument(argument)?;
        let cell = self.only(input)?;
        let (Some(value_set), Some(cell)) = (value_set, cell) else {
            return self.answer_maybe(input.start, None);
        };
        let item = self.memory.item(cell, self.scene);
        let value_set = self.memory.text(value_set, self.scene);
        let member = self.scene.hooks.member_of(&item, &value_set)?;
        self.answer(input.start, Cell::Boolean(member))
    }

    fn subsumes(&mut self, input: Span, argument: OpId, turned: bool) -> Done {
        let other = self.eval(argument)?;
        let (Some(a), Some(b)) = (self.only(input)?, self.only(other)?) else {
            return self.answer_maybe(input.start, None);
        };
        let (a, b) = (self.memory.item(a, self.scene), self.memory.item(b, self.scene));
        let subsumes = match turned {
            false => self.scene.hooks.subsumes(&a, &b)?,
            true => self.scene.hooks.subsumes(&b, &a)?,
        };
        self.answer(input.start, Cell::Boolean(subsumes))
    }

    /// A hook says; without one, FHIR's own types are known from the table.
    fn conforms_to(&mut self, input: Span, argument: OpId) -> Done {
        let canonical = self.text_argument(argument)?;
        let cell = self.only(input)?;
        let (Some(canonical), Some(cell)) = (canonical, cell) else {
            return self.answer_maybe(input.start, None);
        };
        let Cell::Node(tree, node) = cell else {
            return Err(NotEvaluable::error("`conformsTo()` on what is no element"));
        };
        let canonical = self.memory.text(canonical, self.scene);
        let answer = self.scene.hooks.conforms_to(tree, node, &canonical);
        let answer = match answer {
            Err(reason) if reason.cause == Cause::Missing => {
                let wanted = canonical.strip_prefix(CORE).and_then(|t| self.scene.table.find(t));
                let own = self.tree(tree).node(node).type_id;
                wanted.map(|wanted| self.scene.table.is_a(own, wanted)).ok_or(reason)
            }
            answer => answer,
        };
        drop(canonical);
        self.answer(input.start, Cell::Boolean(answer?))
    }

    fn html_checks(&mut self, input: Span) -> Done {
        let Some(cell) = self.only(input)? else {
            return self.answer_maybe(input.start, None);
        };
        let Cell::Node(tree, node) = cell else {
            return Err(NotEvaluable::error("`htmlChecks()` on what is no narrative"));
        };
        let answer = self.scene.hooks.html_checks(tree, node)?;
        self.answer(input.start, Cell::Boolean(answer))
    }

    fn bound(&mut self, input: Span, arguments: &[OpId], high: bool) -> Done {
        let digits = match arguments.first() {
            Some(argument) => match self.argument_integer(*argument)? {
                Some(digits) => Some(digits),
                None => return self.answer_maybe(input.start, None),
            },
            None => None,
        };
        let cell = self.only(input)?;
        let value = cell.and_then(|cell| self.value(cell));
        let bound = value.and_then(|value| self.boundary(value, digits, high));
        self.answer_maybe(input.start, bound)
    }

    fn precision(&mut self, input: Span) -> Done {
        let cell = self.only(input)?;
        let value = cell.and_then(|cell| self.value(cell));
        let precision = value.and_then(|value| self.precision_of(value));
        self.answer_maybe(input.start, precision.map(Cell::Integer))
    }

    fn comparable(&mut self, input: Span, argument: OpId) -> Done {
        let other = self.eval(argument)?;
        let (Some(a), Some(b)) = (self.only(input)?, self.only(other)?) else {
            return self.answer_maybe(input.start, None);
        };
        let (Some(a), Some(b)) = (self.value(a), self.value(b)) else {
            return self.answer(input.start, Cell::Boolean(false));
        };
        let item = |cell| self.memory.item(cell, self.scene);
        let measure = |item: Item<'_>| match item {
            Item::Value(Value::Quantity(_, unit)) => Some((Measure::of(&unit), unit.into_owned())),
            _ => None,
        };
        let comparable = match (measure(item(a)), measure(item(b))) {
            (Some((Some(x), _)), Some((Some(y), _))) => x.powers == y.powers,
            (Some((_, x)), Some((_, y))) => x == y,
            _ => false,
        };
        self.answer(input.start, Cell::Boolean(comparable))
    }
}

/// The text of an item, for hooks that are given one.
impl<'a> Item<'a> {
    /// The text of a value; none for a node, whose text its tree knows.
    pub fn value_text(&self) -> Option<Cow<'a, str>> {
        match self {
            Item::Node(..) => None,
            Item::Value(value) => value.text(),
        }
    }
}
