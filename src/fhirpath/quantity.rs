//! Quantities: calendar durations and the part of UCUM that people write, with exact conversion.
//!
//! Promises: two units are converted only when both are understood; `1 year` and `1 'a'` are different
//! things, as FHIRPath says. Never: guesses at a unit (special units with an offset are not converted).

use super::{Decimal, Precision};

/// How many base dimensions there are: mass, length, time, current, temperature, amount, luminosity, angle,
/// calendar months.
const DIMENSIONS: usize = 9;

/// The dimension of calendar months, which no number of days measures.
const MONTHS: usize = 8;

/// A unit as a factor and powers of the base units (gram, metre, second, ...).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Measure {
    pub factor: Decimal,
    pub powers: [i8; DIMENSIONS],
}

/// A calendar word's unit, singular.
pub(super) fn calendar(word: &str) -> Option<(Precision, bool)> {
    Some(match word {
        "year" | "years" => (Precision::Year, false),
        "month" | "months" => (Precision::Month, false),
        "week" | "weeks" => (Precision::Day, true),
        "day" | "days" => (Precision::Day, false),
        "hour" | "hours" => (Precision::Hour, false),
        "minute" | "minutes" => (Precision::Minute, false),
        "second" | "seconds" => (Precision::Second, false),
        _ => return None,
    })
}

/// Whether it is a calendar word, milliseconds included.
pub(super) fn is_calendar(word: &str) -> bool {
    calendar(word).is_some() || matches!(word, "millisecond" | "milliseconds")
}

