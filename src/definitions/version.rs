//! Versions of packages and definitions: their order, and which loaded one stands in for one that is not.
//!
//! Promises: any text is a version; numbers compare as numbers. Never: reaches for a registry.

use std::cmp::{Ordering, Reverse};

/// The numbered parts of a version, label aside: `3.0.0-ballot` is 3, 0, 0.
fn numbers(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or(0));
    [0; 3].map(|_: u64| parts.next().unwrap_or(0))
}

/// Compares two versions: by their numbers, then one with a label before the one without, then as text.
pub fn compare(a: &str, b: &str) -> Ordering {
    let labelled = |v: &str| Reverse(v.contains('-'));
    numbers(a).cmp(&numbers(b)).then(labelled(a).cmp(&labelled(b))).then(a.cmp(b))
}

/// Whether a version is what was asked for: the same, one of a wildcard (`4.0.x`), or one that begins
/// with the parts given (`5.0` asks for any 5.0).
pub fn fits(asked: &str, version: &str) -> bool {
    if asked == version {
        return true;
    }
    let asked = asked.strip_suffix(".x").or_else(|| asked.strip_suffix(".*")).unwrap_or(asked);
    version.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'))
}

/// Which of some versions stands in for one that is not there: of the same major the nearest (the lower of
/// two alike), else the highest lower one, else the lowest higher one.
pub fn nearest<'v, T: Copy>(asked: &str, from: &[T], version: impl Fn(T) -> &'v str) -> Option<T> {
    let [major, minor, patch] = numbers(asked);
    let distance = |one: T| {
        let [_, m, p] = numbers(version(one));
        (m.abs_diff(minor), p.abs_diff(patch), compare(version(one), asked) == Ordering::Greater)
    };
    let all = || from.iter().copied();
    let same = all().filter(|one| numbers(version(*one))[0] == major);
    let lower = all().filter(|one| numbers(version(*one))[0] < major);
    same.min_by_key(|one| distance(*one))
        .or_else(|| lower.max_by(|a, b| compare(version(*a), version(*b))))
        .or_else(|| all().min_by(|a, b| compare(version(*a), version(*b))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(compare("2.10.0", "2.9.9"), Ordering::Greater);
        assert_eq!(compare("3.0.0-ballot", "3.0.0"), Ordering::Less);
        assert_eq!(compare("2018-08-12", "2018-08-12"), Ordering::Equal);
    }

    #[test]
    fn a_part_of_a_version_fits_the_whole() {
        assert!(fits("5.0", "5.0.2") && fits("4.0.x", "4.0.1") && fits("1", "1"));
        assert!(!fits("5.0", "5.1.0") && !fits("5.0", "5.01"));
    }

    #[test]
    fn the_nearest_is_of_the_same_major_then_lower() {
        let near = |asked: &str, from: &[&'static str]| nearest(asked, from, |v| v).unwrap();
        assert_eq!(near("2.2.0", &["1.9.0", "2.1.0", "2.3.0", "3.0.0"]), "2.1.0");
        assert_eq!(near("2.0.5", &["2.0.1", "2.0.6", "2.1.0"]), "2.0.6");
        assert_eq!(near("3.1.0", &["1.0.0", "2.4.0", "4.0.0"]), "2.4.0");
        assert_eq!(near("1.0.0", &["3.0.0", "2.0.0"]), "2.0.0");
    }
}
