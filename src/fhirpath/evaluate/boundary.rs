//! `lowBoundary` and `highBoundary`: the ends of what a value of limited precision may be.

use super::super::Decimal;
use super::super::item::Cell;
use super::super::moment::{Moment, MomentKind, Precision};
use super::Run;
use jiff::civil;

/// Digits after the point when none are asked for.
const DEFAULT: i64 = 8;

impl Run<'_> {
    /// The boundary of a value at a precision; none when the precision makes no sense.
    pub(super) fn boundary(
        &mut self,
        value: Cell,
        digits: Option<i64>,
        high: bool,
    ) -> Option<Cell> {
        match value {
            Cell::Integer(_) | Cell::Decimal(_) => {
                let value = self.as_decimal(value)?;
                let end = decimal(value, digits.unwrap_or(DEFAULT), high)?;
                Some(self.memory.decimal(end))
            }
            Cell::Quantity(at) => {
                let (value, unit) = self.memory.quantities[at as usize];
                let end = decimal(value, digits.unwrap_or(DEFAULT), high)?;
                Some(self.memory.quantity(end, unit))
            }
            Cell::Moment(at) => {
                let end = moment(self.memory.moments[at as usize], digits, high)?;
                Some(self.memory.moment(end))
            }
            _ => None,
        }
    }
}

fn decimal(value: Decimal, digits: i64, high: bool) -> Option<Decimal> {
    let places = u8::try_from(digits).ok().filter(|places| *places <= Decimal::DIGITS)?;
    let half = Decimal::new(5, value.scale() + 1)?;
    let end = if high { value.checked_add(half)? } else { value.checked_sub(half)? };
    let end = if high { end.ceiling(places) } else { end.floor(places) };
    end.padded(places)
}

fn moment(value: Moment, digits: Option<i64>, high: bool) -> Option<Moment> {
    let time = value.kind == MomentKind::Time;
    let digits = digits.unwrap_or(match value.kind {
        MomentKind::Date => 8,
        MomentKind::DateTime => 17,
        MomentKind::Time => 9,
    });
    let precision = match if time { digits.saturating_add(8) } else { digits } {
        4 if !time => Precision::Year,
        6 if !time => Precision::Month,
        8 if !time => Precision::Day,
        10 => Precision::Hour,
        12 => Precision::Minute,
        14 | 17 => Precision::Second,
        _ => return None,
    };
    let full = precision == Precision::Second && digits == if time { 9 } else { 17 };
    let at = filled(value, high)?;
    let dated = value.kind == MomentKind::Date && precision > Precision::Day;
    let kind = if dated { MomentKind::DateTime } else { value.kind };
    let zoned = kind == MomentKind::DateTime && precision > Precision::Day;
    // the earliest instant is where the day begins first, the latest where it ends last
    let anywhere = if high { -12 * 60 } else { 14 * 60 };
    let offset = zoned.then(|| value.offset.unwrap_or(anywhere));
    Some(Moment { kind, precision, fraction: if full { 3 } else { 0 }, offset, civil: at })
}

/// The fields beyond the precision at their largest, or as they are: at their smallest.
fn filled(value: Moment, high: bool) -> Option<civil::DateTime> {
    let at = value.civil;
    if !high {
        return Some(at);
    }
    let mut with = at.with();
    if value.precision < Precision::Month {
        with = with.month(12);
    }
    let mut at = with.day(at.day()).build().ok()?;
    if value.precision < Precision::Day {
        at = at.last_of_month();
    }
    let mut with = at.with();
    if value.precision < Precision::Hour {
        with = with.hour(23);
    }
    if value.precision < Precision::Minute {
        with = with.minute(59);
    }
    if value.precision < Precision::Second {
        with = with.second(59);
    }
    if value.precision < Precision::Second || value.fraction == 0 {
        with = with.subsec_nanosecond(999_000_000);
    }
    with.build().ok()
}
