//! Dates, dateTimes and times of partial precision: read, compared, moved, written as they came.
//!
//! Promises: a comparison that the precisions leave open is open (`None`), never guessed.

use jiff::Timestamp;
use jiff::civil;
use std::cmp::Ordering;
use std::fmt;

/// Which of the three system types it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MomentKind {
    /// A date, or a part of one: `@2015-02`.
    Date,
    /// A date with a time of day, or a part of it: `@2015-02-04T14`, `@2015T`.
    DateTime,
    /// A time of day, or a part of it: `@T14:30`.
    Time,
}

/// How much of it is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Precision {
    /// `2015`.
    Year,
    /// `2015-02`.
    Month,
    /// `2015-02-04`.
    Day,
    /// `14`.
    Hour,
    /// `14:30`.
    Minute,
    /// `14:30:05`, with or without a fraction.
    Second,
}

/// A date, a dateTime or a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moment {
    /// Which.
    pub kind: MomentKind,
    /// How much is known.
    pub precision: Precision,
    /// Digits of the second's fraction that were written.
    pub fraction: u8,
    /// Minutes east of UTC, where it was written.
    pub offset: Option<i16>,
    /// All fields; those beyond the precision are at their smallest.
    pub civil: civil::DateTime,
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn digits<const N: usize>(&mut self) -> Option<i32> {
        let digits = self.rest.get(..N)?;
        let number = digits.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i32::from(byte - b'0'))
        })?;
        self.rest = &self.rest[N..];
        Some(number)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.rest.first() == Some(&byte);
        if there {
            self.rest = &self.rest[1..];
        }
        there
    }

    fn date(&mut self) -> Option<(civil::Date, Precision)> {
        let year = i16::try_from(self.digits::<4>()?).ok()?;
        if !self.eat(b'-') {
            return Some((civil::Date::new(year, 1, 1).ok()?, Precision::Year));
        }
        let month = i8::try_from(self.digits::<2>()?).ok()?;
        if !self.eat(b'-') {
            return Some((civil::Date::new(year, month, 1).ok()?, Precision::Month));
        }
        let day = i8::try_from(self.digits::<2>()?).ok()?;
        Some((civil::Date::new(year, month, day).ok()?, Precision::Day))
    }

    fn time(&mut self) -> Option<(civil::Time, Precision, u8)> {
        let hour = i8::try_from(self.digits::<2>()?).ok()?;
        if !self.eat(b':') {
            return Some((civil::Time::new(hour, 0, 0, 0).ok()?, Precision::Hour, 0));
        }
        let minute = i8::try_from(self.digits::<2>()?).ok()?;
        if !self.eat(b':') {
            return Some((civil::Time::new(hour, minute, 0, 0).ok()?, Precision::Minute, 0));
        }
        // a leap second is the last one of its minute
        let second = i8::try_from(self.digits::<2>()?.min(60)).ok()?.min(59);
        let (mut nanos, mut digits) = (0, 0);
        if self.eat(b'.') {
            while let Some(digit) = self.digits::<1>() {
                digits += 1;
                if digits <= 9 {
                    nanos += digit * 10i32.pow(9 - digits);
                }
            }
            if digits == 0 {
                return None;
            }
        }
        let time = civil::Time::new(hour, minute, second, nanos).ok()?;
        Some((time, Precision::Second, digits.min(9) as u8))
    }

    fn offset(&mut self) -> Option<Option<i16>> {
        if self.eat(b'Z') {
            return Some(Some(0));
        }
        let sign = match (self.eat(b'+'), self.eat(b'-')) {
            (true, _) => 1,
            (_, true) => -1,
            _ => return Some(None),
        };
        let hours = self.digits::<2>()?;
        let minutes = self.eat(b':').then(|| self.digits::<2>())??;
        let fits = hours <= 14 && minutes < 60;
        fits.then(|| i16::try_from(sign * (hours * 60 + minutes)).ok().map(Some))?
    }
}

fn whole(kind: MomentKind, text: &str) -> Option<Moment> {
    let mut cursor = Cursor { rest: text.as_bytes() };
    let zero = civil::Date::constant(1, 1, 1);
    if kind == MomentKind::Time {
        let (time, precision, fraction) = cursor.time()?;
        let civil = zero.to_datetime(time);
        let moment = Moment { kind, precision, fraction, offset: None, civil };
        return cursor.rest.is_empty().then_some(moment);
    }
    let (date, precision) = cursor.date()?;
    let midnight = date.to_datetime(civil::Time::midnight());
    let mut moment = Moment { kind, precision, fraction: 0, offset: None, civil: midnight };
    if kind == MomentKind::DateTime && cursor.eat(b'T') && !cursor.rest.is_empty() {
        if precision != Precision::Day {
            return None;
        }
        let (time, precision, fraction) = cursor.time()?;
        let offset = cursor.offset()?;
        moment = Moment { precision, fraction, offset, civil: date.to_datetime(time), ..moment };
    }
    cursor.rest.is_empty().then_some(moment)
}

