//! Exact decimals: a whole number and a scale, at most 28 digits, so that `1.10` stays `1.10` and sums
//! are what people expect.
//!
//! Promises: arithmetic is exact or rounded half up at 28 digits. Never: a binary fraction, except in the
//! functions that are irrational by nature (`exp`, `ln`, `log`, `sqrt`, `power` of a fraction).

use std::cmp::Ordering;
use std::fmt;

/// A decimal number: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

const LIMIT: i128 = 10i128.pow(Decimal::DIGITS as u32);

impl Decimal {
    /// The most digits a decimal can have, before and after its point together.
    pub const DIGITS: u8 = 28;

    /// A decimal, unless it has too many digits.
    pub fn new(mantissa: i128, scale: u8) -> Option<Decimal> {
        (mantissa.abs() < LIMIT && scale <= Self::DIGITS).then_some(Decimal { mantissa, scale })
    }

    /// Reads `-12.50`, `1.0E3`; nothing else around it.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let point = digits.len() > whole.len();
        if whole.is_empty() || (point && fraction.is_empty()) {
            return None;
        }
        let mut mantissa = 0i128;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        if number.starts_with('-') {
            mantissa = -mantissa;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale < 0 {
            let factor = 10i128.checked_pow(scale.unsigned_abs())?;
            return Decimal::new(mantissa.checked_mul(factor)?, 0);
        }
        Decimal::new(mantissa, u8::try_from(scale).ok()?)
    }

    /// The nearest decimal of at most 15 significant digits; none for what is no number.
    pub fn from_float(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        if number == 0.0 {
            return Some(Decimal::from(0));
        }
        let whole_digits = number.abs().log10().floor() as i32 + 1;
        let places = usize::try_from((15 - whole_digits).clamp(0, 28)).ok()?;
        Decimal::parse(&format!("{number:.places$}")).map(Decimal::normal)
    }

    /// As a binary fraction, for the irrational functions.
    pub fn to_float(self) -> f64 {
        self.mantissa as f64 / 10f64.powi(i32::from(self.scale))
    }

    /// Digits after the point.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// The number without its point.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// Without zeros at the end of its fraction.
    pub fn normal(self) -> Decimal {
        let Decimal { mut mantissa, mut scale } = self;
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Decimal { mantissa, scale }
    }

    /// The whole number it is, if it is one.
    pub fn to_integer(self) -> Option<i64> {
        let normal = self.normal();
        (normal.scale == 0).then(|| i64::try_from(normal.mantissa).ok()).flatten()
    }

    /// The sum.
    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other)?;
        Decimal::fitted(a.checked_add(b)?, scale)
    }

    /// The difference.
    pub fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        self.checked_add(-other)
    }

    /// The product.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        match self.mantissa.checked_mul(other.mantissa) {
            Some(mantissa) => Decimal::fitted(mantissa, self.scale + other.scale),
            None => {
                let (a, b) = (self.normal(), other.normal());
                Decimal::fitted(a.mantissa.checked_mul(b.mantissa)?, a.scale + b.scale)
            }
        }
    }

    /// The quotient; none when dividing by zero.
    pub fn checked_div(self, other: Decimal) -> Option<Decimal> {
        if other.mantissa == 0 {
            return None;
        }
        let mut quotient = self.mantissa / other.mantissa;
        let mut rest = self.mantissa % other.mantissa;
        let mut scale = i32::from(self.scale) - i32::from(other.scale);
        while scale < 0 || (rest != 0 && scale < 28 && quotient.abs() < LIMIT / 100) {
            rest *= 10;
            quotient = quotient.checked_mul(10)? + rest / other.mantissa;
            rest %= other.mantissa;
            scale += 1;
        }
        if (rest * 2).abs() >= other.mantissa.abs() && rest != 0 {
            quotient += (self.mantissa.signum() * other.mantissa.signum()).signum();
        }
        Decimal::fitted(quotient, u8::try_from(scale).ok()?)
    }

    /// The remainder of truncated division; none when dividing by zero.
    pub fn checked_rem(self, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other)?;
        Decimal::new(a.checked_rem(b)?, scale)
    }

    /// The whole part of the quotient; none when dividing by zero.
    pub fn whole_div(self, other: Decimal) -> Option<i128> {
        let (a, b, _) = self.aligned(other)?;
        a.checked_div(b)
    }

    /// Rounded half away from zero to `places` digits after the point.
    pub fn round(self, places: u8) -> Decimal {
        self.cut(places, |rest, unit| rest * 2 >= unit)
    }

    /// The largest number of `places` digits that is not above it.
    pub fn floor(self, places: u8) -> Decimal {
        let negative = self.mantissa < 0;
        self.cut(places, |rest, _| negative && rest > 0)
    }

    /// The smallest number of `places` digits that is not below it.
    pub fn ceiling(self, places: u8) -> Decimal {
        -(-self).floor(places)
    }

    /// Without its digits after `places`.
    pub fn truncate(self, places: u8) -> Decimal {
        self.cut(places, |_, _| false)
    }

    /// The same number with at least `places` digits after the point.
    pub fn padded(self, places: u8) -> Option<Decimal> {
        let more = places.saturating_sub(self.scale);
        let mantissa = self.mantissa.checked_mul(10i128.checked_pow(u32::from(more))?)?;
        Decimal::new(mantissa, self.scale + more)
    }

    fn cut(self, places: u8, up: impl Fn(i128, i128) -> bool) -> Decimal {
        if self.scale <= places {
            return self;
        }
        let unit = 10i128.pow(u32::from(self.scale - places));
        let rest = (self.mantissa % unit).abs();
        let mantissa = self.mantissa / unit
            + if up(rest, unit) { if self.mantissa < 0 { -1 } else { 1 } } else { 0 };
        Decimal { mantissa, scale: places }
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u8)> {
        let scale = self.scale.max(other.scale);
        let raise =
            |d: Decimal| d.mantissa.checked_mul(10i128.checked_pow(u32::from(scale - d.scale))?);
        Some((raise(self)?, raise(other)?, scale))
    }

    fn fitted(mut mantissa: i128, mut scale: u8) -> Option<Decimal> {
        while scale > 0 && (mantissa.abs() >= LIMIT || scale > Self::DIGITS) {
            let rest = mantissa % 10;
            mantissa = mantissa / 10 + if rest.abs() >= 5 { rest.signum() } else { 0 };
            scale -= 1;
        }
        Decimal::new(mantissa, scale)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Decimal {
        Decimal { mantissa: i128::from(number), scale: 0 }
    }
}

