//! Dates in other people's order: `yyyyMMddHHmm`, `dd/MM/yyyy`, seconds since 1970.
//!
//! Promises: a text that is not of the form gives nothing; a time is given a zone only by the text, or by what the
//! map names. Never: a guess at a century, or at a month's name.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use std::fmt::Write;

/// What a date is read by.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Year,
    Month(bool),
    Day(bool),
    /// Of the day, or of its half.
    Hour(bool, bool),
    Minute(bool),
    Second(bool),
    Fraction,
    /// `AM` or `PM`.
    Half,
    Offset,
    Literal(char),
}

/// The form of a date that is no FHIR date yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

/// What a date becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// `yyyy-MM-dd`, or as much of it as there is.
    Date,
    /// That, or with a time and a zone.
    DateTime,
    /// `HH:mm:ss`.
    Time,
}

#[derive(Default)]
struct Found {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: Option<i8>,
    minute: Option<i8>,
    second: Option<i8>,
    fraction: String,
    afternoon: Option<bool>,
    zone: Option<TimeZone>,
}

impl Pattern {
    /// Reads a form. What is no code of it stands for itself; text in single quotes too.
    pub fn read(text: &str) -> Result<Pattern, char> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let run = rest.chars().take_while(|c| *c == first).count();
            let (piece, len) = match (first, run) {
                ('y', 4..) => (Piece::Year, 4),
                ('M', 1 | 2) => (Piece::Month(run == 2), run),
                ('d', 1 | 2) => (Piece::Day(run == 2), run),
                ('H' | 'h', 1 | 2) => (Piece::Hour(run == 2, first == 'h'), run),
                ('m', 1 | 2) => (Piece::Minute(run == 2), run),
                ('s', 1 | 2) => (Piece::Second(run == 2), run),
                ('S', _) => (Piece::Fraction, run),
                ('a', _) => (Piece::Half, run),
                ('Z' | 'X' | 'x', _) => (Piece::Offset, run),
                ('\'', _) => {
                    let inner = rest[1..].split('\'').next().unwrap_or_default();
                    pieces.extend(inner.chars().map(Piece::Literal));
                    rest = rest.get(inner.len() + 2..).unwrap_or_default();
                    continue;
                }
                (c, _) if c.is_ascii_alphabetic() && c != 'T' => return Err(c),
                (c, _) => (Piece::Literal(c), c.len_utf8()),
            };
            pieces.push(piece);
            rest = &rest[len..];
        }
        Ok(Pattern(pieces))
    }

    /// A date of this form, as FHIR writes it; none where it is not one. A time that says no zone gets the one
    /// given.
    pub fn apply(&self, text: &str, to: Becomes, zone: Option<&TimeZone>) -> Option<String> {
        let mut found = Found::default();
        let mut rest = text;
        for piece in &self.0 {
            rest = found.take(piece, rest)?;
        }
        if !rest.is_empty() {
            return None;
        }
        found.write(to, zone)
    }
}

impl Found {
    fn take<'t>(&mut self, piece: &Piece, text: &'t str) -> Option<&'t str> {
        let number = |whole: bool| {
            let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
            let long = if whole { digits == 2 } else { digits > 0 };
            long.then(|| Some((text[..digits].parse::<i8>().ok()?, &text[digits..])))?
        };
        let put = |into: &mut Option<i8>, whole: bool| {
            let (value, rest) = number(whole)?;
            *into = Some(value);
            Some(rest)
        };
        match piece {
            Piece::Year => {
                let digits = text.get(..4)?;
                let all = digits.bytes().all(|b| b.is_ascii_digit());
                self.year = Some(digits.parse().ok().filter(|_| all)?);
                Some(&text[4..])
            }
            Piece::Month(whole) => put(&mut self.month, *whole),
            Piece::Day(whole) => put(&mut self.day, *whole),
            Piece::Hour(whole, _) => put(&mut self.hour, *whole),
            Piece::Minute(whole) => put(&mut self.minute, *whole),
            Piece::Second(whole) => put(&mut self.second, *whole),
            Piece::Fraction => {
                let digits = text.bytes().take_while(u8::is_ascii_digit).count();
                self.fraction = text[..digits].to_owned();
                (digits > 0).then(|| &text[digits..])
            }
            Piece::Half => {
                let half = text.chars().next()?.to_ascii_uppercase();
                self.afternoon = Some(match half {
                    'A' => false,
                    'P' => true,
                    _ => return None,
                });
                let rest = &text[1..];
                Some(rest.strip_prefix(['m', 'M']).unwrap_or(rest))
            }
            Piece::Offset => {
                let (zone, rest) = offset(text)?;
                self.zone = Some(zone);
                Some(rest)
            }
            Piece::Literal(wanted) => text.strip_prefix(*wanted),
        }
    }

    fn write(&self, to: Becomes, zone: Option<&TimeZone>) -> Option<String> {
        let mut out = String::new();
        if to == Becomes::Time {
            self.write_time(&mut out)?;
            return Some(out);
        }
        let year = self.year?;
        let date = Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()?;
        match (self.month, self.day) {
            (None, _) => write!(out, "{year:04}"),
            (Some(month), None) => write!(out, "{year:04}-{month:02}"),
            _ => write!(out, "{date}"),
        }
        .ok()?;
        if to == Becomes::Date || self.hour.is_none() {
            return Some(out);
        }
        self.day?;
        out.push('T');
        let time = self.write_time(&mut out)?;
        let zone = self.zone.as_ref().or(zone)?;
        let zoned = DateTime::from_parts(date, time).to_zoned(zone.clone()).ok()?;
        write_offset(zoned.offset(), &mut out);
        Some(out)
    }

    fn write_time(&self, out: &mut String) -> Option<Time> {
        let hour = match (self.hour?, self.afternoon) {
            (hour, None) => hour,
            (hour @ 1..=12, Some(afternoon)) => hour % 12 + if afternoon { 12 } else { 0 },
            _ => return None,
        };
        let (minute, second) = (self.minute.unwrap_or(0), self.second.unwrap_or(0));
        let time = Time::new(hour, minute, second, 0).ok()?;
        write!(out, "{hour:02}:{minute:02}:{second:02}").ok()?;
        if !self.fraction.is_empty() {
            out.push('.');
            out.push_str(&self.fraction);
        }
        Some(time)
    }
}