/// How long a literal after its `@` is; stops before an invocation.
pub(super) fn literal_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let time = bytes.contains(&b'T');
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let more = match byte {
            b'0'..=b'9' | b'T' => true,
            b'-' | b':' | b'.' | b'+' => digit(at + 1),
            b'Z' => time && at > 0 && digit(at - 1),
            _ => false,
        };
        if !more {
            break;
        }
        at += 1;
    }
    at
}

/// Reads a literal without its `@`: `2015-02`, `2015T`, `T14:30`.
pub(super) fn parse_literal(text: &str) -> Option<Moment> {
    match text.strip_prefix('T') {
        Some(time) => whole(MomentKind::Time, time),
        None if text.contains('T') => whole(MomentKind::DateTime, text),
        None => whole(MomentKind::Date, text),
    }
}

impl Moment {
    /// Reads a FHIR `date`, `dateTime`, `instant` or `time`; none when it is not one.
    pub fn parse(kind: MomentKind, text: &str) -> Option<Moment> {
        whole(kind, text)
    }

    /// This instant, in UTC to the millisecond.
    pub fn now(now: Timestamp) -> Moment {
        let civil = jiff::tz::Offset::UTC.to_datetime(now);
        let nanos = civil.subsec_nanosecond() / 1_000_000 * 1_000_000;
        let civil = civil.with().subsec_nanosecond(nanos).build().unwrap_or(civil);
        let (kind, precision) = (MomentKind::DateTime, Precision::Second);
        Moment { kind, precision, fraction: 3, offset: Some(0), civil }
    }

    /// The same day, without a time.
    pub fn to_date(self) -> Moment {
        let precision = self.precision.min(Precision::Day);
        let civil = self.civil.date().to_datetime(civil::Time::midnight());
        Moment { kind: MomentKind::Date, precision, fraction: 0, offset: None, civil }
    }

    /// The same time of day, without a date.
    pub fn to_time(self) -> Moment {
        let civil = civil::Date::constant(1, 1, 1).to_datetime(self.civil.time());
        Moment { kind: MomentKind::Time, offset: None, civil, ..self }
    }

    /// Which comes first, as far as both are known; none when that leaves it open.
    ///
    /// With a zone on both sides they are compared as instants. With a zone on one side only, two
    /// dateTimes are comparable only if no zone could turn them round.
    pub fn compare(&self, other: &Moment) -> Option<Ordering> {
        if (self.kind == MomentKind::Time) != (other.kind == MomentKind::Time) {
            return None;
        }
        let known = self.precision.min(other.precision);
        let (a, b) = match (self.offset, other.offset) {
            (Some(_), Some(_)) => (self.in_utc()?, other.in_utc()?),
            _ => (self.civil, other.civil),
        };
        let one_zone = self.offset.is_some() != other.offset.is_some();
        if one_zone && known > Precision::Day {
            let hours = a.duration_since(b).as_hours().abs();
            return (hours > 26).then(|| a.cmp(&b));
        }
        match cut(a, known).cmp(&cut(b, known)) {
            Ordering::Equal if self.precision != other.precision => None,
            order => Some(order),
        }
    }

    /// Whether they are of one precision and equal, for equivalence, which is never open.
    pub fn equivalent(&self, other: &Moment) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    fn in_utc(&self) -> Option<civil::DateTime> {
        let minutes = i64::from(self.offset.unwrap_or(0));
        self.civil.checked_sub(jiff::Span::new().try_minutes(minutes).ok()?).ok()
    }

    /// The moment moved by a whole number of a unit; months are cut to their last day. A unit finer than
    /// the precision counts by its whole multiples of what is known.
    pub fn moved(self, amount: i64, unit: Precision, weeks: bool) -> Option<Moment> {
        let amount = if weeks { amount.checked_mul(7)? } else { amount };
        let (amount, unit) = coarser(amount, unit, self.precision);
        let span = jiff::Span::new();
        let span = match unit {
            Precision::Year => span.try_years(amount),
            Precision::Month => span.try_months(amount),
            Precision::Day => span.try_days(amount),
            Precision::Hour => span.try_hours(amount),
            Precision::Minute => span.try_minutes(amount),
            Precision::Second => span.try_seconds(amount),
        };
        self.plus(span.ok()?)
    }

    /// The moment moved by milliseconds, written to the millisecond.
    pub fn moved_milliseconds(self, amount: i64) -> Option<Moment> {
        if self.precision < Precision::Second {
            return self.moved(amount / 1000, Precision::Second, false);
        }
        let span = jiff::Span::new().try_milliseconds(amount).ok()?;
        Moment { fraction: self.fraction.max(3), ..self }.plus(span)
    }

