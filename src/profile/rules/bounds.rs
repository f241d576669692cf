//! minValue, maxValue, maxLength. Quantities are converted by UCUM; a duration bounds a date from now.

use super::format::Format;
use super::primitive::with_text;
use crate::fhirpath::{Decimal, in_base};
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::known::{Known, child};
use crate::profile::program::{Bounds, LiteralId, Spec};
use crate::profile::run::Run;
use crate::tree::{NameId, NodeId, Tree};
use jiff::{Span, tz::TimeZone};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// Checks a value against its bounds.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, spec: &Spec, bounds: &Bounds) {
    if let Some(most) = bounds.max_length.filter(|_| run.tree.value(id).is_some()) {
        let length = run.tree.chars(run.tree.node(id).value).take(most as usize + 1).count();
        if length > most as usize {
            let name = Arg::Shared(Arc::clone(&spec.name));
            let args = [name, Arg::Number(u64::from(most)), Arg::None];
            run.tell_of(&catalogue::TOO_LONG, id, spec.program, args);
        }
    }
    let beyond = |run: &mut Run<'_>, literal: Option<LiteralId>, side| {
        literal.is_some_and(|literal| compare(run, id, literal, side) == Some(side))
    };
    if beyond(run, bounds.min, Ordering::Less) {
        run.tell(&catalogue::MIN_VALUE, id, spec, super::fixed::NO_ARGS);
    }
    if beyond(run, bounds.max, Ordering::Greater) {
        run.tell(&catalogue::MAX_VALUE, id, spec, super::fixed::NO_ARGS);
    }
}

/// Numbers by value; dates, moments and times as far as both go. None: that cannot be said.
fn compare(run: &mut Run<'_>, id: NodeId, literal: LiteralId, side: Ordering) -> Option<Ordering> {
    let programs = &run.validator.programs;
    let (literals, known) = (&programs.literal_tree, &run.validator.known);
    let node = programs.literals.get(literal.0 as usize).copied().flatten()?;
    let type_id = run.tree.node(id).type_id;
    if run.is_a(type_id, known.quantity_type) {
        return quantities(known, (run.tree, id), (literals, node));
    }
    if run.is_a(literals.node(node).type_id, known.quantity_type) {
        return moments(run, id, node, side);
    }
    run.tree.value(id)?;
    let bound = literals.text(node)?;
    let format = run.validator.format(type_id)?;
    with_text(run, id, |text| match format {
        Format::Integer | Format::Unsigned | Format::Positive | Format::Decimal => {
            numbers(text, &bound)
        }
        Format::Date | Format::DateTime | Format::Instant => super::native::compare(text, &bound),
        Format::Time => times(text, &bound),
        _ => None,
    })
}

/// By all their digits, or about where there are more than decimals have.
fn numbers(one: &str, other: &str) -> Option<Ordering> {
    match (Decimal::parse(one), Decimal::parse(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?),
    }
}

/// Times of day: a fraction that is not written is none.
fn times(one: &str, other: &str) -> Option<Ordering> {
    let (clock, wanted) = (one.get(..8)?, other.get(..8)?);
    Some(clock.cmp(wanted).then(fraction(one).cmp(fraction(other))))
}

/// The digits behind the seconds, without the zeros that say nothing.
fn fraction(time: &str) -> &str {
    time.get(9..).map_or("", |digits| digits.trim_end_matches('0'))
}

/// Quantities by value: as they stand in one unit, converted where UCUM knows both units.
fn quantities(known: &Known, a: (&Tree, NodeId), b: (&Tree, NodeId)) -> Option<Ordering> {
    fn part<'t>((tree, id): (&'t Tree, NodeId), name: NameId) -> Option<Cow<'t, str>> {
        child(tree, id, name).and_then(|c| tree.text(c))
    }
    let (mine, bound) = (part(a, known.value)?, part(b, known.value)?);
    let (unit, wanted) = (part(a, known.code), part(b, known.code));
    if unit == wanted {
        return mine.parse::<f64>().ok()?.partial_cmp(&bound.parse::<f64>().ok()?);
    }
    let ucum = |one| part(one, known.system).is_some_and(|s| s == "http://unitsofmeasure.org");
    let (unit, wanted) = (unit?, wanted?);
    let number = |text: &str| Decimal::parse(text);
    let pair = ((number(&mine)?, &*unit), (number(&bound)?, &*wanted));
    let (mine, bound) = (ucum(a) && ucum(b)).then(|| in_base(pair.0, pair.1))??;
    mine.partial_cmp(&bound)
}

/// A date or moment against one that lies a duration before (the smallest) or after (the largest) now.
fn moments(run: &Run<'_>, id: NodeId, bound: NodeId, side: Ordering) -> Option<Ordering> {
    let (literals, known) = (&run.validator.programs.literal_tree, &run.validator.known);
    let part = |name| child(literals, bound, name).and_then(|c| literals.text(c));
    let amount: f64 = part(known.value)?.parse().ok()?;
    let whole = amount as i64;
    let span = match &*part(known.code)? {
        "a" => Span::new().try_years(whole),
        "mo" => Span::new().try_months(whole),
        "wk" => Span::new().try_weeks(whole),
        "d" => Span::new().try_days(whole),
        "h" => Span::new().try_hours(whole),
        "min" => Span::new().try_minutes(whole),
        "s" => Span::new().try_seconds(whole),
        _ => return None,
    };
    let now = run.now.to_zoned(TimeZone::UTC);
    let span = span.ok()?;
    let bound = match side {
        Ordering::Less => now.checked_sub(span),
        _ => now.checked_add(span),
    };
    let bound = bound.ok()?.timestamp().to_string();
    super::native::compare(&run.tree.text(id)?, &bound)
}