/// (symbol, factor, powers as pairs of dimension and exponent, takes a metric prefix)
type Atom = (&'static str, &'static str, &'static [(usize, i8)], bool);

const ATOMS: &[Atom] = &[
    ("g", "1", &[(0, 1)], true),
    ("m", "1", &[(1, 1)], true),
    ("s", "1", &[(2, 1)], true),
    ("A", "1", &[(3, 1)], true),
    ("K", "1", &[(4, 1)], true),
    ("mol", "1", &[(5, 1)], true),
    ("cd", "1", &[(6, 1)], true),
    ("rad", "1", &[(7, 1)], true),
    ("Cel", "1", &[(4, 1), (7, 100)], true),
    ("1", "1", &[], false),
    ("%", "0.01", &[], false),
    ("L", "0.001", &[(1, 3)], true),
    ("l", "0.001", &[(1, 3)], true),
    ("ar", "100", &[(1, 2)], true),
    ("t", "1000000", &[(0, 1)], true),
    ("min", "60", &[(2, 1)], false),
    ("h", "3600", &[(2, 1)], false),
    ("d", "86400", &[(2, 1)], false),
    ("wk", "604800", &[(2, 1)], false),
    ("mo", "2629800", &[(2, 1)], false),
    ("a", "31557600", &[(2, 1)], false),
    ("Hz", "1", &[(2, -1)], true),
    ("N", "1000", &[(0, 1), (1, 1), (2, -2)], true),
    ("Pa", "1000", &[(0, 1), (1, -1), (2, -2)], true),
    ("bar", "100000000", &[(0, 1), (1, -1), (2, -2)], true),
    ("J", "1000", &[(0, 1), (1, 2), (2, -2)], true),
    ("W", "1000", &[(0, 1), (1, 2), (2, -3)], true),
    ("cal", "4184", &[(0, 1), (1, 2), (2, -2)], true),
    ("m[Hg]", "133322000", &[(0, 1), (1, -1), (2, -2)], true),
    ("m[H2O]", "9806650", &[(0, 1), (1, -1), (2, -2)], true),
    ("[in_i]", "0.0254", &[(1, 1)], false),
    ("[ft_i]", "0.3048", &[(1, 1)], false),
    ("[yd_i]", "0.9144", &[(1, 1)], false),
    ("[mi_i]", "1609.344", &[(1, 1)], false),
    ("[lb_av]", "453.59237", &[(0, 1)], false),
    ("[oz_av]", "28.349523125", &[(0, 1)], false),
    ("[gr]", "0.06479891", &[(0, 1)], false),
    ("[IU]", "1", &[(6, 50)], true),
    ("[iU]", "1", &[(6, 50)], true),
    ("eq", "1", &[(5, 1)], true),
    ("kat", "1", &[(5, 1), (2, -1)], true),
    ("U", "0.00000001666666666666666667", &[(5, 1), (2, -1)], true),
];

const PREFIXES: &[(&str, i32)] = &[
    ("da", 1),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("h", 2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
];

/// What a UCUM code measures; none when it is not understood here.
pub(super) fn ucum(code: &str) -> Option<Measure> {
    let mut measure = Measure { factor: Decimal::from(1), powers: [0; DIMENSIONS] };
    let (mut rest, mut divide) = (code, false);
    if code.is_empty() || code.len() > 64 {
        return None;
    }
    if let Some(after) = rest.strip_prefix('/') {
        (rest, divide) = (after, true);
    }
    loop {
        let end = component_length(rest);
        let one = component(&rest[..end])?;
        measure = measure.times(one, divide)?;
        rest = &rest[end..];
        let mut chars = rest.chars();
        match chars.next() {
            None => return Some(measure),
            Some('.') => divide = false,
            Some('/') => divide = true,
            Some(_) => return None,
        }
        rest = chars.as_str();
    }
}

/// Up to the next operator outside brackets and annotations.
fn component_length(text: &str) -> usize {
    let mut depth = 0i32;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            '.' | '/' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn component(text: &str) -> Option<Measure> {
    // an annotation says what is counted and measures nothing
    let text = text.split_once('{').map_or(text, |(before, _)| before);
    if text.is_empty() {
        return Some(Measure { factor: Decimal::from(1), powers: [0; DIMENSIONS] });
    }
    let sign = text.rfind(['+', '-']);
    let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let exponent_at = sign.unwrap_or(text.len() - digits);
    let (symbol, exponent) = text.split_at(exponent_at);
    if symbol.is_empty() {
        let factor = Decimal::parse(exponent)?;
        return Some(Measure { factor, powers: [0; DIMENSIONS] });
    }
    let exponent: i8 = if exponent.is_empty() { 1 } else { exponent.parse().ok()? };
    let one = atom(symbol)?;
    let mut measure = Measure { factor: Decimal::from(1), powers: [0; DIMENSIONS] };
    for _ in 0..exponent.unsigned_abs().min(9) {
        measure = measure.times(one, exponent < 0)?;
    }
    (exponent.unsigned_abs() <= 9).then_some(measure)
}

fn atom(symbol: &str) -> Option<Measure> {
    let find = |name: &str| ATOMS.iter().find(|(symbol, ..)| *symbol == name);
    let (found, power) = match find(symbol) {
        Some(found) => (found, 0),
        None => PREFIXES.iter().find_map(|(prefix, power)| {
            let found = find(symbol.strip_prefix(prefix)?).filter(|(.., metric)| *metric)?;
            Some((found, *power))
        })?,
    };
    let mut factor = Decimal::parse(found.1)?;
    let ten = Decimal::new(10i128.pow(power.unsigned_abs()), 0)?;
    factor = if power < 0 { factor.checked_div(ten)? } else { factor.checked_mul(ten)? };
    let mut powers = [0; DIMENSIONS];
    for (dimension, exponent) in found.2 {
        powers[*dimension] = *exponent;
    }
    Some(Measure { factor, powers })
}

impl Measure {
    /// What a unit measures: a calendar word or a UCUM code.
    pub(super) fn of(unit: &str) -> Option<Measure> {
        let months = |factor: i64| {
            let mut powers = [0; DIMENSIONS];
            powers[MONTHS] = 1;
            Some(Measure { factor: Decimal::from(factor), powers })
        };
        match unit {
            "year" | "years" => months(12),
            "month" | "months" => months(1),
            "week" | "weeks" => ucum("wk"),
            "day" | "days" => ucum("d"),
            "hour" | "hours" => ucum("h"),
            "minute" | "minutes" => ucum("min"),
            "second" | "seconds" => ucum("s"),
            "millisecond" | "milliseconds" => ucum("ms"),
            code => ucum(code),
        }
    }

    /// The product, or the quotient.
    pub(super) fn times(self, other: Measure, divide: bool) -> Option<Measure> {
        let factor = match divide {
            false => self.factor.checked_mul(other.factor)?,
            true => self.factor.checked_div(other.factor)?,
        };
        let mut powers = self.powers;
        for (own, theirs) in powers.iter_mut().zip(other.powers) {
            *own = if divide { own.checked_sub(theirs)? } else { own.checked_add(theirs)? };
        }
        Some(Measure { factor: factor.normal(), powers })
    }

    /// Writes the base units, so that a product has a unit that can be read again.
    pub(super) fn write_base(&self, out: &mut String) {
        const BASE: [&str; DIMENSIONS] = ["g", "m", "s", "A", "K", "mol", "cd", "rad", "month"];
        let start = out.len();
        for (name, power) in BASE.iter().zip(self.powers).filter(|(_, power)| *power != 0) {
            if out.len() > start {
                out.push('.');
            }
            out.push_str(name);
            if power != 1 {
                out.push_str(&power.to_string());
            }
        }
        if out.len() == start {
            out.push('1');
        }
    }
}

/// Both values in the base units, when the units measure the same thing.
pub fn in_base(a: (Decimal, &str), b: (Decimal, &str)) -> Option<(Decimal, Decimal)> {
    if a.1 == b.1 {
        return Some((a.0, b.0));
    }
    let (one, other) = (Measure::of(a.1)?, Measure::of(b.1)?);
    if one.powers != other.powers {
        return None;
    }
    Some((a.0.checked_mul(one.factor)?, b.0.checked_mul(other.factor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(a: (&str, &str), b: (&str, &str)) -> Option<bool> {
        let d = |text| Decimal::parse(text).unwrap();
        in_base((d(a.0), a.1), (d(b.0), b.1)).map(|(a, b)| a == b)
    }

    #[test]
    fn converts_what_measures_the_same() {
        assert_eq!(equal(("4", "g"), ("4000", "mg")), Some(true));
        assert_eq!(equal(("1", "[in_i]"), ("2.54", "cm")), Some(true));
        assert_eq!(equal(("7", "days"), ("1", "wk")), Some(true));
        assert_eq!(equal(("1", "year"), ("12", "months")), Some(true));
        assert_eq!(equal(("1", "g/m"), ("1", "mg/mm")), Some(true));
        assert_eq!(equal(("5", "10*3/uL"), ("5", "10*3/uL")), Some(true));
    }

    #[test]
    fn leaves_the_rest_alone() {
        assert_eq!(equal(("1", "year"), ("1", "a")), None);
        assert_eq!(equal(("1", "cm"), ("1", "s")), None);
        assert_eq!(equal(("1", "Cel"), ("1", "K")), None);
        assert_eq!(equal(("1", "nonsense"), ("1", "g")), None);
        assert_eq!(ucum("[s]"), None);
    }
}
