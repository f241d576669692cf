//! The known word that somebody meant: for every "did you mean", one measure.
//!
//! Promises: bounded work for any input; deterministic, the first known word of several equally near ones.
//! Never: suggests a word that is far, or the very word that was said.

/// What is longer than this was not mistyped.
const LONGEST: usize = 120;

/// The known word nearest to what was said, if it is near: a third of its letters may differ.
pub fn nearest<'w>(said: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    if said.len() > LONGEST {
        return None;
    }
    let far = (said.chars().count() / 3).max(1);
    let said_small: Vec<char> = said.to_lowercase().chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for word in known {
        let skip = word == said || word.is_empty() || word.len().abs_diff(said.len()) > 2 * far;
        if skip {
            continue;
        }
        let small: Vec<char> = word.to_lowercase().chars().collect();
        let distance = distance(&said_small, &small);
        if distance <= far && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, word));
        }
    }
    best.map(|(_, word)| word)
}

/// ``did you mean `x`?`` for the nearest known word, if one is near.
pub fn meant<'w>(said: &str, known: impl IntoIterator<Item = &'w str>) -> Option<String> {
    nearest(said, known).map(|word| format!("did you mean `{word}`?"))
}

/// How many characters must be put in, taken out, changed or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let changed = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(above[j - 2] + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["given", "family", "period", "birthDate"];
        assert_eq!(nearest("given1", names), Some("given"));
        assert_eq!(nearest("famly", names), Some("family"));
        assert_eq!(nearest("birthdate", names), Some("birthDate"));
        assert_eq!(nearest("quantity", names), None);
        assert_eq!(nearest("given", names), None);
        assert_eq!(nearest(&"g".repeat(5_000), names), None);
        assert_eq!(meant("peroid", names).as_deref(), Some("did you mean `period`?"));
    }

    #[test]
    fn neighbours_that_are_swapped_count_once() {
        let count = |a: &str, b: &str| {
            distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
        };
        assert_eq!(count("reciever", "receiver"), 1);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", "abd"), 1);
    }
}