/// `Z`, `+0200` or `+02:00` at the beginning of a text, and the rest.
fn offset(text: &str) -> Option<(TimeZone, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((TimeZone::UTC, rest));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let two = |from: usize| {
        let digits = text.get(from..from + 2)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok())?
    };
    let hours = two(1)?;
    let colon = usize::from(text.as_bytes().get(3) == Some(&b':'));
    let minutes = two(3 + colon);
    let len = if minutes.is_some() { 5 + colon } else { 3 };
    let seconds = sign * (hours * 3600 + minutes.unwrap_or(0) * 60);
    let zone = Offset::from_seconds(seconds).ok()?.to_time_zone();
    Some((zone, &text[len..]))
}

fn write_offset(offset: Offset, out: &mut String) {
    let seconds = offset.seconds();
    if seconds == 0 {
        return out.push('Z');
    }
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
}

/// A zone by its name, or as an offset.
pub fn zone(name: &str) -> Option<TimeZone> {
    match offset(name) {
        Some((zone, "")) => Some(zone),
        _ => TimeZone::get(name).ok(),
    }
}

/// Seconds since 1970 as a date, a date and time, or a time in a zone.
pub fn unix(text: &str, to: Becomes, zone: &TimeZone) -> Option<String> {
    let zoned = jiff::Timestamp::from_second(text.parse().ok()?).ok()?.to_zoned(zone.clone());
    let mut out = match to {
        Becomes::Date => return Some(zoned.date().to_string()),
        Becomes::Time => return Some(zoned.time().to_string()),
        Becomes::DateTime => zoned.datetime().to_string(),
    };
    write_offset(zoned.offset(), &mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, text: &str, to: Becomes) -> Option<String> {
        Pattern::read(pattern).expect("a pattern").apply(text, to, None)
    }

    #[test]
    fn dates_are_read_in_their_own_order() {
        let date = |pattern, text| read(pattern, text, Becomes::Date);
        assert_eq!(date("dd/MM/yyyy", "24/12/2024").as_deref(), Some("2024-12-24"));
        assert_eq!(date("yyyyMMdd", "20240229").as_deref(), Some("2024-02-29"));
        assert_eq!(date("yyyyMMdd", "20230229"), None);
        assert_eq!(date("yyyyMM", "202402").as_deref(), Some("2024-02"));
        assert_eq!(date("yyyy", "2024").as_deref(), Some("2024"));
        assert_eq!(date("d.M.yyyy", "1.2.2024").as_deref(), Some("2024-02-01"));
        assert_eq!(date("yyyyMMdd", "20240229x"), None);
        assert_eq!(date("yyyyMMdd", "2024-02-29"), None);
    }

    #[test]
    fn a_time_keeps_its_zone_and_is_given_none() {
        let time = |pattern, text| read(pattern, text, Becomes::DateTime);
        let whole = time("yyyyMMddHHmmssZ", "20240701120500+0200");
        assert_eq!(whole.as_deref(), Some("2024-07-01T12:05:00+02:00"));
        assert_eq!(time("yyyyMMddHHmm", "202407011205"), None);
        let pattern = Pattern::read("yyyyMMddHHmm").expect("a pattern");
        let zone = zone("Europe/Copenhagen");
        let made = pattern.apply("202401011205", Becomes::DateTime, zone.as_ref());
        assert_eq!(made.as_deref(), Some("2024-01-01T12:05:00+01:00"));
        let part = time("yyyy-MM-dd'T'hh:mm:ss.SSS aZ", "2024-07-01T12:05:09.120 amZ");
        assert_eq!(part.as_deref(), Some("2024-07-01T00:05:09.120Z"));
        assert_eq!(time("yyyyMMdd", "20240701").as_deref(), Some("2024-07-01"));
    }

    #[test]
    fn times_and_seconds() {
        assert_eq!(read("HHmm", "1205", Becomes::Time).as_deref(), Some("12:05:00"));
        assert_eq!(read("HHmm", "2505", Becomes::Time), None);
        let utc = zone("Z").expect("a zone");
        let made = |to| unix("1719828300", to, &utc);
        assert_eq!(made(Becomes::DateTime).as_deref(), Some("2024-07-01T10:05:00Z"));
        assert_eq!(made(Becomes::Date).as_deref(), Some("2024-07-01"));
        let east = zone("+05:30").expect("a zone");
        assert_eq!(unix("1719828300", Becomes::Time, &east).as_deref(), Some("15:35:00"));
        assert_eq!(unix("soon", Becomes::Date, &utc), None);
    }

    #[test]
    fn a_form_that_nobody_can_read_is_said() {
        assert_eq!(Pattern::read("yy"), Err('y'));
        assert_eq!(Pattern::read("yyyy MMM"), Err('M'));
        assert_eq!(Pattern::read("q"), Err('q'));
    }
}