impl std::ops::Neg for Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal { mantissa: -self.mantissa, ..self }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        // the whole parts first: raising both to one scale could overflow
        let parts = |d: &Decimal| {
            let unit = 10i128.pow(u32::from(d.scale));
            let fraction = (d.mantissa % unit) * 10i128.pow(u32::from(28 - d.scale));
            (d.mantissa / unit, fraction)
        };
        parts(self).cmp(&parts(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10i128.pow(u32::from(self.scale));
        let (whole, fraction) = ((self.mantissa / unit).abs(), (self.mantissa % unit).abs());
        let sign = if self.mantissa < 0 { "-" } else { "" };
        match self.scale {
            0 => write!(out, "{sign}{whole}"),
            scale => write!(out, "{sign}{whole}.{fraction:0width$}", width = usize::from(scale)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn keeps_its_text_and_compares_by_value() {
        assert_eq!(d("1.10").to_string(), "1.10");
        assert_eq!(d("-0.05").to_string(), "-0.05");
        assert_eq!(d("1.10"), d("1.1"));
        assert!(d("-1.5") < d("-1.49") && d("9999999999999999999999999999") > d("0.1"));
        assert_eq!(d("1.0E3").to_string(), "1000");
        for bad in ["", ".5", "5.", "1e", "--1", "1_0", "12345678901234567890123456789"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn arithmetic_is_exact_or_rounded() {
        assert_eq!(d("1.2").checked_mul(d("1.8")), Some(d("2.16")));
        assert_eq!(d("0.1").checked_add(d("0.2")), Some(d("0.3")));
        assert_eq!(d("1.2").checked_div(d("1.8")).unwrap().round(4).to_string(), "0.6667");
        assert_eq!(d("-1").checked_div(d("3")).unwrap().round(3).to_string(), "-0.333");
        assert_eq!(d("1").checked_div(d("8")).unwrap().to_string(), "0.125");
        assert_eq!(d("1").checked_div(d("0.05")).unwrap(), d("20"));
        assert_eq!(d("1").checked_div(d("0")), None);
        assert_eq!(d("2.2").checked_rem(d("1.8")), Some(d("0.4")));
        assert_eq!(d("9999999999999999999999999999").checked_add(d("1")), None);
    }

    #[test]
    fn rounds_each_way() {
        assert_eq!(d("-1.5875").floor(2), d("-1.59"));
        assert_eq!(d("-1.1").ceiling(0), d("-1"));
        assert_eq!(d("1.1").ceiling(0), d("2"));
        assert_eq!(d("-1.56").truncate(0), d("-1"));
        assert_eq!(d("2.5").round(0), d("3"));
        assert_eq!(Decimal::from_float(0.1 + 0.2), Some(d("0.3")));
        assert_eq!(Decimal::from_float(f64::NAN), None);
    }
}
