//! Ids that a map makes: the same every time the same thing is translated.
//!
//! Promises: an id depends on the seed, the map, the rule, the source node and how often it was asked for
//! there, and on nothing else. Never: a random number.

use crate::message::sabotage::broken;
use uuid::Uuid;

/// What ids of a run grow from.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdSeed<'a> {
    /// The id of the message that is translated.
    pub message: &'a str,
    /// Who it is translated for.
    pub destination: &'a str,
    /// Counts translations with another result, from 0.
    pub generation: u32,
}

/// The namespace of every id made here.
const NAMESPACE: Uuid = Uuid::from_u128(0x8d0c_7f3e_52a1_4b6e_9c55_1f60_7a24_d3b9);

/// Separates the parts of a name, so that no two lists of parts have one name.
const PART: char = '\u{1f}';

impl IdSeed<'_> {
    /// Begins a name in `name`: what all ids of the run have in common.
    pub(super) fn begin(&self, map: &str, name: &mut String) {
        name.clear();
        for part in [self.message, self.destination, map] {
            name.push_str(part);
            name.push(PART);
        }
        add_number(self.generation, name);
    }
}

/// Adds a part to a name.
pub(super) fn add(part: &str, name: &mut String) {
    name.push(PART);
    name.push_str(part);
}

/// Adds a number to a name.
pub(super) fn add_number(number: u32, name: &mut String) {
    name.push(PART);
    let mut digits = [0u8; 10];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    name.extend(digits[at..].iter().map(|d| char::from(*d)));
}

/// The id of a name.
pub(super) fn id(name: &str) -> Uuid {
    if broken("ids-by-chance") {
        return Uuid::new_v4();
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let seed = IdSeed { message: "m", destination: "d", generation: 0 };
        let name = |seed: &IdSeed<'_>, parts: &[&str]| {
            let mut name = String::new();
            seed.begin("map", &mut name);
            parts.iter().for_each(|p| add(p, &mut name));
            id(&name)
        };
        let first = name(&seed, &["a", "b"]);
        assert_eq!(first, name(&seed, &["a", "b"]));
        assert_eq!(first.get_version_num(), 5);
        assert_ne!(first, name(&seed, &["ab"]));
        assert_ne!(first, name(&IdSeed { generation: 1, ..seed }, &["a", "b"]));
        assert_ne!(first, name(&IdSeed { destination: "e", ..seed }, &["a", "b"]));
    }
}