    fn plus(self, span: jiff::Span) -> Option<Moment> {
        if self.kind == MomentKind::Time {
            let time = self.civil.time().wrapping_add(span);
            return Some(Moment { civil: self.civil.date().to_datetime(time), ..self });
        }
        Some(Moment { civil: self.civil.checked_add(span).ok()?, ..self })
    }
}

/// The amount in a unit that is no finer than what is known.
fn coarser(mut amount: i64, mut unit: Precision, known: Precision) -> (i64, Precision) {
    while unit > known {
        (amount, unit) = match unit {
            Precision::Second => (amount / 60, Precision::Minute),
            Precision::Minute => (amount / 60, Precision::Hour),
            Precision::Hour => (amount / 24, Precision::Day),
            Precision::Day if known == Precision::Year => (amount / 365, Precision::Year),
            Precision::Day => (amount / 30, Precision::Month),
            Precision::Month | Precision::Year => (amount / 12, Precision::Year),
        };
    }
    (amount, unit)
}

fn cut(moment: civil::DateTime, known: Precision) -> (i16, i8, i8, i8, i8, i8, i32) {
    let keep = |precision: Precision, field: i8| if known >= precision { field } else { 0 };
    (
        moment.year(),
        keep(Precision::Month, moment.month()),
        keep(Precision::Day, moment.day()),
        keep(Precision::Hour, moment.hour()),
        keep(Precision::Minute, moment.minute()),
        keep(Precision::Second, moment.second()),
        if known == Precision::Second { moment.subsec_nanosecond() } else { 0 },
    )
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.civil;
        if self.kind != MomentKind::Time {
            write!(out, "{:04}", at.year())?;
            if self.precision >= Precision::Month {
                write!(out, "-{:02}", at.month())?;
            }
            if self.precision >= Precision::Day {
                write!(out, "-{:02}", at.day())?;
            }
            if self.precision > Precision::Day {
                out.write_str("T")?;
            }
        }
        if self.precision >= Precision::Hour {
            write!(out, "{:02}", at.hour())?;
        }
        if self.precision >= Precision::Minute {
            write!(out, ":{:02}", at.minute())?;
        }
        if self.precision == Precision::Second {
            write!(out, ":{:02}", at.second())?;
            if self.fraction > 0 {
                let width = usize::from(self.fraction);
                let digits = at.subsec_nanosecond() / 10i32.pow(9 - u32::from(self.fraction));
                write!(out, ".{digits:0width$}")?;
            }
        }
        match self.offset {
            None => Ok(()),
            Some(0) => out.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Moment {
        assert_eq!(literal_length(text), text.len(), "{text}");
        parse_literal(text).unwrap()
    }

    #[test]
    fn reads_and_writes_what_it_read() {
        for text in ["2015", "2015-02", "2015-02-04", "2015-02-04T14", "2015-02-04T14:34:28.123"] {
            assert_eq!(literal(text).to_string(), text);
        }
        assert_eq!(literal("2015T").to_string(), "2015");
        assert_eq!(literal("2015-02-04T14:34:28+10:00").to_string(), "2015-02-04T14:34:28+10:00");
        assert_eq!(literal_length("2015-02-04T14.is(x)"), 13);
        assert_eq!(literal_length("2014.precision()"), 4);
        for bad in ["2015-13", "2015-02-30", "2015-02T14", "T25"] {
            assert_eq!(parse_literal(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_known_stays_open() {
        let compare = |a, b| literal(a).compare(&literal(b));
        assert_eq!(compare("2018-03", "2018-03-01"), None);
        assert_eq!(compare("2018-03", "2018-04-01"), Some(Ordering::Less));
        assert_eq!(compare("T10:30:00", "T10:30:00.0"), Some(Ordering::Equal));
        assert_eq!(compare("2012-04-15T15:00:00Z", "2012-04-15T10:00:00"), None);
        let (a, b) = ("2012-04-15T15:00:00+02:00", "2012-04-15T16:00:00+03:00");
        assert_eq!(compare(a, b), Some(Ordering::Equal));
    }

    #[test]
    fn moves_by_calendar_units() {
        let moved =
            |text, amount, unit| literal(text).moved(amount, unit, false).unwrap().to_string();
        assert_eq!(moved("2016-01-31", 1, Precision::Month), "2016-02-29");
        assert_eq!(moved("2014", 24, Precision::Month), "2016");
        assert_eq!(moved("T23:30", 60, Precision::Minute), "00:30");
        assert_eq!(
            literal("1973-12-25").moved(1, Precision::Day, true).unwrap().to_string(),
            "1974-01-01"
        );
    }
}
